//! Many tiny logs with numbered archives, rotated by force: W1, W7, W8, W10, W11.

use std::ffi::OsString;
use std::fs;

use anyhow::Result;

use super::{Place, Workload, expect};
use crate::tree;

/// Logs of one directory, matched by one glob.
pub(crate) struct Tiny {
    logs: usize,
    rotate: usize,
    compress: bool,
    script: bool,
    entries: u64,
}

/// Archives that each log has before the run.
const THERE: usize = 4;

impl Tiny {
    /// `rotate 4` with four archives there.
    pub(crate) fn plain(logs: usize) -> Self {
        Tiny {
            logs,
            rotate: THERE,
            compress: false,
            script: false,
            entries: 0,
        }
    }

    /// The same with `compress`.
    pub(crate) fn compressed(logs: usize) -> Self {
        Tiny {
            compress: true,
            ..Tiny::plain(logs)
        }
    }

    /// Four archives there of many that may be.
    pub(crate) fn sparse(logs: usize, rotate: usize) -> Self {
        Tiny {
            rotate,
            ..Tiny::plain(logs)
        }
    }

    /// A script a log, and a state with many other entries.
    pub(crate) fn scripted(logs: usize, entries: u64) -> Self {
        Tiny {
            script: true,
            entries,
            ..Tiny::plain(logs)
        }
    }

    fn suffix(&self) -> &'static str {
        if self.compress { ".gz" } else { "" }
    }
}

impl Workload for Tiny {
    fn build(&self, at: &Place, _first: &[OsString]) -> Result<()> {
        tree::numbered(&at.logs(), self.logs, THERE, self.suffix())?;
        let compress = if self.compress { "compress" } else { "nocompress" };
        let script = if self.script {
            "\tpostrotate\n\t\t:\n\tendscript\n"
        } else {
            ""
        };
        let (logs, rotate) = (at.logs(), self.rotate);
        let conf = format!(
            "{}/*.log {{\n\tweekly\n\trotate {rotate}\n\t{compress}\n\tcreate\n{script}}}\n",
            logs.display()
        );
        tree::put(&at.conf(), conf.as_bytes())
    }

    fn reset(&self, at: &Place) -> Result<()> {
        let logs = at.logs();
        let mut names = (0..self.logs).map(|i| logs.join(tree::log_name(i)));
        tree::state(&at.status(), self.entries, 1, &mut names)?;
        let text = tree::tiny_text();
        for i in 0..self.logs {
            if self.compress {
                tree::put(&logs.join(tree::log_name(i)), &text)?;
            }
            if self.rotate > THERE {
                let grown = logs.join(format!("{}.{}", tree::log_name(i), THERE + 1));
                if grown.exists() {
                    fs::remove_file(grown)?;
                }
            }
        }
        Ok(())
    }

    fn check(&self, at: &Place) -> Result<Option<u64>> {
        let suffix = self.suffix();
        let last = if self.rotate > THERE { THERE + 1 } else { THERE };
        for i in [0, self.logs / 2, self.logs - 1] {
            let log = at.logs().join(tree::log_name(i));
            anyhow::ensure!(log.metadata()?.len() == 0, "{} is not new", log.display());
            expect(&at.logs().join(format!("{}.1{suffix}", tree::log_name(i))), true)?;
            expect(&at.logs().join(format!("{}.{last}{suffix}", tree::log_name(i))), true)?;
        }
        let expected = self.logs * (last + 1);
        let found = fs::read_dir(at.logs())?.count();
        anyhow::ensure!(found == expected, "{found} files where {expected} should be");
        Ok(None)
    }

    fn forced(&self) -> bool {
        true
    }
}
