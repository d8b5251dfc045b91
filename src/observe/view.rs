//! What is known of the entries of a directory that is held open: its names, listed once, and what archives resisted.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::names::CurrentNames;
use crate::facts::{FileFacts, FileTime, Kind};
use crate::fault::{Op, SysError};
use crate::plan::{Look, StaysPlain};
use crate::sys::dir::{Access, Dir};
use crate::sys::listing::{Listing, Names};
use crate::sys::{create, lease};
use crate::unix::FileId;

/// A directory that was listed anew so often is better asked for single names.
const LISTINGS_GIVEN_UP: u32 = 3;

/// What is known of a directory's entries.
#[derive(Debug, Default)]
pub struct View {
    /// `None` is a directory that a dry run would make.
    dir: Option<Arc<Dir>>,
    listing: Option<CurrentNames>,
    /// What the directory held when the logs were found.
    early: Option<Rc<Listing>>,
    /// Changes are only pretended.
    pretending: bool,
    /// What was found out of archives when something was to be done with them.
    found: BTreeMap<OsString, Found>,
    /// The archives that were sent, by name, and which files they were.
    sent: HashMap<OsString, FileId>,
    /// What a dead run left was looked for in the listing.
    cleared: bool,
    /// How often a listing had to be given up.
    forgotten: u32,
    /// What names stand for in pretence: a file like this, or nothing any more.
    pretended: HashMap<OsString, Option<FileFacts>>,
}

/// What an archive resisted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    /// It was to be compressed, and stays plain.
    plain: Option<StaysPlain>,
    /// It was to go, and stays.
    kept: bool,
    /// It was to be mailed, and could not be.
    unsent: bool,
    /// It was to be renamed, and keeps its name.
    fixed: bool,
}

impl View {
    /// Knows nothing yet but what the directory held when the logs were found.
    pub(super) fn new(dir: &Arc<Dir>, early: Option<Rc<Listing>>, pretending: bool) -> Self {
        Self {
            dir: Some(Arc::clone(dir)),
            early,
            pretending,
            ..Self::default()
        }
    }

