//! How much may go for a file system before it has to say that there is more room.

use super::End;

/// What was missing, and what was removed for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Credit {
    shortfall: u64,
    freed: u64,
    /// What was free before anything was removed, and what was removed in earlier rounds.
    before: u64,
    freed_before: u64,
    /// The file system was asked to finish what it does late.
    is_synced: bool,
}

/// Whether more may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    More,
    /// The file system may only be late: it has to finish first.
    Sync,
    /// As much as was missing is gone, and there still is too little.
    Spent,
}

impl Credit {
    /// Begins where so much is wanted and so much is free.
    pub(super) fn new(wanted: u64, free: u64) -> Self {
        Self {
            shortfall: wanted.saturating_sub(free),
            freed: 0,
            before: free,
            freed_before: 0,
            is_synced: false,
        }
    }

    /// Begins anew with what is missing now, where at least half of what was removed was gained: somebody writes meanwhile, and nobody holds
    /// what goes.
    pub(super) fn renewed(&self, wanted: u64, free: u64) -> Option<Self> {
        let gained = free.saturating_sub(wanted.saturating_sub(self.shortfall));
        let is_worth_it = gained > 0 && gained >= self.freed / 2;
        is_worth_it.then(|| Self {
            before: self.before,
            freed_before: self.freed_before.saturating_add(self.freed),
            ..Self::new(wanted, free)
        })
    }

    /// Tells how it ended, where so much is free.
    pub(super) fn spent(&self, free: u64) -> End {
        End::Spent {
            removed: self.freed_before.saturating_add(self.freed),
            gained: free.saturating_sub(self.before),
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
