//! The state file as the kernel has it: opened or made, read, and locked so that the lock holds at its path.
//!
//! The lock is `flock(LOCK_EX)` on the file itself, as the reference's.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::Mode as NixMode;

use super::create::umask;
use super::dir::{Dir, facts_of, facts_of_open};
use super::{birth, flock};
use crate::facts::FileFacts;
use crate::fault::{Op, SysError};
use crate::unix::split_path;

/// The mode of a state file that is made, before the umask.
const NEW_MODE: u32 = 0o640;

/// How often a file that comes and goes is tried again.
const TRIES: u32 = 16;

/// How much is copied at once.
const BLOCK: usize = 256 * 1024;

/// How long a limited wait sleeps between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// An open state file; a lock on it lasts as long as this value.
#[derive(Debug)]
pub struct StateFile {
    held: LockFile,
    path: PathBuf,
}

#[derive(Debug)]
enum LockFile {
    Locked(LockedFile),
    Open(File),
}

/// How the attempt to lock ended.
#[derive(Debug)]
pub enum Locking {
    /// The lock is ours.
    Locked(StateFile),
    /// Somebody else has it.
    Busy(StateFile),
    /// A signal ended the wait.
    Interrupted,
}

/// Opens the directory that a file lies in; returns it with the file's name.
pub fn directory_of(path: &Path) -> Result<(Dir, OsString), SysError> {
    let fail = |errno: Errno| error(Op::Open, path, errno);
    let (directory, name) = split_path(path).ok_or_else(|| fail(Errno::EISDIR))?;
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let fd = nix::fcntl::open(directory, flags, NixMode::empty()).map_err(fail)?;
    Ok((Dir::from_fd(fd, directory.to_owned()), name.to_owned()))
}

impl StateFile {
    /// Opens the file for reading and writing, making an empty one where there is none.
    pub fn open_or_create(dir: &Dir, name: &OsStr, path: &Path) -> Result<Self, SysError> {
        for _ in 0..TRIES {
            match open(dir, name, OFlag::O_RDWR) {
                Ok(file) => return Ok(Self::new(file, path)),
                Err(Errno::ENOENT) => {}
                Err(errno) => return Err(error(Op::Open, path, errno)),
            }
            match make(dir, name) {
                Ok(file) => return Ok(Self::new(file, path)),
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(error(Op::Create, path, errno)),
            }
        }
        // A link that leads nowhere.
        Err(error(Op::Create, path, Errno::EEXIST))
    }

    /// Opens the file for reading alone; `None` where there is none.
    pub fn open_existing(dir: &Dir, name: &OsStr, path: &Path) -> Result<Option<Self>, SysError> {
        match open(dir, name, OFlag::O_RDONLY) {
            Ok(file) => Ok(Some(Self::new(file, path))),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(error(Op::Open, path, errno)),
        }
    }

    /// Observes the file.
    pub fn facts(&self) -> Result<FileFacts, SysError> {
        facts_of_open(self.file(), &self.path)
    }

    /// Answers whether this file is still the one that its name leads to.
    #[must_use]
    pub fn is_at(&self, dir: &Dir, name: &OsStr) -> bool {
        let named = nix::sys::stat::fstatat(dir, name, AtFlags::empty()).map(|stat| facts_of(&stat).id);
        self.facts().is_ok_and(|facts| named == Ok(facts.id))
    }

    /// Reads from a place in the file; 0 bytes at its end.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, SysError> {
        loop {
            match self.file().read_at(buffer, offset) {
                Err(failed) if failed.kind() == std::io::ErrorKind::Interrupted => {}
                Err(failed) => return Err(error(Op::Read, &self.path, errno_of(&failed))),
                Ok(count) => return Ok(count),
            }
        }
    }

    /// Locks the file if nobody has locked it.
    pub fn try_lock(self) -> Result<Locking, SysError> {
        self.lock(false)
    }

    /// Waits until the lock can be had; with a limit, no longer than that.
    pub fn wait_lock(self, limit: Option<Duration>) -> Result<Locking, SysError> {
        let Some(limit) = limit else {
            return self.lock(true);
        };
        let began = Instant::now();
        let mut state = self;
        loop {
            state = match state.try_lock()? {
                Locking::Busy(state) if began.elapsed() < limit => state,
                other => return Ok(other),
            };
            std::thread::sleep(LOOK_AGAIN);
            if super::signals::caught().is_some() {
                return Ok(Locking::Interrupted);
            }
        }
    }

    /// Writes another file's content over this one's, and gets it to the disk.
    pub(super) fn overwrite(&self, from: &File) -> Result<(), SysError> {
        let fail = |op| move |failed: std::io::Error| error(op, &self.path, errno_of(&failed));
        let mut buffer = vec![0; BLOCK];
        let mut at = 0;
        loop {
            let count = match from.read_at(&mut buffer, at) {
                Err(failed) if failed.kind() == std::io::ErrorKind::Interrupted => continue,
                other => other.map_err(fail(Op::Read))?,
            };
            if count == 0 {
                break;
            }
            self.file()
                .write_all_at(&buffer[..count], at)
                .map_err(fail(Op::Write))?;
            at += count as u64;
        }
        self.file().set_len(at).map_err(fail(Op::Truncate))?;
        self.file().sync_all().map_err(fail(Op::Flush))
    }

    pub(super) fn new(file: File, path: &Path) -> Self {
        Self {
            held: LockFile::Open(file),
            path: path.to_owned(),
        }
    }

    pub(super) fn file(&self) -> &File {
        match &self.held {
            LockFile::Locked(file) => &file.0,
            LockFile::Open(file) => file,
        }
    }

    /// Locks the file, where `wait` says so only when it can be had.
    fn lock(self, wait: bool) -> Result<Locking, SysError> {
        let file = match self.held {
            LockFile::Locked(_) => return Ok(Locking::Locked(self)),
            LockFile::Open(file) => file,
        };
        let path = self.path;
        let locked = if wait {
            flock::lock(&file)
        } else {
            flock::try_lock(&file)
        };
        match locked {
            Ok(()) => {
                let held = LockFile::Locked(LockedFile(file));
                Ok(Locking::Locked(Self { held, path }))
            }
            Err(Errno::EWOULDBLOCK) => {
                let held = LockFile::Open(file);
                Ok(Locking::Busy(Self { held, path }))
            }
            Err(Errno::EINTR) => Ok(Locking::Interrupted),
            Err(failed) => Err(error(Op::Open, &path, failed)),
        }
    }
}

/// A file that is locked for as long as this lives.
#[derive(Debug)]
struct LockedFile(File);

impl Drop for LockedFile {
    fn drop(&mut self) {
        // A child that was just forked may have the file open still; where unlocking fails, closing does it.
        let _ = flock::unlock(&self.0);
    }
}

/// A FIFO must not hang us; a link is followed, as in the reference.
fn open(dir: &Dir, name: &OsStr, how: OFlag) -> Result<File, Errno> {
    let flags = how | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    nix::fcntl::openat(dir, name, flags, NixMode::empty()).map(File::from)
}

/// Makes the file; a link in its place is not followed.
fn make(dir: &Dir, name: &OsStr) -> Result<File, Errno> {
    let file = birth::named(dir, name, OFlag::O_RDWR)?;
    nix::sys::stat::fchmod(&file, NixMode::from_bits_truncate(NEW_MODE) & !umask())?;
    Ok(file)
}

pub(super) fn error(op: Op, path: &Path, errno: Errno) -> SysError {
    SysError::new(op, path, errno as i32)
}

pub(super) fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}
