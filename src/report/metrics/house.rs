//! What housekeeping did, and how budgets stand after it, as metrics.

use super::{label, metric, with_label};
use crate::diag::Place;
use crate::event::{Budgets, PoolState, RoomState};
use crate::report::budgets;
use crate::report::tally::{Files, RunTally};
use crate::report::words::path;

pub(super) fn of_removals(text: &mut String, tally: &RunTally) {
    let mut sums = vec![("rotate", tally.rotated_out)];
    sums.extend(budgets::WHY.map(|why| (why, Files::default())));
    for one in &tally.house.removed {
        let sum = sums.iter_mut().find(|(why, _)| *why == budgets::why(&one.reason));
        if let Some((_, sum)) = sum {
            sum.add(one.bytes.unwrap_or(0));
        }
    }
    let removed = |value: fn(&Files) -> u64| {
        let samples = sums.iter();
        samples.map(move |(why, sum)| (label("why", why), value(sum)))
    };
    metric(
        text,
        "logrotate_removed_files",
        "Archives that the last run removed, by what they went for.",
        removed(|sum| sum.files),
    );
    metric(
        text,
        "logrotate_removed_bytes",
        "Bytes that were in the archives that the last run removed.",
        removed(|sum| sum.bytes),
    );
}

pub(super) fn of_budgets(text: &mut String, Budgets { pools, file_systems }: &Budgets) {
    let lines = |value: fn(&PoolState) -> u64| pools.iter().map(move |pool| (of_pool(pool), value(pool)));
    let mounts = |value: fn(&RoomState) -> u64| {
        let rooms = file_systems.iter();
        rooms.map(move |room| (label("mount", &path(&room.mount)), value(room)))
    };
    metric(
        text,
        "logrotate_pool_limit_bytes",
        "What the logs that share a maxtotalsize may take up.",
        lines(|pool| pool.limit.amount),
    );
    metric(
        text,
        "logrotate_pool_used_bytes",
        "What they and their archives took up after the last run.",
        lines(|pool| pool.used),
    );
    metric(
        text,
        "logrotate_filesystem_wanted_bytes",
        "What minfree wants to be free on a file system.",
        mounts(|room| room.wanted),
    );
    metric(
        text,
        "logrotate_filesystem_free_bytes",
        "What was free there after the last run.",
        mounts(|room| room.free),
    );
    metric(
        text,
        "logrotate_budget_met",
        "Whether the last run kept to a budget: 1 is well.",
        lines(|pool| pool.is_met().into()).chain(mounts(|room| room.is_met().into())),
    );
}

/// Returns the labels of logs that share a limit: the line that says it.
fn of_pool(pool: &PoolState) -> String {
    let Place { file, line, .. } = &pool.limit.declared_at;
    with_label(&label("file", &path(file)), "line", &line.to_string())
}
