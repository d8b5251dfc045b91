//! The run's view of the state: entries of its logs, and the journal of what is under way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Options;
use super::letters::LetterNotes;
use super::plain::PlainNotes;
use crate::clock::{DAY_SECONDS, Now, Stamp};
use crate::diag::Severity;
use crate::event::{Event, Listener, What};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::naming::ArchiveNames;
use crate::plan::is_interim;
use crate::state::record::{Begun, Hold, LeftPlain, Noted, Progress, Unfinished};
use crate::state::{StateProblem, StateTable};
use crate::store::{Store, StoreError};
use crate::sys::{identity, listing, mkdir};

/// For so long nothing is removed on a file system where that did not help, in seconds.
const HELD_FOR: i64 = DAY_SECONDS;

/// Tells whether a hold is: one that begins in the future is from a clock that was wrong.
pub(crate) fn is_in_force(until: i64, now: i64) -> bool {
    (1..=HELD_FOR).contains(&until.saturating_sub(now))
}

/// State and journal of a run.
pub(super) struct Records {
    store: Store,
    table: StateTable,
    /// What a dead run left, by log: in order, so that the logs of a directory are beside each other.
    left: BTreeMap<Arc<Path>, Unfinished>,
    /// Rotations that a dead run had begun without touching the log: only archives may have been shifted.
    half_shifted: HashMap<Arc<Path>, Unfinished>,
    /// Archives that stay plain for now.
    left_plain: PlainNotes,
    /// What became of letters.
    letters: LetterNotes,
    /// File systems, by where they are mounted, on which nothing is removed for room until then, in seconds since 1970.
    holds: BTreeMap<PathBuf, i64>,
    keeps_journal: bool,
    failed: bool,
    listener: Arc<dyn Listener>,
}

impl Records {
    /// Opens and locks the state, takes the time, and reads.
    pub(super) fn open(
        options: &Options,
        logs: impl Iterator<Item = Arc<Path>>,
        listener: &Arc<dyn Listener>,
    ) -> Result<(Self, Now), Exit> {
        let mut failed = false;
        let mut hear = |problem: StateProblem| failed |= tell(problem, listener);
        if options.is_own_state && !options.dry_run {
            mkdir::make_own_parents(&options.state);
        }
        let opened = Store::open(&options.state, options.lock, options.dry_run, &mut hear);
        let mut store = opened.map_err(|error| {
            let exit = if error == StoreError::Interrupted {
                Exit::Failed
            } else {
                Exit::Locked
            };
            listener.hear(Event::of_run(What::NoState(error)));
            exit
        })?;
        let now = Now::read();
        let table = store.read(StateTable::of(logs), &now, &mut hear);
        let mut left = BTreeMap::new();
        for rotation in store.take_unfinished() {
            left.insert(Arc::clone(&rotation.begun.path), rotation);
        }
        let left_plain = store.take_left_plain();
        let holds = store.take_holds().into_iter().map(|hold| (hold.mount, hold.until));
        let mut records = Self {
            store,
            table,
            left,
            half_shifted: HashMap::new(),
            left_plain: PlainNotes::default(),
            letters: LetterNotes::default(),
            holds: holds.collect(),
            keeps_journal: !options.dry_run,
            failed,
            listener: Arc::clone(listener),
        };
        for left in left_plain {
            records.enter_note(&left);
        }
        Ok((records, now))
    }

    /// Makes sure that there is an entry; answers whether it is new.
    pub(super) fn enter(&mut self, log: &Path, now: &Now) -> bool {
        self.table.enter_new(log, now.local.hour_start()).1
    }

    /// Notes that the log is there.
    pub(super) fn found(&mut self, log: &Path) {
        self.table.mark_found(log);
    }

    /// Returns the log's last rotation.
    pub(super) fn last(&self, log: &Path) -> Option<Stamp> {
        self.table.last(log)
    }

    /// Returns the log's last rotation, if there surely was one.
    pub(super) fn rotated(&self, log: &Path) -> Option<Stamp> {
        self.table.rotated(log)
    }

