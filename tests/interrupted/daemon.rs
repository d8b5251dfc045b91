//! A daemon that keeps its log open until it is told: what it writes meanwhile is not lost, whenever the run was killed.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::scene::{Place, Scene, Way, Writer};
use super::sweep::{KILL, disturb};
use super::verdict;
use crate::support;

/// The daemon is told by a file.
const TOLD: Way = Way {
    name: "told by postrotate",
    conf: "@/logs/a.log {\n rotate 9\n compress\n create\n postrotate\n  touch @/mails/told\n endscript\n}\n",
    seeds: &["logs/a.log", "logs/a.log.1.gz"],
    on_disk: false,
    writer: Writer::None,
};

/// Something that writes to a log it has open, and opens it anew when it is told.
struct Daemon {
    /// The log as it was opened.
    held: Arc<Mutex<File>>,
    /// Set when it is to end.
    end: Arc<AtomicBool>,
    /// Waits to be told.
    reader: JoinHandle<()>,
}

impl Daemon {
    /// Opens the log.
    fn start(log: PathBuf, told: PathBuf) -> Self {
        let open = move || {
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(&log)
                .expect("the log can be opened")
        };
        let (held, end) = (Arc::new(Mutex::new(open())), Arc::new(AtomicBool::new(false)));
        let (mine, ended) = (Arc::clone(&held), Arc::clone(&end));
        let reader = thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                if fs::remove_file(&told).is_ok() {
                    *mine.lock().expect("no thread panicked") = open();
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self { held, end, reader }
    }

    /// Writes a line.
    fn write(&self, line: &[u8]) {
        let mut log = self.held.lock().expect("no thread panicked");
        log.write_all(&[line, b"\n"].concat()).expect("the log can be written");
    }

    /// Ends it.
    fn stop(self) {
        self.end.store(true, Ordering::Relaxed);
        self.reader.join().expect("the daemon does not fail");
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_daemon_that_was_not_told_before_the_run_was_killed_is_told_by_the_next() {
    let place = Place::new(false);
    let mut scene = Scene::plan(&TOLD, &place.path().join("scene"));
    let program = support::ours();
    let mut points = 0;
    for point in 0.. {
        scene.put_up();
        let daemon = Daemon::start(scene.dir.join("logs/a.log"), scene.dir.join("mails/told"));
        let struck = disturb(&program, &scene, point, &KILL);
        let at = struck.as_ref().map_or("no call at all", |struck| struck.at.as_str());
        for day in 1..=2 {
            let line = format!("written on day {day}").into_bytes();
            daemon.write(&line);
            scene.lines.push(line);
            let output = scene.rotate(&program).stderr(Stdio::piped()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{at}, day {day}: {said}");
        }
        daemon.stop();
        let verdict = verdict::judge(&scene, false);
        assert_eq!((verdict.lost, verdict.broken), (0, Vec::new()), "{at}");
        if struck.is_err() {
            break;
        }
        points += 1;
    }
    println!("{points} kill points under a daemon");
    assert!(points > 20, "only {points} kill points: the harness sees too little");
}
