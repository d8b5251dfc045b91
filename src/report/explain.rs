//! `--explain`: everything about one log, for people and as JSON.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::style::{Tone, left, paint, size, width};
use super::words::{bytes, list, path, place, word};
use super::{accounts, status, text};
use crate::config::directive::Row;
use crate::diag::Place;
use crate::policy::directives::{Shown, Word};
use crate::schedule::{NextDue, Verdict};

/// A setting as it holds, and which line made it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// As one would write it in a configuration.
    pub text: String,
    /// Who set it; `None` is the default.
    pub set_at: Option<Place>,
}

/// A stanza that names the log and does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loser {
    /// Where it begins.
    pub place: Option<Place>,
    /// Why it does not have the log.
    pub why: Loses,
}

/// Why a stanza does not have a log that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loses {
    /// The first stanza has it, and this is an error.
    Refused,
    /// The first stanza has it, which `ignoreduplicates` makes no error.
    Allowed,
    /// The first stanza has it by another path.
    ByAnotherPath,
    /// Another stanza has it by a path by which it can be rotated.
    CouldNot,
}

impl Loses {
    fn sentence(self) -> &'static str {
        match self {
            Self::Refused => "an error, since the first stanza has it",
            Self::Allowed => "the first stanza has it, and ignoreduplicates allows that",
            Self::ByAnotherPath => "by another path; the first stanza has it",
            Self::CouldNot => "by another path, by which it could not rotate it",
        }
    }
}

