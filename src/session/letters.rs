//! What became of letters, as it is noted from one run to the next: archives that were sent and could not be removed, and those that
//! `mailfirst` could not send.
//!
//! There are few of them. Each note follows its archive from name to name as steps are taken.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::naming::ArchiveNames;
use crate::state::record::{LeftPlain, Noted};
use crate::unix::FileId;

/// The notes, by directory and name.
#[derive(Debug, Default)]
pub(super) struct LetterNotes(HashMap<(PathBuf, OsString), LeftPlain>);

impl LetterNotes {
    /// Enters a note; answers whether that is new.
    pub(super) fn enter(&mut self, left: &LeftPlain) -> bool {
        let key = (left.directory.clone(), left.archive.clone());
        self.0.insert(key, left.clone()).is_none_or(|before| before != *left)
    }

    /// Answers whether nothing is noted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Enters that an archive has another name, or none any more.
    pub(super) fn moved(&mut self, directory: &Path, from: &OsStr, to: Option<&OsStr>) {
        if self.0.is_empty() {
            return;
        }
        let note = self.0.remove(&(directory.to_owned(), from.to_owned()));
        if let (Some(mut note), Some(to)) = (note, to) {
            note.archive = to.to_owned();
            self.enter(&note);
        }
    }

    /// Returns the archives of a row that could not be sent when they were new.
    pub(super) fn unsent(&self, directory: &Path, names: &ArchiveNames) -> BTreeSet<OsString> {
        let of_row = |name: &OsStr| names.parse_numbered(name).is_some() || names.parse_dated(name).is_some();
        let notes = self.0.values().filter(|note| note.noted == Noted::Unsent);
        notes
            .filter(|note| note.directory == directory && of_row(&note.archive))
            .map(|note| note.archive.clone())
            .collect()
    }

    /// Returns the archives of a directory that were sent, and which files they were then.
    pub(super) fn sent(&self, directory: &Path) -> HashMap<OsString, FileId> {
        let notes = self.0.values().filter(|note| note.directory == directory);
        let sent = notes.filter_map(|note| match note.noted {
            Noted::Sent(file) => Some((note.archive.clone(), file)),
            _ => None,
        });
        sent.collect()
    }

    /// Hands out all that is noted.
    pub(super) fn into_records(self) -> impl Iterator<Item = LeftPlain> {
        self.0.into_values()
    }
}
