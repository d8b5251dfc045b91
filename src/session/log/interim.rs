//! What rotations by `renamecopy` renamed a log to and could not archive: each next rotation tries again, and never waits for it.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;
use std::sync::Arc;

use crate::clock::Now;
use crate::event::Event;
use crate::execute::copy;
use crate::execute::work::SetWork;
use crate::facts::Kind;
use crate::fault::Fault;
use crate::observe::Held;
use crate::obstacle::Obstructed;
use crate::plan::{self, Before, Look as _, Question, Spot, Step};
use crate::policy::Method;
use crate::session::Session;
use crate::session::set::Due;
use crate::state::record::Noted;

impl Session<'_> {
    /// Archives what earlier rotations by `renamecopy` left under interim names. Returns one that is free for this rotation, and whether
    /// one stays, for which the archives may have made room already.
    pub(super) fn finish_interims(&mut self, set: &Arc<SetWork>, due: &Due) -> Result<(OsString, bool), Fault> {
        let first = plan::interim(due.name());
        if !matches!(set.policy.method, Method::RenameThenCopy { .. }) {
            return Ok((first, false));
        }
        let log = self.directories.get(&due.home.directory.0, &due.path)?;
        let mut taken = BTreeSet::new();
        for name in interims(&log, due.name())? {
            match self.finish_interim(set, due, (&log, &name)) {
                Ok(true) => {}
                Ok(false) => drop(taken.insert(name)),
                Err(Fault::Interrupted) => return Err(Fault::Interrupted),
                Err(fault) => {
                    self.fail(fault);
                    taken.insert(name);
                }
            }
        }
        let names = std::iter::once(first.clone()).chain(plan::further_interims(due.name()));
        // A name of which is noted that it is archived is not given to another log, until a run has ended that found it gone.
        let is_noted = |name: &OsString| self.ledger.is_noted(Noted::PassedBy, log.dir.path(), name);
        let free = names.into_iter().find(|name| !taken.contains(name) && !is_noted(name));
        Ok((free.unwrap_or(first), !taken.is_empty()))
    }

    /// Answers whether the name is free.
    fn finish_interim(
        &mut self,
        set: &Arc<SetWork>,
        due: &Due,
        (log, name): (&Rc<Held>, &OsStr),
    ) -> Result<bool, Fault> {
        // A FIFO holds nothing that could be copied; like anything in the way of a rename it is moved aside.
        let Some(facts) = log.dir.look(name)?.filter(|facts| facts.kind == Kind::Regular) else {
            return Ok(true);
        };
        if self.ledger.is_noted(Noted::PassedBy, log.dir.path(), name) {
            self.remove_interim(set, due, name)?;
            return Ok(false);
        }
        let due = Due { facts, ..due.clone() };
        // It is named for the day that it was written on, or for today where that archive is there already.
        let then = Now::at(facts.modified.seconds);
        let (planned, stop) = self.plan(set, due.clone(), |question, look| {
            plan::plan(
                &Question {
                    now: &then,
                    ..*question
                },
                look,
            )
        })?;
        // Two logs may have the same lines: only behind a run that died with this one in hand does that say anything.
        if self.ledger.was_begun(&due.path)
            && let Some(place) = &planned.places.archive
            && copy::is_archived(&log.dir, name, &place.dir, &planned.rotation.archive)
        {
            self.note_archives(Noted::PassedBy, log.dir.path(), &due.path, [name]);
            self.remove_interim(set, &due, name)?;
            return Ok(false);
        }
        let now = if stop.is_none() { then } else { self.now };
        let way = self.make_way(set, &due, Before::Shifting, (&now, name));
        let planned = match way.map_err(|(fault, _)| fault)? {
            (planned, None) => planned,
            (_, Some(stop)) => return Err(stop),
        };
        let mut resisted: BTreeSet<&OsStr> = BTreeSet::new();
        let mut is_gone = true;
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
                (Err(fault), Step::Copy { .. }) => {
                    match fault {
                        Fault::StillWritten { path, by } => self.hear_of(path, Obstructed::Written { by }),
                        Fault::Interrupted => return Err(fault),
                        other => self.fail(other),
                    }
                    return Ok(false);
                }
                (Err(fault), Step::Remove { is_archive: false, .. }) if fault != Fault::Interrupted => {
                    self.note_archives(Noted::PassedBy, log.dir.path(), &due.path, [name]);
                    self.hear_of(log.dir.path_of(name), Obstructed::NotRemoved(fault.into()));
                    is_gone = false;
                }
                (Err(fault), step) => {
                    resisted.insert(self.resists(&planned, step, fault)?);
                    if let Step::Compress { from, .. } = step {
                        self.leave_plain(&planned.work, std::slice::from_ref(from));
                    }
                }
                (Ok(()), _) => planned.places.note(step, &planned.work.name),
            }
        }
        self.hear(Event::Recovered(due.path.to_path_buf()));
        Ok(is_gone)
    }

    /// Tries again to remove what is archived already.
    fn remove_interim(&mut self, set: &Arc<SetWork>, due: &Due, name: &OsStr) -> Result<(), Fault> {
        let places = self.places(set, due)?;
        let work = places.work(set, due, OsString::new());
        let step = Step::Remove {
            what: Spot::log(name),
            is_archive: false,
        };
        match self.hands.step(&work, &step) {
            Ok(()) => places.note(&step, &work.name),
            Err(Fault::Interrupted) => return Err(Fault::Interrupted),
            Err(fault) => self.hear_of(work.log_dir.path_of(name), Obstructed::NotRemoved(fault.into())),
        }
        Ok(())
    }
}

/// Returns the names in a directory that `renamecopy` gave a log.
pub(super) fn interims(log: &Held, name: &OsStr) -> Result<Vec<OsString>, Fault> {
    let found = log.view.borrow_mut().starting_with(plan::interim(name).as_bytes())?;
    Ok(found
        .into_iter()
        .filter(|found| plan::is_interim(found, name))
        .collect())
}
