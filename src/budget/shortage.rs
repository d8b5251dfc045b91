//! `minfree`: what goes where a file system is too full.
//!
//! Targets are priorities: they are worked from the highest down, and while less than one is free, only stanzas give that want at least
//! that. What a file system says is believed; but as soon as as much is gone as was missing, and less than half of it was gained, nothing
//! more goes: snapshots, shared blocks or readers hold what was removed, or somebody writes faster.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::credit::{Answer, Credit};
use super::ledger::{Kept, Ledger, Left, Terms};
use super::{DEFAULT_DAYS, Holding, Log, Pick, Standing};

/// A file system on which some stanzas want more room than there is.
#[derive(Debug)]
pub struct Shortage {
    /// How much is to be free, for the stanzas that want that.
    wanted: HashMap<usize, u64>,
    /// The targets that are left, the lowest first: the last one is worked on.
    targets: Vec<u64>,
    /// A target was given up, since nobody had anything left to give for it.
    is_missed: bool,
    /// Nothing may be removed, since that did not help lately.
    is_held: bool,
    /// What could be compressed before its time, the largest first.
    squeezes: Vec<Squeeze>,
    /// None of them fits where less than this is free.
    least: u64,
    ledger: Ledger,
    /// Of the target that is worked on, as soon as something is to be removed for it.
    credit: Option<Credit>,
}

#[derive(Clone, Copy, Debug)]
struct Squeeze {
    pick: Pick,
    stanza: usize,
    bytes: u64,
    /// What it takes up at worst when it is compressed.
    size: u64,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Compress this archive before its time, for the stanzas that want so much to be free.
    Squeeze {
        pick: Pick,
        target: u64,
    },
    /// Remove this archive.
    Take {
        pick: Pick,
        target: u64,
    },
    /// Let the file system finish what it does late, and ask it again.
    Sync,
    End(End),
}

/// How it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As much is free as is wanted.
    Met,
    /// Too little is, and what is left is protected by this.
    Unmet(Left),
    /// As much was removed as was missing, and so much was gained by it.
    Spent { removed: u64, gained: u64 },
    /// Nothing may be removed, since that did not help lately.
    Held,
}

impl Shortage {
    /// Enters what is on a file system, at a time in seconds since 1970, with what is wanted to be free there, stanza by stanza.
    #[must_use]
    pub fn new(device: u64, wanted: HashMap<usize, u64>, logs: &[&Log], now: i64, is_held: bool) -> Self {
        let terms = Terms {
            device: Some(device),
            default_days: DEFAULT_DAYS,
            now,
        };
        let mut targets: Vec<u64> = wanted.values().copied().collect();
        targets.sort_unstable();
        targets.dedup();
        let highest = targets.last().copied();
        let squeezes = squeezes(device, logs);
        Self {
            ledger: Ledger::new(logs, &terms, |stanza| wanted.get(&stanza).copied() >= highest),
            least: squeezes.iter().map(|squeeze| squeeze.size).min().unwrap_or(u64::MAX),
            squeezes,
            wanted,
            targets,
            is_missed: false,
            is_held,
            credit: None,
        }
    }

    /// Tells how a log stands, by its number.
    #[must_use]
    pub fn holding(&self, log: usize) -> Option<Holding> {
        self.ledger.holding(log)
    }

    /// Tells what is to be done next, where so much is free.
    pub fn next(&mut self, free: u64) -> Next {
        while let Some(target) = self.targets.last().copied().filter(|target| free < *target) {
            if let Some(pick) = self.squeeze(target, free) {
                return Next::Squeeze { pick, target };
            }
            if !self.is_held {
                let credit = self.credit.get_or_insert_with(|| Credit::new(target, free));
                match (credit.ask(), self.ledger.first()) {
                    (Answer::Spent, _) => match credit.renewed(target, free) {
                        Some(renewed) => {
                            *credit = renewed;
                            continue;
                        }
                        None => return Next::End(credit.spent(free)),
                    },
                    (Answer::Sync, _) => return Next::Sync,
                    (Answer::More, Some((pick, _))) => return Next::Take { pick, target },
                    (Answer::More, None) if credit.is_late() => return Next::Sync,
                    (Answer::More, None) => {}
                }
            }
            self.give_up();
        }
        Next::End(match (self.is_missed, self.is_held) {
            (false, _) => End::Met,
            (true, true) => End::Held,
            (true, false) => End::Unmet(self.ledger.left()),
        })
    }

    /// Nobody has anything left for the highest target: the next one lets more stanzas give.
    fn give_up(&mut self) {
        self.targets.pop();
        (self.is_missed, self.credit) = (true, None);
        if let Some(next) = self.targets.last() {
            let wanted = &self.wanted;
            self.ledger
                .open(|stanza| wanted.get(&stanza).is_some_and(|target| target >= next));
        }
    }

    /// Returns the largest archive of those who give that fits where so much is free, should compression gain nothing.
    fn squeeze(&self, target: u64, free: u64) -> Option<Pick> {
        if free < self.least {
            return None;
        }
        let gives = |stanza| self.wanted.get(&stanza).is_some_and(|wanted| *wanted >= target);
        let mut fitting = self.squeezes.iter();
        let found = fitting.find(|it| gives(it.stanza) && it.size <= free);
        found.map(|squeeze| squeeze.pick)
    }

    /// Enters that an archive was to be compressed, and takes up so much now.
    pub fn squeezed(&mut self, pick: Pick, bytes: u64) {
        let squeezed = self.squeezes.extract_if(.., |squeeze| squeeze.pick == pick);
        for squeeze in squeezed {
            self.ledger.shrank(pick, squeeze.bytes, bytes);
        }
    }

    /// Enters that an archive is gone.
    pub fn went(&mut self, pick: Pick) {
        let bytes = self.ledger.went(pick);
        self.squeezes.retain(|squeeze| squeeze.pick != pick);
        if let Some(credit) = &mut self.credit {
            credit.add(bytes);
        }
    }

    /// Enters that an archive could not be removed, or is in use: it is passed over.
    pub fn stays(&mut self, pick: Pick, why: Kept) {
        self.ledger.stays(pick, why);
    }

    /// Enters that the file system has finished.
    pub fn synced(&mut self) {
        if let Some(credit) = &mut self.credit {
            credit.synced();
        }
    }
}

/// Returns what could be compressed before its time, the largest first.
fn squeezes(device: u64, logs: &[&Log]) -> Vec<Squeeze> {
    let of_log = |(number, log): (usize, &&Log)| -> Vec<Squeeze> {
        let waiting = log.archives.iter().enumerate().filter(|(_, it)| {
            let extent = &it.extent;
            it.waits_for_compression
                && it.standing == Standing::There
                && extent.id.device == device
                && extent.has_one_name
        });
        let squeeze = |(archive, it): (usize, &super::Archive)| Squeeze {
            pick: Pick { log: number, archive },
            stanza: log.stanza,
            bytes: it.extent.bytes,
            size: it.extent.size,
        };
        waiting.map(squeeze).collect()
    };
    let mut squeezes: Vec<Squeeze> = logs.iter().enumerate().flat_map(of_log).collect();
    let extent = |pick: Pick| &logs[pick.log].archives[pick.archive].extent;
    squeezes.sort_by_key(|it| (Reverse(it.bytes), &logs[it.pick.log].path, it.pick.archive));
    let mut seen = HashSet::new();
    squeezes.retain(|squeeze| seen.insert(extent(squeeze.pick).id));
    squeezes
}
