//! Small texts for other programs to read, replaced as a whole.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use super::atomic::Replacement;
use super::dir::{Access, Dir, OpenError};
use super::lock::{errno_of, error};
use super::{identity, walk};
use crate::facts::Kind;
use crate::fault::{Fault, Op, Unfit};
use crate::unix::{Mode, split_path};

/// A text that anybody may read.
const READABLE: Mode = Mode(0o644);

/// No text of ours is longer; of what is there, no more is read.
const LONGEST: u64 = 16 << 20;

/// Replaces a text by what `renew` makes of the earlier one (nothing where there is none): a reader sees the old one or the new
/// one.
///
/// # Errors
/// There is no plain file of that name, or others could change what lies there; or the new one could not be written. Then the old
/// one is there.
pub fn replace(path: &Path, renew: impl FnOnce(&[u8]) -> String) -> Result<(), Fault> {
    let (directory, name) = split_path(path).ok_or_else(|| error(Op::Create, path, nix::errno::Errno::EISDIR))?;
    let dir = walk::open_directory(directory, path).map_err(|fault| fault.of_named_file())?;
    check_writers(&dir, path)?;
    let text = renew(&earlier(&dir, name, path)?);
    let mut new = Replacement::begin(&dir, name, None)?;
    new.write(text.as_bytes())?;
    new.set_mode(READABLE)?;
    new.commit(false)?;
    Ok(())
}

/// In a directory of others root's file would not be root's: whoever may write there has put it there, or takes it away.
fn check_writers(dir: &Dir, path: &Path) -> Result<(), Fault> {
    let facts = dir.facts()?;
    if !identity::is_root() || !(facts.others_may_write() || facts.user.0 != 0) {
        return Ok(());
    }
    let why = Unfit::InDirectoryOfOthers {
        directory: dir.path().to_owned(),
        user: facts.user.0,
    };
    Err(Fault::unfit(path, why))
}

/// Reads what is there.
fn earlier(dir: &Dir, name: &OsStr, path: &Path) -> Result<Vec<u8>, Fault> {
    // It is looked at before it is opened: to open a device can do something already.
    let unfit = || Fault::unfit(path, Unfit::NotRegular);
    match dir.look(name)? {
        None => return Ok(Vec::new()),
        Some(facts) if facts.kind != Kind::Regular => return Err(unfit()),
        Some(_) => {}
    }
    let (file, _) = dir
        .open_plain(name, Access::Read, Op::Open)
        .map_err(|refused| match refused {
            OpenError::Call(error) => error.into(),
            OpenError::NotPlain => unfit(),
        })?;
    let mut text = Vec::new();
    file.take(LONGEST)
        .read_to_end(&mut text)
        .map_err(|failed| error(Op::Read, path, errno_of(&failed)))?;
    Ok(text)
}
