//! The archives that a log has on disk: counted and measured, never touched.

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::Path;
use std::rc::Rc;

use crate::facts::Kind;
use crate::fault::{Fault, Op};
use crate::naming::ArchiveNames;
use crate::observe::{Directories, OpenDir};
use crate::obstacle::{self, ArchiveObstacle, Obstructed};
use crate::plan::Look as _;
use crate::policy::{NamingStyle, Policy};
use crate::sys::dir::Access;
use crate::sys::lease;
use crate::sys::writers::Look;
use crate::unix::split_path;

mod counted;
mod families;
mod foreseen;
pub mod lone;
pub mod systems;
mod whereabouts;

pub use counted::counted;
pub use families::{Families, Found, Guessed};
pub use foreseen::{Ahead, Programs, missing_programs, not_writable, obstacles};

/// Finds out whether a program still writes to the newest archive that has content, which it had open as the log. An empty log, or none,
/// is what such a program leaves; `log_size` is `None` where there is none.
pub fn not_reopened(
    policy: &Policy,
    log: &Path,
    log_size: Option<u64>,
    directories: &mut Directories,
) -> Result<Option<ArchiveObstacle>, Fault> {
    if !obstacle::moves_log(policy) || log_size.is_some_and(|size| size > 0) {
        return Ok(None);
    }
    let Some((names, place)) = names_and_place(policy, log, directories)? else {
        return Ok(None);
    };
    let Some((name, bytes)) = newest_with_content(policy, &names, &place)? else {
        return Ok(None);
    };
    let opened = place.dir.open_plain(&name, Access::Read, Op::Open);
    let Ok((file, facts)) = opened else { return Ok(None) };
    if !lease::is_held(file.as_fd()) {
        return Ok(None);
    }
    let by = Look::last().program(&facts);
    Ok(Some(ArchiveObstacle {
        archive: place.dir.path_of(&name),
        what: Obstructed::NotReopened { bytes, by },
    }))
}

/// Returns the newest archive that has content, if it is plain, and its size.
fn newest_with_content(
    policy: &Policy,
    names: &ArchiveNames,
    place: &OpenDir,
) -> Result<Option<(OsString, u64)>, Fault> {
    let mut plain = match policy.naming.style {
        NamingStyle::Numbered => {
            let first = u64::from(policy.retention.start);
            (first..first + MOST_EMPTY)
                .map(|number| names.numbered(number))
                .collect()
        }
        NamingStyle::Dated { .. } => {
            let mut found = matching(policy, names, place)?;
            found.sort_unstable_by(|one, other| names.order_dated(other, one));
            found
        }
    };
    plain.truncate(usize::try_from(MOST_EMPTY).unwrap_or(usize::MAX));
    for name in plain {
        match place.dir.look(&name)? {
            Some(facts) if facts.kind == Kind::Regular && facts.size == 0 => {}
            Some(facts) if facts.kind == Kind::Regular && !names.is_compressed(&name) => {
                return Ok(Some((name, facts.size)));
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// So many empty archives are looked past.
const MOST_EMPTY: u64 = 366;

fn names_and_place(
    policy: &Policy,
    log: &Path,
    directories: &mut Directories,
) -> Result<Option<(ArchiveNames, Rc<OpenDir>)>, Fault> {
    let Some((directory, name)) = split_path(log) else {
        return Ok(None);
    };
    let names = ArchiveNames::of(policy, name)?;
    let held = directories.get(directory, log)?;
    Ok(Some((names, place_of_archives(policy, &held, log, directories)?)))
}

/// Opens the directory of a log's archives; `home` is that of the log.
///
/// # Errors
/// It cannot be opened.
pub fn place_of_archives(
    policy: &Policy,
    home: &Rc<OpenDir>,
    log: &Path,
    directories: &mut Directories,
) -> Result<Rc<OpenDir>, Fault> {
    match &policy.old_dir {
        None => Ok(Rc::clone(home)),
        Some(old) => directories.get_below(home, &old.path, log),
    }
}

/// Returns the names that a rotation would take for archives of today's style, compressed or not.
fn matching(policy: &Policy, names: &ArchiveNames, place: &OpenDir) -> Result<Vec<OsString>, Fault> {
    let mut view = place.view.borrow_mut();
    let found = match policy.naming.style {
        NamingStyle::Numbered => {
            let mut found = view.starting_with(&names.numbered_prefix())?;
            found.retain(|name| names.parse_numbered(name).is_some());
            found
        }
        NamingStyle::Dated { .. } => {
            let mut found = view.starting_with(&names.dated_prefix())?;
            found.retain(|name| names.parse_dated(name).is_some());
            found
        }
    };
    Ok(found)
}
