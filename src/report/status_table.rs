//! `--status` as a table: a line a log where the terminal is wide enough, two lines where it is not.
//!
//! Nothing is cut off. A log whose name does not fit its column has the name on a line of its own.

use super::status::Row;
use super::style::{Tone, left, paint, right, size, width};
use super::words::{path, place};
use crate::clock::Stamp;
use crate::obstacle::Obstacle;
use crate::schedule::NextDue;

/// What the table is made for.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// How many columns there are; `None` where no terminal sets a limit.
    pub columns: Option<usize>,
    pub colours: bool,
    /// The present, so that times of today are short.
    pub now: Stamp,
}

/// Blanks between columns.
const GAP: usize = 2;

/// The cells of a row, as text.
struct Cells {
    log: String,
    size: String,
    last: String,
    next: String,
    archives: String,
    why: String,
    stanza: String,
    tone: Option<Tone>,
}

/// Returns the table.
#[must_use]
pub fn table(rows: &[Row], page: Page) -> String {
    if rows.is_empty() {
        return "No logs are configured.\n".to_owned();
    }
    let long: Vec<Cells> = rows.iter().map(|row| cells(row, |stamp| stamp.to_string())).collect();
    let head = head();
    let widths = widths(&head, &long);
    let needed = widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
    match page.columns {
        Some(columns) if needed > columns => two_lines(rows, &head, columns, page),
        _ => one_line(&head, &long, &widths, page),
    }
}

fn head() -> Cells {
    Cells {
        log: "LOG".to_owned(),
        size: "SIZE".to_owned(),
        last: "LAST".to_owned(),
        next: "NEXT".to_owned(),
        archives: "ARCHIVES".to_owned(),
        why: "WHY".to_owned(),
        stanza: "STANZA".to_owned(),
        tone: Some(Tone::Head),
    }
}

fn cells(row: &Row, stamp: impl Fn(Stamp) -> String) -> Cells {
    let dash = || "-".to_owned();
    let next = match row.next {
        _ if row.obstacle.is_some() => "never".to_owned(),
        None => dash(),
        Some(NextDue::Now) => "now".to_owned(),
        Some(NextDue::At(at)) => stamp(at.local),
        Some(NextDue::WhenSize(bytes)) => format!("at {}", size(bytes)),
        Some(NextDue::WhenFilled) => "not empty".to_owned(),
    };
    let tone = match (&row.obstacle, row.next) {
        (
            Some(Obstacle::Missing { is_fine: true } | Obstacle::NoMatch { is_fine: true } | Obstacle::PassedOver(_)),
            _,
        ) => Some(Tone::Odd),
        (Some(_), _) => Some(Tone::Bad),
        (None, Some(NextDue::Now)) => Some(Tone::Good),
        (None, _) => None,
    };
    Cells {
        log: path(&row.log),
        size: row.size.map_or_else(dash, size),
        last: row.last.map_or_else(|| "never".to_owned(), &stamp),
        next,
        archives: row.archives.map_or_else(dash, |archives| match archives.all().files {
            0 => "0".to_owned(),
            files => format!("{files}, {}", size(archives.all().bytes)),
        }),
        why: row.why(),
        stanza: place(&row.place),
        tone,
    }
}

fn widths(head: &Cells, rows: &[Cells]) -> [usize; 7] {
    let mut widths = [0; 7];
    for cells in rows.iter().chain([head]) {
        let Cells {
            log,
            size,
            last,
            next,
            archives,
            stanza,
            why,
            ..
        } = cells;
        for (widest, text) in widths.iter_mut().zip([log, size, last, next, archives, stanza, why]) {
            *widest = (*widest).max(width(text));
        }
    }
    widths
}

fn one_line(head: &Cells, rows: &[Cells], widths: &[usize; 7], page: Page) -> String {
    let mut text = String::new();
    for cells in [head].into_iter().chain(rows) {
        let line = format!(
            "{}  {}  {}  {}  {}  {}  {}",
            left(&cells.log, widths[0]),
            right(&cells.size, widths[1]),
            left(&cells.last, widths[2]),
            toned(&left(&cells.next, widths[3]), cells, page),
            left(&cells.archives, widths[4]),
            left(&cells.stanza, widths[5]),
            toned(&cells.why, cells, page),
        );
        push_line(&mut text, line.trim_end(), cells, page);
    }
    text
}

fn two_lines(rows: &[Row], head: &Cells, columns: usize, page: Page) -> String {
    let short = |stamp: Stamp| {
        let Stamp {
            year,
            month,
            day,
            hour,
            minute,
            ..
        } = stamp;
        if (year, month, day) == (page.now.year, page.now.month, page.now.day) {
            format!("{hour:02}:{minute:02}")
        } else {
            format!("{year:04}-{month:02}-{day:02}")
        }
    };
    let rows: Vec<Cells> = rows.iter().map(|row| cells(row, short)).collect();
    let widths = widths(head, &rows);
    let rest = widths[1..5].iter().sum::<usize>() + GAP * 4;
    let log = widths[0].min(columns.saturating_sub(rest)).max(width("LOG"));
    let mut text = String::new();
    for cells in [head].into_iter().chain(&rows) {
        let mut name = cells.log.as_str();
        if width(name) > log {
            text.push_str(name);
            text.push('\n');
            name = "";
        }
        let line = format!(
            "{}  {}  {}  {}  {}",
            left(name, log),
            right(&cells.size, widths[1]),
            left(&cells.last, widths[2]),
            toned(&left(&cells.next, widths[3]), cells, page),
            left(&cells.archives, widths[4]),
        );
        push_line(&mut text, line.trim_end(), cells, page);
        let is_head = cells.tone == Some(Tone::Head);
        text.push_str(&below(
            cells,
            if is_head { None } else { cells.tone },
            columns,
            page.colours,
        ));
    }
    text
}

