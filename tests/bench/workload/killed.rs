//! A stanza whose last run was killed in the midst of it: W14. Nothing is due.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use anyhow::{Result, ensure};

use super::{Place, Workload};
use crate::tree;

/// Logs of one directory, matched by one glob, all of which a run had begun. Every second one it had renamed.
pub(crate) struct Killed {
    /// How many.
    pub(crate) logs: usize,
}

impl Workload for Killed {
    fn build(&self, at: &Place, _first: &[OsString]) -> Result<()> {
        let conf = format!("{}/*.log {{\n\tweekly\n\trotate 4\n\tcreate\n}}\n", at.logs().display());
        tree::put(&at.conf(), conf.as_bytes())
    }

    fn reset(&self, at: &Place) -> Result<()> {
        tree::numbered(&at.logs(), self.logs, 0, "")?;
        let path = |number: usize| at.logs().join(tree::log_name(number));
        tree::state(&at.status(), 0, 1, &mut (0..self.logs).map(path))?;
        let stamp = tree::recent_stamp();
        let mut journal = String::from("logrotate-rs journal -- version 1\n");
        for number in 0..self.logs {
            let (log, name) = (path(number), tree::log_name(number));
            let facts = log.metadata()?;
            let file = format!("{}:{}", facts.dev(), facts.ino());
            writeln!(journal, "begin {stamp} {file} \"{}\" \"{name}.1\"", log.display())?;
            if number % 2 == 1 {
                fs::rename(&log, at.logs().join(format!("{name}.1")))?;
            }
        }
        let file = at.dir.join("status.journal");
        tree::put(&file, journal.as_bytes())?;
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
        Ok(())
    }

    /// Nothing is rotated, or lost; what was renamed may have been followed by a new log.
    fn check(&self, at: &Place) -> Result<Option<u64>> {
        for number in 0..self.logs {
            let name = tree::log_name(number) + if number % 2 == 1 { ".1" } else { "" };
            ensure!(at.logs().join(&name).metadata()?.len() > 0, "{name} is empty");
        }
        Ok(None)
    }

    fn forced(&self) -> bool {
        false
    }
}
