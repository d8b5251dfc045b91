//! The edges of what the program is given: odd names, odd days, holes in files, other people's rights, real mail.
//!
//! Here is how these tests run the program: a tree of their own, a configuration in which `@ROOT@` is the tree, a state. Behaviours
//! that a tree as text can show are in `fixtures/scenarios` instead.

mod advice;
mod births;
mod calendar;
mod copies;
mod descriptors;
mod fates;
mod interim;
mod lent;
mod limits;
mod mail;
mod many;
mod meanwhile;
mod named;
mod names;
mod rights;
mod strangers;
mod sums;
mod warned;
mod watched;
mod ways;

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::support::{fresh_dir, ours, shell};

/// No run of these tests takes as long as that.
const PATIENCE: &str = "60";

/// A tree with a directory `log`, in which the program is run.
pub(super) struct Scene {
    pub(super) root: PathBuf,
}

impl Scene {
    /// Makes an empty tree of this name.
    pub(super) fn new(name: &str) -> Self {
        let root = fresh_dir(&format!("edges/{name}"));
        fs::create_dir(root.join("log")).unwrap();
        Self { root }
    }

    /// Returns a path below the tree's directory of logs.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.root.join("log").join(name)
    }

    /// Writes a log.
    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.log(name), text).unwrap();
    }

    /// Reads a log or an archive; what is missing reads as `(missing)`.
    pub(super) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.log(name)).unwrap_or_else(|_| b"(missing)".to_vec());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes the configuration.
    pub(super) fn configure(&self, text: &str) {
        fs::write(self.root.join("conf"), self.fill(text)).unwrap();
    }

    /// Writes the state: a line for each log of the directory of logs, as `NAME DATE`.
    pub(super) fn remember(&self, lines: &[(&str, &str)]) {
        let mut text = String::from("logrotate state -- version 2\n");
        for (name, date) in lines {
            text += &format!("\"{}\" {date}\n", self.log(name).display());
        }
        let path = self.root.join("status");
        fs::write(&path, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
        fs::set_permissions(path, mode).unwrap();
    }

    /// Puts the tree's path where `@ROOT@` stands.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("@ROOT@", self.root.to_str().unwrap())
    }

    /// Makes the command that runs a program of ours or the reference on the tree's state and configuration.
    pub(super) fn command(&self, binary: &Path, options: &[&str]) -> Command {
        let mut words = vec![PATIENCE, binary.to_str().unwrap(), "-v", "-s", "status"];
        words.extend(options);
        words.push("conf");
        shell(&self.root, "timeout", &words)
    }

    /// Runs ours and returns the exit status and what it said.
    pub(super) fn run(&self, options: &[&str]) -> Run {
        Run::of(&self.command(&ours(), options).output().unwrap())
    }

    /// Lists the directory of logs, in order.
    pub(super) fn list(&self) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(self.root.join("log")).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().as_bytes().to_vec())
            .collect();
        names.sort();
        names
    }
}

/// How a run ended.
pub(super) struct Run {
    pub(super) status: Option<i32>,
    pub(super) said: String,
}

impl Run {
    /// Takes it from a finished command.
    pub(super) fn of(output: &Output) -> Self {
        Self {
            status: output.status.code(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts that all went well.
    pub(super) fn went_well(&self) -> &Self {
        assert_eq!(self.status, Some(0), "{}", self.said);
        self
    }
}
