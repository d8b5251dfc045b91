//! Small Unix words with a type of their own: ids, modes, names of one component.
//!
//! Nothing here touches the system.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A path with more links than this is taken for a loop, as the kernel does.
pub(crate) const LINK_LIMIT: usize = 40;

/// A numeric user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub u32);

/// A numeric group id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub u32);

/// Permission bits (`07777` at most).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u32);

/// A user and a group to act as (`su`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The user whose rights count.
    pub user: UserId,
    /// The group whose rights count.
    pub group: GroupId,
}

/// What tells one file from every other on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The device that holds it.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

/// Splits a path into the directory that holds it and its last name; `None` where it has no name (`/`, `..`, empty).
///
/// A path without a slash lies in `.`. Several slashes between the two are all dropped from the directory.
#[must_use]
pub fn split_path(path: &Path) -> Option<(&Path, &OsStr)> {
    let bytes = path.as_os_str().as_bytes();
    let (directory, name) = match memchr::memrchr(b'/', bytes) {
        None => (&b"."[..], bytes),
        Some(at) => {
            let end = bytes[..at]
                .iter()
                .rposition(|byte| *byte != b'/')
                .map_or(1, |last| last + 1);
            (&bytes[..end], &bytes[at + 1..])
        }
    };
    if matches!(name, b"" | b"." | b"..") {
        return None;
    }
    Some((Path::new(OsStr::from_bytes(directory)), OsStr::from_bytes(name)))
}

/// Returns the names of a path in order, `..` as one of them.
pub(crate) fn components(path: &Path) -> VecDeque<OsString> {
    let parts = path.as_os_str().as_bytes().split(|byte| *byte == b'/');
    parts
        .filter(|part| !matches!(*part, b"" | b"."))
        .map(|part| OsStr::from_bytes(part).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_splits_into_its_directory_and_its_name() {
        let split = |path: &str| {
            split_path(Path::new(path))
                .map(|(dir, name)| (dir.display().to_string(), name.to_str().unwrap().to_owned()))
        };
        for (path, dir, name) in [
            ("/var/log/a", "/var/log", "a"),
            ("/a", "/", "a"),
            ("a", ".", "a"),
            ("/x//a", "/x", "a"),
            ("//a", "/", "a"),
        ] {
            assert_eq!(split(path), Some((dir.into(), name.into())), "{path}");
        }
        for path in ["", "/", "/a/", "..", "/a/."] {
            assert_eq!(split(path), None, "{path}");
        }
    }
}
