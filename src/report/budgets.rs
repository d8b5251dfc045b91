//! What budgets came to, for other programs: of a run, and as `--status` finds it. The words for people are in `housekeeping`.

use serde_json::{Value, json};

use super::status::iso;
use super::tally::{Handled, HouseTally};
use super::words::path;
use crate::diag::Place;
use crate::event::{PoolState, Reason, RoomState};
use crate::prune::Cause;

/// What housekeeping removes archives for, in one word, as reports and metrics have it.
pub(super) const WHY: [&str; 4] = ["prune", "maxage", "maxtotalsize", "minfree"];

/// Returns the word for what an archive goes for.
pub(super) fn why(reason: &Reason) -> &'static str {
    let [prune, maxage, maxtotalsize, minfree] = WHY;
    match reason {
        Reason::Pruned {
            cause: Cause::TooOld(_),
            ..
        } => maxage,
        Reason::Pruned { .. } => prune,
        Reason::OverTotal { .. } => maxtotalsize,
        Reason::ShortOfRoom { .. } => minfree,
    }
}

/// Returns the line of configuration that wants an archive to go.
fn line_of(reason: &Reason) -> &Place {
    match reason {
        Reason::Pruned { stanza, .. } => stanza,
        Reason::OverTotal { limit, .. } => &limit.declared_at,
        Reason::ShortOfRoom { wanted, .. } => &wanted.declared_at,
    }
}

/// Returns what housekeeping did.
pub(super) fn house(house: &HouseTally) -> Value {
    json!({
        "removed": house.removed.iter().map(handled).collect::<Vec<Value>>(),
        "compressed": house.compressed.iter().map(handled).collect::<Vec<Value>>(),
        "pools": pools(&house.budgets.pools),
        "filesystems": file_systems(&house.budgets.file_systems),
    })
}

fn handled(one: &Handled) -> Value {
    let line = line_of(&one.reason);
    json!({
        "path": path(&one.path),
        "bytes": one.bytes,
        "why": why(&one.reason),
        "place": { "file": path(&line.file), "line": line.line },
        "log": path(&one.log),
    })
}

/// Returns what logs that share a limit take up.
pub(super) fn pools(pools: &[PoolState]) -> Vec<Value> {
    let shown = pools.iter().map(|pool| {
        json!({
            "file": path(&pool.limit.declared_at.file),
            "line": pool.limit.declared_at.line,
            "limit": pool.limit.amount,
            "used": pool.used,
            "logs": pool.logs,
            "met": pool.is_met(),
        })
    });
    shown.collect()
}

/// Returns what is free on file systems.
pub(super) fn file_systems(file_systems: &[RoomState]) -> Vec<Value> {
    let shown = file_systems.iter().map(|room| {
        json!({
            "mount": path(&room.mount),
            "free": room.free,
            "wanted": room.wanted,
            "met": room.is_met(),
            "held_until": room.held_until.map(iso),
        })
    });
    shown.collect()
}
