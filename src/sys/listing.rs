//! Names in a directory and what they are, for the expansion of path lists; nothing is opened for its content.

use std::ffi::CStr;
use std::path::Path;

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, SFlag, lstat};

use super::identity;
use crate::facts::Kind;
use crate::unix::{GroupId, Identity, UserId};

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: Vec<u8>,
    /// What it is, where the directory itself knows.
    pub kind: Option<Kind>,
}

/// With whose rights a directory is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lister {
    /// The process's.
    Process,
    /// Those of the directory's owner and group, where the process may take them (`su owner`).
    Owner,
}

/// Lists the names of a directory that `keep` lets through, in no order, `.` and `..` included.
///
/// # Errors
/// The system's reason.
pub fn list(directory: &Path, lister: Lister, mut keep: impl FnMut(&[u8]) -> bool) -> Result<Vec<Listed>, i32> {
    let mut listing = open(directory, lister).map_err(|errno| errno as i32)?;
    let mut found = Vec::new();
    for entry in listing.iter() {
        let entry = entry.map_err(|errno| errno as i32)?;
        let name = CStr::to_bytes(entry.file_name());
        if keep(name) {
            found.push(Listed {
                name: name.to_vec(),
                kind: entry.file_type().map(kind_of_entry),
            });
        }
    }
    Ok(found)
}

fn open(directory: &Path, lister: Lister) -> Result<Dir, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    if lister == Lister::Process {
        return Dir::open(directory, flags, Mode::empty());
    }
    // Reached, and not yet read: the owner is that of the directory that is listed then.
    let held = nix::fcntl::open(
        directory,
        OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    let facts = nix::sys::stat::fstat(&held)?;
    let owner = Identity {
        user: UserId(facts.st_uid),
        group: GroupId(facts.st_gid),
    };
    let _acting = identity::act_as(owner).ok();
    Dir::openat(&held, ".", flags, Mode::empty())
}

/// Tells whether a listing failed only because there is no such directory.
#[must_use]
pub fn is_absence(errno: i32) -> bool {
    errno == Errno::ENOENT as i32 || errno == Errno::ENOTDIR as i32
}

/// Answers what a path is, without following a link at its end; `None` if it is not there or cannot be looked at.
#[must_use]
pub fn kind_of(path: &Path) -> Option<Kind> {
    let status = lstat(path).ok()?;
    Some(match SFlag::from_bits_truncate(status.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFREG => Kind::Regular,
        SFlag::S_IFDIR => Kind::Directory,
        SFlag::S_IFLNK => Kind::Symlink,
        _ => Kind::Special,
    })
}

fn kind_of_entry(kind: Type) -> Kind {
    match kind {
        Type::File => Kind::Regular,
        Type::Directory => Kind::Directory,
        Type::Symlink => Kind::Symlink,
        _ => Kind::Special,
    }
}
