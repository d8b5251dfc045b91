//! No sentence stands outside of `report`: a literal with three words of letters one after the other is one.
//!
//! Reasons of attributes, of `expect` and of assertions are for whoever reads the code, and are none.

use super::{module, sources};

/// Files outside of `report` that may have sentences, and why.
const MAY: [(&str, &str); 5] = [
    (
        "config/directive.rs",
        "the meaning of each directive is a column of its table",
    ),
    ("lint/table.rs", "the meaning of each lint is a column of its table"),
    ("cli/args.rs", "help stands beside its option"),
    (
        "execute/conditions.rs",
        "an error says of itself what it is, for whoever debugs",
    ),
    (
        "execute/gzip/parallel.rs",
        "an error says of itself what it is, for whoever debugs",
    ),
];

/// What may stand before a literal that is for whoever reads the code.
const FOR_READERS: [&str; 3] = ["reason =", "must_use =", "expect("];

/// Returns the string literals of a file's code, each with the line that it begins in and the code before it.
fn literals(code: &str) -> Vec<(usize, &str, &str)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(next) = code[at..].find(['"', '\'']).map(|next| at + next) {
        let rest = &code[next + 1..];
        if code[next..].starts_with('\'') {
            // A character, or a lifetime.
            let length = if rest.starts_with('\\') {
                2
            } else {
                rest.chars().next().map_or(0, char::len_utf8)
            };
            let is_character = rest[length.min(rest.len())..].starts_with('\'') || rest.starts_with('\\');
            at = next + 1 + if is_character { length + 1 } else { 0 };
            continue;
        }
        let mut escaped = false;
        let end = rest.find(|letter| {
            let ends = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(rest.len());
        found.push((code[..next].lines().count(), &rest[..end], &code[..next]));
        at = next + end + 2;
    }
    found
}

/// Tells whether three words of letters stand one after the other in a text.
fn is_sentence(text: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_end_matches([',', ':', ';', '.']);
        !word.is_empty()
            && word
                .chars()
                .all(|letter| letter.is_ascii_alphabetic() || letter == '\'')
    };
    let words: Vec<bool> = text
        .split([' ', '\n'])
        .filter(|word| !word.is_empty())
        .map(is_word)
        .collect();
    words.windows(3).any(|three| three.iter().all(|is_word| *is_word))
}

/// Tells whether a literal after this code is for whoever reads the code.
fn is_for_readers(before: &str) -> bool {
    let statement = before.rsplit([';', '{', '}']).next().unwrap_or(before);
    let before = before.trim_end();
    FOR_READERS.iter().any(|words| before.ends_with(words)) || statement.contains("assert")
}

#[test]
fn no_sentence_stands_outside_of_report() {
    let mut found = Vec::new();
    for (file, code) in sources() {
        let name = file.to_str().unwrap();
        if module(&file) == "report" || MAY.iter().any(|(may, _)| *may == name) {
            continue;
        }
        for (line, text, before) in literals(&code) {
            if is_sentence(text) && !is_for_readers(before) {
                found.push(format!(
                    "src/{name}:{line} says \"{text}\": the words belong to src/report"
                ));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_may_have_sentences_has_some() {
    for (name, why) in MAY {
        let sources = sources();
        let (_, code) = sources.iter().find(|(file, _)| file.to_str() == Some(name)).unwrap();
        assert!(
            literals(code).iter().any(|(_, text, _)| is_sentence(text)),
            "{name} has none any more: {why}"
        );
    }
}
