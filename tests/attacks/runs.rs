//! Two runs at once, with state files of their own: the second waits for the first, or leaves the log to it; nobody else can make it.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{USER, users_directory};
use crate::edges::Scene;
use crate::support::{need, need_root, ours};

/// A lock on a directory, had by a program with these words before it.
struct Locker(Child);

impl Locker {
    fn new(before: &[&str], directory: &Path) -> Self {
        let directory = directory.to_str().unwrap();
        // The process that took the lock is the one that keeps it, as a run does.
        let words = [
            "flock",
            "--no-fork",
            directory,
            "sh",
            "-c",
            "echo locked; exec sleep 1000",
        ];
        let all: Vec<&str> = before.iter().chain(&words).copied().collect();
        let mut child = Command::new(all[0])
            .args(&all[1..])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0; 6]).unwrap();
        Self(child)
    }
}

impl Drop for Locker {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn scene(name: &str) -> Scene {
    let scene = Scene::new(name);
    scene.write("a.log", "line\n");
    scene.configure("@ROOT@/log/a.log {\n rotate 100000\n copytruncate\n}\n");
    scene
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_log_that_another_run_is_cutting_is_left_to_that_run() {
    if !need("flock") {
        return;
    }
    let scene = scene("attacks-runs-another");
    let _other_run = Locker::new(&["env"], &scene.root.join("log"));
    let run = scene.run(&["-f"]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert!(
        run.said.contains("another run of logrotate is cutting logs"),
        "{}",
        run.said
    );
    assert_eq!(scene.read("a.log"), "line\n");
    assert_eq!(scene.list().len(), 1, "nothing was begun");
}

#[test]
fn a_stranger_who_locks_a_directory_stops_nobody() {
    if !need_root() || !need("flock") || !need("setpriv") {
        return;
    }
    let scene = scene("attacks-runs-stranger");
    users_directory(&scene.log("theirs"));
    let user = USER.to_string();
    let as_user = ["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups", "--"];
    let _stranger = Locker::new(&as_user, &scene.root.join("log"));
    scene.run(&["-f"]).went_well();
    assert_eq!(scene.read("a.log.1"), "line\n");
    assert_eq!(scene.read("a.log"), "");
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn two_runs_at_once_under_a_writer_lose_and_double_nothing() {
    let scene = scene("attacks-runs-two");
    let done = AtomicBool::new(false);
    let mut written = 0_u64;
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut log = OpenOptions::new().append(true).open(scene.log("a.log")).unwrap();
            // As fast as it can, so that there is always a whole block to be cut off: less is copied over and over, and then cut.
            let mut count = 0_u64;
            while !done.load(Ordering::SeqCst) {
                for _ in 0..50 {
                    log.write_all(format!("{count:010} some line of text\n").as_bytes())
                        .unwrap();
                    count += 1;
                }
            }
            count
        });
        for _ in 0..15 {
            let run = |state: &str| {
                let mut command = Command::new(ours());
                command.arg("-f").arg("-s").arg(scene.root.join(state));
                command.arg(scene.root.join("conf")).stderr(Stdio::null());
                command.spawn().unwrap()
            };
            let (mut one, mut other) = (run("status-1"), run("status-2"));
            one.wait().unwrap();
            other.wait().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        written = writer.join().unwrap();
    });
    let mut found: HashMap<u64, u32> = HashMap::new();
    // The oldest first: where one ends in the middle of a line the next one goes on.
    let archives = scene.list().len() - 1;
    let names = (1..=archives).rev().map(|number| format!("a.log.{number}"));
    let text: String = names
        .chain(["a.log".to_owned()])
        .map(|name| scene.read(&name))
        .collect();
    for number in text.lines().filter_map(|line| line.get(..10)?.parse().ok()) {
        *found.entry(number).or_default() += 1;
    }
    let lost = (0..written).filter(|number| !found.contains_key(number)).count();
    let twice = found.values().filter(|count| **count > 1).count();
    assert_eq!((lost, twice), (0, 0), "of {written}");
}
