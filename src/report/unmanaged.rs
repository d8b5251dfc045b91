//! `--status --unmanaged`: what no stanza takes, in words and as JSON, each with the stanza that would do.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::fault;
use super::style::{Tone, left, paint, right, size, width};
use super::words::{bytes, iso, path};
use crate::clock::Stamp;
use crate::fault::Fault;
use crate::sys::names::{group_name, user_name};
use crate::sys::writers::Writers;
use crate::unmanaged::{Rest, SMALL, Suggestion, Way};

/// All that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The largest first.
    pub rows: Vec<Row>,
    /// Those that are too small to be shown.
    pub small: Rest,
    /// What could not be looked into.
    pub refused: Vec<Fault>,
}

/// A file, or a series of files that differ in their digits.
#[derive(Debug)]
pub struct Row {
    /// The file, of a series the one that was written last.
    pub path: PathBuf,
    /// What all of a series fit.
    pub pattern: PathBuf,
    pub files: u64,
    /// What they take up on disk.
    pub bytes: u64,
    /// When it was written last.
    pub last: Stamp,
    /// Seconds since then.
    pub age: i64,
    /// Who has it open for writing.
    pub writer: Writers,
    /// The stanza that would do, if one can.
    pub suggestion: Option<Suggestion>,
}

/// So many days a file of a series is left after its last write.
const KEPT_DAYS: u32 = 30;

/// Writes the stanza, a directive a line.
fn stanza(suggestion: &Suggestion) -> String {
    let mut lines = match suggestion.way {
        Way::Rotate { in_place, compress } => {
            let method = if in_place { "copytruncate" } else { "create" };
            let mut lines = vec!["weekly".to_owned(), "rotate 4".to_owned()];
            lines.push(if compress { "compress" } else { "nocompress" }.to_owned());
            lines.extend(["missingok", "notifempty", method].map(str::to_owned));
            lines
        }
        // A limit that holds for all stanzas would not wait for `minage`.
        Way::Remove => [
            "daily",
            &format!("minage {KEPT_DAYS}"),
            "maxsize 0",
            "rotate 0",
            "missingok",
            "nocreate",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    if let Some(su) = suggestion.su {
        let user = user_name(su.user.0).unwrap_or_else(|| format!(":{}", su.user.0));
        let group = group_name(su.group.0).unwrap_or_else(|| format!(":{}", su.group.0));
        lines.push(format!("su {user} {group}"));
    }
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("{} {{\n{lines}}}\n", suggestion.word)
}

/// Says how long ago something was.
fn age(seconds: i64) -> String {
    match seconds {
        ..60 => "now".to_owned(),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400..172_800 => "1 day".to_owned(),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn writer(writer: &Writers) -> String {
    match writer {
        Writers::Nobody => "-".to_owned(),
        Writers::Found(Some(program)) => bytes(program.as_encoded_bytes()),
        Writers::Found(None) => "a program".to_owned(),
        Writers::Unknown => "?".to_owned(),
    }
}

/// Says what there is to know of a row besides its figures.
fn remark(row: &Row) -> String {
    let stanza = match row.suggestion.as_ref().map(|suggestion| suggestion.way) {
        Some(Way::Remove) => format!("removes what was not written to for {KEPT_DAYS} days (a run with -f: all)"),
        Some(Way::Rotate { in_place: true, .. }) => {
            "would do; a script that has the program open its log anew loses less than copytruncate".to_owned()
        }
        Some(Way::Rotate { .. }) => "would do".to_owned(),
        None => {
            return format!(
                "{}no stanza would do: a name cannot be written there, is one of several, or is like that of a file that is taken",
                of_series(row)
            );
        }
    };
    format!("{}this stanza {stanza}:", of_series(row))
}

/// Says which files a series has.
fn of_series(row: &Row) -> String {
    match row.files {
        1 => String::new(),
        files => {
            let newest = row.path.file_name().unwrap_or_default();
            format!("{files} files, newest {}: ", bytes(newest.as_encoded_bytes()))
        }
    }
}

/// Returns all for people: the largest first, each with its stanza.
#[must_use]
pub fn text(found: &Found, colours: bool) -> String {
    let head = ["SIZE", "AGE", "WRITER", "FILE"].map(str::to_owned);
    let cells = found.rows.iter().map(|row| {
        let name = if row.files > 1 { &row.pattern } else { &row.path };
        [size(row.bytes), age(row.age), writer(&row.writer), path(name)]
    });
    let lines: Vec<[String; 4]> = [head].into_iter().chain(cells).collect();
    let widest = |column: usize| lines.iter().map(|line| width(&line[column])).max().unwrap_or(0);
    let widths = [widest(0), widest(1), widest(2)];
    let line = |[size, age, writer, file]: &[String; 4]| {
        let [one, two, three] = widths;
        format!(
            "{}  {}  {}  {file}",
            right(size, one),
            left(age, two),
            left(writer, three)
        )
    };
    let mut text = String::new();
    if !found.rows.is_empty() {
        text = format!("{}\n", paint(&line(&lines[0]), Tone::Head, colours));
    }
    for (row, cells) in found.rows.iter().zip(&lines[1..]) {
        // Writing to memory does not fail.
        let _ = writeln!(text, "{}", line(cells));
        let _ = writeln!(text, "    # {}", remark(row));
        for line in row.suggestion.as_ref().map(stanza).iter().flat_map(|text| text.lines()) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text.push_str(&sums(found));
    for fault in &found.refused {
        let _ = writeln!(text, "Not looked into: {}", fault::sentence(fault));
    }
    text
}

/// Says how much there is that is not shown, or that there is nothing to show.
fn sums(found: &Found) -> String {
    let none = if found.rows.is_empty() {
        format!("No file of {} or more is unmanaged.\n", size(SMALL))
    } else {
        String::new()
    };
    match found.small.files {
        0 => none,
        1 => format!("{none}1 smaller file is unmanaged, too: {}.\n", size(found.small.bytes)),
        files => format!(
            "{none}{files} smaller files are unmanaged, too: {} in all.\n",
            size(found.small.bytes)
        ),
    }
}

fn row_json(row: &Row) -> Value {
    let (kind, program) = match &row.writer {
        Writers::Nobody => ("nobody", None),
        Writers::Found(program) => ("program", program.as_ref()),
        Writers::Unknown => ("unknown", None),
    };
    json!({
        "path": path(&row.path),
        "files": row.files,
        "pattern": (row.files > 1).then(|| path(&row.pattern)),
        "bytes": row.bytes,
        "written": iso(row.last),
        "age": row.age,
        "writer": kind,
        "program": program.map(|name| bytes(name.as_encoded_bytes())),
        "stanza": row.suggestion.as_ref().map(stanza),
    })
}

/// Returns all as one JSON object, with a line end; its schema is `fixtures/schema/unmanaged.json`.
#[must_use]
pub fn json(found: &Found, now: Stamp, errors: &[String]) -> String {
    let object = json!({
        "schema": super::json::SHAPE,
        "program": "logrotate-rs",
        "version": env!("CARGO_PKG_VERSION"),
        "at": iso(now),
        "errors": errors,
        "unmanaged": found.rows.iter().map(row_json).collect::<Vec<_>>(),
        "smaller": { "files": found.small.files, "bytes": found.small.bytes },
        "unread": found.refused.iter().map(fault::sentence).collect::<Vec<_>>(),
    });
    format!("{object}\n")
}
