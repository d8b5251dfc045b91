//! Rotations that a dead run had begun and brought past the switch: they are finished first.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::interim::interims;
use super::{Planned, names_of};
use crate::event::What;
use crate::execute::work::SetWork;
use crate::facts::FileFacts;
use crate::fault::{Fault, Hook};
use crate::observe::Held;
use crate::plan::{self, Question};
use crate::session::Session;
use crate::session::set::Due;
use crate::state::record::Unfinished;
use crate::unix::{FileId, split_path};

impl Session<'_> {
    /// Finishes the rotations of these logs that a dead run had begun and brought past the switch.
    pub(in crate::session) fn resume_unfinished<'p>(
        &mut self,
        set: &Arc<SetWork>,
        logs: impl Iterator<Item = &'p Arc<Path>>,
    ) {
        if !self.ledger.has_unfinished() {
            return;
        }
        let mut resumed = Vec::new();
        for path in logs {
            let Some(left) = self.ledger.unfinished(path) else {
                continue;
            };
            match self.resume(set, path, &left) {
                Ok(Some(planned)) => resumed.push((planned, left)),
                Ok(None) => {}
                Err(fault) => {
                    self.turn_to(path);
                    self.fail(fault);
                }
            }
        }
        if resumed.is_empty() {
            return;
        }
        if set.policy.scripts.shared {
            let _ = self.run_for_set(set, Hook::Post);
        }
        for (planned, left) in resumed {
            self.turn_to(&planned.turn.site.path);
            if !set.policy.scripts.shared {
                let _ = self.run_after(set, &planned);
            }
            self.ledger.resumed(left);
            self.finish(planned);
            self.hear(What::Recovered);
        }
        // The same logs may be rotated next, by names: what a program writes to must not wait for its turn behind them, nor may what
        // was planned, and was not done, count as done.
        self.finish_waiting(Some(set));
        self.directories.look_anew();
    }

    fn resume(&mut self, set: &Arc<SetWork>, path: &Arc<Path>, left: &Unfinished) -> Result<Option<Planned>, Fault> {
        let Some((directory, name)) = split_path(path) else {
            return Ok(None);
        };
        let (held, identity) = match self.secure_directory(&set.policy, path, directory) {
            Ok(found) => found,
            Err(Fault::Call(error)) => {
                // What is only out of reach for now is finished by a later run.
                if !error.is_absence() {
                    self.ledger.keep_unfinished(left.clone());
                }
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        };
        let log = held.dir.look(name)?;
        let is_old = log.is_some_and(|facts| facts.id == left.begun.file);
        if is_old && !left.switched {
            self.ledger.was_half_shifted(left.clone());
            return Ok(None);
        }
        let archive = left.begun.archive.clone();
        let interim = interim_of(&held, name, left.begun.file)?;
        let has_interim = interim.is_some();
        let Some(facts) = log.or(self.archive_facts(set, &held, path, (&archive, interim.as_deref()))) else {
            return Ok(None);
        };
        self.turn_to(path);
        let due = Due::new(Arc::clone(path), &held.at, identity, facts);
        let mut planned = self.plan(set, &due, |question, look| {
            let interim = interim.as_deref().unwrap_or(question.interim);
            plan::resume(&Question { interim, ..*question }, &archive, has_interim, look)
        })?;
        if log.is_none() {
            for step in &planned.rotation.switch {
                self.hands.step(&planned.turn, step)?;
                planned.places.note(step, &planned.turn.site.name);
            }
        }
        planned.rotation.switch.clear();
        Ok(Some(planned))
    }

    /// Observes what the log was renamed to, plain or compressed already.
    fn archive_facts(
        &mut self,
        set: &SetWork,
        log: &Rc<Held>,
        path: &Path,
        (archive, interim): (&OsStr, Option<&OsStr>),
    ) -> Option<FileFacts> {
        let held = match &set.policy.old_dir {
            None => Rc::clone(log),
            Some(old) => self.directories.get_below(log, &old.path, path).ok()?,
        };
        let names = names_of(&set.policy, path.file_name()?).ok()?;
        let look = |dir: &Held, name: &OsStr| dir.dir.look(name).ok().flatten();
        look(&held, archive)
            .or_else(|| look(&held, &names.compressed(archive)))
            .or_else(|| look(log, interim?))
    }
}

/// Finds what `renamecopy` had renamed a log to.
fn interim_of(held: &Held, log: &OsStr, file: FileId) -> Result<Option<OsString>, Fault> {
    for name in interims(held, log)? {
        if held.dir.look(&name)?.is_some_and(|facts| facts.id == file) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
