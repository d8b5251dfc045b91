//! One pass over the state file: which of its lines are copied, which entries are wanted, which lines are damaged.

use std::path::Path;

use crate::clock::Stamp;
use crate::facts::{FileFacts, Kind};
use crate::fault::SysError;
use crate::state::StateProblem;
use crate::state::codec::{LONGEST_LINE, OLD_TOP_LINE, TOP_LINE, parse_line};
use crate::state::expiry::Expiry;
use crate::state::problem::BadLine;
use crate::sys::lock::StateFile;

use super::Hear;

/// How much is read at once.
pub(super) const BUFFER: usize = 256 * 1024;

/// Damaged lines that are told one by one; of more only the number.
const TOLD: u64 = 20;

/// What a pass over the file found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The file as it was; `None` where it could not be asked.
    pub(super) facts: Option<FileFacts>,
    /// The stretches, from and to, whose lines are copied as they are: entries of logs that this run does not know.
    pub(super) kept: Vec<(u64, u64)>,
    /// Lines that are dropped, each of an entry that is too old.
    pub(super) expired: Vec<(u64, u64)>,
    /// The file could not be read to its end: it must not be replaced by what was read.
    pub(super) failed: Option<SysError>,
}

/// Takes an entry that is wanted; answers `false` to one that is not.
pub(super) type Take<'a> = &'a mut dyn FnMut(&[u8], Stamp) -> bool;

/// Reads the file, and hands out its entries.
pub(super) fn scan(file: &StateFile, path: &Path, take: Take<'_>, expiry: &Expiry, hear: Hear<'_>) -> Scan {
    let mut pass = Pass {
        path,
        take,
        expiry,
        hear,
        found: Scan::default(),
        line: 0,
        bad: 0,
        believed: false,
    };
    let outcome = file.facts().and_then(|facts| {
        pass.found.facts = Some(facts);
        // A device or a FIFO is no state; writing it will be refused.
        if facts.kind == Kind::Regular {
            pass.run(file)
        } else {
            Ok(())
        }
    });
    if let Err(failed) = outcome {
        (pass.hear)(StateProblem::Failed(failed.clone()));
        pass.found.failed = Some(failed);
    }
    if let Some(count) = pass.bad.checked_sub(TOLD).filter(|count| *count > 0) {
        let file = path.to_owned();
        (pass.hear)(StateProblem::MoreBadLines { file, count });
    }
    pass.found
}

struct Pass<'a> {
    path: &'a Path,
    take: Take<'a>,
    expiry: &'a Expiry,
    hear: Hear<'a>,
    found: Scan,
    /// The number of the line at hand, from 1.
    line: u64,
    bad: u64,
    /// The top line was right.
    believed: bool,
}

impl Pass<'_> {
    fn run(&mut self, file: &StateFile) -> Result<(), SysError> {
        let mut buffer = vec![0_u8; BUFFER];
        // The buffer holds `filled` bytes of the file, the first of them at `base`.
        let (mut base, mut filled) = (0_u64, 0_usize);
        // In the midst of a line that was too long to be held.
        let mut overlong = false;
        loop {
            let count = file.read_at(&mut buffer[filled..], base + filled as u64)?;
            filled += count;
            let mut at = 0;
            while let Some(length) = memchr::memchr(b'\n', &buffer[at..filled]) {
                let next = at + length + 1;
                if overlong {
                    overlong = false;
                } else if !self.take(&buffer[at..next], base + at as u64) {
                    return Ok(());
                }
                at = next;
            }
            let rest = filled - at;
            if count == 0 {
                if rest > 0 && !overlong {
                    self.take(&buffer[at..filled], base + at as u64);
                }
                return Ok(());
            }
            if overlong || rest > LONGEST_LINE {
                if !overlong && !self.take(&buffer[at..filled], base + at as u64) {
                    return Ok(());
                }
                overlong = true;
                at = filled;
            }
            buffer.copy_within(at..filled, 0);
            base += at as u64;
            filled -= at;
        }
    }

    /// Takes a line with its end (or what there is of one that has none); answers whether to go on.
    fn take(&mut self, line: &[u8], offset: u64) -> bool {
        self.line += 1;
        if !self.believed {
            self.believed = line == TOP_LINE || line == OLD_TOP_LINE;
            if !self.believed {
                (self.hear)(StateProblem::BadTopLine(self.path.to_owned()));
            }
            return self.believed;
        }
        let parsed = match line.strip_suffix(b"\n") {
            Some(text) => parse_line(text),
            None => Err(BadLine::TooLong),
        };
        let end = offset + line.len() as u64;
        match parsed {
            Ok(None) => {}
            Ok(Some(entry)) if (self.take)(&entry.path, entry.stamp) => {}
            Ok(Some(entry)) if self.expiry.is_over(entry.stamp) => self.found.expired.push((offset, end)),
            Ok(Some(_)) => match self.found.kept.last_mut() {
                Some((_, to)) if *to == offset => *to = end,
                _ => self.found.kept.push((offset, end)),
            },
            Err(bad) => self.complain(bad),
        }
        true
    }

    fn complain(&mut self, bad: BadLine) {
        self.bad += 1;
        if self.bad <= TOLD {
            let (file, line) = (self.path.to_owned(), self.line);
            (self.hear)(StateProblem::BadLine { file, line, bad });
        }
    }
}
