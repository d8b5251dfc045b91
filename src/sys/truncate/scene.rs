//! The cut itself: what came since the copy goes to the archive, or stays in the log, and the log loses what the archive has.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::stat::fstat;
use nix::sys::time::{TimeSpec, TimeValLike as _};
use nix::unistd::ftruncate;

use super::head::line_end;
use super::late::LastPage;
use super::seam::{Seam, put};
use super::{Cut, CutWay, mark};
use crate::fault::Op;
use crate::sys::call::CallError;
use crate::sys::copy::{Afterwards, Part, copy_part, is_copy_of_part};
use crate::sys::stream::{Sink, as_off, flush, size_of};

/// How often what came meanwhile is copied and flushed before the log is cut; every time there is less of it.
const FLUSHED_ROUNDS: usize = 4;

/// How often what came meanwhile is copied at last, without a flush, to find the moment when nothing came.
const LAST_ROUNDS: usize = 64;

/// So many bytes at the beginning and at the end of the copy are compared with the log before it is cut.
const COMPARED: u64 = 64 << 10;

/// A log to which nothing was written for so many milliseconds is quiet.
const QUIET: i64 = 250;

/// So long whoever follows the log has for what was written before the seam. What is written meanwhile he gets twice.
const READERS: Duration = Duration::from_millis(20);

/// The files of a cut, and how much of the log the archive holds.
pub(super) struct Scene<'fd> {
    pub(super) log: BorrowedFd<'fd>,
    pub(super) archive: BorrowedFd<'fd>,
    /// So many bytes of the log before `end` are no content, and not in the archive.
    pub(super) skipped: u64,
    /// The archive holds what lies before this offset.
    pub(super) end: u64,
}

