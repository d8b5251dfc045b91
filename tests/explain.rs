//! The plan that `--explain` shows: the one for the moment at which the log will be due, for a log with content.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::support::{clock, fresh_dir, ours, shell};

/// A stanza for `log/a.log`, and when that log was rotated last.
struct Scene {
    root: PathBuf,
}

impl Scene {
    fn new(name: &str, directives: &str, last: &str) -> Self {
        let root = fresh_dir(&format!("explain-{name}"));
        fs::create_dir(root.join("log")).unwrap();
        let at = root.display();
        let lines = directives.replace(", ", "\n");
        fs::write(root.join("conf"), format!("{at}/log/a.log {{\nrotate 9\n{lines}\n}}\n")).unwrap();
        let state = format!("logrotate state -- version 2\n\"{at}/log/a.log\" {last}\n");
        fs::write(root.join("state"), state).unwrap();
        let scene = Self { root };
        scene.file("a.log", "0123456789")
    }

    /// Puts a file into the log's directory.
    fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.root.join("log").join(name), text).unwrap();
        self
    }

    fn asked(&self, now: &str, options: &[&str]) -> String {
        let mut words = vec!["-s", "state", "--explain", "log/a.log"];
        words.extend(options);
        words.push("conf");
        let mut command = shell(&self.root, ours().to_str().unwrap(), &words);
        clock::stop_at(&mut command, now, "UTC");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .replace(&format!("{}/log/", self.root.display()), "")
    }

    /// Returns the plan with its title; its steps without their numbers.
    fn plan(&self, now: &str, options: &[&str]) -> Vec<String> {
        let said = self.asked(now, options);
        let lines = said.lines().skip_while(|line| !line.starts_with("Plan"));
        let bare = |line: &str| {
            line.trim_start_matches(|letter: char| letter.is_ascii_digit() || " .".contains(letter))
                .to_owned()
        };
        lines.map(bare).collect()
    }
}

/// A Monday.
const NOW: &str = "2026-11-23 20:00:00";

#[test]
fn a_dated_log_that_was_rotated_today_is_planned_with_the_date_of_tomorrow() {
    let scene = Scene::new("today", "daily, dateext", "2026-11-23-6:0:0").file("a.log-20261123", "");
    assert_eq!(
        scene.plan(NOW, &[]),
        [
            "Plan, once it is due (2026-11-24 00:00)",
            "renaming a.log to a.log-20261124"
        ]
    );
}

#[test]
fn an_empty_log_is_planned_as_one_with_content() {
    for (last, title) in [
        (
            "2026-11-23-6:0:0",
            "Plan, once it is due (2026-11-24 00:00) and has content",
        ),
        ("2026-11-22-6:0:0", "Plan, once it has content (as of 2026-11-23 20:00)"),
    ] {
        let scene = Scene::new("empty", "daily, notifempty", last).file("a.log", "");
        assert_eq!(scene.plan(NOW, &[]), [title, "renaming a.log to a.log.1"]);
    }
}

#[test]
fn under_minutes_the_date_has_the_minute_in_the_settings_as_in_the_plan() {
    let scene = Scene::new("minutes", "minutes 5, dateext", "2026-11-23-19:58:30");
    assert_eq!(
        scene.plan(NOW, &[]),
        [
            "Plan, once it is due (2026-11-23 20:04)",
            "renaming a.log to a.log-202611232004"
        ]
    );
    assert!(scene.asked(NOW, &[]).contains("  dateformat -%Y%m%d%H%M "));
}

#[test]
fn a_date_of_yesterday_is_that_before_the_day_on_which_the_log_is_due() {
    let scene = Scene::new("yesterday", "monthly, dateext, dateyesterday", "2026-11-1-6:0:0");
    assert_eq!(
        scene.plan(NOW, &[]),
        [
            "Plan, once it is due (2026-12-01 00:00)",
            "renaming a.log to a.log-20261130"
        ]
    );
}