    /// Knows that there is nothing: a directory that a dry run would make.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self {
            listing: Some(CurrentNames::default()),
            pretending: true,
            ..Self::default()
        }
    }

    /// Answers whether the directory was listed.
    pub(super) fn is_listed(&self) -> bool {
        self.listing.is_some()
    }

    /// Enters which archives were sent.
    pub fn know_sent(&mut self, sent: HashMap<OsString, FileId>) {
        self.sent = sent;
    }

    /// Enters that an archive stays plain. Answers, as the next ones, whether that is new.
    pub fn leave_plain(&mut self, name: &OsStr, why: StaysPlain) -> bool {
        self.find_out(name, |found| found.plain = Some(why))
    }

    /// Enters that an archive which should go could not be mailed.
    pub fn leave_unsent(&mut self, name: &OsStr) -> bool {
        self.find_out(name, |found| (found.kept, found.unsent) = (true, true))
    }

    /// Enters that an archive which should go could not be removed.
    pub fn leave(&mut self, name: &OsStr) -> bool {
        self.find_out(name, |found| found.kept = true)
    }

    /// Enters that an archive could not be renamed.
    pub fn fix(&mut self, name: &OsStr) -> bool {
        self.find_out(name, |found| found.fixed = true)
    }

    fn find_out(&mut self, name: &OsStr, enter: impl FnOnce(&mut Found)) -> bool {
        let found = self.found.entry(name.to_owned()).or_default();
        let before = *found;
        enter(found);
        *found != before
    }

    /// Enters that an archive has another name.
    pub fn renamed(&mut self, from: &OsStr, to: &OsStr) {
        let found = self.found.remove(from);
        self.vanished(from);
        self.appeared(to);
        self.found.extend(found.map(|found| (to.to_owned(), found)));
    }

    /// Forgets the listing: another program may have changed the directory.
    pub(super) fn forget(&mut self) {
        if !self.pretending {
            self.listing = None;
            self.cleared = false;
            self.forgotten = self.forgotten.saturating_add(1);
        }
    }

    /// Returns what a file is like; `None` where nothing has the name.
    pub fn look(&self, name: &OsStr) -> Result<Option<FileFacts>, SysError> {
        if let Some(facts) = self.pretended.get(name) {
            return Ok(*facts);
        }
        match &self.dir {
            Some(dir) => dir.look(name),
            None => Ok(None),
        }
    }

    /// Enters what a name's file would be like, where changes are only pretended. It is no file that there is: what is renamed in pretence
    /// is still there, and what would be copied stays.
    pub fn pretend(&mut self, name: &OsStr, mut facts: FileFacts) {
        static NUMBER: AtomicU64 = AtomicU64::new(u64::MAX);
        if self.pretending {
            facts.id.inode = NUMBER.fetch_sub(1, Ordering::Relaxed);
            self.pretended.insert(name.to_owned(), Some(facts));
        }
    }

    /// Answers whether changes are only pretended.
    #[must_use]
    pub fn is_pretending(&self) -> bool {
        self.pretending
    }

    /// Answers whether what a name stands for is only pretended.
    #[must_use]
    pub fn is_pretended(&self, name: &OsStr) -> bool {
        matches!(self.pretended.get(name), Some(Some(_)))
    }

    /// Enters that a name appeared.
    pub fn appeared(&mut self, name: &OsStr) {
        if self.pretending && self.listed().is_err() {
            return;
        }
        if let Some(listing) = &mut self.listing {
            listing.add(name.as_bytes());
        }
    }

    /// Enters that somebody else took a name away, and perhaps others, too: what is there is looked at anew.
    pub fn went(&mut self, name: &OsStr) {
        self.vanished(name);
        self.forget();
    }

    /// Enters that a name went away.
    pub fn vanished(&mut self, name: &OsStr) {
        self.found.remove(name);
        if self.pretending {
            self.pretended.insert(name.to_owned(), None);
        }
        if self.pretending && self.listed().is_err() {
            return;
        }
        if let Some(listing) = &mut self.listing {
            listing.remove(name.as_bytes());
        }
    }

    /// Clears what a dead run left under a temporary name; what a living one holds stays, and so does all in a dry run.
    pub fn clear_left_over(&mut self) -> Result<(), SysError> {
        let can = !self.cleared && !self.pretending && !self.prefers_names();
        let Some(dir) = self.dir.clone().filter(|_| can) else {
            return Ok(());
        };
        self.cleared = true;
        for name in self.listed()?.starting_with(create::TEMPORARY_PREFIX.as_bytes()) {
            if create::is_temporary(&name) && create::clear_leftover(&dir, &name) {
                self.vanished(&name);
            }
        }
        Ok(())
    }

    /// Returns all names, in no order.
    pub fn names(&mut self) -> Result<Vec<&OsStr>, SysError> {
        Ok(self.listed()?.all())
    }

    fn listed(&mut self) -> Result<&mut CurrentNames, SysError> {
        if self.listing.is_none() {
            let dir = self.dir.as_deref();
            let early = self.early.take().and_then(Rc::into_inner);
            let names = match early.filter(|early| early.as_of() == dir.and_then(time_of)) {
                Some(early) => early.into_names(),
                None => {
                    let mut names = Names::default();
                    if let Some(dir) = dir {
                        dir.list(|name, kind| names.push(name.as_bytes(), kind))?;
                    }
                    names
                }
            };
            self.listing = Some(CurrentNames::of(names));
        }
        // NOTE(unwrap): it was filled a line above.
        Ok(self.listing.get_or_insert_default())
    }

    /// Returns what has the name; `None` where nothing has.
    fn kind_of(&mut self, name: &OsStr) -> Result<Option<Kind>, SysError> {
        let dir = self.dir.clone();
        let look = || match &dir {
            Some(dir) => Ok(dir.look(name)?.map(|facts| facts.kind)),
            None => Ok(Some(Kind::Regular)),
        };
        if self.listing.is_none() && self.prefers_names() {
            return look();
        }
        match self.listed()?.kind(name.as_bytes()) {
            None => Ok(None),
            Some(Some(kind)) => Ok(Some(kind)),
            Some(None) => look(),
        }
    }
}

