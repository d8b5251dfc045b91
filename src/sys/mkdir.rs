//! Directories that are made: mode exact, whatever the umask, and owner, through the descriptor.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode as NixMode;
use nix::unistd::{Gid, Uid};

use super::dir::Dir;
use crate::fault::{Op, SysError};
use crate::unix::{GroupId, Mode, UserId};

/// Makes the directories that lead to a file, for their owner alone. What cannot be made is missed when the file is opened.
pub fn make_own_parents(path: &Path) {
    let Some(parent) = path.parent() else { return };
    let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent);
}

/// Makes a directory in a held one; one that is there already stays as it is.
///
/// # Errors
/// It could not be made, or its owner or mode could not be set.
pub fn make(
    parent: &Dir,
    name: &OsStr,
    mode: Mode,
    user: Option<UserId>,
    group: Option<GroupId>,
) -> Result<(), SysError> {
    match nix::sys::stat::mkdirat(parent.as_fd(), name, NixMode::S_IRWXU) {
        Ok(()) => {}
        Err(Errno::EEXIST) => return Ok(()),
        Err(errno) => return Err(parent.error(Op::MakeDirectory, name, errno)),
    }
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let made = nix::fcntl::openat(parent.as_fd(), name, flags, NixMode::empty())
        .map_err(|errno| parent.error(Op::OpenDirectory, name, errno))?;
    if !is_fresh(&made) {
        // Whoever owns the parent has put another directory there: its owner and mode are not ours to set.
        return Err(parent.error(Op::MakeDirectory, name, Errno::ESTALE));
    }
    if user.is_some() || group.is_some() {
        let (user, group) = (user.map(|id| Uid::from_raw(id.0)), group.map(|id| Gid::from_raw(id.0)));
        nix::unistd::fchown(&made, user, group).map_err(|errno| parent.error(Op::SetOwner, name, errno))?;
    }
    nix::sys::stat::fchmod(&made, NixMode::from_bits_truncate(mode.0))
        .map_err(|errno| parent.error(Op::SetMode, name, errno))
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
