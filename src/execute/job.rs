//! One log's remaining steps, one after the other: what a worker of `finish` does with them.
//!
//! A job stops in four places: where a compressed file is written and only to be completed, where a program still writes to what
//! comes next, where the disk has no room for it and some can be made, and where all is done. What waits for a program, or for room, is a
//! list of names ([`Busy`]), and holds nothing open.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::mem;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::compress::{self, Halfway, Outcome};
use super::perform::{holder, perform};
use super::work::Turn;
use crate::budget::Lack;
use crate::event::{Event, Listener, LogListener, What};
use crate::fault::Fault;
use crate::obstacle::{ArchiveObstacle, Obstructed};
use crate::plan::{Entry, Step};
use crate::state::record::Noted;
use crate::sys::signals;

/// One log's remaining steps.
#[derive(Debug)]
pub(super) struct Job {
    turn: Arc<Turn>,
    steps: VecDeque<Step>,
    events: Arc<Heard>,
    /// The compressed names that were not made, and the plain ones that stand for them.
    stand_ins: Vec<(OsString, OsString)>,
    /// The archives that should have gone and stay.
    kept: Vec<OsString>,
    /// What `renamecopy` renamed the log to, and cannot be removed.
    left_interim: Option<OsString>,
    /// The archives that were sent.
    sent: Vec<OsString>,
    /// What became of letters that the next rotation has to know of.
    mailed: Vec<(Noted, OsString)>,
    /// What was compressed.
    packed: Vec<OsString>,
    /// The step whose compressed file is written.
    in_hand: Option<Step>,
    /// The disk has no room for what comes next.
    lack: Option<Lack>,
    /// Since when it is tried again and again.
    since: Option<Instant>,
    /// What a program still writes to is left as it is, and the rest done.
    is_last_try: bool,
    failed: bool,
    interrupted: bool,
}

/// What is left of a job that a program's writing, or a full disk, keeps from going on.
#[derive(Clone, Debug)]
pub struct Busy {
    /// The steps, the one that cannot be done yet first.
    steps: VecDeque<Step>,
    stand_ins: Vec<(OsString, OsString)>,
    kept: Vec<OsString>,
    /// When that was met first.
    pub since: Instant,
    /// What is waited for is not a program, but room on the disk.
    pub lack: Option<Lack>,
}

impl Busy {
    /// Answers whether something is still to be done with a file of this name, or one that is to get it.
    #[must_use]
    pub fn names(&self, name: &OsStr) -> bool {
        let makes = |step: &Step| match step {
            Step::Compress { to, .. } | Step::Copy { to, .. } => to == name,
            _ => false,
        };
        self.steps.iter().any(|step| is_about(step, name) || makes(step))
    }

    /// Returns the archives that the next rotation has to know of if nobody goes on with them.
    pub fn archives(&self) -> impl Iterator<Item = &OsStr> {
        let steps = self.steps.iter().filter_map(Step::leaves);
        let plain = self.stand_ins.iter().map(|(_, plain)| plain.as_os_str());
        steps.chain(plain).chain(self.kept.iter().map(OsString::as_os_str))
    }
}

/// A finished job.
#[derive(Debug)]
pub struct Finished {
    /// What it was done on.
    pub turn: Arc<Turn>,
    pub failed: bool,
    /// The next run has to go on with it: the run was asked to end, or the job broke off.
    pub put_off: bool,
    /// The archives that were compressed, by their plain names.
    pub packed: Vec<OsString>,
    /// The archives that stay plain for now, and those that should have gone and stay.
    pub left_plain: Vec<OsString>,
    /// What `renamecopy` renamed the log to, where that is archived and cannot be removed.
    pub left_interim: Option<OsString>,
    /// What became of letters, where the next rotation has to know of it, by the names of the archives.
    pub mailed: Vec<(Noted, OsString)>,
    /// It is not at its end: a program still writes to what comes next.
    pub busy: Option<Busy>,
    pub events: Vec<(Instant, Event)>,
}

