//! Bytes to items. Always answers: what was understood, and complaints in the places where they belong.
//!
//! The rules are those of the reference, seen from outside: what a line may begin with, which byte ends what. Where
//! something cannot be understood, the line is left out and the block goes on to its own `}`; at top level the rest of the
//! file is left out, since lax reading has been used to smuggle scripts through files of junk.

use std::path::Path;
use std::sync::Arc;

use super::ast::{Argument, Block, Close, Complaint, Directive, File, Item, Script, Span, Unknown, Word};
use super::directive::{self, Row};
use super::lex::{self, Cursor};
use crate::diag::Problem;

/// Reads a whole file; takes time in proportion to its length.
#[must_use]
pub fn parse(text: &[u8], file: Arc<Path>) -> File<'_> {
    let mut parser = Parser {
        cursor: Cursor::new(text),
    };
    let items = parser.top_level();
    File::new(file, text, items)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
}

/// What the next token begins with, comments and white space left behind.
enum Ahead {
    End,
    Letter,
    PathList,
    CloseBrace,
    Other,
}

impl<'a> Parser<'a> {
    fn top_level(&mut self) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        loop {
            let item = match self.ahead() {
                Ahead::End => return items,
                Ahead::Letter => self.named(false).0,
                Ahead::PathList => self.block(),
                Ahead::CloseBrace => self.give_up_file(self.cursor, Problem::UnexpectedBrace, 1),
                Ahead::Other => self.give_up_file(self.cursor, Problem::BadStart, 1),
            };
            let fatal = matches!(&item, Item::Complaint(complaint) if complaint.fatal);
            items.push(item);
            if fatal {
                return items;
            }
        }
    }

    /// Goes to the next token and says what it is by its first byte.
    fn ahead(&mut self) -> Ahead {
        loop {
            self.cursor.blanks();
            match self.cursor.peek() {
                None => return Ahead::End,
                Some(b'\n') => self.cursor.skip(1),
                Some(b'#') => {
                    self.cursor.line();
                }
                Some(b'/' | b'"' | b'\'' | b'~') => return Ahead::PathList,
                Some(b'}') => return Ahead::CloseBrace,
                Some(byte) if byte.is_ascii_alphabetic() => return Ahead::Letter,
                Some(_) => return Ahead::Other,
            }
        }
    }

    /// Complains at a spot, and leaves out all that follows it.
    fn give_up_file(&mut self, from: Cursor<'a>, problem: Problem, length: usize) -> Item<'a> {
        let skipped = from.rest();
        self.cursor = from;
        self.cursor.skip(skipped.len());
        let span = from.span(&skipped[..length.min(skipped.len())]);
        Item::Complaint(Complaint {
            problem,
            span,
            skipped,
            fatal: true,
        })
    }

    /// Complains about a line of a block, and leaves out the rest of it; tells whether the block's `}` is in there.
    fn give_up_line(&mut self, from: Cursor<'a>, problem: Problem, span: Span) -> (Item<'a>, bool) {
        self.cursor = from;
        let skipped = self.cursor.line();
        (
            Item::Complaint(Complaint {
                problem,
                span,
                skipped,
                fatal: false,
            }),
            lex::ends_in_brace(skipped),
        )
    }

    /// Reads what begins with a letter; tells whether that ran over the block's `}`.
    fn named(&mut self, in_block: bool) -> (Item<'a>, bool) {
        let from = self.cursor;
        let name = self.cursor.letters();
        let span = from.span(name);
        if let Some(found) = self.cursor.peek() {
            if !lex::is_space(found) && found != b'=' {
                let problem = Problem::NotSeparated {
                    keyword: name.to_vec(),
                    found,
                };
                if !in_block {
                    return (self.give_up_file(from, problem, name.len()), false);
                }
                let (item, closes) = self.give_up_line(from, problem, span);
                return (item, closes || found == b'}');
            }
        }
        let Some(row) = directive::find(name) else {
            let rest = self.cursor.line();
            return (Item::Unknown(Unknown { name, span, rest }), false);
        };
        match row.argument {
            directive::Argument::None => {
                self.cursor.skip(1);
                let argument = Argument::None;
                (
                    Item::Directive(Directive {
                        row,
                        name: span,
                        argument,
                        closes_block: false,
                    }),
                    false,
                )
            }
            directive::Argument::Script => (self.script(row, from, span), false),
            _ => self.with_argument(row, span, in_block),
        }
    }

    fn with_argument(&mut self, row: &'static Row, name: Span, in_block: bool) -> (Item<'a>, bool) {
        let takes_line = row.argument.takes_line();
        if !takes_line {
            self.cursor.blanks();
            if self.cursor.peek() == Some(b'=') {
                self.cursor.skip(1);
                self.cursor.blanks();
            }
        }
        let here = self.cursor.here();
        let mut text = self.cursor.line();
        let ends_with_newline = self.cursor.peek().is_some();
        if !takes_line && text.is_empty() && ends_with_newline {
            let argument = Argument::Missing(Span {
                start: name.start,
                length: name.length,
            });
            return (
                Item::Directive(Directive {
                    row,
                    name,
                    argument,
                    closes_block: false,
                }),
                false,
            );
        }
        if ends_with_newline {
            text = lex::trim_end(text);
        }
        let closes_block = in_block && runs_over_brace(row, text);
        let argument = Argument::Given(
            text,
            Span {
                length: Span::new(0, text.len()).length,
                ..here
            },
        );
        (
            Item::Directive(Directive {
                row,
                name,
                argument,
                closes_block,
            }),
            closes_block,
        )
    }

    /// Reads a script: it begins right after its name and ends before the line whose first word is `endscript`.
    fn script(&mut self, row: &'static Row, from: Cursor<'a>, name: Span) -> Item<'a> {
        let begin = self.cursor;
        loop {
            let line = self.cursor;
            self.cursor.blanks();
            if self.cursor.letters() == b"endscript" {
                self.cursor.skip(1);
                let text = if line.rest().len() == begin.rest().len() {
                    &[]
                } else {
                    line.since(begin)
                };
                return Item::Script(Script {
                    row,
                    name,
                    text,
                    span: begin.span(&begin.rest()[..text.len()]),
                });
            }
            self.cursor.line();
            if self.cursor.peek().is_none() {
                return self.give_up_file(from, Problem::NoEndscript(row.name), row.name.len());
            }
            self.cursor.skip(1);
        }
    }

    fn block(&mut self) -> Item<'a> {
        let begin = self.cursor;
        let list = match self.path_list() {
            Ok(list) => list,
            Err(PathListError { problem, at, length }) => {
                let span = at.span(&at.rest()[..length.min(at.rest().len())]);
                let item = self.give_up_file(begin, problem, 0);
                let Item::Complaint(complaint) = item else { return item };
                return Item::Complaint(Complaint { span, ..complaint });
            }
        };
        let Some(words) = list.words(begin).filter(|words| !words.is_empty()) else {
            return self.give_up_file(begin, Problem::FilenameSyntax, list.length);
        };
        let span = begin.span(&begin.rest()[..list.length]);
        let (items, close) = self.block_items();
        Item::Block(Block {
            words,
            written: list.text,
            span,
            items,
            close,
        })
    }

    fn block_items(&mut self) -> (Vec<Item<'a>>, Close<'a>) {
        let mut items = Vec::with_capacity(16);
        loop {
            let from = self.cursor;
            let (item, closes) = match self.ahead() {
                Ahead::End => return (items, Close::EndOfFile),
                Ahead::Letter => self.named(true),
                Ahead::PathList => self.give_up_spot(Problem::UnexpectedFilename),
                Ahead::Other => self.give_up_spot(Problem::BadStart),
                Ahead::CloseBrace => {
                    self.cursor.skip(1);
                    return (items, Close::Brace(self.after_brace()));
                }
            };
            debug_assert!(
                self.cursor.rest().len() < from.rest().len(),
                "every round takes something"
            );
            let fatal = matches!(&item, Item::Complaint(complaint) if complaint.fatal);
            items.push(item);
            if closes {
                return (items, Close::Swallowed);
            }
            if fatal {
                return (items, Close::EndOfFile);
            }
        }
    }

    fn give_up_spot(&mut self, problem: Problem) -> (Item<'a>, bool) {
        let from = self.cursor;
        let word = from
            .rest()
            .iter()
            .take_while(|byte| !lex::is_space(**byte))
            .count()
            .max(1);
        self.give_up_line(from, problem, from.span(&from.rest()[..word.min(from.rest().len())]))
    }

    fn after_brace(&mut self) -> Option<Complaint<'a>> {
        self.cursor.blanks();
        let skipped = self.cursor.line();
        let span = self.cursor.span(skipped);
        (!skipped.is_empty()).then_some(Complaint {
            problem: Problem::TextAfterBrace,
            span,
            skipped,
            fatal: false,
        })
    }

    /// Reads up to the first `{`, and over it; blank lines and comment lines are left out.
    fn path_list(&mut self) -> Result<PathList, PathListError<'a>> {
        let begin = self.cursor;
        let mut list = PathList {
            text: Vec::with_capacity(64),
            pieces: Vec::new(),
            length: 0,
        };
        let mut line_is_blank = true;
        loop {
            let offset = begin.rest().len() - self.cursor.rest().len();
            let problem = match self.cursor.peek() {
                Some(b'{') => {
                    self.cursor.skip(1);
                    list.length = offset;
                    list.text.truncate(lex::trim_end(&list.text).len());
                    return Ok(list);
                }
                Some(b'}') => Problem::UnexpectedBraceInList,
                None | Some(0) => Problem::MissingBrace,
                Some(b'#') if line_is_blank => {
                    self.cursor.line();
                    continue;
                }
                Some(b'\n') => {
                    if list.text.last() != Some(&b'\n') {
                        list.push(b"\n", offset);
                    }
                    line_is_blank = true;
                    self.cursor.skip(1);
                    continue;
                }
                Some(_) => {
                    let rest = self.cursor.rest();
                    let means_something = |byte: &u8| matches!(byte, b'{' | b'}' | b'\n' | b'#' | 0);
                    // A `#` that stands here begins no comment.
                    let length = rest[1..]
                        .iter()
                        .position(means_something)
                        .map_or(rest.len(), |at| at + 1);
                    let run = &rest[..length];
                    list.push(run, offset);
                    line_is_blank = line_is_blank && run.iter().all(|byte| lex::is_space(*byte));
                    self.cursor.skip(length);
                    continue;
                }
            };
            let brace = problem == Problem::UnexpectedBraceInList;
            let at = if brace { self.cursor } else { begin };
            let first_word = begin.rest().iter().take_while(|byte| !lex::is_space(**byte)).count();
            return Err(PathListError {
                problem,
                at,
                length: if brace { 1 } else { first_word },
            });
        }
    }
}

