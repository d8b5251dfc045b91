//! `--status --unmanaged`: the files that no stanza takes and that are no archives of a log, in one pass over the directories.
//!
//! It only looks, with the rights of whoever started it; what may not be read is named, and the rest goes on.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::managed::Managed;
use super::survey::Surveyor;
use super::{Read, errors, programs};
use crate::cli::ViewRequest;
use crate::clock::Now;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::inventory::Families;
use crate::report::screen::Look;
use crate::report::unmanaged::{Found, Row};
use crate::report::{self, unmanaged as words};
use crate::sys::dir::Dir;
use crate::sys::tree::{self, Descend, Place};
use crate::sys::walk;
use crate::sys::writers::{self, Writers};
use crate::unix::FileId;
use crate::unmanaged::{Gathered, Series, is_accounting, suggest};

/// Where logs lie, as a rule.
const USUAL: &str = "/var/log";

/// What journald's files begin with.
const JOURNAL: &[u8] = b"LPKSHHRH";

/// The search through directories.
struct Search<'r> {
    managed: &'r Managed,
    now: &'r Now,
    processes: Option<std::sync::Arc<writers::Look>>,
    seen: HashSet<FileId>,
    found: Found,
}

/// Shows what nobody manages below these directories; where none is named, below the usual one and in those that the logs and their
/// archives lie in.
pub(super) fn show(request: &ViewRequest, directories: &[PathBuf], read: Read) -> Exit {
    let families = Families::of(&read.stanzas, &read.lost);
    let mut surveyor = Surveyor::new(read.now, read.table, programs(request), families);
    let managed = Managed::of(&read.stanzas, &mut surveyor);
    let mut search = Search {
        managed: &managed,
        now: &read.now,
        processes: None,
        seen: HashSet::new(),
        found: Found::default(),
    };
    let mut exit = read.exit;
    if directories.is_empty() {
        search.below(Path::new(USUAL), IfAbsent::Fine);
        for directory in &managed.directories {
            search.within(directory);
        }
    }
    for directory in directories {
        if !search.below(directory, IfAbsent::Told) {
            exit.worsen(Exit::Failed);
        }
    }
    let mut found = search.found;
    let order = |row: &Row| (std::cmp::Reverse(row.bytes), row.path.clone());
    found.rows.sort_by_cached_key(order);
    if request.json {
        report::show(&words::json(&found, read.now.local, &errors(&read.complaints)));
    } else {
        report::show(&words::text(&found, Look::of_stdout(request.color).colour));
    }
    exit
}

/// What it means that a directory is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IfAbsent {
    Fine,
    Told,
}

impl Search<'_> {
    /// Goes through all that is below a directory; answers whether it could be entered.
    fn below(&mut self, path: &Path, if_absent: IfAbsent) -> bool {
        let Some(root) = self.open(path, if_absent) else {
            return if_absent == IfAbsent::Fine;
        };
        tree::go_through(root, &mut |place| match place {
            Ok(place) => self.visit(place),
            Err(error) => {
                self.refused(Fault::Call(error));
                Descend::No
            }
        });
        true
    }

    /// Looks into one directory. One that is not there is what a pattern without a match, or a log under `missingok`, is in.
    fn within(&mut self, path: &Path) {
        let Some(dir) = self.open(path, IfAbsent::Fine) else {
            return;
        };
        match Place::list(dir) {
            Ok(place) => {
                self.visit(&place);
            }
            Err(error) => self.refused(Fault::Call(error)),
        }
    }

    fn open(&mut self, path: &Path, if_absent: IfAbsent) -> Option<Dir> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match walk::open_directory(&path, &path) {
            Ok(dir) => Some(dir),
            Err(Fault::Call(error)) if error.is_absence() && if_absent == IfAbsent::Fine => None,
            Err(fault) => {
                self.refused(fault);
                None
            }
        }
    }

    /// Notes what could not be looked into; a directory that is met twice is named once.
    fn refused(&mut self, fault: Fault) {
        if !self.found.refused.contains(&fault) {
            self.found.refused.push(fault);
        }
    }

    /// Looks at the files of a directory.
    fn visit(&mut self, place: &Place) -> Descend {
        if !self.seen.insert(place.facts.id) || is_of_journald(place) {
            return Descend::No;
        }
        let mut gathered = Gathered::default();
        for name in place.files.iter().filter(|name| !is_accounting(name)) {
            // What is gone meanwhile is nobody's.
            if let Ok(Some(facts)) = place.dir.look(name)
                && !self.managed.takes(facts.id)
            {
                gathered.add(name, facts);
            }
        }
        for series in gathered.end(&mut self.found.small) {
            let row = self.row(place, series);
            self.found.rows.push(row);
        }
        Descend::Yes
    }

    fn row(&mut self, place: &Place, series: Series) -> Row {
        let (name, facts) = &series.newest;
        let processes = self.processes.get_or_insert_with(writers::Look::last);
        let writer = processes.writers(facts);
        let may_be_open = writer != Writers::Nobody;
        let is_sole = facts.links == 1;
        let suggestion = is_sole.then(|| suggest((place.dir.path(), &place.facts), &series, may_be_open));
        Row {
            path: place.dir.path_of(name),
            pattern: place.dir.path_of(OsStr::from_bytes(&series.shape.pattern())),
            files: series.files,
            bytes: series.bytes,
            last: self.now.zone.moment(facts.modified.seconds).local,
            age: self.now.epoch.saturating_sub(facts.modified.seconds),
            writer,
            suggestion: suggestion.flatten(),
        }
    }
}

/// Tells whether a directory is one of journald's, which keeps its files in bounds by itself: by what they begin with, or, where they may
/// not be read, by the machine's number for a name.
fn is_of_journald(place: &Place) -> bool {
    let is_journal = |name: &&OsString| name.as_bytes().ends_with(b".journal");
    let Some(journal) = place.files.iter().find(is_journal) else {
        return false;
    };
    tree::begins_with(&place.dir, journal, JOURNAL).unwrap_or_else(|| {
        let name = place.dir.path().file_name().unwrap_or_default().as_bytes();
        name.len() >= 32 && name[..32].iter().all(u8::is_ascii_hexdigit)
    })
}