#[test]
fn a_log_that_waits_for_its_size_is_planned_for_today() {
    let scene = Scene::new("size", "size 99, dateext", "2026-11-1-6:0:0");
    assert_eq!(
        scene.plan(NOW, &[]),
        [
            "Plan, once it has reached 99 bytes (as of 2026-11-23 20:00)",
            "renaming a.log to a.log-20261123"
        ]
    );
}

#[test]
fn what_minsize_asks_for_is_a_condition_beside_the_time() {
    for (last, title, name) in [
        (
            "2026-11-23-6:0:0",
            "Plan, once it is due (2026-11-24 00:00) and has reached 99 bytes",
            "a.log-20261124",
        ),
        (
            "2026-11-22-6:0:0",
            "Plan, once it has reached 99 bytes (as of 2026-11-23 20:00)",
            "a.log-20261123",
        ),
    ] {
        let scene = Scene::new("minsize", "daily, minsize 99, notifempty, dateext", last);
        assert_eq!(
            scene.plan(NOW, &[]),
            [title.to_owned(), format!("renaming a.log to {name}")]
        );
        let is_told = scene
            .asked(NOW, &[])
            .contains("it is smaller than minsize: it is left alone until it has 99 bytes");
        assert_eq!(is_told, title.contains("due"), "{title}");
    }
}

#[test]
fn an_archive_that_will_be_too_old_by_then_goes() {
    let scene = Scene::new("maxage", "daily, dateext, maxage 3", "2026-11-23-6:0:0").file("a.log-20261119", "old");
    // Three days and twenty hours before now, and four days before the log is due.
    let midnight = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_132_800);
    let archive = fs::File::options()
        .write(true)
        .open(scene.root.join("log/a.log-20261119"))
        .unwrap();
    archive.set_modified(midnight).unwrap();
    assert_eq!(
        scene.plan(NOW, &[]),
        [
            "Plan, once it is due (2026-11-24 00:00)",
            "renaming a.log to a.log-20261124",
            "removing old log a.log-20261119",
        ]
    );
    assert_eq!(
        scene.plan(NOW, &["-f"]),
        ["Plan of a forced run", "renaming a.log to a.log-20261123"]
    );
}

#[test]
fn what_delaycompress_put_off_is_compressed_first() {
    let scene = Scene::new(
        "delaycompress",
        "daily, dateext, compress, delaycompress",
        "2026-11-23-6:0:0",
    )
    .file("a.log-20261123", "put off");
    assert_eq!(
        scene.plan(NOW, &[]),
        [
            "Plan, once it is due (2026-11-24 00:00)",
            "compressing log with: /bin/gzip a.log-20261123",
            "renaming a.log to a.log-20261124",
        ]
    );
}

#[test]
fn an_olddir_that_will_be_made_is_part_of_the_plan_and_not_made() {
    let scene = Scene::new(
        "olddir",
        "daily, dateext, olddir old, createolddir 0750",
        "2026-11-23-6:0:0",
    );
    let plan = scene.plan(NOW, &[]);
    assert_eq!(plan.len(), 3, "{plan:?}");
    assert!(plan[1].contains("old") && !plan[1].contains("error"), "{plan:?}");
    assert_eq!(plan[2], "renaming a.log to old/a.log-20261124");
    assert!(!scene.root.join("log/old").exists());
}

#[test]
fn minage_is_waited_for() {
    let scene = Scene::new("minage", "daily, dateext, minage 2", "2026-11-20-6:0:0");
    let log = fs::File::options()
        .write(true)
        .open(scene.root.join("log/a.log"))
        .unwrap();
    log.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_392_000))
        .unwrap();
    assert_eq!(
        scene.plan(NOW, &[]),
        [
            "Plan, once it is due (2026-11-25 00:00)",
            "renaming a.log to a.log-20261125"
        ]
    );
}

