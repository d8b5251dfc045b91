//! The logs found so far, so that one reached by two words, or by two paths, is known again.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::sys::confread;
use crate::unix::{FileId, split_path};

/// A stanza and a log of it, by their numbers.
pub(super) type LogIndex = (u32, u32);

/// Four thousand million logs do not fit into any memory.
pub(super) fn clip(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The logs found so far, by the directory that really holds them and their name.
#[derive(Default)]
pub(super) struct Known {
    directories: HashMap<PathBuf, u32>,
    identities: HashMap<FileId, u32>,
    /// Which directory a number stands for, where there is one.
    places: HashMap<u32, FileId>,
    last: Option<(PathBuf, u32)>,
    logs: HashTable<Holder>,
    /// Logs that another spot has by now, by their paths there.
    passed_on: HashMap<PathBuf, LogIndex>,
    hasher: DefaultHashBuilder,
}

/// Who has a log. Its name is that of the log at the spot.
struct Holder {
    directory: u32,
    index: LogIndex,
}

impl Known {
    /// Enters a log; answers who has it if it is there already. `path_of` tells the path of a log that was entered.
    pub(super) fn enter<'p>(
        &mut self,
        path: &Path,
        index: LogIndex,
        path_of: &dyn Fn(LogIndex) -> &'p Path,
    ) -> Option<LogIndex> {
        let (directory, name) = self.key(path);
        if let Some(holder) = self.find(directory, name, path_of) {
            return Some(holder);
        }
        let hash = |directory: u32, name: &OsStr| self.hasher.hash_one((directory, name.as_bytes()));
        let rehash = |holder: &Holder| hash(holder.directory, parts_of(path_of(holder.index)).1);
        let holder = Holder { directory, index };
        self.logs.insert_unique(hash(directory, name), holder, rehash);
        None
    }

    /// Answers who has a log, if it is there already.
    pub(super) fn holder<'p>(&mut self, path: &Path, path_of: &dyn Fn(LogIndex) -> &'p Path) -> Option<LogIndex> {
        let (directory, name) = self.key(path);
        self.find(directory, name, path_of)
    }

    /// Lets another spot have a log, whose path there is `path`; whoever had it by its path `first` is remembered.
    pub(super) fn pass_on<'p>(
        &mut self,
        first: &Path,
        path: &Path,
        index: LogIndex,
        path_of: &dyn Fn(LogIndex) -> &'p Path,
    ) {
        let (directory, name) = self.key(path);
        let hash = self.hasher.hash_one((directory, name.as_bytes()));
        let is_it = |holder: &Holder| holder.directory == directory && parts_of(path_of(holder.index)).1 == name;
        if let Some(holder) = self.logs.find_mut(hash, is_it) {
            self.passed_on.insert(first.to_owned(), holder.index);
            holder.index = index;
        }
    }

    /// Answers who had a log by exactly this path before another spot got it.
    pub(super) fn former(&self, path: &Path) -> Option<LogIndex> {
        self.passed_on.get(path).copied()
    }

    /// Answers which directory a log was found in.
    pub(super) fn place(&mut self, path: &Path) -> Option<FileId> {
        let (number, _) = self.key(path);
        self.places.get(&number).copied()
    }

    fn find<'p>(&self, directory: u32, name: &OsStr, path_of: &dyn Fn(LogIndex) -> &'p Path) -> Option<LogIndex> {
        let hash = self.hasher.hash_one((directory, name.as_bytes()));
        let is_it = |holder: &Holder| holder.directory == directory && parts_of(path_of(holder.index)).1 == name;
        self.logs.find(hash, is_it).map(|holder| holder.index)
    }

    fn key<'p>(&mut self, path: &'p Path) -> (u32, &'p OsStr) {
        let (directory, name) = parts_of(path);
        (self.directory(directory), name)
    }

    /// Numbers a directory; two paths to one directory have one number.
    fn directory(&mut self, path: &Path) -> u32 {
        if let Some((last, number)) = &self.last {
            if last.as_os_str() == path.as_os_str() {
                return *number;
            }
        }
        let fresh = clip(self.directories.len());
        let number = match self.directories.get(path) {
            Some(number) => *number,
            None => confread::directory_id(path).map_or(fresh, |id| {
                let number = *self.identities.entry(id).or_insert(fresh);
                self.places.insert(number, id);
                number
            }),
        };
        self.directories.insert(path.to_owned(), number);
        self.last = Some((path.to_owned(), number));
        number
    }
}

/// Splits a path; one that has no name is all name.
fn parts_of(path: &Path) -> (&Path, &OsStr) {
    split_path(path).unwrap_or((Path::new(""), path.as_os_str()))
}