/// Tells whether an argument can only be wrong, and has the block's `}` at its end.
fn runs_over_brace(row: &Row, text: &[u8]) -> bool {
    let has_blank = || text.iter().any(|byte| lex::is_space(*byte));
    (row.argument.never_ends_in_brace() || (row.argument.is_one_word() && has_blank())) && lex::ends_in_brace(text)
}

struct PathListError<'a> {
    problem: Problem,
    at: Cursor<'a>,
    length: usize,
}

/// A path list without its comments, and where its pieces come from.
struct PathList {
    text: Vec<u8>,
    /// Offsets in `text` from which on a piece of the file follows, and that piece's offset from the list's beginning.
    pieces: Vec<(usize, usize)>,
    length: usize,
}

impl PathList {
    fn push(&mut self, run: &[u8], offset: usize) {
        let continues = self
            .pieces
            .last()
            .is_some_and(|(at, from)| offset - from == self.text.len() - at);
        if !continues {
            self.pieces.push((self.text.len(), offset));
        }
        self.text.extend_from_slice(run);
    }

    fn original(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(start, _)| *start <= at);
        self.pieces
            .get(piece.saturating_sub(1))
            .map_or(at, |(start, from)| from + (at - start))
    }

    fn words(&self, begin: Cursor<'_>) -> Option<Vec<Word>> {
        let base = begin.here().start as usize;
        let words = lex::split_words(&self.text)?;
        let place = |word: lex::SplitWord| {
            let (start, last) = (self.original(word.start), self.original(word.end - 1));
            Word {
                text: word.text,
                is_open: word.is_open,
                span: Span::new(base + start, last + 1 - start),
            }
        };
        Some(words.into_iter().map(place).collect())
    }
}
