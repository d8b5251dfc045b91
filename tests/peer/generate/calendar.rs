//! When the runs of a case take place, with which options, what happens between them, and what the state remembers.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use chrono::{DateTime, Datelike, Duration, TimeZone, Timelike, Utc};

use super::super::case::{Case, Change, ROOT, Step};
use super::super::random::Random;
use super::super::tree::{Kind, Node};
use super::files::text;
use super::{DAY, HOUR};

/// The zones of the cases, those with changes of the clock among them.
pub(super) const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "UTC0",
];

/// Moments near which decisions are hard: ends of months and years, leap days, changes of the clock.
const MOMENTS: [&str; 9] = [
    "2024-02-28T22:30:00Z",
    "2027-02-27T23:30:00Z",
    "2027-03-27T22:10:00Z",
    "2027-10-30T22:20:00Z",
    "2028-12-30T23:50:00Z",
    "2027-04-29T12:00:00Z",
    "2099-12-30T12:00:00Z",
    "2028-03-11T20:00:00Z",
    "2004-10-30T12:00:00Z",
];

/// Steps of the calendar between two runs, in seconds.
const STRIDES: [i64; 24] = [
    0,
    20,
    60,
    600,
    HOUR,
    HOUR + 60,
    3 * HOUR,
    12 * HOUR,
    DAY - HOUR,
    DAY,
    DAY,
    DAY,
    DAY,
    DAY + HOUR,
    2 * DAY,
    3 * DAY,
    7 * DAY,
    7 * DAY,
    8 * DAY,
    31 * DAY,
    365 * DAY,
    -HOUR,
    -DAY,
    -3 * DAY,
];

pub(super) fn moment(random: &mut Random) -> i64 {
    if random.chance(45) {
        let text = random.pick(&MOMENTS);
        let at = DateTime::parse_from_rfc3339(text)
            .expect("a moment is a date")
            .timestamp();
        return at + random.between(-20, 20) * HOUR / 2;
    }
    let at = Utc
        .with_ymd_and_hms(2027, 1, 1, 0, 0, 0)
        .single()
        .expect("a date")
        .timestamp();
    at + random.between(0, 3 * 365) * DAY + random.between(0, DAY - 1)
}

/// Writes a state for some of the logs, mostly of the last days.
pub(super) fn state(random: &mut Random, case: &mut Case, logs: &[PathBuf], begin: i64) {
    if !random.chance(70) {
        return;
    }
    case.state.push(b"logrotate state -- version 2".to_vec());
    for log in logs {
        if random.chance(15) {
            continue;
        }
        let ago = *random.pick(&[
            0,
            30,
            HOUR,
            5 * HOUR,
            DAY,
            DAY,
            DAY,
            2 * DAY,
            6 * DAY,
            7 * DAY,
            30 * DAY,
            400 * DAY,
            -HOUR,
            -26 * HOUR,
        ]);
        let date = stamp(begin - ago);
        let mut line = format!("\"{ROOT}/").into_bytes();
        line.extend_from_slice(log.as_os_str().as_bytes());
        line.extend_from_slice(format!("\" {date}").as_bytes());
        case.state.push(line);
    }
    if random.chance(10) {
        case.state.push(
            format!(
                "\"/nowhere/else.log\" {}",
                stamp(begin - random.between(300, 400) * DAY)
            )
            .into_bytes(),
        );
    }
    damage(random, &mut case.state);
}

/// First lines and others of a state that no program can read.
pub(crate) const DAMAGED: [&str; 10] = [
    "logrotate state -- version 3",
    "garbage",
    "nonsense",
    "\"/nowhere/else.log\"",
    "\"/nowhere/else.log 2027-1-1-0:0:0",
    "\"/nowhere/else.log\" 2027-13-1-0:0:0",
    "\"/nowhere/else.log\" 2027-1-32-0:0:0",
    "\"/nowhere/else.log\" 1969-1-1-0:0:0",
    "\"/nowhere/else.log\" 2101-1-1",
    "\"/nowhere/else.log\" 2027-1-1-24:0:0",
];
/// Lines of a state that look odd and are none the worse for it.
const ODD: [&str; 3] = ["\"/nowhere/odd.log\" 2027-2-31", "", "/nowhere/odd.log 2027-1-1"];

/// Puts an odd line in some states: ours loses that one, the peer all that follow it.
fn damage(random: &mut Random, lines: &mut Vec<Vec<u8>>) {
    if !random.chance(8) {
        return;
    }
    let odd = if random.chance(75) {
        random.word(&DAMAGED[2..])
    } else {
        random.word(&ODD)
    };
    let end = lines.len() as u64;
    let at = if random.chance(50) { end } else { 1 + random.below(end) };
    lines.insert(usize::try_from(at).expect("an index"), odd.as_bytes().to_vec());
    if random.chance(10) {
        lines[0] = random
            .word(&[
                "logrotate state -- version 1",
                "logrotate state -- version 3",
                "garbage",
            ])
            .into();
    }
}

/// A stamp as the state file writes it, in UTC: near enough.
fn stamp(at: i64) -> String {
    let date = Utc.timestamp_opt(at, 0).single().expect("a date");
    let time = date.time();
    format!(
        "{}-{}-{}-{}:{}:{}",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

pub(super) fn steps(random: &mut Random, case: &mut Case, logs: &[PathBuf], begin: i64) {
    let mut at = begin;
    for number in 0..random.between(2, 6) {
        if number > 0 {
            at = (at + random.pick(&STRIDES)).max(Duration::days(366).num_seconds());
        }
        let mut options = Vec::new();
        if random.chance(25) {
            options.push(if random.chance(50) { "-f" } else { "--force" }.to_owned());
        }
        if random.chance(8) {
            options.push("-d".to_owned());
        }
        if random.chance(10) {
            options.push("-v".to_owned());
        }
        let mut changes = Vec::new();
        for log in logs {
            let is_log = |node: &Node| matches!(node.kind, Kind::File(_));
            if !case.tree.get(log).is_none_or(is_log) {
                continue;
            }
            if random.chance(60) {
                changes.push(Change::Grow(log.clone(), text(random, "more")));
            } else if random.chance(5) {
                changes.push(Change::Vanish(log.clone()));
            }
        }
        case.steps.push(Step { at, options, changes });
    }
}
