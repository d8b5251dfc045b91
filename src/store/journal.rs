//! The journal beside the state file: what was rotated survives a crash, at one short write a step.
//!
//! A set's beginnings are flushed to the disk once, before anything of it is touched; how far each has come since is
//! written and not flushed: after a power cut the identity of the files tells. A run whose journal cannot be used goes
//! on without.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Carried, Hear, Place, Store, journal_name};
use crate::state::StateProblem;
use crate::state::record::{
    Begun, LeftPlain, Progress, Replay, TOP_LINE, Unfinished, is_of_another_version, replay, write_begun, write_hold,
    write_left_plain, write_progress,
};
use crate::sys::dir::Dir;
use crate::sys::journal::{self as lines, LineFile, Top, Unusable};

/// The first line of a journal.
const TOP: Top = Top {
    line: TOP_LINE,
    is_anothers: is_of_another_version,
};

/// So many bytes of beginnings are written together.
const WRITTEN_AT_ONCE: usize = 256 * 1024;

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
    /// What has its name is not ours, which was said: the run goes on without, and leaves it alone.
    NotOurs,
}

impl Store {
    /// Records that these rotations begin, on the disk, before the first of them is touched. To be called with the
    /// identity that the run was started with.
    ///
    /// # Errors
    /// The run goes on without a journal.
    pub fn begin_batch(&self, rotations: impl IntoIterator<Item = Begun>) -> Result<(), StateProblem> {
        let mut rotations = rotations.into_iter().peekable();
        let Place::Writable { dir, name, .. } = &self.place else {
            rotations.for_each(drop);
            return Ok(());
        };
        if rotations.peek().is_none() {
            return Ok(());
        }
        let mut lines = self.journal.lines();
        let mut is_new = false;
        if let Lines::Unopened = *lines {
            *lines = Lines::Broken;
            let opened = LineFile::open(dir, &journal_name(name), TOP);
            let file = opened.map_err(|unusable| lines.give_up(unusable))?;
            is_new = file.is_new();
            *lines = Lines::Open(file);
        }
        let mut text = Vec::new();
        let mut noted = Ok(());
        for begun in rotations {
            write_begun(&mut text, &begun);
            if text.len() >= WRITTEN_AT_ONCE && noted.is_ok() {
                noted = lines.add(&text, false);
                text.clear();
            }
        }
        noted.and_then(|()| lines.add(&text, true))?;
        if is_new && matches!(*lines, Lines::Open(_)) {
            dir.keep_order().map_err(|failed| {
                *lines = Lines::Broken;
                StateProblem::JournalFailed(failed)
            })?;
        }
        Ok(())
    }

    /// Records, on the disk, that these archives will stay plain, before they have their new names.
    ///
    /// # Errors
    /// The run goes on without a journal.
    pub fn leaves_plain(&self, left: &[LeftPlain]) -> Result<(), StateProblem> {
        let mut text = Vec::new();
        left.iter().for_each(|left| write_left_plain(&mut text, left));
        self.journal.lines().add(&text, true)
    }

    /// Records how far a log's rotation has come.
    ///
    /// # Errors
    /// The run goes on without a journal.
    pub fn progress(&self, log: &Path, progress: Progress) -> Result<(), StateProblem> {
        let mut text = Vec::new();
        write_progress(&mut text, log, progress);
        self.journal.lines().add(&text, false)
    }
}

impl Lines {
    /// Goes on without, and returns what there is to say about that.
    fn give_up(&mut self, unusable: Unusable) -> StateProblem {
        *self = match unusable {
            Unusable::Foreign(_) | Unusable::OfAnother(_) => Self::NotOurs,
            Unusable::Call(_) => Self::Broken,
        };
        match unusable {
            Unusable::Foreign(file) => StateProblem::JournalForeign(file),
            Unusable::OfAnother(file) => StateProblem::JournalOfAnotherVersion(file),
            Unusable::Call(failed) => StateProblem::JournalFailed(failed),
        }
    }

    /// Adds lines, where the journal is open.
    fn add(&mut self, text: &[u8], flush: bool) -> Result<(), StateProblem> {
        let Self::Open(file) = &*self else {
            return Ok(());
        };
        let added = file.add(text).and_then(|()| if flush { file.flush() } else { Ok(()) });
        added.map_err(|failed| {
            *self = Self::Broken;
            StateProblem::JournalFailed(failed)
        })
    }
}

impl Journal {
    /// Reads what a dead run left; nothing where it was told already that it is not ours.
    pub(super) fn read(&self, dir: &Dir, name: &OsStr, hear: Hear<'_>) -> Result<Replay, StateProblem> {
        if matches!(*self.lines(), Lines::NotOurs) {
            return Ok(Replay::default());
        }
        let text = lines::read(dir, name, TOP).map_err(|unusable| self.lines().give_up(unusable))?;
        let replay = replay(&text.unwrap_or_default());
        if replay.damaged > 0 {
            let (file, lines) = (dir.path_of(name), replay.damaged);
            hear(StateProblem::JournalDamaged { file, lines });
        }
        Ok(replay)
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the journal, now that the state file says it all; what is carried over takes its place, in one step.
    pub(super) fn end(&self, dir: &Dir, name: &OsStr, carried: &Carried) -> Result<(), StateProblem> {
        let mut own = self.lines();
        if matches!(*own, Lines::NotOurs) || carried.is_unread {
            return Ok(());
        }
        *own = Lines::Unopened;
        let mut text = Vec::new();
        for Unfinished { begun, switched } in &carried.unfinished {
            write_begun(&mut text, begun);
            if *switched {
                write_progress(&mut text, &begun.path, Progress::Switched);
            }
        }
        carried
            .left_plain
            .iter()
            .for_each(|left| write_left_plain(&mut text, left));
        carried.holds.iter().for_each(|hold| write_hold(&mut text, hold));
        lines::replace(dir, name, TOP, &text).map_err(|unusable| own.give_up(unusable))
    }
}
