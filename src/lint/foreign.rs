//! Habits from elsewhere: line ends of Windows, byte order marks, braces that name alternatives, `**`.
//!
//! Each is reported once and by its name; what the reader of files has to say of them is not repeated ([`explains`]).

use super::{Finding, Lint};
use crate::config::ast::{Block, File, Item, Span};
use crate::config::lex::is_space;
use crate::diag::{Place, Problem};

/// What some editors write at the beginning of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reports the line ends, the marks and the braces of a file.
pub fn check(file: &File<'_>, found: &mut Vec<Finding>) {
    if let Some(at) = windows_line(file) {
        let lint = Lint::WindowsLines(file.file.to_path_buf());
        found.push(Finding::lint(lint, file.place(Span::new(at, 1))));
    }
    let marked = |span: &Span| file.text[span.start as usize..].starts_with(BYTE_ORDER_MARK);
    if let Some(complaint) = file.complaints().into_iter().find(|one| marked(&one.span)) {
        let lint = Lint::ByteOrderMark(file.file.to_path_buf());
        let span = Span::new(complaint.span.start as usize, BYTE_ORDER_MARK.len());
        found.push(Finding::lint(lint, file.place(span)));
    }
    for item in &file.items {
        if let Item::Block(block) = item {
            if let Some((span, patterns)) = alternatives(file, block) {
                found.push(Finding::lint(Lint::Braces(patterns), file.place(span)));
            }
        }
    }
}

/// Tells whether a file has line ends of Windows, so that each line ends in a character that does not belong to it.
#[must_use]
pub fn has_windows_lines(file: &File<'_>) -> bool {
    windows_line(file).is_some()
}

fn windows_line(file: &File<'_>) -> Option<usize> {
    memchr::memmem::find(file.text, b"\r\n")
}

/// Finds braces that a shell would make several words of, and these words; in a path list they begin the block.
fn alternatives(file: &File<'_>, block: &Block<'_>) -> Option<(Span, Vec<Vec<u8>>)> {
    let word = block.words.last()?;
    let behind = file.text.get(word.span.end()..)?.strip_prefix(b"{")?;
    let length = behind.iter().position(|byte| is_space(*byte)).unwrap_or(behind.len());
    let close = behind[..length].iter().position(|byte| *byte == b'}')?;
    let (inner, tail) = (&behind[..close], &behind[close + 1..length]);
    if !inner.contains(&b',') {
        return None;
    }
    let each = inner.split(|byte| *byte == b',');
    let patterns = each.map(|one| [&word.text[..], one, tail].concat()).collect();
    let start = word.span.start as usize;
    Some((Span::new(start, word.span.end() + 1 + length - start), patterns))
}

/// Tells whether one of these lints says better what a complaint of the reader is about.
#[must_use]
pub fn explains(file: &File<'_>, problem: &Problem, place: &Place) -> bool {
    let line = file.line(place.line);
    let (before, rest) = line.split_at((place.column as usize - 1).min(line.len()));
    match problem {
        Problem::BadStart if rest.starts_with(BYTE_ORDER_MARK) => true,
        Problem::BadStart | Problem::TextAfterBrace if rest == b"\r" => true,
        Problem::BadStart | Problem::NotSeparated { .. } | Problem::UnexpectedFilename if before.ends_with(b"{") => {
            let begins = |block: &Block<'_>| {
                let span = Span::new(block.words.last()?.span.end() + 1, 0);
                let begin = file.place(span);
                ((begin.line, begin.column) == (place.line, place.column)).then(|| alternatives(file, block))?
            };
            let mut blocks = file.items.iter().filter_map(|item| match item {
                Item::Block(block) => Some(block),
                _ => None,
            });
            blocks.any(|block| begins(block).is_some())
        }
        _ => false,
    }
}
