//! A directory that is held open: everything in it is reached by one name and this descriptor.
//!
//! How a path becomes a held directory is in `walk`; how files are born in it, in `create`.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::dir::Type;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, RenameFlags};
use nix::sys::stat::{FileStat, Mode as NixMode};
use nix::sys::statfs::{EXT4_SUPER_MAGIC, FsType, PROC_SUPER_MAGIC, TMPFS_MAGIC, XFS_SUPER_MAGIC, fstatfs};
use nix::unistd::UnlinkatFlags;

use super::acl::{ACL, DEFAULT_ACL};
use super::denial::{self, Refused};
use crate::facts::{FileFacts, FileTime, Kind};
use crate::fault::{Attribute, Op, SysError};
use crate::unix::{FileId, GroupId, Mode, UserId};

/// A directory that is held open, with the path it was reached by (for messages and scripts only).
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
    lead: Option<Lead>,
    births: OnceLock<Births>,
    file_system: OnceLock<Option<FsType>>,
}

/// A link on the way to a directory that belongs to somebody who is neither root nor the one acting.
#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub(super) user: u32,
    pub(super) link: PathBuf,
}

/// What becomes of a file that this process makes in a directory, as was seen of the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Births {
    pub(super) user: UserId,
    pub(super) group: GroupId,
    /// The directory has a default ACL, or may have one by now, since its owner is neither root nor the one acting: bits are not
    /// what is asked for.
    pub(super) inherits: bool,
}

impl Dir {
    /// Takes over an open directory.
    pub(super) fn from_fd(fd: OwnedFd, path: PathBuf) -> Self {
        Self::led_to(fd, path, None)
    }

    /// Takes over an open directory that a stranger's link may have led to.
    pub(super) fn led_to(fd: OwnedFd, path: PathBuf, lead: Option<Lead>) -> Self {
        Self {
            fd,
            path,
            lead,
            births: OnceLock::new(),
            file_system: OnceLock::new(),
        }
    }

    /// Returns the stranger's link that led here.
    pub(super) fn lead(&self) -> Option<&Lead> {
        self.lead.as_ref()
    }

    /// Remembers what a file was like that was just born here.
    pub(super) fn note_birth(&self, file: &File) {
        if self.births.get().is_some() {
            return;
        }
        if let Ok(stat) = nix::sys::stat::fstat(file) {
            let is_trusted = self.facts().is_ok_and(|facts| [0, stat.st_uid].contains(&facts.user.0));
            let default_acl = xattr::get_deref(proc_path(self.fd.as_fd()), DEFAULT_ACL);
            let births = Births {
                user: UserId(stat.st_uid),
                group: GroupId(stat.st_gid),
                inherits: !is_trusted || !matches!(default_acl, Ok(None)),
            };
            self.births.get_or_init(|| births);
        }
    }

    /// Returns what becomes of files that this process makes here, if one was made.
    pub(super) fn births(&self) -> Option<Births> {
        self.births.get().copied()
    }

    /// Answers whether an entry is this file and surely has no ACL, without opening it.
    #[must_use]
    pub fn has_no_acl(&self, name: &OsStr, file: FileId) -> bool {
        let mut path = proc_path(self.fd.as_fd());
        path.push(name);
        matches!(xattr::get(path, ACL), Ok(None)) && matches!(self.look(name), Ok(Some(facts)) if facts.id == file)
    }

    /// Returns the path it was reached by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of an entry, for messages and scripts: joined, not normalised.
    #[must_use]
    pub fn path_of(&self, name: &OsStr) -> PathBuf {
        if self.path.as_os_str() == "." {
            PathBuf::from(name)
        } else {
            self.path.join(name)
        }
    }

    pub(super) fn error(&self, op: Op, name: &OsStr, errno: Errno) -> SysError {
        let at = self.path_of(name);
        SysError {
            denial: self.refused(op, errno).of_entry(name, at.clone()).map(Box::new),
            ..SysError::new(op, at, errno as i32)
        }
    }

