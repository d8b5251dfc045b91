//! Warnings that the author means: comments that allow a code for the line behind them, or for their file.
//!
//! An error is what a run refuses: nothing allows it.

use super::{Finding, LINTS, Lint};
use crate::config::ast::{File, Span};
use crate::diag::problem::WARNING_CODES;
use crate::diag::{Place, Severity};

/// What such a comment begins with, behind its `#`.
const PREFIX: &[u8] = b"logrotate-check:";

/// The codes that a file allows.
#[derive(Debug, Default)]
pub struct Allowances {
    file: Vec<&'static str>,
    /// By the line that the comment is about.
    lines: Vec<(u32, &'static str)>,
}

/// Finds the code of a warning, as written.
#[must_use]
pub fn code(word: &[u8]) -> Option<&'static str> {
    let lints = LINTS.iter().filter(|row| row.severity == Severity::Warning);
    let mut codes = lints.map(|row| row.code).chain(WARNING_CODES);
    codes.find(|code| code.as_bytes() == word)
}

impl Allowances {
    /// Reads the comments of a file; what they say and cannot be understood is reported.
    pub fn of(file: &File<'_>, found: &mut Vec<Finding>) -> Self {
        let mut allowed = Self::default();
        let mut waiting: Vec<&'static str> = Vec::new();
        let mut start = 0;
        for (line, number) in file.text.split(|byte| *byte == b'\n').zip(1..) {
            let text = line.trim_ascii();
            if let Some(said) = text.strip_prefix(b"#") {
                if let Some(said) = said.trim_ascii_start().strip_prefix(PREFIX) {
                    let at = start + line.trim_ascii_end().len() - said.len();
                    allowed.take(file, said, at, &mut waiting, found);
                }
            } else if !text.is_empty() {
                allowed.lines.extend(waiting.drain(..).map(|code| (number, code)));
            }
            start += line.len() + 1;
        }
        allowed
    }

    fn take(
        &mut self,
        file: &File<'_>,
        said: &[u8],
        at: usize,
        next: &mut Vec<&'static str>,
        found: &mut Vec<Finding>,
    ) {
        let mut report = |word: &[u8], from: usize| {
            let place = file.place(Span::new(at + from, word.len()));
            found.push(Finding::lint(Lint::UnknownAllowance(word.to_vec()), place));
        };
        let is_separator = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
        let mut from = 0;
        let mut words = said.split(is_separator).filter_map(|word| {
            let begin = from;
            from += word.len() + 1;
            (!word.is_empty()).then_some((word, begin))
        });
        let codes = match words.next() {
            Some((b"allow", _)) => next,
            Some((b"allow-file", _)) => &mut self.file,
            Some((word, from)) => return report(word, from),
            None => return report(b"", 0),
        };
        let mut is_empty = true;
        for (word, from) in words {
            is_empty = false;
            match code(word) {
                Some(code) => codes.push(code),
                None => report(word, from),
            }
        }
        if is_empty {
            report(b"", said.len());
        }
    }

    /// Tells whether a code is allowed at a place of the file, or for the file as a whole.
    #[must_use]
    pub fn hold(&self, code: &str, place: Option<&Place>) -> bool {
        let line = place.map(|place| place.line);
        self.file.contains(&code)
            || self
                .lines
                .iter()
                .any(|(at, allowed)| Some(*at) == line && *allowed == code)
    }
}
