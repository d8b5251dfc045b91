//! Names in directories and what they are, for the expansion of path lists; nothing is opened for its content.
//!
//! A directory is listed once, however many path lists lead into it.

use std::collections::HashMap;
use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, lstat};

use super::dir::{facts_of, kind_of_entry};
use super::{identity, mounts};
use crate::facts::{FileTime, Kind};
use crate::unix::{FileId, GroupId, Identity, UserId};

/// So much of listings is kept at most, in bytes; a directory that is met again after that is listed again.
const MOST_KEPT: usize = 64 << 20;

/// A change that is so old has another time than any change to come, on whatever file system.
const OWN_TIME_AFTER_SECONDS: i64 = 3;

/// Names, and what each is, compactly: a directory may have very many.
#[derive(Debug, Default)]
pub struct Names {
    text: Vec<u8>,
    entries: Vec<Entry>,
}

/// Where a name lies in the text, and what it is, where the directory itself knows.
#[derive(Clone, Copy, Debug)]
struct Entry {
    begin: u32,
    length: u16,
    kind: Option<Kind>,
}

impl Entry {
    fn name(self, text: &[u8]) -> &[u8] {
        let begin = self.begin as usize;
        &text[begin..begin + usize::from(self.length)]
    }
}

/// The names of a directory, in no order, `.` and `..` included.
#[derive(Debug)]
pub struct Listing {
    names: Names,
    /// Which directory it is, and when it was changed last; `None` where a change since could have the same time.
    as_of: Option<(FileId, FileTime)>,
}

/// With whose rights directories are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lister {
    /// The process's.
    #[default]
    Process,
    /// Those of each directory's owner and group, where the process may take them (`su owner`).
    Owner,
}

impl Names {
    /// Adds a name. One that has no place any more is left out: a directory with more than 4 GiB of names is beyond any file system.
    pub fn push(&mut self, name: &[u8], kind: Option<Kind>) {
        if let (Ok(begin), Ok(length)) = (u32::try_from(self.text.len()), u16::try_from(name.len())) {
            self.text.extend_from_slice(name);
            self.entries.push(Entry { begin, length, kind });
        }
    }

    /// Puts them in the order of their bytes, `.` and `..` left out.
    pub fn sort(&mut self) {
        let text = &self.text;
        self.entries.retain(|entry| !matches!(entry.name(text), b"." | b".."));
        self.entries
            .sort_unstable_by(|one, other| one.name(text).cmp(other.name(text)));
    }

    /// Returns how many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Returns them from one on, each with what it is, where that is known.
    pub fn from(&self, first: usize) -> impl Iterator<Item = (&[u8], Option<Kind>)> {
        let entries = self.entries.get(first..).unwrap_or_default();
        entries.iter().map(|entry| (entry.name(&self.text), entry.kind))
    }

    /// Returns where a name stands among those that were sorted, or where it would.
    ///
    /// # Errors
    /// It is not among them.
    pub fn find(&self, name: &[u8]) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.name(&self.text).cmp(name))
    }

    fn size(&self) -> usize {
        self.text.len() + self.entries.len() * size_of::<Entry>()
    }
}

impl Listing {
    fn read(directory: &Path, lister: Lister) -> Result<Self, i32> {
        let mut entries = open(directory, lister).map_err(|errno| errno as i32)?;
        let as_of = fstat(&entries).ok().and_then(|stat| {
            let facts = facts_of(&stat);
            has_own_time(facts.modified).then_some((facts.id, facts.modified))
        });
        let mut names = Names::default();
        for entry in entries.iter() {
            let entry = entry.map_err(|errno| errno as i32)?;
            names.push(CStr::to_bytes(entry.file_name()), entry.file_type().map(kind_of_entry));
        }
        Ok(Self { names, as_of })
    }

    /// Returns the names, each with what it is, where the directory itself knows.
    pub fn names(&self) -> impl Iterator<Item = (&[u8], Option<Kind>)> {
        self.names.from(0)
    }

