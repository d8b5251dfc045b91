//! `--explain`: everything about one log, for people and as JSON.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::budgets::{self, InPool, OnSystem};
use super::style::{Tone, left, paint, size, width};
use super::words::{bytes, iso, list, path, place, word};
use super::{accounts, orphans, status, text};
use crate::clock::Stamp;
use crate::config::directive::Row;
use crate::diag::Place;
use crate::facts::total;
use crate::orphans::Kind;
use crate::policy::directives::{Shown, Word};
use crate::schedule::{Lack, NextDue, Verdict};

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
pub struct AlsoNamed {
    pub place: Option<Place>,
    pub why: WhyNot,
}

/// Why a stanza does not have a log that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// The first stanza has it, and this is an error.
    Refused,
    /// The first stanza has it, which `ignoreduplicates` makes no error.
    Allowed,
    /// The first stanza has it by another path.
    ByAnotherPath,
    /// Another stanza has it by a path by which it can be rotated.
    CouldNot,
}

impl WhyNot {
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
    pub also_named: Vec<AlsoNamed>,
    pub settings: Vec<Effective>,
    pub pool: Option<InPool>,
    pub room: Option<OnSystem>,
    pub archives: Vec<Heap>,
    /// What will be done; `None` where the log is not rotated, for the obstacle that the row has.
    pub plan: Option<Plan>,
}

/// What of the files that are named like the log's archives is alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heap {
    /// Why no rotation meets them; `None` are those that rotations count.
    pub kind: Option<Kind>,
    pub sum: status::Sum,
}

/// What a rotation of the log would be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The local time that it is planned for: now, or when the log will be due.
    pub at: Stamp,
    /// It is that of a forced run (`-f`), now.
    pub is_forced: bool,
    /// What the log lacks now, and has then.
    pub lacks: Option<Lack>,
    pub lines: Vec<PlanLine>,
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
    for also in &account.also_named {
        let at = also.place.as_ref().map(place).unwrap_or_default();
        let _ = writeln!(out, "  {at}  names it, too: {}", also.why.sentence());
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
    for (title, lines) in [("Budgets", budgets(account)), ("Archives", archives(&account.archives))] {
        if !lines.is_empty() {
            let _ = writeln!(out, "\n{}\n  {}", head(title), lines.join("\n  "));
        }
    }
    out.push_str(&plan(account, colours));
    out
}

fn budgets(account: &Account) -> Vec<String> {
    let pool = account.pool.iter().flat_map(budgets::in_pool);
    pool.chain(account.room.iter().flat_map(budgets::on_system)).collect()
}

/// Says what lies beside the log: its archives, by what they are to it, and what is only named like them.
fn archives(heaps: &[Heap]) -> Vec<String> {
    let is_doubtful = |heap: &&Heap| heap.kind.as_ref().is_some_and(Kind::is_doubtful);
    let (doubtful, members): (Vec<&Heap>, Vec<&Heap>) = heaps.iter().partition(is_doubtful);
    let files = |heaps: &[&Heap]| heaps.iter().map(|heap| heap.sum.files).sum::<u64>();
    let bytes = total(members.iter().map(|heap| heap.sum.bytes));
    let mut parts: Vec<String> = Vec::new();
    let (own, others): (Vec<&Heap>, Vec<&Heap>) = members.iter().partition(|heap| heap.kind.is_none());
    let (lone, kin): (Vec<&Heap>, Vec<&Heap>) = others.iter().partition(|heap| heap.kind == Some(Kind::Lone));
    for (class, heaps) in [("own", own), ("kin", kin), ("lone", lone)] {
        if !heaps.is_empty() {
            parts.push(format!("{} {class}{}", files(&heaps), reasons(&heaps)));
        }
    }
    let mut lines = Vec::new();
    if !parts.is_empty() {
        lines.push(format!("{}, {}: {}", files(&members), size(bytes), parts.join(", ")));
    }
    let strangers = doubtful.iter().map(|heap| {
        let why = heap.kind.as_ref().map(orphans::why).unwrap_or_default();
        format!("{}, {}: {why}", heap.sum.files, size(heap.sum.bytes))
    });
    lines.extend(strangers);
    lines
}

