//! The families of logs, as they are on disk. A directory is listed once for all logs that have archives there, and what a log's archives may
//! be is looked at when its turn comes.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::names_and_place;
use super::whereabouts::{Log, Seeks, Whereabouts};
use crate::diag::Place;
use crate::discover::{ExpandedStanza, Lost};
use crate::facts::{FileFacts, Kind};
use crate::fault::Fault;
use crate::naming::family::{Asker, Family, Former, Known, Shared, Sighting, Site, Ways, by_log, family};
use crate::observe::{Directories, OpenDir};
use crate::policy::Policy;
use crate::sys::identity;
use crate::unix::{FileId, split_path};

mod gone;
mod guessed;

pub use guessed::Guessed;

/// All logs that are configured, and what was found of their archives.
#[derive(Debug, Default)]
pub struct Families {
    /// The path lists of the stanzas, in order: of several that would have a log the first one has it.
    lists: Vec<(Place, Vec<OsString>)>,
    logs: Vec<Log>,
    numbers: HashMap<Arc<Path>, usize>,
    /// Logs that were there when the run rotated them: their programs may not have made them anew yet.
    rotated: HashSet<Arc<Path>>,
    /// What is known of the logs as soon as one has something that may be an archive.
    whereabouts: Option<Whereabouts>,
    /// What may be whose archive, by directory and log.
    shared: HashMap<FileId, HashMap<usize, Shared>>,
    /// The names of directories in which logs that are gone were looked for, as [`Families::names`] has them.
    names: HashMap<FileId, Rc<Names>>,
}

/// The names of a directory but those of logs.
#[derive(Debug)]
pub(super) struct Names {
    /// Those of archives of logs that are configured.
    pub(super) claimed: Vec<OsString>,
    pub(super) others: Vec<OsString>,
}

/// The archives of a log, and where they lie.
#[derive(Debug, Default)]
pub struct Found {
    pub family: Family,
    places: Vec<(Site, Rc<OpenDir>)>,
    /// So many of them are where the log is, and where its archives are put today; the others come behind them.
    current: usize,
}

impl Found {
    /// Knows of directories alone.
    #[must_use]
    pub fn at(places: Vec<(Site, Rc<OpenDir>)>) -> Self {
        Self {
            places,
            ..Self::default()
        }
    }

    /// Returns all directories that were searched.
    pub fn places(&self) -> impl Iterator<Item = (Site, &Rc<OpenDir>)> {
        self.places.iter().map(|(site, place)| (*site, place))
    }

    /// Returns the directory of a site.
    #[must_use]
    pub fn place(&self, site: Site) -> Option<&Rc<OpenDir>> {
        let found = self.places.iter().find(|(at, _)| *at == site);
        found.map(|(_, place)| place)
    }

    /// Returns the directories that archives were once put in, and are not any more.
    #[must_use]
    pub fn former_places(&self) -> Vec<(Site, Rc<OpenDir>)> {
        let former = self.places.iter().skip(self.current);
        former.cloned().collect()
    }

    /// Leaves alone what lies at a site.
    pub fn leave(&mut self, site: Site) {
        self.family.members.retain(|member| member.site != site);
        self.family.strangers.retain(|stranger| stranger.site != site);
    }
}

impl Families {
    /// Takes in the logs of all stanzas, and those that errors in the configuration cost: what is theirs is nobody else's.
    pub fn of(stanzas: &[ExpandedStanza], lost: &Lost) -> Self {
        let mut families = Self::default();
        for stanza in &lost.stanzas {
            families
                .lists
                .push((stanza.declared_at.clone(), stanza.patterns.clone()));
        }
        for ExpandedStanza { stanza, logs } in stanzas {
            let policy = &stanza.policy;
            let ways = ways(policy);
            families
                .lists
                .push((stanza.declared_at.clone(), stanza.patterns.clone()));
            for log in logs {
                families.enter(&log.path, ways.clone(), policy);
            }
        }
        for stanza in stanzas {
            families.enter_former(&stanza.stanza.policy);
        }
        let usual = Policy::default();
        let ways = ways(&usual);
        for log in &lost.logs {
            families.enter(log, ways.clone(), &usual);
        }
        families
    }

    /// Enters that these logs were just rotated: one that is not there is not gone.
    pub fn were_rotated(&mut self, logs: impl Iterator<Item = Arc<Path>>) {
        self.rotated.extend(logs);
    }

    fn enter(&mut self, path: &Arc<Path>, ways: Option<Rc<Ways>>, policy: &Policy) -> usize {
        let number = *self.numbers.entry(Arc::clone(path)).or_insert(self.logs.len());
        if number == self.logs.len() {
            let old = policy.old_dir.iter().map(|old| &old.path);
            let old_dirs = old.chain(&policy.formerly.old_dirs).cloned().collect();
            self.logs.push(Log {
                path: Arc::clone(path),
                ways,
                old_dirs,
                has_old_dir: policy.old_dir.is_some(),
                is_former: false,
                is_lone: false,
            });
        }
        number
    }

    /// Takes in the paths that logs had once; one that is a log's today is that log's.
    fn enter_former(&mut self, policy: &Policy) {
        for path in &policy.formerly.paths {
            let before = self.logs.len();
            let number = self.enter(&path.as_path().into(), ways(policy), policy);
            if number == before {
                self.logs[number].is_former = true;
            }
        }
    }

    /// Finds the archives of a log, whatever they were named by; `last` is when it was rotated last, in seconds since 1970.
    ///
    /// # Errors
    /// A directory cannot be opened or read, or the names cannot be made.
    pub fn family(
        &mut self,
        policy: &Policy,
        log: &Path,
        last: Option<i64>,
        directories: &mut Directories,
    ) -> Result<Family, Fault> {
        Ok(self.find(policy, log, last, directories)?.family)
    }

