//! P1 and P2 under `renamecopy`: what a log was renamed to and cannot be archived yet, or not removed, waits beside the log.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use std::time::{Duration, SystemTime};

use super::Attribute;
use super::obstacles::{Days, errors};
use crate::edges::{Run, Scene};
use crate::support::{clock, ours, skip};

/// Each day's line is in just one of the files beside the log.
fn has_each_once(days: &Days, wanted: std::ops::Range<u32>) {
    let text: String = days
        .names()
        .iter()
        .filter(|name| *name != "a.log")
        .map(|name| days.scene.read(name))
        .collect();
    for day in wanted {
        let line = format!("day {day}\n");
        assert_eq!(text.matches(&line).count(), 1, "{line} in {:?}", days.names());
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn p1_a_log_that_a_program_never_lets_go_of_does_not_keep_the_next_one_from_being_rotated() {
    let mut days = Days::new("held", " rotate 9\n renamecopy\n");
    let mut holder = OpenOptions::new().append(true).open(days.scene.log("a.log")).unwrap();
    for _ in 0..3 {
        let run = days.pass(&[]);
        assert!(run.said.contains("a.log.tmp is still written"), "{}", run.said);
    }
    has_each_once(&days, 0..3);
    assert_eq!(days.names().iter().filter(|name| name.contains(".tmp")).count(), 1);
    writeln!(holder, "written late").unwrap();
    drop(holder);
    days.pass(&[]);
    has_each_once(&days, 0..4);
    assert_eq!(days.names(), ["a.log", "a.log.1", "a.log.2", "a.log.3", "a.log.4"]);
}

#[test]
fn p1_the_oldest_archive_stays_as_long_as_the_newest_cannot_be_made() {
    let postrotate = " postrotate\n  [ -e @ROOT@/bin/peace ] || ln $1.tmp @ROOT@/bin/other$(date +%N)\n endscript\n";
    let mut days = Days::new("copied", &format!(" rotate 2\n renamecopy\n{postrotate}"));
    days.program("peace", "");
    days.pass(&[]);
    days.pass(&[]);
    fs::remove_file(days.scene.root.join("bin/peace")).unwrap();
    for kept in [0..3, 1..4] {
        let run = days.pass(&[]);
        assert!(errors(&run, "a.log.tmp") > 0, "{}", run.said);
        has_each_once(&days, kept);
    }
}

#[test]
fn p2_what_is_archived_and_cannot_be_removed_is_not_archived_again() {
    let mut days = Days::new(
        "unlinked",
        " rotate 9\n renamecopy\n compress\n postrotate\n  chattr +i $1.tmp || :\n endscript\n",
    );
    let first = days.pass(&[]);
    let tmp = days.scene.log("a.log.tmp");
    let attribute = Attribute(&tmp, "i");
    if !tmp.exists() {
        return skip("a file system that knows immutable files");
    }
    assert_eq!(
        errors(&first, "a.log.tmp: Operation not permitted"),
        1,
        "{}",
        first.said
    );
    assert!(
        days.names().contains(&"a.log.1.gz".to_owned()),
        "the rest is done: {:?}",
        days.names()
    );
    days.scene
        .configure("@ROOT@/log/a.log {\n daily\n create\n rotate 9\n renamecopy\n}\n");
    let again = days.pass(&[]);
    assert_eq!(
        errors(&again, "a.log.tmp: Operation not permitted"),
        1,
        "{}",
        again.said
    );
    assert_eq!(days.names(), ["a.log", "a.log.1", "a.log.1.gz", "a.log.tmp"]);
    drop(attribute);
    days.pass(&[]);
    assert_eq!(days.names(), ["a.log", "a.log.1", "a.log.1.gz", "a.log.2"]);
}

/// The first of March 2027, in seconds.
const MARCH: u64 = 1_803_859_200;

/// Rotates shortly after midnight of a day of March.
pub(super) fn pass_at_midnight(scene: &Scene, day: u64) -> Run {
    let mut command = scene.command(&ours(), &[]);
    clock::stop_at(&mut command, &format!("2027-03-{day:02} 00:05:00"), "UTC");
    Run::of(&command.output().unwrap())
}

/// Says when a file was written last: so many hours after the beginning of a day of March.
fn written(scene: &Scene, name: &str, day: u64, hours: u64) {
    let time = MARCH + (day - 1) * 86_400 + hours * 3600;
    let file = OpenOptions::new().append(true).open(scene.log(name)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(time))
        .unwrap();
}

#[test]
fn p1_a_log_that_waited_does_not_take_the_name_of_the_one_that_is_rotated_now() {
    let scene = Scene::new("liveness-interims-dated");
    let postrotate = " postrotate\n  test ! -e @ROOT@/trouble\n endscript\n";
    scene.configure(&format!(
        "@ROOT@/log/a.log {{\n daily\n rotate 9\n dateext\n renamecopy\n create\n{postrotate}}}\n"
    ));
    scene.write("a.log", "day 1\n");
    scene.remember(&[("a.log", "2027-2-28-0:5:0")]);
    for day in 1..8 {
        fs::write(scene.log("a.log"), format!("day {day}\n")).unwrap();
        // The last line of the day before; and on one day what waited was written to late.
        written(&scene, "a.log", day - u64::from(day > 1), 23 * u64::from(day > 1));
        if day == 5 {
            written(&scene, "a.log.tmp", day, 0);
        }
        if day == 3 {
            fs::write(scene.root.join("trouble"), "").unwrap();
        }
        if day == 7 {
            fs::remove_file(scene.root.join("trouble")).unwrap();
        }
        let run = pass_at_midnight(&scene, day);
        assert_eq!(scene.read("a.log"), "", "{day}: {}", run.said);
    }
    for day in 1..8 {
        assert_eq!(
            scene.read(&format!("a.log-202703{day:02}")),
            format!("day {day}\n"),
            "{day}"
        );
    }
}

#[test]
fn of_very_many_that_wait_a_rotation_archives_no_more_than_some() {
    let mut days = Days::new("planted", " rotate 200\n renamecopy\n");
    for number in 1..=70 {
        fs::write(
            days.scene.log(&format!("a.log.tmp.{number}")),
            format!("planted {number}\n"),
        )
        .unwrap();
    }
    for left in [6, 0] {
        days.pass(&[]).went_well();
        assert_eq!(
            days.scene.read("a.log").lines().count(),
            1,
            "only what was written since"
        );
        assert_eq!(days.names().iter().filter(|name| name.contains(".tmp")).count(), left);
    }
}
