//! New files under their final names: what is in the way is moved aside first, never overwritten.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::work::LogSite;
use crate::event::{LogListener, What};
use crate::fault::{Fault, SysError};
use crate::plan::Where;
use crate::sys::File;
use crate::sys::create::NewFile;
use crate::sys::dir::Dir;

/// The longest name that Linux's file systems take, in bytes.
const LONGEST_NAME: usize = 255;

/// Moves what has the name already to `NAME-YYYYMMDDHH.backup`, and warns.
pub(super) fn move_aside(site: &LogSite, at: Where, name: &OsStr, listener: &LogListener<'_>) -> Result<(), Fault> {
    let dir = site.dir(at)?;
    if dir.look(name)?.is_none() {
        return Ok(());
    }
    let now = site.stanza.choices.now;
    let mark = format!("-{:04}{:02}{:02}{:02}.backup", now.year, now.month, now.day, now.hour);
    let free = free_name(dir, name, &mark)?;
    dir.rename(name, dir, &free)?;
    let path = site.path_in(at, name);
    let to = path.with_file_name(&free);
    listener.hear(What::MovedAside { path, to });
    Ok(())
}

/// Returns the name with the mark behind it, or with the first of `MARK.1`, `MARK.2`, … that is not taken.
fn free_name(dir: &Dir, name: &OsStr, mark: &str) -> Result<OsString, SysError> {
    let mut free = marked(name, mark);
    let mut number = 0_u32;
    while dir.look(&free)?.is_some() && number < u32::MAX {
        number += 1;
        free = marked(name, &format!("{mark}.{number}"));
    }
    Ok(free)
}

/// Puts a mark behind a name; a name that would become too long loses its end, whole characters of it.
fn marked(name: &OsStr, mark: &str) -> OsString {
    let bytes = name.as_bytes();
    let room = LONGEST_NAME.saturating_sub(mark.len());
    let mut end = bytes.len().min(room);
    while end > 0 && bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    OsString::from_vec([&bytes[..end], mark.as_bytes()].concat())
}

/// Gives a finished file its name; what has the name already is moved aside.
pub(super) fn place(
    site: &LogSite,
    mut new_file: NewFile,
    at: Where,
    name: &OsStr,
    listener: &LogListener<'_>,
) -> Result<File, Fault> {
    let dir = site.dir(at)?;
    // What was moved out of its way must not come back when the power goes.
    dir.keep_order()?;
    match new_file.place(name) {
        Err(failed) if failed.is_taken() => {
            move_aside(site, at, name, listener)?;
            dir.keep_order()?;
            new_file.place(name)?;
        }
        other => other?,
    }
    Ok(new_file.into_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_behind_every_name_and_no_name_becomes_too_long() {
        for (name, length) in [
            ("a.log", 12),
            (&"x".repeat(248), 255),
            (&"x".repeat(255), 255),
            (&"ä".repeat(127), 255),
        ] {
            let marked = marked(OsStr::new(name), "-backup");
            let marked = marked.to_str().expect("whole characters");
            assert!(marked.ends_with("-backup"), "{marked}");
            assert_eq!(marked.len(), length, "{name}");
        }
    }
}
