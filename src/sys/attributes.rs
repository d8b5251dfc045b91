//! Owner, mode, ACL and times of an open file: asked and set through the descriptor. Security contexts are in `context`.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::stat::Mode as NixMode;
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid};
use xattr::FileExt;

use super::acl::{ACL, acl_of, errno_of, is_absent};
use crate::facts::{FileFacts, FileTime};
use crate::fault::{Op, SysError};
use crate::unix::{GroupId, Mode, UserId};

fn fail(op: Op, path: &Path, errno: Errno) -> SysError {
    SysError::new(op, path, errno as i32)
}

/// Sets owner and group, if the process may do that at all; someone who is not root keeps his own.
///
/// # Errors
/// As root, any failure.
pub fn set_owner(file: &File, path: &Path, user: UserId, group: GroupId) -> Result<(), SysError> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    let now = super::dir::facts_of_open(file, path)?;
    if now.user == user && now.group == group {
        return Ok(());
    }
    nix::unistd::fchown(file, Some(Uid::from_raw(user.0)), Some(Gid::from_raw(group.0)))
        .map_err(|errno| fail(Op::SetOwner, path, errno))
}

/// Sets permission bits, exactly, whatever the umask.
pub fn set_mode(file: &File, path: &Path, mode: Mode) -> Result<(), SysError> {
    nix::sys::stat::fchmod(file, NixMode::from_bits_truncate(mode.0)).map_err(|errno| fail(Op::SetMode, path, errno))
}

/// Sets the times of last access and change.
pub fn set_times(file: &File, path: &Path, accessed: FileTime, modified: FileTime) -> Result<(), SysError> {
    let spec = |time: FileTime| TimeSpec::new(time.seconds, time.nanoseconds);
    nix::sys::stat::futimens(file, &spec(accessed), &spec(modified)).map_err(|errno| fail(Op::SetTimes, path, errno))
}

/// Copies the permission bits (without set-id and sticky bits) and the ACL of one open file to another.
pub fn copy_permissions(from: &File, facts: &FileFacts, to: &File, path: &Path) -> Result<(), SysError> {
    match acl_of(from, path)? {
        // The bits come along: user, mask and others are part of the list.
        Some(list) => match to.set_xattr(ACL, &list) {
            Ok(()) => Ok(()),
            Err(error) if is_absent(&error) => set_mode(to, path, Mode(facts.mode.0 & 0o777)),
            Err(error) => Err(fail(Op::SetAttribute, path, errno_of(&error))),
        },
        None => set_mode(to, path, Mode(facts.mode.0 & 0o777)),
    }
}
