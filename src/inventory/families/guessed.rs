//! Files that are in no known style and may be archives all the same: a date is behind the name of the log.

use std::ffi::OsString;
use std::path::Path;

use super::{Families, Found};
use crate::facts::{FileFacts, Kind};
use crate::fault::Fault;
use crate::naming::family::{Guesses, Site, Ways};
use crate::unix::split_path;

/// A file that may be an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guessed {
    pub name: OsString,
    pub site: Site,
    pub facts: FileFacts,
    /// Which of the guesses says so.
    pub format: usize,
}

impl Families {
    /// Returns the ways in which the archives of a log that is known are named.
    #[must_use]
    pub fn ways_of(&self, log: &Path) -> Option<&Ways> {
        let number = *self.numbers.get(log)?;
        self.logs[number].ways.as_deref()
    }

    /// Finds what may be archives of a log, beside those that were found.
    ///
    /// # Errors
    /// A file cannot be looked at.
    pub fn guess(&self, log: &Path, found: &Found, guesses: &Guesses) -> Result<Vec<Guessed>, Fault> {
        let mut guessed = Vec::new();
        let (Some(number), Some((_, name)), Some(ways)) = (self.numbers.get(log), split_path(log), self.ways_of(log))
        else {
            return Ok(guessed);
        };
        for (site, place) in &found.places {
            let shared = self.shared.get(&place.at.id).and_then(|shared| shared.get(number));
            let view = place.view.borrow();
            for other in shared.map_or(&[][..], |shared| &shared.others) {
                let Some(format) = guesses.of(ways, name, other) else {
                    continue;
                };
                let is_log = |facts: &FileFacts| self.whereabouts.as_ref().is_some_and(|known| known.is_log(facts.id));
                let facts = view.look(other)?;
                let facts = facts.filter(|facts| facts.kind == Kind::Regular && facts.links == 1 && !is_log(facts));
                guessed.extend(facts.map(|facts| Guessed {
                    name: other.clone(),
                    site: *site,
                    facts,
                    format,
                }));
            }
        }
        Ok(guessed)
    }
}
