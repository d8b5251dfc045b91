//! The entries of the logs that matter to a run: what was read of them, and what the run made of them.
//!
//! Entries of other logs never come in here; `store` copies their lines from the old file to the new one.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use crate::clock::Stamp;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The log's path, byte for byte as configured.
    pub path: Arc<[u8]>,
    /// Its last rotation.
    pub stamp: Stamp,
    /// The log is configured and was found in this run, so that the entry stays however old it is.
    pub found: bool,
}

/// The entries that matter to a run, in the order they came.
#[derive(Clone, Debug, Default)]
pub struct StateTable {
    index: HashMap<Arc<[u8]>, usize>,
    entries: Vec<Entry>,
}

impl StateTable {
    /// Returns the log's last rotation.
    #[must_use]
    pub fn last(&self, log: &Path) -> Option<Stamp> {
        let at = self.index.get(log.as_os_str().as_bytes())?;
        Some(self.entries[*at].stamp)
    }

    /// Makes sure that there is an entry, entering a log that is seen for the first time with `first` (now's
    /// `hour_start`); returns the entry's stamp, and whether it is new.
    pub fn enter_new(&mut self, log: &Path, first: Stamp) -> (Stamp, bool) {
        match self.last(log) {
            Some(stamp) => (stamp, false),
            None => {
                self.set(log.as_os_str().as_bytes(), first);
                (first, true)
            }
        }
    }

    /// Records a rotation.
    pub fn stamp(&mut self, log: &Path, stamp: Stamp) {
        self.set(log.as_os_str().as_bytes(), stamp);
    }

    /// Records that the log was found (by lstat; a link counts), so that its entry stays.
    pub fn mark_found(&mut self, log: &Path) {
        if let Some(at) = self.index.get(log.as_os_str().as_bytes()) {
            self.entries[*at].found = true;
        }
    }

    /// Returns all entries, in the order they came.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Sets an entry; what is read later, or done later, wins.
    pub(crate) fn set(&mut self, path: &[u8], stamp: Stamp) {
        if let Some(at) = self.index.get(path) {
            self.entries[*at].stamp = stamp;
            return;
        }
        let path: Arc<[u8]> = path.into();
        self.index.insert(Arc::clone(&path), self.entries.len());
        self.entries.push(Entry {
            path,
            stamp,
            found: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::tests::stamp;

    #[test]
    fn an_entry_is_made_once_and_then_kept() {
        let mut table = StateTable::default();
        let log = Path::new("/var/log/a");
        assert_eq!(table.enter_new(log, stamp("2026-1-1 5")), (stamp("2026-1-1 5"), true));
        assert_eq!(table.enter_new(log, stamp("2026-1-2 5")), (stamp("2026-1-1 5"), false));
        table.stamp(log, stamp("2026-1-3 5"));
        table.mark_found(log);
        table.mark_found(Path::new("/other"));
        assert_eq!(table.last(log), Some(stamp("2026-1-3 5")));
        assert_eq!(table.last(Path::new("/var/log//a")), None);
        assert_eq!(table.entries().len(), 1);
        assert!(table.entries()[0].found);
    }
}
