//! The entries of the logs that matter to a run: what was read of them, and what the run made of them.
//!
//! Entries of other logs never come in here; `store` copies their lines from the old file to the new one.

use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::clock::Stamp;

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The log's path, byte for byte as configured.
    pub path: &'a [u8],
    pub stamp: Stamp,
    /// The log is configured and was found in this run, so that the entry stays however old it is.
    pub found: bool,
}

/// The logs that matter to a run, in the order they came, and their entries. There may be very many of them.
#[derive(Clone, Debug, Default)]
pub struct StateTable {
    /// Where in `slots` a path is.
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    slots: Vec<Slot>,
    takes_all: bool,
}

/// A log, which may have an entry.
#[derive(Clone, Debug)]
struct Slot {
    path: Arc<Path>,
    note: Note,
}

impl StateTable {
    /// Begins with logs that matter, none of which has an entry yet.
    #[must_use]
    pub fn of(logs: impl IntoIterator<Item = Arc<Path>>) -> Self {
        let mut table = Self::default();
        for log in logs {
            let bytes = log.as_os_str().as_bytes();
            if table.find(bytes).is_none() {
                table.add(Arc::clone(&log));
            }
        }
        table.slots.shrink_to_fit();
        table
    }

    /// Begins without a log; whatever is read matters.
    #[must_use]
    pub fn of_all() -> Self {
        Self {
            takes_all: true,
            ..Self::default()
        }
    }

    /// Takes an entry that was read; answers `false`, and leaves it, where its log does not matter.
    pub fn take(&mut self, path: &[u8], stamp: Stamp) -> bool {
        match self.find(path) {
            Some(at) => self.slots[at].note.set(stamp),
            None if self.takes_all => self.set(path, stamp),
            None => return false,
        }
        true
    }

    /// Returns the log's last rotation.
    #[must_use]
    pub fn last(&self, log: &Path) -> Option<Stamp> {
        let at = self.find(log.as_os_str().as_bytes())?;
        self.slots[at].note.stamp()
    }

    /// Returns the log's last rotation, if there surely was one: a log that is seen for the first time is entered with the full hour.
    #[must_use]
    pub fn rotated(&self, log: &Path) -> Option<Stamp> {
        self.last(log).filter(|stamp| *stamp != stamp.hour_start())
    }

    /// Makes sure that there is an entry, entering a log that is seen for the first time with `first` (now's
    /// `hour_start`); returns the entry's stamp, and whether it is new.
    pub fn enter_new(&mut self, log: &Path, first: Stamp) -> (Stamp, bool) {
        match self.last(log) {
            Some(stamp) => (stamp, false),
            None => {
                self.stamp(log, first);
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
        if let Some(at) = self.find(log.as_os_str().as_bytes()) {
            self.slots[at].note.mark(FOUND);
        }
    }

    /// Records that the rotation of a log that has an entry has begun.
    pub fn mark_begun(&mut self, log: &Path) {
        if let Some(at) = self.find(log.as_os_str().as_bytes()) {
            self.slots[at].note.mark(BEGUN);
        }
    }

    /// Answers whether the rotation of a log has begun and not ended.
    #[must_use]
    pub fn is_begun(&self, log: &Path) -> bool {
        let at = self.find(log.as_os_str().as_bytes());
        at.is_some_and(|at| self.slots[at].note.is(BEGUN))
    }

    /// Records that the rotation of a log has ended; answers whether it had begun.
    pub fn mark_ended(&mut self, log: &Path) -> bool {
        let at = self.find(log.as_os_str().as_bytes());
        at.is_some_and(|at| self.slots[at].note.unmark(BEGUN))
    }

    /// Answers whether the rotation of any log has begun and not ended.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.slots.iter().any(|slot| slot.note.is(BEGUN))
    }

    /// Returns all entries, in the order in which their logs came.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots.iter().filter_map(|slot| {
            Some(Entry {
                path: slot.path.as_os_str().as_bytes(),
                stamp: slot.note.stamp()?,
                found: slot.note.is(FOUND),
            })
        })
    }

    /// Sets an entry; what is read later, or done later, wins.
    pub(crate) fn set(&mut self, path: &[u8], stamp: Stamp) {
        let at = self
            .find(path)
            .unwrap_or_else(|| self.add(Path::new(OsStr::from_bytes(path)).into()));
        self.slots[at].note.set(stamp);
    }

    fn find(&self, path: &[u8]) -> Option<usize> {
        let is_it = |at: &u32| self.slots[*at as usize].path.as_os_str().as_bytes() == path;
        self.index
            .find(self.hasher.hash_one(path), is_it)
            .map(|at| *at as usize)
    }

    fn add(&mut self, path: Arc<Path>) -> usize {
        let at = self.slots.len();
        let hash = self.hasher.hash_one(path.as_os_str().as_bytes());
        self.slots.push(Slot {
            path,
            note: Note::default(),
        });
        let (slots, hasher) = (&self.slots, &self.hasher);
        let rehash = |at: &u32| hasher.hash_one(slots[*at as usize].path.as_os_str().as_bytes());
        // Four thousand million paths do not fit into any memory.
        self.index
            .insert_unique(hash, u32::try_from(at).unwrap_or(u32::MAX), rehash);
        at
    }
}

