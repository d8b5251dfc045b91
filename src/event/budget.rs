//! What budgets came to, as data: for messages, and for other programs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::budget::Left;
use crate::clock::Stamp;
use crate::policy::{Free, Limit};

/// The logs that share a limit (`maxtotalsize`), as a run left them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolState {
    pub limit: Limit<u64>,
    /// What the logs and their archives take up, in bytes.
    pub used: u64,
    pub logs: usize,
}

impl PoolState {
    /// Answers whether all fit.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.used <= self.limit.amount
    }
}

/// A file system on which room is wanted (`minfree`), as a run left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomState {
    /// Where it is mounted.
    pub mount: PathBuf,
    /// What is free for others than root, in bytes.
    pub free: u64,
    /// The most that is wanted there, as it is written, and in bytes.
    pub limit: Limit<Free>,
    pub wanted: u64,
    /// Nothing is removed there for so long, since it did not help.
    pub held_until: Option<Stamp>,
}

impl RoomState {
    /// Answers whether as much is free as is wanted.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.free >= self.wanted
    }
}

/// All budgets of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    pub pools: Vec<PoolState>,
    pub file_systems: Vec<RoomState>,
}

/// Why too little stays free on a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// What is left may not go.
    Protected {
        by: Left,
        /// The largest logs there, and what they take up.
        largest: Vec<(Arc<Path>, u64)>,
    },
    /// So much was removed, and so much was gained by it: from now on nothing is, for a time.
    NotGained { removed: u64, gained: u64 },
    /// What was removed lately did not help.
    Held,
    /// There was enough, and what was done in this run took it.
    TakenUp,
}