/// Tells whether a program has the file open for writing.
pub(crate) fn is_held(dir: &Dir, name: &OsStr) -> bool {
    let opened = dir.open_plain(name, Access::Read, Op::Open);
    opened.is_ok_and(|(file, _)| lease::is_held(file.as_fd()))
}

/// Tells whether a program has the file open at all, as far as that can be told.
pub(crate) fn is_open(dir: &Dir, name: &OsStr) -> bool {
    let opened = dir.open_plain(name, Access::Read, Op::Open);
    opened.is_ok_and(|(file, _)| lease::is_open(file.as_fd()) == Some(true))
}

/// Returns which directory it is, and when it was changed last.
fn time_of(dir: &Dir) -> Option<(FileId, FileTime)> {
    dir.facts().ok().map(|facts| (facts.id, facts.modified))
}

/// Tells whether archives can be so: a link is treated as one, and never followed.
fn is_archive(kind: Kind) -> bool {
    matches!(kind, Kind::Regular | Kind::Symlink)
}

impl Look for View {
    fn has(&mut self, name: &OsStr) -> Result<bool, SysError> {
        match &self.dir {
            Some(dir) if self.listing.is_none() && self.prefers_names() => Ok(dir.look(name)?.is_some()),
            _ => Ok(self.listed()?.has(name.as_bytes())),
        }
    }

    fn prefers_names(&self) -> bool {
        self.forgotten > LISTINGS_GIVEN_UP
    }

    fn stays_plain(&mut self, name: &OsStr) -> Option<StaysPlain> {
        let is_written = || self.pretending && self.dir.as_ref().is_some_and(|dir| is_held(dir, name));
        let known = self.found.get(name).and_then(|found| found.plain);
        known
            .or_else(|| is_written().then_some(StaysPlain::Written))
            .or_else(|| matches!(self.kind_of(name), Ok(Some(Kind::Symlink))).then_some(StaysPlain::NotCompressed))
    }

    fn is_file(&mut self, name: &OsStr) -> Result<bool, SysError> {
        Ok(self.kind_of(name)?.is_some_and(is_archive))
    }

    fn is_kept(&mut self, name: &OsStr) -> bool {
        self.found.get(name).is_some_and(|found| found.kept)
    }

    fn is_unsent(&mut self, name: &OsStr) -> bool {
        self.found.get(name).is_some_and(|found| found.unsent)
    }

    fn sent(&mut self) -> Vec<OsString> {
        let Some(dir) = &self.dir else { return Vec::new() };
        let is_still = |name: &OsStr, file| matches!(dir.look(name), Ok(Some(facts)) if facts.id == file);
        let sent = self.sent.iter().filter(|(name, file)| is_still(name, **file));
        sent.map(|(name, _)| name.clone()).collect()
    }

    fn is_other(&mut self, name: &OsStr) -> Result<bool, SysError> {
        Ok(self.kind_of(name)?.is_some_and(|kind| !is_archive(kind)))
    }

    fn fixed(&mut self, prefix: &[u8]) -> Vec<OsString> {
        let from = (Bound::Included(OsStr::from_bytes(prefix)), Bound::Unbounded);
        let of_row = self.found.range::<OsStr, _>(from);
        let of_row = of_row.take_while(|(name, _)| name.as_bytes().starts_with(prefix));
        of_row
            .filter(|(_, found)| found.fixed)
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn is_fixed(&mut self, name: &OsStr) -> bool {
        self.dir.as_ref().is_some_and(|dir| dir.attribute(name).is_some())
    }

    fn modified(&mut self, name: &OsStr) -> Result<Option<FileTime>, SysError> {
        let Some(dir) = &self.dir else { return Ok(None) };
        Ok(dir.look(name)?.map(|facts| facts.modified))
    }

    fn starting_with(&mut self, prefix: &[u8]) -> Result<Vec<OsString>, SysError> {
        Ok(self.listed()?.starting_with(prefix))
    }
}
