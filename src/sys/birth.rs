//! The one way in which files and directories come into being.
//!
//! Whoever owns a directory can give it a default ACL: what is made there inherits it, and a later chmod opens what it grants. So
//! a newcomer is narrow, which leaves nobody else any right, and loses what it inherited before anything else happens to it.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode as NixMode, fchmod, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::acl::{ACL, DEFAULT_ACL, disinherit};
use super::dir::Dir;
use crate::fault::{Op, SysError};

/// What makes a file that has no name.
const NAMELESS: OFlag = OFlag::O_TMPFILE;
/// What makes a file under a name, and never opens one that is there.
const NAMED: OFlag = OFlag::O_CREAT.union(OFlag::O_EXCL).union(OFlag::O_NOFOLLOW);

/// Makes a file without a name that only its owner can read and write.
pub(super) fn nameless(dir: &Dir) -> Result<File, Errno> {
    let file = File::from(openat(dir, ".", NAMELESS | OFlag::O_RDWR | OFlag::O_CLOEXEC, narrow())?);
    bare(&file)?;
    Ok(file)
}

/// Makes a file that only its owner can read and write, under a name that is free; `how` is what it is opened for.
pub(super) fn named(dir: &Dir, name: &OsStr, how: OFlag) -> Result<File, Errno> {
    let file = whole(dir, name, how, narrow())?;
    if let Err(errno) = bare(&file) {
        // It is empty, and there can be another one then.
        let _ = unlinkat(dir, name, UnlinkatFlags::NoRemoveDir);
        return Err(errno);
    }
    Ok(file)
}

/// Makes a file with its final mode, under a name that is free. Only for a directory in which nothing is inherited, and nobody but
/// root and the one acting can change that: elsewhere somebody could have it open before what he inherited is gone.
pub(super) fn whole(dir: &Dir, name: &OsStr, how: OFlag, mode: NixMode) -> Result<File, Errno> {
    openat(dir, name, NAMED | OFlag::O_CLOEXEC | how, mode).map(File::from)
}

fn narrow() -> NixMode {
    NixMode::S_IRUSR | NixMode::S_IWUSR
}

/// Takes away what a file inherited. Its bits were bounded by that, too.
fn bare(file: &File) -> Result<(), Errno> {
    if disinherit(file, ACL)? {
        fchmod(file, narrow())?;
    }
    Ok(())
}

/// Makes a directory for its owner alone, and holds it; `None` where something has the name.
///
/// # Errors
/// It could not be made; or, `ESTALE`, whoever owns the parent has put another in its place.
pub(super) fn directory(parent: &Dir, name: &OsStr) -> Result<Option<File>, SysError> {
    match mkdirat(parent.as_fd(), name, NixMode::S_IRWXU) {
        Ok(()) => {}
        Err(Errno::EEXIST) => return Ok(None),
        Err(errno) => return Err(parent.error(Op::MakeDirectory, name, errno)),
    }
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let made = openat(parent, name, flags, NixMode::empty())
        .map(File::from)
        .map_err(|errno| parent.error(Op::OpenDirectory, name, errno))?;
    if !is_fresh(&made) {
        return Err(parent.error(Op::MakeDirectory, name, Errno::ESTALE));
    }
    for list in [ACL, DEFAULT_ACL] {
        disinherit(&made, list).map_err(|errno| parent.error(Op::SetAttribute, name, errno))?;
    }
    Ok(Some(made))
}

/// Tells whether a directory looks as one does that was just made: ours, for nobody else, and empty.
fn is_fresh(dir: &impl AsFd) -> bool {
    let Ok(stat) = nix::sys::stat::fstat(dir) else {
        return false;
    };
    let is_narrow = stat.st_mode & 0o777 & !NixMode::S_IRWXU.bits() == 0;
    let Ok(mut listing) = nix::dir::Dir::openat(dir, ".", OFlag::O_RDONLY | OFlag::O_CLOEXEC, NixMode::empty()) else {
        return false;
    };
    let is_empty = listing
        .iter()
        .all(|entry| entry.is_ok_and(|entry| matches!(entry.file_name().to_bytes(), b"." | b"..")));
    stat.st_uid == nix::unistd::geteuid().as_raw() && is_narrow && is_empty
}