    /// Finds the archives of a log as [`Families::family`] does, and the directories that they lie in.
    ///
    /// # Errors
    /// See there.
    pub fn find(
        &mut self,
        policy: &Policy,
        log: &Path,
        last: Option<i64>,
        directories: &mut Directories,
    ) -> Result<Found, Fault> {
        let (Some((_, place)), Some((directory, name))) = (names_and_place(policy, log, directories)?, split_path(log))
        else {
            return Ok(Found::default());
        };
        Former::of(&policy.formerly)?;
        let number = match self.numbers.get(log) {
            Some(number) => *number,
            None => {
                self.enter_lone(policy, &[log.into()])?;
                self.logs.len() - 1
            }
        };
        let mut places = vec![(number, place)];
        let home = directories.get(directory, log)?;
        places.push((number, Rc::clone(&home)));
        for old in &policy.formerly.old_dirs {
            places.extend(present(directories.get_below(&home, old, log))?.map(|place| (number, place)));
        }
        for path in &policy.formerly.paths {
            let former = self.numbers.get(path.as_path()).copied();
            let former = former.filter(|former| self.logs[*former].is_former);
            if let (Some(former), Some((directory, _))) = (former, split_path(path)) {
                places.extend(present(directories.get(directory, log))?.map(|place| (former, place)));
            }
        }
        let (mut seen, mut found) = (Vec::new(), Found::default());
        let mut sighted: Vec<(usize, FileId)> = Vec::new();
        for (at, (log, place)) in places.into_iter().enumerate() {
            let site = match u8::try_from(found.places.len()) {
                Ok(0) => Site::Present,
                Ok(number) => Site::Other(number - 1),
                Err(_) => break,
            };
            if !sighted.contains(&(log, place.at.id)) {
                self.sight(log, &place, site, &mut seen)?;
                sighted.push((log, place.at.id));
                found.places.push((site, place));
                found.current += usize::from(at < 2);
            }
        }
        let (Some(ways), Some(known)) = (self.logs[number].ways.clone(), &self.whereabouts) else {
            return Ok(found);
        };
        // It is never rotated: what is named like its archives is what its program writes, and makes it lead to.
        let is_link = |facts: FileFacts| matches!(facts.kind, Kind::Symlink | Kind::Directory);
        if home.view.borrow().look(name)?.is_some_and(is_link) {
            return Ok(found);
        }
        let known = Known {
            ways: &ways,
            exists: known.exists(number) || self.rotated.contains(log),
            last,
            is_log: &|file| known.is_log(file),
        };
        found.family = family(&known, seen);
        Ok(found)
    }

    /// Looks at what may be a log's archives in a directory.
    fn sight(&mut self, log: usize, place: &OpenDir, site: Site, seen: &mut Vec<Sighting>) -> Result<(), Fault> {
        self.share_out(place)?;
        let shared = self.shared.get(&place.at.id).and_then(|shared| shared.get(&log));
        let candidates = shared.map_or(&[][..], |shared| &shared.candidates);
        seen.reserve(candidates.len());
        let view = place.view.borrow();
        for candidate in candidates {
            if let Some(facts) = view.look(&candidate.name)? {
                let candidate = candidate.clone();
                seen.push(Sighting { candidate, site, facts });
            }
        }
        Ok(())
    }

    /// Shares out the names of a directory among all logs that look for archives there, unless that was done.
    fn share_out(&mut self, place: &OpenDir) -> Result<(), Fault> {
        if self.shared.contains_key(&place.at.id) {
            return Ok(());
        }
        self.find_whereabouts()?;
        let (numbers, askers) = self.askers(place.at.id);
        let mut view = place.view.borrow_mut();
        let shared = by_log(&askers, view.names()?);
        let shared = numbers.into_iter().zip(shared).collect();
        self.shared.insert(place.at.id, shared);
        Ok(())
    }

    fn find_whereabouts(&mut self) -> Result<(), Fault> {
        if self.whereabouts.is_none() {
            // Who acts for one stanza need not see the logs of another.
            self.whereabouts = Some(identity::as_starter(|| Whereabouts::of(&self.logs))?);
        }
        Ok(())
    }

    /// Returns the logs that look for archives in a directory.
    fn askers(&self, directory: FileId) -> (Vec<usize>, Vec<Asker<'_>>) {
        let known = self.whereabouts.as_ref();
        let numbers = known.map(|known| known.askers(directory));
        let asker = |Seeks {
                         number,
                         is_here,
                         is_present,
                     }: &Seeks| {
            let log = &self.logs[*number];
            let (ways, (_, name)) = (log.ways.as_deref()?, split_path(&log.path)?);
            let asker = Asker {
                log: name,
                ways,
                is_here: *is_here,
                is_present: *is_present,
            };
            Some((*number, asker))
        };
        numbers.into_iter().flatten().filter_map(asker).unzip()
    }
}

pub(super) fn ways(policy: &Policy) -> Option<Rc<Ways>> {
    let former = Former::of(&policy.formerly).ok()?;
    Ways::of(policy, &former).ok().map(Rc::new)
}

/// A directory that is not there any more has no archives.
fn present(opened: Result<Rc<OpenDir>, Fault>) -> Result<Option<Rc<OpenDir>>, Fault> {
    match opened {
        Ok(place) => Ok(Some(place)),
        Err(Fault::Call(error)) if error.is_absence() => Ok(None),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests;
