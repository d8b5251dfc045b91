//! What rotations by `renamecopy` renamed a log to and could not archive: each next rotation tries again, and never waits for it.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::Planned;
use crate::clock::Now;
use crate::event::What;
use crate::execute::copy;
use crate::execute::work::{StanzaWork, Turn};
use crate::facts::Kind;
use crate::fault::Fault;
use crate::naming::ArchiveNames;
use crate::observe::OpenDir;
use crate::obstacle::Obstructed;
use crate::plan::{self, Before, Entry, Look as _, Question, Step};
use crate::policy::{Method, NamingStyle};
use crate::session::Session;
use crate::session::stanza::Due;
use crate::state::record::Noted;

/// So many logs that waited are archived in one rotation at most: who may make files in the directory could plant any number.
const AT_ONCE: usize = 64;

/// A log that waited is archived under a name of the last year.
const MOST_HOURS: i64 = 366 * 24;

/// What there is under a log's interim names.
pub(super) struct Interims {
    /// One that is free for this rotation.
    pub(super) free: OsString,
    /// One is taken still: the archives may have made room for it already.
    pub(super) is_left: bool,
}

/// What became of what has an interim name.
enum Interim {
    /// The name is free.
    Gone,
    /// It is there still, archived or not.
    Stays,
}

impl Session<'_> {
    /// Archives what earlier rotations by `renamecopy` left under interim names.
    pub(super) fn finish_interims(&mut self, stanza: &Arc<StanzaWork>, due: &Due) -> Result<Interims, Fault> {
        let first = plan::interim(due.name());
        if !matches!(stanza.policy.method, Method::RenameThenCopy { .. }) {
            return Ok(Interims {
                free: first,
                is_left: false,
            });
        }
        let log = self.directories.get(&due.home.directory.path, &due.path)?;
        let mut taken = BTreeSet::new();
        for (at, name) in interims(&log, due.name())?.into_iter().enumerate() {
            if at >= AT_ONCE {
                taken.insert(name);
                continue;
            }
            match self.finish_interim(stanza, due, &log, &name) {
                Ok(Interim::Gone) => {}
                Ok(Interim::Stays) => drop(taken.insert(name)),
                Err(Fault::Interrupted) => return Err(Fault::Interrupted),
                Err(fault) => {
                    self.fail(fault);
                    taken.insert(name);
                }
            }
        }
        let names = std::iter::once(first.clone()).chain(plan::further_interims(due.name()));
        // A name of which is noted that it is archived is not given to another log, until a run has ended that found it gone.
        let is_noted = |name: &OsString| self.records.is_noted(Noted::PassedBy, log.dir.path(), name);
        let free = names.into_iter().find(|name| !taken.contains(name) && !is_noted(name));
        Ok(Interims {
            free: free.unwrap_or(first),
            is_left: !taken.is_empty(),
        })
    }

    fn finish_interim(
        &mut self,
        stanza: &Arc<StanzaWork>,
        due: &Due,
        log: &OpenDir,
        name: &OsStr,
    ) -> Result<Interim, Fault> {
        // A FIFO holds nothing that could be copied; like anything in the way of a rename it is moved aside.
        let Some(facts) = log.dir.look(name)?.filter(|facts| facts.kind == Kind::Regular) else {
            return Ok(Interim::Gone);
        };
        if self.records.is_noted(Noted::PassedBy, log.dir.path(), name) {
            self.remove_interim(stanza, due, name)?;
            return Ok(Interim::Stays);
        }
        let due = Due { facts, ..due.clone() };
        let then = Now::at(facts.modified.seconds);
        let tried = self.plan(stanza, &due, |question, look| {
            plan::plan(
                &Question {
                    now: &then,
                    ..*question
                },
                look,
            )
        })?;
        // Two logs may have the same lines: only behind a run that died with this one in hand does that say anything.
        if self.records.was_begun(&due.path) {
            if let Some(place) = &tried.places.archive {
                if copy::is_archived(&log.dir, name, &place.dir, &tried.rotation.archive) {
                    self.note_archives(Noted::PassedBy, log.dir.path(), &due.path, [name]);
                    self.remove_interim(stanza, &due, name)?;
                    return Ok(Interim::Stays);
                }
            }
        }
        let now = match stanza.policy.naming.style {
            NamingStyle::Numbered => then,
            NamingStyle::Dated { .. } => self.named_for(stanza, &due, then, &tried)?,
        };
        let way = self.make_way(stanza, &due, Before::Shifting, &now, name);
        let mut planned = way.map_err(|failed| failed.fault)?;
        match planned.rotation.stop.take() {
            Some(stop) => Err(stop),
            None => self.archive_interim(&planned, name),
        }
    }

    /// Copies what has an interim name to its archive, for which there is room now, and does what follows.
    fn archive_interim(&mut self, planned: &Planned, name: &OsStr) -> Result<Interim, Fault> {
        let site = &planned.turn.site;
        let mut resisted: BTreeSet<&OsStr> = BTreeSet::new();
        let mut interim = Interim::Gone;
        for step in &planned.rotation.finish {
            if step.farewell().is_some_and(|name| resisted.contains(name)) {
                continue;
            }
            match (self.driver.step(&planned.turn, step), step) {
                (Err(Fault::StillWritten { path, by }), Step::Compress { from, .. }) => {
                    self.leave_plain(site, std::slice::from_ref(from));
                    self.hear_of(path, Obstructed::Written { by });
                }
                // What cannot be copied away is still the log of which an archive is to be made.
                (Err(fault), Step::Copy { .. }) => {
                    match fault {
                        Fault::StillWritten { path, by } => self.hear_of(path, Obstructed::Written { by }),
                        Fault::Interrupted => return Err(fault),
                        other => self.hear_of(site.log_dir.path_of(name), Obstructed::NotCopied(other.into())),
                    }
                    return Ok(Interim::Stays);
                }
                (Err(fault), Step::Remove { is_archive: false, .. }) if fault != Fault::Interrupted => {
                    self.note_archives(Noted::PassedBy, site.log_dir.path(), &site.path, [name]);
                    self.hear_of(site.log_dir.path_of(name), Obstructed::NotRemoved(fault.into()));
                    interim = Interim::Stays;
                }
                (Err(fault), Step::Mail { what, .. }) if fault != Fault::Interrupted && !planned.removes(what) => {
                    self.not_sent_first(site, what, fault);
                }
                (Err(fault), step) => {
                    resisted.insert(self.resists(planned, step, fault)?);
                    if let Step::Compress { from, .. } = step {
                        self.leave_plain(site, std::slice::from_ref(from));
                    }
                }
                (Ok(()), _) => self.took(planned, step),
            }
        }
        self.hear(What::Recovered);
        Ok(interim)
    }

    /// Returns the time that names the archive of a log that waited: when it was written last, or else the last hour without an archive.
    /// Today's name is that of the log that is rotated now: where there is no other, what waited waits on.
    fn named_for(&self, stanza: &StanzaWork, due: &Due, then: Now, tried: &Planned) -> Result<Now, Fault> {
        let names = ArchiveNames::of(&stanza.policy, due.name())?;
        let (todays, place) = (names.dated(&self.now)?, tried.places.archive.as_ref());
        let hours = (1..MOST_HOURS).map(|hours| Now::at(self.now.epoch.saturating_sub(hours * 3600)));
        for time in std::iter::once(then).chain(hours) {
            let name = names.dated(&time)?;
            let is_taken = match place {
                Some(place) => {
                    let mut view = place.view.borrow_mut();
                    view.has(&name)? || view.has(&names.compressed(&name))?
                }
                None => false,
            };
            if name != todays && !is_taken {
                return Ok(time);
            }
        }
        Err(Fault::DestinationExists(tried.turn.site.archive_path_of(&todays)))
    }

    /// Tries again to remove what is archived already.
    fn remove_interim(&mut self, stanza: &Arc<StanzaWork>, due: &Due, name: &OsStr) -> Result<(), Fault> {
        let places = self.places(stanza, due)?;
        let turn = Arc::new(Turn::new(places.site(stanza, due), due.facts, OsString::new()));
        let site = &turn.site;
        let step = Step::Remove {
            what: Entry::log(name),
            is_archive: false,
        };
        match self.driver.step(&turn, &step) {
            Ok(()) => places.note(&step, &site.name),
            Err(Fault::Interrupted) => return Err(Fault::Interrupted),
            Err(fault) => self.hear_of(site.log_dir.path_of(name), Obstructed::NotRemoved(fault.into())),
        }
        Ok(())
    }
}

/// Returns the names in a directory that `renamecopy` gave a log.
pub(super) fn interims(log: &OpenDir, name: &OsStr) -> Result<Vec<OsString>, Fault> {
    let found = log.view.borrow_mut().starting_with(plan::interim(name).as_bytes())?;
    Ok(found
        .into_iter()
        .filter(|found| plan::is_interim(found, name))
        .collect())
}
