//! What families know of logs that are gone: which names might be their archives, and that they are asked for.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::{Families, Names, ways};
use crate::discover::expand;
use crate::fault::Fault;
use crate::naming::family::by_log;
use crate::observe::OpenDir;
use crate::policy::{Policy, Stanza};
use crate::sys::identity;
use crate::unix::FileId;

impl Families {
    /// Takes in logs that are gone, and are not configured otherwise than by a pattern. What was shared out in their directories is shared
    /// out anew, once: many are taken in together.
    ///
    /// # Errors
    /// The identity could not be switched.
    pub fn enter_lone(&mut self, policy: &Policy, logs: &[Arc<Path>]) -> Result<(), Fault> {
        let ways = ways(policy);
        let before = self.logs.len();
        for log in logs {
            self.enter(log, ways.clone(), policy);
        }
        let added = &mut self.logs[before..];
        added.iter_mut().for_each(|log| log.is_lone = true);
        let Some(known) = &mut self.whereabouts else {
            return Ok(());
        };
        // Who acts for one stanza need not see the logs of another.
        let changed = identity::as_starter(|| known.enter(added))?;
        self.shared.retain(|directory, _| !changed.contains(directory));
        Ok(())
    }

    /// Returns the words of the stanzas that come before one, as far as they look for logs in a directory, which is given with its slash.
    pub(in crate::inventory) fn words_before<'s>(&'s self, stanza: &Stanza, directory: &Path) -> Vec<&'s OsStr> {
        let before = self.lists.iter().take_while(|(place, _)| *place != stanza.declared_at);
        let leads = |word: &&OsString| expand::leads_into(word.as_bytes(), directory.as_os_str().as_bytes());
        before
            .flat_map(|(_, words)| words.iter().filter(leads))
            .map(OsString::as_os_str)
            .collect()
    }

    /// Tells whether a log is configured.
    #[must_use]
    pub fn is_configured(&self, log: &Path) -> bool {
        self.numbers.get(log).is_some_and(|number| !self.logs[*number].is_lone)
    }

    /// Returns the names of a directory but those of logs: which of them are those of archives of logs that are configured is found out
    /// once for all stanzas that ask.
    pub(in crate::inventory) fn names(&mut self, place: &OpenDir) -> Result<Rc<Names>, Fault> {
        if let Some(known) = self.names.get(&place.at.id) {
            return Ok(Rc::clone(known));
        }
        self.share_out(place)?;
        let shared = self.shared.get(&place.at.id);
        let configured = shared
            .into_iter()
            .flatten()
            .filter(|(number, _)| !self.logs[**number].is_lone);
        let names = configured.flat_map(|(_, shared)| &shared.candidates);
        let claimed: HashSet<&OsStr> = names.map(|candidate| candidate.name.as_os_str()).collect();
        let askers = self.askers(place.at.id).1.into_iter();
        let logs: HashSet<&OsStr> = askers.filter(|asker| asker.is_here).map(|asker| asker.log).collect();
        let mut view = place.view.borrow_mut();
        let names = view.names()?.into_iter().filter(|name| !logs.contains(name));
        let names = names.map(OsStr::to_owned);
        let (claimed, others) = names.partition(|name| claimed.contains(name.as_os_str()));
        let names = Rc::new(Names { claimed, others });
        self.names.insert(place.at.id, Rc::clone(&names));
        Ok(names)
    }

    /// Returns which of these names would be those of archives of logs that are configured, in the directory of these logs.
    ///
    /// # Errors
    /// The identity could not be switched.
    pub fn would_be_archives(&mut self, home: FileId, names: &BTreeSet<OsString>) -> Result<HashSet<OsString>, Fault> {
        self.find_whereabouts()?;
        let (numbers, askers) = self.askers(home);
        let shared = by_log(&askers, names.iter().map(OsString::as_os_str));
        let configured = numbers
            .into_iter()
            .zip(shared)
            .filter(|(number, _)| !self.logs[*number].is_lone);
        let candidates = configured.flat_map(|(_, shared)| shared.candidates);
        Ok(candidates.map(|candidate| candidate.name).collect())
    }
}
