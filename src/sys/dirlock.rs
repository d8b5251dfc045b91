//! One run at a time cuts off the logs of a directory: a lock on the directory itself, since programs do lock their own logs.
//!
//! Whoever may read a directory may lock it. So a lock counts only where it is root's or that of the user who runs this; another's
//! cannot stop a log.

use std::fs::File;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, fstat};
use nix::unistd::getuid;

use super::dir::Dir;
use super::{flock, signals};

/// So long another run is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked again meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A lock, until it is dropped.
#[derive(Debug)]
pub struct DirLock(File);

/// How the attempt to be alone in a directory ended.
#[derive(Debug)]
pub enum Alone {
    /// The lock is ours; `waited` says whether another run had it first.
    Locked {
        lock: DirLock,
        /// Another run had it until now, and may have changed the directory.
        waited: bool,
    },
    /// This directory cannot be locked, or a lock of somebody who does not count is on it, or we have it already.
    Unlocked,
    /// Another run has it, and had it for so long that it is not waited for.
    Busy,
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // A child that was just forked may have the directory open still; where unlocking fails, closing does it.
        let _ = flock::unlock(&self.0);
    }
}

/// Locks a directory; waits a little for another run that has it.
#[must_use]
pub fn lock(dir: &Dir) -> Alone {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let Ok(fd) = nix::fcntl::openat(dir, ".", flags, Mode::empty()) else {
        return Alone::Unlocked;
    };
    let file = File::from(fd);
    let begun = Instant::now();
    let mut waited = false;
    loop {
        match flock::try_lock(&file) {
            Ok(()) => {
                let lock = DirLock(file);
                return Alone::Locked { lock, waited };
            }
            Err(Errno::EWOULDBLOCK) if is_anothers(&file) => {}
            Err(_) => return Alone::Unlocked,
        }
        if begun.elapsed() >= PATIENCE || signals::caught().is_some() {
            return Alone::Busy;
        }
        waited = true;
        thread::sleep(LOOK_AGAIN);
    }
}

/// Tells whether the lock is that of another run: one that nobody is seen to have is somebody's in another container.
fn is_anothers(file: &File) -> bool {
    let Ok(inode) = fstat(file).map(|stat| stat.st_ino) else {
        return false;
    };
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let holders: Vec<u32> = locks.lines().filter_map(|line| holder(line, inode)).collect();
    holders.is_empty() || holders.into_iter().any(|pid| pid != std::process::id() && counts(pid))
}

/// Reads who holds a lock on a file, from a line of `/proc/locks`: `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF`.
fn holder(line: &str, inode: u64) -> Option<u32> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (kind, pid, id) = (words.next()?, words.nth(2)?, words.next()?);
    // Devices have other numbers there on some file systems.
    let is_it = kind == "FLOCK" && id.rsplit(':').next()?.parse() == Ok(inode);
    is_it.then(|| pid.parse().ok()).flatten()
}

/// Tells whether locks of a process count: it was started by root, or by whoever started this one.
fn counts(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    let user = users.and_then(|users| users.split_ascii_whitespace().next()?.parse::<u32>().ok());
    user.is_some_and(|user| user == 0 || user == getuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_lock_is_read_from_its_line() {
        for (line, expected) in [
            ("1: FLOCK  ADVISORY  WRITE 1234 fe:00:77 0 EOF", Some(1234)),
            ("2: FLOCK  ADVISORY  READ 1234 fe:00:77 0 EOF", Some(1234)),
            ("3: POSIX  ADVISORY  WRITE 1234 fe:00:77 0 EOF", None),
            ("4: FLOCK  ADVISORY  WRITE 1234 fe:00:777 0 EOF", None),
            ("4: -> FLOCK  ADVISORY  WRITE 1234 fe:00:77 0 EOF", None),
            ("", None),
        ] {
            assert_eq!(holder(line, 77), expected, "{line}");
        }
    }
}
