//! `--only`: the logs that are handled when not all are.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use crate::discover::ExpandedStanza;
use crate::discover::expand;
use crate::policy::Policy;
use crate::sys::listing::Listings;

/// Tells whether one of the patterns names a log that is gone; without a pattern all are named.
pub(super) fn is_named(patterns: &[OsString], log: &Path) -> bool {
    let names = |pattern: &OsString| expand::covers(pattern.as_bytes(), log.as_os_str().as_bytes());
    patterns.is_empty() || patterns.iter().any(names)
}

/// What is configured and not handled.
#[derive(Debug, Default)]
pub(super) struct LeftAlone {
    pub(super) logs: Vec<Arc<Path>>,
    /// The policies of the stanzas that they are of.
    pub(super) policies: Vec<Arc<Policy>>,
    /// Patterns that name no log of the configuration.
    pub(super) unmatched: Vec<OsString>,
}

/// Keeps the logs that one of the patterns names, and the stanzas that still have one; returns what is left alone.
/// Without a pattern all stay. A pattern is expanded as a stanza's path list is.
pub(super) fn keep_only(stanzas: &mut Vec<ExpandedStanza>, patterns: &[OsString]) -> LeftAlone {
    let mut left_alone = LeftAlone::default();
    if patterns.is_empty() {
        return left_alone;
    }
    let mut listings = Listings::default();
    let all: HashSet<&Path> = stanzas
        .iter()
        .flat_map(|stanza| &stanza.logs)
        .map(|log| &*log.path)
        .collect();
    let mut wanted: HashSet<Arc<Path>> = HashSet::new();
    for pattern in patterns {
        let paths = expand::expand(pattern.as_bytes(), &mut listings).paths;
        if !paths.iter().any(|path| all.contains(&**path)) {
            left_alone.unmatched.push(pattern.clone());
        }
        wanted.extend(paths);
    }
    for stanza in stanzas.iter_mut() {
        let before = left_alone.logs.len();
        stanza.logs.retain(|log| {
            let is_wanted = wanted.contains(&log.path);
            if !is_wanted {
                left_alone.logs.push(Arc::clone(&log.path));
            }
            is_wanted
        });
        if left_alone.logs.len() > before {
            left_alone.policies.push(Arc::clone(&stanza.stanza.policy));
        }
    }
    stanzas.retain(|stanza| !stanza.logs.is_empty());
    left_alone
}
