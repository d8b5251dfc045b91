//! `copytruncate` that loses nothing: a log's content goes to its archive, and then out of the log.
//!
//! Two steps, so that nothing original goes before its copy is known to be on the disk: [`copy`] copies and flushes; the
//! caller gives the archive its name and makes that durable; [`Copied::cut`] takes the copied part out of the log.
//! After a crash between them, archive and log both hold it; at no time neither of them does.
//!
//! How the log is cut depends on who writes it (`CutWay`). Archive and log together hold every byte once and in order.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::unistd::ftruncate;

use super::call::CallError;
use super::copy::{Afterwards, copy_range, same_range};
use super::lease::{Excluding, Lease};
use super::stream::{as_off, flush, forget_pages, size_of};
use crate::fault::Op;
use crate::unix::FileId;

mod head;
mod opened;

use head::{byte_at, head_to_collapse};
pub use opened::Reopen;
use opened::{id_of, is_really_written, reopened};

/// How often what came meanwhile is copied and flushed before the log is cut; every time there is less of it.
const FLUSHED_ROUNDS: usize = 4;

/// How often what came meanwhile is copied at last, without a flush, to find the moment when nothing came.
const LAST_ROUNDS: usize = 64;

/// So many bytes at the beginning and at the end of the copy are compared with the log before it is cut.
const COMPARED: u64 = 64 << 10;

/// How a log was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutWay {
    /// Nobody had it open at all, and nobody could open it meanwhile: the log is empty.
    Alone,
    /// Nobody had it open for writing: the log is empty.
    NoWriter,
    /// The copied blocks were taken off its front; what a program wrote meanwhile is still in the log.
    Collapsed,
    /// It was copied until nothing more came, and emptied at once. What was written in that last moment is lost.
    Recopied,
    /// Somebody else cut it after it was copied; what is in it now was never copied, and stays.
    ByAnother,
}

/// What a cut did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How.
    pub way: CutWay,
    /// How many bytes went to the archive and out of the log.
    pub moved: u64,
    /// How many were left in the log, at least: the next write goes there.
    pub kept: u64,
}

/// A log whose content, from its start, is in an archive and on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the log is not cut yet"]
pub struct Copied {
    log: FileId,
    /// The archive holds exactly the log's bytes before this offset.
    length: u64,
}

/// Copies the log's content, or as much of it as will be cut, to the empty file `archive`, and flushes that.
///
/// `log` is open for reading only, and nobody in this process has the log open for writing: otherwise it would be
/// taken for somebody else's. `reopen` is called to learn before the work that the log may be written, and must answer
/// the same file.
///
/// `after` is about the archive's pages in memory: `Forget` unless it is read again soon, to be compressed.
pub fn copy(
    log: BorrowedFd<'_>,
    archive: BorrowedFd<'_>,
    after: Afterwards,
    reopen: Reopen<'_>,
) -> Result<Copied, CallError> {
    let id = id_of(log)?;
    drop(reopened(reopen, id)?);
    let written = is_really_written(log);
    let size = size_of(log)?;
    let head = if written { head_to_collapse(log, size)? } else { None };
    let length = copy_range(log, archive, 0, head.unwrap_or(u64::MAX), after)?;
    flush(archive)?;
    if after == Afterwards::Forget {
        forget_pages(archive);
    }
    Ok(Copied { log: id, length })
}

impl Copied {
    /// Returns how many bytes of the log are in the archive.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Takes what was copied out of the log; what came meanwhile is copied first where it cannot stay.
    ///
    /// `log`, `archive` and `reopen` are those that [`copy`] had. The archive should have its final name, durably. `log`
    /// is closed on the way: nobody else having the log open can be made sure of only if we do not have it open twice.
    ///
    /// # Errors
    ///
    /// The log is whole, and the archive holds its beginning, unless it was the flush after a `Recopied` cut that failed.
    pub fn cut(self, log: OwnedFd, archive: BorrowedFd<'_>, reopen: Reopen<'_>) -> Result<Cut, CallError> {
        // Asked before the log is opened for writing, which the kernel would count as a writer.
        let written = is_really_written(log.as_fd());
        let log = {
            let writable = reopened(reopen, self.log)?;
            drop(log);
            writable
        };
        let mut scene = Scene {
            log: log.as_fd(),
            archive,
            length: self.length,
        };
        let size = size_of(scene.log)?;
        if size < self.length || !scene.is_copied_still()? {
            return Ok(Cut {
                way: CutWay::ByAnother,
                moved: self.length,
                kept: size,
            });
        }
        if let Ok(lease) = Lease::take(scene.log, Excluding::Everybody) {
            let cut = scene.empty(CutWay::Alone);
            drop(lease);
            return cut;
        }
        if !written {
            return scene.empty(CutWay::NoWriter);
        }
        match scene.collapse()? {
            Some(cut) => Ok(cut),
            None => scene.recopy(),
        }
    }
}

