//! Directories held open during a run, and what is known of their entries.
//!
//! A directory is listed at most once, and again only when a script ran and its time of change says so. Our own steps are
//! entered into the listing as they happen (or as a dry run pretends them).

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::ops::Bound;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::facts::{FileFacts, FileTime, Kind};
use crate::fault::{Fault, Op, SysError};
use crate::plan::{Look, StaysPlain};
use crate::policy::{Method, Policy};
use crate::sys::dir::{Access, Dir};
use crate::sys::listing::{Listing, Listings, Names};
use crate::sys::{create, descriptors, lease, truncate, walk};
use crate::unix::FileId;

mod names;

use names::CurrentNames;

/// So many directories are held open at once, or an eighth of the open files allowed; more are opened again when their turn comes.
const HELD_LIMIT: usize = 256;
/// The part of the open files allowed that directories are.
const HELD_PART: usize = 8;

/// A directory that was listed anew so often is better asked for single names.
const LISTINGS_GIVEN_UP: u32 = 3;

/// The directories of a run.
#[derive(Debug, Default)]
pub struct Directories {
    pretended: bool,
    held: HashMap<PathBuf, Rc<OpenDir>>,
    order: VecDeque<PathBuf>,
    /// The one that was asked for last: mostly it is the next one, too.
    last: Option<Rc<OpenDir>>,
    /// Listings that were made when the logs were found.
    early: HashMap<FileId, Rc<Listing>>,
}

/// Where a directory was found.
#[derive(Debug)]
pub struct At {
    /// The path that it was asked for by.
    pub path: PathBuf,
    /// Which directory it was.
    pub id: FileId,
}

/// A directory that is held open.
#[derive(Debug)]
pub struct OpenDir {
    pub dir: Arc<Dir>,
    /// Where it was found.
    pub at: Rc<At>,
    /// What it looked like when it was opened.
    pub facts: FileFacts,
    pub view: RefCell<View>,
}

impl Directories {
    /// Only pretends changes: what is entered into a listing is not on the disk.
    #[must_use]
    pub fn pretended() -> Self {
        Self {
            pretended: true,
            ..Self::default()
        }
    }

    /// Takes over listings that were made with the rights of whoever started the run. One serves as long as its directory is
    /// as it was.
    pub fn know(&mut self, listings: Listings) {
        let dated = |listing: Rc<Listing>| Some((listing.as_of()?.0, listing));
        self.early = listings.into_listings().filter_map(dated).collect();
    }

    fn hold(&mut self, path: &Path, dir: Dir) -> Result<Rc<OpenDir>, Fault> {
        let dir = Arc::new(dir);
        let mut view = View::new(&dir);
        if self.pretended {
            view.pretend();
        }
        let facts = dir.facts()?;
        view.early = self.early.remove(&facts.id);
        let held = Rc::new(OpenDir {
            at: Rc::new(At {
                path: path.to_owned(),
                id: facts.id,
            }),
            facts,
            view: RefCell::new(view),
            dir,
        });
        self.keep(path, &held);
        Ok(held)
    }

    /// Returns the directory at `path`, opened now or before; `log` is named where the way to it is not safe.
    ///
    /// # Errors
    /// It cannot be opened, or a stranger's link leads to it.
    pub fn get(&mut self, path: &Path, log: &Path) -> Result<Rc<OpenDir>, Fault> {
        if let Some(last) = self
            .last
            .as_ref()
            .filter(|last| last.at.path.as_os_str() == path.as_os_str())
        {
            return Ok(Rc::clone(last));
        }
        let held = match self.held.get(path) {
            Some(held) => Rc::clone(held),
            None => self.hold(path, walk::open_directory(path, log)?)?,
        };
        self.last = Some(Rc::clone(&held));
        Ok(held)
    }

