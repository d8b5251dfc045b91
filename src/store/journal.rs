//! The journal beside the state file: what was rotated survives a crash, at one short write a step.
//!
//! A set's beginnings are flushed to the disk once, before anything of it is touched; how far each has come since is
//! written and not flushed: after a power cut the identity of the files tells. A journal that cannot be used is a
//! warning and no more.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::{Hear, Place, Store, journal_name};
use crate::state::StateProblem;
use crate::state::record::{Begun, Progress, Replay, TOP_LINE, Unfinished, replay, write_begun, write_progress};
use crate::sys::dir::Dir;
use crate::sys::journal::{LineFile, Unusable};

/// The journal of a run: made when the first rotation begins.
#[derive(Debug, Default)]
pub(super) struct Journal {
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
enum Lines {
    /// Nothing was begun yet.
    #[default]
    Unopened,
    Open(LineFile),
    /// It failed once: the run goes on without.
    Broken,
}

impl Store {
    /// Records that these rotations begin, on the disk, before the first of them is touched. To be called with the
    /// identity that the run was started with.
    ///
    /// # Errors
    /// A warning: the run goes on without a journal.
    pub fn begin_batch(&self, rotations: &[Begun]) -> Result<(), StateProblem> {
        let Place::Writable { dir, name, .. } = &self.place else {
            return Ok(());
        };
        if rotations.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        rotations.iter().for_each(|begun| write_begun(&mut text, begun));
        let mut lines = self.journal.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Lines::Unopened = *lines {
            *lines = Lines::Broken;
            *lines = Lines::Open(LineFile::open(dir, &journal_name(name), TOP_LINE).map_err(problem)?);
        }
        let Lines::Open(file) = &*lines else {
            return Ok(());
        };
        file.add(&text).and_then(|()| file.flush()).map_err(|failed| {
            *lines = Lines::Broken;
            StateProblem::JournalFailed(failed)
        })
    }

    /// Records that the log has become its archive.
    ///
    /// # Errors
    /// A warning, as all about the journal.
    pub fn switched(&self, log: &Path) -> Result<(), StateProblem> {
        self.progress(log, Progress::Switched)
    }

    /// Records that the log's rotation is done.
    ///
    /// # Errors
    /// A warning, as all about the journal.
    pub fn done(&self, log: &Path) -> Result<(), StateProblem> {
        self.progress(log, Progress::Done)
    }

    /// Records that the log's rotation failed before its switch: it does not count.
    ///
    /// # Errors
    /// A warning, as all about the journal.
    pub fn failed(&self, log: &Path) -> Result<(), StateProblem> {
        self.progress(log, Progress::Failed)
    }

    fn progress(&self, log: &Path, progress: Progress) -> Result<(), StateProblem> {
        let mut lines = self.journal.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Lines::Open(file) = &*lines else {
            return Ok(());
        };
        let mut text = Vec::new();
        write_progress(&mut text, log, progress);
        file.add(&text).map_err(|failed| {
            *lines = Lines::Broken;
            StateProblem::JournalFailed(failed)
        })
    }
}

impl Journal {
    /// Removes the journal, now that the state file says it all; what is carried over is begun anew in a fresh one.
    pub(super) fn end(&self, dir: &Dir, name: &OsStr, carried: &[Unfinished]) -> Result<(), StateProblem> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        *lines = Lines::Unopened;
        match dir.unlink(name) {
            Err(failed) if !failed.is_absence() => return Err(StateProblem::JournalFailed(failed)),
            _ => {}
        }
        if carried.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for Unfinished { begun, switched } in carried {
            write_begun(&mut text, begun);
            if *switched {
                write_progress(&mut text, &begun.path, Progress::Switched);
            }
        }
        let file = LineFile::open(dir, name, TOP_LINE).map_err(problem)?;
        file.add(&text)
            .and_then(|()| file.flush())
            .map_err(StateProblem::JournalFailed)
    }
}

/// Reads what a dead run left.
pub(super) fn read(dir: &Dir, name: &OsStr, hear: Hear<'_>) -> Replay {
    let text = match crate::sys::journal::read(dir, name) {
        Ok(text) => text.unwrap_or_default(),
        Err(failed) => {
            hear(problem(failed));
            return Replay::default();
        }
    };
    let replay = replay(&text);
    if replay.damaged > 0 {
        let (file, lines) = (dir.path_of(name), replay.damaged);
        hear(StateProblem::JournalDamaged { file, lines });
    }
    replay
}

fn problem(unusable: Unusable) -> StateProblem {
    match unusable {
        Unusable::Foreign(file) => StateProblem::JournalForeign(file),
        Unusable::Call(failed) => StateProblem::JournalFailed(failed),
    }
}
