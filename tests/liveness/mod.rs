//! A log is rotated at its time, whatever became of its archives: the rules that begin with P, each in a test that says so.

mod foreseen;
mod interims;
mod lines;
mod names;
mod obstacles;
mod reopened;
mod rows;
mod scripts;

use std::path::Path;
use std::process::{Command, Stdio};

/// An attribute of a file or directory, until this is dropped.
struct Attribute<'f>(&'f Path, &'static str);

impl<'f> Attribute<'f> {
    /// `None` where the file system has no attributes.
    fn set(file: &'f Path, letter: &'static str) -> Option<Self> {
        let attribute = Self(file, letter);
        attribute.change("+").then_some(attribute)
    }

    fn change(&self, sign: &str) -> bool {
        let way = format!("{sign}{}", self.1);
        let mut command = Command::new("chattr");
        let changed = command.arg(way).arg(self.0).stderr(Stdio::null()).status();
        changed.is_ok_and(|status| status.success())
    }
}

impl Drop for Attribute<'_> {
    fn drop(&mut self) {
        self.change("-");
    }
}
