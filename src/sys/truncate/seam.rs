//! Where archive and log part: at the end of a line, and with a block boundary among blanks that nobody misses.
//!
//! A log that ends where a line ends gets a line of blanks, appended as its writers append, so that theirs lie before or behind it
//! and never in it. It is so long that a block ends in it: the blocks up to there can be taken off at once, and what then begins the
//! log is the rest of the blanks. Whoever follows the log never finds a part of an old line at its head.

use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{Whence, lseek64, write};

use super::head::line_end;
use super::mark;
use crate::fault::Op;
use crate::sys::call::CallError;
use crate::sys::copy::read_at;
use crate::sys::stream::{Afterwards, Sink};

/// The block boundary is at least so far behind the end of the log as it was seen: what writers append until the blanks come.
const SLACK: u64 = 1 << 10;

/// Where archive and log part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seam {
    /// What lies before belongs into the archive.
    pub(super) archived: u64,
    /// What lies from here on stays in the log; what lies between is the line of blanks.
    pub(super) stays: u64,
}

impl Seam {
    /// Finds, or makes, the seam of a log of `size` bytes, which may grow meanwhile; `None` where there is nothing to be cut off.
    ///
    /// `log` is open for reading and writing.
    pub(super) fn make(log: BorrowedFd<'_>, size: u64, block: u64) -> Result<Option<Self>, CallError> {
        match line_end(log, size)? {
            Some(end) if end == size => Ok(Some(Self::at_blanks(log, size, block)?.unwrap_or(Self::at(end)))),
            // A line is being written, and blanks would be in the middle of it.
            Some(end) if end >= mark::SHORTEST => Ok(Some(Self::at(end))),
            // So is the first one, or nearly: it is archived when it is whole.
            Some(_) => Ok(Some(Self::at(0))),
            None => {
                let boundary = size.saturating_sub(1) / block * block;
                Ok((boundary > 0).then_some(Self::at(boundary)))
            }
        }
    }

    /// A seam without blanks.
    fn at(end: u64) -> Self {
        Self {
            archived: end,
            stays: end,
        }
    }

    /// Appends the line of blanks; `None` where that cannot be done, for want of room mostly.
    fn at_blanks(log: BorrowedFd<'_>, size: u64, block: u64) -> Result<Option<Self>, CallError> {
        let boundary = (size + SLACK).next_multiple_of(block);
        let wanted = mark::line(boundary - size + mark::SHORTEST);
        let Some((start, end)) = append(log, &wanted) else {
            return Ok(None);
        };
        if end - start < wanted.len() as u64 {
            put(log, start, &mark::line(end - start))?;
        }
        let line = line_end(log, start)?.unwrap_or(start);
        if line < start {
            // The first part of a line came in between: it changes places with the blanks, and is whole again.
            let mut part = vec![0; usize::try_from(start - line).unwrap_or_default()];
            let found = read_at(log, &mut part, line)?;
            let blanks = mark::line(end - start);
            put(log, line, &[&blanks, &part[..found]].concat())?;
        }
        Ok(Some(Self {
            archived: line,
            stays: line + (end - start),
        }))
    }

    /// Looks at the blanks again: a program that does not append writes where the log ended, and what it wrote stays.
    pub(super) fn checked(self, log: BorrowedFd<'_>) -> Result<Self, CallError> {
        let blanks = mark::line(self.stays - self.archived);
        let mut found = vec![0; blanks.len()];
        let is_whole = read_at(log, &mut found, self.archived)? == blanks.len() && found == blanks;
        Ok(if is_whole { self } else { Self::at(self.archived) })
    }

    /// Returns how much of a log of `size` bytes can be taken off its front, so that what is left before `stays` is nothing or can be
    /// known again.
    pub(super) fn head(&self, size: u64, block: u64) -> Option<u64> {
        let head = self.stays / block * block;
        let is_known = self.stays == head || self.stays - head >= mark::SHORTEST;
        if is_known && head < size {
            return Some(head);
        }
        head.checked_sub(block)
    }
}

/// Writes at the end of the log, wherever that is by then; answers from where to where that went.
fn append(log: BorrowedFd<'_>, bytes: &[u8]) -> Option<(u64, u64)> {
    let flags = OFlag::from_bits_retain(fcntl(log, FcntlArg::F_GETFL).ok()?);
    fcntl(log, FcntlArg::F_SETFL(flags | OFlag::O_APPEND)).ok()?;
    let written = loop {
        match write(log, bytes) {
            Err(Errno::EINTR) => {}
            done => break done,
        }
    };
    // The offset of the descriptor is where its last write ended.
    let end = lseek64(log, 0, Whence::SeekCur);
    // Under O_APPEND every write goes to the end, whatever place it names.
    fcntl(log, FcntlArg::F_SETFL(flags)).ok()?;
    let (written, end) = (written.ok()? as u64, end.ok()?.unsigned_abs());
    (written > 0).then(|| (end - written, end))
}

/// Writes over a part of the log that is nobody's any more.
pub(super) fn put(log: BorrowedFd<'_>, at: u64, bytes: &[u8]) -> Result<(), CallError> {
    let put = Sink::at(log, at, Afterwards::Keep).write(bytes);
    put.map_err(|error| CallError::new(Op::Truncate, error.errno))
}