/// Returns the lines below a log's: why, and where its stanza is; on one line where both fit.
fn below(cells: &Cells, tone: Option<Tone>, columns: usize, colours: bool) -> String {
    const INDENT: &str = "    ";
    if cells.tone == Some(Tone::Head) {
        return String::new();
    }
    let why = tone.map_or_else(|| cells.why.clone(), |tone| paint(&cells.why, tone, colours));
    let stanza = paint(&cells.stanza, Tone::Faint, colours);
    let joined = INDENT.len() + width(&cells.why) + GAP + width(&cells.stanza);
    if joined <= columns {
        return format!("{INDENT}{why}  {stanza}\n");
    }
    format!("{INDENT}{why}\n{INDENT}{stanza}\n")
}

fn toned(text: &str, cells: &Cells, page: Page) -> String {
    match cells.tone {
        Some(tone) if tone != Tone::Head => paint(text, tone, page.colours),
        _ => text.to_owned(),
    }
}

fn push_line(text: &mut String, line: &str, cells: &Cells, page: Page) {
    if cells.tone == Some(Tone::Head) {
        text.push_str(&paint(line, Tone::Head, page.colours));
    } else {
        text.push_str(line);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock::tests::{berlin, stamp};
    use crate::diag::Place;
    use crate::report::status::{Archives, Sum};

    fn row(log: &str, next: NextDue) -> Row {
        Row {
            log: log.into(),
            place: Place {
                file: Path::new("/etc/logrotate.d/app").into(),
                line: 3,
                column: 1,
                length: 0,
            },
            size: Some(1536),
            last: Some(stamp("2026-11-22 0:5:0")),
            verdict: None,
            next: Some(next),
            criterion: "daily".to_owned(),
            lacks: None,
            archives: Some(Archives {
                own: Sum { files: 7, bytes: 4096 },
                ..Archives::default()
            }),
            obstacle: None,
            archive_obstacles: Vec::new(),
        }
    }

    fn page(columns: Option<usize>) -> Page {
        Page {
            columns,
            colours: false,
            now: stamp("2026-11-22 9"),
        }
    }

    fn rows() -> Vec<Row> {
        let mut missing = row("/var/log/\u{30ed}\u{30b0}.log", NextDue::Now);
        (missing.size, missing.last, missing.next) = (None, None, None);
        missing.obstacle = Some(Obstacle::Missing { is_fine: true });
        let long = "/var/log/unattended-upgrades/unattended-upgrades-dpkg.log";
        vec![
            row("/var/log/app.log", NextDue::At(berlin("2026-11-23").moment())),
            missing,
            row(long, NextDue::WhenSize(1 << 20)),
        ]
    }

    #[test]
    fn a_wide_page_has_a_line_a_log() {
        let table = table(&rows()[..2], page(Some(200)));
        let expected = "\
LOG                SIZE  LAST              NEXT              ARCHIVES  STANZA                  WHY
/var/log/app.log   1.5K  2026-11-22 00:05  2026-11-23 00:00  7, 4.0K   /etc/logrotate.d/app:3  daily
/var/log/\u{30ed}\u{30b0}.log     -  never             never             7, 4.0K   /etc/logrotate.d/app:3  it does not exist, which missingok allows
";
        assert_eq!(table, expected);
    }

    #[test]
    fn a_narrow_page_has_two_and_nothing_is_cut_off() {
        let table = table(&rows(), page(Some(80)));
        let expected = "\
LOG                                            SIZE  LAST   NEXT        ARCHIVES
/var/log/app.log                               1.5K  00:05  2026-11-23  7, 4.0K
    daily  /etc/logrotate.d/app:3
/var/log/\u{30ed}\u{30b0}.log                                 -  never  never       7, 4.0K
    it does not exist, which missingok allows  /etc/logrotate.d/app:3
/var/log/unattended-upgrades/unattended-upgrades-dpkg.log
                                               1.5K  00:05  at 1.0M     7, 4.0K
    daily  /etc/logrotate.d/app:3
";
        assert_eq!(table, expected);
        assert!(table.lines().all(|line| width(line) <= 80));
    }

    #[test]
    fn where_it_is_no_terminal_there_is_no_limit() {
        assert_eq!(table(&rows(), page(None)).lines().count(), 4);
        assert_eq!(table(&[], page(None)), "No logs are configured.\n");
    }

    #[test]
    fn colours_change_nothing_but_the_colour() {
        let coloured = table(
            &rows(),
            Page {
                colours: true,
                ..page(Some(80))
            },
        );
        let plain: String = coloured
            .split('\x1b')
            .map(|part| {
                part.split_once('m')
                    .map_or(part, |(code, rest)| if code.starts_with('[') { rest } else { part })
            })
            .collect();
        assert!(coloured.contains("\x1b["));
        assert_eq!(plain, table(&rows(), page(Some(80))));
    }
}
