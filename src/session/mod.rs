//! A run, told in order: understand, read, lock, rotate, write, answer.

use std::collections::HashMap;
use std::num::NonZero;
use std::path::Path;
use std::rc::Weak;
use std::sync::Arc;

use crate::cli::Invocation;
use crate::clock::Now;
use crate::discover::{self, ExpandedSet};
use crate::event::{Event, Listener};
use crate::execute::work::Choices;
use crate::execute::{Executor, Finished, Hands, Rehearsal, copy};
use crate::exit::Exit;
use crate::facts::total;
use crate::fault::Fault;
use crate::inventory;
use crate::load::{self, LoadOptions};
use crate::observe::Directories;
use crate::report::metrics::Held;
use crate::state::record::LeftPlain;
use crate::sys::dirlock::DirLock;
use crate::sys::identity::{self, Acting};
use crate::sys::listing::Listings;
use crate::sys::process::Patience;
use crate::sys::release::{Help, Release};
use crate::sys::signals;
use crate::sys::truncate::Cut;
use crate::unix::{FileId, Identity, split_path};

mod busy;
mod ledger;
mod log;
mod only;
mod plain;
mod row;
mod set;

use ledger::Ledger;

/// What is in hand while stanza after stanza is rotated.
struct Session<'l> {
    listener: &'l Arc<dyn Listener>,
    hands: Box<dyn Hands>,
    directories: Directories,
    ledger: Ledger,
    now: Now,
    force: bool,
    choices: Arc<Choices>,
    /// Who the process acts as, if not as whoever started it.
    acting: Option<(Identity, Acting)>,
    /// Logs that were cut under a program that may not append.
    cuts: Vec<(Arc<Path>, FileId, Cut)>,
    /// The directories in which this run alone cuts logs.
    alone: HashMap<FileId, Weak<DirLock>>,
    /// The rows of archives that are being worked on.
    rows: row::RowsInWork,
    /// Logs whose rotation a program's writing keeps from being finished.
    waiting: Vec<busy::Waiting>,
    exit: Exit,
}

/// Runs what was asked for, and answers how it ended; with `--metrics` also what each stanza's archives hold.
pub fn run(invocation: &Invocation, listener: &Arc<dyn Listener>) -> (Exit, Vec<Held>) {
    let mut exit = Exit::Well;
    // 1. Read the configuration, and keep every complaint.
    let (mut sets, listings) = read_configuration(invocation, listener, &mut exit);
    let left_alone = only::keep_only(&mut sets, &invocation.only);
    // 2. Lock and read the state, then take the time once: after a wait the world may be another.
    let handled = sets
        .iter()
        .flat_map(|set| set.logs.iter().map(|log| Arc::clone(&log.path)));
    let wanted = handled.chain(left_alone.iter().map(Arc::clone));
    let (mut ledger, now) = match Ledger::open(invocation, wanted, listener) {
        Ok(opened) => opened,
        Err(worse) => {
            exit.worsen(worse);
            return (exit, Vec::new());
        }
    };
    for log in &left_alone {
        ledger.found(log);
    }
    // 3. A dry run differs here, in what it works with, and nowhere below.
    let hands: Box<dyn Hands> = if invocation.dry_run {
        Box::new(Rehearsal::new(listener))
    } else {
        Box::new(Executor::new(listener, invocation.jobs))
    };
    let mut directories = if invocation.dry_run {
        Directories::pretended()
    } else {
        Directories::default()
    };
    directories.know(listings);
    let choices = Arc::new(Choices {
        mail_program: invocation.mail_program.clone(),
        external_compress: invocation.external_compress,
        now: now.local,
        watcher: Arc::clone(listener),
        release: Release::new(match invocation.jobs {
            Some(NonZero::<usize>::MIN) => Help::Never,
            _ => Help::ForMany,
        }),
        patience: Patience::default(),
    });
    // Whoever can make a program of a stanza wait can keep only those back that are like it.
    sets.sort_by_key(|set| choices.waits_for_strangers(&set.set.policy));
    let force = invocation.force;
    let mut session = Session {
        listener,
        hands,
        directories,
        ledger,
        now,
        force,
        choices,
        acting: None,
        cuts: Vec::new(),
        alone: HashMap::new(),
        rows: row::RowsInWork::default(),
        waiting: Vec::new(),
        exit,
    };
    // 4. Rotate each stanza's logs, and remember failures.
    session.hear(Event::Handling(sets.len()));
    let measured = if invocation.metrics.is_some() {
        sets.clone()
    } else {
        Vec::new()
    };
    for set in sets {
        if signals::caught().is_some() {
            break;
        }
        session.handle(set);
        session.leave_identity();
    }
    session.finish_waiting(None);
    session.leave_identity();
    session.note(|| Event::TurnOfRun);
    session.look_for_holes();
    if let Some(signal) = signals::caught() {
        session.hear(Event::Ending(signal));
        session.exit.worsen(Exit::Failed);
    }
    // 5. Write the state, and answer with the worst that was seen.
    let Session {
        ledger, now, mut exit, ..
    } = session;
    if !ledger.write(&now) {
        exit.worsen(Exit::Failed);
    }
    // As the archives are now: what is listed serves all stanzas.
    let mut directories = Directories::default();
    let held = measured.iter().map(|set| held_by(set, &mut directories));
    (exit, held.collect())
}

