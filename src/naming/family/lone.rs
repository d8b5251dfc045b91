//! Logs that are gone, found by the archives that they left.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use super::Ways;

/// Returns the names of logs that are not among the names of a directory, while archives of theirs are, named as today; `fits` tells
/// which names the stanza would take for logs. To know which of the archives are theirs, they ask as any other log does.
#[must_use]
pub fn lone_logs<'n>(
    ways: &Ways,
    fits: impl Fn(&OsStr) -> bool,
    names: impl IntoIterator<Item = &'n OsStr>,
) -> BTreeSet<OsString> {
    let mut logs = BTreeSet::new();
    let mut there = BTreeSet::new();
    for name in names {
        there.insert(name);
        logs.extend(ways.logs_of(name).into_iter().filter(|log| fits(log)));
    }
    logs.retain(|log| !there.contains(log.as_os_str()));
    logs
}
