//! Configuration files and their directories: opened once, looked at and read through the descriptor.

use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, stat};
use nix::unistd::read;

use super::mounts;

/// A configuration path that was opened.
#[derive(Debug)]
pub struct Opened {
    descriptor: OwnedFd,
    status: FileStat,
}

/// Why a configuration path was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not there, or cannot be looked at.
    NotFound(i32),
    /// It is there and cannot be opened.
    NotOpened(i32),
    /// It is there, cannot be opened, and is no regular file anyway.
    Special,
}

impl Opened {
    /// Opens a path, or a name in a directory, without ever waiting for it.
    ///
    /// # Errors
    /// Why it was not opened.
    pub fn open(directory: Option<&Self>, path: &Path) -> Result<Self, Refused> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let base = directory.map_or(AT_FDCWD, |directory| directory.descriptor.as_fd());
        let opened = openat(base, path, flags, Mode::empty());
        let descriptor = opened.map_err(|errno| refusal(base, path, errno))?;
        let status = fstat(&descriptor).map_err(|errno| Refused::NotFound(errno as i32))?;
        Ok(Self { descriptor, status })
    }

    /// Takes the standard input, whatever it is.
    ///
    /// # Errors
    /// Why there is none.
    pub fn standard_input() -> Result<Self, Refused> {
        let refused = |errno: Errno| Refused::NotOpened(errno as i32);
        let descriptor = nix::unistd::dup(std::io::stdin()).map_err(refused)?;
        let status = fstat(&descriptor).map_err(refused)?;
        Ok(Self { descriptor, status })
    }

    fn is(&self, kind: SFlag) -> bool {
        SFlag::from_bits_truncate(self.status.st_mode & SFlag::S_IFMT.bits()) == kind
    }

    /// Tells whether it is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.is(SFlag::S_IFDIR)
    }

    /// Tells whether it is a regular file.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        self.is(SFlag::S_IFREG)
    }

    /// Tells whether it is a pipe, with a name or without.
    #[must_use]
    pub fn is_pipe(&self) -> bool {
        self.is(SFlag::S_IFIFO)
    }

    /// Returns its permission bits.
    #[must_use]
    pub fn mode(&self) -> u32 {
        self.status.st_mode & 0o7777
    }

    /// Returns its owner.
    #[must_use]
    pub fn owner(&self) -> u32 {
        self.status.st_uid
    }

    /// Returns its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::try_from(self.status.st_size).unwrap_or(0)
    }

    /// Reads it, up to the size that it had when it was opened.
    ///
    /// # Errors
    /// The system's reason.
    pub fn read(&self) -> Result<Vec<u8>, i32> {
        let mut text = vec![0; usize::try_from(self.size()).map_err(|_| Errno::EFBIG as i32)?];
        let mut filled = 0;
        while filled < text.len() {
            match read(&self.descriptor, &mut text[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno as i32),
            }
        }
        text.truncate(filled);
        Ok(text)
    }

    /// Reads it to its end, which may have to be waited for, and at most so many bytes.
    ///
    /// # Errors
    /// The system's reason.
    pub fn read_to_end(&self, most: u64) -> Result<Vec<u8>, i32> {
        let most = usize::try_from(most).map_err(|_| Errno::EFBIG as i32)?;
        let (mut text, mut part) = (Vec::new(), [0; 1 << 16]);
        while text.len() < most {
            match read(&self.descriptor, &mut part) {
                Ok(0) => break,
                Ok(count) => text.extend_from_slice(&part[..count]),
                Err(Errno::EINTR) => {}
                // A pipe was opened without waiting, and the one who fills it has not begun.
                Err(Errno::EAGAIN) => {
                    let mut filled = [PollFd::new(self.descriptor.as_fd(), PollFlags::POLLIN)];
                    let _ = poll(&mut filled, PollTimeout::NONE);
                }
                Err(errno) => return Err(errno as i32),
            }
        }
        Ok(text)
    }

    /// Lists the names in it, in no order, without `.` and `..`; those for which `keep` answers false are left out.
    ///
    /// # Errors
    /// The system's reason.
    pub fn names(&self, mut keep: impl FnMut(&[u8]) -> bool) -> Result<Vec<Vec<u8>>, i32> {
        // A second description of the directory, so that this one's position stays.
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut listing = Dir::openat(&self.descriptor, c".", flags, Mode::empty()).map_err(|errno| errno as i32)?;
        let mut names = Vec::new();
        for entry in listing.iter() {
            let entry = entry.map_err(|errno| errno as i32)?;
            let name = CStr::to_bytes(entry.file_name());
            if name != b"." && name != b".." && keep(name) {
                names.push(name.to_vec());
            }
        }
        Ok(names)
    }
}

fn refusal(base: BorrowedFd<'_>, path: &Path, errno: Errno) -> Refused {
    let looked = nix::sys::stat::fstatat(base, path, nix::fcntl::AtFlags::empty());
    match looked.map(|status| SFlag::from_bits_truncate(status.st_mode & SFlag::S_IFMT.bits())) {
        Err(errno) => Refused::NotFound(errno as i32),
        Ok(SFlag::S_IFREG | SFlag::S_IFDIR) => Refused::NotOpened(errno as i32),
        Ok(_) => Refused::Special,
    }
}

/// Answers the device of a path, links followed.
///
/// # Errors
/// The system's reason.
pub fn device_of(path: &Path) -> Result<u64, i32> {
    status_of(path)
        .map(|status| status.st_dev)
        .map_err(|errno| errno as i32)
}

/// Answers device and inode of a directory, links followed; `None` if there is none.
#[must_use]
pub fn directory_id(path: &Path) -> Option<crate::unix::FileId> {
    let status = status_of(path).ok()?;
    Some(crate::unix::FileId {
        device: status.st_dev,
        inode: status.st_ino,
    })
}

fn status_of(path: &Path) -> Result<FileStat, Errno> {
    mounts::can_enter(path).map_err(|shut| shut.errno())?;
    stat(path)
}

/// Returns a path without any link on it; names behind the last one that is there stay as written. `None` where a link leads to
/// nothing, or `..` behind that could lead anywhere.
#[must_use]
pub fn real_path(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    for known in path.ancestors() {
        if let Ok(real) = std::fs::canonicalize(known) {
            let rest = path.strip_prefix(known).ok()?;
            let is_plain = rest.components().all(|part| matches!(part, Component::Normal(_)));
            return is_plain.then(|| real.components().chain(rest.components()).collect());
        }
        if known.is_symlink() {
            return None;
        }
    }
    None
}

/// Returns a path made of bytes.
#[must_use]
pub fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