impl Finished {
    /// Is done, with nothing left and nothing to tell.
    pub(super) fn well(turn: Arc<Turn>) -> Self {
        Self {
            turn,
            failed: false,
            put_off: false,
            packed: Vec::new(),
            left_plain: Vec::new(),
            left_interim: None,
            mailed: Vec::new(),
            busy: None,
            events: Vec::new(),
        }
    }
}

/// How far a job came.
pub(super) enum After {
    /// To its end, or to where a program still writes to what comes next.
    Done(Finished),
    /// A compressed file is written; [`Job::complete`] is to be called.
    Written(Job, Box<Halfway>),
}

/// What is left to tell of a job that broke off.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) turn: Arc<Turn>,
    events: Arc<Heard>,
}

impl Mark {
    /// Counts the job as failed: the next run goes on with what it had not done.
    pub(super) fn broken_off(self) -> Finished {
        Finished {
            failed: true,
            put_off: true,
            events: self.events.take(),
            ..Finished::well(self.turn)
        }
    }
}

/// Keeps what a worker tells until its job is done.
#[derive(Debug)]
struct Heard {
    events: Mutex<Vec<(Instant, Event)>>,
    with_notes: bool,
}

impl Heard {
    /// Keeps what the run's own listener wants to hear.
    fn for_turn(turn: &Turn) -> Arc<Self> {
        Arc::new(Self {
            events: Mutex::default(),
            with_notes: turn.site.stanza.choices.watcher.hears_notes(),
        })
    }

    fn take(&self) -> Vec<(Instant, Event)> {
        mem::take(&mut lock(&self.events))
    }
}

impl Listener for Heard {
    fn hear(&self, event: Event) {
        lock(&self.events).push((Instant::now(), event));
    }

    fn hears_notes(&self) -> bool {
        self.with_notes
    }
}

