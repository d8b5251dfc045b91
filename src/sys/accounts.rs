//! Users and groups by name, each looked up once a run; home directories.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use hashbrown::HashMap;
use nix::unistd::{Gid, Group, Uid, User};

use crate::unix::{GroupId, UserId};

/// The users and groups asked for so far.
#[derive(Debug, Default)]
pub struct KnownAccounts {
    users: HashMap<Vec<u8>, Option<UserId>>,
    groups: HashMap<Vec<u8>, Option<GroupId>>,
}

impl KnownAccounts {
    /// Answers the id of a user by name, by a number that some user has, or by `:` and any number.
    pub fn user(&mut self, word: &[u8]) -> Option<UserId> {
        if let Some(known) = self.users.get(word) {
            return *known;
        }
        let found = forced(word).or_else(|| find_user(word)).map(UserId);
        self.users.insert(word.to_vec(), found);
        found
    }

    /// Answers the id of a group by name, by a number that some group has, or by `:` and any number.
    pub fn group(&mut self, word: &[u8]) -> Option<GroupId> {
        if let Some(known) = self.groups.get(word) {
            return *known;
        }
        let found = forced(word).or_else(|| find_group(word)).map(GroupId);
        self.groups.insert(word.to_vec(), found);
        found
    }
}

fn find_user(word: &[u8]) -> Option<u32> {
    let name = std::str::from_utf8(word).ok()?;
    if let Ok(Some(user)) = User::from_name(name) {
        return Some(user.uid.as_raw());
    }
    let id = number(word)?;
    User::from_uid(Uid::from_raw(id))
        .ok()
        .flatten()
        .map(|user| user.uid.as_raw())
}

fn find_group(word: &[u8]) -> Option<u32> {
    let name = std::str::from_utf8(word).ok()?;
    if let Ok(Some(group)) = Group::from_name(name) {
        return Some(group.gid.as_raw());
    }
    let id = number(word)?;
    Group::from_gid(Gid::from_raw(id))
        .ok()
        .flatten()
        .map(|group| group.gid.as_raw())
}

/// Tells whether a word can be a user or group on some machine: it is a name, or a number within the range of ids.
#[must_use]
pub fn may_exist(word: &[u8]) -> bool {
    let is_number = word.iter().all(u8::is_ascii_digit);
    match word.strip_prefix(b":") {
        Some(id) => number(id).is_some(),
        None if is_number => number(word).is_some(),
        None => !word.contains(&b':'),
    }
}

/// Reads `:N`. The highest number means "unchanged" to the system and is no id.
fn forced(word: &[u8]) -> Option<u32> {
    word.strip_prefix(b":").and_then(number)
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits)
        .ok()?
        .parse()
        .ok()
        .filter(|id| *id != u32::MAX)
}

/// Returns the home directory of the one who runs this, from `HOME` or the user's entry.
#[must_use]
pub fn own_home() -> Option<Vec<u8>> {
    if let Some(home) = std::env::var_os("HOME").filter(|home| !home.is_empty()) {
        return Some(home.into_vec());
    }
    let user = User::from_uid(Uid::effective()).ok().flatten()?;
    Some(user.dir.into_os_string().into_vec())
}

/// Returns the home directory of a user.
#[must_use]
pub fn home_of(name: &[u8]) -> Option<Vec<u8>> {
    let user = User::from_name(OsStr::from_bytes(name).to_str()?).ok().flatten()?;
    Some(user.dir.into_os_string().into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_name_by_number_and_by_force() {
        let mut accounts = KnownAccounts::default();
        assert_eq!(accounts.user(b"root"), Some(UserId(0)));
        assert_eq!(accounts.user(b"0"), Some(UserId(0)));
        assert_eq!(accounts.user(b":3999999"), Some(UserId(3_999_999)));
        assert_eq!(accounts.group(b"root"), Some(GroupId(0)));
        for word in [
            "no-such-account",
            "3999999",
            "root.root",
            ":x",
            ":",
            "",
            ":4294967295",
            "-0",
        ] {
            assert_eq!(accounts.user(word.as_bytes()), None, "{word}");
            assert_eq!(accounts.group(word.as_bytes()), None, "{word}");
        }
    }
}
