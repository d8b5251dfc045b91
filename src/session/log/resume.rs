//! Rotations that a dead run had begun and brought past the switch: they are finished first.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::Planned;
use super::interim::interims;
use crate::event::What;
use crate::execute::work::StanzaWork;
use crate::facts::FileFacts;
use crate::fault::{Fault, Hook};
use crate::naming::ArchiveNames;
use crate::observe::OpenDir;
use crate::plan::{self, Question};
use crate::session::Session;
use crate::session::stanza::Due;
use crate::state::record::Unfinished;
use crate::unix::{FileId, split_path};

impl Session<'_> {
    /// Finishes the rotations of these logs that a dead run had begun and brought past the switch.
    pub(in crate::session) fn resume_unfinished<'p>(
        &mut self,
        stanza: &Arc<StanzaWork>,
        logs: impl Iterator<Item = &'p Arc<Path>>,
    ) {
        if !self.records.has_unfinished() {
            return;
        }
        let mut resumed = Vec::new();
        for path in logs {
            let Some(left) = self.records.unfinished(path) else {
                continue;
            };
            match self.resume(stanza, path, &left) {
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
        if stanza.policy.scripts.shared {
            let _ = self.run_for_stanza(stanza, Hook::Post);
        }
        for (planned, left) in resumed {
            self.turn_to(&planned.turn.site.path);
            if !stanza.policy.scripts.shared {
                let _ = self.run_after(stanza, &planned);
            }
            self.records.resumed(left);
            self.finish(planned);
            self.hear(What::Recovered);
        }
        // The same logs may be rotated next, by names: what a program writes to must not wait for its turn behind them, nor may what
        // was planned, and was not done, count as done.
        self.finish_waiting(Some(stanza));
        self.directories.look_anew();
    }

    fn resume(
        &mut self,
        stanza: &Arc<StanzaWork>,
        path: &Arc<Path>,
        left: &Unfinished,
    ) -> Result<Option<Planned>, Fault> {
        let Some((directory, name)) = split_path(path) else {
            return Ok(None);
        };
        let (held, identity) = match self.secure_directory(&stanza.policy, path, directory) {
            Ok(found) => found,
            Err(Fault::Call(error)) => {
                // What is only out of reach for now is finished by a later run.
                if !error.is_absence() {
                    self.records.keep_unfinished(left.clone());
                }
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        };
        let log = held.dir.look(name)?;
        let is_old = log.is_some_and(|facts| facts.id == left.begun.file);
        if is_old && !left.switched {
            self.records.was_half_shifted(left.clone());
            return Ok(None);
        }
        let archive = left.begun.archive.clone();
        let interim = interim_of(&held, name, left.begun.file)?;
        let has_interim = interim.is_some();
        let Some(facts) = log.or(self.archive_facts(stanza, &held, path, &archive, interim.as_deref())) else {
            return Ok(None);
        };
        self.turn_to(path);
        let due = Due::new(Arc::clone(path), &held.at, identity, facts);
        let mut planned = self.plan(stanza, &due, |question, look| {
            let interim = interim.as_deref().unwrap_or(question.interim);
            plan::resume(&Question { interim, ..*question }, &archive, has_interim, look)
        })?;
        if log.is_none() {
            for step in &planned.rotation.switch {
                self.driver.step(&planned.turn, step)?;
                planned.places.note(step, &planned.turn.site.name);
            }
        }
        planned.rotation.switch.clear();
        Ok(Some(planned))
    }

    /// Observes what the log was renamed to, plain or compressed already.
    fn archive_facts(
        &mut self,
        stanza: &StanzaWork,
        log: &Rc<OpenDir>,
        path: &Path,
        archive: &OsStr,
        interim: Option<&OsStr>,
    ) -> Option<FileFacts> {
        let held = match &stanza.policy.old_dir {
            None => Rc::clone(log),
            Some(old) => self.directories.get_below(log, &old.path, path).ok()?,
        };
        let names = ArchiveNames::of(&stanza.policy, path.file_name()?).ok()?;
        let look = |dir: &OpenDir, name: &OsStr| dir.dir.look(name).ok().flatten();
        look(&held, archive)
            .or_else(|| look(&held, &names.compressed(archive)))
            .or_else(|| look(log, interim?))
    }
}

/// Finds what `renamecopy` had renamed a log to.
fn interim_of(held: &OpenDir, log: &OsStr, file: FileId) -> Result<Option<OsString>, Fault> {
    for name in interims(held, log)? {
        if held.dir.look(&name)?.is_some_and(|facts| facts.id == file) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
