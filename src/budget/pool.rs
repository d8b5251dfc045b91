//! `maxtotalsize`: what logs that share a limit may take up together.

use super::ledger::{Ledger, Left, Terms};
use super::{Holding, Kept, Log, Pick, Standing};

/// The logs that share a limit. All of one configuration line do.
#[derive(Debug)]
pub struct Pool {
    limit: u64,
    /// So many stanzas share it: those that have a log or an archive.
    sharers: u64,
    ledger: Ledger,
}

impl Pool {
    /// Enters the logs of a pool, at a time in seconds since 1970.
    #[must_use]
    pub fn new(limit: u64, logs: &[&Log], now: i64) -> Self {
        let is_there = |log: &&&Log| log.live.is_some() || log.archives.iter().any(|it| it.standing != Standing::Gone);
        let mut stanzas: Vec<usize> = logs.iter().filter(is_there).map(|log| log.stanza).collect();
        stanzas.sort_unstable();
        stanzas.dedup();
        let terms = Terms {
            device: None,
            default_days: 0,
            now,
        };
        Self {
            limit,
            sharers: u64::try_from(stanzas.len()).unwrap_or(u64::MAX).max(1),
            ledger: Ledger::new(logs, &terms, |_| true),
        }
    }

    /// Returns what logs and archives take up.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.ledger.used()
    }

    /// Returns by how much the pool is too full.
    #[must_use]
    pub fn excess(&self) -> u64 {
        self.used().saturating_sub(self.limit)
    }

    /// Returns how many stanzas share it: those that have a log or an archive.
    #[must_use]
    pub fn sharers(&self) -> u64 {
        self.sharers
    }

    /// Tells how a log stands, by its number.
    #[must_use]
    pub fn holding(&self, log: usize) -> Option<Holding> {
        self.ledger.holding(log)
    }

    /// Returns what every stanza may keep, whatever the others take up.
    #[must_use]
    pub fn share(&self) -> u64 {
        self.limit / self.sharers
    }

    /// Returns the archive that is to go next; `None` where all fit, or nobody who takes up more than his share has anything to give.
    ///
    /// Nothing is taken from a stanza that is at its share or below. What takes it to its share may take it below, by less than that one
    /// archive: a pool of one stanza would never be met otherwise.
    #[must_use]
    pub fn next(&self) -> Option<Pick> {
        let (pick, used) = self.ledger.first()?;
        (self.excess() > 0 && used > self.share()).then_some(pick)
    }

    /// Enters that an archive is gone.
    pub fn went(&mut self, pick: Pick) {
        self.ledger.went(pick);
    }

    /// Enters that an archive could not be removed: it is passed over.
    pub fn stays(&mut self, pick: Pick, why: Kept) {
        self.ledger.stays(pick, why);
    }

    /// Returns what protects what is left.
    #[must_use]
    pub fn left(&self) -> Left {
        self.ledger.left()
    }
}
