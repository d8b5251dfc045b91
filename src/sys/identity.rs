//! Acting as somebody else for the length of one closure: groups, gid, uid in; out again in reverse.
//!
//! Ids belong to the whole process: no worker thread may touch a file while they change.

use std::sync::OnceLock;

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getegid, geteuid, getgroups, getuid, setegid, seteuid, setgroups};

use crate::fault::{Denial, Op, SysError};
use crate::unix::{GroupId, Identity, UserId};

/// Who the process acts as, supplementary groups included.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ids {
    user: Uid,
    group: Gid,
    groups: Vec<Gid>,
}

/// Who started the run.
static STARTER: OnceLock<Ids> = OnceLock::new();

impl Ids {
    fn now() -> Self {
        Self {
            user: geteuid(),
            group: getegid(),
            groups: getgroups().unwrap_or_default(),
        }
    }

    /// An identity with the groups that its user is a member of.
    fn of(identity: Identity) -> Self {
        let (user, group) = (Uid::from_raw(identity.user.0), Gid::from_raw(identity.group.0));
        let name = nix::unistd::User::from_uid(user).ok().flatten().map(|user| user.name);
        let groups = name
            .and_then(|name| std::ffi::CString::new(name).ok())
            .and_then(|name| nix::unistd::getgrouplist(&name, group).ok())
            .unwrap_or_else(|| vec![group]);
        Self { user, group, groups }
    }

    fn identity(&self) -> Identity {
        Identity {
            user: UserId(self.user.as_raw()),
            group: GroupId(self.group.as_raw()),
        }
    }

    /// Makes the process act so. Only somebody whose real user is root can change who he is.
    fn enter(&self) -> Result<(), Errno> {
        if self.user == geteuid()
            && self.group == getegid()
            && (!getuid().is_root() || self.groups == Self::now().groups)
        {
            return Ok(());
        }
        if getuid().is_root() {
            seteuid(Uid::from_raw(0))?;
            setgroups(&self.groups)?;
        }
        setegid(self.group)?;
        seteuid(self.user)
    }
}

/// Another identity that is in force until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Acting {
    who: Identity,
    before: Ids,
}

impl Acting {
    /// Returns who the process acts as.
    #[must_use]
    pub fn who(&self) -> Identity {
        self.who
    }
}

/// Notes who started the run. Called once, before anything else here.
pub fn note_starter() {
    STARTER.get_or_init(Ids::now);
}

/// Does something as whoever started the run, also while another identity is in force.
///
/// # Errors
/// The identity could not be switched.
pub fn as_starter<T>(work: impl FnOnce() -> T) -> Result<T, SysError> {
    let starter = STARTER.get_or_init(Ids::now);
    if starter.user == geteuid() && starter.group == getegid() {
        return Ok(work());
    }
    let acting = become_ids(starter)?;
    let done = work();
    drop(acting);
    Ok(done)
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
/// The call that failed; who the process is has not changed then.
pub fn act_as(identity: Identity) -> Result<Acting, SysError> {
    become_ids(&Ids::of(identity))
}

fn become_ids(ids: &Ids) -> Result<Acting, SysError> {
    let acting = Acting {
        who: ids.identity(),
        before: Ids::now(),
    };
    ids.enter().map_err(|errno| SysError {
        denial: (!getuid().is_root()).then(|| Box::new(Denial::NotRoot)),
        ..SysError::new(Op::SwitchIdentity, format!("{}:{}", ids.user, ids.group), errno as i32)
    })?;
    Ok(acting)
}

impl Drop for Acting {
    fn drop(&mut self) {
        if self.before.enter().is_err() {
            // Going on with somebody else's rights, or with too many, could only do harm.
            std::process::abort();
        }
    }
}

/// Returns the ids of whoever started the run.
#[must_use]
pub fn starter() -> Identity {
    STARTER.get_or_init(Ids::now).identity()
}
