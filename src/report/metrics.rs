//! A run as metrics for node_exporter's textfile collector (`--metrics`).
//!
//! A stanza is known by its file and its path list, which stay what they are when a line is added above. Where two have both in common
//! their figures are taken together: the collector refuses a file with two samples of one name and the same labels.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{Display, Write};
use std::time::SystemTime;

use super::tally::{Fate, RunTally, StanzaTally};
use super::words::{path, program};
use crate::exit::Exit;
use crate::obstacle::{ArchiveObstacle, Obstructed};

mod house;

/// How a stanza's logs and their archives stand after the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct AfterRun {
    /// Its archives.
    pub files: u64,
    /// How many bytes they have on disk.
    pub bytes: u64,
    /// When the time of the first of its logs comes, in seconds since 1970.
    pub next_due: Option<i64>,
    /// How many of them in archives that no rotation meets.
    pub orphan_bytes: u64,
}

/// The first metric behind those of the run and of the configuration.
const FIRST_OF_STANZAS: &str = "logrotate_logs";

/// Returns the file's text; `last_success` is when a run last went well (this one, or an earlier one), in seconds since 1970.
#[must_use]
pub fn text(tally: &RunTally, exit: Exit, last_success: u64, held: &[AfterRun]) -> String {
    let mut text = String::new();
    of_run(&mut text, tally, exit, last_success);
    of_configuration(&mut text, tally);
    of_stanzas(&mut text, &tally.stanzas);
    after_run(&mut text, &tally.stanzas, held);
    house::of_removals(&mut text, tally);
    house::of_budgets(&mut text, &tally.house.budgets);
    text
}

/// Returns an earlier file's text for a run that came to no stanza: what is told of the run and of the configuration is this one's.
#[must_use]
pub fn renewed(earlier: &str, tally: &RunTally, exit: Exit, last_success: u64) -> String {
    let mut text = String::new();
    of_run(&mut text, tally, exit, last_success);
    of_configuration(&mut text, tally);
    if let Some(at) = earlier.find(&format!("# HELP {FIRST_OF_STANZAS} ")) {
        text.push_str(&earlier[at..]);
    }
    text
}

fn of_configuration(text: &mut String, tally: &RunTally) {
    let label = |(file, count): (&String, &u64)| (format!("{{file=\"{}\"}}", escaped(file)), *count);
    metric(
        text,
        "logrotate_configuration_errors",
        "Errors that leave a stanza, or all behind them, out of a file of the configuration.",
        tally.config_errors.iter().map(label),
    );
}

fn after_run(text: &mut String, stanzas: &[StanzaTally], held: &[AfterRun]) {
    let stanzas = || stanzas.iter().map(labels).zip(held);
    let sums = |value: fn(&AfterRun) -> u64| {
        let samples = stanzas().map(|(labels, held)| (labels, value(held)));
        merged(samples, u64::saturating_add)
    };
    metric(
        text,
        "logrotate_archive_files",
        "Archives on disk after the last run.",
        sums(|held| held.files),
    );
    metric(
        text,
        "logrotate_archive_bytes",
        "Disk held by archives after the last run.",
        sums(|held| held.bytes),
    );
    let due = stanzas().filter_map(|(labels, held)| Some((labels, held.next_due?)));
    metric(
        text,
        "logrotate_next_due_timestamp_seconds",
        "When the time of the first of the logs comes that wait for one.",
        merged(due, i64::min),
    );
    metric(
        text,
        "logrotate_orphan_bytes",
        "Disk held by archives that no rotation meets.",
        sums(|held| held.orphan_bytes),
    );
}

fn of_run(text: &mut String, tally: &RunTally, exit: Exit, last_success: u64) {
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
    gauge(
        "logrotate_last_success_timestamp_seconds",
        "When the last run that went well began; 0 is never.",
        &last_success,
    );
}

/// A metric of each stanza: its name, what it is, and how it is reckoned.
type Row = (&'static str, &'static str, fn(&StanzaTally) -> u64);

fn of_stanzas(text: &mut String, stanzas: &[StanzaTally]) {
    let rows: [Row; 4] = [
        (FIRST_OF_STANZAS, "Logs that the stanza has.", |stanza| {
            stanza.logs.len() as u64
        }),
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
        metric(text, name, help, merged(samples, u64::saturating_add));
    }
    metric(
        text,
        "logrotate_failed_scripts",
        "Scripts that failed in the last run, by their directive.",
        by_kind(stanzas, "script", |stanza| counted(&stanza.failed_scripts)),
    );
    metric(
        text,
        "logrotate_obstacles",
        "Archives that something is wrong with, and what is in the way of logs, by kind.",
        by_kind(stanzas, "kind", |stanza| {
            counted(stanza.logs.iter().flat_map(|log| &log.obstacle_kinds))
        }),
    );
    metric(
        text,
        "logrotate_written_archive_bytes",
        "Size of an archive that a program still writes to, since it has not opened its log anew.",
        merged(stanzas.iter().flat_map(written), u64::max),
    );
}

/// Reads when a run last went well from the text of an earlier file; 0 where none did.
#[must_use]
pub fn last_success(earlier: &str) -> u64 {
    let value = earlier
        .lines()
        .find_map(|line| line.strip_prefix("logrotate_last_success_timestamp_seconds "));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Counts each word.
fn counted<'w>(words: impl IntoIterator<Item = &'w &'static str>) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(*word).or_default() += 1;
    }
    counts
}

/// Returns a sample for each word that is counted of a stanza, which is another label.
fn by_kind(
    stanzas: &[StanzaTally],
    label: &str,
    counts: impl Fn(&StanzaTally) -> BTreeMap<&'static str, u64>,
) -> Vec<(String, u64)> {
    let samples = stanzas.iter().flat_map(|stanza| {
        let labels = labels(stanza);
        let counts = counts(stanza).into_iter();
        counts.map(move |(kind, count)| (with_label(&labels, label, kind), count))
    });
    merged(samples, u64::saturating_add)
}

/// Makes one sample of those that have the same labels, where the first of them stands.
fn merged<V: Copy>(samples: impl IntoIterator<Item = (String, V)>, both: fn(V, V) -> V) -> Vec<(String, V)> {
    let mut all: Vec<(String, V)> = Vec::new();
    let mut places = HashMap::new();
    for (labels, value) in samples {
        let at = *places.entry(labels.clone()).or_insert(all.len());
        match all.get_mut(at) {
            Some((_, earlier)) => *earlier = both(*earlier, value),
            None => all.push((labels, value)),
        }
    }
    all
}

/// Returns the archives of a stanza that programs still write to.
fn written(stanza: &StanzaTally) -> impl Iterator<Item = (String, u64)> {
    let obstacles = stanza.logs.iter().flat_map(|log| &log.obstacles);
    obstacles.filter_map(|obstacle| not_reopened(&labels(stanza), obstacle))
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
    let file = path(&stanza.place.file);
    format!(
        "{{file=\"{}\",pattern=\"{}\"}}",
        escaped(&file),
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
