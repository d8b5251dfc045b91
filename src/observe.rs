//! Directories held open during a run, and what is known of their entries.
//!
//! A directory is listed at most once, and again only when a script ran and its time of change says so. Our own steps are
//! entered into the listing as they happen (or as a dry run pretends them).

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::facts::{FileFacts, FileTime};
use crate::fault::{Fault, SysError};
use crate::policy::{Method, Policy};
use crate::sys::dir::Dir;
use crate::sys::listing::{Listing, Listings};
use crate::sys::{descriptors, truncate, walk};
use crate::unix::FileId;

mod names;
mod view;

pub use view::View;
pub(crate) use view::{is_held, is_open};

/// So many directories are held open at once, or an eighth of the open files allowed; more are opened again when their turn comes.
const HELD_LIMIT: usize = 256;
/// The part of the open files allowed that directories are.
const HELD_PART: usize = 8;

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
        let facts = dir.facts()?;
        let view = View::new(&dir, self.early.remove(&facts.id), self.pretended);
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
        if self.order.len() >= descriptors::share(HELD_PART, HELD_LIMIT) {
            if let Some(oldest) = self.order.pop_front() {
                self.held.remove(&oldest);
                self.last = None;
            }
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
        let listed = self.held.values().filter(|held| held.view.borrow().is_listed());
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
        if policy.method == Method::CopyTruncate {
            if let Some(facts) = &mut looked {
                facts.size -= truncate::mark_in(&self.dir, name, facts);
            }
        }
        Ok(looked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Look as _;

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
