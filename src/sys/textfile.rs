//! Small texts for other programs to read, replaced as a whole.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;

use super::create::Newborn;
use super::dir::Dir;
use super::{attributes, walk};
use crate::fault::{Fault, Op, SysError};
use crate::unix::{Mode, split_path};

/// A text that anybody may read.
const READABLE: Mode = Mode(0o644);

/// Reads a text; empty where there is none.
#[must_use]
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Replaces a text: a reader sees the old one or the new one.
///
/// # Errors
/// The new one could not be written; the old one is there.
pub fn replace(path: &Path, text: &[u8]) -> Result<(), SysError> {
    let fail = |op, errno| SysError::new(op, path, errno);
    let io = |op| move |error: std::io::Error| fail(op, error.raw_os_error().unwrap_or(0));
    let (directory, name) = split_path(path).ok_or_else(|| fail(Op::Create, nix::libc::EISDIR))?;
    let dir = walk::open_directory(directory, path).map_err(|fault| match fault {
        Fault::Call(error) => error,
        _ => fail(Op::OpenDirectory, nix::libc::EPERM),
    })?;
    let dir = std::sync::Arc::new(dir);
    let newborn = Newborn::in_dir(&dir, name)?;
    let mut file = newborn.file();
    file.write_all(text).map_err(io(Op::Write))?;
    attributes::set_mode(file, path, READABLE)?;
    file.sync_all().map_err(io(Op::Flush))?;
    swap_in(&dir, newborn, name, path)
}

/// Names the new file beside the old one, then renames it over.
fn swap_in(dir: &Dir, mut newborn: Newborn, name: &OsStr, path: &Path) -> Result<(), SysError> {
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    newborn.place(&beside)?;
    nix::fcntl::renameat(dir, beside.as_os_str(), dir, name)
        .map_err(|errno| SysError::new(Op::Rename, path, errno as i32))
}
