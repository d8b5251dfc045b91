//! A run as one JSON object (`--json`); its schema is `fixtures/schema/run.json`.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::tally::{Fate, LogTally, RunTally, StanzaTally};
use super::words::{self, path};
use super::{budgets, text};
use crate::exit::Exit;
use crate::obstacle::{ArchiveObstacle, Obstructed};

/// The version of the object's shape: raised when a member changes its meaning or goes.
pub(super) const SHAPE: u32 = 1;

/// Returns the object, with a line end.
#[must_use]
pub fn run(tally: &RunTally, exit: Exit) -> String {
    let stanzas: Vec<Value> = tally.stanzas.iter().map(stanza).collect();
    let object = json!({
        "schema": SHAPE,
        "program": "logrotate-rs",
        "version": env!("CARGO_PKG_VERSION"),
        "dry_run": tally.dry_run,
        "began": seconds_since_1970(tally.began),
        "seconds": seconds(tally.took),
        "exit_status": exit.code(),
        "stanzas": stanzas,
        "housekeeping": budgets::house(&tally.house),
        "errors": tally.errors,
        "warnings": tally.warnings,
    });
    format!("{object}\n")
}

fn stanza(stanza: &StanzaTally) -> Value {
    let logs: Vec<Value> = stanza.logs.iter().map(log).collect();
    json!({
        "pattern": stanza.pattern,
        "file": path(&stanza.place.file),
        "line": stanza.place.line,
        "logs": logs,
        "errors": stanza.errors,
    })
}

fn log(log: &LogTally) -> Value {
    let steps: Vec<Value> = log
        .steps
        .iter()
        .map(|step| json!({ "kind": step.kind, "text": step.text, "at": seconds(step.at) }))
        .collect();
    json!({
        "path": path(&log.path),
        "verdict": log.decision.word(),
        "reason": log.reason,
        "rotated": log.fate() == Fate::Rotated,
        "failed": log.fate() == Fate::Failed,
        "archive": log.archive.as_deref().map(path),
        "bytes_before": log.bytes_before,
        "bytes_after": log.bytes_after,
        "seconds": seconds(log.took),
        "steps": steps,
        "obstacles": obstacles(&log.obstacles),
        "errors": log.errors,
    })
}

/// Returns what is wrong with archives.
pub(super) fn obstacles(obstacles: &[ArchiveObstacle]) -> Vec<Value> {
    let shown = obstacles.iter().map(|obstacle| {
        let (bytes, program) = match &obstacle.what {
            Obstructed::NotReopened { bytes, by } => (Some(*bytes), by.as_deref()),
            Obstructed::Written { by } => (None, by.as_deref()),
            Obstructed::NoProgram { program, .. } => (None, program.to_str()),
            _ => (None, None),
        };
        json!({
            "kind": obstacle.what.word(),
            "archive": path(&obstacle.archive),
            "bytes": bytes,
            "program": program.map(|name| words::program(Some(name))),
            "text": text::hindrance(obstacle),
        })
    });
    shown.collect()
}

/// Seconds with milliseconds, as a number.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

fn seconds_since_1970(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
