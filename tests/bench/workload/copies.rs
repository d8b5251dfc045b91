//! A big log that is copied and cut off: W9.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Place, Workload};
use crate::tree;

/// What the log holds.
pub(crate) enum Source {
    /// That many bytes of text.
    Text(u64),
    /// A hole with data at its end.
    Holey {
        /// The size of the whole.
        size: u64,
        /// The bytes of data at the end.
        data: u64,
    },
}

/// One log under `copytruncate`.
pub(crate) struct Copies {
    /// What it holds.
    pub(crate) source: Source,
}

impl Copies {
    fn master(at: &Place) -> PathBuf {
        at.shared.join("master")
    }
}

impl Workload for Copies {
    fn build(&self, at: &Place, _first: &[OsString]) -> Result<()> {
        tree::fresh(&at.logs())?;
        let master = Self::master(at);
        if !master.exists() {
            match self.source {
                Source::Text(size) => tree::big_log(&master, size, 5)?,
                Source::Holey { size, data } => {
                    tree::big_log(&master, data, 5)?;
                    let text = fs::read(&master)?;
                    let file = tree::create(&master)?;
                    file.set_len(size)?;
                    file.write_all_at(&text, size - data)?;
                }
            }
        }
        let conf = format!(
            "{}/*.log {{\n\tweekly\n\trotate 1\n\tnocompress\n\tcopytruncate\n}}\n",
            at.logs().display()
        );
        tree::put(&at.conf(), conf.as_bytes())
    }

    fn reset(&self, at: &Place) -> Result<()> {
        tree::fresh(&at.logs())?;
        let log = at.logs().join(tree::log_name(0));
        let copied = Command::new("cp")
            .args(["--sparse=auto", "--reflink=never"])
            .arg(Self::master(at))
            .arg(log)
            .status()?;
        ensure!(copied.success(), "cp failed");
        tree::no_state(&at.status())
    }

    /// The copy is the master byte for byte; answers the bytes that it takes on disk, if it has holes.
    fn check(&self, at: &Place) -> Result<Option<u64>> {
        let log = at.logs().join(tree::log_name(0));
        ensure!(log.metadata()?.len() == 0, "{} was not cut off", log.display());
        let copy = at.logs().join(format!("{}.1", tree::log_name(0)));
        ensure!(
            copy.metadata()?.len() == Self::master(at).metadata()?.len(),
            "{} has another size",
            copy.display()
        );
        let skip = match self.source {
            Source::Text(_) => 0,
            Source::Holey { size, data } => size - data - (1 << 20).min(size - data),
        };
        let mut compare = Command::new("cmp");
        let same = compare
            .arg(format!("--ignore-initial={skip}"))
            .arg(&copy)
            .arg(Self::master(at))
            .status()?;
        ensure!(same.success(), "{} is not its log", copy.display());
        Ok(match self.source {
            Source::Text(_) => None,
            Source::Holey { .. } => Some(copy.metadata()?.blocks() * 512),
        })
    }

    fn forced(&self) -> bool {
        true
    }
}
