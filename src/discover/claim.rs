//! Whether a stanza could rotate a log: the way to it is gone with the stanza's rights and by the rules of a run. Nothing is touched.

use std::path::Path;

use crate::facts::FileFacts;
use crate::fault::Fault;
use crate::obstacle;
use crate::policy::{Policy, Su};
use crate::sys::dir::Dir;
use crate::sys::{identity, walk};
use crate::unix::{FileId, UserId, split_path};

/// A log's directory, reached with the rights that the log's work would be done with.
#[derive(Debug)]
pub(crate) struct Reached {
    dir: Dir,
    facts: FileFacts,
    user: UserId,
    /// Names can be made and changed wherever the rotation needs it.
    is_writable: bool,
}

/// Goes the way to the directory of a log, and to that of its archives; `as_root` tells whether root would run.
///
/// # Errors
/// What the run would say that cannot go there, or must not work there.
pub(crate) fn reach(policy: &Policy, directory: &Path, log: &Path, as_root: bool) -> Result<Reached, Fault> {
    let su = match policy.su {
        None => None,
        Some(Su::Named(identity)) => Some(identity),
        Some(Su::DirectoryOwner) => obstacle::owner_rights(&walk::open_directory(directory, log)?.facts()?),
    };
    let _acting = su.map(identity::act_as).transpose()?;
    let dir = walk::open_directory(directory, log)?;
    let facts = dir.facts()?;
    if let Some(why) = obstacle::of_directory(&facts, su, as_root) {
        return Err(Fault::InsecureDirectory {
            log: log.to_owned(),
            component: directory.to_owned(),
            why,
        });
    }
    let archives_fit = match &policy.old_dir {
        None => dir.is_writable(),
        Some(old) => match walk::open_directory_below(&dir, &old.path, log) {
            Ok(archives) => archives.is_writable(),
            Err(Fault::Call(error)) if error.is_absence() && old.create.is_some() => true,
            Err(fault) => return Err(fault),
        },
    };
    Ok(Reached {
        is_writable: archives_fit && (!obstacle::moves_log(policy) || dir.is_writable()),
        user: identity::current().user,
        dir,
        facts,
    })
}

impl Reached {
    /// Tells whether the stanza could rotate the log, which was found in the directory `found`.
    fn lets_rotate(&self, policy: &Policy, log: &Path, found: FileId) -> bool {
        let Some((_, name)) = split_path(log) else {
            return false;
        };
        let is_free = |log: &FileFacts| {
            let is_stuck = obstacle::moves_log(policy) && obstacle::is_stuck(log, &self.facts, self.user);
            !is_stuck && obstacle::of_log(log, policy).is_none()
        };
        // Where no stanza finds a log, none is better than another.
        self.facts.id == found
            && self.is_writable
            && self.dir.look(name).is_ok_and(|log| log.is_none_or(|log| is_free(&log)))
    }
}

/// Answers for one stanza and directory after another whether its logs could be rotated.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// What was asked for last: the stanza's number, and the directory. Neighbours follow each other.
    last: Option<(u32, Box<Path>, Option<Reached>)>,
}

impl Claims {
    /// Answers whether a stanza could rotate a log by this path, which led to the directory `found` when the log was found.
    pub(super) fn holds(&mut self, stanza: u32, policy: &Policy, log: &Path, found: FileId) -> bool {
        let Some((directory, _)) = split_path(log) else {
            return false;
        };
        let is_last = |(number, path, _): &(u32, Box<Path>, _)| *number == stanza && **path == *directory;
        if !self.last.as_ref().is_some_and(is_last) {
            let reached = reach(policy, directory, log, identity::is_root()).ok();
            self.last = Some((stanza, directory.into(), reached));
        }
        let reached = self.last.as_ref().and_then(|(_, _, reached)| reached.as_ref());
        reached.is_some_and(|reached| reached.lets_rotate(policy, log, found))
    }
}
