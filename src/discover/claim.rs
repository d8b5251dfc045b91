//! Whether a stanza could rotate a log: the way to it is gone with the stanza's rights and by the rules of a run. Nothing is touched.

use std::path::Path;

use crate::facts::FileFacts;
use crate::fault::Fault;
use crate::obstacle::{self, Writer};
use crate::policy::Policy;
use crate::sys::dir::Dir;
use crate::sys::{identity, walk};
use crate::unix::{FileId, split_path};

/// A log's directory, reached with the rights that the log's work would be done with.
#[derive(Debug)]
pub(crate) struct Reached {
    dir: Dir,
    facts: FileFacts,
    writer: Writer,
}

/// Goes the way to the directory of a log, and to that of its archives; `as_root` tells whether root would run.
///
/// # Errors
/// What the run would say that cannot go there, or must not work there.
pub(crate) fn reach(policy: &Policy, directory: &Path, log: &Path, as_root: bool) -> Result<Reached, Fault> {
    let su = obstacle::rights(policy.su, || Ok(walk::open_directory(directory, log)?.facts()?))?;
    let _acting = su.map(identity::act_as).transpose()?;
    let dir = walk::open_directory(directory, log)?;
    let facts = dir.facts()?;
    obstacle::of_directory(log, &facts, su, as_root)?;
    let to_log = dir.is_writable();
    let to_archives = match &policy.old_dir {
        None => to_log,
        Some(old) => old
            .if_there(walk::open_directory_below(&dir, &old.path, log))?
            .is_none_or(|archives| archives.is_writable()),
    };
    let writer = Writer {
        user: identity::current().user,
        to_log,
        to_archives,
    };
    Ok(Reached { dir, facts, writer })
}

impl Reached {
    /// Tells whether the stanza could rotate the log, which was found in the directory `found`.
    fn lets_rotate(&self, policy: &Policy, log: &Path, found: FileId) -> bool {
        let Some((_, name)) = split_path(log) else {
            return false;
        };
        // Where no stanza finds a log, none is better than another.
        self.facts.id == found
            && self.dir.look(name).is_ok_and(|log| {
                obstacle::not_writable(policy, log.as_ref(), &self.facts, self.writer).is_none()
                    && log.is_none_or(|log| obstacle::of_log(&log, policy).is_none())
            })
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