/// Locks what no panic can leave half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Job {
    /// Has these steps before it.
    pub(super) fn new(turn: Arc<Turn>, steps: Vec<Step>) -> Self {
        Self {
            events: Heard::for_turn(&turn),
            turn,
            steps: steps.into(),
            stand_ins: Vec::new(),
            kept: Vec::new(),
            left_interim: None,
            sent: Vec::new(),
            mailed: Vec::new(),
            packed: Vec::new(),
            in_hand: None,
            lack: None,
            since: None,
            is_last_try: false,
            failed: false,
            interrupted: false,
        }
    }

    /// Goes on with what was left; in the last try without what a program still writes to.
    pub(super) fn again(turn: Arc<Turn>, left: Busy, is_last_try: bool) -> Self {
        Self {
            stand_ins: left.stand_ins,
            kept: left.kept,
            since: Some(left.since),
            is_last_try,
            ..Self::new(turn, left.steps.into())
        }
    }

    /// Returns what the steps are carried out on.
    pub(super) fn turn(&self) -> &Arc<Turn> {
        &self.turn
    }

    /// Returns the steps that are left.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter()
    }

    /// Returns how large the log was.
    pub(super) fn size(&self) -> u64 {
        self.turn.before.size
    }

    /// Returns what is needed to tell of the job if it breaks off.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            turn: Arc::clone(&self.turn),
            events: Arc::clone(&self.events),
        }
    }

    /// Returns whom to tell what happens.
    fn listener(&self) -> LogListener<'_> {
        LogListener::new(&self.turn.site.path, &*self.events)
    }

    /// Goes through the steps until one is only half done, or cannot be done yet.
    pub(super) fn advance(mut self, threads: NonZero<usize>) -> After {
        while self.lack.is_none() {
            let Some(step) = self.steps.pop_front() else { break };
            if signals::caught().is_some() {
                self.fail(Fault::Interrupted);
                break;
            }
            let step = self.with_stand_in(step);
            match perform(&self.turn, &step, threads, &self.listener()) {
                Ok(Outcome::Done) => match step {
                    Step::Compress { from, .. } => self.packed.push(from),
                    Step::Mail { what, .. } => self.sent.push(what),
                    Step::GiveUpMail { what } => {
                        self.tell(self.turn.site.archive_path_of(&what), Obstructed::Unsent);
                        self.failed = true;
                    }
                    _ => {}
                },
                Ok(Outcome::Halfway(half)) => {
                    self.in_hand = Some(step);
                    return After::Written(self, half);
                }
                Ok(Outcome::Busy) if self.is_last_try => {
                    let path = self.turn.site.source_of(&step).unwrap_or_default();
                    let by = holder(&self.turn.site, &step);
                    self.tell(path, Obstructed::Written { by });
                    self.do_without(step);
                }
                Ok(Outcome::Busy) => {
                    self.steps.push_front(step);
                    break;
                }
                Err(fault) => {
                    self.lack = self.lack_of_room(&step, &fault);
                    match self.lack {
                        Some(_) => self.steps.push_front(step),
                        None => self.resist(step, fault),
                    }
                }
            }
        }
        After::Done(self.end())
    }

    /// Completes a compressed file; an archive that was written to in the meantime stays as it is.
    pub(super) fn complete(&mut self, half: Halfway) {
        let (to, from) = half.names();
        match compress::complete(&self.turn.site, half, &self.listener()) {
            Ok(true) => self.packed.push(from),
            Ok(false) => {
                let path = self.turn.site.archive_path_of(&from);
                self.tell(path, Obstructed::Written { by: None });
                self.leave_plain(from, to);
            }
            Err(fault) => {
                let step = self.in_hand.take();
                self.lack = step.as_ref().and_then(|step| self.lack_of_room(step, &fault));
                match (self.lack, step) {
                    (Some(_), Some(step)) => self.steps.push_front(step),
                    _ => self.resist_compression(from, to, fault),
                }
            }
        }
    }

    /// Tells which room a step lacked, where it is worth another try.
    fn lack_of_room(&self, step: &Step, fault: &Fault) -> Option<Lack> {
        let site = &self.turn.site;
        if self.is_last_try { None } else { site.lack(step, fault) }
    }

    /// Goes on after a step that failed: what depends on it is left, and all else is done.
    fn resist(&mut self, step: Step, fault: Fault) {
        match step {
            _ if fault == Fault::Interrupted => self.fail(fault),
            Step::Compress { from, to, .. } => self.resist_compression(from, to, fault),
            Step::Mail { what, .. } if self.steps.iter().any(|step| is_about(step, &what)) => {
                // What could not be sent must not go.
                self.steps.retain(|step| !is_about(step, &what));
                self.tell(
                    self.turn.site.archive_path_of(&what),
                    Obstructed::NotMailed(fault.into()),
                );
                self.failed = true;
                self.kept.push(what);
            }
            Step::Remove { what, is_archive: true } => {
                self.tell(self.turn.site.path_of(&what), Obstructed::NotRemoved(fault.into()));
                self.failed = true;
                if self.sent.contains(&what.name) {
                    self.mailed.extend(
                        self.turn
                            .site
                            .noted_as_sent(&what.name)
                            .map(|noted| (noted, what.name.clone())),
                    );
                }
                self.kept.push(what.name);
            }
            // The rest is done all the same: it is archived.
            Step::Remove { what, .. } => {
                self.tell(self.turn.site.path_of(&what), Obstructed::NotRemoved(fault.into()));
                self.failed = true;
                self.left_interim = Some(what.name);
            }
            Step::Mail { what, .. } => {
                let path = self.turn.site.archive_path_of(&what);
                self.tell(path, Obstructed::NotMailedFirst(fault.into()));
                self.failed = true;
                self.mailed.push((Noted::Unsent, what));
            }
            Step::Copy { ref from, .. } => {
                self.tell(self.turn.site.path_of(from), Obstructed::NotCopied(fault.into()));
                self.failed = true;
                self.do_without(step);
            }
            _ => self.fail(fault),
        }
    }

    fn resist_compression(&mut self, from: OsString, to: OsString, fault: Fault) {
        if fault == Fault::Interrupted {
            return self.fail(fault);
        }
        let what = Obstructed::of_compression(fault);
        self.failed |= what.is_error();
        self.tell(self.turn.site.archive_path_of(&from), what);
        self.leave_plain(from, to);
    }

    /// Does without a compression. What was to go as soon as it is compressed goes at the next rotation, and is sent then.
    fn leave_plain(&mut self, from: OsString, to: OsString) {
        let goes = |step: &Step| matches!(step, Step::Remove { what, .. } if what.name == to);
        if self.steps.iter().any(goes) {
            self.steps.retain(|step| !is_about(step, &to));
        }
        self.stand_ins.push((to, from));
    }

    /// Does without a step that cannot be done now.
    fn do_without(&mut self, step: Step) {
        match step {
            Step::Compress { from, to, .. } => self.leave_plain(from, to),
            // The interim log of `renamecopy` stays, and the next rotation begins with it: all that was to be done with its copy is left,
            // and nothing goes, since nothing came.
            Step::Copy { from, to } => {
                let packed = self.steps.iter().find_map(|step| match step {
                    Step::Compress { from, to: packed, .. } if *from == to => Some(packed.clone()),
                    _ => None,
                });
                let names = [Some(from.name), Some(to), packed];
                self.steps.retain(|step| {
                    step.farewell().is_none() && !names.iter().flatten().any(|name| is_about(step, name))
                });
            }
            _ => {}
        }
    }

    fn tell(&self, archive: PathBuf, what: Obstructed) {
        self.listener().hear(What::Obstacle(ArchiveObstacle { archive, what }));
    }

    /// A mail of a compressed file that was not made is one of the plain file.
    fn with_stand_in(&self, step: Step) -> Step {
        let stand_in = |missing: &OsStr| {
            let found = self.stand_ins.iter().find(|(name, _)| name == missing);
            found.map(|(_, plain)| plain.clone())
        };
        match step {
            Step::Mail {
                what,
                subject,
                uncompress,
            } => match stand_in(&what) {
                Some(plain) => Step::Mail {
                    what: plain,
                    subject,
                    uncompress: false,
                },
                None => Step::Mail {
                    what,
                    subject,
                    uncompress,
                },
            },
            step => step,
        }
    }

    fn fail(&mut self, fault: Fault) {
        self.interrupted = fault == Fault::Interrupted;
        self.listener().hear(What::Failed(fault));
        self.failed = true;
        self.steps.clear();
    }

    fn end(self) -> Finished {
        let mut done = Finished {
            failed: self.failed,
            put_off: self.interrupted,
            packed: self.packed,
            left_interim: self.left_interim,
            mailed: self.mailed,
            events: self.events.take(),
            ..Finished::well(self.turn)
        };
        let (steps, stand_ins) = (self.steps, self.stand_ins);
        if steps.is_empty() {
            let plain = stand_ins.into_iter().map(|(_, plain)| plain);
            done.left_plain = plain.chain(self.kept).collect();
        } else {
            let since = self.since.unwrap_or_else(Instant::now);
            done.busy = Some(Busy {
                steps,
                stand_ins,
                kept: self.kept,
                since,
                lack: self.lack,
            });
        }
        done
    }
}

/// Says whether a step needs a file of this name.
fn is_about(step: &Step, name: &OsStr) -> bool {
    match step {
        Step::Compress { from, .. } => from == name,
        Step::Copy {
            from: Entry { name: from, .. },
            ..
        } => from == name,
        Step::Mail { what, .. } => what == name,
        Step::Remove { what, .. } => what.name == name,
        _ => false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::execute::work::tests::site;
    use crate::policy::settings::Settings;

    /// Makes a job without a step, of a log of this name.
    pub(in crate::execute) fn job(path: &str) -> Job {
        let site = site(path.as_ref(), "/".as_ref(), Settings::default().policy());
        let before = site.log_dir.facts().unwrap();
        Job::new(Arc::new(Turn::new(site, before, "a.log.1".into())), Vec::new())
    }
}
