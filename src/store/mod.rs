//! The state file of a run: locked, read, and written anew at the end; with its journal beside it.
//!
//! Memory follows the logs that this run configures, not the size of the file: entries of other logs are only looked at,
//! and their lines are copied. What a line means is `state::codec`'s, how files are opened `sys::lock`'s.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::{Now, Stamp};
use crate::facts::{FileFacts, Kind};
use crate::fault::SysError;
use crate::state::codec::{TOP_LINE, parse_line, write_line};
use crate::state::expiry::Expiry;
use crate::state::record::{Hold, LeftPlain, Replay, Unfinished};
use crate::state::{StateProblem, StateTable};
use crate::sys::atomic::{self, Committed, Replacement};
use crate::sys::dir::Dir;
use crate::sys::lock::{Locking, StateFile, directory_of};

mod journal;
mod scan;

use journal::Journal;
use scan::{BUFFER, Scan};

/// The state file that stands for "no state".
const NOWHERE: &str = "/dev/null";

/// The bit that lets everybody read, and so lock.
const OTHERS_READ: u32 = 0o004;

/// What is done about the state file's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// It is taken; a file that is locked already is an error.
    Take,
    /// It is not taken (`--skip-state-lock`).
    Skip,
    /// It is waited for (`--wait-for-state-lock`), no longer than the limit.
    Wait(Option<Duration>),
}

/// Why there is no run at all; each is exit status 3 but the last, which is 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Another run holds it: `state file F is already locked`.
    Locked(PathBuf),
    /// It cannot be opened for reading and writing, or made, or locked.
    Failed(SysError),
    /// The name is so long that no file of a longer name can be made beside it.
    NameTooLong(PathBuf),
    /// A signal came while the lock was waited for.
    Interrupted,
}

/// Who hears what there is to tell.
pub type Hear<'a> = &'a mut dyn FnMut(StateProblem);

/// The state file of a run.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    place: Place,
    journal: Journal,
    scan: Option<Scan>,
    unfinished: Vec<Unfinished>,
    left_plain: Vec<LeftPlain>,
    holds: Vec<Hold>,
    carried: Carried,
}

/// What is handed to the next run.
#[derive(Debug, Default)]
struct Carried {
    unfinished: Vec<Unfinished>,
    left_plain: Vec<LeftPlain>,
    holds: Vec<Hold>,
    /// What is noted in the journal could not be read again: it stays for the next run to read.
    is_unread: bool,
}

#[derive(Debug)]
enum Place {
    /// There is no state: `/dev/null`, or a dry run that found none.
    Nowhere,
    /// It is read, and nothing is written.
    ReadOnly { dir: Dir, name: OsString, file: StateFile },
    /// It is read and written.
    Writable {
        dir: Dir,
        name: OsString,
        file: StateFile,
        locked: bool,
    },
}

impl Store {
    /// Opens the state file, making it where there is none, and locks it. A dry run does neither, and takes a file that
    /// is missing or cannot be opened for empty.
    ///
    /// To be called before the process takes on another identity: the journal is this user's.
    ///
    /// # Errors
    /// Whatever means that nothing may be rotated.
    pub fn open(path: &Path, lock: LockMode, dry: bool, hear: Hear<'_>) -> Result<Self, StoreError> {
        let place = if path == Path::new(NOWHERE) {
            Place::Nowhere
        } else if dry {
            look_at(path, hear)
        } else {
            open_locked(path, lock, hear)?
        };
        if let Place::Writable { dir, name, file, .. } = &place {
            atomic::resume(dir, name, file).map_err(StoreError::Failed)?;
        }
        Ok(Self {
            path: path.to_owned(),
            place,
            journal: Journal::default(),
            scan: None,
            unfinished: Vec::new(),
            left_plain: Vec::new(),
            holds: Vec::new(),
            carried: Carried::default(),
        })
    }

    /// Returns the path of the state file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the entries of the table's logs, and what a dead run left in the journal.
    ///
    /// Every line is looked at; a damaged one is told and costs its own entry, no other.
    pub fn read(&mut self, mut table: StateTable, now: &Now, hear: Hear<'_>) -> StateTable {
        let Some((dir, name, file)) = self.place.parts() else {
            return table;
        };
        let replay = self
            .journal
            .read(dir, &journal_name(name), hear)
            .unwrap_or_else(|failed| {
                hear(failed);
                Replay::default()
            });
        let mut recovered: Vec<_> = replay.finished;
        let switched = replay.unfinished.iter().filter(|rotation| rotation.switched);
        recovered.extend(switched.map(|rotation| (rotation.begun.path.clone(), rotation.begun.stamp)));
        let begun = replay.unfinished.iter().map(|rotation| &rotation.begun.path);
        let journaled = recovered.iter().map(|(log, _)| log).chain(begun);
        let journaled: HashSet<&[u8]> = journaled.map(|log| log.as_os_str().as_bytes()).collect();
        let mut take = |path: &[u8], stamp: Stamp| {
            if table.take(path, stamp) {
                return true;
            }
            let is_journaled = !journaled.is_empty() && journaled.contains(path);
            if is_journaled {
                table.set(path, stamp);
            }
            is_journaled
        };
        hear(StateProblem::Reading(self.path.clone()));
        let scan = scan::scan(file, &self.path, &mut take, &Expiry::at(now), hear);
        self.scan = Some(scan);
        for (log, stamp) in &recovered {
            let last = table.last(log);
            table.stamp(log, last.map_or(*stamp, |last| last.max(*stamp)));
        }
        if !recovered.is_empty() {
            let file = dir.path_of(&journal_name(name));
            let count = recovered.len();
            hear(StateProblem::Recovered { file, count });
        }
        self.unfinished = replay.unfinished;
        self.left_plain = replay.left_plain;
        self.holds = replay.holds;
        table
    }

