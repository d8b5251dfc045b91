//! Files that go: through `preremove` and `shred`, where they are set.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::hook::{self, Call};
use super::work::LogWork;
use crate::event::{LogListener, What};
use crate::facts::{FileFacts, Kind};
use crate::fault::{Fault, Hook, Op};
use crate::sys::File;
use crate::sys::create::set_aside;
use crate::sys::dir::{Access, Dir, OpenError};
use crate::sys::process;

/// A file with more bytes of holes than this is not overwritten before it goes.
const LARGEST_HOLES: u64 = 64 << 20;

/// Removes an archive, or a plain file whose compressed twin is in place. One that is gone already is no error.
///
/// # Errors
/// `preremove` failed, or the file could not be removed: it stays.
pub(super) fn remove(work: &LogWork, dir: &Dir, name: &OsString, listener: &LogListener<'_>) -> Result<(), Fault> {
    let path = work.archive_path_of(name);
    // What cannot be overwritten stays, and preremove does not hear of it.
    let is_link = || Ok::<_, Fault>(dir.look(name)?.is_some_and(|facts| facts.kind == Kind::Symlink));
    let doomed = match work.set.policy.shred {
        // A link is never followed: it only goes.
        Some(_) if is_link()? => None,
        Some(cycles) => {
            let (file, facts) = open(work, dir, name, &path)?;
            // The program would fill the holes.
            let is_hollow = facts.size.saturating_sub(facts.allocated) > LARGEST_HOLES;
            Some((file, is_hollow, cycles))
        }
        None => None,
    };
    if let Some(mut call) = Call::for_log(&work.set, Hook::Remove, &path, None) {
        listener.hear(What::Script {
            hook: Hook::Remove,
            rehearsed: None,
        });
        call.args = vec![path.clone().into_os_string()];
        hook::run(&work.set, &call)?;
    }
    let Some((file, is_hollow, cycles)) = doomed else {
        return unlink(work, dir, name, path, listener);
    };
    // Half overwritten it is no archive any more, and may not look like one if the run dies now.
    let aside = set_aside(dir, name, &file)?;
    let shredded = (!is_hollow).then(|| process::run_shred(&file, cycles, work.stranger()));
    if !matches!(&shredded, Some(Ok(done)) if done.end.is_ok()) {
        listener.hear(What::ShredFailed {
            path: path.clone(),
            said: shredded.and_then(Result::ok).map(|done| done.said).unwrap_or_default(),
        });
    }
    unlink(work, dir, &aside, path, listener)
}

/// Unlinks; a name that is gone already is only said.
pub(super) fn unlink(
    work: &LogWork,
    dir: &Dir,
    name: &OsString,
    path: PathBuf,
    listener: &LogListener<'_>,
) -> Result<(), Fault> {
    let unlinked = match work.identity {
        None => work.set.choices.release.unlink(dir, name),
        // While the process has another identity no thread touches a file.
        Some(_) => dir.unlink(name),
    };
    match unlinked {
        Err(error) if error.is_absence() => {
            listener.hear(What::AlreadyGone(path));
            Ok(())
        }
        other => Ok(other?),
    }
}

/// Opens a file to be overwritten: the descriptor is what will be shredded, whatever has its name then.
fn open(work: &LogWork, dir: &Dir, name: &OsString, path: &Path) -> Result<(File, FileFacts), Fault> {
    let not_plain = || Fault::NotPlain {
        path: path.to_owned(),
        op: Op::Open,
    };
    let (file, facts) = match dir.open_plain(name, Access::ReadWrite, Op::Open) {
        Ok(opened) => opened,
        Err(OpenError::Call(error)) => return Err(error.into()),
        Err(OpenError::NotPlain) => return Err(not_plain()),
    };
    if facts.links > 1 && !work.set.policy.allow_hardlink {
        return Err(not_plain());
    }
    Ok((file, facts))
}