impl Scene<'_> {
    /// Compares the copy's beginning and end with the log once more: whoever cut it meanwhile may have let it grow again.
    pub(super) fn is_copied_still(&self) -> Result<bool, CallError> {
        let last = self.end.saturating_sub(COMPARED).max(self.skipped);
        for start in [self.skipped, last] {
            let part = Part {
                start,
                end: self.end.min(start + COMPARED),
                skipped: self.skipped,
            };
            if !is_copy_of_part(self.log, self.archive, part)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Copies what came since, up to `end` at most.
    fn copy_to(&mut self, end: u64) -> Result<(), CallError> {
        let part = Part {
            start: self.end,
            end,
            skipped: self.skipped,
        };
        self.end = copy_part(self.log, self.archive, part, Afterwards::Keep)?;
        Ok(())
    }

    /// Copies what came since, and says whether anything had come.
    fn catch_up(&mut self) -> Result<bool, CallError> {
        if size_of(self.log)? <= self.end {
            return Ok(false);
        }
        self.copy_to(u64::MAX)?;
        Ok(true)
    }

    /// Empties a log that nobody writes.
    pub(super) fn empty(&mut self, way: CutWay) -> Result<Cut, CallError> {
        if self.catch_up()? {
            flush(self.archive)?;
        }
        self.truncate()?;
        Ok(self.cut(way, 0))
    }

    fn truncate(&self) -> Result<(), CallError> {
        ftruncate(self.log, 0).map_err(CallError::when(Op::Truncate))
    }

    fn cut(&self, way: CutWay, kept: u64) -> Cut {
        Cut {
            way,
            moved: self.end - self.skipped,
            kept,
        }
    }

    /// Parts log and archive at the end of a line, in a log of which blocks can be taken off; nothing is lost.
    pub(super) fn part(&mut self, block: u64) -> Result<Cut, CallError> {
        // The flush that counts comes when the seam is known, and is to be short.
        if self.catch_up()? {
            flush(self.archive)?;
        }
        if self.is_quiet()? && self.empty_quiet()? {
            return Ok(self.cut(CutWay::Quiet, 0));
        }
        let size = size_of(self.log)?;
        if size == self.skipped {
            return Ok(self.cut(CutWay::Collapsed, size));
        }
        let Some(seam) = Seam::make(self.log, size, block)? else {
            return self.recopy();
        };
        let made = Instant::now();
        self.archive_to(seam.archived.max(self.skipped))?;
        if seam.stays <= self.skipped {
            return Ok(self.cut(CutWay::Collapsed, size));
        }
        std::thread::sleep(READERS.saturating_sub(made.elapsed()));
        match self.take_off(seam.checked(self.log)?, block)? {
            Some(kept) => Ok(self.cut(CutWay::Collapsed, kept)),
            None => {
                self.skipped += seam.stays - seam.archived;
                self.end = seam.stays;
                self.recopy()
            }
        }
    }

    /// Says whether nothing had been written to the log for a while when the archive was written: both times are the kernel's.
    fn is_quiet(&self) -> Result<bool, CallError> {
        let modified = |file| {
            let stat = fstat(file).map_err(CallError::when(Op::Stat))?;
            Ok(TimeSpec::new(stat.st_mtime, stat.st_mtime_nsec))
        };
        Ok(modified(self.log)? + TimeSpec::milliseconds(QUIET) <= modified(self.archive)?)
    }

    /// Empties a log whose writers are quiet, and archives what they write in that very moment; `false`, and nothing is done, where
    /// they are not, or are in the middle of a line.
    fn empty_quiet(&mut self) -> Result<bool, CallError> {
        // One line that is all there is has been left there, whole or not.
        let is_within_line = |end| end != self.end && end > self.skipped;
        if line_end(self.log, self.end)?.is_some_and(is_within_line) {
            return Ok(false);
        }
        let Some(page) = LastPage::hold(self.log, self.end) else {
            return Ok(false);
        };
        if size_of(self.log)? != self.end {
            return Ok(false);
        }
        self.truncate()?;
        let late = page.late();
        if !late.is_empty() {
            let mut sink = Sink::at(self.archive, self.end - self.skipped, Afterwards::Keep);
            sink.write(&late)?;
            flush(self.archive)?;
            self.end += late.len() as u64;
        }
        Ok(true)
    }

    /// Lets the archive, on the disk, hold what lies before `end`, and no more: what stays in the log must not be in it.
    fn archive_to(&mut self, end: u64) -> Result<(), CallError> {
        if end > self.end {
            self.copy_to(end)?;
        } else if end < self.end {
            ftruncate(self.archive, as_off(end - self.skipped)).map_err(CallError::when(Op::Write))?;
            self.end = end;
        } else {
            return Ok(());
        }
        flush(self.archive)
    }

    /// Takes what is archived off the log's front, and puts blanks in the place of what is left of it; answers how much the log has then.
    /// `None` where that cannot be done, and nothing was.
    fn take_off(&self, seam: Seam, block: u64) -> Result<Option<u64>, CallError> {
        let size = size_of(self.log)?;
        let Some(head) = seam.head(size, block) else {
            return Ok(None);
        };
        if head > 0 && !self.collapse(head)? {
            return Ok(None);
        }
        // Not before: a reader that compares what it read last would take the log for another one, and read it once more.
        if head < seam.archived {
            put(self.log, 0, &mark::line(seam.stays - head))?;
        }
        Ok(Some(size - head))
    }

    fn collapse(&self, head: u64) -> Result<bool, CallError> {
        let flags = FallocateFlags::FALLOC_FL_COLLAPSE_RANGE;
        loop {
            match fallocate(self.log, flags, 0, as_off(head)) {
                Ok(()) => return Ok(true),
                Err(Errno::EINTR) => {}
                Err(Errno::EOPNOTSUPP | Errno::EINVAL | Errno::ENOSYS | Errno::ETXTBSY) => return Ok(false),
                Err(errno) => return Err(CallError::new(Op::Truncate, errno)),
            }
        }
    }

    /// Copies until nothing more comes, and empties the log at once.
    pub(super) fn recopy(&mut self) -> Result<Cut, CallError> {
        for _ in 0..FLUSHED_ROUNDS {
            if !self.catch_up()? {
                break;
            }
            flush(self.archive)?;
        }
        let mut unflushed = false;
        for _ in 0..LAST_ROUNDS {
            if !self.catch_up()? {
                break;
            }
            unflushed = true;
        }
        self.truncate()?;
        if unflushed {
            flush(self.archive)?;
        }
        Ok(self.cut(CutWay::Recopied, 0))
    }
}
