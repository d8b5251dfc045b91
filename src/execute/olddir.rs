//! The archives' directory, made when the log is rotated (`createolddir`).
//!
//! Each directory on the way is held, and the next one looked up or made in it: nothing is reached twice by its path.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::event::{Doing, LogListener, What};
use crate::fault::Fault;
use crate::observe::OpenDir;
use crate::policy::Ownership;
use crate::sys::dir::Dir;
use crate::sys::{mkdir, walk};
use crate::unix::Mode;

/// The mode of a directory that no mode was given for.
const DEFAULT_MODE: Mode = Mode(0o755);

/// Makes the directory and its missing parents, each with the mode and owner asked for, and returns it; `log` is named where the
/// way to it is not safe.
pub(super) fn make(
    base: &OpenDir,
    path: &Path,
    ownership: &Ownership,
    log: &Path,
    listener: &LogListener<'_>,
) -> Result<Dir, Fault> {
    let mode = ownership.mode.unwrap_or(DEFAULT_MODE);
    let mut way = Way::begin(base, path, log)?;
    for part in path.components() {
        let Some(name) = way.goes_on(part)? else { continue };
        walk::may_make(&way.here, ownership.user, log)?;
        listener.hear(What::Step(Doing::MakeDir(way.reached.clone())));
        mkdir::make(&way.here, name, mode, ownership.user, ownership.group)?;
        way.enter(name)?;
    }
    Ok(way.here)
}

/// Returns the directories on the way that do not exist, outermost first.
pub(super) fn missing(base: &OpenDir, path: &Path, ownership: &Ownership, log: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut way = Way::begin(base, path, log)?;
    let mut missing = Vec::new();
    for part in path.components() {
        if missing.is_empty() {
            if way.goes_on(part)?.is_some() {
                walk::may_make(&way.here, ownership.user, log)?;
                missing.push(way.reached.clone());
            }
        } else if let Component::Normal(name) = part {
            way.reached.push(name);
            missing.push(way.reached.clone());
        }
    }
    Ok(missing)
}

/// How far the way to the directory was gone.
struct Way<'a> {
    here: Dir,
    reached: PathBuf,
    log: &'a Path,
}

impl<'a> Way<'a> {
    fn begin(base: &OpenDir, path: &Path, log: &'a Path) -> Result<Self, Fault> {
        let (here, reached) = if path.is_absolute() {
            (walk::open_directory(Path::new("/"), log)?, PathBuf::from("/"))
        } else {
            let here = walk::open_directory_below(&base.dir, Path::new(""), log)?;
            (here, base.dir.path().to_owned())
        };
        Ok(Self { here, reached, log })
    }

    /// Goes to the next directory; returns its name where there is none.
    fn goes_on<'p>(&mut self, part: Component<'p>) -> Result<Option<&'p OsStr>, Fault> {
        let name = match part {
            Component::Normal(name) => name,
            Component::ParentDir => OsStr::new(".."),
            _ => return Ok(None),
        };
        self.reached.push(name);
        match self.enter(name) {
            Ok(()) => Ok(None),
            Err(Fault::Call(error)) if error.is_absence() => Ok(Some(name)),
            Err(fault) => Err(fault),
        }
    }

    fn enter(&mut self, name: &OsStr) -> Result<(), Fault> {
        self.here = walk::open_directory_below(&self.here, Path::new(name), self.log)?;
        Ok(())
    }
}
