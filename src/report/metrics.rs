//! A run as metrics for node_exporter's textfile collector (`--metrics`).

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::SystemTime;

use super::budgets;
use super::tally::{Fate, Files, RunTally, StanzaTally};
use super::words::{path, place, program};
use crate::diag::Place;
use crate::event::{Budgets, PoolState, RoomState};
use crate::exit::Exit;
use crate::obstacle::{ArchiveObstacle, Obstructed};

/// What is known of the archives of a stanza's logs after the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct ArchiveSums {
    pub files: u64,
    /// How many bytes on disk.
    pub bytes: u64,
    /// How many of them in archives that no rotation meets.
    pub orphan_bytes: u64,
}

/// Returns the file's text; `last_success` is when a run last went well (this one, or an earlier one), in seconds since 1970.
#[must_use]
pub fn text(tally: &RunTally, exit: Exit, last_success: Option<u64>, held: &[ArchiveSums]) -> String {
    let mut text = String::new();
    of_run(&mut text, tally, exit, last_success);
    of_stanzas(&mut text, &tally.stanzas);
    let held = |value: fn(&ArchiveSums) -> u64| {
        let stanzas = tally.stanzas.iter().zip(held);
        stanzas.map(move |(stanza, held)| (labels(stanza), value(held)))
    };
    metric(
        &mut text,
        "logrotate_archive_files",
        "Archives on disk after the last run.",
        held(|held| held.files),
    );
    metric(
        &mut text,
        "logrotate_archive_bytes",
        "Disk held by archives after the last run.",
        held(|held| held.bytes),
    );
    metric(
        &mut text,
        "logrotate_orphan_bytes",
        "Disk held by archives that no rotation meets.",
        held(|held| held.orphan_bytes),
    );
    of_removals(&mut text, tally);
    of_budgets(&mut text, &tally.house.budgets);
    text
}

fn of_removals(text: &mut String, tally: &RunTally) {
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

fn of_budgets(text: &mut String, Budgets { pools, file_systems }: &Budgets) {
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

fn of_run(text: &mut String, tally: &RunTally, exit: Exit, last_success: Option<u64>) {
    let began = tally.began.duration_since(SystemTime::UNIX_EPOCH);
    let mut gauge = |name, help, value: &dyn Display| metric(text, name, help, [(String::new(), value)]);
    gauge(
        "logrotate_last_run_timestamp_seconds",
        "When the last run began.",
        &began.map_or(0, |since| since.as_secs()),
    );
    gauge(
        "logrotate_last_run_exit_status",
        "The exit status of the last run: 0 is well.",
        &exit.code(),
    );
    gauge(
        "logrotate_last_run_duration_seconds",
        "How long the last run took.",
        &format_args!("{:.3}", tally.took.as_secs_f64()),
    );
    if let Some(time) = last_success {
        gauge(
            "logrotate_last_success_timestamp_seconds",
            "When the last run that went well began.",
            &time,
        );
    }
}

/// A metric of each stanza: its name, what it is, and how it is reckoned.
type Row = (&'static str, &'static str, fn(&StanzaTally) -> u64);

fn of_stanzas(text: &mut String, stanzas: &[StanzaTally]) {
    let rows: [Row; 3] = [
        ("logrotate_rotated_logs", "Logs that the last run rotated.", |stanza| {
            stanza.count(Fate::Rotated) as u64
        }),
        (
            "logrotate_failed_logs",
            "Logs that the last run failed to look at or to rotate.",
            |stanza| stanza.count(Fate::Failed) as u64,
        ),
        (
            "logrotate_rotated_bytes",
            "Bytes that were in the logs that the last run rotated.",
            StanzaTally::bytes_before,
        ),
    ];
    for (name, help, value) in rows {
        let samples = stanzas.iter().map(|stanza| (labels(stanza), value(stanza)));
        metric(text, name, help, samples);
    }
    metric(
        text,
        "logrotate_obstacles",
        "Archives that something is wrong with, and what is in the way of logs, by kind.",
        stanzas.iter().flat_map(|stanza| {
            let counts = obstacles(stanza).into_iter();
            counts.map(|(kind, count)| (with_label(&labels(stanza), "kind", kind), count))
        }),
    );
    metric(
        text,
        "logrotate_written_archive_bytes",
        "Size of an archive that a program still writes to, since it has not opened its log anew.",
        stanzas.iter().flat_map(|stanza| {
            let obstacles = stanza.logs.iter().flat_map(|log| &log.obstacles);
            obstacles.filter_map(|obstacle| not_reopened(&labels(stanza), obstacle))
        }),
    );
}

/// Reads when a run last went well from the text of an earlier file.
#[must_use]
pub fn last_success(earlier: &str) -> Option<u64> {
    let value = earlier
        .lines()
        .find_map(|line| line.strip_prefix("logrotate_last_success_timestamp_seconds "))?;
    value.trim().parse().ok()
}

/// Counts what is wrong with the archives of a stanza, or in its logs' way, by kind.
fn obstacles(stanza: &StanzaTally) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for kind in stanza.logs.iter().flat_map(|log| &log.obstacle_kinds) {
        *counts.entry(*kind).or_default() += 1;
    }
    counts
}

fn not_reopened(labels: &str, obstacle: &ArchiveObstacle) -> Option<(String, u64)> {
    let Obstructed::NotReopened { bytes, by } = &obstacle.what else {
        return None;
    };
    let labels = with_label(labels, "archive", &path(&obstacle.archive));
    Some((with_label(&labels, "program", &program(by.as_deref())), *bytes))
}

/// Writes a metric, with a line for each of its samples: what it is of, and its value.
fn metric<V: Display>(text: &mut String, name: &str, help: &str, samples: impl IntoIterator<Item = (String, V)>) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

fn labels(stanza: &StanzaTally) -> String {
    let place = place(&stanza.place);
    format!(
        "{{stanza=\"{}\",pattern=\"{}\"}}",
        escaped(&place),
        escaped(&stanza.pattern)
    )
}

fn label(name: &str, value: &str) -> String {
    format!("{{{name}=\"{}\"}}", escaped(value))
}

/// Adds a label to others.
fn with_label(labels: &str, name: &str, value: &str) -> String {
    format!("{},{name}=\"{}\"}}", labels.trim_end_matches('}'), escaped(value))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
