//! One log's turn: prepare, switch, finish; alone, or stage by stage with the other logs of its stanza.
//!
//! `prepare` makes the plan and does what comes before the switch; `resume` ends what a dead run had begun.

use std::ffi::{OsStr, OsString};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::Session;
use super::stanza::{Due, Told, Waiting};
use crate::clock::Now;
use crate::event::What;
use crate::execute::hook::Call;
use crate::execute::perform::changes;
use crate::execute::work::{LogSite, StanzaWork, Turn};
use crate::facts::FileFacts;
use crate::fault::{Fault, Hook};
use crate::naming::ArchiveNames;
use crate::observe::OpenDir;
use crate::plan::{Rotation, Step, Where};
use crate::policy::{NamingStyle, Policy};
use crate::state::record::{Begun, Noted};
use crate::sys::dirlock::DirLock;
use crate::sys::{descriptors, signals};

mod interim;
mod letters;
mod prepare;
mod resume;
mod room;

pub(super) use room::SetAside;

/// A log whose rotation is planned.
pub(super) struct Planned {
    turn: Arc<Turn>,
    rotation: Rotation,
    places: Places,
    /// Keeps other runs from cutting the log, until it is switched.
    alone: Option<Rc<DirLock>>,
}

impl Planned {
    /// Tells whether the archives have dates in their names, and not numbers.
    fn is_dated(&self) -> bool {
        matches!(self.turn.site.stanza.policy.naming.style, NamingStyle::Dated { .. })
    }
}

/// The two directories of a log, as they are held.
pub(super) struct Places {
    log: Rc<OpenDir>,
    /// `None` in a dry run that would make it.
    pub(in crate::session) archive: Option<Rc<OpenDir>>,
}

impl Places {
    /// Says where the log that they are of lives.
    pub(super) fn site(&self, stanza: &Arc<StanzaWork>, due: &Due) -> LogSite {
        LogSite {
            stanza: Arc::clone(stanza),
            identity: due.home.identity,
            path: Arc::clone(&due.path),
            log_dir: Arc::clone(&self.log.dir),
            name: due.name().to_owned(),
            archive_dir: self.archive.as_ref().map(|held| Arc::clone(&held.dir)),
            archive_path: due.home.archive_path(&stanza.policy),
        }
    }

    /// Enters what a step changes into what is known of the directories.
    fn note(&self, step: &Step, log: &OsStr) {
        let likenesses = self.pretended(step, log);
        self.note_names(step, log);
        for (held, name, facts) in likenesses {
            held.view.borrow_mut().pretend(&name, facts);
        }
    }

    /// Returns which files a step that is only pretended would make, and what they would be like: what they are made of, or empty.
    fn pretended(&self, step: &Step, log: &OsStr) -> Vec<(&Rc<OpenDir>, OsString, FileFacts)> {
        if !self.log.view.borrow().is_pretending() {
            return Vec::new();
        }
        let mut likenesses = Vec::new();
        let mut alike = |(of, name): (Where, &OsStr), (place, to): (Where, &OsStr)| {
            let held = |place| match place {
                Where::Log => Some(&self.log),
                Where::Archive => self.archive.as_ref(),
            };
            let facts = held(of).and_then(|of| of.view.borrow().look(name).ok()?);
            likenesses.extend(held(place).zip(facts).map(|(held, facts)| (held, to.to_owned(), facts)));
        };
        match step {
            Step::Rename { from, to } => alike((from.place, &from.name), (to.place, &to.name)),
            Step::Compress { from, to, .. } => alike((Where::Archive, from), (Where::Archive, to)),
            Step::Copy { from, to } => alike((from.place, &from.name), (Where::Archive, to)),
            Step::CopyTruncate { to } => {
                to.iter().for_each(|to| alike((Where::Log, log), (Where::Archive, to)));
                likenesses.extend(self.empty_log(log));
            }
            Step::Create { .. } => likenesses.extend(self.empty_log(log)),
            _ => {}
        }
        likenesses
    }

    fn empty_log(&self, log: &OsStr) -> Option<(&Rc<OpenDir>, OsString, FileFacts)> {
        let facts = self.log.dir.look(log).ok()??;
        let facts = FileFacts {
            size: 0,
            allocated: 0,
            ..facts
        };
        Some((&self.log, log.to_owned(), facts))
    }

