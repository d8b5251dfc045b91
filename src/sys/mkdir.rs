//! Directories that are made: mode exact, whatever the umask, and owner, through the descriptor.

use std::ffi::OsStr;
use std::path::Path;

use nix::sys::stat::Mode as NixMode;
use nix::unistd::{Gid, Uid};

use super::dir::Dir;
use super::{birth, lock};
use crate::fault::{Op, SysError};
use crate::unix::{GroupId, Mode, UserId};

/// Makes the directories that lead to a file, for their owner alone. What cannot be made is missed when the file is opened.
pub fn make_own_parents(path: &Path) {
    let parents: Vec<&Path> = path.ancestors().skip(1).collect();
    for parent in parents.into_iter().rev() {
        if let Ok((dir, name)) = lock::directory_of(parent) {
            let _made = birth::directory(&dir, &name);
        }
    }
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
    let Some(made) = birth::directory(parent, name)? else {
        return Ok(());
    };
    if user.is_some() || group.is_some() {
        let (user, group) = (user.map(|id| Uid::from_raw(id.0)), group.map(|id| Gid::from_raw(id.0)));
        nix::unistd::fchown(&made, user, group).map_err(|errno| parent.error(Op::SetOwner, name, errno))?;
    }
    nix::sys::stat::fchmod(&made, NixMode::from_bits_truncate(mode.0))
        .map_err(|errno| parent.error(Op::SetMode, name, errno))
}
