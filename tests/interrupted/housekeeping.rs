//! Killed at every changing call of housekeeping: what a whole run keeps is never lost, and the next run ends where a whole run ends.
//!
//! Nothing is due, so that all that a run does is to prune and to make room; what it mails and asks of `preremove` may be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use super::scene::set_mode;
use super::tracer::{self, Call, Fate};
use crate::support::{self, mounts};

/// How large each archive is: some blocks.
const SIZE: usize = 20_000;

/// A way of removing.
struct Way {
    name: &'static str,
    /// The configuration; `@` stands for the place's directory.
    conf: &'static str,
    /// How much the disk holds, where it matters.
    disk: Option<u64>,
}

const PREREMOVE: &str = " preremove\n  echo \"$1\" >>@/asked\n endscript\n";

const PRUNED: &[Way] = &[
    Way {
        name: "pruned, mailed",
        conf: "@/logs/*.log {\n monthly\n rotate 3\n prune\n mail ops@localhost\n maillast\nPREREMOVE}\n",
        disk: None,
    },
    Way {
        name: "pruned, shredded",
        conf: "@/logs/*.log {\n monthly\n rotate 4\n prune\n shred\n shredcycles 1\nPREREMOVE}\n",
        disk: None,
    },
    Way {
        name: "over maxtotalsize",
        conf: "maxtotalsize 150k\n@/logs/*.log {\n monthly\n rotate 9\n mail ops@localhost\nPREREMOVE}\n",
        disk: None,
    },
];

/// Where a run is killed.
struct Place {
    dir: PathBuf,
    way: &'static Way,
}

/// Ways that need a disk of a known size.
const SHORT: &[Way] = &[
    Way {
        name: "short of room",
        conf: "minfree 67%\n@/logs/*.log {\n monthly\n rotate 9\n}\n",
        disk: Some(400 << 10),
    },
    Way {
        name: "squeezed",
        // Of two logs that are as large the other one would give first, while one has an archive in both forms.
        conf: "minfree 67%\n@/logs/a.log {\n monthly\n rotate 9\n compress\n delaycompress\n}\n",
        disk: Some(400 << 10),
    },
];

/// What lies there: names, and what stands in each: its first line, if it is all the same.
type Tree = BTreeMap<String, String>;

/// Returns the line that a text is made of, or that it is something else.
fn gist(text: &[u8]) -> String {
    let line = text.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_whole = text.is_ascii() && !line.is_empty() && line.iter().cycle().take(text.len()).eq(text);
    let line = if is_whole { line } else { b"something else" };
    format!("{} of {}", text.len(), String::from_utf8_lossy(line).trim_end())
}

impl Place {
    /// Puts all up anew.
    fn put_up(&self) {
        if self.dir.exists() {
            if self.way.disk.is_some() {
                mounts::detach(&self.dir);
            }
            fs::remove_dir_all(&self.dir).expect("the last try's place goes");
        }
        fs::create_dir(&self.dir).expect("a directory is made");
        if let Some(bytes) = self.way.disk {
            mounts::memory(&self.dir, bytes);
        }
        for sub in ["", "logs", "mails"] {
            fs::create_dir_all(self.dir.join(sub)).expect("a directory is made");
            set_mode(&self.dir.join(sub), 0o755);
        }
        let here = self.dir.display().to_string();
        let conf = self.way.conf.replace("PREREMOVE", PREREMOVE).replace('@', &here);
        fs::write(self.dir.join("conf"), conf.replace("ops@localhost", "ops")).expect("a configuration is written");
        let post = format!("#!/bin/sh\nexec cat >{here}/mails/$$.mail\n");
        fs::write(self.dir.join("post"), post).expect("a mailer is written");
        set_mode(&self.dir.join("post"), 0o755);
        let now = SystemTime::now();
        let mut state = String::from("logrotate state -- version 2\n");
        let today = chrono::Local::now().format("%Y-%-m-%-d-%-H:%-M:%-S");
        for log in ["a.log", "b.log"] {
            fs::write(self.dir.join("logs").join(log), format!("{log}\n")).expect("a log is written");
            state += &format!("\"{here}/logs/{log}\" {today}\n");
            for number in 1..=5_u32 {
                let path = self.dir.join(format!("logs/{log}.{number}"));
                let line = format!("{log} {number}\n").into_bytes();
                let text: Vec<u8> = line.into_iter().cycle().take(SIZE).collect();
                fs::write(&path, text).expect("an archive is written");
                let then = now - Duration::from_secs(86_400 * u64::from(10 * number));
                let file = File::options().append(true).open(&path).expect("it can be opened");
                file.set_modified(then).expect("a time can be set");
            }
        }
        fs::write(self.dir.join("state"), state).expect("a state is written");
        set_mode(&self.dir.join("state"), 0o640);
    }