    fn note_names(&self, step: &Step, log: &OsStr) {
        if let (Step::Rename { from, to }, Some(held)) = (step, &self.archive) {
            if (from.place, to.place) == (Where::Archive, Where::Archive) {
                held.view.borrow_mut().renamed(&from.name, &to.name);
                return;
            }
        }
        let (mut appeared, vanished) = changes(step);
        if let Step::Create { .. } = step {
            appeared = Some((Where::Log, log));
        }
        for (change, is_new) in [(vanished, false), (appeared, true)] {
            let Some((place, name)) = change else { continue };
            let held = match place {
                Where::Log => Some(&self.log),
                Where::Archive => self.archive.as_ref(),
            };
            let Some(held) = held else { continue };
            let mut view = held.view.borrow_mut();
            if is_new {
                view.appeared(name)
            } else {
                view.vanished(name)
            }
        }
    }
}

impl Session<'_> {
    /// Rotates each log by itself, its scripts around it.
    pub(super) fn rotate_one_by_one(&mut self, stanza: &Arc<StanzaWork>, due: Vec<Waiting>) {
        self.begin(stanza, &due);
        for log in due {
            self.turn_to(&log.path);
            if self.is_ending() {
                return;
            }
            if let Some(due) = self.look_at_its_turn(stanza, log) {
                self.rotate_one(stanza, due);
            }
        }
    }

    /// Looks at a log whose turn has come; `None`, and not begun any more, where it is not to be rotated now.
    fn look_at_its_turn(&mut self, stanza: &StanzaWork, log: Waiting) -> Option<Due> {
        let path = Arc::clone(&log.path);
        let looked = self.look_again(&stanza.policy, log);
        if !matches!(looked, Ok(Some(_))) {
            self.records.drop_begun(&path);
        }
        looked.unwrap_or_else(|fault| {
            self.fail(fault);
            None
        })
    }

    fn rotate_one(&mut self, stanza: &Arc<StanzaWork>, due: Due) {
        let call = Call::for_log(stanza, Hook::Pre, &due.path, None);
        if call.is_some_and(|call| self.run_script(stanza, &call).is_err()) {
            self.records.drop_begun(&due.path);
            return;
        }
        let Some(mut planned) = self.prepare(stanza, due) else {
            return;
        };
        if !self.switch(&planned) {
            return;
        }
        planned.alone = None;
        if self.run_after(stanza, &planned).is_err() {
            self.leave_unfinished(&planned);
            return;
        }
        self.finish(planned);
    }

    /// Runs a log's own postrotate; a failure is told.
    fn run_after(&mut self, stanza: &StanzaWork, planned: &Planned) -> Result<(), Told> {
        if stanza.policy.scripts.post_rotate.is_none() {
            return Ok(());
        }
        let Turn { site, archive, .. } = &*planned.turn;
        match Call::for_log(stanza, Hook::Post, &site.path, Some(site.archive_path_of(archive))) {
            Some(call) => self.run_script(stanza, &call),
            None => Ok(()),
        }
    }

    /// Rotates all due logs of the stanza stage by stage, with one prerotate and one postrotate.
    pub(super) fn rotate_together(&mut self, stanza: &Arc<StanzaWork>, due: Vec<Waiting>) {
        if self.run_for_stanza(stanza, Hook::Pre).is_err() {
            return;
        }
        self.begin(stanza, &due);
        // All of them hold their directories from the first preparation to the last switch.
        let _room = descriptors::for_files(due.len().saturating_mul(3));
        let prepared = self.prepare_all(stanza, due);
        let mut switched: Vec<Planned> = Vec::new();
        let mut is_ending = false;
        for planned in prepared {
            self.turn_to(&planned.turn.site.path);
            is_ending = is_ending || self.is_ending();
            // One that cannot be switched keeps no neighbour from it.
            if !is_ending && self.switch(&planned) {
                switched.push(planned);
            } else {
                self.records.drop_begun(&planned.turn.site.path);
            }
        }
        switched.iter_mut().for_each(|planned| planned.alone = None);
        // A daemon whose log was switched must be told, whatever failed beside it.
        if switched.is_empty() {
            self.hear_if_set(stanza, Hook::Post);
        } else if self.run_for_stanza(stanza, Hook::Post).is_err() {
            for planned in &switched {
                self.leave_unfinished(planned);
            }
            return;
        }
        for planned in switched {
            self.finish(planned);
        }
    }

    /// Prepares the logs of a stanza, and returns those that can be switched.
    fn prepare_all(&mut self, stanza: &Arc<StanzaWork>, due: Vec<Waiting>) -> Vec<Planned> {
        let mut prepared = Vec::new();
        let mut is_ending = false;
        for log in due {
            self.turn_to(&log.path);
            is_ending = is_ending || self.is_ending();
            if is_ending {
                self.records.drop_begun(&log.path);
            } else {
                let due = self.look_at_its_turn(stanza, log);
                prepared.extend(due.and_then(|due| self.prepare(stanza, due)));
            }
        }
        prepared
    }

    /// Tells that a script of the stanza does not run, where there is one.
    pub(super) fn hear_if_set(&mut self, stanza: &StanzaWork, hook: Hook) {
        if Call::for_stanza(stanza, hook).is_some() {
            self.turn_to_stanza(&stanza.declared_at);
            self.hear(What::ScriptNotNeeded(hook));
        }
    }

    /// Notes durably which logs are about to be touched.
    fn begin(&mut self, stanza: &StanzaWork, due: &[Waiting]) {
        let now = self.now;
        if let Err(fault) = self
            .records
            .begin(due.iter().filter_map(|log| begun(stanza, log, &now)))
        {
            self.fail(fault);
        }
    }

    /// Notes durably which archive the log becomes where the first numbers are passed by: that is known when its plan is made.
    fn begin_anew(&mut self, planned: &Planned) -> Result<(), Fault> {
        let Turn {
            site, before, archive, ..
        } = &*planned.turn;
        if planned.rotation.passed_by.is_empty() {
            return Ok(());
        }
        self.records.begin(std::iter::once(Begun {
            path: Arc::clone(&site.path),
            stamp: self.now.local,
            file: before.id,
            archive: archive.clone(),
        }))
    }

    /// Makes the log the newest archive. Answers whether that was done.
    fn switch(&mut self, planned: &Planned) -> bool {
        let ready = self.act_as(planned.turn.site.identity);
        if let Err(fault) = ready.and_then(|()| self.begin_anew(planned)) {
            self.fail(fault);
            return false;
        }
        self.has_rehearsed |= self.options.dry_run;
        let mut moved = false;
        for step in &planned.rotation.switch {
            match self.driver.step(&planned.turn, step) {
                Ok(()) => planned.places.note(step, &planned.turn.site.name),
                Err(fault) if !moved && self.sets_aside(planned, step, &fault) => return false,
                Err(fault) => {
                    self.fail(fault);
                    if !moved {
                        self.records.drop_begun(&planned.turn.site.path);
                        return false;
                    }
                }
            }
            moved |= !matches!(step, Step::SkipCopy { .. });
        }
        planned.turn.switched.get_or_init(Instant::now);
        self.records.switched(&planned.turn.site.path, &self.now);
        if let Some(cut) = planned.turn.cut.get() {
            self.cuts
                .push((Arc::clone(&planned.turn.site.path), planned.turn.before.id, *cut));
        }
        self.note(|| What::Switched(planned.turn.site.archive_path_of(&planned.turn.archive)));
        true
    }

    /// Does nothing of what follows postrotate, since that failed: the next rotation compresses the archive, and removes what should have
    /// gone.
    fn leave_unfinished(&mut self, planned: &Planned) {
        let site = &planned.turn.site;
        let left = planned.rotation.finish.iter().filter_map(Step::leaves);
        self.note_archives(Noted::Plain, &site.archive_path, &site.path, left);
        self.records.done(&planned.turn.site.path);
    }

    /// Hands over what follows postrotate.
    fn finish(&mut self, planned: Planned) {
        self.turn_to(&planned.turn.site.path);
        if let Err(fault) = self.act_as(planned.turn.site.identity) {
            self.fail(fault);
            return;
        }
        for step in &planned.rotation.finish {
            planned.places.note(step, &planned.turn.site.name);
        }
        self.row_is_worked_on(&planned.turn.site, planned.places.archive.as_ref());
        let policy = &planned.turn.site.stanza.policy;
        let has_script = policy.scripts.pre_remove.is_some();
        if has_script {
            self.wait_for_workers();
        }
        // Scripts keep the reference's order; mail as whoever started the run cannot be sent beside work with other rights.
        let inline = has_script || (policy.su.is_some() && policy.mail.is_some());
        self.driver
            .finish(Arc::clone(&planned.turn), planned.rotation.finish, inline);
        let done = self.driver.collect();
        self.take_in(done);
    }

    fn is_ending(&mut self) -> bool {
        if signals::caught().is_none() {
            return false;
        }
        self.fail(Fault::Interrupted);
        true
    }
}

/// Makes the record of a log that is about to be touched.
fn begun(stanza: &StanzaWork, log: &Waiting, now: &Now) -> Option<Begun> {
    let names = ArchiveNames::of(&stanza.policy, log.name()).ok()?;
    Some(Begun {
        path: Arc::clone(&log.path),
        stamp: now.local,
        file: log.file(),
        archive: archive_name(&names, &stanza.policy, now).ok()?,
    })
}

fn archive_name(names: &ArchiveNames, policy: &Policy, now: &Now) -> Result<OsString, Fault> {
    match policy.naming.style {
        NamingStyle::Numbered => Ok(names.numbered(u64::from(policy.retention.start))),
        NamingStyle::Dated { .. } => Ok(names.dated(now)?),
    }
}