    fn refused(&self, op: Op, errno: Errno) -> Refused<'_> {
        Refused {
            dir: self.fd.as_fd(),
            path: &self.path,
            op,
            errno,
        }
    }

    fn own_error(&self, op: Op, errno: Errno) -> SysError {
        SysError {
            denial: self.refused(op, errno).of_directory().map(Box::new),
            ..SysError::new(op, self.path.clone(), errno as i32)
        }
    }

    /// Observes the directory itself.
    pub fn facts(&self) -> Result<FileFacts, SysError> {
        nix::sys::stat::fstat(&self.fd)
            .map(|stat| facts_of(&stat))
            .map_err(|errno| self.own_error(Op::Stat, errno))
    }

    /// Observes an entry without following a link; `None` where there is none.
    pub fn look(&self, name: &OsStr) -> Result<Option<FileFacts>, SysError> {
        match nix::sys::stat::fstatat(&self.fd, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(facts_of(&stat))),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(self.error(Op::Stat, name, errno)),
        }
    }

    /// Tells whether the process may make, rename and remove names in it.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        use nix::unistd::{AccessFlags, faccessat};
        let wanted = AccessFlags::W_OK | AccessFlags::X_OK;
        // The kernel lets names be made in an append-only directory, and no more.
        faccessat(&self.fd, ".", wanted, AtFlags::AT_EACCESS).is_ok()
            && denial::attribute(self.fd.as_fd(), OsStr::new(denial::ITSELF)).is_none()
    }

    /// Returns the attribute that keeps a file in it from being renamed and removed.
    #[must_use]
    pub fn attribute(&self, name: &OsStr) -> Option<Attribute> {
        denial::attribute(self.fd.as_fd(), name)
    }

    /// Returns the error that renaming an entry would end with for an attribute of it, without trying.
    #[must_use]
    pub fn refuses_to_rename(&self, name: &OsStr) -> Option<SysError> {
        let _ = self.attribute(name)?;
        Some(self.error(Op::Rename, name, Errno::EPERM))
    }

    /// Opens a file that must be a regular one, without following a link and without blocking on a FIFO.
    pub fn open_plain(&self, name: &OsStr, access: Access, op: Op) -> Result<(File, FileFacts), OpenError> {
        let how = match access {
            Access::Read => OFlag::O_RDONLY,
            Access::ReadWrite => OFlag::O_RDWR,
        };
        let flags = how | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let fd = nix::fcntl::openat(&self.fd, name, flags, NixMode::empty())
            .map_err(|errno| OpenError::Call(self.error(op, name, errno)))?;
        let stat = nix::sys::stat::fstat(&fd).map_err(|errno| OpenError::Call(self.error(Op::Stat, name, errno)))?;
        let facts = facts_of(&stat);
        if facts.kind != Kind::Regular {
            return Err(OpenError::NotPlain);
        }
        Ok((File::from(fd), facts))
    }

    /// Renames an entry, never replacing anything: `EEXIST` where the target is there.
    pub fn rename(&self, from: &OsStr, to_dir: &Self, to: &OsStr) -> Result<(), SysError> {
        let fail = |errno: Errno| {
            let failed = self.error(Op::Rename, from, errno);
            SysError {
                denial: failed
                    .denial
                    .or_else(|| to_dir.refused(Op::Rename, errno).of_directory().map(Box::new)),
                other: Some(to_dir.path_of(to)),
                ..failed
            }
        };
        match nix::fcntl::renameat2(&self.fd, from, &to_dir.fd, to, RenameFlags::RENAME_NOREPLACE) {
            // File systems without the flag (NFS, some FUSE): a look first is the best there is.
            Err(Errno::EINVAL | Errno::ENOSYS) => {
                if to_dir.look(to)?.is_some() {
                    return Err(fail(Errno::EEXIST));
                }
                nix::fcntl::renameat(&self.fd, from, &to_dir.fd, to).map_err(fail)
            }
            other => other.map_err(fail),
        }
    }

    /// Holds what has a name, whatever it is, so that it lives on without the name; `None` where it cannot be held.
    pub(super) fn hold(&self, name: &OsStr) -> Option<OwnedFd> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        nix::fcntl::openat(&self.fd, name, flags, NixMode::empty()).ok()
    }

    /// Removes an entry that is not a directory.
    pub fn unlink(&self, name: &OsStr) -> Result<(), SysError> {
        nix::unistd::unlinkat(&self.fd, name, UnlinkatFlags::NoRemoveDir)
            .map_err(|errno| self.error(Op::Remove, name, errno))
    }

    /// Hands each entry's name to `each`, in the directory's own order, without `.` and `..`.
    pub fn list(&self, mut each: impl FnMut(&OsStr, Option<Kind>)) -> Result<(), SysError> {
        let fail = |errno| self.own_error(Op::List, errno);
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut stream = nix::dir::Dir::openat(&self.fd, ".", flags, NixMode::empty()).map_err(fail)?;
        for entry in stream.iter() {
            let entry = entry.map_err(fail)?;
            let name: &CStr = entry.file_name();
            if !matches!(name.to_bytes(), b"." | b"..") {
                each(OsStr::from_bytes(name.to_bytes()), entry.file_type().map(kind_of_entry));
            }
        }
        Ok(())
    }

    /// Returns all entries' names.
    pub fn names(&self) -> Result<Vec<OsString>, SysError> {
        let mut names = Vec::new();
        self.list(|name, _| names.push(name.to_owned()))?;
        Ok(names)
    }

    /// Gets the directory's entries to the disk where the file system does not keep their order by itself.
    ///
    /// ext4, xfs and tmpfs commit names in the order of the calls; elsewhere an original may only go after this. (btrfs commits
    /// the names of a file that is flushed before older changes of their directory.)
    pub fn keep_order(&self) -> Result<(), SysError> {
        if self.is_on(&[EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, TMPFS_MAGIC]) {
            return Ok(());
        }
        self.flush()
    }

    /// Tells whether the last close of a file that was removed here may wait for the device.
    ///
    /// ext4 may discard then. Elsewhere holding a file would gain nothing, or (on NFS) keep its name.
    pub(super) fn closes_slowly(&self) -> bool {
        self.is_on(&[EXT4_SUPER_MAGIC])
    }

    /// Tells whether it shows processes (`/proc`).
    pub(super) fn is_of_processes(&self) -> bool {
        self.is_on(&[PROC_SUPER_MAGIC])
    }

    fn is_on(&self, kinds: &[FsType]) -> bool {
        let found = self
            .file_system
            .get_or_init(|| fstatfs(self.fd.as_fd()).ok().map(|found| found.filesystem_type()));
        found.is_some_and(|kind| kinds.contains(&kind))
    }

    /// Gets the directory's entries to the disk.
    pub fn flush(&self) -> Result<(), SysError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fd = nix::fcntl::openat(&self.fd, ".", flags, NixMode::empty())
            .map_err(|errno| self.own_error(Op::Flush, errno))?;
        match nix::unistd::fsync(&fd) {
            // Some file systems have nothing to flush of a directory.
            Ok(()) | Err(Errno::EINVAL) => Ok(()),
            Err(errno) => Err(self.own_error(Op::Flush, errno)),
        }
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// How a file is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    /// For reading and cutting off.
    ReadWrite,
}

