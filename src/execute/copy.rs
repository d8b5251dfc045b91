//! Copies of the log: made whole and flushed before they have a name, and only then the log is cut.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};

use super::compress::{Outcome, flush};
use super::files::Regular;
use super::place::place;
use super::work::{LogSite, Turn};
use crate::event::{LogListener, What};
use crate::fault::{Fault, Op};
use crate::plan::{Entry, Step, Where};
use crate::sys::File;
use crate::sys::call::{CallError, Errno};
use crate::sys::create::NewFile;
use crate::sys::dir::{Access, Dir, OpenError};
use crate::sys::stream::Afterwards;
use crate::sys::truncate::{self, Cut, CutWay};
use crate::sys::{attributes, context, copy as bytes};
use crate::unix::FileId;

/// Copies the log, or `renamecopy`'s interim log: that goes when it is copied, so a program may no longer write to it.
pub(super) fn copy(turn: &Turn, step: &Step, listener: &LogListener<'_>) -> Result<Outcome, Fault> {
    let site = &turn.site;
    let (Step::Copy { from, to }, Some(dir)) = (step, &site.archive_dir) else {
        return Ok(Outcome::Done);
    };
    let opened = site.open_regular(from.place, &from.name, Access::Read, Op::Open);
    let goes = from.name != site.name;
    let switched = turn.switched.get().copied();
    if goes && opened.as_ref().is_ok_and(|source| source.is_held(switched)) {
        return Ok(Outcome::Busy);
    }
    turn.announce(step, listener);
    let source = opened?;
    if is_copied(dir, to, &source.file) {
        return Ok(Outcome::Done);
    }
    let new_file = NewFile::like(Some(&source.file), dir, to)?;
    bytes::copy_contents(source.file.as_fd(), new_file.file().as_fd(), Afterwards::Keep)
        .map_err(|error| call(site, from, to, error))?;
    finish(site, &source, new_file, to, listener)?;
    Ok(Outcome::Done)
}

/// Tells whether a run that died, or could not remove it, has made an archive of `renamecopy`'s interim log already.
#[must_use]
pub fn is_archived(log_dir: &Dir, interim: &OsStr, dir: &Dir, to: &OsStr) -> bool {
    let opened = log_dir.open_plain(interim, Access::Read, Op::Open);
    opened.is_ok_and(|(source, facts)| facts.size > 0 && is_copied(dir, to, &source))
}

/// A run that died after its copy was named has done it already.
fn is_copied(dir: &Dir, to: &OsStr, source: &File) -> bool {
    let Ok((copy, _)) = dir.open_plain(to, Access::Read, Op::Open) else {
        return false;
    };
    bytes::same_contents(copy.as_fd(), source.as_fd()).unwrap_or(false)
}

/// Copies the log to an archive and cuts off what was copied; without an archive it is only cut.
///
/// Order: the copy is flushed and has its name before the log loses a byte.
pub(super) fn copy_and_truncate(turn: &Turn, to: Option<&OsStr>, listener: &LogListener<'_>) -> Result<(), Fault> {
    let site = &turn.site;
    let log = Entry {
        place: Where::Log,
        name: site.name.clone(),
    };
    let fail = |error| call(site, &log, to.unwrap_or_default(), error);
    let (Some(to), Some(dir)) = (to, &site.archive_dir) else {
        let log = site.open_regular(Where::Log, &site.name, Access::ReadWrite, Op::Open)?;
        return truncate::empty(log.file.as_fd()).map_err(fail);
    };
    let reopen = || {
        let opened = site.log_dir.open_plain(&site.name, Access::ReadWrite, Op::Open);
        opened
            .map(|(file, _)| OwnedFd::from(file))
            .map_err(|error| match error {
                OpenError::Call(error) => CallError {
                    op: Op::Open,
                    errno: Errno::from_raw(error.errno),
                },
                OpenError::NotPlain => CallError {
                    op: Op::Open,
                    errno: Errno::EOPNOTSUPP,
                },
            })
    };
    let source = site.open_regular(Where::Log, &site.name, Access::Read, Op::Open)?;
    let new_file = NewFile::like(Some(&source.file), dir, to)?;
    let is_read_again = site.stanza.policy.compression.is_some();
    let after = if is_read_again {
        Afterwards::Keep
    } else {
        Afterwards::Forget
    };
    let copied = truncate::copy(source.file.as_fd(), new_file.file().as_fd(), after, &reopen).map_err(fail)?;
    let archive = finish(site, &source, new_file, to, listener)?;
    let cut = copied.cut(source.file.into(), archive.as_fd(), &reopen).map_err(fail)?;
    listener.hear(What::CutWay(cut.way));
    if reopen().is_ok_and(|log| truncate::grew_a_hole(log.as_fd(), &cut)) {
        listener.hear(What::WriterDoesNotAppend);
    } else if !matches!(cut.way, CutWay::Alone | CutWay::ByAnother) {
        // Its writer may not have written yet: it is asked about once more.
        let _ = turn.cut.set(cut);
    }
    Ok(())
}

/// Tells whether a log that was cut some time ago has grown a hole since.
#[must_use]
pub fn grew_a_hole(dir: &Dir, name: &OsStr, log: FileId, cut: &Cut) -> bool {
    dir.open_plain(name, Access::Read, Op::Open)
        .is_ok_and(|(file, facts)| facts.id == log && truncate::grew_a_hole(file.as_fd(), cut))
}

/// Dresses, flushes and names a finished copy.
fn finish(
    site: &LogSite,
    source: &Regular,
    new_file: NewFile,
    to: &OsStr,
    listener: &LogListener<'_>,
) -> Result<File, Fault> {
    let path = site.archive_path_of(to);
    let Regular { file, facts } = source;
    attributes::set_owner(new_file.file(), &path, facts.user, facts.group)?;
    attributes::copy_permissions(file, facts, new_file.file(), &path)?;
    context::copy_context(file, new_file.file(), &path)?;
    flush(new_file.file(), &path)?;
    let named = place(site, new_file, Where::Archive, to, listener)?;
    site.archive_dir()?.keep_order()?;
    Ok(named)
}

fn call(site: &LogSite, from: &Entry, to: &OsStr, error: CallError) -> Fault {
    let path = if error.op == Op::Write {
        site.archive_path_of(to)
    } else {
        site.path_of(from)
    };
    Fault::Call(error.at(&path))
}
