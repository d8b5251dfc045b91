//! Rotations that a dead run had begun and brought past the switch: they are finished first.

use std::ffi::OsStr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::{Planned, names_of};
use crate::event::What;
use crate::execute::work::SetWork;
use crate::facts::FileFacts;
use crate::fault::{Fault, Hook};
use crate::observe::Held;
use crate::plan;
use crate::session::Session;
use crate::session::set::{Due, Home};
use crate::state::record::Unfinished;
use crate::unix::split_path;

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
            self.turn_to(&planned.work.path);
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
        let has_interim = held.dir.look(&plan::interim(name))?.is_some();
        let Some(facts) = log.or(self.archive_facts(set, &held, path, &archive)) else {
            return Ok(None);
        };
        self.turn_to(path);
        let directory = Rc::clone(&held.at);
        let due = Due {
            path: Arc::clone(path),
            home: Rc::new(Home {
                directory,
                device: facts.id.device,
                identity,
            }),
            facts,
        };
        let (mut planned, _) = self.plan(set, due, |question, look| {
            plan::resume(question, &archive, has_interim, look)
        })?;
        if log.is_none() {
            for step in &planned.rotation.switch {
                self.hands.step(&planned.work, step)?;
                planned.places.note(step, &planned.work.name);
            }
        }
        planned.rotation.switch.clear();
        Ok(Some(planned))
    }

    /// Observes what the log was renamed to, plain or compressed already.
    fn archive_facts(&mut self, set: &SetWork, log: &Rc<Held>, path: &Path, archive: &OsStr) -> Option<FileFacts> {
        let held = match &set.policy.old_dir {
            None => Rc::clone(log),
            Some(old) => self.directories.get_below(log, &old.path, path).ok()?,
        };
        let interim = plan::interim(path.file_name()?);
        let names = names_of(&set.policy, path.file_name()?).ok()?;
        let look = |dir: &Held, name: &OsStr| dir.dir.look(name).ok().flatten();
        look(&held, archive)
            .or_else(|| look(&held, &names.compressed(archive)))
            .or_else(|| look(log, &interim))
    }
}
