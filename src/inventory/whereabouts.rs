//! Where logs and their archives are: which file each log is, and which logs look for archives in a directory.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::naming::family::Ways;
use crate::sys::{confread, listing};
use crate::unix::{FileId, split_path};

/// A log, configured or not.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) path: Arc<Path>,
    /// `None` where archives cannot be named.
    pub(super) ways: Option<Rc<Ways>>,
    /// Where archives are put, and were once, beside the log's own directory.
    pub(super) old_dirs: Vec<PathBuf>,
    /// The first of these is where they are put today.
    pub(super) has_old_dir: bool,
    /// It is the path that another log had once.
    pub(super) is_former: bool,
    /// It is not configured: a pattern would find it if it were there.
    pub(super) is_lone: bool,
}

/// A log that looks for archives in a directory, by its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeks {
    pub(super) number: usize,
    /// The log is there, too.
    pub(super) is_here: bool,
    /// Its archives are put there today.
    pub(super) is_present: bool,
}

/// What is known of all logs, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    /// Which file each log is, if there is one.
    files: Vec<Option<FileId>>,
    logs: HashSet<FileId>,
    /// Who looks for archives in a directory.
    askers: HashMap<FileId, Vec<Seeks>>,
    directories: HashMap<PathBuf, Option<FileId>>,
}

impl Whereabouts {
    pub(super) fn of(logs: &[Log]) -> Self {
        let mut known = Self::default();
        known.enter(logs);
        known
    }

    /// Takes in the logs that come next; answers in which directories they look for archives.
    pub(super) fn enter(&mut self, logs: &[Log]) -> HashSet<FileId> {
        let mut changed = HashSet::new();
        for log in logs {
            let number = self.files.len();
            let file = listing::file_id(&log.path);
            self.files.push(file);
            self.logs.extend(file);
            let Some((directory, _)) = split_path(&log.path) else {
                continue;
            };
            let home = self.id_of(directory);
            let mut places: Vec<FileId> = home.into_iter().collect();
            let mut present = home;
            for (at, old) in log.old_dirs.iter().enumerate() {
                let id = self.id_of(&directory.join(old));
                if at == 0 && log.has_old_dir {
                    present = id;
                }
                places.extend(id.filter(|id| !places.contains(id)));
            }
            for id in places {
                self.askers.entry(id).or_default().push(Seeks {
                    number,
                    is_here: Some(id) == home,
                    is_present: Some(id) == present && !log.is_former,
                });
                changed.insert(id);
            }
        }
        changed
    }

    fn id_of(&mut self, path: &Path) -> Option<FileId> {
        if let Some(id) = self.directories.get(path) {
            return *id;
        }
        let id = confread::directory_id(path);
        self.directories.insert(path.to_owned(), id);
        id
    }

    /// Tells whether there is such a log.
    pub(super) fn exists(&self, log: usize) -> bool {
        self.files.get(log).is_some_and(Option::is_some)
    }

    /// Tells whether a file is a log.
    pub(super) fn is_log(&self, file: FileId) -> bool {
        self.logs.contains(&file)
    }

    /// Returns who looks for archives in a directory.
    pub(super) fn askers(&self, directory: FileId) -> &[Seeks] {
        self.askers.get(&directory).map_or(&[], Vec::as_slice)
    }
}
