//! What a check found, for people: message, place, the line with the exact part marked, and a remedy.

use super::advice;
use super::screen::Look;
use super::style::{columns, width};
use super::words::{bytes as shown, counted};
use crate::diag::{Place, Severity};
use crate::lint::{Checked, Finding};

/// Lines of a configuration are cut to this many columns where nothing is known of a terminal.
const USUAL_WIDTH: usize = 200;
/// What stands for what is cut off.
const CUT: &str = "…";

/// Writes all findings, and a summary.
#[must_use]
pub fn text(checked: &Checked, look: &Look) -> String {
    let mut out = String::new();
    for finding in &checked.findings {
        one(finding, look, &mut out);
        out.push('\n');
    }
    out.push_str(&summary(checked));
    out
}

fn one(finding: &Finding, look: &Look, out: &mut String) {
    let (word, colour) = match finding.severity() {
        Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
        Severity::Note => ("note", "1;36"),
    };
    let head = format!("{word}[{}]", finding.code());
    let message = folded(&advice::message(finding), width(&head) + 2, 4, look);
    out.push_str(&format!(
        "{}: {}\n",
        look.paint(colour, &head),
        look.paint("1", &message)
    ));
    let margin = finding.place.as_ref().map_or(1, |place| place.line.to_string().len());
    let blank = " ".repeat(margin);
    if let Some(place) = &finding.place {
        let arrow = look.paint("1;34", "-->");
        out.push_str(&format!("{blank}{arrow} {}\n", spot(place)));
        let room = look.width.unwrap_or(USUAL_WIDTH).saturating_sub(margin + 4).max(20);
        let (line, under) = marked(&finding.excerpt, place, room);
        let bar = look.paint("1;34", "|");
        let number = look.paint("1;34", &place.line.to_string());
        out.push_str(format!("{number} {bar} {line}").trim_end());
        out.push_str(&format!(
            "\n{blank} {bar} {}{}\n",
            under.0,
            look.paint(colour, &under.1)
        ));
    }
    let sign = look.paint("1;34", "=");
    if let Some((place, why)) = finding.related.as_ref().zip(advice::related(finding)) {
        out.push_str(&format!("{blank} {sign} {why}: {}\n", spot(place)));
    }
    let remedy = folded(&advice::remedy(finding), margin + 11, margin + 11, look);
    out.push_str(&format!("{blank} {sign} remedy: {remedy}\n"));
}

