//! Files that are born nameless and narrow, and get their name only when they are whole.
//!
//! Where the file system has `O_TMPFILE` there is no name before the last step, and a killed run leaves nothing.
//! Elsewhere the file has a hidden temporary name that no log pattern and no archive's shape matches; it is locked while in
//! use, so that a later run can tell a left-over ([`clear_leftover`]) from another run's work.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use nix::sys::stat::Mode as NixMode;
use nix::unistd::UnlinkatFlags;

use super::dir::{Births, Dir, proc_path};
use super::{birth, context, flock};
use crate::fault::{Op, SysError};
use crate::unix::{GroupId, Mode, UserId};

/// How a temporary name begins.
pub(crate) const TEMPORARY_PREFIX: &str = ".logrotate-rs-";
/// How a temporary name ends: in the taboo list of configuration directories, too.
const TEMPORARY_SUFFIX: &str = ".swp";
/// Names tried before giving up on finding a free one.
const NAME_TRIES: u32 = 64;

/// A file that has no name yet (or only a temporary one); dropped without [`NewFile::place`] it is gone.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    dir: Arc<Dir>,
    temporary: Option<Temporary>,
}

impl NewFile {
    /// Makes a file as [`NewFile::in_dir`] does, with the security context of `model` from its birth.
    pub fn like(model: Option<&File>, dir: &Arc<Dir>, target: &OsStr) -> Result<Self, SysError> {
        context::born_like(model, || Self::in_dir(dir, target))
    }

    /// Makes a file that only its owner can read, in `dir`; `target` is named in errors.
    pub fn in_dir(dir: &Arc<Dir>, target: &OsStr) -> Result<Self, SysError> {
        match birth::nameless(dir) {
            Ok(file) => {
                dir.note_birth(&file);
                Ok(Self {
                    file,
                    dir: Arc::clone(dir),
                    temporary: None,
                })
            }
            Err(Errno::EOPNOTSUPP | Errno::EISDIR | Errno::ENOENT | Errno::EINVAL) => Self::named(dir, target),
            Err(errno) => Err(dir.error(Op::Create, target, errno)),
        }
    }

    fn named(dir: &Arc<Dir>, target: &OsStr) -> Result<Self, SysError> {
        for _ in 0..NAME_TRIES {
            let name = temporary_name();
            match birth::named(dir, &name, OFlag::O_RDWR) {
                Ok(file) => {
                    let file = lock_for_use(file);
                    let name = Some(name);
                    let dir = Arc::clone(dir);
                    let temporary = Some(Temporary {
                        dir: Arc::clone(&dir),
                        name,
                    });
                    return Ok(Self { file, dir, temporary });
                }
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(dir.error(Op::Create, target, errno)),
            }
        }
        Err(dir.error(Op::Create, target, Errno::EEXIST))
    }

    /// Returns the open file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name, never replacing anything: `EEXIST` where the name is taken, and it can be tried again.
    ///
    /// What was written must have been flushed before.
    pub fn place(&mut self, name: &OsStr) -> Result<(), SysError> {
        if let Some(temporary) = &mut self.temporary {
            return temporary.become_final(name);
        }
        // By way of `/proc`; where that is not mounted, by the descriptor, which older kernels allow to root only.
        let path = proc_path(self.file.as_fd());
        match nix::unistd::linkat(AT_FDCWD, &path, self.dir.as_fd(), name, AtFlags::AT_SYMLINK_FOLLOW) {
            Err(Errno::ENOENT) => {
                nix::unistd::linkat(self.file.as_fd(), "", self.dir.as_fd(), name, AtFlags::AT_EMPTY_PATH)
            }
            other => other,
        }
        .map_err(|errno| self.dir.error(Op::Place, name, errno))
    }

    /// Returns the open file alone; if it was not placed, it is gone when it is closed.
    #[must_use]
    pub fn into_file(self) -> File {
        self.file
    }
}

/// A temporary name, removed when this is dropped.
#[derive(Debug)]
struct Temporary {
    dir: Arc<Dir>,
    /// `None` when the file has its final name.
    name: Option<OsString>,
}

impl Temporary {
    fn become_final(&mut self, to: &OsStr) -> Result<(), SysError> {
        if let Some(name) = &self.name {
            self.dir.rename(name, &self.dir, to)?;
            self.name = None;
        }
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            // Nothing is lost when this fails: the next run clears it.
            let _ = nix::unistd::unlinkat(self.dir.as_fd(), name.as_os_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

/// The process's umask, asked for while there is one thread.
static UMASK: OnceLock<NixMode> = OnceLock::new();

/// Asks for the umask, which can be done by changing it only: to be called before any thread is started.
pub fn know_umask() {
    umask();
}

/// Returns the umask.
pub(super) fn umask() -> NixMode {
    *UMASK.get_or_init(|| {
        let mask = nix::sys::stat::umask(NixMode::from_bits_truncate(0o077));
        nix::sys::stat::umask(mask);
        mask
    })
}

/// Makes an empty file that is born as it is to be, under its name; answers `false`, and has made none, where that cannot be
/// done, or is not known yet because no [`NewFile`] was made in this directory.
pub fn born_whole(dir: &Dir, name: &OsStr, mode: Mode, user: UserId, group: GroupId) -> bool {
    let expected = Births {
        user,
        group,
        inherits: false,
    };
    let plain_bits = UMASK.get().is_some_and(|mask| mode.0 & (mask.bits() | !0o777) == 0);
    if dir.births() != Some(expected) || !plain_bits || !nix::unistd::geteuid().as_raw().eq(&user.0) {
        return false;
    }
    birth::whole(dir, name, OFlag::O_WRONLY, NixMode::from_bits_truncate(mode.0)).is_ok()
}

/// Locks the file for as long as it is open; where locks do not work it is used unlocked.
fn lock_for_use(file: File) -> File {
    let _ = flock::try_lock(&file);
    file
}

fn temporary_name() -> OsString {
    static SEQUENCE: AtomicU64 = AtomicU64::new(0);
    let number = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    format!("{TEMPORARY_PREFIX}{}-{number}{TEMPORARY_SUFFIX}", std::process::id()).into()
}

/// Gives an open file a temporary name and holds it: if the run dies now, the next one clears it.
///
/// # Errors
/// The file keeps its name.
pub fn set_aside(dir: &Dir, name: &OsStr, file: &File) -> Result<OsString, SysError> {
    let _ = flock::try_lock(file);
    let mut tries = 0;
    loop {
        let temporary = temporary_name();
        tries += 1;
        match dir.rename(name, dir, &temporary) {
            Ok(()) => return Ok(temporary),
            Err(error) if error.errno == Errno::EEXIST as i32 && tries < NAME_TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

/// Answers whether a name has the shape of our temporary names.
#[must_use]
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(TEMPORARY_PREFIX.as_bytes()) && name.ends_with(TEMPORARY_SUFFIX.as_bytes())
}

/// Removes a temporary file that a dead run left; one that a living run holds stays. Answers whether it went.
pub fn clear_leftover(dir: &Dir, name: &OsStr) -> bool {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let Ok(fd) = nix::fcntl::openat(dir.as_fd(), name, flags, NixMode::empty()) else {
        return false;
    };
    let file = File::from(fd);
    flock::try_lock(&file).is_ok() && dir.unlink(name).is_ok()
}
