//! File name patterns for one name: `*`, `?`, brackets and backslashes, as the C library reads them.
//!
//! The plain shapes, which are nearly all there are, are compared as bytes, and the `glob` crate matches stars and question marks in
//! ASCII. Everything else the C library's own matcher decides, in the environment's locale: nobody else reads a bracket as it does.

use std::ffi::{CStr, CString};

use glob::{MatchOptions, Pattern};
use nix::libc;

use super::locale;

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
    /// Everything else.
    General {
        /// For names of ASCII only, where the pattern is that, too, and has no more than stars and question marks.
        simple: Option<Pattern>,
        /// `None` matches nothing: no name has a NUL in it.
        pattern: Option<CString>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    One(u8),
    AnyOne,
    AnyRun,
    /// A `[` that is not plain, or need not be.
    Bracket,
}

/// Tells whether a word has anything in it that a pattern would read otherwise than as itself.
#[must_use]
pub fn is_special(word: &[u8]) -> bool {
    word.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'))
}

impl NamePattern {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &[u8]) -> Self {
        let tokens = tokens(pattern);
        let shape = plain_shape(&tokens).unwrap_or_else(|| Shape::General {
            simple: simple(pattern),
            pattern: CString::new(pattern).ok(),
        });
        let begins_with_dot = tokens.first() == Some(&Token::One(b'.'));
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
            Shape::General { simple, pattern } => match (simple, std::str::from_utf8(name)) {
                (Some(simple), Ok(text)) if text.is_ascii() => simple.matches_with(text, OPTIONS),
                _ => pattern
                    .as_ref()
                    .zip(CString::new(name).ok())
                    .is_some_and(|(pattern, name)| fnmatch(pattern, &name)),
            },
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

/// Asks the C library.
#[expect(unsafe_code, reason = "nix has no fnmatch")]
fn fnmatch(pattern: &CStr, name: &CStr) -> bool {
    // SAFETY: both end in a NUL and live through the call, which keeps nothing of them.
    locale::within(|| unsafe { libc::fnmatch(pattern.as_ptr(), name.as_ptr(), 0) }) == 0
}

/// Returns the pattern for the `glob` crate, where that reads it as the C library does.
fn simple(pattern: &[u8]) -> Option<Pattern> {
    let text = std::str::from_utf8(pattern).ok().filter(|text| text.is_ascii())?;
    if text.contains(['[', '\\']) {
        return None;
    }
    // To the crate `**` means more than `*`.
    let mut once = String::with_capacity(text.len());
    for one in text.chars() {
        if one != '*' || !once.ends_with('*') {
            once.push(one);
        }
    }
    Pattern::new(&once).ok()
}

fn tokens(pattern: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut bytes = pattern.iter();
    while let Some(byte) = bytes.next() {
        tokens.push(match byte {
            b'*' if tokens.last() == Some(&Token::AnyRun) => continue,
            b'*' => Token::AnyRun,
            b'?' => Token::AnyOne,
            b'\\' => Token::One(*bytes.next().unwrap_or(byte)),
            b'[' if bytes.as_slice().iter().any(|byte| matches!(byte, b'[' | b']')) => Token::Bracket,
            other => Token::One(*other),
        });
    }
    tokens
}

/// Finds the plain shape of a pattern, if it has one.
fn plain_shape(tokens: &[Token]) -> Option<Shape> {
    let literal = |tokens: &[Token]| -> Option<Vec<u8>> {
        let byte = |token: &Token| match token {
            Token::One(byte) => Some(*byte),
            _ => None,
        };
        tokens.iter().map(byte).collect()
    };
    if let Some(bytes) = literal(tokens) {
        return Some(Shape::Exactly(bytes));
    }
    if let [Token::AnyRun, middle @ .., Token::AnyRun] = tokens {
        if let Some(bytes) = literal(middle) {
            return Some(Shape::Containing(bytes));
        }
    }
    let star = tokens.iter().position(|token| *token == Token::AnyRun)?;
    Some(Shape::Around(literal(&tokens[..star])?, literal(&tokens[star + 1..])?))
}

/// What the C library itself makes of a pattern; `None` for an error. Tests hold ours against it.
#[cfg(test)]
#[expect(unsafe_code, reason = "the C library's own glob is what ours is held against")]
pub(crate) fn c_glob(pattern: &[u8]) -> Option<Vec<Vec<u8>>> {
    let pattern = CString::new(pattern).ok()?;
    // SAFETY: `glob` fills the zeroed structure, whose strings are copied before `globfree`.
    locale::within(|| unsafe {
        let mut found: libc::glob_t = std::mem::zeroed();
        let status = libc::glob(pattern.as_ptr(), libc::GLOB_NOCHECK, None, &raw mut found);
        let mut paths = Vec::new();
        for at in 0..found.gl_pathc {
            paths.push(CStr::from_ptr(*found.gl_pathv.add(at)).to_bytes().to_vec());
        }
        libc::globfree(&raw mut found);
        (status == 0).then_some(paths)
    })
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
                NamePattern::new(pattern.as_bytes()).matches(name.as_bytes()),
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
        assert!(!NamePattern::new(b"*").matches_visible(b".a"));
        assert!(NamePattern::new(b".*").matches_visible(b".a"));
        assert!(!NamePattern::new(b"[.]a").matches_visible(b".a"));
    }

    #[test]
    fn characters_are_those_of_the_locale_and_bytes_that_are_none_match_too() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().as_os_str().as_bytes();
        for name in ["é".as_bytes(), b"a\xffbc", "aéb".as_bytes()] {
            std::fs::write(root.path().join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
            for pattern in [
                "?",
                "??",
                "???",
                "a?b*c",
                "a[é]b",
                "a[!x]b",
                "a[!x][!x]b",
                "a*[[:alpha:]]b",
            ] {
                let found = c_glob(&[directory, b"/", pattern.as_bytes()].concat()).expect(pattern);
                let taken = found.iter().any(|path| path.ends_with(&[b"/", name].concat()));
                let matcher = NamePattern::new(pattern.as_bytes());
                assert_eq!(
                    matcher.matches(name),
                    taken,
                    "{pattern} {}",
                    String::from_utf8_lossy(name)
                );
            }
        }
    }
}