    /// Hands out, once, the rotations that a dead run left unfinished; those that had switched are already stamped in
    /// the table.
    pub fn take_unfinished(&mut self) -> Vec<Unfinished> {
        std::mem::take(&mut self.unfinished)
    }

    /// Hands out, once, the archives that earlier runs left plain.
    pub fn take_left_plain(&mut self) -> Vec<LeftPlain> {
        std::mem::take(&mut self.left_plain)
    }

    /// Hands out, once, the file systems on which nothing is removed for a time.
    pub fn take_holds(&mut self) -> Vec<Hold> {
        std::mem::take(&mut self.holds)
    }

    /// Keeps for a later run that nothing is removed on a file system for a time.
    pub fn carry_hold(&mut self, hold: Hold) {
        self.carried.holds.push(hold);
    }

    /// Keeps the name of an archive that is still plain for a later run.
    pub fn carry_plain(&mut self, left: LeftPlain) {
        self.carried.left_plain.push(left);
    }

    /// Keeps a rotation that this run cannot finish (its log is not configured now) for a later one.
    pub fn carry(&mut self, rotation: Unfinished) {
        self.carried.unfinished.push(rotation);
    }

    /// Keeps those rotations of the journal that are not ended and of these logs; one that cannot be read stays as it is.
    pub fn carry_noted(&mut self, is_open: impl Fn(&Path) -> bool, hear: Hear<'_>) {
        let Some((dir, name, _)) = self.place.parts() else {
            return;
        };
        // Its damaged lines were told when it was read first.
        match self.journal.read(dir, &journal_name(name), &mut |_| {}) {
            Ok(noted) => {
                let open = noted.unfinished.into_iter();
                let open = open.filter(|rotation| is_open(&rotation.begun.path));
                self.carried.unfinished.extend(open);
            }
            Err(failed) => {
                hear(failed);
                self.carried.is_unread = true;
            }
        }
    }

    /// Writes the state file anew: other logs' lines as they are, the table's entries behind them; what is too old and
    /// was not found is left out. Then the journal has served and goes.
    ///
    /// # Errors
    /// The old file is then in place, and so is the journal: the next run reads from both what this one did.
    pub fn write(&mut self, table: &StateTable, now: &Now, hear: Hear<'_>) -> Result<(), StateProblem> {
        let Place::Writable {
            dir,
            name,
            file,
            locked,
        } = &mut self.place
        else {
            return Ok(());
        };
        let expiry = Expiry::at(now);
        let facts = file.facts().map_err(StateProblem::Failed)?;
        if facts.kind != Kind::Regular {
            return Err(StateProblem::NotRegular(self.path.clone()));
        }
        let scan = match self.scan.take() {
            Some(scan) if scan.holds_for(&facts) => scan,
            // Never read, or changed in place since: what is to be copied must be looked for again.
            _ => {
                let mut known = |path: &[u8], _| table.last(Path::new(OsStr::from_bytes(path))).is_some();
                scan::scan(file, &self.path, &mut known, &expiry, &mut |_| {})
            }
        };
        if let Some(failed) = scan.failed {
            return Err(StateProblem::Failed(failed));
        }
        let new = replace(dir, name, file, &self.path, &scan, table, &expiry, *locked, hear);
        match new.map_err(StateProblem::Failed)? {
            // The old file's lock is let go only now that the new one is in place and locked.
            Committed::Replaced(new) => *file = new,
            Committed::InPlace => hear(StateProblem::InPlace(self.path.clone())),
        }
        let end = self.journal.end(dir, &journal_name(name), &self.carried);
        if let Err(problem) = end {
            hear(problem);
        }
        Ok(())
    }
}

impl Place {
    fn parts(&self) -> Option<(&Dir, &OsStr, &StateFile)> {
        match self {
            Self::Nowhere => None,
            Self::ReadOnly { dir, name, file } | Self::Writable { dir, name, file, .. } => Some((dir, name, file)),
        }
    }
}

