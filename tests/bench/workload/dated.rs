//! Logs with dated archives in one directory, rotated by force: W4, W10.

use std::ffi::OsString;
use std::fs;

use anyhow::Result;

use super::{Place, Workload, expect};
use crate::tree;

/// `logs` logs with an archive for each of the last `days` days; as many are kept.
pub(crate) struct Dated {
    /// How many logs.
    pub(crate) logs: usize,
    /// How many archives each has.
    pub(crate) days: usize,
}

impl Workload for Dated {
    fn build(&self, at: &Place, _first: &[OsString]) -> Result<()> {
        tree::dated(&at.logs(), self.logs, self.days)?;
        let conf = format!(
            "{}/*.log {{\n\tdaily\n\tdateext\n\trotate {}\n\tnocompress\n\tcreate\n}}\n",
            at.logs().display(),
            self.days
        );
        tree::put(&at.conf(), conf.as_bytes())
    }

    /// Today's archive, just made, takes the place of the oldest, just removed.
    fn reset(&self, at: &Place) -> Result<()> {
        let (today, oldest) = (tree::day(0), tree::day(self.days));
        let mut names = (0..self.logs).map(|i| at.logs().join(tree::log_name(i)));
        tree::state(&at.status(), 0, 1, &mut names)?;
        for i in 0..self.logs {
            let new = at.logs().join(format!("{}-{today}", tree::log_name(i)));
            if new.exists() {
                fs::rename(new, at.logs().join(format!("{}-{oldest}", tree::log_name(i))))?;
            }
        }
        Ok(())
    }

    fn check(&self, at: &Place) -> Result<Option<u64>> {
        for i in [0, self.logs / 2, self.logs - 1] {
            let archive = |ago| at.logs().join(format!("{}-{}", tree::log_name(i), tree::day(ago)));
            expect(&archive(0), true)?;
            expect(&archive(1), true)?;
            expect(&archive(self.days), false)?;
        }
        let (found, expected) = (fs::read_dir(at.logs())?.count(), self.logs * (self.days + 1));
        anyhow::ensure!(found == expected, "{found} files where {expected} should be");
        Ok(None)
    }

    fn forced(&self) -> bool {
        true
    }
}
