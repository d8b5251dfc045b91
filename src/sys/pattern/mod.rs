//! File name patterns for one name: `*`, `?` and brackets as the C library reads them, matched by the `glob` crate.
//!
//! The crate knows no backslashes, no classes and only text, so a pattern is read here and written anew for it; the plain shapes,
//! which are nearly all there are, are compared as bytes.

mod bracket;

use std::borrow::Cow;

use glob::{MatchOptions, Pattern};

/// A pattern for one name.
#[derive(Clone, Debug)]
pub struct NamePattern {
    shape: Shape,
    begins_with_dot: bool,
}

/// A name has no slashes, and hidden names are asked about by the caller.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

#[derive(Clone, Debug)]
enum Shape {
    /// This very name.
    Exactly(Vec<u8>),
    /// One `*` with these before and behind it.
    Around(Vec<u8>, Vec<u8>),
    /// This between two `*`.
    Containing(Vec<u8>),
    /// Everything else, by characters, and by bytes: the C library takes a match of either kind.
    General {
        by_characters: Option<Pattern>,
        by_bytes: Option<Pattern>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    One(char),
    AnyOne,
    AnyRun,
    Within(Vec<(char, char)>),
    Without(Vec<(char, char)>),
}

/// Tells whether a word has anything in it that a pattern would read otherwise than as itself.
#[must_use]
pub fn is_special(word: &[u8]) -> bool {
    word.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'))
}

impl NamePattern {
    /// Reads a pattern; `utf8` says whether a character may have several bytes.
    #[must_use]
    pub fn new(pattern: &[u8], utf8: bool) -> Self {
        let utf8 = utf8 && std::str::from_utf8(pattern).is_ok();
        let by_bytes = tokens(&text(pattern, false), false);
        let begins_with_dot = by_bytes.first() == Some(&Token::One('.'));
        let shape = plain_shape(&by_bytes).unwrap_or_else(|| Shape::General {
            by_characters: if utf8 {
                compile(&tokens(&text(pattern, true), true))
            } else {
                None
            },
            by_bytes: compile(&by_bytes),
        });
        Self { shape, begins_with_dot }
    }

