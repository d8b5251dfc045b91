//! The driver that only says what would be done.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::hook::Call;
use super::job::{Busy, Finished};
use super::remove::{Doomed, Removal};
use super::work::{LogSite, StanzaWork, Turn};
use super::{Driver, olddir};
use crate::event::{About, Doing, Event, Listener, LogListener, Reason, Stay, What};
use crate::fault::{Fault, Hook};
use crate::observe::{self, Directories, OpenDir};
use crate::plan::Step;
use crate::policy::Ownership;
use crate::sys::dir::Dir;
use crate::sys::dirlock::Alone;

/// Announces steps.
#[derive(Debug)]
pub struct Rehearsal {
    listener: Arc<dyn Listener>,
    finished: Vec<Finished>,
}

impl Rehearsal {
    /// Tells the listener what would be done.
    #[must_use]
    pub fn new(listener: &Arc<dyn Listener>) -> Self {
        Self {
            listener: Arc::clone(listener),
            finished: Vec::new(),
        }
    }

    /// Says what a step would do, and which script would be asked before a file goes.
    fn announce(&self, turn: &Turn, step: &Step) {
        let listener = LogListener::new(&turn.site.path, &*self.listener);
        turn.announce(step, &listener);
        let goes = match step {
            Step::Remove { what, is_archive: true } => turn.site.path_of(what),
            Step::Compress { from, .. } => turn.site.archive_path_of(from),
            _ => return,
        };
        Self::ask_for(&turn.site, goes, &listener);
    }

    /// Says which script would be asked before a file goes.
    fn ask_for(site: &LogSite, goes: PathBuf, listener: &LogListener<'_>) {
        if let Some(call) = Call::for_log(&site.stanza, Hook::Remove, &goes, None) {
            listener.hear(What::Script {
                hook: call.hook,
                rehearsed: Some((call.text, vec![goes.into_os_string()])),
            });
        }
    }
}

/// Tells whether a program writes to an archive that is there already.
fn is_held(site: &LogSite, name: &OsStr) -> bool {
    site.archive_dir.as_ref().is_some_and(|dir| observe::is_held(dir, name))
}

impl Driver for Rehearsal {
    fn script(&mut self, _stanza: &StanzaWork, call: &Call, about: About) -> Result<(), Fault> {
        let what = What::Script {
            hook: call.hook,
            rehearsed: Some((Arc::clone(&call.text), call.args.clone())),
        };
        self.listener.hear(Event { about, what });
        Ok(())
    }

    fn make_dir(
        &mut self,
        _directories: &mut Directories,
        base: &OpenDir,
        path: &Path,
        ownership: &Ownership,
        log: &Arc<Path>,
    ) -> Result<Option<Rc<OpenDir>>, Fault> {
        for missing in olddir::missing(base, path, ownership, log)? {
            LogListener::new(log, &*self.listener).hear(What::Step(Doing::MakeDir(missing)));
        }
        Ok(None)
    }

    fn be_alone(&mut self, _dir: &Dir) -> Alone {
        Alone::Unlocked
    }

    fn step(&mut self, turn: &Turn, step: &Step) -> Result<(), Fault> {
        self.announce(turn, step);
        Ok(())
    }

    fn discard(&mut self, site: &LogSite, doomed: &Doomed) -> Removal {
        let listener = LogListener::new(&site.path, &*self.listener);
        if is_held(site, &doomed.name) {
            return Removal::Left(Stay::Written { by: None });
        }
        if doomed.is_kept_open(site) {
            return Removal::Left(Stay::Open);
        }
        if let Ok(Some(Step::Mail { what, .. })) = doomed.farewell(site) {
            listener.hear(What::Step(site.mailing(&what)));
        }
        listener.hear(doomed.doing(site));
        Self::ask_for(site, site.archive_path_of(&doomed.name), &listener);
        Removal::Gone
    }

    fn squeeze(&mut self, site: &LogSite, from: &OsStr, _to: &OsStr, reason: &Reason) -> Result<bool, Fault> {
        if is_held(site, from) {
            return Ok(false);
        }
        let listener = LogListener::new(&site.path, &*self.listener);
        listener.note(|| What::Step(site.compressing(from, Some(reason))));
        Self::ask_for(site, site.archive_path_of(from), &listener);
        Ok(true)
    }

    fn finish(&mut self, turn: Arc<Turn>, steps: Vec<Step>, _inline: bool) {
        for step in &steps {
            self.announce(&turn, step);
        }
        self.finished.push(Finished::well(turn));
    }

    fn finish_again(&mut self, _turn: Arc<Turn>, _left: Busy, _is_last_try: bool) {
        // What is only rehearsed is never kept waiting.
    }

    fn collect(&mut self) -> Vec<Finished> {
        std::mem::take(&mut self.finished)
    }

    fn wait(&mut self) -> Vec<Finished> {
        self.collect()
    }
}
