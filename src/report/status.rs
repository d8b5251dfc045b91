//! `--status`: what is known of each log, as data; why it is as it is, in words; and all of it as JSON.
//!
//! How it is laid out as a table is in `status_table`.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::style::size;
use super::text;
use super::words::{iso, path};
use super::{budgets, fault};
use crate::clock::Stamp;
use crate::diag::Place;
use crate::event::Budgets;
use crate::facts::total;
use crate::naming::family::{Class, Family};
use crate::obstacle::{ArchiveObstacle, Obstacle, PassedOver};
use crate::policy::{Criterion, Policy};
use crate::schedule::{Lack, NextDue, Verdict, Why};

/// Files counted and measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub files: u64,
    /// What they take up on disk, in bytes.
    pub bytes: u64,
}

/// The archives of a log, by what they are to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archives {
    pub own: Sum,
    pub kin: Sum,
    pub lone: Sum,
}

impl Archives {
    /// Counts and measures those of a family.
    #[must_use]
    pub fn of(family: &Family) -> Self {
        let mut archives = Self::default();
        for member in &family.members {
            let sum = match member.class {
                Class::Own => &mut archives.own,
                Class::Kin(_) => &mut archives.kin,
                Class::Lone => &mut archives.lone,
            };
            sum.files += 1;
            sum.bytes = sum.bytes.saturating_add(member.facts.allocated);
        }
        archives
    }

    /// Returns what all of them come to.
    #[must_use]
    pub fn all(&self) -> Sum {
        let sums = [self.own, self.kin, self.lone];
        Sum {
            files: sums.iter().map(|sum| sum.files).sum(),
            bytes: total(sums.iter().map(|sum| sum.bytes)),
        }
    }
}

/// One log.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its path as configured.
    pub log: PathBuf,
    /// Its stanza's file and line.
    pub place: Place,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The state's entry.
    pub last: Option<Stamp>,
    /// The decision as it would be now.
    pub verdict: Option<Verdict>,
    pub next: Option<NextDue>,
    /// Its stanza's criterion, in words.
    pub criterion: String,
    /// What it has too little of, where it is not due: without that its time does not make it due, either.
    pub lacks: Option<Lack>,
    pub archives: Option<Archives>,
    /// What would keep it from being rotated.
    pub obstacle: Option<Obstacle>,
    pub archive_obstacles: Vec<ArchiveObstacle>,
}

impl Row {
    /// Says why the log is due, or is not, and what is wrong with its archives.
    #[must_use]
    pub fn why(&self) -> String {
        let wrong = self.archive_obstacles.iter().map(text::hindrance);
        [self.reason()].into_iter().chain(wrong).collect::<Vec<_>>().join("; ")
    }

    fn reason(&self) -> String {
        let Some(what) = &self.obstacle else {
            return match (&self.verdict, self.lacks) {
                (Some(Verdict::Rotate(cause)), _) => text::cause(*cause).to_owned(),
                (Some(Verdict::Keep(_)), Some(Lack::Content)) => {
                    format!("{}; empty, under notifempty", self.criterion)
                }
                (Some(Verdict::Keep(Why::BelowSize)), _) => self.criterion.clone(),
                (Some(Verdict::Keep(_)), Some(Lack::Bytes(_))) => format!("{}; smaller than minsize", self.criterion),
                (Some(Verdict::Keep(Why::MinAge)), None) => format!("{}; younger than minage", self.criterion),
                _ => self.criterion.clone(),
            };
        };
        obstacle(what)
    }
}

/// Says what the stanza's criterion is, in the directives' words.
#[must_use]
pub fn criterion(policy: &Policy) -> String {
    const DAYS: [&str; 7] = [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];
    let mut words = match policy.criterion {
        Criterion::Size(bytes) => format!("size {}", size(bytes)),
        Criterion::Minutes(count) => format!("minutes {count}"),
        Criterion::Hourly => "hourly".to_owned(),
        Criterion::Daily => "daily".to_owned(),
        Criterion::Weekly(day) => match DAYS.get(usize::from(day)) {
            Some(name) => format!("weekly, {name}"),
            None => "weekly, every 7 days".to_owned(),
        },
        Criterion::Monthly(0) => "monthly".to_owned(),
        Criterion::Monthly(day) => format!("monthly, day {day}"),
        Criterion::Yearly => "yearly".to_owned(),
    };
    if let Some(bytes) = policy.max_size.filter(|bytes| *bytes > 0) {
        words.push_str(&format!(", or above {}", size(bytes)));
    }
    words
}

