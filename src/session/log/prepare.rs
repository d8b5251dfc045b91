//! From a log that is due to a planned rotation, with all done that comes before the switch.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::letters::mails_first;
use super::{Places, Planned};
use crate::clock::Now;
use crate::event::What;
use crate::execute::work::{LogSite, StanzaWork, Turn};
use crate::exit::Exit;
use crate::fault::{Fault, Op, SysError};
use crate::naming::ArchiveNames;
use crate::observe::{OpenDir, View};
use crate::obstacle::{ArchiveObstacle, Obstructed};
use crate::plan::{self, Before, Look as _, Question, Rotation, StaysPlain, Step};
use crate::policy::{Keep, Method, Policy};
use crate::session::Session;
use crate::session::stanza::Due;
use crate::state::record::{LeftPlain, Noted};
use crate::sys::call::Errno;
use crate::sys::dirlock::{Alone, DirLock};

/// Why a log cannot be switched.
pub(super) struct Failed {
    pub(super) fault: Fault,
    /// Something was done by then, if only with the archives.
    touched: bool,
}

impl From<Fault> for Failed {
    /// Nothing was done by then.
    fn from(fault: Fault) -> Self {
        Self { fault, touched: false }
    }
}

impl Session<'_> {
    /// Plans one log's rotation and carries out what comes before the switch.
    pub(super) fn prepare(&mut self, stanza: &Arc<StanzaWork>, due: Due) -> Option<Planned> {
        let path = Arc::clone(&due.path);
        match self.try_prepare(stanza, due) {
            Ok(planned) => Some(planned),
            Err(Failed { fault, touched }) => {
                if matches!(fault, Fault::DestinationExists(_) | Fault::DestinationHeld(_)) {
                    // The state moves on, so that the next period gets a name of its own.
                    self.records.passed_over(&path, &self.now);
                }
                // A shift that was cut short leaves a gap, which the next run must know for its own.
                if !touched {
                    self.records.drop_begun(&path);
                }
                self.fail(fault);
                None
            }
        }
    }

    fn try_prepare(&mut self, stanza: &Arc<StanzaWork>, mut due: Due) -> Result<Planned, Failed> {
        self.act_as(due.home.identity)?;
        self.note(|| What::Rotating(count_of(&stanza.policy)));
        if stanza.policy.delay_without_compression {
            self.hear(What::DelayWithoutCompression);
        }
        self.have_row_to_itself(stanza, &due)?;
        let alone = self.be_alone(stanza, &mut due)?;
        self.send_again(stanza, &due)?;
        let interims = self.finish_interims(stanza, &due)?;
        let before = if interims.is_left || self.records.was_begun(&due.path) {
            Before::Shifting
        } else {
            Before::Clean
        };
        let now = self.now;
        let mut planned = self.make_way(stanza, &due, before, &now, &interims.free)?;
        planned.alone = alone;
        match planned.rotation.stop.take() {
            Some(fault) => Err(fault.into()),
            None => Ok(planned),
        }
    }

    /// Keeps other runs, with other state files, from cutting the log that is to be cut. One that was waited for has changed the world.
    fn be_alone(&mut self, stanza: &StanzaWork, due: &mut Due) -> Result<Option<Rc<DirLock>>, Fault> {
        if stanza.policy.method != Method::CopyTruncate {
            return Ok(None);
        }
        let held = self.directories.get(&due.home.directory.path, &due.path)?;
        if let Some(lock) = self.alone.get(&held.at.id).and_then(Weak::upgrade) {
            return Ok(Some(lock));
        }
        match self.driver.be_alone(&held.dir) {
            Alone::Locked { lock, waited } => {
                let lock = Rc::new(lock);
                self.alone.insert(held.at.id, Rc::downgrade(&lock));
                if waited {
                    self.directories.look_anew();
                    let looked = held.look_at_log(&stanza.policy, due.name())?;
                    due.facts = looked.unwrap_or(due.facts);
                }
                Ok(Some(lock))
            }
            Alone::Unlocked => Ok(None),
            Alone::Busy => Err(Fault::OtherRun {
                path: due.path.to_path_buf(),
            }),
        }
    }

    /// Plans a rotation and carries out what comes before the switch; the plan is made again where archives resist it.
    pub(super) fn make_way(
        &mut self,
        stanza: &Arc<StanzaWork>,
        due: &Due,
        before: Before,
        now: &Now,
        interim: &OsStr,
    ) -> Result<Planned, Failed> {
        let (mut touched, mut before) = (false, before);
        let failed = |touched| move |fault| Failed { fault, touched };
        loop {
            let made = self.plan(stanza, due, |question, look| {
                plan::plan(
                    &Question {
                        before,
                        now,
                        interim,
                        ..*question
                    },
                    look,
                )
            });
            let planned = made.map_err(failed(touched))?;
            let (left_plain, passed_by) = (&planned.rotation.left_plain, &planned.rotation.passed_by);
            let site = &planned.turn.site;
            self.leave_plain(site, left_plain);
            self.note_archives(
                Noted::PassedBy,
                &site.archive_path,
                &site.path,
                passed_by.iter().map(OsString::as_os_str),
            );
            let unsent = planned.rotation.unsent.iter();
            let unsent = unsent.map(|name| LeftPlain::new(Noted::Unsent, &site.path, &site.archive_path, name));
            self.records.will_be(unsent);
            self.tell_fixed(&planned);
            let taken = self.take_steps(&planned, &mut touched, &mut before);
            if taken.map_err(failed(touched))? {
                let names = ArchiveNames::of(&stanza.policy, due.name());
                let names = names.map_err(|problem| failed(touched)(problem.into()))?;
                let still = left_plain.iter().chain(passed_by).collect();
                self.records.only_noted(&site.archive_path, &names, &still);
                return Ok(planned);
            }
        }
    }

    /// Takes the steps before the switch. Answers `false` where the plan is to be made again.
    ///
    /// What is only wanted (compression, mail, removal) may fail: that is told, and entered into what is known of the directory. All of
    /// it is tried before the plan is made again, so that ten thousand archives that resist are one plan more, and not as many.
    fn take_steps(&mut self, planned: &Planned, touched: &mut bool, before: &mut Before) -> Result<bool, Fault> {
        let mut resisted: BTreeSet<&OsStr> = BTreeSet::new();
        for step in &planned.rotation.prepare {
            if !resisted.is_empty() && matches!(step, Step::Rename { .. } | Step::MoveAside(_)) {
                return Ok(false);
            }
            if step.farewell().is_some_and(|name| resisted.contains(name)) {
                continue;
            }
            match self.driver.step(&planned.turn, step) {
                Ok(()) => {
                    self.took(planned, step);
                    *touched = true;
                    match step {
                        // A gap in the numbers is from here on what this shift has made.
                        Step::Rename { .. } => *before = Before::Shifting,
                        Step::GiveUpMail { what } => {
                            self.hear_of(planned.turn.site.archive_path_of(what), Obstructed::Unsent);
                        }
                        _ => {}
                    }
                }
                Err(fault) => {
                    let name = self.resists(planned, step, fault)?;
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
    pub(super) fn resists<'s>(&mut self, planned: &Planned, step: &'s Step, fault: Fault) -> Result<&'s OsStr, Fault> {
        let Some(place) = planned.places.archive.as_ref().filter(|_| fault != Fault::Interrupted) else {
            return Err(fault);
        };
        let told = fault.clone();
        let mut view = place.view.borrow_mut();
        let path = |name: &OsStr| planned.turn.site.archive_path_of(name);
        let (name, is_new) = match step {
            // What cannot be removed cannot be renamed either.
            Step::Compress { from, to, .. } if !planned.is_dated() && fault.denies_removal(from) => {
                self.hear_of(path(from), Obstructed::NotRenamed(fault.into()));
                (to, view.fix(from))
            }
            Step::Compress { from, to, .. } => {
                let why = match fault {
                    Fault::StillWritten { .. } => StaysPlain::Written,
                    Fault::NotSmaller { .. } => StaysPlain::NotSmaller,
                    _ => StaysPlain::NotCompressed,
                };
                // What may not be removed is not asked about again.
                if matches!(fault, Fault::Script { .. }) || fault.denies_removal(from) {
                    view.leave(from);
                }
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
                self.note_sent(planned, &what.name);
                (&what.name, view.leave(&what.name))
            }
            Step::MoveAside(from) if planned.is_dated() => match fault {
                Fault::Call(error) if error.denies(&from.name) && from.name == planned.rotation.archive => {
                    return Err(Fault::DestinationHeld(error));
                }
                // The archive stays plain, and says why.
                Fault::Call(error) if error.denies(&from.name) => (&from.name, view.fix(&from.name)),
                other => return Err(other),
            },
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

    /// Tells what is wrong with an archive.
    pub(in crate::session) fn hear_of(&mut self, archive: PathBuf, what: Obstructed) {
        if what.is_error() {
            self.exit.worsen(Exit::Failed);
        }
        if !self.told.insert((archive.clone(), what.word())) {
            return;
        }
        self.hear(What::Obstacle(ArchiveObstacle { archive, what }));
    }

    /// Tells of the archives that earlier rotations could not rename, and that cannot be renamed today: it is not tried.
    fn tell_fixed(&mut self, planned: &Planned) {
        let Some(place) = planned.places.archive.as_ref().filter(|_| !self.options.dry_run) else {
            return;
        };
        for name in &planned.rotation.passed_by {
            if let Some(refused) = place.dir.refuses_to_rename(name) {
                let what = Obstructed::NotRenamed(Fault::Call(refused).into());
                self.hear_of(planned.turn.site.archive_path_of(name), what);
            }
        }
    }

    /// Notes durably that archives of a log stay plain, or will when they have these names.
    pub(super) fn leave_plain(&mut self, site: &LogSite, archives: &[OsString]) {
        let names = archives.iter().map(OsString::as_os_str);
        self.note_archives(Noted::Plain, &site.archive_path, &site.path, names);
    }

    /// Notes something durably of a log's archives in a directory.
    pub(in crate::session) fn note_archives<'n>(
        &mut self,
        noted: Noted,
        directory: &Path,
        log: &Path,
        archives: impl IntoIterator<Item = &'n OsStr>,
    ) {
        let archives = archives.into_iter();
        let records = archives.map(|archive| LeftPlain::new(noted, log, directory, archive));
        self.records.leave_plain(records);
    }

    /// Opens the log's directories and makes a plan.
    pub(super) fn plan(
        &mut self,
        stanza: &Arc<StanzaWork>,
        due: &Due,
        make: impl FnOnce(&Question<'_>, &mut dyn plan::Look) -> Result<Rotation, Fault>,
    ) -> Result<Planned, Fault> {
        let names = ArchiveNames::of(&stanza.policy, due.name())?;
        let places = self.places(stanza, due)?;
        let site = places.site(stanza, due);
        places.log.view.borrow_mut().clear_left_over()?;
        if let Some(held) = &places.archive {
            held.view.borrow_mut().clear_left_over()?;
        }
        let left_plain = self.records.noted(Noted::Plain, &site.archive_path, &names);
        let passed_by = self.records.noted(Noted::PassedBy, &site.archive_path, &names);
        let mut unsent = BTreeSet::new();
        if mails_first(&stanza.policy) {
            unsent = self.records.letters().unsent(&site.archive_path, &names);
        }
        if let Some(held) = &places.archive {
            held.view
                .borrow_mut()
                .know_sent(self.records.letters().sent(&site.archive_path, &names));
        }
        let question = Question {
            unsent: &unsent,
            left_plain: &left_plain,
            passed_by: &passed_by,
            policy: &stanza.policy,
            log: due.name(),
            interim: &plan::interim(due.name()),
            names: &names,
            now: &self.now,
            before: Before::Clean,
        };
        let mut rotation = match &places.archive {
            Some(held) => make(&question, &mut *held.view.borrow_mut())?,
            None => make(&question, &mut View::of_nothing())?,
        };
        if let Some(Fault::DestinationExists(name)) = &mut rotation.stop {
            *name = site.archive_path.join(&*name);
        }
        Ok(Planned {
            turn: Arc::new(Turn::new(site, due.facts, rotation.archive.clone())),
            rotation,
            places,
            alone: None,
        })
    }

    /// Opens a log's directories.
    pub(in crate::session) fn places(&mut self, stanza: &StanzaWork, due: &Due) -> Result<Places, Fault> {
        let log = self.directories.get(&due.home.directory.path, &due.path)?;
        if log.facts.id != due.home.directory.id {
            // Somebody put another directory in its place since the log was looked at.
            let path = due.home.directory.path.clone();
            return Err(Fault::Call(SysError::new(
                Op::OpenDirectory,
                path,
                Errno::ESTALE as i32,
            )));
        }
        let archive = self.archive_place(stanza, due, &log)?;
        Ok(Places { log, archive })
    }

    /// Finds, or makes, the archives' directory.
    fn archive_place(
        &mut self,
        stanza: &StanzaWork,
        due: &Due,
        log: &Rc<OpenDir>,
    ) -> Result<Option<Rc<OpenDir>>, Fault> {
        let Some(old) = &stanza.policy.old_dir else {
            return Ok(Some(Rc::clone(log)));
        };
        let found = old.if_there(self.directories.get_below(log, &old.path, &due.path))?;
        match &old.create {
            Some(ownership) if found.is_none() => {
                let driver = &mut self.driver;
                driver.make_dir(&mut self.directories, log, &old.path, ownership, &due.path)
            }
            _ => Ok(found),
        }
    }
}

fn count_of(policy: &Policy) -> i64 {
    match policy.retention.keep {
        Keep::All => -1,
        Keep::Count(count) => i64::from(count),
    }
}
