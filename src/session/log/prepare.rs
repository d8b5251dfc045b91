//! From a log that is due to a planned rotation, with all done that comes before the switch.

use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::{Places, Planned, names_of};
use crate::clock::Now;
use crate::event::Event;
use crate::execute::work::{LogWork, SetWork};
use crate::facts::Kind;
use crate::fault::{Fault, Op, SysError};
use crate::observe::{Held, View};
use crate::plan::{self, Before, Question, Rotation, StaysPlain, Step};
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
        self.note(|| Event::Rotating {
            log: due.path.to_path_buf(),
            count: count_of(&set.policy),
        });
        if set.policy.delay_without_compression {
            self.hear(Event::DelayWithoutCompression(due.path.to_path_buf()));
        }
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
                    let looked = held.dir.look(due.name())?;
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

    /// Plans a rotation and carries out what comes before the switch; made again where programs are found to write to archives.
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
            self.leave_plain(&planned.work, left_plain);
            let Some((name, why)) = self.take_steps(&planned, &mut touched)? else {
                self.ledger.only_plain(&due.path, left_plain);
                return Ok((planned, stop));
            };
            if let Some(place) = &planned.places.archive {
                let mut view = place.view.borrow_mut();
                view.leave_plain(name, why);
                // Where a program writes to one it may to more: all are asked about now, so that the plan is made once more and not
                // once for each.
                if why == StaysPlain::Written {
                    let still_plain = planned.rotation.prepare.iter().filter_map(|step| match step {
                        Step::Compress { from, .. } => Some(from),
                        _ => None,
                    });
                    view.ask_who_writes(still_plain);
                }
            }
        }
    }

    /// Takes the steps before the switch; ends early, with its name, where an archive that is to be compressed stays plain.
    fn take_steps(
        &mut self,
        planned: &Planned,
        touched: &mut bool,
    ) -> Result<Option<(OsString, StaysPlain)>, (Fault, bool)> {
        for step in &planned.rotation.prepare {
            match (self.hands.step(&planned.work, step), step) {
                (Err(Fault::StillWritten { .. }), Step::Compress { from, .. }) => {
                    return Ok(Some((from.clone(), StaysPlain::Written)));
                }
                (Err(Fault::NotSmaller { path }), Step::Compress { from, .. }) => {
                    self.hear(Event::NotSmaller(path));
                    return Ok(Some((from.clone(), StaysPlain::NotSmaller)));
                }
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
        for step in &planned.rotation.finish {
            match (self.hands.step(&planned.work, step), step) {
                (Err(Fault::StillWritten { path, by }), Step::Compress { from, .. }) => {
                    self.leave_plain(&planned.work, std::slice::from_ref(from));
                    self.hear(Event::StillWritten { path, by });
                    continue;
                }
                (Err(Fault::NotSmaller { path }), Step::Compress { from, .. }) => {
                    self.leave_plain(&planned.work, std::slice::from_ref(from));
                    self.hear(Event::NotSmaller(path));
                    continue;
                }
                (done, _) => done?,
            }
            planned.places.note(step, &planned.work.name);
        }
        self.hear(Event::Recovered(due.path.to_path_buf()));
        Ok(())
    }

    /// Notes durably that archives of a log stay plain, or will when they have these names.
    fn leave_plain(&mut self, work: &LogWork, archives: &[OsString]) {
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
        let left_plain = self.ledger.left_plain(&due.path);
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
