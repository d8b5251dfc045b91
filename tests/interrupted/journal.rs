//! What a killed run did is known to the next one: it rotates what is left, not everything again.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::scene::{Place, set_mode};
use super::tracer::{self, Call, Ending, Fate};
use crate::support;

/// A directory with many logs that are due today, by their state.
struct Due {
    /// Where it is.
    place: Place,
    /// How many logs.
    logs: usize,
}

impl Due {
    /// Puts up so many logs.
    fn new(logs: usize) -> Self {
        let due = Self {
            place: Place::new(false),
            logs,
        };
        let dir = due.place.path();
        fs::create_dir(dir.join("logs")).unwrap();
        set_mode(&dir.join("logs"), 0o755);
        let conf = format!(
            "{}/logs/*.log {{\n daily\n rotate 5\n compress\n create\n}}\n",
            dir.display()
        );
        fs::write(dir.join("conf"), conf).unwrap();
        due.renew();
        due
    }

    /// Puts all back to how it was: every log there, no archive, and last rotated long ago.
    fn renew(&self) {
        let dir = self.place.path();
        for entry in fs::read_dir(dir)
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_type().unwrap().is_file())
        {
            if entry.file_name() != "conf" {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        for entry in fs::read_dir(dir.join("logs")).unwrap().flatten() {
            fs::remove_file(entry.path()).unwrap();
        }
        let mut state = "logrotate state -- version 2\n".to_owned();
        for number in 0..self.logs {
            let log = dir.join("logs").join(name(number));
            fs::write(&log, format!("a line of {}\n", name(number))).unwrap();
            state.push_str(&format!("\"{}\" 2020-1-1-0:0:0\n", log.display()));
        }
        fs::write(dir.join("state"), state).unwrap();
    }

    /// Returns the command that rotates what is due.
    fn rotate(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .arg("-s")
            .arg(self.place.path().join("state"))
            .arg(self.place.path().join("conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Lists what is in the logs' directory.
    fn names(&self) -> Vec<String> {
        let list = fs::read_dir(self.place.path().join("logs")).unwrap().flatten();
        let mut names: Vec<_> = list
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Counts the logs that have a newest archive, and those that have a second one.
    fn archives(&self) -> (usize, usize) {
        let names: Vec<_> = fs::read_dir(self.place.path().join("logs"))
            .unwrap()
            .flatten()
            .collect();
        let count = |end: &str| {
            names
                .iter()
                .filter(|entry| entry.file_name().to_string_lossy().ends_with(end))
                .count()
        };
        (count(".log.1.gz"), count(".log.2.gz"))
    }
}

/// Returns the name of a log.
fn name(number: usize) -> String {
    format!("app{number:04}.log")
}

/// Tells if a call changes something that has to do with a log.
fn concerns(call: &Call, log: &str) -> bool {
    let of_log = |path: &Path| {
        path.file_name()
            .is_some_and(|file| file.to_string_lossy().contains(log))
    };
    call.changes() && call.target().is_some_and(|path| of_log(&path))
}

#[test]
fn killed_before_the_last_of_many_logs_the_next_run_rotates_one() {
    let due = Due::new(500);
    let last = name(499);
    let ending = tracer::run(&mut due.rotate(&support::ours()), &mut |call| {
        if concerns(call, &last) { Fate::KillAll } else { Fate::Go }
    });
    assert_eq!(ending, Ending::Killed);
    let status = due.rotate(&support::ours()).status().unwrap();
    assert_eq!((status.code(), due.archives()), (Some(0), (500, 0)));
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn killed_at_any_changing_call_the_next_run_of_the_day_rotates_at_most_one_log_again() {
    let due = Due::new(3);
    let mut points = 0;
    for point in 0.. {
        due.renew();
        let mut number = 0;
        let ending = tracer::run(&mut due.rotate(&support::ours()), &mut |call| {
            let ours = call.changes() && call.target().is_some_and(|path| path.starts_with(due.place.path()));
            number += usize::from(ours);
            if ours && number == point + 1 {
                Fate::KillAll
            } else {
                Fate::Go
            }
        });
        let status = due.rotate(&support::ours()).status().unwrap();
        let (first, second) = due.archives();
        assert_eq!(
            (status.code(), first),
            (Some(0), 3),
            "killed at point {point}: {:?}",
            due.names()
        );
        assert!(second <= 1, "killed at point {point}, {second} logs were rotated twice");
        if ending != Ending::Killed {
            break;
        }
        points += 1;
    }
    println!("{points} kill points");
    assert!(points > 20, "only {points} kill points: the harness sees too little");
}