#[test]
fn a_log_that_is_due_is_planned_for_now_and_so_is_a_forced_one() {
    let due = Scene::new("due", "daily, dateext, minsize 5", "2026-11-22-6:0:0");
    assert_eq!(due.plan(NOW, &[]), ["Plan", "renaming a.log to a.log-20261123"]);
    let forced = Scene::new("forced", "daily, dateext", "2026-11-23-6:0:0").file("a.log-20261123", "");
    let plan = forced.plan(NOW, &["-f"]);
    assert_eq!(plan[0], "Plan of a forced run");
    assert!(
        plan[1].starts_with("error: ") && plan[1].contains("already exists"),
        "{plan:?}"
    );
    let empty = Scene::new("forced-empty", "daily, notifempty, minsize 99", "2026-11-23-6:0:0").file("a.log", "");
    assert_eq!(
        empty.plan(NOW, &["-f"]),
        ["Plan of a forced run, once it has content", "renaming a.log to a.log.1"]
    );
}

#[test]
fn a_log_that_is_never_rotated_has_no_plan_but_a_reason() {
    let scene = Scene::new("never", "daily", "2026-11-22-6:0:0").file("real.log", "x");
    fs::remove_file(scene.root.join("log/a.log")).unwrap();
    symlink("real.log", scene.root.join("log/a.log")).unwrap();
    let reason = "none: it is a symbolic link, which is never rotated";
    assert_eq!(scene.plan(NOW, &[]), ["Plan", reason]);
    fs::remove_file(scene.root.join("log/a.log")).unwrap();
    let reason = "none: it does not exist, which is an error without missingok";
    assert_eq!(scene.plan(NOW, &["-f"]), ["Plan", reason]);
}

#[test]
fn the_moment_of_the_plan_is_in_the_json_and_so_is_what_the_log_must_have() {
    for (directives, last, at, size) in [
        ("daily", "2026-11-23-6:0:0", "2026-11-24T00:00:00", None),
        ("daily", "2026-11-22-6:0:0", "2026-11-23T20:00:00", None),
        ("size 99", "2026-11-22-6:0:0", "2026-11-23T20:00:00", Some(99)),
        ("daily, minsize 99", "2026-11-23-6:0:0", "2026-11-24T00:00:00", Some(99)),
    ] {
        let scene = Scene::new("json", directives, last);
        let object: Value = serde_json::from_str(&scene.asked(NOW, &["--json"])).unwrap();
        assert_eq!(
            (&object["plan_at"], &object["plan_size"]),
            (&at.into(), &size.into()),
            "{directives}"
        );
    }
    let scene = Scene::new("json-empty", "daily, notifempty", "2026-11-23-6:0:0").file("a.log", "");
    let object: Value = serde_json::from_str(&scene.asked(NOW, &["--json"])).unwrap();
    assert_eq!(object["plan_size"], 1);
    fs::remove_file(scene.root.join("log/a.log")).unwrap();
    let object: Value = serde_json::from_str(&scene.asked(NOW, &["--json"])).unwrap();
    assert_eq!(
        (&object["plan_at"], &object["plan"]),
        (&Value::Null, &Value::Array(Vec::new()))
    );
}

#[test]
fn the_plan_is_what_the_run_at_that_moment_does() {
    let scene = Scene::new(
        "same",
        "weekly 3, dateext, compress, delaycompress, maxage 1",
        "2026-11-23-6:0:0",
    );
    let planned = scene.plan(NOW, &[]);
    assert_eq!(planned[0], "Plan, once it is due (2026-11-25 00:00)");
    let mut command = shell(&scene.root, ours().to_str().unwrap(), &["-v", "-s", "state", "conf"]);
    clock::stop_at(&mut command, "2026-11-25 00:00:00", "UTC");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr)
        .unwrap()
        .replace(&format!("{}/log/", scene.root.display()), "");
    let is_step = |line: &&str| {
        ["renaming ", "compressing ", "removing ", "error: "]
            .iter()
            .any(|word| line.starts_with(word))
    };
    let done: Vec<&str> = said.lines().filter(is_step).collect();
    assert_eq!(done, planned[1..], "{said}");
}
