//! Runs in which nothing is due: what reading the configuration and the state costs. W5, W6, W8.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Place, Workload, arguments};
use crate::tree;

/// The order of a state's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As the reference writes them.
    AsWritten,
    /// Far from that.
    Another,
}

/// A great state, and one log.
pub(crate) struct State {
    /// How many entries.
    pub(crate) entries: u64,
    /// In which order.
    pub(crate) order: Order,
}

/// A stride that shares no divisor with a power of ten.
const STRIDE: u64 = 617_909;

fn lines(path: &std::path::Path) -> Result<usize> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut count = 0;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        count += usize::from(line.len() > 1);
        line.clear();
    }
    Ok(count)
}

impl Workload for State {
    fn build(&self, at: &Place, first: &[OsString]) -> Result<()> {
        tree::numbered(&at.logs(), 1, 0, "")?;
        let conf = format!("{}/*.log {{\n\tweekly\n\trotate 4\n\tcreate\n}}\n", at.logs().display());
        tree::put(&at.conf(), conf.as_bytes())?;
        let master = at.shared.join("status");
        if !master.exists() {
            let mut log = std::iter::once(at.logs().join(tree::log_name(0)));
            tree::state(&at.status(), self.entries, STRIDE, &mut log)?;
            if self.order == Order::AsWritten {
                let (program, given) = first.split_first().context("no command")?;
                let status = Command::new(program).args(given).args(arguments(self, at)).status()?;
                ensure!(status.success(), "the first run failed");
            }
            fs::copy(at.status(), master)?;
        }
        Ok(())
    }

    fn reset(&self, at: &Place) -> Result<()> {
        fs::copy(at.shared.join("status"), at.status())?;
        Ok(())
    }

    fn check(&self, at: &Place) -> Result<Option<u64>> {
        let (found, least) = (lines(&at.status())?, self.entries as usize + 2);
        ensure!(found >= least, "{found} lines of state where {least} should be");
        Ok(None)
    }

    fn forced(&self) -> bool {
        false
    }
}

/// A directory of drop-ins, one log each.
pub(crate) struct DropIns {
    /// How many.
    pub(crate) count: usize,
}

impl Workload for DropIns {
    fn build(&self, at: &Place, _first: &[OsString]) -> Result<()> {
        tree::numbered(&at.logs(), self.count, 0, "")?;
        let dir = at.dir.join("conf.d");
        tree::drop_ins(&dir, self.count, &at.logs())?;
        let conf = format!("weekly\nrotate 4\ncreate\ninclude {}\n", dir.display());
        tree::put(&at.conf(), conf.as_bytes())
    }

    fn reset(&self, at: &Place) -> Result<()> {
        let logs: PathBuf = at.logs();
        tree::state(
            &at.status(),
            0,
            1,
            &mut (0..self.count).map(|i| logs.join(tree::log_name(i))),
        )
    }

    fn check(&self, at: &Place) -> Result<Option<u64>> {
        let (found, expected) = (lines(&at.status())?, self.count + 1);
        ensure!(found == expected, "{found} lines of state where {expected} should be");
        let files = fs::read_dir(at.logs())?.count();
        ensure!(files == self.count, "{files} files: something was rotated");
        Ok(None)
    }

    fn forced(&self) -> bool {
        false
    }
}