/// Opens for a dry run.
fn look_at(path: &Path, hear: Hear<'_>) -> Place {
    let found = directory_of(path).and_then(|(dir, name)| {
        let file = match atomic::pending(&dir, &name) {
            Some(whole) => Some(whole),
            None => StateFile::open_existing(&dir, &name, path)?,
        };
        Ok(file.map(|file| Place::ReadOnly { dir, name, file }))
    });
    match found {
        Ok(place) => place.unwrap_or(Place::Nowhere),
        Err(failed) => {
            if !failed.is_absence() {
                hear(StateProblem::NotOpened(failed));
            }
            Place::Nowhere
        }
    }
}

/// Opens and locks; after a wait the file at the path may be another, which is then locked instead.
fn open_locked(path: &Path, lock: LockMode, hear: Hear<'_>) -> Result<Place, StoreError> {
    let (dir, name) = directory_of(path).map_err(StoreError::Failed)?;
    // What will be made beside it can only be told now: afterwards, the logs are rotated and nothing could remember it.
    if dir.look(&journal_name(&name)).is_err_and(|failed| failed.is_length()) {
        return Err(StoreError::NameTooLong(path.to_owned()));
    }
    let mut waited = false;
    loop {
        let file = StateFile::open_or_create(&dir, &name, path).map_err(StoreError::Failed)?;
        let facts = file.facts().map_err(StoreError::Failed)?;
        let everybodys = facts.mode.0 & OTHERS_READ != 0;
        if lock == LockMode::Skip || everybodys {
            if lock != LockMode::Skip {
                hear(StateProblem::WorldReadable(path.to_owned()));
            }
            let locked = false;
            return Ok(Place::Writable {
                dir,
                name,
                file,
                locked,
            });
        }
        let mut locking = file.try_lock().map_err(StoreError::Failed)?;
        if let (Locking::Busy(_), LockMode::Wait(limit)) = (&locking, lock) {
            if !waited {
                hear(StateProblem::Waiting(path.to_owned()));
                waited = true;
            }
            let Locking::Busy(busy) = locking else {
                continue;
            };
            locking = busy.wait_lock(limit).map_err(StoreError::Failed)?;
        }
        match locking {
            Locking::Locked(file) if file.is_at(&dir, &name) => {
                let locked = true;
                return Ok(Place::Writable {
                    dir,
                    name,
                    file,
                    locked,
                });
            }
            Locking::Locked(_) => {}
            Locking::Busy(_) => return Err(StoreError::Locked(path.to_owned())),
            Locking::Interrupted => return Err(StoreError::Interrupted),
        }
    }
}

/// Writes the new file and puts it in place.
#[expect(
    clippy::too_many_arguments,
    reason = "each is a part of the store that is borrowed on its own"
)]
fn replace(
    dir: &Dir,
    name: &OsStr,
    old: &StateFile,
    path: &Path,
    scan: &Scan,
    table: &StateTable,
    expiry: &Expiry,
    lock: bool,
    hear: Hear<'_>,
) -> Result<Committed, SysError> {
    let mut new = Replacement::begin(dir, name, Some(old))?;
    new.write(TOP_LINE)?;
    let mut buffer = vec![0; BUFFER];
    for (from, to) in &scan.kept {
        let mut at = *from;
        while at < *to {
            let most = usize::try_from(to - at).map_or(buffer.len(), |left| left.min(buffer.len()));
            let count = old.read_at(&mut buffer[..most], at)?;
            if count == 0 {
                break;
            }
            new.write(&buffer[..count])?;
            at += count as u64;
        }
    }
    let mut removing = |log: &[u8]| {
        hear(StateProblem::Removing {
            log: OsStr::from_bytes(log).into(),
            file: path.to_owned(),
        });
    };
    tell_expired(old, scan, &mut removing)?;
    let mut line = Vec::new();
    let mut too_long = Vec::new();
    for entry in table.entries() {
        if !entry.found && expiry.is_over(entry.stamp) {
            removing(entry.path);
            continue;
        }
        line.clear();
        if write_line(&mut line, entry.path, entry.stamp) {
            new.write(&line)?;
        } else {
            too_long.push(StateProblem::TooLongToKeep(OsStr::from_bytes(entry.path).into()));
        }
    }
    too_long.into_iter().for_each(hear);
    new.commit(lock)
}

/// Reads the lines again whose entries are dropped, to name their logs.
fn tell_expired(old: &StateFile, scan: &Scan, removing: &mut dyn FnMut(&[u8])) -> Result<(), SysError> {
    for (from, to) in &scan.expired {
        let mut line = vec![0; usize::try_from(to - from).unwrap_or(0)];
        let count = old.read_at(&mut line, *from)?;
        if let Ok(Some(entry)) = parse_line(line[..count].strip_suffix(b"\n").unwrap_or(&line[..count])) {
            removing(&entry.path);
        }
    }
    Ok(())
}

fn journal_name(state: &OsStr) -> OsString {
    let mut name = state.to_owned();
    name.push(".journal");
    name
}

impl Scan {
    /// Does what was found still hold for the file as it is?
    fn holds_for(&self, facts: &FileFacts) -> bool {
        self.facts
            .is_some_and(|then| (then.id, then.size, then.modified) == (facts.id, facts.size, facts.modified))
    }
}
