//! The new, empty log.

use super::place::place;
use super::work::LogWork;
use crate::event::Listener;
use crate::fault::{Fault, Op};
use crate::policy::{Method, Ownership};
use crate::sys::File;
use crate::sys::attributes;
use crate::sys::create::Newborn;
use crate::sys::dir::{Access, Dir};
use crate::unix::Mode;

/// Makes the log anew: born narrow, then owner, ACL and mode, and only then its name.
pub(super) fn create(work: &LogWork, ownership: &Ownership, listener: &dyn Listener) -> Result<(), Fault> {
    let path = &work.path;
    let newborn = Newborn::in_dir(&work.log_dir, &work.name)?;
    let user = ownership.user.unwrap_or(work.before.user);
    let group = ownership.group.unwrap_or(work.before.group);
    attributes::set_owner(newborn.file(), path, user, group)?;
    let needs_old = ownership.mode.is_none() || attributes::KEEPS_CONTEXT;
    let old = if needs_old { old_log(work) } else { None };
    match (ownership.mode, &old) {
        (Some(mode), _) => attributes::set_mode(newborn.file(), path, mode)?,
        (None, Some(old)) => attributes::copy_permissions(old, &work.before, newborn.file(), path)?,
        (None, None) => attributes::set_mode(newborn.file(), path, Mode(work.before.mode.0 & 0o777))?,
    }
    if attributes::KEEPS_CONTEXT
        && let Some(old) = &old
    {
        attributes::copy_context(old, newborn.file(), path)?;
    }
    place(work, newborn, &work.log_dir, &work.name, path.clone(), listener)?;
    Ok(())
}

/// Opens what the log was renamed to, where its ACL or context is wanted; anything but a plain file has none to give.
fn old_log(work: &LogWork) -> Option<File> {
    let (dir, name): (&Dir, _) = match work.set.policy.method {
        Method::RenameThenCopy { .. } => {
            let mut name = work.name.clone();
            name.push(".tmp");
            (&work.log_dir, name)
        }
        _ => (work.archive_dir.as_deref()?, work.archive.clone()),
    };
    dir.open_plain(&name, Access::Read, Op::Open).ok().map(|(file, _)| file)
}
