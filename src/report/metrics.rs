//! A run as metrics for node_exporter's textfile collector (`--metrics`).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::SystemTime;

use super::tally::{Fate, RunTally, StanzaTally};
use super::words::{path, place, program};
use crate::exit::Exit;
use crate::obstacle::{ArchiveObstacle, Obstructed};

/// What is known of the archives of a stanza's logs after the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct ArchiveSums {
    pub files: u64,
    /// How many bytes on disk.
    pub bytes: u64,
}

/// Returns the file's text; `last_success` is when a run last went well (this one, or an earlier one), in seconds since 1970.
#[must_use]
pub fn text(tally: &RunTally, exit: Exit, last_success: Option<u64>, held: &[ArchiveSums]) -> String {
    let began = tally
        .began
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut text = String::new();
    gauge(
        &mut text,
        "logrotate_last_run_timestamp_seconds",
        "When the last run began.",
    );
    line(&mut text, "logrotate_last_run_timestamp_seconds", "", began);
    gauge(
        &mut text,
        "logrotate_last_run_exit_status",
        "The exit status of the last run: 0 is well.",
    );
    line(&mut text, "logrotate_last_run_exit_status", "", u64::from(exit.code()));
    gauge(
        &mut text,
        "logrotate_last_run_duration_seconds",
        "How long the last run took.",
    );
    let _ = writeln!(
        text,
        "logrotate_last_run_duration_seconds {:.3}",
        tally.took.as_secs_f64()
    );
    if let Some(time) = last_success {
        gauge(
            &mut text,
            "logrotate_last_success_timestamp_seconds",
            "When the last run that went well began.",
        );
        line(&mut text, "logrotate_last_success_timestamp_seconds", "", time);
    }
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
        gauge(&mut text, name, help);
        for stanza in &tally.stanzas {
            line(&mut text, name, &labels(stanza), value(stanza));
        }
    }
    gauge(
        &mut text,
        "logrotate_obstacles",
        "Archives that something is wrong with, and what is in the way of logs, by kind.",
    );
    for stanza in &tally.stanzas {
        for (kind, count) in obstacles(stanza) {
            let labels = with_label(&labels(stanza), "kind", kind);
            line(&mut text, "logrotate_obstacles", &labels, count);
        }
    }
    gauge(
        &mut text,
        "logrotate_written_archive_bytes",
        "Size of an archive that a program still writes to, since it has not opened its log anew.",
    );
    for stanza in &tally.stanzas {
        for (archive, by, bytes) in stanza
            .logs
            .iter()
            .flat_map(|log| &log.obstacles)
            .filter_map(not_reopened)
        {
            let labels = with_label(&with_label(&labels(stanza), "archive", &archive), "program", &by);
            line(&mut text, "logrotate_written_archive_bytes", &labels, bytes);
        }
    }
    gauge(
        &mut text,
        "logrotate_archive_files",
        "Archives on disk after the last run.",
    );
    for (stanza, held) in tally.stanzas.iter().zip(held) {
        line(&mut text, "logrotate_archive_files", &labels(stanza), held.files);
    }
    gauge(
        &mut text,
        "logrotate_archive_bytes",
        "Disk held by archives after the last run.",
    );
    for (stanza, held) in tally.stanzas.iter().zip(held) {
        line(&mut text, "logrotate_archive_bytes", &labels(stanza), held.bytes);
    }
    text
}

/// A metric of each stanza: its name, what it is, and how it is reckoned.
type Row = (&'static str, &'static str, fn(&StanzaTally) -> u64);

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

fn not_reopened(obstacle: &ArchiveObstacle) -> Option<(String, String, u64)> {
    match &obstacle.what {
        Obstructed::NotReopened { bytes, by } => Some((path(&obstacle.archive), program(by.as_deref()), *bytes)),
        _ => None,
    }
}

fn gauge(text: &mut String, name: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
}

fn line(text: &mut String, name: &str, labels: &str, value: u64) {
    let _ = writeln!(text, "{name}{labels} {value}");
}

fn labels(stanza: &StanzaTally) -> String {
    let place = place(&stanza.place);
    format!(
        "{{stanza=\"{}\",pattern=\"{}\"}}",
        escaped(&place),
        escaped(&stanza.pattern)
    )
}

/// Adds a label to others.
fn with_label(labels: &str, name: &str, value: &str) -> String {
    format!("{},{name}=\"{}\"}}", labels.trim_end_matches('}'), escaped(value))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
