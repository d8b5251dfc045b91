//! Archives that were left plain and are to be compressed, as they are noted from one run to the next: by the directory that they lie in,
//! since several logs may share a row of archives.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use crate::naming::ArchiveNames;
use crate::state::record::LeftPlain;

/// The archives noted so far, with the log of each.
#[derive(Debug, Default)]
pub(super) struct PlainNotes(HashMap<PathBuf, BTreeMap<OsString, PathBuf>>);

impl PlainNotes {
    /// Enters an archive; answers whether that is new.
    pub(super) fn enter(&mut self, left: &LeftPlain) -> bool {
        let archives = self.0.entry(left.directory.clone()).or_default();
        archives.insert(left.archive.clone(), left.path.clone()).is_none()
    }

    /// Returns the archives of a row.
    pub(super) fn of_row(&self, directory: &Path, names: &ArchiveNames) -> BTreeSet<OsString> {
        let archives = self.0.get(directory).map(|archives| row(archives, names));
        archives.into_iter().flatten().cloned().collect()
    }

    /// Enters that of a row these alone are plain.
    pub(super) fn keep_only(&mut self, directory: &Path, names: &ArchiveNames, plain: &[OsString]) {
        let Some(archives) = self.0.get_mut(directory) else {
            return;
        };
        let plain: BTreeSet<&OsString> = plain.iter().collect();
        let others: Vec<OsString> = row(archives, names)
            .filter(|name| !plain.contains(name))
            .cloned()
            .collect();
        for name in others {
            archives.remove(&name);
        }
    }

    /// Enters that these archives were compressed.
    pub(super) fn packed(&mut self, directory: &Path, packed: &[OsString]) {
        if let Some(archives) = self.0.get_mut(directory) {
            for name in packed {
                archives.remove(name);
            }
        }
    }

    /// Hands out all that is noted.
    pub(super) fn into_records(self) -> impl Iterator<Item = LeftPlain> {
        self.0.into_iter().flat_map(|(directory, archives)| {
            let record = move |(name, log): (OsString, PathBuf)| LeftPlain::new(&log, &directory, &name);
            archives.into_iter().map(record)
        })
    }
}

/// The names among them that are archives of a row.
fn row<'n>(archives: &'n BTreeMap<OsString, PathBuf>, names: &ArchiveNames) -> impl Iterator<Item = &'n OsString> {
    let prefix = names.base().to_owned();
    let from = (Bound::Included(prefix.as_os_str()), Bound::Unbounded);
    let starting = archives.range::<OsStr, _>(from).map(|(name, _)| name);
    starting
        .take_while(move |name| name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes()))
        .filter(|name| names.parse_numbered(name).is_some() || names.parse_dated(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::settings::Settings;

    fn names(log: &str) -> ArchiveNames {
        let policy = Settings::default().policy();
        ArchiveNames::new(OsStr::new(log), &policy.naming, policy.trigger, Some(OsStr::new(".gz"))).unwrap()
    }

    fn entered(archives: &[(&str, &str, &str)]) -> PlainNotes {
        let mut notes = PlainNotes::default();
        for (directory, archive, log) in archives {
            let left = LeftPlain::new(Path::new(log), Path::new(directory), OsStr::new(archive));
            assert!(notes.enter(&left) && !notes.enter(&left), "what is known is not new");
        }
        notes
    }

    #[test]
    fn a_row_has_the_archives_of_all_logs_that_share_it_and_of_no_other() {
        let notes = entered(&[
            ("/old", "a.log.1", "/x/a.log"),
            ("/old", "a.log.2", "/y/a.log"),
            ("/old", "a.log-20261122", "/x/a.log"),
            ("/old", "a.log2.1", "/x/a.log2"),
            ("/else", "a.log.3", "/z/a.log"),
        ]);
        let row = notes.of_row(Path::new("/old"), &names("a.log"));
        let row: Vec<&str> = row.iter().map(|name| name.to_str().unwrap()).collect();
        assert_eq!(row, ["a.log-20261122", "a.log.1", "a.log.2"]);
    }

    #[test]
    fn what_is_not_plain_any_more_is_forgotten() {
        let mut notes = entered(&[
            ("/old", "a.log.1", "/x/a.log"),
            ("/old", "a.log.2", "/x/a.log"),
            ("/old", "a.log.3", "/x/a.log"),
            ("/old", "b.log.1", "/x/b.log"),
        ]);
        notes.keep_only(
            Path::new("/old"),
            &names("a.log"),
            &["a.log.2".into(), "a.log.3".into()],
        );
        notes.packed(Path::new("/old"), &["a.log.3".into()]);
        let left: BTreeSet<OsString> = notes.into_records().map(|left| left.archive).collect();
        assert_eq!(left, ["a.log.2", "b.log.1"].map(OsString::from).into());
    }
}
