//! A run, told in order: read, open, pass, close.
//!
//! A session is opened on a state file, may make any number of passes over stanzas, each at its own time, and is closed, which writes
//! the state. A run makes one; what `--explain` plans is one, too, rehearsed, over one log.

use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::path::Path;
use std::path::PathBuf;
use std::rc::Weak;
use std::sync::Arc;

use crate::clock::Now;
use crate::diag::Place;
use crate::discover::{ExpandedStanza, FoundLog};
use crate::event::{About, Event, Listener, LogListener, Removed, What};
use crate::execute::work::Choices;
use crate::execute::{Driver, Executor, Finished, Rehearsal, copy};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::inventory::Families;
use crate::observe::Directories;
use crate::report::metrics::AfterRun;
use crate::report::status::Archives;
use crate::schedule;
use crate::state::record::{LeftPlain, Noted};
use crate::sys::dirlock::DirLock;
use crate::sys::identity::{self, Acting};
use crate::sys::process::Patience;
use crate::sys::release::{Help, Release};
use crate::sys::signals;
use crate::sys::truncate::Cut;
use crate::unix::{FileId, Identity, split_path};

mod busy;
mod housekeeping;
mod letters;
mod log;
mod only;
mod options;
mod plain;
mod records;
mod row;
mod stanza;
mod stanzas;

pub(crate) use housekeeping::pools;
pub use options::{Options, Run};
pub(crate) use records::is_in_force;

use housekeeping::House;
use records::Records;
pub(crate) use stanzas::Stanzas;

/// What is in hand while stanza after stanza is rotated.
pub(crate) struct Session<'l> {
    listener: &'l Arc<dyn Listener>,
    /// What is in hand: a log, a stanza, or neither. What workers tell is about their own logs.
    about: About,
    options: &'l Options,
    driver: Box<dyn Driver>,
    directories: Directories,
    records: Records,
    /// The time of the pass; before the first one, when the state was read.
    now: Now,
    force: bool,
    choices: Arc<Choices>,
    /// Who the process acts as, if not as whoever started it.
    acting: Option<Acting>,
    /// Logs that were cut under a program that may not append.
    cuts: Vec<(Arc<Path>, FileId, Cut)>,
    /// The directories in which this run alone cuts logs.
    alone: HashMap<FileId, Weak<DirLock>>,
    /// The rows of archives that are being worked on.
    rows: row::RowsInWork,
    /// Logs whose rotation a program's writing keeps from being finished.
    waiting: Vec<busy::BusyLog>,
    /// What is wrong with which archive, as it was told in this run: each once.
    told: HashSet<(PathBuf, &'static str)>,
    /// A rotation was only rehearsed: what it would make room for, or take, is not known.
    has_rehearsed: bool,
    /// Logs of which something failed in this run.
    in_trouble: HashSet<Arc<Path>>,
    /// Stanzas of which something failed that is not one log's: a script of all of them.
    stanzas_in_trouble: HashSet<Place>,
    /// Logs whose archives had no room.
    set_aside: Vec<log::SetAside>,
    /// Room was made for those: nothing waits for it any more.
    has_made_room: bool,
    /// What housekeeping would have given back in a dry run, by device, in bytes.
    pretended_room: HashMap<u64, u64>,
    exit: Exit,
}

/// What a run answers.
#[derive(Debug, Default)]
pub struct Ran {
    pub exit: Exit,
    /// How each stanza stands, where that was asked for.
    pub held: Vec<AfterRun>,
    /// What housekeeping removed.
    pub removed: Removed,
}

