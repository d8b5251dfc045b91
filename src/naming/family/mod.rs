//! The family of a log: which files are its archives, however they were named, and which only look like that.
//!
//! Names and facts go in, classes come out, and nothing is looked at on the way. Two steps, so that a directory is listed once for all of
//! its logs, and only what a log's archives may be is asked for its facts: [`by_log`] shares out the names of a directory, [`family`]
//! judges those of one log. There is no catalogue of what was made: one that is lost, or begun anew, would turn archives into orphans, so
//! what is on the disk has to do. Whatever is not certain is a stranger.
//!
//! Archives that were named in one way make up a [`Row`]; the row that rotations make today is the present one.

use std::ffi::OsString;

use crate::facts::FileFacts;

mod guess;
mod judge;
mod lone;
mod share;
mod ways;

pub use guess::Guesses;
pub use judge::{Known, family};
pub use lone::lone_logs;
pub use share::{Asker, Shared, by_log};
pub use ways::{Former, Reading, Ways, ends_compressed};

/// Where archives lie: where rotations put them today, or in one of the other directories that were searched, by the caller's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    Present,
    Other(u8),
}

/// By number or by date, with the place of that way in the list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Style {
    Numbered(usize),
    Dated(usize),
}

/// One way of naming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub site: Site,
    pub style: Style,
    /// Which base and extension, of those that the log's name can be split into; 0 is today's.
    pub split: usize,
    /// Which compress extension; 0 is plain as well as today's.
    pub ending: usize,
}

/// A name that may be that of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub name: OsString,
    pub reading: Reading,
}

/// A candidate and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub candidate: Candidate,
    pub site: Site,
    pub facts: FileFacts,
}

/// What an archive is to its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Rotations count it.
    Own,
    /// No rotation meets it again.
    Kin(Differs),
    /// It is named as today, and its log does not exist.
    Lone,
}

/// Why no rotation meets an archive; of several reasons the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// It lies in another directory.
    Site,
    /// It has a number instead of a date, or the other way round, or another date format.
    Style,
    /// The log's extension is elsewhere in its name.
    Extension,
    /// It was compressed by another program, or is plain and should not be, or the other way round.
    Ending,
    /// Its number is one that the count does not reach.
    Count,
}

/// An archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: OsString,
    pub site: Site,
    pub facts: FileFacts,
    pub class: Class,
}

/// A file that is named like an archive, and is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    pub name: OsString,
    pub site: Site,
    pub why: Strange,
}

/// Why a file that is named like an archive is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strange {
    /// Its number is too far from that of any other: somebody's copy.
    Unreachable,
    /// Of those that are named like it one is newer than what rotations made: somebody still makes them.
    StillMade,
    /// It is named otherwise than today, and there is no log, or nothing that rotations made, to tell that it is older.
    Unproven,
}

/// The archives of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Family {
    /// The oldest first.
    pub members: Vec<Member>,
    pub strangers: Vec<Stranger>,
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
