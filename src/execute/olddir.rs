//! The archives' directory, made when the log is rotated (`createolddir`).

use std::path::{Component, Path, PathBuf};

use crate::event::{Doing, Event, Listener};
use crate::fault::Fault;
use crate::observe::Held;
use crate::policy::Ownership;
use crate::sys::{mkdir, walk};
use crate::unix::Mode;

/// The mode of a directory that no mode was given for.
const DEFAULT_MODE: Mode = Mode(0o755);

/// Makes the directory and its missing parents, each with the mode and owner asked for.
pub(super) fn make(base: &Held, path: &Path, ownership: &Ownership, listener: &dyn Listener) -> Result<(), Fault> {
    for missing in missing(base, path) {
        listener.hear(Event::Step(Doing::MakeDir(missing.clone())));
        let Some((parent, name)) = crate::unix::split_path(&missing) else {
            continue;
        };
        let parent = walk::open_directory(&parent, &missing)?;
        let mode = ownership.mode.unwrap_or(DEFAULT_MODE);
        mkdir::make(&parent, &name, mode, ownership.user, ownership.group)?;
    }
    Ok(())
}

/// Returns the directories on the way that do not exist, outermost first.
pub(super) fn missing(base: &Held, path: &Path) -> Vec<PathBuf> {
    let whole = base.dir.path().join(path);
    let mut missing = Vec::new();
    let mut at = whole.as_path();
    while walk::open_directory(at, at).is_err() {
        if at
            .components()
            .next_back()
            .is_some_and(|last| matches!(last, Component::Normal(_)))
        {
            missing.push(at.to_owned());
        }
        match at.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => at = parent,
            _ => break,
        }
    }
    missing.reverse();
    missing
}