/// Runs what was asked for, and answers how it ended.
pub fn run(run: &Run, listener: &Arc<dyn Listener>) -> Ran {
    // 1. Read the configuration, and keep every complaint.
    let mut stanzas = Stanzas::read(&run.configs, listener);
    let asks = |stanza: &ExpandedStanza| housekeeping::is_asked_for(&stanza.stanza.policy);
    let needs_families = run.measure || run.prune || stanzas.stanzas.iter().any(asks);
    // Whose an archive is, is told by all logs that are configured, in their order, whether or not this run handles them.
    let (lost, mut families) = if needs_families {
        let lost = stanzas.lost(&run.configs);
        let families = Families::of(&stanzas.stanzas, &lost);
        (lost.logs, families)
    } else {
        (Vec::new(), Families::default())
    };
    stanzas.keep_only(&run.only);
    // To prune, a log may be named that is gone.
    for pattern in stanzas.unmatched().iter().filter(|_| !run.prune) {
        listener.hear(Event::of_run(What::NoSuchLog(pattern.clone())));
    }
    // 2. Lock the state, take the time, once, and read: after a wait the world may be another.
    let mut session = match open(&run.options, &stanzas, listener) {
        Ok(session) => session,
        Err(exit) => {
            return Ran { exit, ..Ran::default() };
        }
    };
    // 3. Put those last whose programs others can make wait: they keep only those back that are like them.
    stanzas.put_last(|stanza| session.choices.waits_for_strangers(&stanza.stanza.policy));
    let keeps_house = run.prune || stanzas.stanzas.iter().any(asks);
    let all = match needs_families {
        true => stanzas.stanzas.clone(),
        false => Vec::new(),
    };
    let before = session.last_rotations(&all);
    let cut = stanzas.cut_policies();
    let lacks_settings = stanzas.lacks_settings;
    // 4. Rotate each stanza's logs, and remember failures.
    if !run.prune {
        session.pass(stanzas, session.now, run.force);
    }
    families.were_rotated(session.rotated_since(&all, &before));
    // What an error leaves to another stanza is not kept as that one says.
    session.in_trouble.extend(lost.iter().cloned());
    // 5. Remove what no rotation removes.
    let mut removed = Removed::default();
    if keeps_house {
        removed = session.keep_house(&mut House {
            stanzas: &all,
            families: &mut families,
            last: &before,
            only: &run.only,
            cut: &cut,
            lost: lost.into_iter().collect(),
            prune_all: run.prune,
            removes_nothing: lacks_settings,
            logs: HashMap::new(),
        });
    }
    let measured: &[ExpandedStanza] = if run.measure { &all } else { &[] };
    let due: Vec<_> = measured.iter().map(|stanza| session.next_due(stanza)).collect();
    // 6. Write the state, and answer with the worst that was seen.
    let exit = session.close();
    // 7. Measure the archives as they are now: what is listed serves all stanzas.
    let mut directories = Directories::default();
    let measure = |(stanza, next_due)| AfterRun {
        next_due,
        ..held_by(stanza, &before, &mut families, &mut directories)
    };
    let held = measured.iter().zip(due).map(measure).collect();
    Ran { exit, held, removed }
}

/// Opens a session for these stanzas: the state is locked and read, then the time is taken.
///
/// # Errors
/// The worst that was seen, where the state keeps everything from being rotated.
pub(crate) fn open<'l>(
    options: &'l Options,
    stanzas: &Stanzas,
    listener: &'l Arc<dyn Listener>,
) -> Result<Session<'l>, Exit> {
    let mut exit = if stanzas.failed { Exit::Failed } else { Exit::Well };
    let (mut records, now) = Records::open(options, stanzas.logs(), listener).map_err(|worse| {
        exit.worsen(worse);
        exit
    })?;
    for log in stanzas.left_alone() {
        records.found(log);
    }
    // A dry run has another driver, and directories in which changes are only pretended; it looks ahead at what a run would meet.
    let (driver, directories): (Box<dyn Driver>, _) = if options.dry_run {
        (Box::new(Rehearsal::new(listener)), Directories::pretended())
    } else {
        (Box::new(Executor::new(listener, options.jobs)), Directories::default())
    };
    Ok(Session {
        listener,
        about: About::Run,
        options,
        driver,
        directories,
        records,
        now,
        force: false,
        choices: choices(options, &now, listener),
        acting: None,
        cuts: Vec::new(),
        alone: HashMap::new(),
        rows: row::RowsInWork::default(),
        waiting: Vec::new(),
        told: HashSet::new(),
        has_rehearsed: false,
        in_trouble: HashSet::new(),
        stanzas_in_trouble: HashSet::new(),
        set_aside: Vec::new(),
        has_made_room: false,
        pretended_room: HashMap::new(),
        exit,
    })
}

