//! The transcripts of the README, and what the manuals show of messages and of the state file: the program says the same.
//!
//! Each command is run in a terminal of 80 columns, on the machine of `fixtures/transcripts`. A line `...` in a document
//! stands for lines that it leaves out. `BLESS=1` writes the README's transcripts anew, as far as they show lines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use super::{PROGRAM_MANUALS, read};
use crate::support::difference::difference;
use crate::support::manifest::Place;
use crate::support::terminal::InTerminal;
use crate::support::{blessing, clock, fresh_dir, need, need_root, ours, project, shell};

/// How wide the terminal of the documents is.
const COLUMNS: u16 = 80;
/// The time on the machine of the documents.
const NOW: &str = "2026-11-23 01:06:00";
/// The same as seconds since 1970.
const NOW_EPOCH: i64 = 1_795_395_960;
/// What has a program find the machine's directories in the place of this one's; the logs in memory, where files take up as much
/// on every machine.
const MOVE_IN: &str = "mount --bind \"$ROOT/etc\" /etc && mount --bind \"$ROOT/lib\" /var/lib && \
                       mount -t tmpfs none /var/log && cp -a \"$ROOT/log/.\" /var/log && cd \"$ROOT/home\" && exec \"$@\"";

/// A command of a document, and the lines that follow it there.
struct Transcript {
    command: String,
    /// How many lines of the document stand before those shown.
    at: usize,
    shown: Vec<String>,
}

/// Returns the transcripts of a text in Markdown: the blocks that begin with a prompt.
fn transcripts(markdown: &str) -> Vec<Transcript> {
    let mut found: Vec<Transcript> = Vec::new();
    let (mut inside, mut is_transcript) = (false, false);
    for (number, line) in markdown.lines().enumerate() {
        if line.starts_with("```") {
            (inside, is_transcript) = (!inside, false);
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            is_transcript = true;
            found.push(Transcript {
                command: command.to_owned(),
                at: number + 1,
                shown: Vec::new(),
            });
        } else if is_transcript {
            if let Some(last) = found.last_mut() {
                last.shown.push(line.to_owned());
            }
        }
    }
    found
}

/// Makes the machine; `None` where there are no rights for that.
fn machine(name: &str) -> Option<PathBuf> {
    if !need_root() || !need("unshare") {
        return None;
    }
    let root = fresh_dir(name);
    let place = Place {
        root: &root,
        now: NOW_EPOCH,
        began: SystemTime::now(),
    };
    place.plant(&fs::read_to_string(project().join("fixtures/transcripts/machine")).unwrap());
    std::os::unix::fs::symlink(ours(), root.join("bin/logrotate")).unwrap();
    Some(root)
}

/// Makes a command that runs on the machine.
fn on(root: &Path, now: &str, words: &[&str]) -> Command {
    let mut all = vec!["--mount", "/bin/sh", "-c", MOVE_IN, "sh"];
    all.extend(words);
    let mut command = shell(root, "unshare", &all);
    let path = format!("{}/bin:/usr/sbin:/usr/bin:/sbin:/bin", root.display());
    command.env("PATH", path).env("TERM", "dumb");
    clock::stop_at(&mut command, now, "UTC");
    command
}

/// Tells whether a text has the lines shown, from its beginning to its end but for those left out.
fn agrees(shown: &[String], said: &[&str]) -> bool {
    let Some((first, rest)) = shown.split_first() else {
        return said.is_empty();
    };
    if !leaves_out(first) {
        return said
            .split_first()
            .is_some_and(|(one, more)| one == first && agrees(rest, more));
    }
    (0..=said.len()).any(|left_out| agrees(rest, &said[left_out..]))
}

/// Tells if a line of a document stands for lines that it leaves out.
fn leaves_out(line: &str) -> bool {
    line.trim() == "..."
}

/// Shows what was said instead of what is shown: all of it, or as many lines between those left out as now, where most are the same.
fn anew(shown: &[String], said: &[&str]) -> Vec<String> {
    let parts: Vec<&[String]> = shown.split(|line| leaves_out(line)).collect();
    if parts.len() == 1 {
        return said.iter().map(|line| (*line).to_owned()).collect();
    }
    let (mut lines, mut at) = (Vec::new(), 0);
    for (number, part) in parts.iter().enumerate() {
        let end = said.len().saturating_sub(part.len()).max(at);
        let alike = |from: &usize| {
            part.iter()
                .zip(&said[*from..])
                .filter(|(one, other)| one == *other)
                .count()
        };
        at = match number {
            0 => 0,
            _ if number + 1 == parts.len() => end,
            _ => (at..=end).rev().max_by_key(alike).unwrap_or(at),
        };
        let to = said.len().min(at + part.len());
        lines.extend(said[at..to].iter().map(|line| (*line).to_owned()));
        lines.extend(shown.iter().filter(|line| leaves_out(line)).nth(number).cloned());
        at = to;
    }
    lines
}

