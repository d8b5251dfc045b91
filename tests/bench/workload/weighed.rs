//! Logs with archives that budgets and `prune` weigh, and of which nothing is to go: W16. Nothing is due.

use std::ffi::OsString;
use std::fs;

use anyhow::{Result, ensure};

use super::{Place, Workload};
use crate::tree;

/// Logs of one directory, matched by one glob.
pub(crate) struct Weighed {
    /// How many.
    pub(crate) logs: usize,
    /// How many archives each has.
    pub(crate) archives: usize,
}

impl Workload for Weighed {
    fn build(&self, at: &Place, _first: &[OsString]) -> Result<()> {
        tree::numbered(&at.logs(), self.logs, self.archives, "")?;
        let conf = format!(
            "maxtotalsize 1000G\nminfree 1k\nprune\n{}/*.log {{\n\tweekly\n\trotate {}\n\tcreate\n}}\n",
            at.logs().display(),
            self.archives
        );
        tree::put(&at.conf(), conf.as_bytes())
    }

    fn reset(&self, at: &Place) -> Result<()> {
        let path = |number: usize| at.logs().join(tree::log_name(number));
        tree::state(&at.status(), 0, 1, &mut (0..self.logs).map(path))
    }

    fn check(&self, at: &Place) -> Result<Option<u64>> {
        let (found, expected) = (fs::read_dir(at.logs())?.count(), self.logs * (self.archives + 1));
        ensure!(found == expected, "{found} files where {expected} should be");
        Ok(None)
    }

    fn forced(&self) -> bool {
        false
    }
}
