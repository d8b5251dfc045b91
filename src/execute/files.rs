//! Where the files of a log lie, how they are opened, and whether a program writes to one.

use std::ffi::OsStr;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::work::LogSite;
use crate::facts::FileFacts;
use crate::fault::{Fault, Op, SysError};
use crate::obstacle;
use crate::plan::{Entry, Where};
use crate::sys::File;
use crate::sys::call::Errno;
use crate::sys::dir::{Access, Dir, OpenError};
use crate::sys::lease;

/// An open file that is a regular one, and has one name where the stanza wants that.
#[derive(Debug)]
pub(super) struct Regular {
    pub(super) file: File,
    /// What it was like when it was opened.
    pub(super) facts: FileFacts,
}

impl Regular {
    /// Tells whether a program still writes to it. Of a log that was just switched that is not known where leases are not allowed
    /// and nobody has looked since: it counts as written then.
    pub(super) fn is_held(&self, switched: Option<Instant>) -> bool {
        match switched {
            None => lease::is_held(self.file.as_fd()),
            Some(moment) => lease::is_held_after(self.file.as_fd(), moment).unwrap_or(true),
        }
    }
}

impl LogSite {
    /// Returns the path of a name, as scripts and messages have it.
    #[must_use]
    pub fn path_of(&self, spot: &Entry) -> PathBuf {
        self.path_in(spot.place, &spot.name)
    }

    /// Returns the path of a name in the archives' directory.
    #[must_use]
    pub fn archive_path_of(&self, name: &OsStr) -> PathBuf {
        if self.archive_path == Path::new(".") {
            PathBuf::from(name)
        } else {
            self.archive_path.join(name)
        }
    }

    /// Returns the path of a name in one of the two directories.
    pub(super) fn path_in(&self, place: Where, name: &OsStr) -> PathBuf {
        match place {
            Where::Log if name == self.name => self.path.to_path_buf(),
            Where::Log => self.path.with_file_name(name),
            Where::Archive => self.archive_path_of(name),
        }
    }

    /// Returns one of the two directories.
    pub(super) fn dir(&self, place: Where) -> Result<&Dir, Fault> {
        match place {
            Where::Log => Ok(&self.log_dir),
            Where::Archive => self.archive_dir(),
        }
    }

    /// Returns the archives' directory; only a rehearsal can be without.
    pub(super) fn archive_dir(&self) -> Result<&Dir, Fault> {
        self.archive_dir.as_deref().ok_or_else(|| {
            let path = self.archive_path.clone();
            Fault::Call(SysError::new(Op::OpenDirectory, path, Errno::ENOENT as i32))
        })
    }

    /// Opens a file that must be a regular one, without following a link; with other names, too, only where the stanza allows that.
    pub(super) fn open_regular(&self, place: Where, name: &OsStr, access: Access, op: Op) -> Result<Regular, Fault> {
        let path = || self.path_in(place, name);
        match self.dir(place)?.open_plain(name, access, op) {
            Ok((_, facts)) if obstacle::has_other_names(&facts, &self.stanza.policy) => {
                Err(Fault::NotPlain { path: path(), op })
            }
            Ok((file, facts)) => Ok(Regular { file, facts }),
            Err(OpenError::NotPlain) => Err(Fault::NotPlain { path: path(), op }),
            Err(OpenError::Call(error)) => Err(Fault::Call(SysError { path: path(), ..error })),
        }
    }
}
