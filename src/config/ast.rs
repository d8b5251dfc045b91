//! What a configuration file says, item by item, in order, with its place; nothing is interpreted or left out but comments.
//!
//! A file can be printed again (`File::print`); parsing what was printed gives the same items.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;

use super::directive::Row;
use crate::diag::{Diagnostic, Place, Problem};

/// A stretch of a text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start: u32,
    /// How long it is; 0 where only the spot is known.
    pub length: u32,
}

impl Span {
    /// Makes a span; a configuration file is never longer than 16 MiB, longer texts lose their places.
    #[must_use]
    pub fn new(start: usize, length: usize) -> Self {
        let clip = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            start: clip(start),
            length: clip(length),
        }
    }

    /// Returns where it ends.
    #[must_use]
    pub fn end(self) -> usize {
        self.start as usize + self.length as usize
    }
}

/// The lines before so short a text are counted anew rather than remembered.
const NEAR: usize = 1024;

/// A file, as written.
#[derive(Debug)]
pub struct File<'a> {
    /// Its path, by which messages name it.
    pub file: Arc<Path>,
    pub text: &'a [u8],
    pub items: Vec<Item<'a>>,
    /// Where its lines begin; made when first asked for.
    lines: OnceCell<Vec<u32>>,
}

/// One thing that a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A directive of the table that is no script.
    Directive(Directive<'a>),
    Script(Script<'a>),
    /// A name that is no directive, and the line it takes with it.
    Unknown(Unknown<'a>),
    /// A path list and what stands in braces after it; never inside another.
    Block(Block<'a>),
    Complaint(Complaint<'a>),
}

/// A directive that is no script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive<'a> {
    pub row: &'static Row,
    pub name: Span,
    pub argument: Argument<'a>,
    /// Its argument ran over the block's `}`.
    pub closes_block: bool,
}

/// What follows a directive's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// Nothing, and nothing is needed.
    None,
    /// Nothing, though something is needed.
    Missing(Span),
    Given(&'a [u8], Span),
}

/// A script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script<'a> {
    pub row: &'static Row,
    pub name: Span,
    /// Shell text.
    pub text: &'a [u8],
    pub span: Span,
}

impl<'a> Script<'a> {
    /// Returns it as a directive whose argument is the text.
    #[must_use]
    pub fn directive(&self) -> Directive<'a> {
        Directive {
            row: self.row,
            name: self.name,
            argument: Argument::Given(self.text, self.span),
            closes_block: false,
        }
    }
}

/// A name that is no directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown<'a> {
    pub name: &'a [u8],
    pub span: Span,
    pub rest: &'a [u8],
}

/// A word of a path list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word without quotes.
    pub text: Vec<u8>,
    pub span: Span,
    /// A quote in it, or behind it, is not closed.
    pub is_open: bool,
}

/// A path list and what stands in braces after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    pub words: Vec<Word>,
    /// The path list as written, without comments and trailing white space.
    pub written: Vec<u8>,
    pub span: Span,
    pub items: Vec<Item<'a>>,
    pub close: Close<'a>,
}

/// How a block ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close<'a> {
    /// With its `}`, and perhaps text on that line that should not be there.
    Brace(Option<Complaint<'a>>),
    /// With a `}` that its last item ran over.
    Swallowed,
    EndOfFile,
}

/// Something that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint<'a> {
    pub problem: Problem,
    pub span: Span,
    /// The text that is left out because of it.
    pub skipped: &'a [u8],
    /// The rest of the file is left out.
    pub fatal: bool,
}

impl<'a> File<'a> {
    /// Puts items and the text that they were read from together.
    #[must_use]
    pub fn new(file: Arc<Path>, text: &'a [u8], items: Vec<Item<'a>>) -> Self {
        Self {
            file,
            text,
            items,
            lines: OnceCell::new(),
        }
    }

