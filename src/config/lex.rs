//! The smallest pieces of the language, as nom parsers over bytes, and the cursor that holds the spot.
//!
//! Classes are those of the C locale: bytes from 0x80 on are neither letters nor spaces.

use nom::bytes::complete::{take_till, take_while};
use nom::error::Error;
use nom::{IResult, Offset, Parser};

use super::ast::Span;

/// A parser's answer: what is left, and what was taken.
type Taken<'a> = IResult<&'a [u8], &'a [u8], Error<&'a [u8]>>;

/// Tells whether the byte is a space or tab.
#[must_use]
pub const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Tells whether the byte is white space: a blank, newline, carriage return, vertical tab or form feed.
#[must_use]
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn blanks(input: &[u8]) -> Taken<'_> {
    take_while(is_blank).parse(input)
}

fn letters(input: &[u8]) -> Taken<'_> {
    take_while(|byte: u8| byte.is_ascii_alphabetic()).parse(input)
}

fn line(input: &[u8]) -> Taken<'_> {
    take_till(|byte| byte == b'\n').parse(input)
}

/// Takes the white space at the end away.
#[must_use]
pub fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [head @ .., last] = text {
        if !is_space(*last) {
            break;
        }
        text = head;
    }
    text
}

/// Tells whether the rest of a line that is given up ends in a `}`, a comment after it left aside.
#[must_use]
pub fn ends_in_brace(text: &[u8]) -> bool {
    let comment = text.windows(2).position(|pair| is_blank(pair[0]) && pair[1] == b'#');
    trim_end(&text[..comment.unwrap_or(text.len())]).ends_with(b"}")
}

/// A spot in a text.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Stands at the beginning.
    #[must_use]
    pub fn new(whole: &'a [u8]) -> Self {
        Self { whole, rest: whole }
    }

    /// Returns what lies ahead.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns the next byte.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Goes this many bytes on, or to the end.
    pub fn skip(&mut self, count: usize) {
        self.rest = &self.rest[count.min(self.rest.len())..];
    }

    /// Takes blanks.
    pub fn blanks(&mut self) -> &'a [u8] {
        self.take(blanks)
    }

    /// Takes letters.
    pub fn letters(&mut self) -> &'a [u8] {
        self.take(letters)
    }

    /// Takes everything up to the newline, which stays, or to the end.
    pub fn line(&mut self) -> &'a [u8] {
        self.take(line)
    }

    fn take(&mut self, parser: fn(&'a [u8]) -> Taken<'a>) -> &'a [u8] {
        // These parsers take zero bytes or more, so that they cannot fail.
        let (rest, taken) = parser(self.rest).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// Returns where a piece of the text stands in it.
    #[must_use]
    pub fn span(&self, piece: &'a [u8]) -> Span {
        Span::new(self.whole.offset(piece), piece.len())
    }

    /// Returns the spot itself.
    #[must_use]
    pub fn here(&self) -> Span {
        Span::new(self.whole.offset(self.rest), 0)
    }

    /// Returns the text between an earlier spot and this one.
    #[must_use]
    pub fn since(&self, earlier: Self) -> &'a [u8] {
        &earlier.rest[..earlier.rest.len() - self.rest.len()]
    }
}

/// A word with its quotes and backslashes resolved, and where it began and ended in the text it was split from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitWord {
    pub text: Vec<u8>,
    /// The offset of its first byte as written.
    pub start: usize,
    /// The offset behind its last byte as written.
    pub end: usize,
    /// A quote in it, or behind it, was not closed: it went on to the end of the text.
    pub is_open: bool,
}

/// Splits text into words as a simple shell does it: quotes group, backslashes escape, nothing is expanded.
///
/// Answers `None` where the last byte is a backslash that escapes nothing. An open quote ends with the text; empty words vanish.
#[must_use]
pub fn split_words(text: &[u8]) -> Option<Vec<SplitWord>> {
    let mut words = Vec::new();
    let mut word = SplitWord {
        text: Vec::new(),
        start: 0,
        end: 0,
        is_open: false,
    };
    let mut quote = None;
    let mut at = 0;
    let mut finish = |word: &mut SplitWord, end: usize| {
        if !word.text.is_empty() {
            word.end = end;
            words.push(std::mem::replace(
                word,
                SplitWord {
                    text: Vec::new(),
                    start: 0,
                    end: 0,
                    is_open: false,
                },
            ));
        }
        word.start = end + 1;
    };
    while at < text.len() {
        let byte = text[at];
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (_, b'\\') => {
                at += 1;
                let escaped = *text.get(at)?;
                if quote.is_some_and(|open| open != escaped) {
                    word.text.push(b'\\');
                }
                word.text.push(escaped);
            }
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, _) if is_space(byte) => finish(&mut word, at),
            _ => {
                let is_plain = |byte: &u8| !is_space(*byte) && !matches!(byte, b'"' | b'\'' | b'\\');
                let length = text[at + 1..].iter().take_while(|byte| is_plain(byte)).count();
                word.text.extend_from_slice(&text[at..=at + length]);
                at += length;
            }
        }
        at += 1;
    }
    finish(&mut word, text.len());
    if let Some(last) = words.last_mut() {
        last.is_open = quote.is_some();
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_split_as_in_a_simple_shell() {
        let split = |text: &str| {
            split_words(text.as_bytes()).map(|words| {
                words
                    .into_iter()
                    .map(|word| String::from_utf8(word.text).unwrap())
                    .collect::<Vec<_>>()
            })
        };
        let cases: [(&str, Option<&[&str]>); 12] = [
            ("/a /b\n/c", Some(&["/a", "/b", "/c"])),
            ("/a/\"b c\".log", Some(&["/a/b c.log"])),
            ("'/a b' \"\" /c", Some(&["/a b", "/c"])),
            (r#""a\"b" 'a\"b'"#, Some(&["a\"b", "a\\\"b"])),
            (r"/a\ b\*", Some(&["/a b*"])),
            ("/a,/b", Some(&["/a,/b"])),
            ("/a # b", Some(&["/a", "#", "b"])),
            ("\"/a b", Some(&["/a b"])),
            ("/a\\\n/b", Some(&["/a\n/b"])),
            ("/x \\", None),
            ("\"/x\\", None),
            ("\"\"", Some(&[])),
        ];
        for (text, words) in cases {
            assert_eq!(
                split(text),
                words.map(|list| list.iter().map(|word| (*word).to_owned()).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_word_knows_where_it_was_written() {
        let words = split_words(b"/a  \"b c\"d ").unwrap();
        assert_eq!(
            words.iter().map(|word| (word.start, word.end)).collect::<Vec<_>>(),
            [(0, 2), (4, 10)]
        );
    }

    #[test]
    fn a_brace_before_a_comment_still_ends_the_line() {
        for (text, ends) in [
            ("5 }", true),
            ("5}  ", true),
            ("} # x", true),
            ("5 # }", false),
            ("5", false),
            ("}x", false),
        ] {
            assert_eq!(ends_in_brace(text.as_bytes()), ends, "{text}");
        }
    }
}
