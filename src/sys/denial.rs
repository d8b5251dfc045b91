//! What is behind a "permission denied": looked for right after the kernel said it, while the same user acts.
//!
//! What was not seen is not guessed: a security module, say, leaves no trace here.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::libc;
use nix::sys::stat::{fstat, fstatat};
use nix::unistd::{AccessFlags, faccessat, geteuid, getuid};

use crate::fault::{Acting, Attribute, Denial, Op};

/// The directory itself, as seen from itself.
pub(super) const ITSELF: &str = ".";

/// A call in a directory that was refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused<'a> {
    pub(super) dir: BorrowedFd<'a>,
    /// Its path, for messages.
    pub(super) path: &'a Path,
    pub(super) op: Op,
    pub(super) errno: Errno,
}

impl Refused<'_> {
    /// Finds out why something could not be done with an entry, which messages call `at`.
    pub(super) fn of_entry(&self, name: &OsStr, at: PathBuf) -> Option<Denial> {
        match self.op {
            Op::Create | Op::MakeDirectory | Op::Place | Op::Rename | Op::Remove => self
                .attribute(name, &at)
                .or_else(|| self.of_directory())
                .or_else(|| self.sticky(name, at)),
            Op::Open | Op::OpenForCompression | Op::OpenForMail => self.attribute(name, &at).or_else(|| {
                let wanted = [AccessFlags::R_OK, AccessFlags::W_OK];
                let rights = wanted
                    .into_iter()
                    .find_map(|wanted| self.rights(name, at.clone(), wanted));
                rights.or_else(|| self.of_way())
            }),
            Op::Stat => self.of_way(),
            _ => self.attribute(name, &at),
        }
    }

    /// Finds out why the directory could not be read, or names not be made in it, changed or removed.
    pub(super) fn of_directory(&self) -> Option<Denial> {
        let itself = OsStr::new(ITSELF);
        let wanted = match self.op {
            Op::List | Op::Flush => AccessFlags::R_OK,
            _ => AccessFlags::W_OK | AccessFlags::X_OK,
        };
        self.attribute(itself, &self.tidy_path())
            .or_else(|| self.rights(itself, self.tidy_path(), wanted))
    }

    /// Finds out why there is no way through the directory.
    pub(super) fn of_way(&self) -> Option<Denial> {
        self.rights(OsStr::new(ITSELF), self.tidy_path(), AccessFlags::X_OK)
    }

    /// Returns the directory's path without a slash at its end, which a relative way leaves there.
    fn tidy_path(&self) -> PathBuf {
        self.path.components().collect()
    }

    fn attribute(&self, name: &OsStr, at: &Path) -> Option<Denial> {
        let attribute = attribute_of(self.dir, name, self.errno)?;
        let at = at.to_owned();
        Some(Denial::Attribute { at, attribute })
    }

    fn rights(&self, name: &OsStr, at: PathBuf, wanted: AccessFlags) -> Option<Denial> {
        let is_refused =
            self.errno == Errno::EACCES && faccessat(self.dir, name, wanted, AtFlags::AT_EACCESS) == Err(Errno::EACCES);
        if !is_refused {
            return None;
        }
        let stat = fstatat(self.dir, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
        Some(Denial::Rights {
            at,
            owner: stat.st_uid,
            mode: stat.st_mode & 0o7777,
            acting: acting(),
        })
    }

    fn sticky(&self, name: &OsStr, at: PathBuf) -> Option<Denial> {
        let directory = fstat(self.dir).ok()?;
        let owner = fstatat(self.dir, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?.st_uid;
        let acting = acting();
        let is_sticky = directory.st_mode & libc::S_ISVTX != 0;
        let is_strangers = ![owner, directory.st_uid].contains(&acting.user);
        (self.errno == Errno::EPERM && is_sticky && is_strangers).then_some(Denial::Sticky { at, owner, acting })
    }
}

fn acting() -> Acting {
    Acting {
        user: geteuid().as_raw(),
        started_by_root: getuid().is_root(),
    }
}

/// Returns the attribute of a file that can be behind the error.
fn attribute_of(dir: BorrowedFd<'_>, name: &OsStr, errno: Errno) -> Option<Attribute> {
    if errno != Errno::EPERM {
        return None;
    }
    attribute(dir, name)
}

/// Returns the attribute of a file, not of what a link leads to, that keeps it from being renamed and removed.
pub(super) fn attribute(dir: BorrowedFd<'_>, name: &OsStr) -> Option<Attribute> {
    let attributes = attributes_of(dir, &CString::new(name.as_bytes()).ok()?)?;
    let has = |bit: libc::c_int| attributes & u64::from(bit.unsigned_abs()) != 0;
    if has(libc::STATX_ATTR_IMMUTABLE) {
        Some(Attribute::Immutable)
    } else {
        has(libc::STATX_ATTR_APPEND).then_some(Attribute::AppendOnly)
    }
}

/// Asks for the attributes of a file; none are set that the file system does not know.
fn attributes_of(dir: BorrowedFd<'_>, name: &CString) -> Option<u64> {
    let mut found = std::mem::MaybeUninit::<libc::statx>::zeroed();
    let flags = libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT;
    #[expect(unsafe_code, reason = "nix has no statx")]
    // SAFETY: the name ends in a NUL, and there is room for the answer; all its bits zero is a value of it.
    let (answer, found) = unsafe {
        let answer = libc::statx(dir.as_raw_fd(), name.as_ptr(), flags, 0, found.as_mut_ptr());
        (answer, found.assume_init())
    };
    (answer == 0).then_some(found.stx_attributes & found.stx_attributes_mask)
}
