//! What budgets come to: for other programs, of a run and as things are; and for people, as things are. What a run says of them is in
//! `housekeeping`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::housekeeping::wanted;
use super::style::{Tone, paint, size};
use super::tally::{Handled, HouseTally};
use super::words::{counted, iso, path, place};
use crate::budget::{Holding, Kept};
use crate::diag::Place;
use crate::event::{Budgets, PoolState, Reason, RoomState};
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
fn wanted_by(reason: &Reason) -> &Place {
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
    let line = wanted_by(&one.reason);
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

/// Returns the last paragraph of `--status`: a line a budget; nothing where there is none.
#[must_use]
pub fn paragraph(Budgets { pools, file_systems }: &Budgets, colours: bool) -> String {
    if pools.is_empty() && file_systems.is_empty() {
        return String::new();
    }
    let of_pools = pools.iter().map(|pool| (pool.is_met(), of_pool(pool)));
    let of_systems = file_systems.iter().map(|room| (room.is_met(), of_room(room)));
    let mut text = format!("\n{}\n", paint("Budgets", Tone::Head, colours));
    for (is_met, line) in of_pools.chain(of_systems) {
        let (word, tone) = if is_met {
            ("met    ", Tone::Good)
        } else {
            ("not met", Tone::Bad)
        };
        // Writing to memory does not fail.
        let _ = writeln!(text, "  {}  {line}", paint(word, tone, colours));
    }
    text
}

fn of_pool(pool: &PoolState) -> String {
    let (limit, line) = (size(pool.limit.amount), place(&pool.limit.declared_at));
    let logs = counted(pool.logs, "log");
    let take = if pool.logs == 1 { "takes" } else { "take" };
    format!("maxtotalsize {limit}  {line}: {logs} {take} up {}", size(pool.used))
}

fn of_room(room: &RoomState) -> String {
    let (wanted, line) = (wanted(room), place(&room.limit.declared_at));
    let held = room
        .held_until
        .map(|until| format!("; until {until} nothing is removed there, since what was freed too little"));
    let free = size(room.free);
    let (mount, held) = (path(&room.mount), held.unwrap_or_default());
    format!("minfree {wanted}  {line}: {free} free on {mount}{held}")
}

/// How a log stands in the pool that it is in.
#[derive(Clone, Debug)]
pub struct InPool {
    pub state: PoolState,
    /// How many stanzas share it.
    pub sharers: u64,
    /// What each of them may keep, in bytes, whatever the others take up.
    pub share: u64,
    /// `None` where it takes up nothing.
    pub holding: Option<Holding>,
}

/// How a log stands on the file system of its archives.
#[derive(Clone, Debug)]
pub struct OnSystem {
    pub state: RoomState,
    /// See above.
    pub holding: Option<Holding>,
}

/// Says how a log stands in the pool that it is in.
pub(super) fn in_pool(pool: &InPool) -> Vec<String> {
    let PoolState { limit, used, logs } = &pool.state;
    let mut line = format!(
        "maxtotalsize {}  {}: {} of {} take up {}",
        size(limit.amount),
        place(&limit.declared_at),
        counted(*logs, "log"),
        counted(pool.sharers, "stanza"),
        size(*used)
    );
    if let Some(holding) = &pool.holding {
        line.push_str(&format!(
            "; this log {}, its stanza {}, a share is {}",
            size(holding.used),
            size(holding.of_stanza),
            size(pool.share)
        ));
    }
    [line].into_iter().chain(pool.holding.as_ref().map(gives)).collect()
}

/// Says how a log stands on the file system of its archives.
pub(super) fn on_system(system: &OnSystem) -> Vec<String> {
    let line = of_room(&system.state);
    [line].into_iter().chain(system.holding.as_ref().map(gives)).collect()
}

/// Says what a log may give, and what is protected.
fn gives(holding: &Holding) -> String {
    let (count, bytes) = holding.may_give;
    let gives = match count {
        0 => "nothing".to_owned(),
        _ => format!("{}, {}", counted(count, "archive"), size(bytes)),
    };
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    for (kept, count) in &holding.kept {
        *by.entry(protector(kept)).or_default() += count;
    }
    let by: Vec<String> = by.iter().map(|(what, count)| format!("{count} {what}")).collect();
    match by.is_empty() {
        true => format!("  may give: {gives}"),
        false => format!("  may give: {gives}; protected: {}", by.join(", ")),
    }
}

fn protector(kept: &Kept) -> &'static str {
    match kept {
        Kept::ByCount(_) => "by minrotate",
        Kept::ByAge { is_default: true, .. } => "by minretain, the default",
        Kept::ByAge { .. } => "by minretain",
        Kept::InUse => "in use",
        Kept::Resists => "that cannot be removed",
    }
}
