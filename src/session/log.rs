//! One log's turn: plan, prepare, switch, finish; alone, or stage by stage with the other logs of its stanza.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::Session;
use super::set::{Due, Home, Waiting};
use crate::clock::Now;
use crate::event::Event;
use crate::execute::hook::Call;
use crate::execute::perform::changes;
use crate::execute::work::{LogWork, SetWork};
use crate::facts::FileFacts;
use crate::fault::{Fault, Hook, Op, SysError};
use crate::naming::ArchiveNames;
use crate::observe::{Held, View};
use crate::plan::{self, Before, Question, Rotation, Step, Where};
use crate::policy::{Keep, Method, NamingStyle, Policy};
use crate::state::record::{Begun, Unfinished};
use crate::sys::{room, signals};
use crate::unix::split_path;

/// A log whose rotation is planned.
pub(super) struct Planned {
    work: Arc<LogWork>,
    rotation: Rotation,
    places: Places,
    due: Due,
}

/// The two directories of a log, as they are held.
#[derive(Clone)]
struct Places {
    log: Rc<Held>,
    /// `None` in a dry run that would make it.
    archive: Option<Rc<Held>>,
}

impl Places {
    /// Enters what a step changes into what is known of the directories.
    fn note(&self, step: &Step, log: &OsStr) {
        let (mut appeared, vanished) = changes(step);
        if let Step::Create(_) = step {
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
    pub(super) fn rotate_one_by_one(&mut self, set: &Arc<SetWork>, due: Vec<Waiting>) {
        self.begin(set, &due);
        for log in due {
            if self.is_ending() {
                return;
            }
            let path = Arc::clone(&log.path);
            match self.look_again(&set.policy, log) {
                Ok(Some(due)) => self.rotate_one(set, due),
                Ok(None) => self.ledger.drop_begun(&path),
                Err(fault) => {
                    self.ledger.drop_begun(&path);
                    self.fail(fault);
                }
            }
        }
    }

    fn rotate_one(&mut self, set: &Arc<SetWork>, due: Due) {
        self.note(|| Event::Turn(due.path.to_path_buf()));
        let call = Call::for_log(set, Hook::Pre, &due.path, None);
        if call.is_some_and(|call| self.run_script(set, &call).is_err()) {
            self.ledger.drop_begun(&due.path);
            return;
        }
        let Some(planned) = self.prepare(set, due) else {
            return;
        };
        if !self.switch(&planned) {
            return;
        }
        if self.run_after(set, &planned).is_err() {
            self.ledger.done(&planned.work.path);
            return;
        }
        self.finish(planned);
    }

    /// Runs a log's own postrotate; a failure is told.
    fn run_after(&mut self, set: &SetWork, planned: &Planned) -> Result<(), ()> {
        if set.policy.scripts.post_rotate.is_none() {
            return Ok(());
        }
        let archive = planned.work.archive_path_of(&planned.work.archive);
        match Call::for_log(set, Hook::Post, &planned.work.path, Some(archive)) {
            Some(call) => self.run_script(set, &call),
            None => Ok(()),
        }
    }

    /// Rotates all due logs of the stanza stage by stage, with one prerotate and one postrotate.
    pub(super) fn rotate_together(&mut self, set: &Arc<SetWork>, due: Vec<Waiting>) {
        if self.run_for_set(set, Hook::Pre).is_err() {
            return;
        }
        self.begin(set, &due);
        // All of them hold their directories from the first preparation to the last switch.
        let _room = room::for_files(due.len().saturating_mul(2));
        let Some(prepared) = self.prepare_all(set, due) else {
            self.hear_if_set(set, Hook::Post);
            return;
        };
        let mut switched = Vec::new();
        let mut whole = true;
        for planned in prepared {
            whole = whole && !self.is_ending() && self.switch(&planned);
            if whole {
                switched.push(planned);
            } else {
                self.ledger.drop_begun(&planned.work.path);
            }
        }
        // A daemon whose log was switched must be told, whatever failed beside it.
        if switched.is_empty() {
            self.hear_if_set(set, Hook::Post);
        } else if self.run_for_set(set, Hook::Post).is_err() {
            for planned in &switched {
                self.ledger.done(&planned.work.path);
            }
            return;
        }
        for planned in switched {
            self.finish(planned);
        }
    }

    /// Prepares all logs of a set; where one fails, none of the set is switched.
    fn prepare_all(&mut self, set: &Arc<SetWork>, due: Vec<Waiting>) -> Option<Vec<Planned>> {
        let paths: Vec<Arc<Path>> = due.iter().map(|due| Arc::clone(&due.path)).collect();
        let mut prepared = Vec::new();
        for log in due {
            let ready = if self.is_ending() {
                None
            } else {
                match self.look_again(&set.policy, log) {
                    Ok(due) => due.and_then(|due| self.prepare(set, due)),
                    Err(fault) => {
                        self.fail(fault);
                        None
                    }
                }
            };
            let Some(planned) = ready else {
                paths.iter().for_each(|path| self.ledger.drop_begun(path));
                return None;
            };
            prepared.push(planned);
        }
        Some(prepared)
    }

    fn hear_if_set(&self, set: &SetWork, hook: Hook) {
        if Call::for_set(set, hook).is_some() {
            self.hear(Event::ScriptNotNeeded(hook));
        }
    }

    /// Notes durably which logs are about to be touched.
    fn begin(&mut self, set: &SetWork, due: &[Waiting]) {
        let now = self.now;
        if let Err(fault) = self.ledger.begin(due.iter().filter_map(|log| begun(set, log, &now))) {
            self.fail(fault);
        }
    }

    /// Plans one log's rotation and carries out what comes before the switch.
    fn prepare(&mut self, set: &Arc<SetWork>, due: Due) -> Option<Planned> {
        let path = Arc::clone(&due.path);
        match self.try_prepare(set, due) {
            Ok(planned) => Some(planned),
            Err((fault, touched)) => {
                // A shift that was cut short leaves a gap, which the next run must know for its own.
                if !touched {
                    self.ledger.drop_begun(&path);
                }
                self.fail(fault);
                None
            }
        }
    }

    /// As `prepare`; an error comes with whether anything was done by then.
    fn try_prepare(&mut self, set: &Arc<SetWork>, due: Due) -> Result<Planned, (Fault, bool)> {
        let untouched = |fault| (fault, false);
        self.note(|| Event::Turn(due.path.to_path_buf()));
        self.act_as(due.home.identity).map_err(untouched)?;
        self.note(|| Event::Rotating {
            log: due.path.to_path_buf(),
            count: count_of(&set.policy),
        });
        if set.policy.delay_without_compression {
            self.hear(Event::DelayWithoutCompression(due.path.to_path_buf()));
        }
        self.finish_interim(set, &due).map_err(untouched)?;
        let before = if self.ledger.was_begun(&due.path) {
            Before::Shifting
        } else {
            Before::Clean
        };
        let now = self.now;
        match self.make_way(set, &due, before, &now)? {
            (_, Some(fault)) => Err((fault, false)),
            (planned, None) => Ok(planned),
        }
    }

    /// Plans a rotation and carries out what comes before the switch; made again where a program is found to write to an archive.
    fn make_way(
        &mut self,
        set: &Arc<SetWork>,
        due: &Due,
        before: Before,
        now: &Now,
    ) -> Result<(Planned, Option<Fault>), (Fault, bool)> {
        let mut touched = false;
        loop {
            let made = self.plan(set, due.clone(), |question, look| {
                plan::plan(
                    &Question {
                        before,
                        now,
                        ..*question
                    },
                    look,
                )
            });
            let (planned, stop) = made.map_err(|fault| (fault, touched))?;
            let left_plain = &planned.rotation.left_plain;
            self.ledger.leave_plain(&due.path, left_plain);
            let Some(held) = self.take_steps(&planned, &mut touched)? else {
                self.ledger.only_plain(&due.path, left_plain);
                return Ok((planned, stop));
            };
            if let Some(place) = &planned.places.archive {
                place.view.borrow_mut().is_being_written(&held);
            }
        }
    }

    /// Takes the steps before the switch; ends early, with its name, where a program still writes to an archive that is to be compressed.
    fn take_steps(&mut self, planned: &Planned, touched: &mut bool) -> Result<Option<OsString>, (Fault, bool)> {
        for step in &planned.rotation.prepare {
            match (self.hands.step(&planned.work, step), step) {
                (Err(Fault::StillWritten { .. }), Step::Compress { from, .. }) => return Ok(Some(from.clone())),
                (done, _) => done.map_err(|fault| (fault, *touched))?,
            }
            planned.places.note(step, &planned.work.name);
            *touched = true;
        }
        Ok(None)
    }

    /// Archives what an earlier rotation by `renamecopy` left under its interim name, before another takes that name.
    fn finish_interim(&mut self, set: &Arc<SetWork>, due: &Due) -> Result<(), Fault> {
        if !matches!(set.policy.method, Method::RenameThenCopy { .. }) {
            return Ok(());
        }
        let log = self.directories.get(&due.home.directory.0, &due.path)?;
        let Some(facts) = log.dir.look(&plan::interim(due.name()))? else {
            return Ok(());
        };
        let due = Due { facts, ..due.clone() };
        // It is named for the day that it was written on, or for today where that archive is there already.
        let then = Now::at(facts.modified.seconds);
        let (_, stop) = self.plan(set, due.clone(), |question, look| {
            plan::plan(
                &Question {
                    now: &then,
                    ..*question
                },
                look,
            )
        })?;
        let now = if stop.is_none() { then } else { self.now };
        let way = self.make_way(set, &due, Before::Shifting, &now);
        let planned = match way.map_err(|(fault, _)| fault)? {
            (planned, None) => planned,
            (_, Some(stop)) => return Err(stop),
        };
        for step in &planned.rotation.finish {
            match (self.hands.step(&planned.work, step), step) {
                (Err(Fault::StillWritten { path, by }), Step::Compress { from, .. }) => {
                    self.ledger.leave_plain(&due.path, std::slice::from_ref(from));
                    self.hear(Event::StillWritten { path, by });
                    continue;
                }
                (done, _) => done?,
            }
            planned.places.note(step, &planned.work.name);
        }
        self.hear(Event::Recovered(due.path.to_path_buf()));
        Ok(())
    }

    /// Opens the log's directories and makes a plan.
    fn plan(
        &mut self,
        set: &Arc<SetWork>,
        due: Due,
        make: impl FnOnce(&Question<'_>, &mut dyn plan::Look) -> Result<Rotation, Fault>,
    ) -> Result<(Planned, Option<Fault>), Fault> {
        let name = due.name().to_owned();
        let names = names_of(&set.policy, &name)?;
        let log = self.directories.get(&due.home.directory.0, &due.path)?;
        if log.facts.id != due.home.directory.1 {
            // Somebody put another directory in its place since the log was looked at.
            let path = due.home.directory.0.clone();
            return Err(Fault::Call(SysError {
                op: Op::OpenDirectory,
                path,
                other: None,
                errno: ESTALE,
            }));
        }
        let (archive, archive_path) = self.archive_place(set, &due, &log)?;
        log.view.borrow_mut().clear_left_over()?;
        if let Some(held) = &archive {
            held.view.borrow_mut().clear_left_over()?;
        }
        let left_plain = self.ledger.left_plain(&due.path);
        let question = Question {
            left_plain: &left_plain,
            policy: &set.policy,
            log: &name,
            names: &names,
            now: &self.now,
            before: Before::Clean,
        };
        let mut rotation = match &archive {
            Some(held) => make(&question, &mut *held.view.borrow_mut())?,
            None => make(&question, &mut View::of_nothing())?,
        };
        let stop = rotation.stop.take().map(|fault| match fault {
            Fault::DestinationExists(name) => Fault::DestinationExists(archive_path.join(name)),
            other => other,
        });
        let work = Arc::new(LogWork {
            set: Arc::clone(set),
            identity: due.home.identity,
            path: Arc::clone(&due.path),
            log_dir: Arc::clone(&log.dir),
            name,
            archive_dir: archive.as_ref().map(|held| Arc::clone(&held.dir)),
            archive_path,
            before: due.facts,
            archive: rotation.archive.clone(),
            cut: std::sync::OnceLock::new(),
        });
        Ok((
            Planned {
                work,
                rotation,
                places: Places { log, archive },
                due,
            },
            stop,
        ))
    }

    /// Finds, or makes, the archives' directory.
    fn archive_place(
        &mut self,
        set: &SetWork,
        due: &Due,
        log: &Rc<Held>,
    ) -> Result<(Option<Rc<Held>>, PathBuf), Fault> {
        let Some(old) = &set.policy.old_dir else {
            return Ok((Some(Rc::clone(log)), due.home.directory.0.clone()));
        };
        let path = due.home.directory.0.join(&old.path);
        match (self.directories.get_below(log, &old.path, &due.path), &old.create) {
            (Ok(held), _) => Ok((Some(held), path)),
            (Err(Fault::Call(SysError { errno: ENOENT, .. })), Some(ownership)) => {
                let made = self
                    .hands
                    .make_dir(&mut self.directories, log, &old.path, ownership, &due.path)?;
                Ok((made, path))
            }
            (Err(fault), _) => Err(fault),
        }
    }

    /// Makes the log the newest archive. Answers whether that was done.
    fn switch(&mut self, planned: &Planned) -> bool {
        self.note(|| Event::Turn(planned.work.path.to_path_buf()));
        if let Err(fault) = self.act_as(planned.due.home.identity) {
            self.fail(fault);
            return false;
        }
        let mut moved = false;
        for step in &planned.rotation.switch {
            match self.hands.step(&planned.work, step) {
                Ok(()) => planned.places.note(step, &planned.work.name),
                Err(fault) => {
                    self.fail(fault);
                    if !moved {
                        self.ledger.drop_begun(&planned.work.path);
                        return false;
                    }
                }
            }
            moved |= !matches!(step, Step::SkipCopy { .. });
        }
        self.ledger.switched(&planned.work.path, &self.now);
        if let Some(cut) = planned.work.cut.get() {
            self.cuts
                .push((Arc::clone(&planned.work.path), planned.due.facts.id, *cut));
        }
        self.note(|| Event::Switched {
            log: planned.work.path.to_path_buf(),
            archive: planned.work.archive_path_of(&planned.work.archive),
        });
        true
    }

    /// Hands over what follows postrotate.
    fn finish(&mut self, planned: Planned) {
        if let Err(fault) = self.act_as(planned.due.home.identity) {
            self.fail(fault);
            return;
        }
        for step in &planned.rotation.finish {
            planned.places.note(step, &planned.work.name);
        }
        let policy = &planned.work.set.policy;
        // Scripts keep the reference's order; mail as whoever started the run cannot be sent beside work with other rights.
        let inline = policy.scripts.pre_remove.is_some() || (policy.su.is_some() && policy.mail.is_some());
        self.hands
            .finish(Arc::clone(&planned.work), planned.rotation.finish, inline);
        let done = self.hands.collect();
        self.take_in(done);
    }

    /// Finishes the rotations of these logs that a dead run had begun and brought past the switch.
    pub(super) fn resume_unfinished<'p>(&mut self, set: &Arc<SetWork>, logs: impl Iterator<Item = &'p Path>) {
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
                Err(fault) => self.fail(fault),
            }
        }
        if resumed.is_empty() {
            return;
        }
        if set.policy.scripts.shared {
            let _ = self.run_for_set(set, Hook::Post);
        }
        for (planned, left) in resumed {
            let path = planned.work.path.to_path_buf();
            if !set.policy.scripts.shared {
                let _ = self.run_after(set, &planned);
            }
            self.ledger.resumed(left);
            self.finish(planned);
            self.hear(Event::Recovered(path));
        }
        self.wait_for_workers();
    }

