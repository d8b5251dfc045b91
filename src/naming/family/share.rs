//! The names of a directory, shared out among its logs: each goes to the log with the longest base that it fits.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::{Candidate, Reading, Ways};

/// A log that looks for archives in a directory.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// Its name.
    pub log: &'a OsStr,
    pub ways: &'a Ways,
    /// The log is in this directory itself, or would be if it existed.
    pub is_here: bool,
    /// Rotations put its archives in this directory today.
    pub is_present: bool,
}

/// What a log gets of the names of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// What may be its archives.
    pub candidates: Vec<Candidate>,
    /// What only begins like its archives do.
    pub others: Vec<OsString>,
}

/// A log's name as it is split in one of the ways.
struct Base<'a> {
    base: &'a [u8],
    extension: &'a [u8],
    asker: usize,
    split: usize,
}

/// Shares out the names of a directory, in the order of the askers. Logs that make up one row of archives each get it; nobody gets a log.
///
/// Names and bases are walked through side by side, in the order of their bytes: the bases that a name begins with are those that lie
/// open, like nested brackets, so that no log is compared with the names of all others.
#[must_use]
pub fn by_log<'n>(askers: &[Asker<'_>], names: impl IntoIterator<Item = &'n OsStr>) -> Vec<Shared> {
    let mut names: Vec<&OsStr> = names.into_iter().collect();
    names.sort_unstable();
    let bases = sorted_bases(askers);
    let mut coming = bases.iter().peekable();
    let mut open: Vec<&Base<'_>> = Vec::new();
    let mut shared: Vec<Shared> = askers.iter().map(|_| Shared::default()).collect();
    for name in names {
        let bytes = name.as_bytes();
        while open.pop_if(|last| !bytes.starts_with(last.base)).is_some() {}
        while let Some(next) = coming.next_if(|next| next.base <= bytes) {
            if bytes.starts_with(next.base) {
                open.push(next);
            }
        }
        // A log's whole name is one of its bases.
        let ends_here = open.iter().rev().take_while(|last| last.base == bytes);
        let is_log = ends_here
            .into_iter()
            .any(|base| askers[base.asker].is_here && askers[base.asker].log == name);
        if !open.is_empty() && !is_log {
            give(name, &open, askers, &mut shared);
        }
    }
    shared
}

fn sorted_bases<'a>(askers: &[Asker<'a>]) -> Vec<Base<'a>> {
    let mut bases = Vec::with_capacity(askers.len());
    for (asker, Asker { log, ways, .. }) in askers.iter().enumerate() {
        for (split, (base, extension)) in ways.splits(log).into_iter().enumerate() {
            bases.push(Base {
                base,
                extension,
                asker,
                split,
            });
        }
    }
    bases.sort_unstable_by_key(|base| (base.base, base.asker, base.split));
    bases
}

/// Gives a name to those with the longest base that read it as an archive's, of several to those whose rotations name archives so today; else
/// to those with the longest that it begins with.
fn give(name: &OsStr, open: &[&Base<'_>], askers: &[Asker<'_>], shared: &mut [Shared]) {
    let same_base = |one: &&Base<'_>, other: &&Base<'_>| one.base.len() == other.base.len();
    for group in open.chunk_by(same_base).rev() {
        let rest = &name.as_bytes()[group[0].base.len()..];
        let read = |base: &&Base<'_>| {
            let reading = askers[base.asker].ways.read(rest, base.extension, base.split)?;
            Some((base.asker, reading))
        };
        let mut readers: Vec<(usize, Reading)> = group.iter().filter_map(read).collect();
        let is_present = |(asker, reading): &(usize, Reading)| {
            let Asker { ways, is_present, .. } = askers[*asker];
            is_present && ways.names_so(reading)
        };
        // What one log's rotations made is no archive of another one from before a change of naming.
        if readers.len() > 1 && readers.iter().any(is_present) {
            readers.retain(is_present);
        }
        if readers.is_empty() {
            continue;
        }
        for (asker, reading) in readers {
            let name = name.to_owned();
            shared[asker].candidates.push(Candidate { name, reading });
        }
        return;
    }
    let longest = open.chunk_by(same_base).next_back().unwrap_or_default();
    // Every name begins with nothing.
    for base in longest.iter().filter(|base| !base.base.is_empty()) {
        let others = &mut shared[base.asker].others;
        if others.last().is_none_or(|last| last != name) {
            others.push(name.to_owned());
        }
    }
}
