//! What errors in a configuration cost: logs that nobody rotates, or that another stanza has than was meant to.
//!
//! No archive of another log is one of these, and by the rules of another stanza nothing of theirs is removed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ExpandedStanza, LONGEST_WORD, expand};
use crate::diag::Place;
use crate::load::{self, LoadOptions};
use crate::policy::Stanza;
use crate::sys::listing::Listings;

/// The stanzas that are left out, and the paths that they name.
#[derive(Debug, Default)]
pub struct Lost {
    pub stanzas: Vec<Stanza>,
    pub logs: Vec<Arc<Path>>,
}

impl Lost {
    /// Reads a configuration that has errors once more, behind them: what is wrong with it was told. Where it makes no sense at all, nothing
    /// is known of what stands there.
    #[must_use]
    pub fn of(configs: &[PathBuf], options: LoadOptions, used: &[ExpandedStanza]) -> Self {
        let thorough = LoadOptions {
            thorough: true,
            ..options
        };
        let loaded = load::load(configs, &thorough, &mut |_| {});
        let used: HashSet<&Place> = used.iter().map(|used| &used.stanza.declared_at).collect();
        let all = loaded.stanzas.into_iter().chain(loaded.broken);
        let stanzas: Vec<Stanza> = all.filter(|stanza| !used.contains(&stanza.declared_at)).collect();
        let words = stanzas.iter().flat_map(|stanza| &stanza.patterns);
        let short = words.filter(|word| word.len() <= LONGEST_WORD);
        let mut listings = Listings::default();
        let paths = short.flat_map(|word| expand::expand(word.as_encoded_bytes(), &mut listings).paths);
        Self {
            logs: paths.collect(),
            stanzas,
        }
    }
}
