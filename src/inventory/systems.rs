//! The file systems on which stanzas want room for others (`minfree`): those that their archives lie on.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crate::budget::Lack;
use crate::discover::{self, ExpandedStanza};
use crate::fault::Fault;
use crate::observe::OpenDir;
use crate::policy::{Free, Limit, Policy};
use crate::sys::dir::Dir;
use crate::sys::pattern::is_special;
use crate::sys::room::Room;
use crate::unix::split_path;

/// A file system on which room is wanted.
#[derive(Debug)]
pub struct System {
    /// A directory on it.
    pub dir: Arc<Dir>,
    pub device: u64,
    size: u64,
    pub wants: Vec<Want>,
}

/// What a stanza wants to be free, as it is written, and in bytes.
#[derive(Clone, Debug)]
pub struct Want {
    /// The stanza's number.
    pub stanza: usize,
    pub limit: Limit<Free>,
    pub bytes: u64,
    /// What its rotations lacked here.
    pub lacks: Vec<Lack>,
}

impl Want {
    /// Returns how much is to be free, where so much is: as much as is wanted, and as is needed to go on with what had no room.
    #[must_use]
    pub fn target(&self, free: u64) -> u64 {
        let needed = self.lacks.iter().map(|lack| lack.target(free)).max();
        self.bytes.max(needed.unwrap_or(0))
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Systems {
    pub systems: Vec<System>,
    /// Those that do not say how large they are, a fault each.
    pub silent: Vec<Fault>,
}

impl System {
    fn want(&mut self, stanza: usize, limit: &Limit<Free>) {
        // Stanzas are entered one after the other.
        if self.wants.last().is_some_and(|want| want.stanza == stanza) {
            return;
        }
        self.wants.push(Want {
            stanza,
            limit: limit.clone(),
            lacks: Vec::new(),
            bytes: match limit.amount {
                Free::Bytes(bytes) => bytes,
                Free::Percent(part) => self.size / 100 * u64::from(part) + self.size % 100 * u64::from(part) / 100,
            },
        });
    }

    /// Returns the most that is wanted.
    #[must_use]
    pub fn most(&self) -> Option<&Want> {
        let most = self.wants.iter().map(|want| want.bytes).max()?;
        self.wants.iter().find(|want| want.bytes == most)
    }
}

/// Opens the directory of a log's archives.
pub type Open<'o> = &'o mut dyn FnMut(&Policy, &Path) -> Result<Rc<OpenDir>, Fault>;

/// Finds the file systems that archives lie on of stanzas that want room there; those whose policy is among `cut` want none. Of a
/// directory that cannot be opened it is told elsewhere.
pub fn find(stanzas: &[ExpandedStanza], cut: &[Arc<Policy>], open: Open<'_>) -> Systems {
    let mut found = Systems::default();
    for (number, expanded) in stanzas.iter().enumerate() {
        let policy = &expanded.stanza.policy;
        let is_whole = !cut.iter().any(|cut| Arc::ptr_eq(cut, policy));
        let Some(limit) = policy.budgets.min_free.as_ref().filter(|_| is_whole) else {
            continue;
        };
        let mut seen: HashSet<&Path> = HashSet::new();
        for log in &expanded.logs {
            let is_new = split_path(&log.path).is_some_and(|(directory, _)| seen.insert(directory));
            if !is_new {
                continue;
            }
            match open(policy, &log.path) {
                Ok(place) => found.enter(&place, number, limit),
                // A pattern that nothing matches leads to the archives of logs that are gone.
                Err(_) if is_special(log.path.as_os_str().as_bytes()) => {
                    for directory in discover::directories(&expanded.stanza).keys() {
                        if let Ok(place) = open(policy, &directory.join("*")) {
                            found.enter(&place, number, limit);
                        }
                    }
                }
                Err(_) => {}
            }
        }
    }
    found
}

impl Systems {
    fn enter(&mut self, place: &OpenDir, stanza: usize, limit: &Limit<Free>) {
        let device = place.facts.id.device;
        if let Some(known) = self.systems.iter_mut().find(|system| system.device == device) {
            return known.want(stanza, limit);
        }
        match Room::of(&place.dir) {
            Ok(Room { size, .. }) => {
                let mut system = System {
                    dir: Arc::clone(&place.dir),
                    device,
                    size,
                    wants: Vec::new(),
                };
                system.want(stanza, limit);
                self.systems.push(system);
            }
            Err(error) => self.silent.push(error.into()),
        }
    }
}
