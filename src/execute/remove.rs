//! Files that go: through `preremove` and `shred`, where they are set.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::files::Regular;
use super::hook::{self, Call};
use super::work::LogSite;
use crate::event::{LogListener, What};
use crate::facts::Kind;
use crate::fault::{Fault, Hook, Op};
use crate::plan::Where;
use crate::sys::create::set_aside;
use crate::sys::dir::{Access, Dir};
use crate::sys::process;

/// A file with more bytes of holes than this is not overwritten before it goes.
const LARGEST_HOLES: u64 = 64 << 20;

/// Removes an archive, or a plain file whose compressed twin is in place. One that is gone already is no error.
///
/// # Errors
/// `preremove` failed, or the file could not be removed: it stays.
pub(super) fn remove(site: &LogSite, name: &OsStr, listener: &LogListener<'_>) -> Result<(), Fault> {
    let dir = site.archive_dir()?;
    let path = site.archive_path_of(name);
    // What cannot be overwritten stays, and preremove does not hear of it.
    let is_link = || Ok::<_, Fault>(dir.look(name)?.is_some_and(|facts| facts.kind == Kind::Symlink));
    let doomed = match site.stanza.policy.shred {
        // A link is never followed: it only goes.
        Some(_) if is_link()? => None,
        Some(cycles) => {
            // The descriptor is what will be shredded, whatever has its name then.
            let Regular { file, facts } = site.open_regular(Where::Archive, name, Access::ReadWrite, Op::Open)?;
            // The program would fill the holes.
            let is_hollow = facts.size.saturating_sub(facts.allocated) > LARGEST_HOLES;
            Some((file, is_hollow, cycles))
        }
        None => None,
    };
    if let Some(mut call) = Call::for_log(&site.stanza, Hook::Remove, &path, None) {
        listener.hear(What::Script {
            hook: Hook::Remove,
            rehearsed: None,
        });
        call.args = vec![path.clone().into_os_string()];
        hook::run(&site.stanza, &call)?;
    }
    let Some((file, is_hollow, cycles)) = doomed else {
        return unlink(site, dir, name, path, listener);
    };
    // Half overwritten it is no archive any more, and may not look like one if the run dies now.
    let aside = set_aside(dir, name, &file)?;
    let shredded = (!is_hollow).then(|| process::run_shred(&file, cycles, site.stranger()));
    if !matches!(&shredded, Some(Ok(done)) if done.end.is_ok()) {
        listener.hear(What::ShredFailed {
            path: path.clone(),
            said: shredded.and_then(Result::ok).map(|done| done.said).unwrap_or_default(),
        });
    }
    unlink(site, dir, &aside, path, listener)
}

/// Unlinks; a name that is gone already is only said.
pub(super) fn unlink(
    site: &LogSite,
    dir: &Dir,
    name: &OsStr,
    path: PathBuf,
    listener: &LogListener<'_>,
) -> Result<(), Fault> {
    let unlinked = match site.identity {
        None => site.stanza.choices.release.unlink(dir, name),
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
