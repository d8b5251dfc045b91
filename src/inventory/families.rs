//! The families of logs, as they are on disk. A directory is listed once for all logs that have archives there, and what a log's archives may
//! be is looked at when its turn comes.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::names_and_place;
use crate::discover::ExpandedStanza;
use crate::fault::Fault;
use crate::naming::family::{Asker, Candidate, Family, Former, Known, Sighting, Site, Ways, by_log, family};
use crate::observe::{Directories, OpenDir};
use crate::policy::Policy;
use crate::sys::{confread, identity, listing};
use crate::unix::{FileId, split_path};

/// All logs that are configured, and what was found of their archives.
#[derive(Debug, Default)]
pub struct Families {
    logs: Vec<Log>,
    numbers: HashMap<Arc<Path>, usize>,
    /// Logs that were there when the run rotated them: their programs may not have made them anew yet.
    rotated: HashSet<Arc<Path>>,
    /// What is known of the logs as soon as one has something that may be an archive.
    whereabouts: Option<Whereabouts>,
    /// What may be whose archive, by directory and log.
    shared: HashMap<FileId, HashMap<usize, Vec<Candidate>>>,
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

#[derive(Debug)]
struct Log {
    path: Arc<Path>,
    /// `None` where archives cannot be named.
    ways: Option<Rc<Ways>>,
    /// Where archives are put, and were once, beside the log's own directory.
    old_dirs: Vec<PathBuf>,
    /// It is the path that another log had once.
    is_former: bool,
}

#[derive(Debug, Default)]
struct Whereabouts {
    /// Which file each log is, if there is one.
    files: Vec<Option<FileId>>,
    logs: HashSet<FileId>,
    /// Who looks for archives in a directory, and whether his log is there, too.
    askers: HashMap<FileId, Vec<(usize, bool)>>,
}

impl Families {
    /// Takes in the logs of all stanzas, and those that are configured and not handled: what is theirs is nobody else's.
    pub fn of(stanzas: &[ExpandedStanza], left_alone: &[Arc<Path>]) -> Self {
        let mut families = Self::default();
        for stanza in stanzas {
            let policy = &stanza.stanza.policy;
            let ways = ways(policy);
            for log in &stanza.logs {
                families.enter(&log.path, ways.clone(), policy);
            }
        }
        for stanza in stanzas {
            families.enter_former(&stanza.stanza.policy);
        }
        let usual = Policy::default();
        let ways = ways(&usual);
        for log in left_alone {
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
                is_former: false,
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
        let (Some((_, place)), Some((directory, _))) = (names_and_place(policy, log, directories)?, split_path(log))
        else {
            return Ok(Found::default());
        };
        Former::of(&policy.formerly)?;
        let number = match self.numbers.get(log) {
            Some(number) => *number,
            None => {
                // A pattern would find it if it were there.
                (self.whereabouts, self.shared) = (None, HashMap::new());
                self.enter(&log.into(), ways(policy), policy)
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
        let known = Known {
            ways: &ways,
            exists: known.files[number].is_some() || self.rotated.contains(log),
            last,
            is_log: &|file| known.logs.contains(&file),
        };
        found.family = family(&known, seen);
        Ok(found)
    }

    /// Looks at what may be a log's archives in a directory.
    fn sight(&mut self, log: usize, place: &OpenDir, site: Site, seen: &mut Vec<Sighting>) -> Result<(), Fault> {
        if !self.shared.contains_key(&place.at.id) {
            let shared = self.share_out(place)?;
            self.shared.insert(place.at.id, shared);
        }
        let shared = self.shared.get(&place.at.id).and_then(|shared| shared.get(&log));
        seen.reserve(shared.map_or(0, Vec::len));
        let view = place.view.borrow();
        for candidate in shared.into_iter().flatten() {
            if let Some(facts) = view.look(&candidate.name)? {
                let candidate = candidate.clone();
                seen.push(Sighting { candidate, site, facts });
            }
        }
        Ok(())
    }

    /// Shares out the names of a directory among all logs that look for archives there.
    fn share_out(&mut self, place: &OpenDir) -> Result<HashMap<usize, Vec<Candidate>>, Fault> {
        if self.whereabouts.is_none() {
            // Who acts for one stanza need not see the logs of another.
            self.whereabouts = Some(identity::as_starter(|| Whereabouts::of(&self.logs))?);
        }
        let numbers = self
            .whereabouts
            .as_ref()
            .and_then(|known| known.askers.get(&place.at.id));
        let asker = |(number, is_here): &(usize, bool)| {
            let log = &self.logs[*number];
            let (ways, (_, name)) = (log.ways.as_deref()?, split_path(&log.path)?);
            let asker = Asker {
                log: name,
                ways,
                is_here: *is_here,
            };
            Some((*number, asker))
        };
        let askers = numbers.into_iter().flatten().filter_map(asker);
        let (numbers, askers): (Vec<usize>, Vec<Asker<'_>>) = askers.unzip();
        let mut view = place.view.borrow_mut();
        let shared = by_log(&askers, view.names()?);
        Ok(numbers
            .into_iter()
            .zip(shared.into_iter().map(|shared| shared.candidates))
            .collect())
    }
}

impl Whereabouts {
    fn of(logs: &[Log]) -> Self {
        let mut known = Self::default();
        let mut directories: HashMap<PathBuf, Option<FileId>> = HashMap::new();
        let mut id_of = |path: &Path| match directories.get(path) {
            Some(id) => *id,
            None => {
                let id = confread::directory_id(path);
                directories.insert(path.to_owned(), id);
                id
            }
        };
        for (number, log) in logs.iter().enumerate() {
            let file = listing::file_id(&log.path);
            known.files.push(file);
            known.logs.extend(file);
            let Some((directory, _)) = split_path(&log.path) else {
                continue;
            };
            let mut places: Vec<FileId> = id_of(directory).into_iter().collect();
            for old in &log.old_dirs {
                let id = id_of(&directory.join(old)).filter(|id| !places.contains(id));
                places.extend(id);
            }
            let home = id_of(directory);
            for id in places {
                known.askers.entry(id).or_default().push((number, Some(id) == home));
            }
        }
        known
    }
}

fn ways(policy: &Policy) -> Option<Rc<Ways>> {
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
mod tests {
    use std::fs;

    use super::*;
    use crate::policy::Keep;

    fn policy() -> Policy {
        let mut policy = Policy::default();
        policy.retention.keep = Keep::Count(5);
        policy
    }

    /// Makes files in a directory, and says which of them belong to `a.log` there, while the others are configured, too.
    fn members(files: &[&str], others: &[&str], prepare: impl FnOnce(&Path)) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for name in files {
            fs::write(root.path().join(name), "12345").unwrap();
        }
        prepare(root.path());
        let path = |name: &&str| -> Arc<Path> { root.path().join(name).into() };
        let others: Vec<_> = others.iter().map(path).collect();
        let mut families = Families::of(&[], &others);
        let mut directories = Directories::default();
        let family = families.family(&policy(), &path(&"a.log"), None, &mut directories);
        let members = family.unwrap().members;
        members
            .into_iter()
            .map(|member| member.name.into_string().unwrap())
            .collect()
    }

    #[test]
    fn archives_are_found_by_their_names_and_nothing_else_is() {
        let files = ["a.log", "a.log.1", "a.log.2", "a.log.x", "b.log.1"];
        assert_eq!(members(&files, &[], |_| {}), ["a.log.2", "a.log.1"]);
    }

    #[test]
    fn y2_a_log_is_no_archive_by_whatever_path_its_directory_is_named() {
        let files = ["a.log", "a.log.1", "a.log.2"];
        let link = |root: &Path| std::os::unix::fs::symlink(".", root.join("link")).unwrap();
        assert_eq!(members(&files, &["link/a.log.2"], link), ["a.log.1"]);
    }

    #[test]
    fn y3_a_log_that_is_not_handled_keeps_its_archives() {
        let files = ["a.log", "a.log.1", "a.log.1.1", "a.log.2"];
        assert_eq!(members(&files, &["a.log.1"], |_| {}), ["a.log.2"]);
    }

    #[test]
    fn of_a_log_that_is_gone_only_what_is_named_as_today_is_found() {
        let files = ["a.log.1", "a.log-20260101"];
        assert_eq!(members(&files, &[], |_| {}), ["a.log.1"]);
    }
}
