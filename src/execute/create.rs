//! The new, empty log.

use super::place::place;
use super::work::Turn;
use crate::event::LogListener;
use crate::fault::{Fault, Op};
use crate::plan::{Entry, Where};
use crate::policy::Ownership;
use crate::sys::File;
use crate::sys::create::{NewFile, born_whole};
use crate::sys::dir::Access;
use crate::sys::{attributes, context};

/// Makes the log anew: born as it is to be where that can be had, else narrow, then owner, ACL and mode, and only then its
/// name. `old` is where the old log is now.
pub(super) fn create(turn: &Turn, ownership: &Ownership, old: &Entry, listener: &LogListener<'_>) -> Result<(), Fault> {
    let path = &turn.site.path;
    // The old log, renamed, must not come back under this name when the power goes.
    turn.site.log_dir.keep_order()?;
    if is_born_whole(turn, ownership, old) {
        return Ok(());
    }
    let (mode, user, group) = turn.owned(ownership);
    let needs_old = ownership.mode.is_none() || context::KEEPS_CONTEXT;
    let old = if needs_old { old_log(turn, old) } else { None };
    let new_file = NewFile::like(old.as_ref(), &turn.site.log_dir, &turn.site.name)?;
    attributes::set_owner(new_file.file(), path, user, group)?;
    match &old {
        Some(old) if ownership.mode.is_none() => {
            attributes::copy_permissions(old, &turn.before, new_file.file(), path)?
        }
        _ => attributes::set_mode(new_file.file(), path, mode)?,
    }
    if let Some(old) = &old {
        context::copy_context(old, new_file.file(), path)?;
    }
    place(&turn.site, new_file, Where::Log, &turn.site.name, listener)?;
    Ok(())
}

/// Makes the log in one step, where it needs no more than that.
fn is_born_whole(turn: &Turn, ownership: &Ownership, old: &Entry) -> bool {
    let (mode, user, group) = turn.owned(ownership);
    let is_plain = || {
        let old_dir = turn.site.dir(old.place);
        old_dir.is_ok_and(|dir| ownership.mode.is_some() || dir.has_no_acl(&old.name, turn.before.id))
    };
    !context::KEEPS_CONTEXT && is_plain() && born_whole(&turn.site.log_dir, &turn.site.name, mode, user, group)
}

/// Opens what the log was renamed to, where its ACL or context is wanted; whatever else lies there has none to give.
fn old_log(turn: &Turn, old: &Entry) -> Option<File> {
    let dir = turn.site.dir(old.place).ok()?;
    let (file, facts) = dir.open_plain(&old.name, Access::Read, Op::Open).ok()?;
    (facts.id == turn.before.id).then_some(file)
}