    fn run(&self) -> Command {
        let mut command = Command::new(support::ours());
        command
            .args(["-m"])
            .arg(self.dir.join("post"))
            .arg("-s")
            .arg(self.dir.join("state"));
        command.arg(self.dir.join("conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn counts(&self, call: &Call) -> bool {
        call.is_process() || call.changes() && call.target().is_some_and(|path| path.starts_with(&self.dir))
    }

    fn tree(&self) -> Tree {
        let entries = fs::read_dir(self.dir.join("logs")).expect("a directory can be read");
        let entry = |entry: std::io::Result<fs::DirEntry>| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, gist(&fs::read(path).expect("a file can be read")))
        };
        entries.map(entry).collect()
    }

    /// Returns what was mailed, each mail once.
    fn mails(&self) -> BTreeSet<Vec<u8>> {
        let entries = fs::read_dir(self.dir.join("mails")).expect("a directory can be read");
        entries
            .map(|entry| fs::read(entry.expect("an entry").path()).expect("a mail can be read"))
            .collect()
    }

    /// Returns for which archives `preremove` was asked.
    fn asked(&self) -> BTreeSet<String> {
        let text = fs::read_to_string(self.dir.join("asked")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// Kills a way at each counted call in turn; answers how many there were.
fn sweep(dir: &Path, way: &'static Way) -> usize {
    let place = Place {
        dir: dir.to_owned(),
        way,
    };
    place.put_up();
    let before = place.tree();
    let whole = place.run().stderr(Stdio::piped()).output().expect("the program starts");
    let said = String::from_utf8_lossy(&whole.stderr);
    assert_eq!(whole.status.code(), Some(0), "{}: a whole run: {said}", way.name);
    let (kept, mails, asked) = (place.tree(), place.mails(), place.asked());
    assert!(kept.len() < before.len(), "{}: nothing went", way.name);
    for point in 0.. {
        place.put_up();
        let (mut number, mut at) = (0, None);
        tracer::run(&mut place.run(), &mut |call| {
            if at.is_some() || !place.counts(call) {
                return Fate::Go;
            }
            number += 1;
            if number <= point {
                return Fate::Go;
            }
            at = Some(format!(
                "{}: killed at {}#{point} {:?}",
                way.name,
                call.name(),
                call.target()
            ));
            Fate::KillAll
        });
        let Some(at) = at else { return point };
        let killed = place.tree();
        // What a whole run compresses is there in either form.
        let is_plain = |name: &String| {
            let plain = name.strip_suffix(".gz").unwrap_or(name);
            before.contains_key(plain) && killed.get(plain) == before.get(plain)
        };
        let is_whole = |(name, text)| killed.get(name) == Some(text) || is_plain(name);
        assert!(kept.iter().all(is_whole), "lost at once: {at}");
        let status = place.run().status().expect("the program starts");
        assert_eq!(status.code(), Some(0), "the run afterwards: {at}");
        assert_eq!(place.tree(), kept, "the run afterwards ends elsewhere: {at}");
        assert!(place.mails().is_superset(&mails), "not mailed whole: {at}");
        assert!(place.asked().is_superset(&asked), "preremove was not asked: {at}");
    }
    unreachable!("a run has an end")
}

fn sweep_all(ways: &'static [Way]) {
    let place = tempfile::Builder::new()
        .prefix("logrotate-interrupted-")
        .tempdir_in("/dev/shm");
    let place = place.expect("a directory is made");
    set_mode(place.path(), 0o755);
    let mut points = 0;
    for way in ways {
        points += sweep(&place.path().join("scene"), way);
        if way.disk.is_some() {
            mounts::detach(&place.path().join("scene"));
        }
        fs::remove_dir_all(place.path().join("scene")).expect("the scene goes");
    }
    println!("{points} kill points in housekeeping");
    assert!(
        points > 10 * ways.len(),
        "only {points} kill points: the harness sees too little"
    );
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn z8_killed_while_archives_are_removed_the_next_run_ends_where_a_whole_run_does() {
    sweep_all(PRUNED);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn z8_killed_while_room_is_made_the_next_run_ends_where_a_whole_run_does() {
    mounts::with_own_mounts(|| sweep_all(SHORT));
}
