//! Which archives go for room: those over a limit that logs share (`maxtotalsize`, [`Pool`]), and those that keep a file system too full
//! (`minfree`, [`Shortage`]).
//!
//! Pure: logs with their archives go in, what to take next comes out, one at a time, since what is taken may resist, and what it frees is
//! known afterwards. A live log is counted and never taken, and neither is what the floors of a log keep: so many of its newest archives,
//! and all of its youngest. The stanza is the unit that gives, for only the administrator makes stanzas: whoever floods his logs, or splits
//! his flood into thousands of them, pays with what is his.

use std::path::Path;
use std::sync::Arc;

use crate::facts::{FileFacts, FileTime};
use crate::fault::Full;
use crate::policy::Keep;
use crate::unix::FileId;

mod credit;
mod ledger;
mod pool;
mod shortage;

pub use ledger::{Holding, Kept, Left};
pub use pool::Pool;
pub use shortage::{End, Next, Shortage};

/// What `minfree` keeps for so many days where `minretain` is not given: whoever fills a disk makes nothing younger go.
pub const DEFAULT_DAYS: u32 = 7;

/// What a file takes up, as far as budgets ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub id: FileId,
    /// What the disk gave, in bytes; of a file with several links nothing, since removing one of its names frees nothing.
    pub bytes: u64,
    /// How long its content is, in bytes.
    pub size: u64,
    pub modified: FileTime,
    has_one_name: bool,
}

impl Extent {
    /// Takes what a file takes up from what was observed of it.
    #[must_use]
    pub fn of(facts: &FileFacts) -> Self {
        let has_one_name = facts.links <= 1;
        Self {
            id: facts.id,
            bytes: if has_one_name { facts.allocated } else { 0 },
            size: facts.size,
            modified: facts.modified,
            has_one_name,
        }
    }
}

/// A log, or one that is gone and has left archives.
#[derive(Clone, Debug)]
pub struct Log {
    pub path: Arc<Path>,
    /// Its stanza, by the caller's number.
    pub stanza: usize,
    pub live: Option<Extent>,
    /// The oldest first.
    pub archives: Vec<Archive>,
    pub floors: Floors,
}

/// An archive.
#[derive(Clone, Debug)]
pub struct Archive {
    pub extent: Extent,
    pub standing: Standing,
    /// It is only plain until the next rotation compresses it.
    pub waits_for_compression: bool,
}

/// Whether an archive can still be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    There,
    Gone,
    /// It was to go, and could not be removed.
    Resists,
    /// A program has it open.
    InUse,
}

/// What of a log is never taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floors {
    /// So many of the newest (`minrotate`).
    pub keep: Keep,
    /// What is younger than so many days, where that is given (`minretain`).
    pub min_age: Option<u32>,
}

/// Room that a rotation lacked: what is made of a file had none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The device that is full.
    pub device: u64,
    /// What the file takes up, in bytes.
    pub bytes: u64,
    pub full: Full,
}

impl Lack {
    /// Returns how much has to be free before it is tried again, where so much is. What a quota leaves nobody says: as much is made free
    /// beside it as the file takes up.
    #[must_use]
    pub fn target(&self, free: u64) -> u64 {
        match self.full {
            Full::Disk => self.bytes,
            Full::Quota => free.saturating_add(self.bytes),
        }
    }
}

/// An archive, by its place among the logs that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pick {
    pub log: usize,
    pub archive: usize,
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