    /// Returns all complaints, in order.
    pub fn complaints(&self) -> Vec<&Complaint<'a>> {
        let mut found = Vec::new();
        for item in &self.items {
            match item {
                Item::Complaint(complaint) => found.push(complaint),
                Item::Block(block) => {
                    found.extend(block.items.iter().filter_map(|item| match item {
                        Item::Complaint(complaint) => Some(complaint),
                        _ => None,
                    }));
                    if let Close::Brace(Some(complaint)) = &block.close {
                        found.push(complaint);
                    }
                }
                _ => {}
            }
        }
        found
    }

    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.text);
            let mut lines = Vec::with_capacity(64);
            lines.push(0);
            lines.extend(breaks.map(|at| Span::new(at + 1, 0).start));
            lines
        })
    }

    /// Returns the place of a span.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let (line, start) = self.line_at(span.start);
        Place {
            file: self.file.clone(),
            line: Span::new(line, 0).start,
            column: span.start - start + 1,
            length: span.length,
        }
    }

    /// Returns the number of the line that an offset lies in, from 1, and where that line begins.
    fn line_at(&self, offset: u32) -> (usize, u32) {
        let before = self.text.get(..offset as usize).filter(|before| before.len() < NEAR);
        if let Some(before) = before {
            let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            return (
                memchr::memchr_iter(b'\n', before).count() + 1,
                Span::new(start, 0).start,
            );
        }
        let lines = self.lines();
        let line = lines.partition_point(|start| *start <= offset);
        (line, lines[line - 1])
    }

    /// Returns the line that a span begins in, without its newline.
    #[must_use]
    pub fn excerpt(&self, span: Span) -> Vec<u8> {
        let lines = self.lines();
        let line = lines.partition_point(|start| *start <= span.start);
        let rest = &self.text[lines[line - 1] as usize..];
        rest.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec()
    }

    /// Returns a line by its number, from 1, without its newline; empty where there is none.
    #[must_use]
    pub fn line(&self, number: u32) -> &'a [u8] {
        let start = number.checked_sub(1).and_then(|at| self.lines().get(at as usize));
        let rest = start.map_or(&b""[..], |start| &self.text[*start as usize..]);
        rest.split(|byte| *byte == b'\n').next().unwrap_or_default()
    }

    /// Makes a complaint about a span.
    #[must_use]
    pub fn diagnostic(&self, problem: Problem, span: Span) -> Diagnostic {
        Diagnostic::new(problem, Some(self.place(span)), Some(self.excerpt(span)))
    }

    /// Writes the items down again, one a line.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len());
        self.items.iter().for_each(|item| print_item(item, &mut out));
        out
    }
}

fn print_item(item: &Item<'_>, out: &mut Vec<u8>) {
    match item {
        Item::Directive(directive) => print_directive(directive, out),
        Item::Script(script) => {
            out.extend_from_slice(script.row.name.as_bytes());
            out.extend_from_slice(if script.text.is_empty() { b" " } else { script.text });
            out.extend_from_slice(b"endscript\n");
        }
        Item::Unknown(unknown) => {
            out.extend_from_slice(unknown.name);
            out.extend_from_slice(unknown.rest);
            out.push(b'\n');
        }
        Item::Block(block) => {
            out.extend_from_slice(&block.written);
            out.extend_from_slice(b" {\n");
            block.items.iter().for_each(|item| print_item(item, out));
            if let Close::Brace(after) = &block.close {
                out.push(b'}');
                out.extend_from_slice(after.as_ref().map_or(b"", |complaint| complaint.skipped));
                out.push(b'\n');
            }
        }
        Item::Complaint(complaint) => {
            out.extend_from_slice(complaint.skipped);
            if !complaint.fatal {
                out.push(b'\n');
            }
        }
    }
}

fn print_directive(directive: &Directive<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(directive.row.name.as_bytes());
    if let Argument::Given(text, _) = directive.argument {
        if !directive.row.argument.takes_line() {
            out.extend_from_slice(if text.starts_with(b"=") { b" = " } else { b" " });
        }
        out.extend_from_slice(text);
        if text.is_empty() && !directive.row.argument.takes_line() {
            // A carriage return is an argument, though an empty one; nothing at all would be none.
            out.push(b'\r');
        }
    }
    out.push(b'\n');
}
