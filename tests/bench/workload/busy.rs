//! Archives that a program holds open: W12, W13. A run waits some seconds for it, however many there are: processor time tells more.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{Place, Workload};
use crate::tree;

/// Whose archives are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldOpen {
    /// Each of many logs is open in a daemon that does not open it anew.
    EachLog,
    /// One log has many dated archives, and all are open.
    OneLog,
}

/// Archives to be compressed that this process holds open for writing.
pub(crate) struct Busy {
    held: HeldOpen,
    count: usize,
    open: RefCell<Vec<File>>,
}

impl Busy {
    /// Holds so many.
    pub(crate) fn new(held: HeldOpen, count: usize) -> Self {
        Self {
            held,
            count,
            open: RefCell::default(),
        }
    }

    /// Names what is held, before the run.
    fn name(&self, number: usize) -> String {
        match self.held {
            HeldOpen::EachLog => tree::log_name(number),
            HeldOpen::OneLog => format!("{}-{}", tree::log_name(0), tree::day(number + 1)),
        }
    }
}

impl Workload for Busy {
    fn build(&self, at: &Place, _first: &[OsString]) -> Result<()> {
        let directives = match self.held {
            HeldOpen::EachLog => "nodateext\n\trotate 1".to_owned(),
            HeldOpen::OneLog => format!("dateext\n\tdelaycompress\n\trotate {}", self.count + 1),
        };
        let conf = format!(
            "{}/*.log {{\n\tdaily\n\t{directives}\n\tcompress\n\tcreate\n}}\n",
            at.logs().display()
        );
        tree::put(&at.conf(), conf.as_bytes())
    }

    fn reset(&self, at: &Place) -> Result<()> {
        let mut open = self.open.borrow_mut();
        open.clear();
        allow_files(self.count + 256)?;
        tree::fresh(&at.logs())?;
        let text = tree::tiny_text();
        tree::put(&at.logs().join(tree::log_name(0)), &text)?;
        for number in 0..self.count {
            let path = at.logs().join(self.name(number));
            tree::put(&path, &text)?;
            open.push(OpenOptions::new().append(true).open(&path)?);
        }
        let journal = at.dir.join("status.journal");
        if journal.exists() {
            fs::remove_file(journal)?;
        }
        tree::no_state(&at.status())
    }

    /// The logs are new, and nothing of what was held is lost: it is there, plain or compressed.
    fn check(&self, at: &Place) -> Result<Option<u64>> {
        let names: Vec<String> = match self.held {
            HeldOpen::EachLog => (0..self.count)
                .map(|number| format!("{}.1", self.name(number)))
                .collect(),
            HeldOpen::OneLog => (0..self.count).map(|number| self.name(number)).collect(),
        };
        for name in names {
            let is_there = |suffix: &str| at.logs().join(format!("{name}{suffix}")).exists();
            ensure!(is_there("") || is_there(".gz"), "{name} is missing");
        }
        ensure!(
            at.logs().join(tree::log_name(0)).metadata()?.len() == 0,
            "the log is not new"
        );
        Ok(None)
    }

    fn forced(&self) -> bool {
        true
    }
}

/// Raises this process's limit of open files.
fn allow_files(count: usize) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let count = count as u64;
    if soft >= count {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, count, hard.max(count)).with_context(|| format!("{count} open files"))
}
