//! T1 to T5: `copytruncate` parts archive and log where a line ends, for readers that follow the log. (T6 is `interrupted`'s.)

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use nix::sys::statfs::{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, statfs};

use crate::edges::Scene;
use crate::support::{ours, shell, skip};

/// A log under `copytruncate` that a program has open.
struct Followed {
    scene: Scene,
    writer: File,
}

impl Followed {
    /// Makes one; `None`, and says so, where blocks cannot be taken off a file.
    fn new(name: &str, directives: &str) -> Option<Self> {
        let scene = Scene::new(&format!("liveness-lines-{name}"));
        let kind = statfs(&scene.root).unwrap().filesystem_type();
        if kind != EXT4_SUPER_MAGIC && kind != XFS_SUPER_MAGIC {
            skip("ext4 or xfs");
            return None;
        }
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n rotate 99\n copytruncate\n{directives}}}\n"
        ));
        let mut how = OpenOptions::new();
        let writer = how.append(true).create(true).open(scene.log("a.log")).unwrap();
        Some(Self { scene, writer })
    }

    fn write(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
    }

    fn rotate(&self) {
        self.scene.run(&["-f"]).went_well();
    }

    fn read(&self, name: &str) -> String {
        self.scene.read(name)
    }

    /// Returns what the log holds without the line of blanks that a cut leaves.
    fn content(&self) -> String {
        let text = self.read("a.log");
        match text.split_once('\n') {
            Some((blanks, rest)) if blanks.trim().is_empty() => rest.to_owned(),
            _ => text,
        }
    }

    /// Runs when the log is not forced to be rotated; answers whether it was.
    fn is_due(&self) -> bool {
        let before = self.scene.list().len();
        self.scene.run(&[]).went_well();
        self.scene.list().len() > before
    }

    /// Makes it long ago that the program wrote.
    fn grow_quiet(&self) {
        let then = SystemTime::now() - Duration::from_secs(60);
        self.writer.set_modified(then).unwrap();
    }
}

/// Lines of 20 bytes.
fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|number| format!("line {number:014}\n")).collect()
}

#[test]
fn t1_nothing_is_lost_of_a_log_that_is_smaller_than_a_block() {
    let Some(mut log) = Followed::new("small", "") else {
        return;
    };
    let done = AtomicBool::new(false);
    let mut writer = log.writer.try_clone().unwrap();
    let written = std::thread::scope(|scope| {
        let written = scope.spawn(|| {
            let mut next = 0;
            while !done.load(Ordering::Relaxed) {
                writer.write_all(lines(next..next + 1).as_bytes()).unwrap();
                next += 1;
                std::thread::sleep(Duration::from_micros(20));
            }
            next
        });
        (0..10).for_each(|_| log.rotate());
        done.store(true, Ordering::Relaxed);
        written.join().unwrap()
    });
    log.write(&lines(written..written + 1));
    let mut all: String = (1..=10)
        .rev()
        .map(|number| log.read(&format!("a.log.{number}")))
        .collect();
    all += &log.content();
    assert!(all == lines(0..written + 1));
}

#[test]
fn t2_t3_a_line_that_is_being_written_is_archived_when_it_is_whole() {
    for count in [0, 1, 100, 1000] {
        let Some(mut log) = Followed::new("within", "") else {
            return;
        };
        log.write(&(lines(0..count) + "the first half"));
        log.rotate();
        log.write(" and the other\n");
        assert_eq!(log.content(), "the first half and the other\n", "{count}");
        log.rotate();
        assert_eq!(log.read("a.log.1"), "the first half and the other\n", "{count}");
        assert!(log.read("a.log.2") == lines(0..count), "{count}");
    }
}

#[test]
fn t4_who_keeps_inode_and_offset_gets_each_line_whole_and_once() {
    let Some(mut log) = Followed::new("shipper", "") else {
        return;
    };
    let reader = File::open(log.scene.log("a.log")).unwrap();
    let (mut offset, mut got) = (0, String::new());
    let mut follow = || {
        let size = reader.metadata().unwrap().size();
        if size < offset {
            offset = 0;
        }
        let mut text = vec![0; usize::try_from(size - offset).unwrap()];
        reader.read_exact_at(&mut text, offset).unwrap();
        offset = size;
        let text = String::from_utf8(text).unwrap();
        got.extend(text.split_inclusive('\n').filter(|line| !line.trim().is_empty()));
    };
    let mut next = 0;
    for count in [500, 3, 0, 0, 204, 205, 1, 50, 5000, 7] {
        log.write(&lines(next..next + count));
        next += count;
        follow();
        log.rotate();
        follow();
    }
    assert!(got == lines(0..next), "{got}");
}

#[test]
fn t5_what_nobody_writes_to_meanwhile_is_archived_whole_and_then_empty() {
    for (name, directives) in [
        ("notifempty", " daily\n notifempty\n"),
        ("size", " size 1\n"),
        ("minsize", " daily\n minsize 1\n"),
        ("maxsize", " size 100k\n maxsize 1\n"),
    ] {
        for is_quiet in [false, true] {
            let Some(mut log) = Followed::new(&format!("{name}-{is_quiet}"), directives) else {
                return;
            };
            log.write(&lines(0..500));
            if is_quiet {
                log.grow_quiet();
            }
            log.rotate();
            assert!(log.read("a.log.1") == lines(0..500), "{name}");
            assert_eq!(log.content(), "", "{name}");
            // On a machine that is busy enough the other one is quiet as well.
            assert!(log.read("a.log").is_empty() || !is_quiet, "{name}");
            let mut words = vec![ours().display().to_string()];
            words.extend(["--status", "--json", "-s", "status", "conf"].map(str::to_owned));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let status = shell(&log.scene.root, "timeout", &[&["60"], &words[..]].concat())
                .stderr(Stdio::null())
                .output()
                .unwrap();
            let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
            assert_eq!(status["logs"][0]["size"], 0, "{name}");
            log.scene.remember(&[("a.log", "2024-1-1-1:1:1")]);
            assert!(!log.is_due(), "{name}: it is empty");
            log.write("line\n");
            log.scene.remember(&[("a.log", "2024-1-1-1:1:1")]);
            assert!(log.is_due(), "{name}: it has content");
        }
    }
}

#[test]
fn t5_a_forged_mark_hides_nothing_but_blanks() {
    let Some(mut log) = Followed::new("forged", " notifempty\n") else {
        return;
    };
    let mut mark = String::new();
    while mark.is_empty() {
        log.write(&lines(0..500));
        log.rotate();
        mark = log.read("a.log");
    }
    assert!(mark.trim().is_empty());
    fs::write(log.scene.log("a.log"), mark.replacen(['\t'], "x", 1)).unwrap();
    log.rotate();
    assert!(log.read("a.log.1").contains('x'));
}