    /// Returns the directory at `path`, relative to another that is held, if it is relative.
    pub fn get_below(&mut self, base: &OpenDir, path: &Path, log: &Path) -> Result<Rc<OpenDir>, Fault> {
        if path.is_absolute() {
            return self.get(path, log);
        }
        let joined = base.dir.path().join(path);
        if let Some(held) = self.held.get(&joined) {
            return Ok(Rc::clone(held));
        }
        let opened = walk::open_directory_below(&base.dir, path, log);
        let opened = opened.map_err(|fault| match fault {
            Fault::Call(error) => Fault::Call(SysError {
                path: base.dir.path().join(&error.path),
                ..error
            }),
            other => other,
        });
        self.hold(&joined, opened?)
    }

    /// Takes over a directory that was just made at `path`, relative to another that is held, if it is relative.
    pub fn take(&mut self, base: &OpenDir, path: &Path, made: Dir) -> Result<Rc<OpenDir>, Fault> {
        self.hold(&base.dir.path().join(path), made)
    }

    fn keep(&mut self, path: &Path, held: &Rc<OpenDir>) {
        if self.order.len() >= descriptors::share(HELD_PART, HELD_LIMIT)
            && let Some(oldest) = self.order.pop_front()
        {
            self.held.remove(&oldest);
            self.last = None;
        }
        self.order.push_back(path.to_owned());
        self.held.insert(path.to_owned(), Rc::clone(held));
    }

    /// Forgets all: another identity may see other things.
    pub fn forget(&mut self) {
        self.held.clear();
        self.order.clear();
        self.last = None;
        self.early.clear();
    }

    /// Forgets what is in the directories: another program may have changed it.
    pub fn look_anew(&mut self) {
        self.held.values().for_each(|held| held.view.borrow_mut().forget());
        self.early.clear();
    }

    /// Forgets what is in one directory.
    pub fn look_anew_at(&mut self, path: &Path) {
        if let Some(held) = self.held.get(path) {
            held.view.borrow_mut().forget();
        }
    }

    /// Notes the directories' times of change, to be compared after a script.
    #[must_use]
    pub fn before_script(&self) -> Vec<(Rc<OpenDir>, Option<FileTime>)> {
        let listed = self.held.values().filter(|held| held.view.borrow().listing.is_some());
        listed
            .map(|held| (Rc::clone(held), held.dir.facts().ok().map(|facts| facts.modified)))
            .collect()
    }

    /// Forgets the listing of each directory that changed since [`Directories::before_script`].
    pub fn after_script(before: Vec<(Rc<OpenDir>, Option<FileTime>)>) {
        for (held, then) in before {
            let now = held.dir.facts().ok().map(|facts| facts.modified);
            if now.is_none() || now != then || !crate::sys::dir::has_fine_times() {
                held.view.borrow_mut().forget();
            }
        }
    }
}

impl OpenDir {
    /// Observes a log by its name; `None` where there is none. Its size is that of its content: what `copytruncate` left at the head of
    /// a log does not count.
    pub fn look_at_log(&self, policy: &Policy, name: &OsStr) -> Result<Option<FileFacts>, SysError> {
        let mut looked = self.dir.look(name)?;
        if policy.method == Method::CopyTruncate
            && let Some(facts) = &mut looked
        {
            facts.size -= truncate::mark_in(&self.dir, name, facts);
        }
        Ok(looked)
    }
}

/// What is known of a directory's entries.
#[derive(Debug)]
pub struct View {
    dir: Option<Arc<Dir>>,
    listing: Option<CurrentNames>,
    /// What the directory held when the logs were found.
    early: Option<Rc<Listing>>,
    pretending: bool,
    /// What was found out of archives when something was to be done with them.
    found: BTreeMap<OsString, Found>,
    /// The archives that were sent, by name, and which files they were.
    sent: HashMap<OsString, FileId>,
    /// What a dead run left was looked for in the listing.
    cleared: bool,
    /// How often a listing had to be given up.
    forgotten: u32,
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
    /// Knows nothing yet.
    #[must_use]
    pub fn new(dir: &Arc<Dir>) -> Self {
        Self {
            dir: Some(Arc::clone(dir)),
            listing: None,
            early: None,
            cleared: false,
            pretending: false,
            found: BTreeMap::new(),
            sent: HashMap::new(),
            forgotten: 0,
        }
    }

