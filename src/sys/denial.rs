//! What is behind a "permission denied": looked for right after the kernel said it, while the same user acts.
//!
//! What was not seen is not guessed: a security module, say, leaves no trace here.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::libc;
use nix::sys::stat::fstatat;
use nix::unistd::{AccessFlags, faccessat, geteuid, getuid};

use super::dir::Dir;
use crate::fault::{Acting, Attribute, Denial, Op};

/// The directory itself, as seen from itself.
pub(super) const ITSELF: &str = ".";

/// Finds out why something could not be done with an entry of a directory.
pub(super) fn of_entry(dir: &Dir, name: &OsStr, op: Op, errno: Errno) -> Option<Denial> {
    let attribute = |errno| {
        let attribute = attribute_of(dir, name, errno)?;
        let at = dir.path_of(name);
        Some(Denial::Attribute { at, attribute })
    };
    match op {
        Op::Create | Op::MakeDirectory | Op::Place | Op::Rename | Op::Remove => attribute(errno)
            .or_else(|| of_directory(dir, op, errno))
            .or_else(|| of_sticky(dir, name, errno)),
        Op::Open | Op::OpenForCompression | Op::OpenForMail => attribute(errno).or_else(|| {
            let wanted = [AccessFlags::R_OK, AccessFlags::W_OK];
            let rights = wanted
                .into_iter()
                .find_map(|wanted| of_rights(dir, name, dir.path_of(name), wanted, errno));
            rights.or_else(|| of_way(dir, path_of(dir), errno))
        }),
        Op::Stat => of_way(dir, path_of(dir), errno),
        _ => attribute(errno),
    }
}

/// Finds out why a directory could not be read, or names not be made in it, changed or removed.
pub(super) fn of_directory(dir: &Dir, op: Op, errno: Errno) -> Option<Denial> {
    let itself = OsStr::new(ITSELF);
    let at = path_of(dir);
    if let Some(attribute) = attribute_of(dir, itself, errno) {
        return Some(Denial::Attribute { at, attribute });
    }
    let wanted = match op {
        Op::List | Op::Flush => AccessFlags::R_OK,
        _ => AccessFlags::W_OK | AccessFlags::X_OK,
    };
    of_rights(dir, itself, at, wanted, errno)
}

/// Returns the directory's path without a slash at its end, which a relative way leaves there.
fn path_of(dir: &Dir) -> PathBuf {
    dir.path().components().collect()
}

/// Finds out why there is no way through a directory.
pub(super) fn of_way(dir: &impl AsFd, at: PathBuf, errno: Errno) -> Option<Denial> {
    of_rights(dir, OsStr::new(ITSELF), at, AccessFlags::X_OK, errno)
}

fn of_rights(dir: &impl AsFd, name: &OsStr, at: PathBuf, wanted: AccessFlags, errno: Errno) -> Option<Denial> {
    let is_refused = errno == Errno::EACCES && faccessat(dir, name, wanted, AtFlags::AT_EACCESS) == Err(Errno::EACCES);
    if !is_refused {
        return None;
    }
    let stat = fstatat(dir, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
    Some(Denial::Rights {
        at,
        owner: stat.st_uid,
        mode: stat.st_mode & 0o7777,
        acting: acting(),
    })
}

fn of_sticky(dir: &Dir, name: &OsStr, errno: Errno) -> Option<Denial> {
    let facts = dir.facts().ok()?;
    let owner = dir.look(name).ok()??.user.0;
    let acting = acting();
    let is_sticky = facts.mode.0 & libc::S_ISVTX != 0;
    let is_strangers = ![owner, facts.user.0].contains(&acting.user);
    (errno == Errno::EPERM && is_sticky && is_strangers).then(|| Denial::Sticky {
        at: dir.path_of(name),
        owner,
        acting,
    })
}

fn acting() -> Acting {
    Acting {
        user: geteuid().as_raw(),
        started_by_root: getuid().is_root(),
    }
}

/// Returns the attribute of a file that can be behind the error.
fn attribute_of(dir: &Dir, name: &OsStr, errno: Errno) -> Option<Attribute> {
    if errno != Errno::EPERM {
        return None;
    }
    attribute(dir, name)
}

/// Returns the attribute of a file, not of what a link leads to, that keeps it from being renamed and removed.
pub(super) fn attribute(dir: &Dir, name: &OsStr) -> Option<Attribute> {
    let attributes = attributes_of(dir, &CString::new(name.as_bytes()).ok()?)?;
    let has = |bit: libc::c_int| attributes & u64::from(bit.unsigned_abs()) != 0;
    if has(libc::STATX_ATTR_IMMUTABLE) {
        Some(Attribute::Immutable)
    } else {
        has(libc::STATX_ATTR_APPEND).then_some(Attribute::AppendOnly)
    }
}

/// Asks for the attributes of a file; none are set that the file system does not know.
fn attributes_of(dir: &Dir, name: &CString) -> Option<u64> {
    let mut found = std::mem::MaybeUninit::<libc::statx>::zeroed();
    let flags = libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT;
    #[expect(unsafe_code, reason = "nix has no statx")]
    // SAFETY: the name ends in a NUL, and there is room for the answer; all its bits zero is a value of it.
    let (answer, found) = unsafe {
        let answer = libc::statx(dir.as_fd().as_raw_fd(), name.as_ptr(), flags, 0, found.as_mut_ptr());
        (answer, found.assume_init())
    };
    (answer == 0).then_some(found.stx_attributes & found.stx_attributes_mask)
}