/// The files of a cut, and how much of the log the archive holds.
struct Scene<'fd> {
    log: BorrowedFd<'fd>,
    archive: BorrowedFd<'fd>,
    length: u64,
}

impl Scene<'_> {
    /// Compares the copy's beginning and end with the log once more: whoever cut it meanwhile may have let it grow again.
    fn is_copied_still(&self) -> Result<bool, CallError> {
        let last = self.length.saturating_sub(COMPARED);
        for at in [0, last] {
            let end = self.length.min(at + COMPARED);
            if !same_range(self.log, self.archive, at, end)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Copies what came since, and says whether anything had come.
    fn catch_up(&mut self) -> Result<bool, CallError> {
        if size_of(self.log)? <= self.length {
            return Ok(false);
        }
        self.length = copy_range(self.log, self.archive, self.length, u64::MAX, Afterwards::Keep)?;
        Ok(true)
    }

    /// Empties a log that nobody writes.
    fn empty(&mut self, way: CutWay) -> Result<Cut, CallError> {
        if self.catch_up()? {
            flush(self.archive)?;
        }
        self.truncate(way)
    }

    fn truncate(&self, way: CutWay) -> Result<Cut, CallError> {
        ftruncate(self.log, 0).map_err(CallError::when(Op::Truncate))?;
        Ok(Cut {
            way,
            moved: self.length,
            kept: 0,
        })
    }

    /// Takes the copied head off the log's front; `None` where that cannot be done, and nothing was.
    fn collapse(&mut self) -> Result<Option<Cut>, CallError> {
        let size = size_of(self.log)?;
        let Some(head) = head_to_collapse(self.log, size.min(self.length.saturating_add(1)))? else {
            return Ok(None);
        };
        let before = self.length;
        if head != before {
            // What is copied but stays in the log must not be in the archive, and that must be on the disk first.
            ftruncate(self.archive, as_off(head)).map_err(CallError::when(Op::Write))?;
            flush(self.archive)?;
            self.length = head;
        }
        let flags = FallocateFlags::FALLOC_FL_COLLAPSE_RANGE;
        loop {
            match fallocate(self.log, flags, 0, as_off(head)) {
                Ok(()) => break,
                Err(Errno::EINTR) => {}
                Err(Errno::EOPNOTSUPP | Errno::EINVAL | Errno::ENOSYS | Errno::ETXTBSY) => return Ok(None),
                Err(errno) => return Err(CallError::new(Op::Truncate, errno)),
            }
        }
        Ok(Some(Cut {
            way: CutWay::Collapsed,
            moved: head,
            kept: size - head,
        }))
    }

    /// Copies until nothing more comes, and empties the log at once.
    fn recopy(&mut self) -> Result<Cut, CallError> {
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
        let cut = self.truncate(CutWay::Recopied)?;
        if unflushed {
            flush(self.archive)?;
        }
        Ok(cut)
    }
}

/// Cuts a log off without keeping anything of it.
pub fn empty(log: BorrowedFd<'_>) -> Result<(), CallError> {
    nix::unistd::ftruncate(log, 0).map_err(CallError::when(Op::Truncate))
}

/// Says whether a program went on writing, after a cut, at the place where the log had ended: it does not append, and
/// left a hole. Worth asking some time after the cut, when the program has written.
#[must_use]
pub fn grew_a_hole(log: BorrowedFd<'_>, cut: &Cut) -> bool {
    cut.moved > 0 && matches!(byte_at(log, cut.kept), Ok(Some(0)))
}

#[cfg(test)]
mod tests;