    /// Knows that there is nothing: a directory that a dry run would make.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self {
            dir: None,
            listing: Some(CurrentNames::default()),
            early: None,
            cleared: false,
            pretending: true,
            found: BTreeMap::new(),
            sent: HashMap::new(),
            forgotten: 0,
        }
    }

    /// From here on changes are only pretended.
    pub fn pretend(&mut self) {
        self.pretending = true;
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

    fn forget(&mut self) {
        if !self.pretending {
            self.listing = None;
            self.cleared = false;
            self.forgotten = self.forgotten.saturating_add(1);
        }
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
        let listing = self.listed()?;
        match listing.kind(name.as_bytes()) {
            _ if !listing.has(name.as_bytes()) => Ok(None),
            Some(kind) => Ok(Some(kind)),
            None => look(),
        }
    }
}

/// Tells whether a program has the file open for writing.
pub(crate) fn is_held(dir: &Dir, name: &OsStr) -> bool {
    let opened = dir.open_plain(name, Access::Read, Op::Open);
    opened.is_ok_and(|(file, _)| lease::is_held(file.as_fd()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_steps_are_entered_into_a_listing_that_is_read_once() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a.log", "a.log.1", "a.log.2", "b.log.1"] {
            std::fs::write(root.path().join(name), "").unwrap();
        }
        let held = Directories::default().get(root.path(), Path::new("log")).unwrap();
        let mut view = held.view.borrow_mut();
        assert_eq!(view.starting_with(b"a.log.").unwrap(), ["a.log.1", "a.log.2"]);
        view.vanished(OsStr::new("a.log.2"));
        view.appeared(OsStr::new("a.log.10"));
        assert_eq!(view.starting_with(b"a.log.").unwrap(), ["a.log.1", "a.log.10"]);
        assert!(!view.has(OsStr::new("a.log.2")).unwrap());
        view.appeared(OsStr::new("a.log.2"));
        assert!(view.has(OsStr::new("a.log.2")).unwrap());
    }

    #[test]
    fn a_listing_made_early_serves_as_long_as_nothing_changed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("a.log.1"), "").unwrap();
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        let set_time = || {
            std::fs::File::open(root.path())
                .unwrap()
                .set_modified(long_ago)
                .unwrap()
        };
        let names = |change: &dyn Fn()| {
            set_time();
            let mut listings = Listings::default();
            listings.list(root.path()).unwrap();
            change();
            let mut directories = Directories::default();
            directories.know(listings);
            let held = directories.get(root.path(), Path::new("log")).unwrap();
            held.view.borrow_mut().starting_with(b"a.log.").unwrap()
        };
        let put_in = |name| std::fs::write(root.path().join(name), "").unwrap();
        assert_eq!(names(&|| put_in("a.log.2")), ["a.log.1", "a.log.2"]);
        // That it was used shows only where the time of change lies.
        let hidden = || {
            put_in("a.log.3");
            set_time();
        };
        assert_eq!(names(&hidden), ["a.log.1", "a.log.2"]);
    }

    #[test]
    fn temporary_files_of_a_dead_run_are_cleared_and_those_in_use_stay() {
        let root = tempfile::tempdir().unwrap();
        let (dead, living) = (".logrotate-rs-1-0.swp", ".logrotate-rs-1-1.swp");
        std::fs::write(root.path().join(dead), "").unwrap();
        let held = std::fs::File::create(root.path().join(living)).unwrap();
        held.lock().unwrap();
        let seen = Directories::default().get(root.path(), Path::new("log")).unwrap();
        let mut view = seen.view.borrow_mut();
        view.clear_left_over().unwrap();
        assert_eq!(view.starting_with(b".").unwrap(), [living]);
        assert!(!root.path().join(dead).exists() && root.path().join(living).exists());
    }
}
