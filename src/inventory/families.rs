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
    /// What is known of the logs as soon as one has something that may be an archive.
    whereabouts: Option<Whereabouts>,
    /// What may be whose archive, by directory and log.
    shared: HashMap<FileId, HashMap<usize, Vec<Candidate>>>,
}

#[derive(Debug)]
struct Log {
    path: Arc<Path>,
    /// `None` where archives cannot be named.
    ways: Option<Rc<Ways>>,
    old_dir: Option<PathBuf>,
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
        let usual = Policy::default();
        let ways = ways(&usual);
        for log in left_alone {
            families.enter(log, ways.clone(), &usual);
        }
        families
    }

    fn enter(&mut self, path: &Arc<Path>, ways: Option<Rc<Ways>>, policy: &Policy) -> usize {
        let number = *self.numbers.entry(Arc::clone(path)).or_insert(self.logs.len());
        if number == self.logs.len() {
            let old_dir = policy.old_dir.as_ref().map(|old| old.path.clone());
            let path = Arc::clone(path);
            self.logs.push(Log { path, ways, old_dir });
        }
        number
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
        let (Some((_, place)), Some((directory, _))) = (names_and_place(policy, log, directories)?, split_path(log))
        else {
            return Ok(Family::default());
        };
        let number = match self.numbers.get(log) {
            Some(number) => *number,
            None => {
                // A pattern would find it if it were there.
                (self.whereabouts, self.shared) = (None, HashMap::new());
                self.enter(&log.into(), ways(policy), policy)
            }
        };
        let mut seen = Vec::new();
        self.sight(number, &place, Site::Present, &mut seen)?;
        let home = directories.get(directory, log)?;
        if home.at.id != place.at.id {
            self.sight(number, &home, Site::Other(0), &mut seen)?;
        }
        let (Some(ways), Some(known)) = (self.logs[number].ways.clone(), &self.whereabouts) else {
            return Ok(Family::default());
        };
        let known = Known {
            ways: &ways,
            exists: known.files[number].is_some(),
            last,
            is_log: &|file| known.logs.contains(&file),
        };
        Ok(family(&known, seen))
    }

    /// Looks at what may be a log's archives in a directory.
    fn sight(&mut self, log: usize, place: &OpenDir, site: Site, seen: &mut Vec<Sighting>) -> Result<(), Fault> {
        if !self.shared.contains_key(&place.at.id) {
            let shared = self.share_out(place)?;
            self.shared.insert(place.at.id, shared);
        }
        let shared = self.shared.get(&place.at.id).and_then(|shared| shared.get(&log));
        seen.reserve(shared.map_or(0, Vec::len));
        for candidate in shared.into_iter().flatten() {
            if let Some(facts) = place.dir.look(&candidate.name)? {
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
            let home = id_of(directory);
            let old = log.old_dir.as_ref().and_then(|old| id_of(&directory.join(old)));
            for (id, is_here) in [(home, true), (old.filter(|old| Some(*old) != home), false)] {
                if let Some(id) = id {
                    known.askers.entry(id).or_default().push((number, is_here));
                }
            }
        }
        known
    }
}

fn ways(policy: &Policy) -> Option<Rc<Ways>> {
    Ways::of(policy, &Former::default()).ok().map(Rc::new)
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