    fn resume(&mut self, set: &Arc<SetWork>, path: &Path, left: &Unfinished) -> Result<Option<Planned>, Fault> {
        let Some((directory, name)) = split_path(path) else {
            return Ok(None);
        };
        let (held, identity) = match self.secure_directory(&set.policy, path, directory) {
            Ok(found) => found,
            Err(Fault::Call(_)) => return Ok(None),
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
        let directory = Rc::clone(&held.at);
        let due = Due {
            path: path.into(),
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

    fn is_ending(&mut self) -> bool {
        if signals::caught().is_none() {
            return false;
        }
        self.fail(Fault::Interrupted);
        true
    }
}

/// What the kernel says of a name that is not there.
const ENOENT: i32 = 2;
/// What the kernel says of a file that is not the one it was.
const ESTALE: i32 = 116;

/// Makes the record of a log that is about to be touched.
fn begun(set: &SetWork, log: &Waiting, now: &Now) -> Option<Begun> {
    let names = names_of(&set.policy, log.name()).ok()?;
    Some(Begun {
        path: Arc::clone(&log.path),
        stamp: now.local,
        file: log.file(),
        archive: archive_name(&names, &set.policy, now).ok()?,
    })
}

fn names_of(policy: &Policy, name: &OsStr) -> Result<ArchiveNames, Fault> {
    let suffix = policy.compression.as_ref().map(|how| how.suffix.as_os_str());
    Ok(ArchiveNames::new(name, &policy.naming, policy.trigger, suffix)?)
}

fn archive_name(names: &ArchiveNames, policy: &Policy, now: &Now) -> Result<OsString, Fault> {
    match policy.naming.style {
        NamingStyle::Numbered => Ok(names.numbered(u64::from(policy.retention.start))),
        NamingStyle::Dated { .. } => Ok(names.dated(now)?),
    }
}

fn count_of(policy: &Policy) -> i64 {
    match policy.retention.keep {
        Keep::All => -1,
        Keep::Count(count) => i64::from(count),
    }
}
