//! Names of users and groups, for messages.

use nix::unistd::{Gid, Group, Uid, User};

/// Returns a user's name.
#[must_use]
pub fn user_name(id: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(id)).ok().flatten().map(|user| user.name)
}

/// Returns a group's name.
#[must_use]
pub fn group_name(id: u32) -> Option<String> {
    Group::from_gid(Gid::from_raw(id))
        .ok()
        .flatten()
        .map(|group| group.name)
}
