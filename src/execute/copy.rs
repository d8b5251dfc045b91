//! Copies of the log: made whole and flushed before they have a name, and only then the log is cut.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsFd;

use super::compress::flush;
use super::place::place;
use super::work::LogWork;
use super::perform::dir_of;
use crate::event::{Event, Listener};
use crate::facts::FileFacts;
use crate::fault::{Fault, Op, SysError};
use crate::plan::{Spot, Where};
use crate::sys::call::{CallError, Doing};
use crate::sys::create::Newborn;
use crate::sys::dir::{Access, OpenError};
use crate::sys::stream::Afterwards;
use crate::sys::truncate::{self, Cut};
use crate::sys::{attributes, copy as bytes};

/// Copies the log (or `renamecopy`'s interim log) to an archive.
pub(super) fn copy(work: &LogWork, from: &Spot, to: &OsStr, listener: &dyn Listener) -> Result<(), Fault> {
    let Some(dir) = &work.archive_dir else { return Ok(()) };
    let (source, facts) = open(work, from, Access::Read)?;
    let newborn = Newborn::in_dir(dir, to)?;
    bytes::copy_contents(source.as_fd(), newborn.file().as_fd(), Afterwards::Keep)
        .map_err(|error| call(work, from, to, error))?;
    finish(work, (&source, &facts), newborn, to, listener)
}

/// Copies the log to an archive and cuts off what was copied; without an archive it is only cut.
pub(super) fn copy_and_truncate(work: &LogWork, to: Option<&OsStr>, listener: &dyn Listener) -> Result<(), Fault> {
    let log = Spot { place: Where::Log, name: work.name.clone() };
    let (source, facts) = open(work, &log, Access::ReadWrite)?;
    let fail = |error| call(work, &log, to.unwrap_or_default(), error);
    let (Some(to), Some(dir)) = (to, &work.archive_dir) else {
        return truncate::empty(source.as_fd()).map_err(fail);
    };
    let newborn = Newborn::in_dir(dir, to)?;
    let cut = Cut::copy(source.as_fd(), newborn.file().as_fd()).map_err(fail)?;
    finish(work, (&source, &facts), newborn, to, listener)?;
    let done = cut.apply().map_err(fail)?;
    listener.hear(Event::CutWay { log: work.path.clone(), way: done.way.name() });
    if done.writer_does_not_append {
        listener.hear(Event::WriterDoesNotAppend(work.path.clone()));
    }
    Ok(())
}

/// Dresses, flushes and names a finished copy.
fn finish(
    work: &LogWork,
    (source, facts): (&File, &FileFacts),
    newborn: Newborn,
    to: &OsStr,
    listener: &dyn Listener,
) -> Result<(), Fault> {
    let Some(dir) = &work.archive_dir else { return Ok(()) };
    let path = work.archive_path_of(to);
    attributes::set_owner(newborn.file(), &path, facts.user, facts.group)?;
    attributes::copy_permissions(source, facts, newborn.file(), &path)?;
    attributes::copy_context(source, newborn.file(), &path)?;
    flush(newborn.file(), &path)?;
    place(work, newborn, dir, to, path, listener)?;
    Ok(dir.settle()?)
}

fn open(work: &LogWork, spot: &Spot, access: Access) -> Result<(File, FileFacts), Fault> {
    let (source, facts) = match dir_of(work, spot)?.open_plain(&spot.name, access, Op::Open) {
        Ok(opened) => opened,
        Err(OpenError::Call(mut error)) => {
            error.path = work.path_of(spot);
            return Err(error.into());
        }
        Err(OpenError::NotPlain) => return Err(Fault::NotPlain { path: work.path_of(spot), op: Op::Open }),
    };
    if facts.links > 1 && !work.set.policy.allow_hardlink {
        return Err(Fault::NotPlain { path: work.path_of(spot), op: Op::Open });
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
    let path = if op == Op::Write { work.archive_path_of(to) } else { work.path_of(from) };
    Fault::Call(SysError { op, path, other: None, errno: error.errno as i32 })
}
