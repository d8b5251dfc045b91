//! What was observed of a file, as plain data.

use crate::clock::DAY_SECONDS;
use crate::unix::{FileId, GroupId, Mode, UserId};

/// Adds up numbers of bytes: a few sparse files are larger, taken together, than any number says; then it is the largest one.
#[must_use]
pub fn total(bytes: impl Iterator<Item = u64>) -> u64 {
    bytes.fold(0, u64::saturating_add)
}

/// What kind of thing a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Regular,
    Directory,
    Symlink,
    /// A FIFO, socket or device.
    Special,
}

/// A time of a file: seconds and nanoseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTime {
    /// Whole seconds; may be negative.
    pub seconds: i64,
    /// Nanoseconds on top, below 1,000,000,000.
    pub nanoseconds: i64,
}

impl FileTime {
    /// Returns the days of 24 hours that have gone by until a time in seconds since 1970.
    #[must_use]
    pub fn days_until(self, now: i64) -> i64 {
        now.saturating_sub(self.seconds) / DAY_SECONDS
    }

    /// Tells whether it lies less than so many days back. What claims to come from the future does not, or whoever sets a file's time keeps
    /// the file.
    #[must_use]
    pub fn is_younger(self, days: u32, now: i64) -> bool {
        self.seconds <= now && self.days_until(now) < i64::from(days)
    }
}

/// The answer of `lstat` or `fstat`, as far as rotation asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    pub kind: Kind,
    pub id: FileId,
    /// Bytes, as `st_size`.
    pub size: u64,
    /// Bytes really allocated (`st_blocks` × 512).
    pub allocated: u64,
    /// Permission bits with set-id and sticky bits.
    pub mode: Mode,
    pub user: UserId,
    pub group: GroupId,
    pub links: u64,
    pub accessed: FileTime,
    /// The last change of content.
    pub modified: FileTime,
}

#[cfg(test)]
impl FileFacts {
    /// Makes up a plain file of root's, of one byte in one block, with one name, that was changed last at this time in seconds since 1970.
    pub(crate) fn sample(modified: i64) -> Self {
        let modified = FileTime {
            seconds: modified,
            nanoseconds: 0,
        };
        Self {
            kind: Kind::Regular,
            id: FileId { device: 1, inode: 1 },
            size: 1,
            allocated: 4096,
            mode: Mode(0o640),
            user: UserId(0),
            group: GroupId(0),
            links: 1,
            accessed: modified,
            modified,
        }
    }
}

impl FileFacts {
    /// Answers whether everybody may write to it, or a group that is not root's.
    #[must_use]
    pub fn others_may_write(&self) -> bool {
        self.mode.0 & 0o002 != 0 || (self.mode.0 & 0o020 != 0 && self.group.0 != 0)
    }
}
