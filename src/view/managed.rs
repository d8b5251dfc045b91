//! What a configuration takes of the files that are there: its logs, and the archives of logs, those of logs that are gone among them.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::survey::Surveyor;
use crate::discover::ExpandedStanza;
use crate::policy::Policy;
use crate::sys::listing;
use crate::unix::{FileId, split_path};

/// The files that are taken, and where they lie.
#[derive(Debug, Default)]
pub(super) struct Managed {
    files: HashSet<FileId>,
    /// The directories that hold logs, and those for archives.
    pub(super) directories: BTreeSet<PathBuf>,
}

impl Managed {
    /// Looks for the logs of all stanzas and their archives. What cannot be looked at is taken by nobody.
    pub(super) fn of(stanzas: &[ExpandedStanza], surveyor: &mut Surveyor<'_>) -> Self {
        let mut managed = Self::default();
        for stanza in stanzas {
            let policy = &stanza.stanza.policy;
            for log in &stanza.logs {
                managed.files.extend(listing::file_id(&log.path));
                managed.add_directories(policy, &log.path);
                managed.add_archives(policy, &log.path, surveyor);
            }
            let lone = surveyor.lone(stanza).unwrap_or_default();
            for log in &lone.logs {
                managed.add_archives(policy, log, surveyor);
            }
            surveyor.leave_identity();
        }
        managed
    }

    fn add_directories(&mut self, policy: &Policy, log: &Path) {
        if let Some((directory, _)) = split_path(log) {
            self.directories.insert(directory.to_owned());
            let old = policy.old_dir.iter().map(|old| directory.join(&old.path));
            self.directories.extend(old);
        }
    }

    fn add_archives(&mut self, policy: &Policy, log: &Path, surveyor: &mut Surveyor<'_>) {
        if let Ok(Some(beside)) = surveyor.beside(policy, log) {
            let members = beside.found.family.members.into_iter();
            self.files.extend(members.map(|member| member.facts.id));
        }
    }

    /// Tells whether a file is a log, or an archive of one.
    pub(super) fn takes(&self, file: FileId) -> bool {
        self.files.contains(&file)
    }
}
