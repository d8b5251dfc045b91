//! Archives that a program still writes to: put behind all other work, asked about a few times more, then left to the next rotation.
//!
//! What waits is a list of names. It holds no descriptor, so that there may be any number; each has its own time, by the clock, so that
//! none waits at another's expense; and who writes to all of them is looked up at once.
//!
//! What waits for room on the disk waits here, too, until housekeeping has made some.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::Session;
use super::stanza::Due;
use crate::budget::Lack;
use crate::diag::Place;
use crate::event::{LogListener, What};
use crate::execute::Busy;
use crate::execute::work::{StanzaWork, Turn};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::observe::At;
use crate::state::record::Noted;
use crate::sys::writers::Look;
use crate::sys::{lease, signals};

/// So long a program is waited for that still writes to an archive.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long it is asked about again, and then after twice as long each time, up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Never longer than this between two questions.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A log whose rotation is not finished, since a program still writes to one of its archives.
pub(super) struct BusyLog {
    stanza: Arc<StanzaWork>,
    due: Due,
    archive: OsString,
    switched: OnceLock<Instant>,
    left: Busy,
}

impl BusyLog {
    /// Notes what is left to be done with a log, by names alone.
    fn on(turn: &Turn, left: Busy) -> Result<Self, Fault> {
        let site = &turn.site;
        let directory = At {
            path: site.log_dir.path().to_owned(),
            id: site.log_dir.facts()?.id,
        };
        Ok(Self {
            stanza: Arc::clone(&site.stanza),
            due: Due::new(Arc::clone(&site.path), &Rc::new(directory), site.identity, turn.before),
            archive: turn.archive.clone(),
            switched: turn.switched.clone(),
            left,
        })
    }

    fn is_over(&self) -> bool {
        self.left.since.elapsed() >= PATIENCE
    }
}

impl Session<'_> {
    /// Keeps what a program's writing keeps from going on.
    pub(super) fn keep_waiting(&mut self, turn: &Turn, left: Busy) {
        match BusyLog::on(turn, left.clone()) {
            Ok(waiting) => self.waiting.push(waiting),
            Err(fault) => self.give_up(&turn.site.path, (&turn.site.archive_path, &left), fault),
        }
    }

    /// A log's rotation cannot be finished: what is left of it is the next one's.
    fn give_up(&mut self, log: &Arc<Path>, (directory, left): (&Path, &Busy), fault: Fault) {
        self.note_archives(Noted::Plain, directory, log, left.archives());
        let listener = LogListener::new(log, &**self.listener);
        listener.hear(What::Failed(fault));
        listener.note(|| What::Rotated { failed: true });
        self.exit.worsen(Exit::Failed);
        self.records.done(log);
    }

    /// Goes on with the archives of a stanza (or of all) that programs were still writing to: waits a little for those that do it still,
    /// and does without the rest.
    pub(super) fn finish_waiting(&mut self, of: Option<&Arc<StanzaWork>>) {
        self.wait_for_workers();
        let mut pause = FIRST_PAUSE;
        // Where leases are refused nobody has been asked yet.
        let mut is_time = lease::are_refused();
        loop {
            let is_wanted = |waiting: &BusyLog| {
                // What waits for room gets its turn when room was made.
                waiting.left.lack.is_none() && of.is_none_or(|stanza| Arc::ptr_eq(stanza, &waiting.stanza))
            };
            let all = std::mem::take(&mut self.waiting);
            let (wanted, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_wanted);
            self.waiting = others;
            let Some(oldest) = wanted.iter().map(|waiting| waiting.left.since).min() else {
                return;
            };
            if !is_time {
                signals::pause(pause.min(PATIENCE.saturating_sub(oldest.elapsed())));
                pause = LONGEST_PAUSE.min(pause * 2);
            }
            is_time = false;
            // One look for all of them. Where leases are refused it says whether anybody writes; else only who does, and serves on.
            let recent = || Instant::now().checked_sub(PATIENCE).and_then(Look::after);
            if lease::are_refused() || wanted.iter().any(BusyLog::is_over) && recent().is_none() {
                drop(Look::now());
            }
            for waiting in wanted {
                let is_over = waiting.is_over();
                self.ask_again(waiting, is_over);
            }
            self.wait_for_workers();
        }
    }

    /// Does without what programs write to of the logs of this name.
    pub(super) fn stop_waiting(&mut self, name: &OsStr) {
        let all = std::mem::take(&mut self.waiting);
        let (wanted, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|waiting| waiting.due.name() == name);
        self.waiting = others;
        for waiting in wanted {
            self.ask_again(waiting, true);
        }
        self.wait_for_workers();
    }

    /// Goes on, now that room was made, with what the disk had none for: one after the other, since each gives some back.
    pub(super) fn finish_cramped(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            self.turn_to(&waiting.due.path);
            self.ask_again(waiting, true);
            self.wait_for_workers();
        }
        self.leave_identity();
    }

    /// Returns what the logs lacked that wait for room, each with its stanza.
    pub(super) fn lacks(&self) -> impl Iterator<Item = (&Place, Lack)> {
        let waiting = self.waiting.iter();
        waiting.filter_map(|waiting| Some((&waiting.stanza.declared_at, waiting.left.lack?)))
    }

    /// Returns what is still to be done with the files of the logs that wait for room.
    pub(super) fn cramped(&self) -> HashMap<Arc<Path>, Busy> {
        let waiting = self.waiting.iter();
        waiting
            .map(|waiting| (Arc::clone(&waiting.due.path), waiting.left.clone()))
            .collect()
    }

    fn ask_again(&mut self, waiting: BusyLog, is_last_try: bool) {
        let BusyLog { due, stanza, .. } = &waiting;
        match self.turn_again(&waiting) {
            Ok(turn) => self.driver.finish_again(turn, waiting.left, is_last_try),
            Err(fault) => {
                let directory = due.home.archive_path(&stanza.policy);
                self.give_up(&due.path, (&directory, &waiting.left), fault);
            }
        }
        let done = self.driver.collect();
        self.take_in(done);
    }

    /// Opens a log's directories again, with the rights that its work is done with.
    fn turn_again(&mut self, waiting: &BusyLog) -> Result<Arc<Turn>, Fault> {
        let BusyLog { stanza, due, .. } = waiting;
        self.act_as(due.home.identity)?;
        let site = self.places(stanza, due)?.site(stanza, due);
        Ok(Arc::new(Turn {
            switched: waiting.switched.clone(),
            ..Turn::new(site, due.facts, waiting.archive.clone())
        }))
    }
}