/// Says, in brackets, why no rotation meets archives; how many for each reason, where there are several.
fn reasons(heaps: &[&Heap]) -> String {
    let reasons: Vec<(u64, String)> = heaps
        .iter()
        .filter_map(|heap| Some((heap.sum.files, orphans::why(heap.kind.as_ref()?))))
        .collect();
    match reasons.as_slice() {
        [] => String::new(),
        [(_, why)] => format!(" ({why})"),
        several => {
            let several: Vec<String> = several.iter().map(|(files, why)| format!("{files} {why}")).collect();
            format!(" ({})", several.join(", "))
        }
    }
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
    lines.extend(row.archive_obstacles.iter().map(text::hindrance));
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
    lines.extend(match (row.lacks, row.next) {
        (Some(Lack::Content), _) => {
            Some("it is empty, under notifempty: it is left alone until it has content".to_owned())
        }
        (Some(Lack::Bytes(bytes)), Some(NextDue::At(_))) => Some(format!(
            "it is smaller than minsize: it is left alone until it has {bytes} bytes"
        )),
        _ => None,
    });
    lines.extend(match row.next {
        Some(NextDue::At(at)) => Some(format!("it will be due at {} ({})", at.local, row.criterion)),
        Some(NextDue::WhenSize(bytes)) => Some(format!("it will be due when it has {bytes} bytes")),
        Some(NextDue::WhenFilled) => Some("it will be due when it has content".to_owned()),
        Some(NextDue::Now) | None => None,
    });
    lines
}

fn plan(account: &Account, colours: bool) -> String {
    let row = &account.row;
    let head = |title: &str| paint(title, Tone::Head, colours);
    let Some(plan) = &account.plan else {
        let reason = row.obstacle.as_ref().map(status::obstacle).unwrap_or_default();
        return format!("\n{}\n  none: {reason}\n", head("Plan"));
    };
    let mut out = format!("\n{}\n", head(&title(plan, row.next)));
    if plan.lines.is_empty() {
        out.push_str("  nothing\n");
    }
    for (index, line) in plan.lines.iter().enumerate() {
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

/// Says what the plan is for: what has to come about first, and the time.
fn title(plan: &Plan, next: Option<NextDue>) -> String {
    let has = plan.lacks.map(|lack| match lack {
        Lack::Content => "has content".to_owned(),
        Lack::Bytes(bytes) => format!("has reached {bytes} bytes"),
    });
    let at = plan.at;
    match (plan.is_forced, next, has) {
        (true, _, None) => "Plan of a forced run".to_owned(),
        (true, _, Some(has)) => format!("Plan of a forced run, once it {has}"),
        (false, Some(NextDue::At(_)), None) => format!("Plan, once it is due ({at})"),
        (false, Some(NextDue::At(_)), Some(has)) => format!("Plan, once it is due ({at}) and {has}"),
        (false, _, Some(has)) => format!("Plan, once it {has} (as of {at})"),
        (false, _, None) => "Plan".to_owned(),
    }
}

/// Returns it as one JSON object, with a line end; its schema is `fixtures/schema/explain.json`.
#[must_use]
pub fn json(account: &Account, errors: &[String]) -> String {
    let place = |at: Option<&Place>| (at.map(|at| path(&at.file)), at.map(|at| at.line));
    let settings = account.settings.iter().map(|one| {
        let (file, line) = place(one.set_at.as_ref());
        json!({ "text": one.text, "file": file, "line": line })
    });
    let also_named = account.also_named.iter().map(|also| {
        let (file, line) = place(also.place.as_ref());
        json!({ "file": file, "line": line, "reason": also.why.sentence() })
    });
    let plan = account.plan.as_ref();
    let lines = plan.map(|plan| &plan.lines[..]).unwrap_or_default();
    let lines = lines.iter().map(|line| json!({ "kind": line.kind, "text": line.text }));
    let lacks = plan.and_then(|plan| plan.lacks).map(|lack| match lack {
        Lack::Content => 1,
        Lack::Bytes(bytes) => bytes,
    });
    let is_due = matches!(account.row.verdict, Some(Verdict::Rotate(_)));
    let object = json!({
        "schema": super::json::SHAPE,
        "program": "logrotate-rs",
        "version": env!("CARGO_PKG_VERSION"),
        "log": status::row_json(&account.row),
        "pattern": list(&account.written),
        "also_named": also_named.collect::<Vec<Value>>(),
        "settings": settings.collect::<Vec<Value>>(),
        "plan": lines.collect::<Vec<Value>>(),
        "plan_at": plan.map(|plan| iso(plan.at)),
        "plan_size": lacks,
        "forced": plan.is_some_and(|plan| plan.is_forced) || !is_due,
        "errors": errors,
    });
    format!("{object}\n")
}
