//! Carries out one step, whichever it is.

use std::ffi::OsStr;
use std::num::NonZero;

use super::compress::{self, Outcome, ToCompress};
use super::work::{LogSite, Turn};
use super::{copy, create, mail, place, remove};
use crate::event::LogListener;
use crate::facts::Kind;
use crate::fault::{Fault, Op, SysError};
use crate::obstacle;
use crate::plan::{Entry, Model, Step, Where};
use crate::sys::call::Errno;
use crate::sys::dir::Access;
use crate::sys::writers::Look;
use crate::unix::FileId;

/// Says and carries out one step; what cannot be begun because a program still writes to its file is not said.
///
/// # Errors
/// What failed; the step's own file is as it was, or finished.
pub(super) fn perform(
    turn: &Turn,
    step: &Step,
    threads: NonZero<usize>,
    listener: &LogListener<'_>,
) -> Result<Outcome, Fault> {
    if !matches!(step, Step::Compress { .. } | Step::Copy { .. }) {
        turn.announce(step, listener);
    }
    let site = &turn.site;
    match step {
        Step::Compress { from, to, model } => {
            let wanted = ToCompress {
                from,
                to,
                times_of: match model {
                    Model::LogBefore => Some(&turn.before),
                    Model::Itself => None,
                },
                switched: turn.switched.get().copied(),
                is_newest: *from == turn.archive,
                before_its_time: None,
            };
            return compress::begin(site, wanted, threads, listener);
        }
        Step::Copy { .. } => return copy::copy(turn, step, listener),
        Step::Rename { from, to } => rename(turn, from, to, listener)?,
        Step::CopyTruncate { to } => copy::copy_and_truncate(turn, to.as_deref(), listener)?,
        Step::SkipCopy { .. } | Step::GiveUpMail { .. } => {}
        Step::Create { ownership, old } => create::create(turn, ownership, old, listener)?,
        Step::MoveAside(what) => place::move_aside(site, what.place, &what.name, listener)?,
        Step::Mail {
            what,
            subject,
            uncompress,
        } => mail::mail(site, what, *subject, *uncompress)?,
        Step::Remove { what, is_archive: true } => remove::rotate_out(site, &what.name, listener)?,
        Step::Remove {
            what,
            is_archive: false,
        } => {
            remove::unlink(site, site.dir(what.place)?, &what.name, site.path_of(what), listener)?;
        }
    }
    Ok(Outcome::Done)
}

fn rename(turn: &Turn, from: &Entry, to: &Entry, listener: &LogListener<'_>) -> Result<(), Fault> {
    let site = &turn.site;
    let is_log = from.place == Where::Log && from.name == site.name;
    if is_log && to.place == Where::Log && turn.archive != to.name {
        // What an earlier `renamecopy` could not finish is in the way, and is all there is of that log.
        place::move_aside(site, Where::Log, &to.name, listener)?;
    }
    let (old, new) = (site.dir(from.place)?, site.dir(to.place)?);
    let fail = |error: SysError| SysError {
        path: site.path_of(from),
        other: Some(site.path_of(to)),
        ..error
    };
    let wanted = if is_log {
        Some(log_now(turn).map_err(fail)?)
    } else {
        None
    };
    old.rename(&from.name, new, &to.name).map_err(fail)?;
    if let Some(wanted) = wanted
        && new.look(&to.name)?.is_none_or(|facts| (facts.id, facts.kind) != wanted)
    {
        // Somebody put something else at the log's name at the last moment: it is not ours to move. Where it cannot go back, since
        // that name is taken again, it is at least told.
        let _ = new.rename(&to.name, old, &from.name);
        return Err(fail(replaced()).into());
    }
    Ok(())
}

/// Finds out which file is to be rotated now. The log may have been replaced since it was looked at, by a script for instance, but
/// only by another plain file.
fn log_now(turn: &Turn) -> Result<(FileId, Kind), SysError> {
    let before = (turn.before.id, turn.before.kind);
    let Some(facts) = turn.site.log_dir.look(&turn.site.name)? else {
        return Ok(before);
    };
    // The number alone tells nothing: that of a file that was removed is given to the next one.
    let now = (facts.id, facts.kind);
    let is_plain = facts.kind == Kind::Regular && !obstacle::has_other_names(&facts, &turn.site.stanza.policy);
    if now == before || is_plain {
        Ok(now)
    } else {
        Err(replaced())
    }
}

fn replaced() -> SysError {
    SysError::new(Op::Rename, std::path::PathBuf::new(), Errno::ESTALE as i32)
}

/// Finds the program that still writes to what a step would compress or copy, as far as was seen at the last look.
pub(super) fn holder(site: &LogSite, step: &Step) -> Option<String> {
    let (dir, name) = match step {
        Step::Compress { from, .. } => (site.archive_dir().ok()?, from),
        Step::Copy { from, .. } => (site.dir(from.place).ok()?, &from.name),
        _ => return None,
    };
    let (_, facts) = dir.open_plain(name, Access::Read, Op::Open).ok()?;
    Look::last().program(&facts)
}

/// A name that a step makes or takes away, and in which directory.
pub type Change<'a> = (Where, &'a OsStr);

/// Returns the names that a step makes, and those that it takes away, in the archives' or the log's directory.
#[must_use]
pub fn changes(step: &Step) -> (Option<Change<'_>>, Option<Change<'_>>) {
    match step {
        Step::Compress { from, to, .. } => (Some((Where::Archive, to)), Some((Where::Archive, from))),
        Step::Rename { from, to } => (Some((to.place, &to.name)), Some((from.place, &from.name))),
        Step::CopyTruncate { to } => (to.as_deref().map(|name| (Where::Archive, name)), None),
        Step::Copy { to, .. } => (Some((Where::Archive, to)), None),
        Step::Remove { what, .. } | Step::MoveAside(what) => (None, Some((what.place, &what.name))),
        Step::SkipCopy { .. } | Step::Create { .. } | Step::Mail { .. } | Step::GiveUpMail { .. } => (None, None),
    }
}
