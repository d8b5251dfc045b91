//! A run in figures: its stanzas, its logs, and what became of each. What counts as failed is said here and nowhere else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::diag::Place;
use crate::event::{Budgets, Reason, Summary};
use crate::facts::total;
use crate::obstacle::ArchiveObstacle;

/// What became of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has become its archive, and nothing failed after.
    Rotated,
    /// Something of it failed, or it was due and its turn never came; the exit status is 1.
    Failed,
    /// It was not due.
    Kept,
    /// It was passed over without an error.
    PassedOver,
}

/// What was decided about a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: it could not be looked at.
    None,
    Rotate,
    Keep,
    Skip,
}

impl Decision {
    /// Returns the word for other programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "error",
            Self::Rotate => "rotate",
            Self::Keep => "keep",
            Self::Skip => "skip",
        }
    }
}

/// A step that was begun (or would be).
#[derive(Debug)]
pub struct StepTaken {
    /// What kind, in one word.
    pub kind: &'static str,
    pub text: String,
    /// When, from the run's beginning.
    pub at: Duration,
}

/// One log.
#[derive(Debug)]
pub struct LogTally {
    pub path: Arc<Path>,
    pub decision: Decision,
    /// Why, in words.
    pub reason: String,
    /// Its size before, in bytes.
    pub bytes_before: Option<u64>,
    /// The newest archive's size after compression, in bytes.
    pub bytes_after: Option<u64>,
    pub archive: Option<PathBuf>,
    /// It has become its archive.
    pub switched: bool,
    /// Its rotation came to a bad end, whether that was told or not.
    pub broke_off: bool,
    pub steps: Vec<StepTaken>,
    /// What is wrong with its archives.
    pub obstacles: Vec<ArchiveObstacle>,
    /// Of which kinds they are, and what else was in the way.
    pub obstacle_kinds: Vec<&'static str>,
    pub errors: Vec<String>,
    /// From its turn to its end.
    pub took: Duration,
    pub(super) begun: Option<Duration>,
}

impl LogTally {
    /// Knows nothing of it yet.
    pub(super) fn of(path: Arc<Path>) -> Self {
        Self {
            path,
            decision: Decision::None,
            reason: String::new(),
            bytes_before: None,
            bytes_after: None,
            archive: None,
            switched: false,
            broke_off: false,
            steps: Vec::new(),
            obstacles: Vec::new(),
            obstacle_kinds: Vec::new(),
            errors: Vec::new(),
            took: Duration::ZERO,
            begun: None,
        }
    }

    /// Returns what became of it.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self.decision {
            _ if self.broke_off || !self.errors.is_empty() => Fate::Failed,
            Decision::Rotate if self.switched => Fate::Rotated,
            Decision::None | Decision::Rotate => Fate::Failed,
            Decision::Keep => Fate::Kept,
            Decision::Skip => Fate::PassedOver,
        }
    }
}

/// One stanza.
#[derive(Debug)]
pub struct StanzaTally {
    /// Its path list as written.
    pub pattern: String,
    /// Where it stands.
    pub place: Place,
    pub logs: Vec<LogTally>,
    /// What failed of the stanza as a whole.
    pub errors: Vec<String>,
}

impl StanzaTally {
    /// Counts the logs with a fate.
    #[must_use]
    pub fn count(&self, fate: Fate) -> usize {
        self.with(fate).count()
    }

    /// Returns how many bytes were in the logs that were rotated.
    #[must_use]
    pub fn bytes_before(&self) -> u64 {
        total(self.with(Fate::Rotated).filter_map(|log| log.bytes_before))
    }

    /// Returns how many bytes are in their newest archives; one that is not compressed counts as its log did.
    fn bytes_after(&self) -> u64 {
        let after = |log: &LogTally| log.bytes_after.or(log.bytes_before);
        total(self.with(Fate::Rotated).filter_map(after))
    }

    fn with(&self, fate: Fate) -> impl Iterator<Item = &LogTally> {
        self.logs.iter().filter(move |log| log.fate() == fate)
    }
}

/// An archive that housekeeping removed, or compressed before its time (or would).
#[derive(Debug)]
pub struct Handled {
    pub path: PathBuf,
    /// Its size in bytes, after compression; `None` where it is not compressed yet.
    pub bytes: Option<u64>,
    pub reason: Reason,
    /// Its log, which may be gone.
    pub log: Arc<Path>,
}

/// What housekeeping did (or would).
#[derive(Debug, Default)]
pub struct HouseTally {
    pub removed: Vec<Handled>,
    pub compressed: Vec<Handled>,
    pub budgets: Arc<Budgets>,
}

/// Files counted and measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Files {
    pub files: u64,
    /// Their sizes, taken together.
    pub bytes: u64,
}

impl Files {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// A run.
#[derive(Debug)]
pub struct RunTally {
    pub began: SystemTime,
    /// How long it took so far.
    pub took: Duration,
    /// Nothing was changed.
    pub dry_run: bool,
    pub stanzas: Vec<StanzaTally>,
    /// What rotations removed.
    pub rotated_out: Files,
    pub house: HouseTally,
    /// Errors that belong to no stanza: configuration, state.
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
}

impl RunTally {
    /// Returns the figures of the whole run.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |fate| self.stanzas.iter().map(|stanza| stanza.count(fate)).sum::<usize>();
        Summary {
            rotated: count(Fate::Rotated),
            failed: count(Fate::Failed),
            left: count(Fate::Kept) + count(Fate::PassedOver),
            before: total(self.stanzas.iter().map(StanzaTally::bytes_before)),
            after: total(self.stanzas.iter().map(StanzaTally::bytes_after)),
            seconds: self.took.as_secs_f64(),
        }
    }
}