/// What is known of a log, in eight bytes: a stamp, field by field, and three marks.
#[derive(Clone, Copy, Debug, Default)]
struct Note(u64);

/// The log has an entry.
const ENTERED: u64 = 1 << 63;
/// The log was found.
const FOUND: u64 = 1 << 62;
/// Its rotation has begun and not ended.
const BEGUN: u64 = 1 << 61;
/// The fields behind the year, from the last one on: how many bits each takes. The year has 32 before them.
const SECOND: u32 = 6;
const MINUTE: u32 = SECOND + 6;
const HOUR: u32 = MINUTE + 5;
const DAY: u32 = HOUR + 5;
const MONTH: u32 = DAY + 4;

impl Note {
    fn set(&mut self, stamp: Stamp) {
        let Stamp {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = stamp;
        let fields = [(month, DAY), (day, HOUR), (hour, MINUTE), (minute, SECOND), (second, 0)];
        let packed = fields
            .iter()
            .fold(0, |packed, (field, at)| packed | u64::from(*field) << at);
        self.0 = self.0 & (FOUND | BEGUN) | ENTERED | u64::from(year.cast_unsigned()) << MONTH | packed;
    }

    fn stamp(self) -> Option<Stamp> {
        let field = |from: u32, to: u32| {
            let bits = self.0 >> from & ((1 << (to - from)) - 1);
            u32::try_from(bits).unwrap_or(0)
        };
        (self.0 & ENTERED != 0).then(|| Stamp {
            year: field(MONTH, MONTH + 32).cast_signed(),
            month: field(DAY, MONTH),
            day: field(HOUR, DAY),
            hour: field(MINUTE, HOUR),
            minute: field(SECOND, MINUTE),
            second: field(0, SECOND),
        })
    }

    /// Marks a log that has an entry; of one that has none there is nothing to keep.
    fn mark(&mut self, mark: u64) {
        if self.0 & ENTERED != 0 {
            self.0 |= mark;
        }
    }

    fn is(self, mark: u64) -> bool {
        self.0 & mark != 0
    }

    /// Takes a mark away; answers whether it was there.
    fn unmark(&mut self, mark: u64) -> bool {
        let was = self.is(mark);
        self.0 &= !mark;
        was
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
        let entry = Entry {
            path: b"/var/log/a",
            stamp: stamp("2026-1-3 5"),
            found: true,
        };
        assert_eq!(table.entries().collect::<Vec<_>>(), [entry]);
    }

    #[test]
    fn what_is_read_is_taken_for_logs_that_matter_only() {
        let mut table = StateTable::of([Arc::from(Path::new("/a")), Arc::from(Path::new("/b"))]);
        assert!(table.take(b"/b", stamp("2026-1-1 5")));
        assert!(!table.take(b"/c", stamp("2026-1-1 5")));
        assert_eq!(table.entries().map(|entry| entry.path).collect::<Vec<_>>(), [b"/b"]);
        assert!(StateTable::of_all().take(b"/c", stamp("2026-1-1 5")));
    }

    #[test]
    fn a_stamp_comes_out_of_its_note_as_it_went_in() {
        for (year, month, day, hour, minute, second) in [
            (1900, 1, 1, 0, 0, 0),
            (2100, 12, 31, 23, 59, 60),
            (-5, 6, 15, 12, 30, 45),
            (i32::MAX, 12, 31, 23, 59, 59),
        ] {
            let stamp = Stamp {
                year,
                month,
                day,
                hour,
                minute,
                second,
            };
            let mut note = Note::default();
            note.mark(FOUND);
            assert!(note.stamp().is_none() && !note.is(FOUND));
            note.set(stamp);
            assert_eq!((note.stamp(), note.is(FOUND)), (Some(stamp), false));
            note.mark(FOUND);
            note.mark(BEGUN);
            note.set(stamp);
            assert_eq!(
                (note.stamp(), note.is(FOUND), note.unmark(BEGUN)),
                (Some(stamp), true, true)
            );
            assert_eq!(
                (note.stamp(), note.is(FOUND), note.unmark(BEGUN)),
                (Some(stamp), true, false)
            );
        }
    }
}
