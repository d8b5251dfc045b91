//! The new, empty log.

use std::ffi::OsString;

use super::place::place;
use super::work::LogWork;
use crate::event::LogListener;
use crate::fault::{Fault, Op};
use crate::policy::{Method, Ownership};
use crate::sys::File;
use crate::sys::create::{Newborn, born_whole};
use crate::sys::dir::{Access, Dir};
use crate::sys::{attributes, context};
use crate::unix::Mode;

/// Makes the log anew: born as it is to be where that can be had, else narrow, then owner, ACL and mode, and only then its
/// name.
pub(super) fn create(work: &LogWork, ownership: &Ownership, listener: &LogListener<'_>) -> Result<(), Fault> {
    let path = &work.path;
    // The old log, renamed, must not come back under this name when the power goes.
    work.log_dir.settle()?;
    if is_born_whole(work, ownership) {
        return Ok(());
    }
    let user = ownership.user.unwrap_or(work.before.user);
    let group = ownership.group.unwrap_or(work.before.group);
    let needs_old = ownership.mode.is_none() || context::KEEPS_CONTEXT;
    let old = if needs_old { old_log(work) } else { None };
    let newborn = Newborn::like(old.as_ref(), &work.log_dir, &work.name)?;
    attributes::set_owner(newborn.file(), path, user, group)?;
    match (ownership.mode, &old) {
        (Some(mode), _) => attributes::set_mode(newborn.file(), path, mode)?,
        (None, Some(old)) => attributes::copy_permissions(old, &work.before, newborn.file(), path)?,
        (None, None) => attributes::set_mode(newborn.file(), path, Mode(work.before.mode.0 & 0o777))?,
    }
    if let Some(old) = &old {
        context::copy_context(old, newborn.file(), path)?;
    }
    place(work, newborn, &work.log_dir, &work.name, path.to_path_buf(), listener)?;
    Ok(())
}

/// Makes the log in one step, where it needs no more than that.
fn is_born_whole(work: &LogWork, ownership: &Ownership) -> bool {
    let user = ownership.user.unwrap_or(work.before.user);
    let group = ownership.group.unwrap_or(work.before.group);
    let mode = ownership.mode.unwrap_or(Mode(work.before.mode.0 & 0o777));
    let is_plain = || {
        let Some((dir, name)) = old_name(work) else {
            return false;
        };
        ownership.mode.is_some() || dir.has_no_acl(&name, work.before.id)
    };
    !context::KEEPS_CONTEXT && is_plain() && born_whole(&work.log_dir, &work.name, mode, user, group)
}

/// Opens what the log was renamed to, where its ACL or context is wanted; whatever else lies there has none to give.
fn old_log(work: &LogWork) -> Option<File> {
    let (dir, name) = old_name(work)?;
    let (file, facts) = dir.open_plain(&name, Access::Read, Op::Open).ok()?;
    (facts.id == work.before.id).then_some(file)
}

/// Returns where the old log is now.
fn old_name(work: &LogWork) -> Option<(&Dir, OsString)> {
    if matches!(work.set.policy.method, Method::RenameThenCopy { .. }) {
        let mut name = work.name.clone();
        name.push(".tmp");
        return Some((&work.log_dir, name));
    }
    Some((work.archive_dir.as_deref()?, work.archive.clone()))
}
