//! From a log that is due to a planned rotation, with all done that comes before the switch.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::{Places, Planned, names_of};
use crate::clock::Now;
use crate::event::What;
use crate::execute::work::{LogWork, SetWork};
use crate::exit::Exit;
use crate::facts::Kind;
use crate::fault::{Fault, Op, SysError};
use crate::observe::{Held, View};
use crate::obstacle::{ArchiveObstacle, Obstructed};
use crate::plan::{self, Before, Look as _, Question, Rotation, StaysPlain, Step};
use crate::policy::{Keep, Method, Policy};
use crate::session::Session;
use crate::session::set::Due;
use crate::state::record::LeftPlain;
use crate::sys::call::Errno;
use crate::sys::dirlock::{Alone, DirLock};

impl Session<'_> {
    /// Plans one log's rotation and carries out what comes before the switch.
    pub(super) fn prepare(&mut self, set: &Arc<SetWork>, due: Due) -> Option<Planned> {
        let path = Arc::clone(&due.path);
        match self.try_prepare(set, due) {
            Ok(planned) => Some(planned),
            Err((fault, touched)) => {
                if matches!(fault, Fault::DestinationExists(_)) {
                    // The state moves on, so that the next period gets a name of its own.
                    self.ledger.passed_over(&path, &self.now);
                }
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
        self.act_as(due.home.identity).map_err(untouched)?;
        self.note(|| What::Rotating(count_of(&set.policy)));
        if set.policy.delay_without_compression {
            self.hear(What::DelayWithoutCompression);
        }
        self.have_row_to_itself(set, &due).map_err(untouched)?;
        let (due, alone) = self.be_alone(set, due).map_err(untouched)?;
        self.finish_interim(set, &due).map_err(untouched)?;
        let before = if self.ledger.was_begun(&due.path) {
            Before::Shifting
        } else {
            Before::Clean
        };
        let now = self.now;
        match self.make_way(set, &due, before, &now)? {
            (_, Some(fault)) => Err((fault, false)),
            (planned, None) => Ok(Planned { alone, ..planned }),
        }
    }

    /// Keeps other runs, with other state files, from cutting the log that is to be cut. One that was waited for has changed the world.
    fn be_alone(&mut self, set: &SetWork, due: Due) -> Result<(Due, Option<Rc<DirLock>>), Fault> {
        if set.policy.method != Method::CopyTruncate {
            return Ok((due, None));
        }
        let held = self.directories.get(&due.home.directory.0, &due.path)?;
        if let Some(lock) = self.alone.get(&held.at.1).and_then(Weak::upgrade) {
            return Ok((due, Some(lock)));
        }
        match self.hands.be_alone(&held.dir) {
            Alone::Locked { lock, waited } => {
                let lock = Rc::new(lock);
                self.alone.insert(held.at.1, Rc::downgrade(&lock));
                let mut due = due;
                if waited {
                    self.directories.look_anew();
                    let looked = held.look_at_log(&set.policy, due.name())?;
                    due.facts = looked.unwrap_or(due.facts);
                }
                Ok((due, Some(lock)))
            }
            Alone::Unlocked => Ok((due, None)),
            Alone::Busy => Err(Fault::OtherRun {
                path: due.path.to_path_buf(),
            }),
        }
    }

    /// Plans a rotation and carries out what comes before the switch; the plan is made again where archives resist it.
    fn make_way(
        &mut self,
        set: &Arc<SetWork>,
        due: &Due,
        before: Before,
        now: &Now,
    ) -> Result<(Planned, Option<Fault>), (Fault, bool)> {
        let (mut touched, mut before) = (false, before);
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
            self.leave_plain(&planned.work, left_plain);
            if self.take_steps(&planned, &mut touched, &mut before)? {
                let names = names_of(&set.policy, due.name()).map_err(|fault| (fault, touched))?;
                self.ledger.only_plain(&planned.work.archive_path, &names, left_plain);
                return Ok((planned, stop));
            }
        }
    }

    /// Takes the steps before the switch. Answers `false` where the plan is to be made again.
    ///
    /// What is only wanted (compression, mail, removal) may fail: that is told, and entered into what is known of the directory. All of
    /// it is tried before the plan is made again, so that ten thousand archives that resist are one plan more, and not as many.
    fn take_steps(
        &mut self,
        planned: &Planned,
        touched: &mut bool,
        before: &mut Before,
    ) -> Result<bool, (Fault, bool)> {
        let mut resisted: BTreeSet<&OsStr> = BTreeSet::new();
        for step in &planned.rotation.prepare {
            if !resisted.is_empty() && matches!(step, Step::Rename { .. } | Step::MoveAside(_)) {
                return Ok(false);
            }
            if step.farewell().is_some_and(|name| resisted.contains(name)) {
                continue;
            }
            match self.hands.step(&planned.work, step) {
                Ok(()) => {
                    planned.places.note(step, &planned.work.name);
                    *touched = true;
                    match step {
                        // A gap in the numbers is from here on what this shift has made.
                        Step::Rename { .. } => *before = Before::Shifting,
                        Step::GiveUpMail { what } => {
                            self.hear_of(planned.work.archive_path_of(what), Obstructed::Unsent);
                        }
                        _ => {}
                    }
                }
                Err(fault) => {
                    let name = self.resists(planned, step, fault).map_err(|fault| (fault, *touched))?;
                    resisted.insert(name);
                    if matches!(step, Step::Rename { .. } | Step::MoveAside(_)) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(resisted.is_empty())
    }

    /// Enters what a step met that a rotation goes on after, and tells it; returns the name that the step would have left.
    fn resists<'s>(&mut self, planned: &Planned, step: &'s Step, fault: Fault) -> Result<&'s OsStr, Fault> {
        let Some(place) = planned.places.archive.as_ref().filter(|_| fault != Fault::Interrupted) else {
            return Err(fault);
        };
        let told = fault.clone();
        let mut view = place.view.borrow_mut();
        let path = |name: &OsStr| planned.work.archive_path_of(name);
        let (name, is_new) = match step {
            Step::Compress { from, to, .. } => {
                let why = match fault {
                    Fault::StillWritten { .. } => StaysPlain::Written,
                    Fault::NotSmaller { .. } => StaysPlain::NotSmaller,
                    _ => StaysPlain::NotCompressed,
                };
                // Who writes to it is told when patience with him is out.
                if why != StaysPlain::Written {
                    self.hear_of(path(from), Obstructed::of_compression(fault));
                }
                (to, view.leave_plain(from, why))
            }
            Step::Mail { what, .. } => {
                self.hear_of(path(what), Obstructed::NotMailed(fault.into()));
                (what, view.leave_unsent(what))
            }
            Step::Remove { what, .. } => {
                self.hear_of(path(&what.name), Obstructed::NotRemoved(fault.into()));
                (&what.name, view.leave(&what.name))
            }
            Step::Rename { from, .. } | Step::MoveAside(from) => match &fault {
                // It went in the meantime.
                Fault::Call(error) if error.is_absence() && view.has(&from.name)? => {
                    view.went(&from.name);
                    (&from.name, true)
                }
                Fault::Call(error) if error.denies(&from.name) && view.fix(&from.name) => {
                    self.hear_of(path(&from.name), Obstructed::NotRenamed(fault.into()));
                    (&from.name, true)
                }
                _ => return Err(fault),
            },
            _ => return Err(fault),
        };
        // A plan does not try again what it knows to resist; if it did, it would for ever.
        if is_new { Ok(name) } else { Err(told) }
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
        // A FIFO holds nothing that could be copied; like anything in the way of a rename it is moved aside.
        if facts.kind != Kind::Regular {
            return Ok(());
        }
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
        let mut resisted: BTreeSet<&OsStr> = BTreeSet::new();
        for step in &planned.rotation.finish {
            if step.farewell().is_some_and(|name| resisted.contains(name)) {
                continue;
            }
            match (self.hands.step(&planned.work, step), step) {
                (Err(Fault::StillWritten { path, by }), Step::Compress { from, .. }) => {
                    self.leave_plain(&planned.work, std::slice::from_ref(from));
                    self.hear_of(path, Obstructed::Written { by });
                }
                // What cannot be copied away is still the log of which an archive is to be made.
                (Err(fault), Step::Copy { .. }) => return Err(fault),
                (Err(fault), step) => {
                    resisted.insert(self.resists(&planned, step, fault)?);
                    if let Step::Compress { from, .. } = step {
                        self.leave_plain(&planned.work, std::slice::from_ref(from));
                    }
                }
                (Ok(()), _) => planned.places.note(step, &planned.work.name),
            }
        }
        self.hear(What::Recovered);
        Ok(())
    }

    /// Tells what is wrong with an archive.
    fn hear_of(&mut self, archive: PathBuf, what: Obstructed) {
        if what.is_error() {
            self.exit.worsen(Exit::Failed);
        }
        if !self.told.insert((archive.clone(), what.word())) {
            return;
        }
        self.hear(What::Obstacle(ArchiveObstacle { archive, what }));
    }

    /// Notes durably that archives of a log stay plain, or will when they have these names.
    pub(super) fn leave_plain(&mut self, work: &LogWork, archives: &[OsString]) {
        let left = archives
            .iter()
            .map(|archive| LeftPlain::new(&work.path, &work.archive_path, archive));
        self.ledger.leave_plain(left);
    }

    /// Opens the log's directories and makes a plan.
    pub(super) fn plan(
        &mut self,
        set: &Arc<SetWork>,
        due: Due,
        make: impl FnOnce(&Question<'_>, &mut dyn plan::Look) -> Result<Rotation, Fault>,
    ) -> Result<(Planned, Option<Fault>), Fault> {
        let names = names_of(&set.policy, due.name())?;
        let places = self.places(set, &due)?;
        places.log.view.borrow_mut().clear_left_over()?;
        if let Some(held) = &places.archive {
            held.view.borrow_mut().clear_left_over()?;
        }
        let left_plain = self.ledger.left_plain(&places.archive_path, &names);
        let question = Question {
            left_plain: &left_plain,
            policy: &set.policy,
            log: due.name(),
            names: &names,
            now: &self.now,
            before: Before::Clean,
        };
        let mut rotation = match &places.archive {
            Some(held) => make(&question, &mut *held.view.borrow_mut())?,
            None => make(&question, &mut View::of_nothing())?,
        };
        let stop = rotation.stop.take().map(|fault| match fault {
            Fault::DestinationExists(name) => Fault::DestinationExists(places.archive_path.join(name)),
            other => other,
        });
        let work = Arc::new(places.work(set, &due, rotation.archive.clone()));
        Ok((
            Planned {
                work,
                rotation,
                places,
                due,
                alone: None,
            },
            stop,
        ))
    }

    /// Opens a log's directories.
    pub(in crate::session) fn places(&mut self, set: &SetWork, due: &Due) -> Result<Places, Fault> {
        let log = self.directories.get(&due.home.directory.0, &due.path)?;
        if log.facts.id != due.home.directory.1 {
            // Somebody put another directory in its place since the log was looked at.
            let path = due.home.directory.0.clone();
            return Err(Fault::Call(SysError::new(
                Op::OpenDirectory,
                path,
                Errno::ESTALE as i32,
            )));
        }
        let (archive, archive_path) = self.archive_place(set, due, &log)?;
        Ok(Places {
            log,
            archive,
            archive_path,
        })
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
            (Err(Fault::Call(error)), Some(ownership)) if error.is_absence() => {
                let made = self
                    .hands
                    .make_dir(&mut self.directories, log, &old.path, ownership, &due.path)?;
                Ok((made, path))
            }
            (Err(fault), _) => Err(fault),
        }
    }
}

fn count_of(policy: &Policy) -> i64 {
    match policy.retention.keep {
        Keep::All => -1,
        Keep::Count(count) => i64::from(count),
    }
}
