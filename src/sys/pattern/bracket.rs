//! The brackets of a pattern, as the C library reads them: characters, ranges, classes, collating symbols and equivalents.
//!
//! It reads a bracket anew for every character that is held against it, and only as far as it must. So an element that it does
//! not understand spoils the match of the characters that nothing before it has matched, or of those that something has: which
//! of the two was found by asking it. One thing is read otherwise here: where a range ends in `[=` or `[:` the C library ends the
//! bracket in two places, one for the characters that matched before it and one for the others.

use std::sync::Arc;

use super::Token;
use crate::sys::locale;

/// A bracket as far as it was read.
#[derive(Default)]
struct Bracket {
    /// The characters that match.
    ranges: Vec<(char, char)>,
    /// So many of these, from the first, stand before half a `[=c=]`, which spoils their match.
    refused: usize,
    /// Nothing that comes any more can match.
    is_spoiled: bool,
}

/// What stands at a place in a bracket.
enum Element {
    /// A character, which may begin a range.
    One(char),
    /// `[.c.]`: the same, but it is forgotten where a `-` stands between it and the end.
    Symbol(char),
    /// `[:class:]`; one that nobody knows spoils the bracket.
    Class(Option<Arc<[(char, char)]>>),
    /// `[=c=]`: the character, which begins no range.
    Equivalent(char),
    /// `[.name.]` for more than a character: this library knows none.
    Unknown,
    /// `[.` without its end: the whole pattern matches nothing.
    Endless,
}

/// Reads a bracket that begins at `at`, with the classes of the locale in UTF-8; answers it and where its `]` is, or `None` where
/// there is none and the `[` is plain. A bracket that keeps the whole pattern from matching anything swallows the rest of it.
pub(super) fn read(chars: &[char], at: usize, utf8: bool) -> Option<(Token, usize)> {
    let nothing = Some((Token::Within(Vec::new()), chars.len()));
    let mut next = at + 1;
    let negated = matches!(chars.get(next), Some('!' | '^'));
    next += usize::from(negated);
    let first = next;
    let mut bracket = Bracket::default();
    while chars.get(next) != Some(&']') || next == first {
        if is_halved_equivalent(chars, next) {
            bracket.refused = bracket.ranges.len();
        }
        let (element, after) = element(chars, next, utf8)?;
        next = after;
        let low = match element {
            Element::One(low) | Element::Symbol(low) => low,
            Element::Endless => return nothing,
            other => {
                bracket.add(&other);
                continue;
            }
        };
        match chars[after..] {
            ['-', ']', ..] if matches!(element, Element::Symbol(_)) => continue,
            ['-', other, ..] if other != ']' => {}
            _ => {
                bracket.add(&element);
                continue;
            }
        }
        let (high, behind) = character(chars, after + 1)?;
        next = behind;
        match high {
            Element::One(high) | Element::Symbol(high) => bracket.add_range(low, high),
            Element::Endless => return nothing,
            other => bracket.add(&other),
        }
    }
    let token = match (negated, bracket.is_spoiled) {
        (false, _) => Token::Within(bracket.accepted()),
        (true, false) => Token::Without(bracket.ranges),
        (true, true) => Token::Within(Vec::new()),
    };
    Some((token, next))
}

impl Bracket {
    fn add(&mut self, element: &Element) {
        match element {
            Element::One(one) | Element::Symbol(one) | Element::Equivalent(one) => self.add_range(*one, *one),
            Element::Class(Some(ranges)) if !self.is_spoiled => self.ranges.extend_from_slice(ranges),
            Element::Class(Some(_)) => {}
            Element::Class(None) | Element::Unknown | Element::Endless => self.is_spoiled = true,
        }
    }

    fn add_range(&mut self, low: char, high: char) {
        if !self.is_spoiled && low <= high {
            self.ranges.push((low, high));
        }
    }

    /// Returns the characters that match and are not refused.
    fn accepted(mut self) -> Vec<(char, char)> {
        let mut accepted = self.ranges.split_off(self.refused);
        for (first, last) in merged(self.ranges) {
            let before = |low: char, high: char| Some((low, high.min((low..first).next_back()?)));
            let behind = |low: char, high: char| Some((low.max((last..=high).nth(1)?), high));
            accepted = accepted
                .into_iter()
                .flat_map(|(low, high)| [before(low, high), behind(low, high)].into_iter().flatten())
                .filter(|(low, high)| low <= high)
                .collect();
        }
        accepted
    }
}

/// Sorts ranges, and makes one of those that overlap.
fn merged(mut ranges: Vec<(char, char)>) -> Vec<(char, char)> {
    ranges.sort_unstable();
    let mut merged: Vec<(char, char)> = Vec::new();
    for (low, high) in ranges {
        match merged.last_mut() {
            Some((_, end)) if low <= *end => *end = high.max(*end),
            _ => merged.push((low, high)),
        }
    }
    merged
}

/// Reads an element and answers what comes after it; `None` where the pattern ends before the bracket does.
fn element(chars: &[char], at: usize, utf8: bool) -> Option<(Element, usize)> {
    let rest = &chars[at..];
    match rest {
        ['[', ':', ..] if let Some(length) = class_length(rest) => {
            let name: String = rest[2..length - 2].iter().collect();
            Some((Element::Class(class(&name, utf8)), at + length))
        }
        ['[', '=', one, '=', ']', ..] => Some((Element::Equivalent(*one), at + 5)),
        _ => character(chars, at),
    }
}

/// Reads what may begin or end a range: a symbol, or a character, escaped or not.
fn character(chars: &[char], at: usize) -> Option<(Element, usize)> {
    match chars[at..] {
        ['[', '.', ..] => Some(symbol(chars, at)),
        ['\\', one, ..] => Some((Element::One(one), at + 2)),
        ['\\'] | [] => None,
        [one, ..] => Some((Element::One(one), at + 1)),
    }
}

/// Reads a `[.symbol.]` that begins at `at`, and answers what comes after it.
fn symbol(chars: &[char], at: usize) -> (Element, usize) {
    let name = &chars[at + 2..];
    let Some(length) = name.windows(2).position(|pair| pair == ['.', ']']) else {
        return (Element::Endless, chars.len());
    };
    let element = match length {
        1 => Element::Symbol(name[0]),
        _ => Element::Unknown,
    };
    (element, at + 2 + length + 2)
}

/// Tells if `[=` begins here and no `c=]` follows.
fn is_halved_equivalent(chars: &[char], at: usize) -> bool {
    let rest = &chars[at..];
    matches!(rest, ['[', '=', ..]) && !matches!(rest, ['[', '=', _, '=', ']', ..])
}

/// How many characters the `[:class:]` has that a text begins with.
fn class_length(text: &[char]) -> Option<usize> {
    let letters = text[2..]
        .iter()
        .take_while(|letter| letter.is_ascii_lowercase())
        .count();
    matches!(text[2 + letters..], [':', ']', ..]).then_some(letters + 4)
}

fn class(name: &str, utf8: bool) -> Option<Arc<[(char, char)]>> {
    if utf8 {
        return locale::class_members(name);
    }
    let ranges: &[(char, char)] = match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[(' ', ' '), ('\t', '\r')],
        "upper" => &[('A', 'Z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some(ranges.into())
}