    /// Hands out the names.
    #[must_use]
    pub fn into_names(self) -> Names {
        self.names
    }

    /// Returns which directory it is, and when it had been changed last; `None` where a change since need not show in that.
    #[must_use]
    pub fn as_of(&self) -> Option<(FileId, FileTime)> {
        self.as_of
    }
}

/// Tells whether a change has become so old that the next one has another time.
fn has_own_time(modified: FileTime) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    modified.seconds.saturating_add(OWN_TIME_AFTER_SECONDS) < now
}

/// The directories listed so far.
#[derive(Debug, Default)]
pub struct Listings {
    lister: Lister,
    known: HashMap<PathBuf, Rc<Listing>>,
    size: usize,
}

impl Listings {
    /// Lists with these rights.
    #[must_use]
    pub fn by(lister: Lister) -> Self {
        Self {
            lister,
            ..Self::default()
        }
    }

    /// Lists a directory, unless that was done.
    ///
    /// # Errors
    /// The system's reason.
    pub fn list(&mut self, directory: &Path) -> Result<Rc<Listing>, i32> {
        if let Some(known) = self.known.get(directory) {
            return Ok(Rc::clone(known));
        }
        let listing = Rc::new(Listing::read(directory, self.lister)?);
        if self.size.saturating_add(listing.names.size()) > MOST_KEPT {
            self.known.clear();
            self.size = 0;
        }
        self.size += listing.names.size();
        self.known.insert(directory.to_owned(), Rc::clone(&listing));
        Ok(listing)
    }

    /// Hands out all listings.
    pub fn into_listings(self) -> impl Iterator<Item = Rc<Listing>> {
        self.known.into_values()
    }
}

fn open(directory: &Path, lister: Lister) -> Result<Dir, Errno> {
    mounts::can_enter(directory).map_err(|shut| shut.errno())?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    if lister == Lister::Process {
        return Dir::open(directory, flags, Mode::empty());
    }
    // Reached, and not yet read: the owner is that of the directory that is listed then.
    let held = nix::fcntl::open(
        directory,
        OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    let facts = nix::sys::stat::fstat(&held)?;
    let owner = Identity {
        user: UserId(facts.st_uid),
        group: GroupId(facts.st_gid),
    };
    let _acting = identity::act_as(owner).ok();
    Dir::openat(&held, ".", flags, Mode::empty())
}

/// Tells whether a listing failed only because there is no such directory.
#[must_use]
pub fn is_absence(errno: i32) -> bool {
    errno == Errno::ENOENT as i32 || errno == Errno::ENOTDIR as i32
}

/// Answers what a path is, without following a link at its end; `None` if it is not there or cannot be looked at.
#[must_use]
pub fn kind_of(path: &Path) -> Option<Kind> {
    let status = status_of(path).ok()?;
    Some(match SFlag::from_bits_truncate(status.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFREG => Kind::Regular,
        SFlag::S_IFDIR => Kind::Directory,
        SFlag::S_IFLNK => Kind::Symlink,
        _ => Kind::Special,
    })
}

/// Answers which file a path is, without following a link at its end; `None` as for [`kind_of`].
#[must_use]
pub fn file_id(path: &Path) -> Option<FileId> {
    Some(facts_of(&status_of(path).ok()?).id)
}

/// Tells whether a path may not even be looked at.
#[must_use]
pub fn is_hidden(path: &Path) -> bool {
    status_of(path).is_err_and(|errno| errno == Errno::EACCES)
}

/// Tells whether there surely is nothing at a path.
#[must_use]
pub fn is_gone(path: &Path) -> bool {
    status_of(path).is_err_and(|errno| is_absence(errno as i32))
}

fn status_of(path: &Path) -> Result<FileStat, Errno> {
    mounts::can_enter(path).map_err(|shut| shut.errno())?;
    lstat(path)
}
