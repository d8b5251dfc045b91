//! The names of a directory as they are now: those that were listed, and what changed since.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::facts::Kind;
use crate::sys::listing::Names;

/// Names in the order of their bytes.
#[derive(Debug, Default)]
pub(super) struct CurrentNames {
    listed: Names,
    /// Which of these are there no more.
    gone: Vec<bool>,
    added: BTreeSet<Vec<u8>>,
}

impl CurrentNames {
    pub(super) fn of(mut listed: Names) -> Self {
        listed.sort();
        Self {
            gone: vec![false; listed.count()],
            listed,
            added: BTreeSet::new(),
        }
    }

    pub(super) fn add(&mut self, name: &[u8]) {
        match self.listed.find(name) {
            Ok(at) => self.gone[at] = false,
            Err(_) => {
                self.added.insert(name.to_vec());
            }
        }
    }

    pub(super) fn remove(&mut self, name: &[u8]) {
        match self.listed.find(name) {
            Ok(at) => self.gone[at] = true,
            Err(_) => {
                self.added.remove(name);
            }
        }
    }

    pub(super) fn has(&self, name: &[u8]) -> bool {
        match self.listed.find(name) {
            Ok(at) => !self.gone[at],
            Err(_) => self.added.contains(name),
        }
    }

    /// Returns what has the name, where that is known; `None` where nothing has. What a step of ours made is a file.
    pub(super) fn kind(&self, name: &[u8]) -> Option<Option<Kind>> {
        match self.listed.find(name) {
            Ok(at) if self.gone[at] => None,
            Ok(at) => self.listed.from(at).next().map(|(_, kind)| kind),
            Err(_) => self.added.contains(name).then_some(Some(Kind::Regular)),
        }
    }

    pub(super) fn all(&self) -> Vec<&OsStr> {
        let listed = self.listed.from(0).zip(&self.gone).filter(|(_, is_gone)| !**is_gone);
        let mut all: Vec<&OsStr> = listed.map(|((name, _), _)| OsStr::from_bytes(name)).collect();
        all.extend(self.added.iter().map(|name| OsStr::from_bytes(name)));
        all
    }

    pub(super) fn starting_with(&self, prefix: &[u8]) -> Vec<OsString> {
        let first = self.listed.find(prefix).unwrap_or_else(|at| at);
        let mut found: Vec<OsString> = (self.listed.from(first).zip(&self.gone[first..]))
            .take_while(|((name, _), _)| name.starts_with(prefix))
            .filter(|(_, is_gone)| !**is_gone)
            .map(|((name, _), _)| OsString::from_vec(name.to_vec()))
            .collect();
        let old = found.len();
        let added = self
            .added
            .range(prefix.to_vec()..)
            .take_while(|name| name.starts_with(prefix));
        found.extend(added.map(|name| OsString::from_vec(name.clone())));
        if found.len() > old && old > 0 {
            found.sort_unstable();
        }
        found
    }
}