/// Why a plain file could not be opened.
#[derive(Clone, Debug)]
pub enum OpenError {
    Call(SysError),
    /// It is no regular file.
    NotPlain,
}

/// Answers whether two changes of a directory always have two times: kernels before 6.13 tell times in ticks, in which a
/// second change does not show.
#[must_use]
pub fn has_fine_times() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let Ok(system) = nix::sys::utsname::uname() else {
            return false;
        };
        let release = system.release().to_string_lossy();
        let mut numbers = release
            .split(|part: char| !part.is_ascii_digit())
            .map(str::parse::<u32>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= FINE_TIMES,
            _ => false,
        }
    })
}

/// The kernel from which on times of change are told apart.
const FINE_TIMES: (u32, u32) = (6, 13);

/// Observes an open file.
pub fn facts_of_open(file: &impl AsFd, path: &Path) -> Result<FileFacts, SysError> {
    nix::sys::stat::fstat(file)
        .map(|stat| facts_of(&stat))
        .map_err(|errno| SysError::new(Op::Stat, path, errno as i32))
}

/// Returns what an entry of a directory is.
pub(super) fn kind_of_entry(kind: Type) -> Kind {
    match kind {
        Type::File => Kind::Regular,
        Type::Directory => Kind::Directory,
        Type::Symlink => Kind::Symlink,
        _ => Kind::Special,
    }
}

pub(super) fn facts_of(stat: &FileStat) -> FileFacts {
    let kind = match stat.st_mode & nix::libc::S_IFMT {
        nix::libc::S_IFREG => Kind::Regular,
        nix::libc::S_IFDIR => Kind::Directory,
        nix::libc::S_IFLNK => Kind::Symlink,
        _ => Kind::Special,
    };
    FileFacts {
        kind,
        id: FileId {
            device: stat.st_dev,
            inode: stat.st_ino,
        },
        size: u64::try_from(stat.st_size).unwrap_or(0),
        allocated: u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512),
        mode: Mode(stat.st_mode & 0o7777),
        user: UserId(stat.st_uid),
        group: GroupId(stat.st_gid),
        links: stat.st_nlink,
        accessed: FileTime {
            seconds: stat.st_atime,
            nanoseconds: stat.st_atime_nsec,
        },
        modified: FileTime {
            seconds: stat.st_mtime,
            nanoseconds: stat.st_mtime_nsec,
        },
    }
}

/// Returns the path by which this process can name an open file again.
pub(super) fn proc_path(fd: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}