/// Measures what a stanza's archives hold; what cannot be looked at is not counted.
fn held_by(expanded: &ExpandedSet, directories: &mut Directories) -> Held {
    let mut held = Held::default();
    for log in &expanded.logs {
        let found = inventory::archives(&expanded.set.policy, &log.path, directories).unwrap_or_default();
        held.files += found.len() as u64;
        let bytes = total(found.iter().map(|archive| archive.facts.allocated));
        held.bytes = held.bytes.saturating_add(bytes);
    }
    held
}

/// Reads the configuration and finds its logs; complaints are told as they come.
fn read_configuration(
    invocation: &Invocation,
    listener: &Arc<dyn Listener>,
    exit: &mut Exit,
) -> (Vec<ExpandedSet>, Listings) {
    let mut hear = |diagnostic| listener.hear(Event::Config(diagnostic));
    let options = LoadOptions {
        as_root: identity::is_root(),
        ..LoadOptions::default()
    };
    let loaded = load::load(&invocation.configs, &options, &mut hear);
    let found = discover::discover(loaded.sets, &mut hear);
    if loaded.failed || found.failed {
        exit.worsen(Exit::Failed);
    }
    (found.sets, found.listings)
}

impl Session<'_> {
    fn hear(&self, event: Event) {
        self.listener.hear(event);
    }

    /// Tells a note, which is made only where anybody wants to hear notes.
    fn note(&self, make: impl FnOnce() -> Event) {
        self.listener.note(make);
    }

    /// Tells what failed, and remembers it.
    fn fail(&mut self, fault: Fault) {
        self.hear(Event::Failed(fault));
        self.exit.worsen(Exit::Failed);
    }

    /// Sees to it that the work is done with these rights; `None` are those of whoever started the run.
    fn act_as(&mut self, wanted: Option<Identity>) -> Result<(), Fault> {
        if self.acting.as_ref().map(|(who, _)| *who) == wanted {
            return Ok(());
        }
        self.leave_identity();
        if let Some(who) = wanted {
            self.wait_for_workers();
            self.directories.forget();
            self.acting = Some((who, identity::act_as(who)?));
        }
        Ok(())
    }

    /// Goes back to the rights of whoever started the run.
    fn leave_identity(&mut self) {
        if self.acting.is_some() {
            self.wait_for_workers();
            self.acting = None;
            self.directories.forget();
        }
    }

    /// Warns of programs that went on, after their log was cut, where they were in it.
    fn look_for_holes(&mut self) {
        for (path, log, cut) in std::mem::take(&mut self.cuts) {
            let Some((directory, name)) = split_path(&path) else {
                continue;
            };
            if let Ok(held) = self.directories.get(directory, &path)
                && copy::grew_a_hole(&held.dir, name, log, &cut)
            {
                self.hear(Event::WriterDoesNotAppend(path.to_path_buf()));
            }
        }
    }

    fn wait_for_workers(&mut self) {
        let done = self.hands.wait();
        self.choices.release.finish();
        self.take_in(done);
        self.rows_are_done();
    }

    /// Tells what workers did, and remembers their failures.
    fn take_in(&mut self, finished: Vec<Finished>) {
        let left_plain = |done: &'_ Finished| -> Vec<LeftPlain> {
            let names = done.left_plain.iter();
            names
                .map(|name| LeftPlain::new(&done.work.path, &done.work.archive_path, name))
                .collect()
        };
        self.ledger.leave_plain(finished.iter().flat_map(left_plain));
        for done in finished {
            let log = &done.work.path;
            self.note(|| Event::Turn(log.to_path_buf()));
            for (at, event) in done.events {
                self.listener.hear_late(event, at);
            }
            if done.failed {
                self.exit.worsen(Exit::Failed);
            }
            self.ledger.packed(&done.work.archive_path, &done.packed);
            if done.failed || done.busy.is_some() || !done.left_plain.is_empty() {
                // What the plan had taken for done is not.
                self.directories.look_anew_at(&done.work.archive_path);
            }
            if let Some(left) = done.busy {
                self.row_waits(&done.work);
                self.keep_waiting(&done.work, left);
                continue;
            }
            if !done.put_off {
                self.ledger.done(log);
            }
            self.note(|| Event::Rotated {
                log: log.to_path_buf(),
                failed: done.failed,
            });
        }
    }
}
