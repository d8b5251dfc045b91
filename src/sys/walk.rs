//! From a path to a held directory, one component at a time.
//!
//! A symbolic link on the way is followed only if root or the acting user owns it: nobody else can lead the work
//! to another place. What the directory's own permissions must be is the caller's question.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{Mode as NixMode, fstatat};

use super::dir::{Dir, facts_of};
use crate::facts::Kind;
use crate::fault::{Fault, Insecure, Op, SysError};
use crate::unix::split_path;

/// A path with more links than this is taken for a loop, as the kernel does.
const LINK_LIMIT: usize = 40;

/// Opens the directory at `path`, whose log `log` is named in the error when the way is not safe.
///
/// # Errors
/// A failed call, or [`Fault::InsecureDirectory`] at a link that a stranger owns.
pub fn open_directory(path: &Path, log: &Path) -> Result<Dir, Fault> {
    match fast_open(path) {
        Some(fd) => Ok(Dir::from_fd(fd, path.to_owned())),
        None => slow_open(None, path, log),
    }
}

/// Opens the directory at a relative path below one that is held.
///
/// # Errors
/// As [`open_directory`].
pub fn open_directory_below(base: &Dir, path: &Path, log: &Path) -> Result<Dir, Fault> {
    slow_open(Some(base), path, log)
}

/// Opens a path that has no link in it at all, in one call; `None` leaves the answer to the slow way.
fn fast_open(path: &Path) -> Option<OwnedFd> {
    use nix::fcntl::{OpenHow, ResolveFlag, openat2};
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    openat2(AT_FDCWD, path, how).ok()
}

fn slow_open(base: Option<&Dir>, path: &Path, log: &Path) -> Result<Dir, Fault> {
    let fail = |errno: Errno| {
        Fault::Call(SysError {
            op: Op::OpenDirectory,
            path: path.to_owned(),
            other: None,
            errno: errno as i32,
        })
    };
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let start = if path.is_absolute() { "/" } else { "." };
    let from = base.map_or(AT_FDCWD, AsFd::as_fd);
    let mut here = openat(from, start, flags, NixMode::empty()).map_err(fail)?;
    let mut reached = base.map_or_else(|| PathBuf::from(start), |base| base.path().to_owned());
    let mut left: VecDeque<OsString> = components(path);
    let mut links = 0;
    while let Some(name) = left.pop_front() {
        let stat = fstatat(&here, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW).map_err(fail)?;
        let facts = facts_of(&stat);
        reached.push(&name);
        if facts.kind != Kind::Symlink {
            here = openat(&here, name.as_os_str(), flags | OFlag::O_NOFOLLOW, NixMode::empty()).map_err(fail)?;
            continue;
        }
        links += 1;
        if links > LINK_LIMIT {
            return Err(fail(Errno::ELOOP));
        }
        let target = trusted_target(&here, &name, log, &reached).map_err(|why| match why {
            Refusal::Call(errno) => fail(errno),
            Refusal::Foreign(fault) => fault,
        })?;
        reached.pop();
        if target.as_bytes().first() == Some(&b'/') {
            here = openat(AT_FDCWD, "/", flags, NixMode::empty()).map_err(fail)?;
            reached = PathBuf::from("/");
        }
        for part in components(Path::new(&target)).into_iter().rev() {
            left.push_front(part);
        }
    }
    let shown = base.map_or_else(|| path.to_owned(), |base| base.path().join(path));
    Ok(Dir::from_fd(here, shown))
}

/// What a path's last name lies in.
pub(super) enum Holder {
    /// A directory.
    Directory {
        /// The directory.
        dir: Dir,
        /// The name, not that of a link.
        name: OsString,
    },
    /// What the system shows of a process's open files, such as `/proc/self/fd`: its links stand for the files themselves.
    Descriptors {
        /// The directory.
        dir: Dir,
        /// The name.
        name: OsString,
    },
}

/// Opens the directory of the file at `path`; links at its end are followed as those on the way.
///
/// # Errors
/// As [`open_directory`].
pub(super) fn open_holder(path: &Path) -> Result<Holder, Fault> {
    let fail = |errno: Errno| {
        Fault::Call(SysError {
            op: Op::Open,
            path: path.to_owned(),
            other: None,
            errno: errno as i32,
        })
    };
    let mut at = path.to_owned();
    for _ in 0..=LINK_LIMIT {
        let (directory, name) = split_path(&at).ok_or_else(|| fail(Errno::EISDIR))?;
        let (dir, name) = (open_directory(directory, path)?, name.to_owned());
        if !dir.look(&name)?.is_some_and(|facts| facts.kind == Kind::Symlink) {
            return Ok(Holder::Directory { dir, name });
        }
        if dir.is_of_processes() {
            return Ok(Holder::Descriptors { dir, name });
        }
        let target = trusted_target(&dir, &name, path, &at).map_err(|why| match why {
            Refusal::Call(errno) => fail(errno),
            Refusal::Foreign(fault) => fault,
        })?;
        at = directory.join(target);
    }
    Err(fail(Errno::ELOOP))
}

enum Refusal {
    Call(Errno),
    Foreign(Fault),
}

/// Reads a link that was opened first, so that its owner and its target belong to the same link.
fn trusted_target(dir: &impl AsFd, name: &OsStr, log: &Path, reached: &Path) -> Result<OsString, Refusal> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let link = openat(dir, name, flags, NixMode::empty()).map_err(Refusal::Call)?;
    let owner = nix::sys::stat::fstat(&link).map_err(Refusal::Call)?.st_uid;
    if owner != 0 && owner != nix::unistd::geteuid().as_raw() {
        return Err(Refusal::Foreign(Fault::InsecureDirectory {
            log: log.to_owned(),
            component: reached.to_owned(),
            why: Insecure::ForeignLink { user: owner },
        }));
    }
    nix::fcntl::readlinkat(&link, "").map_err(Refusal::Call)
}

fn components(path: &Path) -> VecDeque<OsString> {
    let parts = path.as_os_str().as_bytes().split(|byte| *byte == b'/');
    parts
        .filter(|part| !matches!(*part, b"" | b"."))
        .map(|part| OsStr::from_bytes(part).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{lchown, symlink};

    #[test]
    fn a_link_of_our_own_is_followed_and_a_strangers_is_not() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("real/deep")).unwrap();
        symlink("real", root.path().join("mine")).unwrap();
        let log = Path::new("log");
        let through = open_directory(&root.path().join("mine/deep"), log).unwrap();
        let direct = open_directory(&root.path().join("real/deep"), log).unwrap();
        assert_eq!(through.facts().unwrap().id, direct.facts().unwrap().id);
        if nix::unistd::geteuid().is_root() {
            symlink("real", root.path().join("theirs")).unwrap();
            lchown(root.path().join("theirs"), Some(12345), None).unwrap();
            let refused = open_directory(&root.path().join("theirs/deep"), log);
            assert!(matches!(refused, Err(Fault::InsecureDirectory { .. })), "{refused:?}");
        }
    }
}
