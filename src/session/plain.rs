//! Archives that were left plain and are to be compressed, or that could not be renamed, as they are noted from one run to the next: by
//! the directory that they lie in, since several logs may share a row of archives.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use crate::naming::ArchiveNames;
use crate::state::record::{LeftPlain, Noted};

/// The archives noted so far, with the log of each and what is noted of it.
#[derive(Debug, Default)]
pub(super) struct PlainNotes(HashMap<PathBuf, BTreeMap<OsString, (PathBuf, Noted)>>);

impl PlainNotes {
    /// Enters an archive; answers whether that is new.
    pub(super) fn enter(&mut self, left: &LeftPlain) -> bool {
        let archives = self.0.entry(left.directory.clone()).or_default();
        let before = archives.insert(left.archive.clone(), (left.path.clone(), left.noted));
        before.is_none_or(|(_, noted)| noted != left.noted)
    }

    /// Answers whether this is noted of an archive.
    pub(super) fn has(&self, noted: Noted, directory: &Path, name: &OsStr) -> bool {
        let archives = self.0.get(directory).and_then(|archives| archives.get(name));
        archives.is_some_and(|(_, what)| *what == noted)
    }

    /// Returns the archives of a row of which this is noted.
    pub(super) fn of_row(&self, noted: Noted, directory: &Path, names: &ArchiveNames) -> BTreeSet<OsString> {
        let archives = self.0.get(directory).map(|archives| row(archives, names));
        let archives = archives.into_iter().flatten();
        archives
            .filter(|(_, (_, what))| *what == noted)
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Enters that of a row something is noted of these alone.
    pub(super) fn keep_only(&mut self, directory: &Path, names: &ArchiveNames, still: &BTreeSet<&OsString>) {
        let Some(archives) = self.0.get_mut(directory) else {
            return;
        };
        let others: Vec<OsString> = row(archives, names)
            .map(|(name, _)| name)
            .filter(|name| !still.contains(name))
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
            let records = archives.into_iter();
            records.map(move |(name, (log, noted))| LeftPlain::new(noted, &log, &directory, &name))
        })
    }
}

/// Those among them that are archives of a row: found without a look at the others, of which a directory may have very many.
pub(super) fn row<'n, T>(
    archives: &'n BTreeMap<OsString, T>,
    names: &ArchiveNames,
) -> impl Iterator<Item = (&'n OsString, &'n T)> {
    let prefix = names.base().to_owned();
    let from = (Bound::Included(prefix.as_os_str()), Bound::Unbounded);
    let starting = archives.range::<OsStr, _>(from);
    starting
        .take_while(move |(name, _)| name.as_encoded_bytes().starts_with(prefix.as_encoded_bytes()))
        .filter(|(name, _)| names.parse_numbered(name).is_some() || names.parse_dated(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::settings::Settings;

    fn names(log: &str) -> ArchiveNames {
        let policy = Settings::default().policy();
        ArchiveNames::new(
            OsStr::new(log),
            &policy.naming,
            policy.criterion,
            Some(OsStr::new(".gz")),
        )
        .unwrap()
    }

    fn entered(archives: &[(&str, &str, &str)]) -> PlainNotes {
        let mut notes = PlainNotes::default();
        for (directory, archive, log) in archives {
            let left = LeftPlain::new(Noted::Plain, Path::new(log), Path::new(directory), OsStr::new(archive));
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
        let row = notes.of_row(Noted::Plain, Path::new("/old"), &names("a.log"));
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
        let still = ["a.log.2", "a.log.3"].map(OsString::from);
        notes.keep_only(Path::new("/old"), &names("a.log"), &still.iter().collect());
        notes.packed(Path::new("/old"), &["a.log.3".into()]);
        let left: BTreeSet<OsString> = notes.into_records().map(|left| left.archive).collect();
        assert_eq!(left, ["a.log.2", "b.log.1"].map(OsString::from).into());
    }
}
