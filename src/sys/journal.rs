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
use super::birth;
use super::dir::{Dir, facts_of_open};
use super::lock::{errno_of, error};
use crate::facts::Kind;
use crate::fault::{Op, SysError};

/// A file of lines, open for adding.
#[derive(Debug)]
pub struct LineFile {
    file: File,
    path: PathBuf,
    is_new: bool,
}

/// Why such a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is not a plain file of this user with one name.
    Foreign(PathBuf),
    /// Its first line says that its lines are another program's or another version's.
    OfAnother(PathBuf),
    Call(SysError),
}

impl From<SysError> for Unusable {
    fn from(error: SysError) -> Self {
        Self::Call(error)
    }
}

/// The first line of such files.
#[derive(Clone, Copy, Debug)]
pub struct Top {
    /// The line, with its end.
    pub line: &'static [u8],
    /// Answers of how a file begins whether its first line is another's: then it is not touched.
    pub is_anothers: fn(&[u8]) -> bool,
}

/// How much of a file's beginning is looked at: any first line fits in.
const HEAD: usize = 128;

/// Reads such a file whole; `None` where there is none.
pub fn read(dir: &Dir, name: &OsStr, top: Top) -> Result<Option<Vec<u8>>, Unusable> {
    let path = dir.path_of(name);
    let Some(mut file) = open(dir, name, OFlag::O_RDONLY, &path)? else {
        return Ok(None);
    };
    begins_well(&file, &path, top)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)
        .map_err(|failed| error(Op::Read, &path, errno_of(&failed)))?;
    Ok(Some(text))
}

/// Puts a new file of these lines in the place of the one that is there, in one step; without lines, there is none afterwards.
///
/// # Errors
/// What is there is not such a file, and stays; or the system's: the old file is there, or the new one, its name not known to be on
/// the disk.
pub fn replace(dir: &Dir, name: &OsStr, top: Top, lines: &[u8]) -> Result<(), Unusable> {
    let path = dir.path_of(name);
    let old = open(dir, name, OFlag::O_RDONLY, &path)?;
    if let Some(old) = &old {
        begins_well(old, &path, top)?;
    }
    if !lines.is_empty() {
        let mut new = Replacement::begin(dir, name, None)?;
        new.write(top.line)?;
        new.write(lines)?;
        new.commit(false)?;
        dir.flush()?;
    } else if old.is_some() {
        dir.unlink(name)?;
    }
    Ok(())
}

impl LineFile {
    /// Opens the file for adding, making it where there is none: readable by its owner alone, `top` its first line.
    /// One that is damaged there is begun anew; a last line that was torn is ended.
    pub fn open(dir: &Dir, name: &OsStr, top: Top) -> Result<Self, Unusable> {
        let path = dir.path_of(name);
        let flags = OFlag::O_RDWR | OFlag::O_APPEND;
        let file = match open(dir, name, flags, &path)? {
            Some(file) => file,
            None => birth::named(dir, name, flags).map_err(|errno| error(Op::Create, &path, errno))?,
        };
        let mut lines = Self {
            file,
            path,
            is_new: false,
        };
        let size = facts_of_open(&lines.file, &lines.path)?.size;
        if begins_well(&lines.file, &lines.path, top)? {
            let mut last = [0];
            let read = lines.file.read_exact_at(&mut last, size - 1);
            read.map_err(|failed| error(Op::Read, &lines.path, errno_of(&failed)))?;
            if last != *b"\n" {
                lines.add(b"\n")?;
            }
            return Ok(lines);
        }
        nix::unistd::ftruncate(&lines.file, 0).map_err(|errno| error(Op::Truncate, &lines.path, errno))?;
        lines.add(top.line)?;
        lines.is_new = true;
        Ok(lines)
    }

    /// Tells whether it was begun anew: then its directory is to be settled when the first lines were flushed.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
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

/// Answers whether the file begins with this first line; where it has none yet, or a damaged one, it does not.
fn begins_well(file: &File, path: &Path, top: Top) -> Result<bool, Unusable> {
    let mut head = [0; HEAD];
    let mut filled = 0;
    while filled < HEAD {
        match file.read_at(&mut head[filled..], filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(failed) if failed.kind() == std::io::ErrorKind::Interrupted => {}
            Err(failed) => return Err(error(Op::Read, path, errno_of(&failed)).into()),
        }
    }
    let head = &head[..filled];
    if (top.is_anothers)(head) {
        return Err(Unusable::OfAnother(path.to_owned()));
    }
    Ok(head.starts_with(top.line))
}

/// Opens the file; `None` where there is none.
fn open(dir: &Dir, name: &OsStr, how: OFlag, path: &Path) -> Result<Option<File>, Unusable> {
    let flags = how | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = match nix::fcntl::openat(dir, name, flags, NixMode::empty()) {
        Err(Errno::ENOENT) => return Ok(None),
        // What a link, a FIFO without a reader and a directory answer.
        Err(Errno::ELOOP | Errno::ENXIO | Errno::EISDIR) => return Err(Unusable::Foreign(path.to_owned())),
        other => File::from(other.map_err(|errno| error(Op::Open, path, errno))?),
    };
    let facts = facts_of_open(&file, path)?;
    let ours = facts.user.0 == nix::unistd::geteuid().as_raw();
    if facts.kind == Kind::Regular && facts.links == 1 && ours {
        Ok(Some(file))
    } else {
        Err(Unusable::Foreign(path.to_owned()))
    }
}