#[test]
fn a_transcript_that_is_written_anew_leaves_out_what_it_left_out() {
    let table = [
        ("a\nb", "c\nd\ne", "c\nd\ne"),
        ("a\n...", "b\nc\nd", "b\n..."),
        ("...\na\nb", "c\na\nx", "...\na\nx"),
        ("a\n  ...\nb\nc\n...", "x\ny\nb\nz\nv", "x\n  ...\nb\nz\n..."),
        ("a\n...\nb", "x", "x\n..."),
    ];
    for (shown, said, wanted) in table {
        let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
        let said: Vec<&str> = said.lines().collect();
        let written = anew(&shown, &said);
        assert_eq!(written.join("\n"), wanted);
        assert!(agrees(&written, &said), "{written:?}");
    }
}

#[test]
fn lines_left_out_may_be_many_or_none_and_all_others_must_be_there() {
    let table = [
        ("a\nb", "a\nb", true),
        ("a\n...", "a\nb\nc", true),
        ("...\nc", "a\nb\nc", true),
        ("a\n  ...\nc", "a\nc", true),
        ("a\n...\nb", "a\nc", false),
        ("a", "a\nb", false),
        ("b", "a\nb", false),
        ("a...", "ab", false),
    ];
    for (shown, said, is) in table {
        let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
        let said: Vec<&str> = said.lines().collect();
        assert_eq!(agrees(&shown, &said), is, "{shown:?} {said:?}");
    }
}

#[test]
fn the_transcripts_of_the_readme_are_what_the_program_says() {
    let Some(root) = machine("documents-transcripts") else {
        return;
    };
    let all = transcripts(&read("README.md"));
    for option in ["--check", "--status", "--explain"] {
        let is_shown = |one: &&Transcript| one.command.split(' ').any(|word| word == option) && one.shown.len() > 5;
        assert_eq!(
            all.iter().filter(is_shown).count(),
            1,
            "README.md is to have one transcript (\"$ logrotate …\") of {option}"
        );
    }
    let mut readme: Vec<String> = read("README.md").lines().map(str::to_owned).collect();
    let mut wrong = Vec::new();
    for Transcript { command, at, shown } in all.iter().rev() {
        let words: Vec<&str> = command.split(' ').collect();
        let said = InTerminal::start(on(&root, NOW, &words), COLUMNS).finish();
        let lines: Vec<&str> = said.lines().collect();
        if !agrees(shown, &lines) {
            let anew = anew(shown, &lines);
            let changes = difference(&shown.join("\n"), &anew.join("\n"));
            wrong.push(format!(
                "README.md:{at}: `{command}` says otherwise (- shown, + said); BLESS=1 writes it anew:\n{changes}"
            ));
            readme.splice(at..&(at + shown.len()), anew);
        }
    }
    if blessing() && !wrong.is_empty() {
        return fs::write(project().join("README.md"), readme.join("\n") + "\n").unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Takes what man's macros need out of a line of an example.
fn unescaped(manual: &str) -> String {
    manual.replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")
}

#[test]
fn the_message_that_the_manuals_show_is_what_the_program_says() {
    let Some(root) = machine("documents-message") else {
        return;
    };
    fs::write(
        root.join("etc/logrotate.d/app"),
        "/var/log/app/app.log {\n    daily\n    rotat 7\n}\n",
    )
    .unwrap();
    let output = on(&root, NOW, &["logrotate", "/etc/logrotate.conf"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.lines().find(|line| line.contains("rotat'"));
    let line = line.unwrap_or_else(|| panic!("no such message in {said}"));
    for path in PROGRAM_MANUALS {
        assert!(
            unescaped(&read(path)).lines().any(|one| one == line),
            "{path} does not show: {line}"
        );
    }
}

#[test]
fn the_line_of_the_state_that_the_manuals_show_is_what_the_program_writes() {
    let Some(root) = machine("documents-state") else {
        return;
    };
    fs::write(root.join("etc/logrotate.conf"), "/var/log/syslog {\n    rotate 1\n}\n").unwrap();
    fs::write(root.join("log/syslog"), "line\n").unwrap();
    let run = on(
        &root,
        "2026-11-22 00:00:07",
        &["logrotate", "-f", "/etc/logrotate.conf"],
    )
    .status();
    assert!(run.unwrap().success());
    let state = fs::read_to_string(root.join("lib/logrotate/status")).unwrap();
    let line = state.lines().find(|line| line.contains("syslog"));
    let line = line.unwrap_or_else(|| panic!("no entry in {state}"));
    for path in PROGRAM_MANUALS {
        let manual = unescaped(&read(path));
        assert!(manual.lines().any(|one| one == line), "{path} does not show: {line}");
        let first = state.lines().next().unwrap();
        assert!(manual.contains(first), "{path} does not show: {first}");
    }
}
