//! What became of letters, as it is noted from one run to the next: archives that were sent and could not be removed, and those that
//! `mailfirst` could not send.
//!
//! They are asked for by rows, as those of `plain` are: a mailer that is down leaves one for each log. Each note follows its archive from name to name as steps are taken.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::plain::row;
use crate::naming::ArchiveNames;
use crate::state::record::{LeftPlain, Noted};
use crate::unix::FileId;

/// The notes, by directory and name.
#[derive(Debug, Default)]
pub(super) struct LetterNotes(HashMap<PathBuf, BTreeMap<OsString, LeftPlain>>);

impl LetterNotes {
    /// Enters a note; answers whether that is new.
    pub(super) fn enter(&mut self, left: &LeftPlain) -> bool {
        let archives = self.0.entry(left.directory.clone()).or_default();
        let before = archives.insert(left.archive.clone(), left.clone());
        before.is_none_or(|before| before != *left)
    }

    /// Answers whether nothing is noted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Enters that an archive has another name, or none any more.
    pub(super) fn moved(&mut self, directory: &Path, from: &OsStr, to: Option<&OsStr>) {
        let note = self.0.get_mut(directory).and_then(|archives| archives.remove(from));
        if let (Some(mut note), Some(to)) = (note, to) {
            note.archive = to.to_owned();
            self.enter(&note);
        }
    }

    /// Returns the archives of a row that could not be sent when they were new.
    pub(super) fn unsent(&self, directory: &Path, names: &ArchiveNames) -> BTreeSet<OsString> {
        let unsent = self
            .of_row(directory, names)
            .filter(|(_, note)| note.noted == Noted::Unsent);
        unsent.map(|(name, _)| name.clone()).collect()
    }

    /// Returns the archives of a row that were sent, and which files they were then.
    pub(super) fn sent(&self, directory: &Path, names: &ArchiveNames) -> HashMap<OsString, FileId> {
        let sent = self
            .of_row(directory, names)
            .filter_map(|(name, note)| match note.noted {
                Noted::Sent(file) => Some((name.clone(), file)),
                _ => None,
            });
        sent.collect()
    }

    /// Answers whether an archive was sent already.
    pub(super) fn was_sent(&self, directory: &Path, name: &OsStr, file: FileId) -> bool {
        let note = self.0.get(directory).and_then(|archives| archives.get(name));
        note.is_some_and(|note| note.noted == Noted::Sent(file))
    }

    /// Answers whether an archive could not be sent when it was new.
    pub(super) fn is_unsent(&self, directory: &Path, name: &OsStr) -> bool {
        let note = self.0.get(directory).and_then(|archives| archives.get(name));
        note.is_some_and(|note| note.noted == Noted::Unsent)
    }

    fn of_row(&self, directory: &Path, names: &ArchiveNames) -> impl Iterator<Item = (&OsString, &LeftPlain)> {
        let archives = self.0.get(directory);
        archives.into_iter().flat_map(|archives| row(archives, names))
    }

    /// Hands out all that is noted.
    pub(super) fn into_records(self) -> impl Iterator<Item = LeftPlain> {
        self.0.into_values().flat_map(BTreeMap::into_values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::settings::Settings;

    #[test]
    fn a_row_has_its_own_letters_and_they_follow_their_archives() {
        let policy = Settings::default().policy();
        let names = ArchiveNames::of(&policy, OsStr::new("a.log")).unwrap();
        let (old, file) = (Path::new("/old"), FileId { device: 1, inode: 2 });
        let mut notes = LetterNotes::default();
        for (noted, archive) in [
            (Noted::Unsent, "a.log.1"),
            (Noted::Sent(file), "a.log.2"),
            (Noted::Unsent, "b.log.1"),
            (Noted::Sent(file), "a.log2.1"),
        ] {
            let note = LeftPlain::new(noted, Path::new("/log"), old, OsStr::new(archive));
            assert!(notes.enter(&note) && !notes.enter(&note), "what is known is not new");
        }
        notes.moved(old, OsStr::new("a.log.1"), Some(OsStr::new("a.log.3")));
        assert_eq!(notes.unsent(old, &names), BTreeSet::from(["a.log.3".into()]));
        assert_eq!(notes.sent(old, &names), HashMap::from([("a.log.2".into(), file)]));
        notes.moved(old, OsStr::new("a.log.3"), None);
        assert!(notes.unsent(old, &names).is_empty());
        assert_eq!(notes.into_records().count(), 3);
    }
}
