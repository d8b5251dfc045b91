//! Scripts as the shell reads them: which can be handed to it together, and which line it means.
//!
//! Starting a shell for each of ten thousand scripts would take seconds; one shell reads them all, each wrapped in a
//! function. What could reach out of its wrapping is read alone.

use crate::config::ast::{File, Item, Script};

/// Gathers the scripts of a file, those of its blocks included.
#[must_use]
pub fn scripts<'f, 'a>(file: &'f File<'a>) -> Vec<&'f Script<'a>> {
    let mut found = Vec::new();
    for item in &file.items {
        match item {
            Item::Script(script) => found.push(script),
            Item::Block(block) => found.extend(block.items.iter().filter_map(|item| match item {
                Item::Script(script) => Some(script),
                _ => None,
            })),
            _ => {}
        }
    }
    found
}

/// Tells whether nothing in a script can pair up with something in another one.
#[must_use]
pub fn stands_alone(text: &[u8]) -> bool {
    let is_comment = |line: &&[u8]| line.trim_ascii_start().starts_with(b"#");
    let lines = text
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| !is_comment(line));
    let text = &*lines.collect::<Vec<_>>().concat();
    let count = |wanted: u8| text.iter().filter(|byte| **byte == wanted).count();
    let pairs = [b'\'', b'"', b'`'].into_iter().all(|quote| count(quote) % 2 == 0);
    let heredoc = text.windows(2).any(|two| two == b"<<");
    let is_open = text.trim_ascii_end().ends_with(b"\\");
    pairs && !heredoc && !is_open && !text.contains(&0) && count(b'{') == count(b'}') && count(b'(') == count(b')')
}

/// Puts scripts into one text that a shell can read if, and only if, it can read each.
#[must_use]
pub fn together(texts: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::with_capacity(texts.iter().map(|text| text.len() + 16).sum());
    for text in texts {
        all.extend_from_slice(b"f() {\n:\n");
        all.extend_from_slice(text);
        all.extend_from_slice(b"\n}\n");
    }
    all
}

/// Reads the line and the words of what a shell said, such as `sh: 3: Syntax error: "fi" unexpected`.
#[must_use]
pub fn complaint(said: &str) -> (Option<u32>, String) {
    let first = said.lines().next().unwrap_or_default();
    let mut parts = first.splitn(3, ": ");
    let (_, place, words) = (parts.next(), parts.next(), parts.next());
    let number = place.and_then(|place| place.trim_start_matches("line ").parse().ok());
    match (number, words) {
        (Some(_), Some(words)) => (number, words.to_owned()),
        _ => (None, first.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dash_and_bash_say_is_understood() {
        let dash = complaint("/bin/sh: 3: Syntax error: \"fi\" unexpected\n");
        assert_eq!(dash, (Some(3), "Syntax error: \"fi\" unexpected".to_owned()));
        let bash = complaint("sh: line 12: syntax error near unexpected token `fi'\nsh: line 12: `fi'\n");
        assert_eq!(bash, (Some(12), "syntax error near unexpected token `fi'".to_owned()));
        assert_eq!(complaint("odd"), (None, "odd".to_owned()));
    }

    #[test]
    fn a_script_that_could_reach_into_the_next_one_is_read_alone() {
        for text in ["echo 'x", "cat <<E", "x \\", "{", "}", "( x"] {
            assert!(!stands_alone(text.as_bytes()), "{text}");
        }
        assert!(stands_alone(b"if true; then echo \"x\"; fi"));
    }
}
