//! Copies of the log: made whole and flushed before they have a name, and only then the log is cut.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};

use super::compress::flush;
use super::perform::{dir_of, is_held};
use super::place::place;
use super::work::LogWork;
use crate::event::{Event, Listener};
use crate::facts::FileFacts;
use crate::fault::{Fault, Op, SysError};
use crate::plan::{Spot, Step, Where};
use crate::sys::File;
use crate::sys::call::{CallError, Doing, Errno};
use crate::sys::create::Newborn;
use crate::sys::dir::{Access, Dir, OpenError};
use crate::sys::stream::Afterwards;
use crate::sys::truncate::{self, Cut, CutWay};
use crate::sys::{attributes, context, copy as bytes};
use crate::unix::FileId;

/// Copies the log, or `renamecopy`'s interim log: that goes when it is copied, so a program may no longer write to it. Answers
/// `false`, and has done nothing, where one does.
pub(super) fn copy(work: &LogWork, step: &Step, listener: &dyn Listener) -> Result<bool, Fault> {
    let (Step::Copy { from, to }, Some(dir)) = (step, &work.archive_dir) else {
        return Ok(true);
    };
    let opened = open(work, from, Access::Read);
    let goes = from.name != work.name;
    if goes && opened.as_ref().is_ok_and(|(source, _)| is_held(work, source.as_fd())) {
        return Ok(false);
    }
    work.announce(step, listener);
    let (source, facts) = opened?;
    if is_copied(dir, to, &source) {
        return Ok(true);
    }
    let newborn = Newborn::like(Some(&source), dir, to)?;
    bytes::copy_contents(source.as_fd(), newborn.file().as_fd(), Afterwards::Keep)
        .map_err(|error| call(work, from, to, error))?;
    finish(work, (&source, &facts), newborn, to, listener)?;
    Ok(true)
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
pub(super) fn copy_and_truncate(work: &LogWork, to: Option<&OsStr>, listener: &dyn Listener) -> Result<(), Fault> {
    let log = Spot {
        place: Where::Log,
        name: work.name.clone(),
    };
    let fail = |error| call(work, &log, to.unwrap_or_default(), error);
    let (Some(to), Some(dir)) = (to, &work.archive_dir) else {
        let (file, _) = open(work, &log, Access::ReadWrite)?;
        return truncate::empty(file.as_fd()).map_err(fail);
    };
    let reopen = || {
        let opened = work.log_dir.open_plain(&work.name, Access::ReadWrite, Op::Open);
        opened
            .map(|(file, _)| OwnedFd::from(file))
            .map_err(|error| match error {
                OpenError::Call(error) => CallError {
                    doing: Doing::Open,
                    errno: Errno::from_raw(error.errno),
                },
                OpenError::NotPlain => CallError {
                    doing: Doing::Open,
                    errno: Errno::EOPNOTSUPP,
                },
            })
    };
    let (source, facts) = open(work, &log, Access::Read)?;
    let newborn = Newborn::like(Some(&source), dir, to)?;
    let is_read_again = work.set.policy.compression.is_some();
    let after = if is_read_again {
        Afterwards::Keep
    } else {
        Afterwards::Forget
    };
    let copied = truncate::copy(source.as_fd(), newborn.file().as_fd(), after, &reopen).map_err(fail)?;
    let archive = finish(work, (&source, &facts), newborn, to, listener)?;
    let cut = copied.cut(source.into(), archive.as_fd(), &reopen).map_err(fail)?;
    listener.hear(Event::CutWay {
        log: work.path.to_path_buf(),
        way: way(cut.way),
    });
    if reopen().is_ok_and(|log| truncate::grew_a_hole(log.as_fd(), &cut)) {
        listener.hear(Event::WriterDoesNotAppend(work.path.to_path_buf()));
    } else if !matches!(cut.way, CutWay::Alone | CutWay::ByAnother) {
        // Its writer may not have written yet: it is asked about once more.
        let _ = work.cut.set(cut);
    }
    Ok(())
}

/// Tells whether a log that was cut some time ago has grown a hole since.
#[must_use]
pub fn grew_a_hole(dir: &Dir, name: &OsStr, log: FileId, cut: &Cut) -> bool {
    dir.open_plain(name, Access::Read, Op::Open)
        .is_ok_and(|(file, facts)| facts.id == log && truncate::grew_a_hole(file.as_fd(), cut))
}

fn way(way: CutWay) -> &'static str {
    match way {
        CutWay::Alone | CutWay::NoWriter => "nobody writes to it, it is empty now",
        CutWay::Collapsed => "the copied blocks were taken off its front, what came meanwhile stays in it",
        CutWay::Quiet => "nobody wrote to it meanwhile, it is empty now",
        CutWay::Recopied => "it was copied until nothing more came, and emptied at once",
        CutWay::ByAnother => "another program had cut it meanwhile, it was left alone",
    }
}

/// Dresses, flushes and names a finished copy.
fn finish(
    work: &LogWork,
    (source, facts): (&File, &FileFacts),
    newborn: Newborn,
    to: &OsStr,
    listener: &dyn Listener,
) -> Result<File, Fault> {
    let dir = work.archive_dir.as_ref().map_or(&work.log_dir, |dir| dir);
    let path = work.archive_path_of(to);
    attributes::set_owner(newborn.file(), &path, facts.user, facts.group)?;
    attributes::copy_permissions(source, facts, newborn.file(), &path)?;
    context::copy_context(source, newborn.file(), &path)?;
    flush(newborn.file(), &path)?;
    let named = place(work, newborn, dir, to, path, listener)?;
    dir.settle()?;
    Ok(named)
}

fn open(work: &LogWork, spot: &Spot, access: Access) -> Result<(File, FileFacts), Fault> {
    let (source, facts) = match dir_of(work, spot)?.open_plain(&spot.name, access, Op::Open) {
        Ok(opened) => opened,
        Err(OpenError::Call(mut error)) => {
            error.path = work.path_of(spot);
            return Err(error.into());
        }
        Err(OpenError::NotPlain) => {
            return Err(Fault::NotPlain {
                path: work.path_of(spot),
                op: Op::Open,
            });
        }
    };
    if facts.links > 1 && !work.set.policy.allow_hardlink {
        return Err(Fault::NotPlain {
            path: work.path_of(spot),
            op: Op::Open,
        });
    }
    Ok((source, facts))
}

fn call(work: &LogWork, from: &Spot, to: &OsStr, error: CallError) -> Fault {
    let op = match error.doing {
        Doing::Stat => Op::Stat,
        Doing::Open => Op::Open,
        Doing::Read => Op::Read,
        Doing::Write => Op::Write,
        Doing::Flush => Op::Flush,
        Doing::Truncate => Op::Truncate,
    };
    let path = if op == Op::Write {
        work.archive_path_of(to)
    } else {
        work.path_of(from)
    };
    Fault::Call(SysError::new(op, path, error.errno as i32))
}
