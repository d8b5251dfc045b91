//! What a configuration takes of the files that are there: its logs, and the archives of logs, those of logs that are gone among them.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Families;
use crate::clock::Now;
use crate::discover::{ExpandedStanza, Lost, expand};
use crate::naming::family::{Asker, Former, Known, Sighting, Site, Ways, by_log, family, lone_logs};
use crate::observe::Directories;
use crate::state::StateTable;
use crate::sys::dir::Dir;
use crate::sys::listing;
use crate::sys::pattern::is_special;
use crate::unix::{FileId, split_path};

/// The files that are taken.
#[derive(Debug)]
pub struct Managed<'s> {
    logs: HashSet<FileId>,
    archives: HashSet<FileId>,
    wildcards: Vec<Wildcard<'s>>,
    directories: Vec<PathBuf>,
}

/// A word that may stand for logs that are gone.
#[derive(Debug)]
struct Wildcard<'s> {
    word: &'s [u8],
    /// Its part before the last slash.
    directory: &'s [u8],
    ways: Ways,
}

impl<'s> Managed<'s> {
    /// Looks for the logs of all stanzas and their archives. What cannot be looked at is taken by nobody.
    #[must_use]
    pub fn of(stanzas: &'s [ExpandedStanza], table: &StateTable, now: &Now) -> Self {
        let mut managed = Self {
            logs: HashSet::new(),
            archives: HashSet::new(),
            wildcards: Vec::new(),
            directories: Vec::new(),
        };
        let mut families = Families::of(stanzas, &Lost::default());
        let mut directories = Directories::pretended();
        for stanza in stanzas {
            let policy = &stanza.stanza.policy;
            managed.add_wildcards(stanza);
            for log in &stanza.logs {
                managed.logs.extend(listing::file_id(&log.path));
                let Some((directory, _)) = split_path(&log.path) else {
                    continue;
                };
                managed.add_directory(directory);
                if let Some(old) = &policy.old_dir {
                    managed.add_directory(&directory.join(&old.path));
                }
                let last = table.rotated(&log.path).map(|stamp| now.epoch_of(stamp));
                let found = families.family(policy, &log.path, last, &mut directories);
                let members = found.into_iter().flat_map(|family| family.members);
                managed.archives.extend(members.map(|member| member.facts.id));
            }
        }
        managed
    }

    fn add_wildcards(&mut self, stanza: &'s ExpandedStanza) {
        let Ok(ways) = Ways::of(&stanza.stanza.policy, &Former::default()) else {
            return;
        };
        for word in stanza.stanza.patterns.iter().filter(|word| is_special(word.as_bytes())) {
            if let Some((directory, _)) = split_path(Path::new(word)) {
                self.wildcards.push(Wildcard {
                    word: word.as_bytes(),
                    directory: directory.as_os_str().as_bytes(),
                    ways: ways.clone(),
                });
            }
        }
    }

    /// Notes a directory; logs of one mostly come one after the other.
    fn add_directory(&mut self, path: &Path) {
        if self.directories.last().is_none_or(|last| last != path) {
            self.directories.push(path.to_owned());
        }
    }

    /// Returns the directories that hold logs, and those for archives, each once.
    #[must_use]
    pub fn directories(&self) -> Vec<PathBuf> {
        let mut directories = self.directories.clone();
        directories.sort_unstable();
        directories.dedup();
        directories
    }

    /// Tells whether a file is a log, or an archive of a log that is there.
    #[must_use]
    pub fn takes(&self, file: FileId) -> bool {
        self.logs.contains(&file) || self.archives.contains(&file)
    }

    /// Returns which of the files in a directory are archives of logs that are gone, and that some word would have if they were there.
    #[must_use]
    pub fn lone(&self, dir: &Dir, files: &[OsString]) -> HashSet<OsString> {
        let path = dir.path().as_os_str().as_bytes();
        let mut found = HashSet::new();
        let names = || files.iter().map(OsString::as_os_str);
        let there: HashSet<&OsStr> = names().collect();
        for wildcard in self
            .wildcards
            .iter()
            .filter(|word| expand::covers(word.directory, path))
        {
            let fits = |name: &OsStr| expand::covers(wildcard.word, dir.path_of(name).as_os_str().as_bytes());
            let logs = lone_logs(&wildcard.ways, fits, |name| there.contains(name), names());
            let asker = |log| Asker {
                log,
                ways: &wildcard.ways,
                is_here: true,
                is_present: true,
            };
            let askers: Vec<Asker<'_>> = logs.iter().map(|log| asker(log.as_os_str())).collect();
            for shared in by_log(&askers, names()) {
                let sightings = shared.candidates.into_iter().filter_map(|candidate| {
                    let facts = dir.look(&candidate.name).ok()??;
                    let site = Site::Present;
                    Some(Sighting { candidate, site, facts })
                });
                let known = Known {
                    ways: &wildcard.ways,
                    exists: false,
                    last: None,
                    is_log: &|file| self.logs.contains(&file),
                };
                let members = family(&known, sightings.collect()).members;
                found.extend(members.into_iter().map(|member| member.name));
            }
        }
        found
    }
}