    /// Notes durably that these logs are about to be rotated.
    pub(super) fn begin(&mut self, logs: impl Iterator<Item = Begun>) -> Result<(), Fault> {
        if !self.keeps_journal {
            return Ok(());
        }
        let (store, table) = (&self.store, &mut self.table);
        let logs = logs.inspect(|begun| table.mark_begun(&begun.path));
        // The journal is the starter's own, whoever the work itself is done as.
        if let Err(problem) = identity::as_starter(|| store.begin_batch(logs))? {
            self.failed |= tell(problem, &self.listener);
        }
        Ok(())
    }

    /// A log's rotation failed before its switch: it does not count.
    pub(super) fn drop_begun(&mut self, log: &Path) {
        if self.table.mark_ended(log) {
            self.progress(log, Progress::Failed);
        }
    }

    /// A log is not rotated, and its next turn is that of the next period.
    pub(super) fn passed_over(&mut self, log: &Path, now: &Now) {
        self.table.stamp(log, now.local);
    }

    /// A log has become its archive: it counts as rotated now.
    pub(super) fn switched(&mut self, log: &Path, now: &Now) {
        self.table.stamp(log, now.local);
        self.half_shifted.remove(log);
        if self.table.is_begun(log) {
            self.progress(log, Progress::Switched);
        }
    }

    /// All that belongs to a log's rotation is done.
    pub(super) fn done(&mut self, log: &Path) {
        if self.table.mark_ended(log) {
            self.progress(log, Progress::Done);
        }
    }

    /// Returns the archives of a row of which earlier rotations noted this.
    pub(super) fn noted(&self, noted: Noted, directory: &Path, names: &ArchiveNames) -> BTreeSet<OsString> {
        self.left_plain.of_row(noted, directory, names)
    }

    /// Answers whether this is noted of an archive.
    pub(super) fn is_noted(&self, noted: Noted, directory: &Path, name: &OsStr) -> bool {
        self.left_plain.has(noted, directory, name)
    }

    /// Notes durably that these archives stay plain, or will when they have these names; those of which it was noted are not noted again.
    pub(super) fn leave_plain(&mut self, archives: impl Iterator<Item = LeftPlain>) {
        let left: Vec<LeftPlain> = archives.filter(|left| self.enter_note(left)).collect();
        self.write_notes(&left);
    }

    /// Enters a note of an archive; answers whether that is new.
    fn enter_note(&mut self, left: &LeftPlain) -> bool {
        match left.noted {
            Noted::Plain | Noted::PassedBy => self.left_plain.enter(left),
            Noted::Unsent | Noted::Sent(_) => self.letters.enter(left),
        }
    }

    fn write_notes(&mut self, left: &[LeftPlain]) {
        if left.is_empty() {
            return;
        }
        if let Err(problem) = self.store.leaves_plain(left) {
            self.failed |= tell(problem, &self.listener);
        }
    }

    /// Notes durably what will be true of archives when they have these names: should the run die then, it is known.
    pub(super) fn will_be(&mut self, archives: impl Iterator<Item = LeftPlain>) {
        let left: Vec<LeftPlain> = archives.collect();
        self.write_notes(&left);
    }

    /// Returns what is noted of letters.
    pub(super) fn letters(&mut self) -> &mut LetterNotes {
        &mut self.letters
    }

    /// Returns until when nothing is removed on a file system.
    pub(super) fn held_until(&self, mount: &Path, now: i64) -> Option<i64> {
        self.holds.get(mount).copied().filter(|until| is_in_force(*until, now))
    }

    /// Notes that nothing is removed on a file system for a time, since what was did not help.
    pub(super) fn hold(&mut self, mount: &Path, now: i64) -> i64 {
        let until = now.saturating_add(HELD_FOR);
        self.holds.insert(mount.to_owned(), until);
        until
    }

    /// Notes that of a row's archives something is to be noted of these alone.
    pub(super) fn only_noted(&mut self, directory: &Path, names: &ArchiveNames, archives: &BTreeSet<&OsString>) {
        self.left_plain.keep_only(directory, names, archives);
    }

    /// Notes that these archives were compressed.
    pub(super) fn packed(&mut self, directory: &Path, archives: &[OsString]) {
        self.left_plain.packed(directory, archives);
    }