/// Says what would keep a log from being rotated.
#[must_use]
pub fn obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Missing { is_fine: true } => "it does not exist, which missingok allows".to_owned(),
        Obstacle::Missing { is_fine: false } => "it does not exist, which is an error without missingok".to_owned(),
        Obstacle::NoMatch { is_fine: true } => "nothing matches it, which missingok allows".to_owned(),
        Obstacle::NoMatch { is_fine: false } => "nothing matches it, which is an error without missingok".to_owned(),
        Obstacle::PassedOver(why) => match why {
            PassedOver::Missing => "it does not exist, which missingok allows".to_owned(),
            PassedOver::Symlink => "it is a symbolic link, which is never rotated".to_owned(),
            PassedOver::HardLinks => "it has several hard links, and there is no allowhardlink".to_owned(),
            PassedOver::Directory => "it is a directory".to_owned(),
        },
        Obstacle::Fault(what) => fault::sentence(what),
        Obstacle::NotWritable { directory, user } => {
            format!("{} may not write to {}", super::accounts::user(*user), path(directory))
        }
    }
}

/// Returns what a word for the kind of waiting is, for other programs.
fn next_json(next: Option<NextDue>) -> Value {
    match next {
        None => Value::Null,
        Some(NextDue::Now) => json!({ "kind": "now" }),
        Some(NextDue::At(moment)) => json!({ "kind": "at", "at": iso(moment.local) }),
        Some(NextDue::WhenSize(bytes)) => json!({ "kind": "size", "bytes": bytes }),
        Some(NextDue::WhenFilled) => json!({ "kind": "content" }),
    }
}

fn sum_json(sum: Sum) -> Value {
    json!({ "files": sum.files, "bytes": sum.bytes })
}

/// Returns one log for other programs.
#[must_use]
pub fn row_json(row: &Row) -> Value {
    json!({
        "path": path(&row.log),
        "file": path(&row.place.file),
        "line": row.place.line,
        "size": row.size,
        "last": row.last.map(iso),
        "verdict": row.verdict.as_ref().map(|verdict| match verdict {
            Verdict::Rotate(_) => "rotate",
            Verdict::Keep(_) => "keep",
        }),
        "next": next_json(row.next),
        "criterion": row.criterion,
        "reason": row.reason(),
        "archives": row.archives.map(|archives| sum_json(archives.all())),
        "family": row.archives.map(|Archives { own, kin, lone }| {
            json!({ "own": sum_json(own), "kin": sum_json(kin), "lone": sum_json(lone) })
        }),
        "obstacle": row.obstacle.as_ref().map(obstacle),
        "archive_obstacles": super::json::obstacles(&row.archive_obstacles),
    })
}

/// Returns all logs as one JSON object, with a line end; its schema is `fixtures/schema/status.json`. Each log is written by itself: all of
/// them as one tree of values would take many times the room of the text.
#[must_use]
pub fn json(rows: &[Row], budgets: &Budgets, now: Stamp, errors: &[String]) -> String {
    let object = json!({
        "schema": super::json::SHAPE,
        "program": "logrotate-rs",
        "version": env!("CARGO_PKG_VERSION"),
        "at": iso(now),
        "pools": budgets::pools(&budgets.pools),
        "filesystems": budgets::file_systems(&budgets.file_systems),
        "errors": errors,
    });
    let mut text = object.to_string();
    text.pop();
    text.push_str(",\"logs\":[");
    for (at, row) in rows.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to memory does not fail.
        let _ = write!(text, "{comma}{}", row_json(row));
    }
    text.push_str("]}\n");
    text
}
