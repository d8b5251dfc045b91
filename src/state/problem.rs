//! What there is to tell about the state file and its journal, as data; `report` has the words.

use std::path::PathBuf;

use crate::diag::Severity;
use crate::fault::SysError;

/// A field of a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampField {
    /// 1970 to 2100, or 1900.
    Year,
    /// 1 to 12.
    Month,
    /// 0 to 31.
    Day,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// 0 to 59.
    Second,
}

impl StampField {
    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }
}

/// What is wrong with a line of the state file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// It is not a path and a date.
    Shape,
    /// It is longer than the reference reads, has a NUL, or the file's end instead of its own.
    TooLong,
    /// A number of its date is out of range.
    Field {
        field: StampField,
        number: i64,
        path: Vec<u8>,
    },
}

/// What there is to tell about the state file or its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateProblem {
    Reading(PathBuf),
    /// A line is damaged: its entry is lost, the others are not.
    BadLine {
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        bad: BadLine,
    },
    /// More lines are damaged than are worth telling one by one.
    MoreBadLines {
        file: PathBuf,
        count: u64,
    },
    /// The first line is not the one a state file has: nothing of it is believed.
    BadTopLine(PathBuf),
    /// The file can be read by everybody, and so locked by everybody: it is not locked.
    WorldReadable(PathBuf),
    /// The file is held by another run, which is waited for.
    Waiting(PathBuf),
    /// The state file is no regular file and cannot be written.
    NotRegular(PathBuf),
    /// The state file cannot be replaced, since it is a mount of its own: it was written over.
    InPlace(PathBuf),
    /// An entry is dropped, since its log was not found and it is older than a year.
    Removing {
        log: PathBuf,
        file: PathBuf,
    },
    /// An entry is too long for a state file.
    TooLongToKeep(PathBuf),
    Failed(SysError),
    /// In a dry run: the file cannot be opened and counts as empty.
    NotOpened(SysError),
    /// What a dead run had done was taken over from its journal.
    Recovered {
        file: PathBuf,
        count: usize,
    },
    JournalDamaged {
        file: PathBuf,
        lines: u64,
    },
    /// The journal is not ours: not a plain file of this user with one name.
    JournalForeign(PathBuf),
    /// The journal was left by another version of this program.
    JournalOfAnotherVersion(PathBuf),
    /// The journal cannot be read, written, flushed or removed; the run goes on without, and a crash would be forgotten.
    JournalFailed(SysError),
}

impl StateProblem {
    /// Answers how much it weighs.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Reading(_) | Self::Removing { .. } | Self::Recovered { .. } | Self::Waiting(_) => Severity::Note,
            Self::WorldReadable(_)
            | Self::InPlace(_)
            | Self::NotOpened(_)
            | Self::TooLongToKeep(_)
            | Self::JournalDamaged { .. }
            | Self::JournalForeign(_)
            | Self::JournalOfAnotherVersion(_) => Severity::Warning,
            Self::BadLine { .. }
            | Self::MoreBadLines { .. }
            | Self::BadTopLine(_)
            | Self::NotRegular(_)
            | Self::JournalFailed(_)
            | Self::Failed(_) => Severity::Error,
        }
    }
}
