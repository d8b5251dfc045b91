//! `--status --orphans`: what lies about, why, and what would end it; as a table, and as JSON.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::fault;
use super::housekeeping::strange;
use super::joined::joined;
use super::style::{Tone, left, paint, right, size, width};
use super::words::{counted, iso, path, place};
use crate::clock::Stamp;
use crate::diag;
use crate::facts::total;
use crate::fault::Fault;
use crate::orphans::{Ending, Kind, Place, Remedy};

/// Files of a log that lie about for one reason.
#[derive(Clone, Debug)]
pub struct Orphans {
    pub log: PathBuf,
    /// The oldest first; never empty.
    pub paths: Vec<PathBuf>,
    /// What they take up on disk, in bytes.
    pub bytes: u64,
    /// When the oldest was changed last, local time.
    pub oldest: Stamp,
    pub kind: Kind,
    /// The line that makes them orphans, if there is one.
    pub place: Option<diag::Place>,
    pub remedy: Option<Remedy>,
    /// The command that removes at once what goes at once.
    pub command: Option<String>,
    /// Why no run works in the log's directory.
    pub refused: Option<Fault>,
}

/// Says why archives lie about.
pub(super) fn why(kind: &Kind) -> String {
    match kind {
        Kind::Beyond(count) => format!("beyond `rotate {count}`"),
        Kind::Ending(Ending::Other) => "compressed by another program".to_owned(),
        Kind::Ending(Ending::Compressed) => "compressed, under `nocompress`".to_owned(),
        Kind::Ending(Ending::Plain) => "plain, under `compress`".to_owned(),
        Kind::Style => "named in another style".to_owned(),
        Kind::Extension => "named with another `extension`".to_owned(),
        Kind::Place(Place::BesideLog) => "beside the log, and not in its `olddir`".to_owned(),
        Kind::Place(Place::Former) => "where archives once were".to_owned(),
        Kind::Backup => "moved out of the way by logrotate".to_owned(),
        Kind::Lone => "the log is gone".to_owned(),
        Kind::Dated(format) => format!("perhaps archives; `formerly dateformat {format}` would tell"),
        Kind::Strange(why) => format!("perhaps archives: {}", strange(*why)),
        Kind::Unclaimed(last) => format!("no stanza has this log; last rotated {}", day(*last)),
    }
}

impl Orphans {
    /// Returns the word for the kind, for other programs.
    fn word(&self) -> &'static str {
        match self.kind {
            Kind::Beyond(_) => "beyond",
            Kind::Ending(_) => "compressor",
            Kind::Style | Kind::Extension => "style",
            Kind::Place(_) => "place",
            Kind::Lone => "lone",
            Kind::Backup => "backup",
            Kind::Unclaimed(_) => "unclaimed",
            Kind::Dated(_) | Kind::Strange(_) => "perhaps",
        }
    }

    fn names(&self) -> String {
        match (&self.kind, self.paths.as_slice()) {
            // What all of them have in common would not show the date.
            (Kind::Dated(_), [first, _, ..]) => format!("{} \u{2026}", path(first)),
            (_, paths) => joined(paths),
        }
    }

    /// Says what would end it, if anything would.
    fn remedy(&self) -> Option<String> {
        if self.refused.is_some() {
            return None;
        }
        let command = self.command.as_deref();
        Some(match (self.remedy?, command) {
            (Remedy::Prune { at_once: 0 }, _) => "`prune` there, which removes them as younger ones come".to_owned(),
            (Remedy::Prune { .. }, None) => "`prune` there".to_owned(),
            (Remedy::Prune { at_once }, Some(command)) if at_once < self.paths.len() => {
                format!("`prune` there, or `{command}`, which removes {at_once} of them at once")
            }
            (Remedy::Prune { .. }, Some(command)) => format!("`prune` there, or `{command}`"),
            (Remedy::PruneAndMaxAge, _) => "`prune` and `maxage` there".to_owned(),
            (Remedy::MaxAge, _) => "`maxage` there".to_owned(),
        })
    }

    /// Returns what stands below: what would end it, or why nothing would.
    fn below(&self) -> Option<String> {
        let refused = self.refused.as_ref();
        let refused = refused.map(|why| format!("no run removes them: {}", fault::sentence(why)));
        refused.or_else(|| self.remedy().map(|remedy| format!("end it: {remedy}")))
    }
}

