//! `copytruncate` that loses nothing: a log's content goes to its archive, and then out of the log.
//!
//! Two steps, so that nothing original goes before its copy is known to be on the disk: [`copy`] copies and flushes; the
//! caller gives the archive its name and makes that durable; [`Copied::cut`] takes the copied part out of the log.
//! After a crash between them, archive and log both hold it; at no time neither of them does.
//!
//! How the log is cut depends on who writes it (`CutWay`). Archive and log together hold every line once and in order, and part where
//! a line ends: `seam` says how, `mark` what stays of the block in which that is. Whoever follows the log finds whole lines in it, and
//! only what was written while it was cut comes to him twice.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::call::CallError;
use super::copy::{Afterwards, Part, copy_part};
use super::lease::{Excluding, Lease};
use super::stream::{flush, forget_pages, size_of};
use crate::fault::Op;
use crate::unix::FileId;

mod head;
mod late;
mod mark;
mod opened;
mod scene;
mod seam;

use head::{byte_at, collapsible_block, line_end};
use mark::length_of as mark_of;
pub use mark::mark_in;
pub use opened::Reopen;
use opened::{id_of, is_really_written, reopened};
use scene::Scene;

/// How a log was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutWay {
    /// Nobody had it open at all, and nobody could open it meanwhile: the log is empty.
    Alone,
    /// Nobody had it open for writing: the log is empty.
    NoWriter,
    /// The copied blocks were taken off its front; what a program wrote meanwhile is still in the log, behind the mark.
    Collapsed,
    /// Programs have it open, and have not written to it for a while; it is empty. What they wrote in that moment is in the archive.
    Quiet,
    /// It was copied until nothing more came, and emptied at once. What was written in that last moment is lost.
    Recopied,
    /// Somebody else cut it after it was copied; what is in it now was never copied, and stays.
    ByAnother,
}

/// What a cut did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub way: CutWay,
    /// How many bytes are in the archive and out of the log.
    pub moved: u64,
    /// How many were left in the log, at least: the next write goes there.
    pub kept: u64,
}

/// A log whose content, from its start, is in an archive and on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the log is not cut yet"]
pub struct Copied {
    log: FileId,
    /// The mark of an earlier cut at the log's head, which is not copied.
    skipped: u64,
    /// The archive holds exactly the log's bytes from there to this offset.
    end: u64,
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
    let skipped = mark_of(log)?;
    let size = size_of(log)?;
    let lines = if is_really_written(log) && collapsible_block(log).is_some() {
        Some(line_end(log, size)?.unwrap_or(size))
    } else {
        None
    };
    let part = Part {
        start: skipped,
        end: lines.unwrap_or(u64::MAX),
        skipped,
    };
    let end = copy_part(log, archive, part, after)?;
    flush(archive)?;
    if after == Afterwards::Forget {
        forget_pages(archive);
    }
    Ok(Copied { log: id, skipped, end })
}

impl Copied {
    /// Returns how many bytes of the log are in the archive.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.end - self.skipped
    }

    /// Takes what was copied out of the log; what came meanwhile is copied first where it cannot stay.
    ///
    /// `log`, `archive` and `reopen` are those that [`copy`] had. The archive should have its final name, durably. `log`
    /// is closed on the way: nobody else having the log open can be made sure of only if we do not have it open twice.
    ///
    /// # Errors
    ///
    /// The log is whole, and the archive holds its beginning, unless it was the flush after a `Recopied` or `Quiet` cut that failed, or
    /// the blanks could not be written: then the log begins with lines that are archived.
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
            skipped: self.skipped,
            end: self.end,
        };
        let size = size_of(scene.log)?;
        if size < self.end || !scene.is_copied_still()? {
            return Ok(Cut {
                way: CutWay::ByAnother,
                moved: self.length(),
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
        match collapsible_block(scene.log) {
            Some(block) => scene.part(block),
            None => scene.recopy(),
        }
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
