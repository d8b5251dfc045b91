//! Acting as somebody else for the length of one closure: groups, gid, uid in; out again in reverse.
//!
//! Ids belong to the whole process: no worker thread may run when they change.

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getegid, geteuid, getgroups, setegid, seteuid, setgroups};

use crate::fault::{Op, SysError};
use crate::unix::{GroupId, Identity, UserId};

/// Another identity that is in force until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Acting {
    user: Uid,
    group: Gid,
    groups: Option<Vec<Gid>>,
}

/// Returns the effective ids of the process.
#[must_use]
pub fn current() -> Identity {
    Identity {
        user: UserId(geteuid().as_raw()),
        group: GroupId(getegid().as_raw()),
    }
}

/// Answers whether the process acts as root.
#[must_use]
pub fn is_root() -> bool {
    geteuid().is_root()
}

/// Takes on an identity, its supplementary groups included.
///
/// # Errors
/// The call that failed; what had been changed is changed back.
pub fn act_as(identity: Identity) -> Result<Acting, SysError> {
    let fail = |errno: Errno| SysError {
        op: Op::SwitchIdentity,
        path: format!("{}:{}", identity.user.0, identity.group.0).into(),
        other: None,
        errno: errno as i32,
    };
    let mut acting = Acting {
        user: geteuid(),
        group: getegid(),
        groups: None,
    };
    if current() == identity && !is_root() {
        return Ok(acting);
    }
    let group = Gid::from_raw(identity.group.0);
    if is_root() {
        let before = getgroups().map_err(fail)?;
        setgroups(&groups_of(identity)).map_err(fail)?;
        acting.groups = Some(before);
    }
    setegid(group).map_err(fail)?;
    seteuid(Uid::from_raw(identity.user.0)).map_err(fail)?;
    Ok(acting)
}

/// The groups that the user is a member of, and the one asked for.
fn groups_of(identity: Identity) -> Vec<Gid> {
    let group = Gid::from_raw(identity.group.0);
    let name = nix::unistd::User::from_uid(Uid::from_raw(identity.user.0))
        .ok()
        .flatten()
        .map(|user| user.name);
    name.and_then(|name| std::ffi::CString::new(name).ok())
        .and_then(|name| nix::unistd::getgrouplist(&name, group).ok())
        .unwrap_or_else(|| vec![group])
}

impl Drop for Acting {
    fn drop(&mut self) {
        let back = || -> Result<(), Errno> {
            seteuid(self.user)?;
            setegid(self.group)?;
            match &self.groups {
                Some(groups) => setgroups(groups),
                None => Ok(()),
            }
        };
        if back().is_err() {
            // Going on with somebody else's rights, or with too many, could only do harm.
            std::process::abort();
        }
    }
}