/// Returns what holds for a whole pass.
fn choices(options: &Options, now: &Now, listener: &Arc<dyn Listener>) -> Arc<Choices> {
    Arc::new(Choices {
        mail_program: options.mail_program.clone(),
        external_compress: options.external_compress,
        now: now.local,
        watcher: Arc::clone(listener),
        release: Release::new(match options.jobs {
            Some(NonZero::<usize>::MIN) => Help::Never,
            _ => Help::ForMany,
        }),
        patience: Patience::default(),
    })
}

/// When logs were rotated last, in seconds since 1970.
pub(crate) type LastRotations = HashMap<Arc<Path>, i64>;

/// Measures what a stanza's archives hold; what cannot be looked at is not counted.
fn held_by(
    expanded: &ExpandedStanza,
    last: &LastRotations,
    families: &mut Families,
    directories: &mut Directories,
) -> AfterRun {
    let mut held = AfterRun::default();
    for log in &expanded.logs {
        let last = last.get(&log.path).copied();
        let family = families.family(&expanded.stanza.policy, &log.path, last, directories);
        let archives = Archives::of(&family.unwrap_or_default());
        let sum = archives.all();
        held.files += sum.files;
        held.bytes = held.bytes.saturating_add(sum.bytes);
        held.orphan_bytes = held.orphan_bytes.saturating_add(archives.kin.bytes);
    }
    held
}

