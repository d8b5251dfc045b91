//! How much room the file system of a directory has, and where it is mounted.

use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::sys::statvfs::fstatvfs;
use nix::unistd::syncfs;

use super::dir::Dir;
use crate::fault::{Op, SysError};

/// What a file system says of itself, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub size: u64,
    /// What others than root may still use.
    pub available: u64,
}

impl Room {
    /// Asks the file system of a directory.
    ///
    /// # Errors
    /// It does not say.
    pub fn of(dir: &Dir) -> Result<Self, SysError> {
        let said = fstatvfs(dir.as_fd()).map_err(|errno| SysError::new(Op::Stat, dir.path(), errno as i32))?;
        let fragment = said.fragment_size();
        Ok(Self {
            size: said.blocks().saturating_mul(fragment),
            available: said.blocks_available().saturating_mul(fragment),
        })
    }
}

/// Has the file system of a directory finish what it does late: some give room back only then. One that cannot is believed as it is.
pub fn finish(dir: &Dir) {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let synced = nix::fcntl::openat(dir.as_fd(), ".", flags, Mode::empty()).and_then(syncfs);
    debug_assert!(synced != Err(Errno::EBADF), "it was just opened");
}

/// Finds where the file system of a directory is mounted: the topmost directory on the way to it that is still on its device.
#[must_use]
pub fn mount_of(directory: &Path) -> PathBuf {
    let device = |path: &Path| std::fs::metadata(path).map(|facts| facts.dev()).ok();
    let real = std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    let own = device(&real);
    let is_on_it = |path: &&Path| own.is_some() && device(path) == own;
    real.ancestors().take_while(is_on_it).last().unwrap_or(&real).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::walk;

    #[test]
    fn a_file_system_says_how_large_it_is_and_what_is_free() {
        let root = tempfile::tempdir().unwrap();
        let dir = walk::open_directory(root.path(), root.path()).unwrap();
        let room = Room::of(&dir).unwrap();
        assert!(room.available <= room.size && room.size > 0, "{room:?}");
        finish(&dir);
    }

    #[test]
    fn a_file_system_is_named_by_where_it_is_mounted() {
        assert_eq!(mount_of(Path::new("/proc/self/net")), Path::new("/proc"));
        assert_eq!(mount_of(Path::new("/")), Path::new("/"));
    }
}
