//! How much may go for a file system before it has to say that there is more room.

use super::End;

/// What was missing, and what was removed for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Credit {
    shortfall: u64,
    freed: u64,
    /// The file system was asked to finish what it does late.
    is_synced: bool,
}

/// Whether more may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    More,
    /// The file system may only be late: it has to finish first.
    Sync,
    /// As much as was missing is gone, and still is missing.
    Spent,
}

impl Credit {
    /// Begins with so much missing.
    pub(super) fn new(shortfall: u64) -> Self {
        Self {
            shortfall,
            freed: 0,
            is_synced: false,
        }
    }

    /// Tells how it ended, where so much is wanted and so much is free.
    pub(super) fn spent(&self, wanted: u64, free: u64) -> End {
        let before = wanted.saturating_sub(self.shortfall);
        End::Spent {
            removed: self.freed,
            gained: free.saturating_sub(before),
        }
    }

    /// Enters that something was removed.
    pub(super) fn add(&mut self, bytes: u64) {
        self.freed = self.freed.saturating_add(bytes);
        self.is_synced &= bytes == 0;
    }

    /// Enters that the file system has finished.
    pub(super) fn synced(&mut self) {
        self.is_synced = true;
    }

    /// Answers where the file system still says that there is too little.
    pub(super) fn ask(&self) -> Answer {
        match (self.freed >= self.shortfall, self.is_synced) {
            (false, _) => Answer::More,
            (true, false) => Answer::Sync,
            (true, true) => Answer::Spent,
        }
    }

    /// Tells whether what the file system says may be less than what it will say.
    pub(super) fn is_late(&self) -> bool {
        self.freed > 0 && !self.is_synced
    }
}