fn day(stamp: Stamp) -> String {
    let Stamp { year, month, day, .. } = stamp;
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns the table, and the sum of it.
#[must_use]
pub fn table(found: &[Orphans], colours: bool) -> String {
    if found.is_empty() {
        return "Nothing lies about.\n".to_owned();
    }
    let cells: Vec<[String; 3]> = found
        .iter()
        .map(|one| [one.paths.len().to_string(), size(one.bytes), day(one.oldest)])
        .collect();
    let head = ["FILES", "BYTES", "OLDEST"].map(str::to_owned);
    let widest = |at: usize| {
        cells
            .iter()
            .chain([&head])
            .map(|row| width(&row[at]))
            .max()
            .unwrap_or(0)
    };
    let widths = [0, 1, 2].map(widest);
    let line = |[files, bytes, oldest]: &[String; 3], what: &str| {
        let (files, bytes) = (right(files, widths[0]), right(bytes, widths[1]));
        format!("{files}  {bytes}  {}  {what}", left(oldest, widths[2]))
    };
    let mut text = paint(&line(&head, "WHAT"), Tone::Head, colours) + "\n";
    let mut before = None;
    for (one, cells) in found.iter().zip(&cells) {
        let at = one
            .place
            .as_ref()
            .map(|at| format!("  {}", paint(&place(at), Tone::Faint, colours)));
        let what = format!("{}: {}{}", one.names(), why(&one.kind), at.unwrap_or_default());
        text.push_str(&(line(cells, &what) + "\n"));
        // What ends several of a log is said once.
        let below = one.below().map(|below| (&one.log, below));
        if let Some((_, below)) = below.as_ref().filter(|below| before.as_ref() != Some(*below)) {
            let indent = line(&Default::default(), "");
            text.push_str(&format!("{indent}{}\n", paint(below, Tone::Good, colours)));
        }
        before = below.or(before);
    }
    text + &sum(found)
}

fn sum(found: &[Orphans]) -> String {
    let count = |found: &mut dyn Iterator<Item = &Orphans>| found.map(|one| one.paths.len()).sum::<usize>();
    let doubtful = count(&mut found.iter().filter(|one| one.kind.is_doubtful()));
    let bytes = total(found.iter().map(|one| one.bytes));
    let mut text = format!("{}, {}", counted(count(&mut found.iter()), "file"), size(bytes));
    if doubtful > 0 {
        text.push_str(&format!("; {doubtful} of them perhaps"));
    }
    text + "\n"
}

/// Returns what lies about as one JSON object, with a line end; its schema is `fixtures/schema/orphans.json`.
#[must_use]
pub fn json(found: &[Orphans], now: Stamp, errors: &[String]) -> String {
    let object = json!({
        "schema": super::json::SHAPE,
        "program": "logrotate-rs",
        "version": env!("CARGO_PKG_VERSION"),
        "at": iso(now),
        "errors": errors,
        "orphans": found.iter().map(one_json).collect::<Vec<_>>(),
    });
    object.to_string() + "\n"
}

fn one_json(one: &Orphans) -> Value {
    let formerly = match &one.kind {
        Kind::Dated(format) => Some(format!("`formerly dateformat {format}` there")),
        _ => None,
    };
    json!({
        "log": path(&one.log),
        "paths": one.paths.iter().map(|file| path(file)).collect::<Vec<_>>(),
        "bytes": one.bytes,
        "oldest": iso(one.oldest),
        "kind": one.word(),
        "why": why(&one.kind),
        "place": one.place.as_ref().map(|at| json!({ "file": path(&at.file), "line": at.line })),
        "remedy": one.remedy().or(formerly),
        "refused": one.refused.as_ref().map(fault::sentence),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock::tests::stamp;

    fn orphans(log: &str, names: &[&str], kind: Kind, remedy: Option<Remedy>) -> Orphans {
        let directory = Path::new("/var/log");
        Orphans {
            log: directory.join(log),
            paths: names.iter().map(|name| directory.join(name)).collect(),
            bytes: 300 << 20,
            oldest: stamp("2026-03-02"),
            place: (!matches!(kind, Kind::Unclaimed(_))).then(|| diag::Place {
                file: Path::new("/etc/logrotate.d/app").into(),
                line: 4,
                column: 1,
                length: 0,
            }),
            kind,
            remedy,
            command: Some(format!("logrotate --prune --only /var/log/{log}")),
            refused: None,
        }
    }

    #[test]
    fn b11_the_table_says_what_why_where_and_what_would_end_it() {
        let prune = |at_once| Some(Remedy::Prune { at_once });
        let found = [
            orphans("a.log", &["a.log.6", "a.log.5"], Kind::Beyond(3), prune(2)),
            orphans("a.log", &["a.log-20250101.bz2"], Kind::Ending(Ending::Other), prune(1)),
            orphans("b.log", &["b.log.1", "b.log.2"], Kind::Style, prune(1)),
            orphans("c.log", &["c.log.1"], Kind::Lone, Some(Remedy::PruneAndMaxAge)),
            orphans(
                "d.log",
                &["d.log-01-02-2026", "d.log-02-02-2026"],
                Kind::Dated("-%d-%m-%Y".to_owned()),
                None,
            ),
            orphans("e.log", &["e.log.1"], Kind::Unclaimed(stamp("2026-04-07")), None),
        ];
        let expected = "\
FILES   BYTES  OLDEST      WHAT
    2  300.0M  2026-03-02  /var/log/a.log.{5,6}: beyond `rotate 3`  /etc/logrotate.d/app:4
                           end it: `prune` there, or `logrotate --prune --only /var/log/a.log`
    1  300.0M  2026-03-02  /var/log/a.log-20250101.bz2: compressed by another program  /etc/logrotate.d/app:4
    2  300.0M  2026-03-02  /var/log/b.log.{1,2}: named in another style  /etc/logrotate.d/app:4
                           end it: `prune` there, or `logrotate --prune --only /var/log/b.log`, which removes 1 of them at once
    1  300.0M  2026-03-02  /var/log/c.log.1: the log is gone  /etc/logrotate.d/app:4
                           end it: `prune` and `maxage` there
    2  300.0M  2026-03-02  /var/log/d.log-01-02-2026 \u{2026}: perhaps archives; `formerly dateformat -%d-%m-%Y` would tell  /etc/logrotate.d/app:4
    1  300.0M  2026-03-02  /var/log/e.log.1: no stanza has this log; last rotated 2026-04-07
9 files, 1.8G; 2 of them perhaps
";
        assert_eq!(table(&found, false), expected);
        assert_eq!(table(&[], false), "Nothing lies about.\n");
    }
}
