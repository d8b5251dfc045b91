//! The driver that really does it.

use std::ffi::OsStr;
use std::num::NonZero;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::Driver;
use super::compress::{self, Outcome, ToCompress};
use super::finish::Finisher;
use super::hook::{self, Call};
use super::job::{Busy, Finished, Job};
use super::olddir;
use super::perform::{holder, perform};
use super::remove::{self, Doomed, Removal};
use super::work::{LogSite, StanzaWork, Turn};
use crate::event::{About, Event, Listener, LogListener, Reason, What};
use crate::fault::Fault;
use crate::observe::{Directories, OpenDir};
use crate::plan::Step;
use crate::policy::Ownership;
use crate::sys::dir::Dir;
use crate::sys::dirlock::{self, Alone};
use crate::sys::{create, signals};

/// Carries out steps.
#[derive(Debug)]
pub struct Executor {
    listener: Arc<dyn Listener>,
    finisher: Finisher,
}

impl Executor {
    /// Works with so many workers, or with one a processor, and tells the listener what is done.
    #[must_use]
    pub fn new(listener: &Arc<dyn Listener>, jobs: Option<NonZero<usize>>) -> Self {
        create::know_umask();
        Self {
            listener: Arc::clone(listener),
            finisher: Finisher::new(jobs),
        }
    }

    fn perform(&mut self, turn: &Turn, step: &Step) -> Result<(), Fault> {
        let threads = match step {
            Step::Compress { .. } => self.finisher.jobs(),
            _ => NonZero::<usize>::MIN,
        };
        let still_written = |by| Fault::StillWritten {
            path: turn.site.source_of(step).unwrap_or_default(),
            by,
        };
        let listener = LogListener::new(&turn.site.path, &*self.listener);
        match perform(turn, step, threads, &listener)? {
            Outcome::Done => Ok(()),
            Outcome::Halfway(half) => match compress::complete(&turn.site, *half, &listener)? {
                true => Ok(()),
                false => Err(still_written(None)),
            },
            // Whoever holds an archive that is not compressed yet is told when patience is out, if it does so still.
            Outcome::Busy if matches!(step, Step::Compress { .. }) => Err(still_written(None)),
            Outcome::Busy => Err(still_written(holder(&turn.site, step))),
        }
    }
}

impl Driver for Executor {
    fn script(&mut self, stanza: &StanzaWork, call: &Call, about: About) -> Result<(), Fault> {
        let what = What::Script {
            hook: call.hook,
            rehearsed: None,
        };
        self.listener.hear(Event { about, what });
        hook::run(stanza, call)
    }

    fn make_dir(
        &mut self,
        directories: &mut Directories,
        base: &OpenDir,
        path: &Path,
        ownership: &Ownership,
        log: &Arc<Path>,
    ) -> Result<Option<Rc<OpenDir>>, Fault> {
        let made = olddir::make(base, path, ownership, log, &LogListener::new(log, &*self.listener))?;
        directories.take(base, path, made).map(Some)
    }

    fn be_alone(&mut self, dir: &Dir) -> Alone {
        dirlock::lock(dir)
    }

    fn step(&mut self, turn: &Turn, step: &Step) -> Result<(), Fault> {
        if signals::caught().is_some() {
            return Err(Fault::Interrupted);
        }
        self.perform(turn, step)
    }

    fn discard(&mut self, site: &LogSite, doomed: &Doomed) -> Removal {
        remove::discard(site, doomed, &LogListener::new(&site.path, &*self.listener))
    }

    fn squeeze(&mut self, site: &LogSite, from: &OsStr, to: &OsStr, reason: &Reason) -> Result<bool, Fault> {
        let listener = LogListener::new(&site.path, &*self.listener);
        let wanted = ToCompress {
            from,
            to,
            times_of: None,
            switched: None,
            is_newest: false,
            before_its_time: Some(reason),
        };
        match compress::begin(site, wanted, self.finisher.jobs(), &listener)? {
            Outcome::Done => Ok(true),
            Outcome::Halfway(half) => compress::complete(site, *half, &listener),
            Outcome::Busy => Ok(false),
        }
    }

    fn finish(&mut self, turn: Arc<Turn>, steps: Vec<Step>, inline: bool) {
        self.finisher.submit(Job::new(turn, steps), inline);
    }

    fn finish_again(&mut self, turn: Arc<Turn>, left: Busy, is_last_try: bool) {
        self.finisher.submit(Job::again(turn, left, is_last_try), false);
    }

    fn collect(&mut self) -> Vec<Finished> {
        self.finisher.collect()
    }

    fn wait(&mut self) -> Vec<Finished> {
        self.finisher.wait()
    }
}