impl Session<'_> {
    /// Rotates, or rehearses, the logs of these stanzas that are due at a time; with `force` those that are not, too.
    pub(crate) fn pass(&mut self, stanzas: Stanzas, now: Now, force: bool) {
        let Stanzas { stanzas, listings, .. } = stanzas;
        (self.now, self.force) = (now, force);
        self.choices = choices(self.options, &now, self.listener);
        self.directories.know(listings);
        self.about = About::Run;
        self.hear(What::Handling(stanzas.len()));
        for stanza in stanzas {
            if signals::caught().is_some() {
                break;
            }
            self.handle(stanza);
            self.leave_identity();
        }
        self.finish_waiting(None);
        self.leave_identity();
        self.look_for_holes();
    }

    /// Returns when the logs of these stanzas were rotated last.
    fn last_rotations(&self, stanzas: &[ExpandedStanza]) -> LastRotations {
        let logs = stanzas.iter().flat_map(|stanza| &stanza.logs);
        let last = |log: &FoundLog| {
            Some((
                Arc::clone(&log.path),
                self.now.epoch_of(self.records.rotated(&log.path)?),
            ))
        };
        logs.filter_map(last).collect()
    }

    /// Returns when the time of the first of a stanza's logs comes, in seconds since 1970.
    fn next_due(&self, expanded: &ExpandedStanza) -> Option<i64> {
        let ahead = |log: &FoundLog| {
            let last = self.records.last(&log.path)?;
            schedule::time_ahead(&expanded.stanza.policy, last, &self.now)
        };
        expanded.logs.iter().filter_map(ahead).min()
    }

    /// Returns the logs of these stanzas that were rotated after these times.
    fn rotated_since(&self, stanzas: &[ExpandedStanza], before: &LastRotations) -> impl Iterator<Item = Arc<Path>> {
        let now = self.last_rotations(stanzas);
        now.into_iter()
            .filter(|(log, last)| before.get(log) != Some(last))
            .map(|(log, _)| log)
    }

    /// Writes the state, and answers how it went.
    #[must_use]
    pub(crate) fn close(self) -> Exit {
        let mut exit = self.exit;
        if let Some(signal) = signals::caught() {
            self.listener.hear(Event::of_run(What::Ending(signal)));
            exit.worsen(Exit::Failed);
        }
        if !self.records.write(&self.now) {
            exit.worsen(Exit::Failed);
        }
        exit
    }

    /// What is told from here on is about this stanza as a whole.
    fn turn_to_stanza(&mut self, place: &Place) {
        self.about = About::Stanza(place.clone());
    }

    /// What is told from here on is about this log.
    fn turn_to(&mut self, log: &Arc<Path>) {
        self.about = About::Log(Arc::clone(log));
    }

    /// Tells what happens to what is in hand.
    fn hear(&self, what: What) {
        let about = self.about.clone();
        self.listener.hear(Event { about, what });
    }

    /// Tells a note, which is made only where anybody wants to hear notes.
    fn note(&self, make: impl FnOnce() -> What) {
        if self.listener.hears_notes() {
            self.hear(make());
        }
    }

    /// Tells what failed, and remembers it.
    fn fail(&mut self, fault: Fault) {
        match &self.about {
            About::Log(log) => drop(self.in_trouble.insert(Arc::clone(log))),
            About::Stanza(place) => drop(self.stanzas_in_trouble.insert(place.clone())),
            About::Run => {}
        }
        self.hear(What::Failed(fault));
        self.exit.worsen(Exit::Failed);
    }

    /// Sees to it that the work is done with these rights; `None` are those of whoever started the run.
    fn act_as(&mut self, wanted: Option<Identity>) -> Result<(), Fault> {
        if self.acting.as_ref().map(Acting::who) == wanted {
            return Ok(());
        }
        self.leave_identity();
        if let Some(who) = wanted {
            self.wait_for_workers();
            self.directories.forget();
            self.acting = Some(identity::act_as(who)?);
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
            if let Ok(held) = self.directories.get(directory, &path) {
                if copy::grew_a_hole(&held.dir, name, log, &cut) {
                    LogListener::new(&path, &**self.listener).hear(What::WriterDoesNotAppend);
                }
            }
        }
    }

    fn wait_for_workers(&mut self) {
        let done = self.driver.wait();
        self.choices.release.finish();
        self.take_in(done);
        self.rows_are_done();
    }

    /// Tells what workers did, and remembers their failures.
    fn take_in(&mut self, finished: Vec<Finished>) {
        let left_plain = |done: &'_ Finished| -> Vec<LeftPlain> {
            let names = done.left_plain.iter();
            names
                .map(|name| LeftPlain::new(Noted::Plain, &done.turn.site.path, &done.turn.site.archive_path, name))
                .collect()
        };
        self.records.leave_plain(finished.iter().flat_map(left_plain));
        let left_interim = finished.iter().filter_map(|done| {
            let (name, site) = (done.left_interim.as_ref()?, &done.turn.site);
            Some(LeftPlain::new(Noted::PassedBy, &site.path, site.log_dir.path(), name))
        });
        self.records.leave_plain(left_interim);
        for done in finished {
            let site = &done.turn.site;
            let log = &site.path;
            for (at, event) in done.events {
                let is_new = match &event.what {
                    What::Obstacle(found) => self.told.insert((found.archive.clone(), found.what.word())),
                    _ => true,
                };
                if is_new {
                    self.listener.hear_late(event, at);
                }
            }
            if done.failed {
                self.in_trouble.insert(Arc::clone(log));
                self.exit.worsen(Exit::Failed);
            }
            self.records.packed(&site.archive_path, &done.packed);
            self.note_letters(site, &done.mailed, &done.packed);
            if done.failed || done.busy.is_some() || !done.left_plain.is_empty() {
                // What the plan had taken for done is not.
                self.directories.look_anew_at(&site.archive_path);
            }
            if let Some(left) = done.busy {
                self.row_waits(site);
                self.keep_waiting(&done.turn, left);
                continue;
            }
            if !done.put_off {
                self.records.done(log);
            }
            let failed = done.failed;
            LogListener::new(log, &**self.listener).note(|| What::Rotated { failed });
        }
    }
}