/// Breaks a text between words where the terminal ends; `used` columns are taken on the first line, `indent` on the others.
fn folded(text: &str, used: usize, indent: usize, look: &Look) -> String {
    let Some(room) = look.width else {
        return text.to_owned();
    };
    let (mut out, mut column) = (String::new(), used);
    for word in text.split(' ') {
        let wide = width(word);
        if column > used.max(indent) && column + wide > room {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        }
        out.push_str(word);
        out.push(' ');
        column += wide + 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// Writes a place as editors read it.
fn spot(place: &Place) -> String {
    let file = shown(place.file.as_os_str().as_encoded_bytes());
    format!("{file}:{}:{}", place.line, place.column)
}

/// Returns the line as it can be shown, and blanks and carets for the line under it.
fn marked(line: &[u8], place: &Place, room: usize) -> (String, (String, String)) {
    let start = (place.column as usize - 1).min(line.len());
    let end = (start + place.length as usize).min(line.len());
    let part = |from: usize, to: usize| {
        let pieces = line[from..to].split(|byte| *byte == b'\t');
        pieces.map(shown).collect::<Vec<_>>().join("    ")
    };
    let (mut before, marked, mut after) = (part(0, start), part(start, end), part(end, line.len()));
    let marked = cut_end(marked, room);
    if width(&before) + width(&marked) > room {
        before = cut_start(&before, room - width(&marked));
    }
    after = cut_end(after, room.saturating_sub(width(&before) + width(&marked)));
    let under = (" ".repeat(width(&before)), "^".repeat(width(&marked).max(1)));
    (before + &marked + &after, under)
}

/// Keeps the beginning of a text, in so many columns.
fn cut_end(text: String, room: usize) -> String {
    if width(&text) <= room {
        return text;
    }
    let mut left = room.saturating_sub(1);
    let keep = text.chars().take_while(|one| {
        let fits = columns(*one) <= left;
        left = left.saturating_sub(columns(*one));
        fits
    });
    let kept: String = keep.collect();
    if room == 0 { kept } else { kept + CUT }
}

/// Keeps the end of a text, in so many columns.
fn cut_start(text: &str, room: usize) -> String {
    let mut over = (width(text) + 1).saturating_sub(room);
    let rest = text.chars().skip_while(|one| {
        let goes = over > 0;
        over = over.saturating_sub(columns(*one));
        goes
    });
    let rest: String = rest.collect();
    if room == 0 { rest } else { format!("{CUT}{rest}") }
}

fn summary(checked: &Checked) -> String {
    let (errors, warnings) = (checked.count(Severity::Error), checked.count(Severity::Warning));
    let read = format!(
        "{} in {}",
        counted(checked.stanzas, "stanza"),
        counted(checked.files, "file")
    );
    let mut out = if errors + warnings == 0 {
        format!("{read}: no problems found.")
    } else {
        format!(
            "{read}: {}, {}.",
            counted(errors, "error"),
            counted(warnings, "warning")
        )
    };
    if checked.allowed > 0 {
        out.push_str(&format!(" Allowed: {}.", counted(checked.allowed, "finding")));
    }
    if checked.broken > 0 {
        out.push_str(&format!(" Left out by a run: {}.", counted(checked.broken, "stanza")));
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;

    fn at(column: u32, length: u32) -> Place {
        Place {
            file: Arc::from(Path::new("c")),
            line: 1,
            column,
            length,
        }
    }

    #[test]
    fn carets_stand_under_the_part_whatever_stands_before_it() {
        let table = [
            ("rotate x", 8, 1, "rotate x", 7, 1),
            ("\trotate x", 9, 1, "    rotate x", 11, 1),
            ("/ログ rotate", 9, 6, "/ログ rotate", 6, 6),
            ("a\\tb\tc", 4, 1, "a\\tb    c", 3, 1),
            ("rotate", 7, 0, "rotate", 6, 1),
            ("rotate", 5, 99, "rotate", 4, 2),
        ];
        for (line, column, length, shown, before, carets) in table {
            let (text, under) = marked(line.as_bytes(), &at(column, length), 60);
            assert_eq!(
                (text.as_str(), under.0.len(), under.1.len()),
                (shown, before, carets),
                "{line}"
            );
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_part() {
        let line = format!("{}HERE{}", "a".repeat(100), "b".repeat(100));
        let (text, under) = marked(line.as_bytes(), &at(101, 4), 30);
        assert!(width(&text) <= 30, "{text}");
        assert_eq!(
            &text.chars().skip(under.0.len()).take(under.1.len()).collect::<String>(),
            "HERE"
        );
    }

    #[test]
    fn a_sentence_is_folded_between_words_where_the_terminal_ends() {
        let narrow = Look {
            width: Some(20),
            ..Look::default()
        };
        assert_eq!(
            folded("one two three four five", 6, 2, &narrow),
            "one two three\n  four five"
        );
        assert_eq!(
            folded("one two three four five", 6, 2, &Look::default()),
            "one two three four five"
        );
        assert_eq!(
            folded("https://example.com/very/long", 6, 2, &narrow),
            "https://example.com/very/long"
        );
    }

    #[test]
    fn without_a_finding_the_summary_says_what_was_read() {
        let checked = Checked {
            files: 1,
            stanzas: 2,
            ..Checked::default()
        };
        assert_eq!(
            text(&checked, &Look::default()),
            "2 stanzas in 1 file: no problems found.\n"
        );
    }
}