    /// Tells whether the name matches.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        match &self.shape {
            Shape::Exactly(bytes) => bytes == name,
            Shape::Around(before, behind) => {
                // Most names differ in the last byte already.
                (behind.is_empty() || name.last() == behind.last())
                    && name.len() >= before.len() + behind.len()
                    && name.starts_with(before)
                    && name.ends_with(behind)
            }
            Shape::Containing(bytes) => memchr::memmem::find(name, bytes).is_some(),
            Shape::General {
                by_characters,
                by_bytes,
            } => {
                let matches = |pattern: &Option<Pattern>, utf8| {
                    pattern
                        .as_ref()
                        .is_some_and(|pattern| pattern.matches_with(&text(name, utf8), OPTIONS))
                };
                matches(by_characters, true) || matches(by_bytes, false)
            }
        }
    }

    /// Returns the one name that matches, if the pattern is no more than that.
    #[must_use]
    pub fn literal(&self) -> Option<&[u8]> {
        match &self.shape {
            Shape::Exactly(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Tells whether the name matches, where a dot at its beginning must be written in the pattern.
    #[must_use]
    pub fn matches_visible(&self, name: &[u8]) -> bool {
        (self.begins_with_dot || !name.starts_with(b".")) && self.matches(name)
    }
}

/// Turns bytes into characters: those of UTF-8, or a character a byte.
fn text(bytes: &[u8], utf8: bool) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if utf8 || bytes.is_ascii() => Cow::Borrowed(text),
        _ if utf8 => bytes
            .utf8_chunks()
            .flat_map(|chunk| {
                chunk
                    .valid()
                    .chars()
                    .chain(chunk.invalid().iter().map(|byte| private(*byte)))
            })
            .collect(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Stands for a byte that is no character, so that a `*` can still run over it.
fn private(byte: u8) -> char {
    char::from_u32(0xF700 + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn tokens(pattern: &str, utf8: bool) -> Vec<Token> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '*' => {
                if tokens.last() != Some(&Token::AnyRun) {
                    tokens.push(Token::AnyRun);
                }
            }
            '?' => tokens.push(Token::AnyOne),
            '\\' if at + 1 < chars.len() => {
                at += 1;
                tokens.push(Token::One(chars[at]));
            }
            '[' => {
                if let Some((token, end)) = bracket::read(&chars, at, utf8) {
                    tokens.push(token);
                    at = end;
                } else {
                    tokens.push(Token::One('['));
                }
            }
            other => tokens.push(Token::One(other)),
        }
        at += 1;
    }
    tokens
}

/// Finds the plain shape of a pattern whose characters are bytes, if it has one.
fn plain_shape(tokens: &[Token]) -> Option<Shape> {
    let literal = |tokens: &[Token]| -> Option<Vec<u8>> {
        let byte = |token: &Token| match token {
            Token::One(one) => u8::try_from(u32::from(*one)).ok(),
            _ => None,
        };
        tokens.iter().map(byte).collect()
    };
    if let Some(bytes) = literal(tokens) {
        return Some(Shape::Exactly(bytes));
    }
    if let [Token::AnyRun, middle @ .., Token::AnyRun] = tokens
        && let Some(bytes) = literal(middle)
    {
        return Some(Shape::Containing(bytes));
    }
    let star = tokens.iter().position(|token| *token == Token::AnyRun)?;
    Some(Shape::Around(literal(&tokens[..star])?, literal(&tokens[star + 1..])?))
}

/// Compiles a pattern; `None` where nothing can match it.
fn compile(tokens: &[Token]) -> Option<Pattern> {
    let written: Option<String> = tokens.iter().map(write).collect();
    Pattern::new(&written?).ok()
}

/// Writes a token for the `glob` crate; `None` where nothing can match it.
fn write(token: &Token) -> Option<String> {
    match token {
        Token::One(one) => Some(Pattern::escape(one.encode_utf8(&mut [0; 4]))),
        Token::AnyOne => Some("?".to_owned()),
        Token::AnyRun => Some("*".to_owned()),
        Token::Within(ranges) => match inside(ranges).as_str() {
            "" => None,
            "!" => Some("!".to_owned()),
            "!-" => Some("[-!]".to_owned()),
            inner => Some(format!("[{inner}]")),
        },
        Token::Without(ranges) => Some(match inside(ranges).as_str() {
            "" => "?".to_owned(),
            inner => format!("[!{inner}]"),
        }),
    }
}

/// Writes the inside of a bracket: `]` first, then ranges, single characters, `!`, and `-` last, where each means itself.
fn inside(ranges: &[(char, char)]) -> String {
    let is_syntax = |one: char| matches!(one, ']' | '!' | '-');
    let step = |one: char, by: i64| char::from_u32(u32::try_from(i64::from(u32::from(one)) + by).ok()?);
    let (mut inner, mut syntax) = (String::new(), Vec::new());
    for (low, high) in ranges {
        let (mut low, mut high) = (Some(*low), Some(*high));
        while let (Some(one), Some(end)) = (low, high)
            && one <= end
        {
            if is_syntax(one) {
                syntax.push(one);
                low = step(one, 1);
            } else if is_syntax(end) {
                syntax.push(end);
                high = step(end, -1);
            } else {
                inner.extend([one, '-', end]);
                break;
            }
        }
    }
    let has = |one: char| syntax.contains(&one);
    if has(']') {
        inner.insert(0, ']');
    }
    inner.extend(['!', '-'].into_iter().filter(|one| has(*one)));
    inner
}

/// What the C library itself makes of a pattern; `None` for an error. Tests hold ours against it.
#[cfg(test)]
#[expect(unsafe_code, reason = "the C library's own glob is what ours is held against")]
pub(crate) fn c_glob(pattern: &[u8]) -> Option<Vec<Vec<u8>>> {
    use std::ffi::{CStr, CString};

    use nix::libc;

    super::locale::take_on();
    let pattern = CString::new(pattern).ok()?;
    // SAFETY: `glob` fills the zeroed structure, whose strings are copied before `globfree`.
    unsafe {
        let mut found: libc::glob_t = std::mem::zeroed();
        let status = libc::glob(pattern.as_ptr(), libc::GLOB_NOCHECK, None, &raw mut found);
        let mut paths = Vec::new();
        for at in 0..found.gl_pathc {
            paths.push(CStr::from_ptr(*found.gl_pathv.add(at)).to_bytes().to_vec());
        }
        libc::globfree(&raw mut found);
        (status == 0).then_some(paths)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn patterns_match_as_the_c_library_does() {
        let root = tempfile::tempdir().unwrap();
        for (pattern, name, expected) in [
            ("*.log", "a.log", true),
            ("*.log", "a.logx", false),
            ("*", ".a", true),
            ("a*b", "ab", true),
            ("a*b", "a", false),
            ("ab*ba", "aba", false),
            ("**", "x", true),
            ("a?c", "abc", true),
            ("[abc]x*", "bx1", true),
            ("[!abc]x", "dx", true),
            ("[^abc]x", "ax", false),
            ("[a-c]", "b", true),
            ("[]]", "]", true),
            ("[!]]", "a", true),
            ("[!]]", "]", false),
            ("[!-]", "-", false),
            ("[-!]", "!", true),
            ("[a-]", "-", true),
            ("[!!]", "!", false),
            ("[[:digit:]]*x", "5ax", true),
            ("[[:digit:]_]", "_", true),
            ("[[:nosuch:]]", "n", false),
            ("[![:nosuch:]]", "n", false),
            ("[a[:nosuch:]b]", "a", true),
            ("[a[:nosuch:]b]", "b", false),
            ("[[::]]", ":", false),
            ("[[:digit:]", "[d", true),
            ("[[.a.]]", "a", true),
            ("[[.].]]", "]", true),
            ("x[[...]]", "x.", true),
            ("[[.-.]]", "-", true),
            ("[![.a.]]", "a", false),
            ("[![.a.]]", "b", true),
            ("[[.a.]-c]", "b", true),
            ("[a-[.c.]]", "b", true),
            ("[a[.bc.]d]", "a", true),
            ("[a[.bc.]d]", "d", false),
            ("[![.bc.]]", "d", false),
            ("[a-[.bc.]]", "a", false),
            ("[[.a]", "a", false),
            ("[[.", "[[.", false),
            ("[a[.]", "a", false),
            ("[![.a]", "b", false),
            ("[[.a.]-]", "-", true),
            ("[[.a.]-]", "a", false),
            ("[[=a=]]", "a", true),
            ("[[===]]", "=", true),
            ("[![=a=]]", "b", true),
            ("[[=a=]-c]", "b", false),
            ("[[=a=]-c]", "-", true),
            ("[[=a]", "=", true),
            ("[a[=]", "=", true),
            ("[a[=]", "a", false),
            ("[!a[=]", "b", true),
            ("[z-az-am[=m]", "m", false),
            ("[z-az-am[=mn]", "n", true),
            ("[a-f[=c-h]", "g", true),
            ("[a-f[=c-h]", "d", false),
            ("[+--]", ",", true),
            ("[ -~]", "]", true),
            ("[z-a]", "m", false),
            ("[", "[", true),
            ("[a", "[a", true),
            ("a[", "a[", true),
            (r"\*", "*", true),
            (r"\*", "x", false),
            (r"[\]]", "]", true),
            ("*.rhn-cfg-tmp-*", "x.rhn-cfg-tmp-3", true),
            ("a*b*c", "aXbYc", true),
            ("*é*x?", "aéxb", true),
        ] {
            assert_eq!(
                NamePattern::new(pattern.as_bytes(), true).matches(name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
            let path = root.path().join(name);
            std::fs::write(&path, "").unwrap();
            let found =
                c_glob(&[root.path().as_os_str().as_bytes(), b"/", pattern.as_bytes()].concat()).expect(pattern);
            let taken = found.iter().any(|found| found == path.as_os_str().as_bytes());
            // A word that matches nothing stands for itself, and a hidden name is not taken by a star.
            let is_fair = pattern != name && !name.starts_with('.');
            assert!(taken == expected || !is_fair, "the C library: {pattern} {name}");
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_hidden_name_needs_a_written_dot() {
        assert!(!NamePattern::new(b"*", true).matches_visible(b".a"));
        assert!(NamePattern::new(b".*", true).matches_visible(b".a"));
        assert!(!NamePattern::new(b"[.]a", true).matches_visible(b".a"));
    }

    #[test]
    fn a_question_mark_is_a_byte_and_in_utf8_also_a_character() {
        assert!(NamePattern::new(b"?", true).matches("é".as_bytes()));
        assert!(NamePattern::new(b"??", true).matches("é".as_bytes()));
        assert!(!NamePattern::new(b"?", false).matches("é".as_bytes()));
        assert!(NamePattern::new(b"??", false).matches("é".as_bytes()));
        assert!(NamePattern::new(b"a?b*c", true).matches(b"a\xffbc"));
    }
}
