//! What a user who owns a log, or its directory, can do to others: nothing. Each attack is played, and counted where it can be.
//!
//! Races have their own place in `races`, crashes in `interrupted`.

mod busy;
mod directories;
mod holes;
mod insecure;
mod mounts;
mod runs;
mod shared;
mod swap;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A user who is somebody else; no account is needed.
pub(super) const USER: u32 = 61_234;

/// Gives a file or a directory to the other user.
pub(super) fn give(path: &Path) {
    chown(path, Some(USER), Some(USER)).unwrap();
}

/// Makes a directory that is the other user's.
pub(super) fn users_directory(path: &Path) {
    fs::create_dir_all(path).unwrap();
    give(path);
}

/// A program that has files open for writing until it is dropped.
pub(super) struct Holder(Child);

impl Holder {
    /// Starts one that opens all of these.
    pub(super) fn of<'p>(paths: impl Iterator<Item = &'p Path>) -> Self {
        // A shell opens them one by one: there may be more of them than a command line holds.
        let mut script = String::from("ulimit -n $(ulimit -H -n)\n");
        for (number, path) in paths.enumerate() {
            script += &format!("exec {}>>'{}'\n", number + 10, path.display());
        }
        script += "echo held; exec sleep 1000\n";
        let mut child = Command::new("bash")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        Self(child)
    }

    /// Starts one that opens this file.
    pub(super) fn of_one(path: &Path) -> Self {
        let file = OpenOptions::new().append(true).open(path).unwrap();
        Self(Command::new("sleep").arg("1000").stdout(file).spawn().unwrap())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