    fn progress(&mut self, log: &Path, progress: Progress) {
        if let Err(problem) = self.store.progress(log, progress) {
            self.failed |= tell(problem, &self.listener);
        }
    }

    /// A dead run's rotation of this log is being finished: it counts from when it was begun.
    pub(super) fn resumed(&mut self, rotation: Unfinished) {
        let log = rotation.begun.path;
        self.table.stamp(&log, rotation.begun.stamp);
        self.table.mark_begun(&log);
        if !rotation.switched {
            self.progress(&log, Progress::Switched);
        }
    }

    /// Answers whether a dead run left anything.
    pub(super) fn has_unfinished(&self) -> bool {
        !self.left.is_empty()
    }

    /// Answers whether archives of a log are still to be worked on, by this run or after one that died. A shift that was only begun is no
    /// such work: the oldest may go meanwhile.
    pub(super) fn is_in_hand(&self, log: &Path) -> bool {
        self.table.is_begun(log) || self.left.contains_key(log)
    }

    /// Returns the logs at a path, or below it, whose rotation a dead run left.
    pub(super) fn left_below<'s>(&'s self, path: &'s Path) -> impl Iterator<Item = &'s Arc<Path>> {
        let from = (Bound::Included(path), Bound::Unbounded);
        let logs = self.left.range::<Path, _>(from).map(|(log, _)| log);
        logs.take_while(move |log| log.starts_with(path))
    }

    /// Returns, once, what a dead run left of this log's rotation.
    pub(super) fn unfinished(&mut self, log: &Path) -> Option<Unfinished> {
        self.left.remove(log)
    }

    /// Keeps what a dead run left of a log's rotation for the next one.
    pub(super) fn keep_unfinished(&mut self, rotation: Unfinished) {
        self.left.insert(Arc::clone(&rotation.begun.path), rotation);
    }

    /// Notes that a dead run had begun the shift of this log's archives, and no more.
    pub(super) fn was_half_shifted(&mut self, rotation: Unfinished) {
        self.half_shifted.insert(Arc::clone(&rotation.begun.path), rotation);
    }

    /// Answers whether a dead run had begun the shift of this log's archives.
    pub(super) fn was_begun(&self, log: &Path) -> bool {
        self.half_shifted.contains_key(log)
    }

    /// Writes the state. Answers whether all went well with it, from the beginning on.
    pub(super) fn write(mut self, now: &Now) -> bool {
        // What is not ended is handed to the next run: interrupted, put off, or not due after a shift that was cut short.
        let table = &self.table;
        let half_shifted = self.half_shifted.into_iter().filter(|(log, _)| !table.is_begun(log));
        let open: Vec<Unfinished> = half_shifted.map(|(_, rotation)| rotation).collect();
        for rotation in self.left.into_values().chain(open) {
            self.store.carry(rotation);
        }
        let mut failed = self.failed;
        let listener = Arc::clone(&self.listener);
        let mut hear = |problem: StateProblem| failed |= tell(problem, &listener);
        if table.has_begun() {
            self.store.carry_noted(|log| table.is_begun(log), &mut hear);
        }
        for left in self.left_plain.into_records().chain(self.letters.into_records()) {
            // What is gone has nobody to remember it for: strangers make and remove names as they like. The gap of what was passed by is
            // closed by the log's next rotation.
            let is_interim = left.path.file_name().is_some_and(|log| is_interim(&left.archive, log));
            let closes = left.noted == Noted::PassedBy && !is_interim && !listing::is_gone(&left.path);
            if closes || !listing::is_gone(&left.directory.join(&left.archive)) {
                self.store.carry_plain(left);
            }
        }
        let holds = std::mem::take(&mut self.holds).into_iter();
        for (mount, until) in holds.filter(|(_, until)| is_in_force(*until, now.epoch)) {
            self.store.carry_hold(Hold { mount, until });
        }
        if let Err(problem) = self.store.write(&self.table, now, &mut hear) {
            hear(problem);
        }
        !failed
    }
}

/// Tells a problem; answers whether it makes the exit status 1.
fn tell(problem: StateProblem, listener: &Arc<dyn Listener>) -> bool {
    let is_error = problem.severity() == Severity::Error;
    listener.hear(Event::of_run(What::State(problem)));
    is_error
}
