//! Logs that are gone, found by the archives that they left where a stanza's patterns would find the logs.
//!
//! A log is lone only if nothing says otherwise: it is not configured by any stanza, no stanza before would have it, none of what would be
//! its archives is one of a configured log, and neither would the log itself be.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::Families;
use super::families::ways;
use crate::discover::{self, ExpandedStanza, expand};
use crate::fault::Fault;
use crate::naming::family::{Ways, lone_logs};
use crate::observe::OpenDir;
use crate::obstacle;
use crate::plan::Look as _;
use crate::sys::identity;
use crate::sys::pattern::NamePattern;
use crate::unix::{FileId, Identity};

/// A directory in which a stanza looks for logs, opened with the rights of the stanza.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Whose rights they are, where they are not those of whoever started the run.
    pub identity: Option<Identity>,
    pub home: Rc<OpenDir>,
    /// Where the archives are.
    pub archives: Rc<OpenDir>,
}

/// What was found for a stanza.
#[derive(Debug, Default)]
pub struct Lone {
    /// The paths of logs that are gone, in order; the families know them.
    pub logs: Vec<Arc<Path>>,
    /// Directories with such logs in which no work may be done, one fault each.
    pub refused: Vec<Fault>,
}

/// Finds the logs of a stanza that are gone and left archives. `open` opens the directory of a log, whoever may write to it, and that of its
/// archives; one that cannot be opened is as if it were empty.
///
/// # Errors
/// The identity could not be switched.
pub fn logs(
    stanza: &ExpandedStanza,
    families: &mut Families,
    open: &mut dyn FnMut(&Path) -> Result<Opened, Fault>,
) -> Result<Lone, Fault> {
    let (mut lone, policy) = (Lone::default(), &stanza.stanza.policy);
    let Some(ways) = ways(policy) else {
        return Ok(lone);
    };
    let mut seeker = Seeker {
        stanza,
        ways: &ways,
        known: HashSet::new(),
    };
    for (directory, patterns) in discover::directories(&stanza.stanza) {
        let Ok(opened) = open(&directory.join("*")) else {
            continue;
        };
        let found = seeker
            .seek(&directory, &patterns, &opened, families)
            .unwrap_or_default();
        let Some(first) = found.first() else { continue };
        match obstacle::of_directory(first, &opened.home.facts, opened.identity, identity::is_root()) {
            Ok(()) => lone.logs.extend(found),
            Err(fault) => lone.refused.push(fault),
        }
    }
    families.enter_lone(policy, &lone.logs)?;
    Ok(lone)
}

struct Seeker<'s> {
    stanza: &'s ExpandedStanza,
    ways: &'s Ways,
    /// What was found, by the directory of the archives: several directories of logs may have one in common.
    known: HashSet<(FileId, OsString)>,
}

impl Seeker<'_> {
    /// Finds the logs of one directory, which is given with its slash.
    fn seek(
        &mut self,
        directory: &Path,
        patterns: &[NamePattern],
        opened: &Opened,
        families: &mut Families,
    ) -> Result<Vec<Arc<Path>>, Fault> {
        let fits = |name: &OsStr| patterns.iter().any(|pattern| pattern.matches_visible(name.as_bytes()));
        // Of what cannot be looked at nobody says that it is gone.
        let is_there = |name: &OsStr| opened.home.view.borrow_mut().has(name).unwrap_or(true);
        let found = families.names(&opened.archives)?;
        let from = |names: &[OsString]| {
            let names = names.iter().map(OsString::as_os_str);
            lone_logs(self.ways, fits, is_there, names)
        };
        let doubtful = from(&found.claimed);
        let mut names: BTreeSet<OsString> = from(&found.others).difference(&doubtful).cloned().collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let archives = families.would_be_archives(opened.home.at.id, &names)?;
        let before = families.words_before(&self.stanza.stanza, directory);
        let place = opened.archives.at.id;
        let path_of = |name: &OsStr| PathBuf::from(directory).join(name);
        names.retain(|name| {
            let path = path_of(name);
            let is_another_s = |word: &&OsStr| expand::covers(word.as_bytes(), path.as_os_str().as_bytes());
            !archives.contains(name)
                && !families.is_configured(&path)
                && !before.iter().any(is_another_s)
                && self.known.insert((place, name.clone()))
        });
        Ok(names.iter().map(|name| path_of(name).into()).collect())
    }
}

#[cfg(test)]
mod tests;
