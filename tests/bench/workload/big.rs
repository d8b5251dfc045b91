//! Big logs that are compressed: W2, W3.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Place, Workload, expect};
use crate::tree;

/// `count` logs of `size` bytes each.
pub(crate) struct Big {
    /// How many logs.
    pub(crate) count: usize,
    /// Bytes of each.
    pub(crate) size: u64,
    /// `compressoptions`, if any.
    pub(crate) options: &'static str,
}

impl Big {
    fn master(&self, at: &Place, i: usize) -> PathBuf {
        at.shared.join(format!("master{i}"))
    }
}

impl Workload for Big {
    fn build(&self, at: &Place, _first: &[OsString]) -> Result<()> {
        tree::fresh(&at.logs())?;
        for i in 0..self.count {
            if !self.master(at, i).exists() {
                tree::big_log(&self.master(at, i), self.size, 11 + i as u64)?;
            }
        }
        let given = if self.options.is_empty() {
            String::new()
        } else {
            format!("\tcompressoptions {}\n", self.options)
        };
        let conf = format!(
            "{}/*.log {{\n\tweekly\n\trotate 4\n\tcompress\n{given}\tcreate\n}}\n",
            at.logs().display()
        );
        tree::put(&at.conf(), conf.as_bytes())
    }

    fn reset(&self, at: &Place) -> Result<()> {
        tree::fresh(&at.logs())?;
        for i in 0..self.count {
            fs::copy(self.master(at, i), at.logs().join(tree::log_name(i)))?;
        }
        tree::no_state(&at.status())
    }

    /// Every archive is one whole gzip member with the master's text; answers the bytes of all.
    fn check(&self, at: &Place) -> Result<Option<u64>> {
        let mut total = 0;
        for i in 0..self.count {
            let archive = at.logs().join(format!("{}.1.gz", tree::log_name(i)));
            expect(&at.logs().join(format!("{}.1", tree::log_name(i))), false)?;
            total += archive.metadata().with_context(|| archive.display().to_string())?.len();
            let mut gzip = Command::new("gzip")
                .arg("-dc")
                .stdin(File::open(&archive)?)
                .stdout(Stdio::piped())
                .spawn()?;
            let text = gzip.stdout.take().context("no pipe")?;
            let same = Command::new("cmp")
                .arg("-")
                .arg(self.master(at, i))
                .stdin(text)
                .status()?;
            ensure!(
                gzip.wait()?.success() && same.success(),
                "{} is not its log",
                archive.display()
            );
            let list = Command::new("gzip").arg("-l").arg(&archive).output()?.stdout;
            let listed = String::from_utf8_lossy(&list)
                .split_whitespace()
                .nth(5)
                .map(str::to_owned);
            ensure!(
                listed == Some(self.size.to_string()),
                "{} is not one member",
                archive.display()
            );
        }
        Ok(Some(total))
    }

    fn forced(&self) -> bool {
        true
    }
}
