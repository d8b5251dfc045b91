//! Logs that are gone, found by the archives that they left.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use super::Ways;

/// Returns the names of logs that are gone, while archives of theirs are among `names`, named as today; `fits` tells which names the stanza
/// would take for logs, `is_there` which there are. To know which of the archives are theirs, they ask as any other log does.
#[must_use]
pub fn lone_logs<'n>(
    ways: &Ways,
    fits: impl Fn(&OsStr) -> bool,
    is_there: impl Fn(&OsStr) -> bool,
    names: impl IntoIterator<Item = &'n OsStr>,
) -> BTreeSet<OsString> {
    let logs = names.into_iter().flat_map(|name| ways.logs_of(name));
    logs.filter(|log| fits(log) && !is_there(log)).collect()
}