/// A line of the plan.
#[derive(Clone, Debug)]
pub struct PlanLine {
    /// `step`, `script` or `error`.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// What there is to say of a log.
#[derive(Clone, Debug)]
pub struct Account {
    /// What is known of it, its stanza's place included.
    pub row: status::Row,
    /// The stanza's path list as written.
    pub written: Vec<u8>,
    /// The other stanzas that name it.
    pub losers: Vec<Loser>,
    /// The settings.
    pub settings: Vec<Effective>,
    /// The steps.
    pub plan: Vec<PlanLine>,
    /// The run that the plan is of was forced: with `-f`, or since the log is not due.
    pub forced: bool,
}

/// Writes a setting as one would in a configuration; of a script the first line.
#[must_use]
pub fn setting(row: &Row, shown: &Shown) -> String {
    let mut line = row.name.to_owned();
    match shown {
        Shown::On | Shown::Off(_) => {}
        Shown::With(words) => words.iter().for_each(|word| {
            let _ = write!(line, " {}", argument(word));
        }),
        Shown::Script(script) => {
            let lines = script.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            let mut lines = lines.filter(|line| !line.is_empty());
            let _ = write!(line, ": {}", bytes(lines.next().unwrap_or_default()));
            if lines.next().is_some() {
                line.push_str(" ...");
            }
        }
    }
    line
}

fn argument(argument: &Word) -> String {
    match argument {
        Word::Text(text) => word(text),
        Word::Number(number) => number.to_string(),
        Word::Mode(mode) => format!("{:04o}", mode.0),
        Word::User(user) => accounts::user(user.0),
        Word::Group(group) => accounts::group(group.0),
    }
}

/// Says that there is nothing to say of a log.
#[must_use]
pub fn unknown(log: &Path) -> String {
    format!("error: no stanza names {}\n", path(log))
}

/// Returns it for people.
#[must_use]
pub fn text(account: &Account, colours: bool) -> String {
    let head = |text: &str| paint(text, Tone::Head, colours);
    let row = &account.row;
    let mut out = format!("{}\n\n", head(&path(&row.log)));
    let _ = writeln!(
        out,
        "{}\n  {}  {}",
        head("Stanza"),
        place(&row.place),
        list(&account.written)
    );
    for loser in &account.losers {
        let at = loser.place.as_ref().map(place).unwrap_or_default();
        let _ = writeln!(out, "  {at}  names it, too: {}", loser.why.sentence());
    }
    let _ = writeln!(out, "\n{}", head("Settings"));
    let widest = account
        .settings
        .iter()
        .map(|one| width(&one.text))
        .filter(|width| *width <= 40)
        .max();
    for one in &account.settings {
        let at = one
            .set_at
            .as_ref()
            .map_or_else(|| paint("default", Tone::Faint, colours), place);
        let _ = writeln!(out, "  {}  {at}", left(&one.text, widest.unwrap_or(0)));
    }
    let _ = writeln!(out, "\n{}", head("Now"));
    for line in standing(row) {
        let _ = writeln!(out, "  {line}");
    }
    out.push_str(&plan(account, colours));
    out
}

fn standing(row: &status::Row) -> Vec<String> {
    let last = row.last.map_or_else(
        || "no rotation is known".to_owned(),
        |last| format!("last rotated at {last}"),
    );
    let size_now = row.size.map_or_else(
        || "no file".to_owned(),
        |bytes| format!("{} ({bytes} bytes)", size(bytes)),
    );
    let mut lines = vec![format!("{size_now}, {last}")];
    if let Some(sum) = row.archives {
        lines.push(format!("archives: {}, which take up {}", sum.files, size(sum.bytes)));
    }
    if let Some(obstacle) = &row.obstacle {
        lines.push(format!("it is not rotated: {}", status::obstacle(obstacle)));
        return lines;
    }
    match &row.verdict {
        None => {}
        Some(Verdict::Rotate(cause)) => lines.push(format!("it is due: {}", text::cause(*cause))),
        Some(Verdict::Keep(_)) if row.last.is_none() => {
            lines.push("it is not due: it is seen for the first time, and its time counts from then".to_owned());
        }
        Some(Verdict::Keep(why)) => lines.push(format!("it is not due: {}", text::kept(*why))),
    }
    if row.stays_for_emptiness {
        lines.push("it is empty, under notifempty: it is left alone until it has content".to_owned());
    }
    lines.extend(match row.next {
        Some(NextDue::At(at)) => Some(format!("it will be due at {at} ({})", row.criterion)),
        Some(NextDue::WhenSize(bytes)) => Some(format!("it will be due when it has {bytes} bytes")),
        Some(NextDue::WhenFilled) => Some("it will be due when it has content".to_owned()),
        Some(NextDue::Now) | None => None,
    });
    lines
}

fn plan(account: &Account, colours: bool) -> String {
    let is_due = matches!(account.row.verdict, Some(Verdict::Rotate(_)));
    let title = if is_due { "Plan" } else { "Plan, once it is due" };
    let mut out = format!("\n{}\n", paint(title, Tone::Head, colours));
    if account.plan.is_empty() {
        out.push_str("  nothing\n");
    }
    for (index, line) in account.plan.iter().enumerate() {
        let text = line.text.replace('\n', "\n     ");
        let text = if line.kind == "error" {
            paint(&format!("error: {text}"), Tone::Bad, colours)
        } else {
            text
        };
        let _ = writeln!(out, "  {}. {text}", index + 1);
    }
    out
}

/// Returns it as one JSON object, with a line end; its schema is `fixtures/schema/explain.json`.
#[must_use]
pub fn json(account: &Account, errors: &[String]) -> String {
    let place = |at: Option<&Place>| (at.map(|at| path(&at.file)), at.map(|at| at.line));
    let settings = account.settings.iter().map(|one| {
        let (file, line) = place(one.set_at.as_ref());
        json!({ "text": one.text, "file": file, "line": line })
    });
    let losers = account.losers.iter().map(|loser| {
        let (file, line) = place(loser.place.as_ref());
        json!({ "file": file, "line": line, "reason": loser.why.sentence() })
    });
    let plan = account
        .plan
        .iter()
        .map(|line| json!({ "kind": line.kind, "text": line.text }));
    let object = json!({
        "schema": super::json::SHAPE,
        "program": "logrotate-rs",
        "version": env!("CARGO_PKG_VERSION"),
        "log": status::row_json(&account.row),
        "pattern": list(&account.written),
        "also_named": losers.collect::<Vec<Value>>(),
        "settings": settings.collect::<Vec<Value>>(),
        "plan": plan.collect::<Vec<Value>>(),
        "forced": account.forced,
        "errors": errors,
    });
    format!("{object}\n")
}
