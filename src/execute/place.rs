//! New files under their final names: what is in the way is moved aside first, never overwritten.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::work::LogWork;
use crate::event::{Event, Listener};
use crate::fault::{Fault, SysError};
use crate::sys::File;
use crate::sys::create::Newborn;
use crate::sys::dir::Dir;

/// What the kernel says of a name that is taken.
const EEXIST: i32 = 17;

/// Moves what has the name already to `NAME-YYYYMMDDHH.backup`: an error message, no change of the status.
pub(super) fn make_room(
    work: &LogWork,
    dir: &Dir,
    name: &OsStr,
    path: PathBuf,
    listener: &dyn Listener,
) -> Result<(), SysError> {
    if dir.look(name)?.is_none() {
        return Ok(());
    }
    let now = work.set.choices.now;
    let mut aside = name.to_owned();
    aside.push(format!(
        "-{:04}{:02}{:02}{:02}.backup",
        now.year, now.month, now.day, now.hour
    ));
    let free = free_name(dir, aside)?;
    dir.rename(name, dir, &free)?;
    let mut to = path.clone();
    to.set_file_name(&free);
    listener.hear(Event::MovedAside { path, to });
    Ok(())
}

/// Returns the name, or the first of `NAME.1`, `NAME.2`, … that is not taken.
fn free_name(dir: &Dir, name: OsString) -> Result<OsString, SysError> {
    let mut free = name.clone();
    let mut number = 0_u32;
    while dir.look(&free)?.is_some() && number < u32::MAX {
        number += 1;
        free = name.clone();
        free.push(format!(".{number}"));
    }
    Ok(free)
}

/// Gives a finished file its name; what has the name already is moved aside.
pub(super) fn place(
    work: &LogWork,
    mut newborn: Newborn,
    dir: &Dir,
    name: &OsStr,
    path: PathBuf,
    listener: &dyn Listener,
) -> Result<File, Fault> {
    // What was moved out of its way must not come back when the power goes.
    dir.settle()?;
    match newborn.place(name) {
        Err(SysError { errno: EEXIST, .. }) => {
            make_room(work, dir, name, path, listener)?;
            dir.settle()?;
            newborn.place(name)?;
        }
        other => other?,
    }
    Ok(newborn.into_file())
}
