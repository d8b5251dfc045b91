//! A small file of lines that are only ever added: opened with care, since its directory may be anybody's.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode as NixMode;

use super::atomic::Replacement;
use super::dir::{Dir, facts_of_open};
use super::lock::{errno_of, error};
use crate::facts::Kind;
use crate::fault::{Op, SysError};

/// A file of lines, open for adding.
#[derive(Debug)]
pub struct LineFile {
    file: File,
    path: PathBuf,
}

/// Why such a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is not a plain file of this user with one name.
    Foreign(PathBuf),
    /// A call failed.
    Call(SysError),
}

impl From<SysError> for Unusable {
    fn from(error: SysError) -> Self {
        Self::Call(error)
    }
}

/// Reads such a file whole; `None` where there is none.
pub fn read(dir: &Dir, name: &OsStr) -> Result<Option<Vec<u8>>, Unusable> {
    let path = dir.path_of(name);
    let mut file = match open(dir, name, OFlag::O_RDONLY, &path) {
        Err(Unusable::Call(failed)) if failed.errno == Errno::ENOENT as i32 => return Ok(None),
        other => other?,
    };
    let mut text = Vec::new();
    file.read_to_end(&mut text)
        .map_err(|failed| error(Op::Read, &path, errno_of(&failed)))?;
    Ok(Some(text))
}

/// Puts a new file of these lines in the place of the one that is there, in one step.
///
/// # Errors
/// The system's; the old file is there, or the new one, its name not known to be on the disk.
pub fn replace(dir: &Dir, name: &OsStr, lines: &[u8]) -> Result<(), SysError> {
    let mut new = Replacement::begin(dir, name, None)?;
    new.write(lines)?;
    new.commit(false)?;
    dir.flush()
}

impl LineFile {
    /// Opens the file for adding, making it where there is none: readable by its owner alone, `top` its first line.
    /// One that does not begin with `top` is begun anew; a last line that was torn is ended. Answers, too, whether it is new:
    /// then its directory is to be settled when the first lines were flushed.
    pub fn open(dir: &Dir, name: &OsStr, top: &[u8]) -> Result<(Self, bool), Unusable> {
        let path = dir.path_of(name);
        let flags = OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT;
        let file = open(dir, name, flags, &path)?;
        let lines = Self { file, path };
        let size = facts_of_open(&lines.file, &lines.path)?.size;
        let mut head = vec![0; top.len()];
        let is_ours = size > 0 && lines.file.read_exact_at(&mut head, 0).is_ok() && head == top;
        if is_ours {
            let mut last = [0];
            let read = lines.file.read_exact_at(&mut last, size - 1);
            read.map_err(|failed| error(Op::Read, &lines.path, errno_of(&failed)))?;
            if last != *b"\n" {
                lines.add(b"\n")?;
            }
            return Ok((lines, false));
        }
        nix::unistd::ftruncate(&lines.file, 0).map_err(|errno| error(Op::Truncate, &lines.path, errno))?;
        lines.add(top)?;
        Ok((lines, true))
    }

    /// Adds lines, in one call unless the disk is full.
    pub fn add(&self, lines: &[u8]) -> Result<(), SysError> {
        (&self.file)
            .write_all(lines)
            .map_err(|failed| error(Op::Write, &self.path, errno_of(&failed)))
    }

    /// Gets what was added to the disk.
    pub fn flush(&self) -> Result<(), SysError> {
        nix::unistd::fdatasync(&self.file).map_err(|errno| error(Op::Flush, &self.path, errno))
    }
}

fn open(dir: &Dir, name: &OsStr, how: OFlag, path: &Path) -> Result<File, Unusable> {
    let flags = how | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = match nix::fcntl::openat(dir, name, flags, NixMode::from_bits_truncate(0o600)) {
        Err(Errno::ELOOP) => return Err(Unusable::Foreign(path.to_owned())),
        other => File::from(other.map_err(|errno| error(Op::Open, path, errno))?),
    };
    let facts = facts_of_open(&file, path)?;
    let ours = facts.user.0 == nix::unistd::geteuid().as_raw();
    if facts.kind == Kind::Regular && facts.links == 1 && ours {
        Ok(file)
    } else {
        Err(Unusable::Foreign(path.to_owned()))
    }
}
