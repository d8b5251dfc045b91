//! Whether anybody has a file open for writing: asked by a lease, which the kernel grants only where nobody does. Where leases are
//! not allowed, `writers` is asked.
//!
//! A lease is held for the moment of the question only, except by `truncate`.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use nix::errno::Errno;
use nix::libc;

use super::dir::facts_of_open;
use super::writers::{Look, Writers};

/// `fcntl`'s command for the signal of a broken lease (`F_SETSIG` of the kernel's own headers).
const F_SETSIG: libc::c_int = 10;

/// What a lease excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excluding {
    /// Writers; the descriptor must be open for reading only.
    Writers,
    /// Everybody but the descriptor itself.
    Everybody,
}

/// A lease that was granted, until it is dropped. Whoever wants to open the file meanwhile waits for it.
#[derive(Debug)]
pub(crate) struct Lease<'fd>(BorrowedFd<'fd>);

impl<'fd> Lease<'fd> {
    /// Takes a lease on `fd`. `EAGAIN` says that somebody has the file open; other errors that it cannot be asked.
    pub(crate) fn take(fd: BorrowedFd<'fd>, excluding: Excluding) -> Result<Self, Errno> {
        // A broken lease is told by SIGIO, which would kill us; SIGURG does nothing unless somebody wants it.
        control(fd, F_SETSIG, libc::SIGURG)?;
        let kind = match excluding {
            Excluding::Writers => libc::F_RDLCK,
            Excluding::Everybody => libc::F_WRLCK,
        };
        control(fd, libc::F_SETLEASE, kind)?;
        Ok(Self(fd))
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // Giving back what one has does not fail; closing the descriptor would give it back, too.
        let _given_back = control(self.0, libc::F_SETLEASE, libc::F_UNLCK);
    }
}

fn control(fd: BorrowedFd<'_>, command: libc::c_int, argument: libc::c_int) -> Result<(), Errno> {
    loop {
        #[expect(unsafe_code, reason = "nix knows neither F_SETLEASE nor F_SETSIG")]
        // SAFETY: both commands take a plain number; the descriptor is borrowed and stays open during the call.
        let answer = unsafe { libc::fcntl(fd.as_raw_fd(), command, argument) };
        match Errno::result(answer) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Asks by a lease alone whether anybody has the file open for writing; `None` where leases are not allowed.
///
/// `fd` must be open for reading only, and nobody in this process may have the file open for writing. Three short
/// system calls; good for ten thousand files.
#[must_use]
pub fn is_written(fd: BorrowedFd<'_>) -> Option<bool> {
    match Lease::take(fd, Excluding::Writers) {
        Ok(_lease) => Some(false),
        Err(Errno::EAGAIN) => Some(true),
        Err(_) => {
            REFUSED.store(true, Ordering::Relaxed);
            None
        }
    }
}

/// Asks by a lease whether anybody else has the file open at all; `None` where leases are not allowed. `fd` must be open for reading only.
#[must_use]
pub fn is_open(fd: BorrowedFd<'_>) -> Option<bool> {
    match Lease::take(fd, Excluding::Everybody) {
        Ok(_lease) => Some(false),
        Err(Errno::EAGAIN) => Some(true),
        Err(_) => None,
    }
}

/// A lease was refused to this run.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Tells whether this run met a file that leases are not allowed on: another user's, where the process has not the right (`CAP_LEASE`).
#[must_use]
pub fn are_refused() -> bool {
    REFUSED.load(Ordering::Relaxed)
}

/// Asks whether anybody has the file open for writing: by a lease, and only where leases are not allowed by the last look through
/// `/proc` of this run. That is for files that had no new writers since the run began; where neither can tell, nobody is taken to.
#[must_use]
pub fn is_held(fd: BorrowedFd<'_>) -> bool {
    is_written(fd).unwrap_or_else(|| is_seen_held(fd, &Look::last()))
}

/// As [`is_held`], for a file that may have had writers until that moment; `None` where leases are not allowed and nobody has looked
/// through `/proc` since.
#[must_use]
pub fn is_held_after(fd: BorrowedFd<'_>, moment: Instant) -> Option<bool> {
    is_written(fd).or_else(|| Look::after(moment).map(|look| is_seen_held(fd, &look)))
}

fn is_seen_held(fd: BorrowedFd<'_>, look: &Look) -> bool {
    let facts = facts_of_open(&fd, Path::new(""));
    facts.is_ok_and(|facts| matches!(look.writers(&facts), Writers::Found(_)))
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::{File, OpenOptions};
    use std::os::fd::AsFd;
    use std::process::{Command, Stdio};

    use super::*;

    /// A program that has a file open for writing, until this is dropped.
    pub(in crate::sys) struct Writer(std::process::Child);

    impl Drop for Writer {
        fn drop(&mut self) {
            drop(self.0.stdin.take());
            self.0.wait().unwrap();
        }
    }

    /// Starts a program that has `path` open for writing until the value is dropped.
    pub(in crate::sys) fn writer(path: &Path) -> Writer {
        let file = OpenOptions::new().append(true).open(path).unwrap();
        let child = Command::new("cat").stdin(Stdio::piped()).stdout(file).spawn().unwrap();
        Writer(child)
    }

    fn log() -> (tempfile::TempPath, File) {
        let (file, path) = tempfile::NamedTempFile::new().unwrap().into_parts();
        drop(file);
        let file = File::open(&path).unwrap();
        (path, file)
    }

    #[test]
    fn a_file_that_nobody_has_open_is_written_by_nobody() {
        let (_path, file) = log();
        assert_eq!(is_written(file.as_fd()), Some(false));
        assert!(!is_held(file.as_fd()));
    }

    #[test]
    fn readers_are_not_writers() {
        let (path, file) = log();
        let _reader = File::open(&path).unwrap();
        assert!(!is_held(file.as_fd()));
    }

    #[test]
    fn whoever_has_the_file_open_is_noticed_reader_or_writer() {
        let (path, file) = log();
        assert_eq!(is_open(file.as_fd()), Some(false));
        let reader = File::open(&path).unwrap();
        assert_eq!(is_open(file.as_fd()), Some(true));
        drop(reader);
        assert_eq!(is_open(file.as_fd()), Some(false));
        let _writer = writer(&path);
        assert_eq!(is_open(file.as_fd()), Some(true));
    }

    #[test]
    fn a_program_that_has_the_file_open_for_writing_is_noticed() {
        let (path, file) = log();
        let writer = writer(&path);
        assert_eq!(is_written(file.as_fd()), Some(true));
        assert_eq!(is_held_after(file.as_fd(), Instant::now()), Some(true));
        drop(writer);
        assert!(!is_held(file.as_fd()));
    }

    #[test]
    fn a_lease_broken_by_a_writer_does_not_kill_us() {
        let (path, file) = log();
        let lease = Lease::take(file.as_fd(), Excluding::Writers).unwrap();
        let opened = std::os::unix::fs::OpenOptionsExt::custom_flags(OpenOptions::new().append(true), libc::O_NONBLOCK)
            .open(&path);
        assert_eq!(opened.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        drop(lease);
        OpenOptions::new().append(true).open(&path).unwrap();
    }
}
