//! Days that are not like others: leap days, month ends, days of 23 and 25 hours, clocks set back, the year 2100.
//!
//! A row is a run under a clock that stands still: when the log was rotated last, what time it is, whether it is due, and what its
//! archive is called. The reference must do the same, save in the rows that say why not.

use std::path::Path;

use super::super::support::clock::stop_at;
use super::super::support::{need, ours, peer};
use super::{Run, Scene};

/// Who does as a row says.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Both,
    /// The reference counts days as seconds between midnights, and is a day late in spring.
    OursOnly,
}
use Who::{Both, OursOnly};

/// Zone, directives, last rotation, now, archive (`-` where the log is not due), who.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Who,
);

const UTC: &str = "UTC";
const BERLIN: &str = "Europe/Berlin";
const NEW_YORK: &str = "America/New_York";

const ROWS: [Row; 49] = [
    // Leap days.
    (
        UTC,
        "daily dateext",
        "2024-2-28-6:0:0",
        "2024-02-29 06:00:00",
        "app.log-20240229",
        Both,
    ),
    (
        UTC,
        "daily dateext",
        "2024-2-29-6:0:0",
        "2024-02-29 23:59:59",
        "-",
        Both,
    ),
    (
        UTC,
        "daily dateext dateyesterday",
        "2024-2-29-6:0:0",
        "2024-03-01 00:00:00",
        "app.log-20240229",
        Both,
    ),
    (
        UTC,
        "daily dateext dateyesterday",
        "2023-2-28-6:0:0",
        "2023-03-01 00:00:00",
        "app.log-20230228",
        Both,
    ),
    (
        UTC,
        "yearly",
        "2023-2-28-6:0:0",
        "2024-02-29 06:00:00",
        "app.log.1",
        Both,
    ),
    (UTC, "weekly 7", "2024-2-23-6:0:0", "2024-02-29 23:00:00", "-", Both),
    (
        UTC,
        "weekly 7",
        "2024-2-23-6:0:0",
        "2024-03-01 00:00:00",
        "app.log.1",
        Both,
    ),
    // Ends of months and years.
    (
        UTC,
        "monthly",
        "2024-1-31-23:59:59",
        "2024-02-01 00:00:00",
        "app.log.1",
        Both,
    ),
    (UTC, "monthly", "2024-1-1-0:0:0", "2024-01-31 23:59:59", "-", Both),
    (UTC, "monthly 31", "2024-2-1-0:0:0", "2024-02-28 12:00:00", "-", Both),
    (
        UTC,
        "monthly 31",
        "2024-2-1-0:0:0",
        "2024-02-29 12:00:00",
        "app.log.1",
        Both,
    ),
    (
        UTC,
        "monthly 31",
        "2023-2-1-0:0:0",
        "2023-02-28 12:00:00",
        "app.log.1",
        Both,
    ),
    (
        UTC,
        "monthly 31",
        "2024-4-1-0:0:0",
        "2024-04-30 00:00:00",
        "app.log.1",
        Both,
    ),
    (
        UTC,
        "yearly",
        "2023-12-31-23:0:0",
        "2024-01-01 00:00:00",
        "app.log.1",
        Both,
    ),
    (UTC, "yearly", "2024-1-1-0:0:0", "2024-12-31 23:59:59", "-", Both),
    (
        UTC,
        "daily dateext dateyesterday",
        "2023-12-31-6:0:0",
        "2024-01-01 00:30:00",
        "app.log-20231231",
        Both,
    ),
    (
        UTC,
        "hourly dateext datehourago",
        "2023-12-31-22:0:0",
        "2024-01-01 00:00:00",
        "app.log-2023123123",
        Both,
    ),
    // A day of 23 hours: 2024-03-31 in Berlin has no hour from 2 to 3.
    (
        BERLIN,
        "hourly dateext",
        "2024-3-31-1:30:0",
        "2024-03-31 03:00:00",
        "app.log-2024033103",
        Both,
    ),
    (
        BERLIN,
        "hourly dateext",
        "2024-3-31-3:0:0",
        "2024-03-31 03:59:59",
        "-",
        Both,
    ),
    (
        BERLIN,
        "daily dateext",
        "2024-3-30-23:30:0",
        "2024-03-31 00:30:00",
        "app.log-20240331",
        Both,
    ),
    (
        BERLIN,
        "daily dateext",
        "2024-3-31-0:30:0",
        "2024-03-31 23:30:00",
        "-",
        Both,
    ),
    (
        BERLIN,
        "daily dateext dateyesterday",
        "2024-3-31-0:30:0",
        "2024-04-01 00:10:00",
        "app.log-20240331",
        Both,
    ),
    (
        BERLIN,
        "daily dateext dateyesterday",
        "2024-3-30-0:30:0",
        "2024-03-31 00:10:00",
        "app.log-20240330",
        Both,
    ),
    (BERLIN, "weekly 7", "2024-3-28-12:0:0", "2024-04-03 23:00:00", "-", Both),
    (
        BERLIN,
        "weekly 7",
        "2024-3-28-12:0:0",
        "2024-04-04 06:00:00",
        "app.log.1",
        OursOnly,
    ),
    (
        BERLIN,
        "weekly",
        "2024-3-30-12:0:0",
        "2024-03-31 06:00:00",
        "app.log.1",
        Both,
    ),
    (
        BERLIN,
        "minutes 30",
        "2024-3-31-1:50:0",
        "2024-03-31 03:10:00",
        "-",
        Both,
    ),
    (
        BERLIN,
        "minutes 30",
        "2024-3-31-1:50:0",
        "2024-03-31 03:21:00",
        "app.log.1",
        Both,
    ),
    (
        NEW_YORK,
        "hourly dateext",
        "2024-3-10-1:0:0",
        "2024-03-10 03:00:00",
        "app.log-2024031003",
        Both,
    ),
    (
        NEW_YORK,
        "daily dateext",
        "2024-3-9-0:0:0",
        "2024-03-10 00:00:00",
        "app.log-20240310",
        Both,
    ),
    // A day of 25 hours: 2024-10-27 in Berlin has the hour from 2 to 3 twice.
    (
        BERLIN,
        "hourly dateext",
        "2024-10-27-1:0:0",
        "2024-10-27 02:30:00",
        "app.log-2024102702",
        Both,
    ),
    (
        BERLIN,
        "hourly dateext",
        "2024-10-27-2:0:0",
        "2024-10-27 03:00:00",
        "app.log-2024102703",
        Both,
    ),
    (BERLIN, "daily", "2024-10-27-0:0:0", "2024-10-27 23:59:59", "-", Both),
    (
        BERLIN,
        "daily dateext",
        "2024-10-27-0:0:0",
        "2024-10-28 00:00:00",
        "app.log-20241028",
        Both,
    ),
    (
        BERLIN,
        "weekly 7",
        "2024-10-24-12:0:0",
        "2024-10-31 00:00:00",
        "app.log.1",
        Both,
    ),
    (
        BERLIN,
        "weekly 7",
        "2024-10-24-12:0:0",
        "2024-10-30 23:59:59",
        "-",
        Both,
    ),
    // Clocks set back: up to 25 hours another day is another day; beyond that a last rotation is in the future.
    (
        UTC,
        "daily",
        "2024-3-13-5:0:0",
        "2024-03-12 06:00:00",
        "app.log.1",
        Both,
    ),
    (UTC, "daily", "2024-3-12-9:0:0", "2024-03-12 06:00:00", "-", Both),
    (
        UTC,
        "weekly 7",
        "2024-3-20-6:0:0",
        "2024-03-12 06:00:00",
        "app.log.1",
        Both,
    ),
    (
        UTC,
        "monthly",
        "2024-5-1-6:0:0",
        "2024-03-12 06:00:00",
        "app.log.1",
        Both,
    ),
    (
        UTC,
        "yearly",
        "2090-5-1-6:0:0",
        "2024-03-12 06:00:00",
        "app.log.1",
        Both,
    ),
    // The year 2100, which has no leap day, and zones with a fraction of an hour.
    (
        UTC,
        "daily dateext",
        "2099-12-31-6:0:0",
        "2100-01-01 00:00:00",
        "app.log-21000101",
        Both,
    ),
    (
        UTC,
        "daily dateext dateyesterday",
        "2100-2-28-6:0:0",
        "2100-03-01 00:00:00",
        "app.log-21000228",
        Both,
    ),
    (
        UTC,
        "monthly 31",
        "2100-2-1-0:0:0",
        "2100-02-28 12:00:00",
        "app.log.1",
        Both,
    ),
    (UTC, "weekly 7", "2100-2-25-0:0:0", "2100-03-03 23:00:00", "-", Both),
    (
        UTC,
        "weekly 7",
        "2100-2-25-0:0:0",
        "2100-03-04 00:00:00",
        "app.log.1",
        Both,
    ),
    (
        "Asia/Kathmandu",
        "daily dateext",
        "2024-3-11-23:0:0",
        "2024-03-12 00:10:00",
        "app.log-20240312",
        Both,
    ),
    (
        "Pacific/Kiritimati",
        "hourly dateext datehourago",
        "2024-3-11-23:0:0",
        "2024-03-12 00:10:00",
        "app.log-2024031123",
        Both,
    ),
    (
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "hourly dateext",
        "2024-7-1-1:0:0",
        "2024-07-01 02:30:00",
        "app.log-2024070102",
        Both,
    ),
];

/// Runs a program on a row's day; answers what archive was made, `-` for none.
fn run(scene: &Scene, binary: &Path, row: &Row) -> (String, Run) {
    let (zone, directives, last, now, ..) = row;
    for name in scene.list() {
        std::fs::remove_file(scene.log(std::str::from_utf8(&name).unwrap())).unwrap();
    }
    scene.write("app.log", "text\n");
    scene.remember(&[("app.log", last)]);
    scene.configure(&format!(
        "@ROOT@/log/app.log {{\n rotate 9\n {}\n}}\n",
        spread(directives)
    ));
    let mut command = scene.command(binary, &[]);
    stop_at(&mut command, now, zone);
    let run = Run::of(&command.output().unwrap());
    let made = scene.list().into_iter().find(|name| name != b"app.log");
    (
        made.map_or_else(|| "-".to_owned(), |name| String::from_utf8(name).unwrap()),
        run,
    )
}

/// Puts each directive on a line of its own; numbers stay with theirs.
fn spread(directives: &str) -> String {
    let words: Vec<&str> = directives.split(' ').collect();
    let mut text = String::new();
    for word in words {
        let is_argument = word.starts_with(|first: char| first.is_ascii_digit());
        text += if is_argument { " " } else { "\n " };
        text += word;
    }
    text
}

fn check(who: &str, binary: &Path, all: bool) {
    let scene = Scene::new(&format!("calendar-{who}"));
    let mut wrong = Vec::new();
    // `monthly N` and `minutes` are newer than the 3.22 that the tests fetch; across a change of clocks it counts weeks
    // in seconds, and we in days.
    let newer = |row: &Row| row.1.starts_with("monthly ") || row.1.starts_with("minutes");
    let in_seconds = |row: &Row| row.0 != UTC && row.1.starts_with("weekly");
    let known = |row: &&Row| all || (row.5 == Both && !newer(row) && !in_seconds(row));
    for row in ROWS.iter().filter(known) {
        let (made, run) = run(&scene, binary, row);
        if made != row.4 || run.status != Some(0) {
            wrong.push(format!(
                "{} {} last {} now {}: {made}, not {}\n{}",
                row.0, row.1, row.2, row.3, row.4, run.said
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_due_on_odd_days_is_rotated_under_the_right_name() {
    if need("cc") {
        check("ours", &ours(), true);
    }
}

#[test]
fn the_reference_does_the_same_on_odd_days() {
    if let Some(peer) = peer() {
        if need("cc") {
            check("peer", &peer, false);
        }
    }
}

#[test]
fn a_dated_archive_of_before_the_clock_was_set_back_is_never_overwritten() {
    if !need("cc") {
        return;
    }
    let scene = Scene::new("set-back");
    scene.write("app.log", "later, by the clock set back\n");
    scene.write("app.log-20240312", "that day's\n");
    scene.remember(&[("app.log", "2024-3-14-6:0:0")]);
    scene.configure("@ROOT@/log/app.log {\n daily\n rotate 9\n dateext\n}\n");
    let mut command = scene.command(&ours(), &[]);
    stop_at(&mut command, "2024-03-12 06:00:00", UTC);
    let run = Run::of(&command.output().unwrap());
    assert_eq!(run.status, Some(1));
    assert!(run.said.contains("already exists, skipping rotation"), "{}", run.said);
    assert_eq!(scene.read("app.log"), "later, by the clock set back\n");
    assert_eq!(scene.read("app.log-20240312"), "that day's\n");
}

#[test]
fn a_zone_that_nobody_knows_is_utc() {
    if !need("cc") {
        return;
    }
    for zone in ["", ":", "No/Such_Zone"] {
        let scene = Scene::new("no-zone");
        let row = (
            zone,
            "daily dateext",
            "2024-3-11-23:0:0",
            "2024-03-12 00:10:00",
            "",
            Both,
        );
        let (made, run) = run(&scene, &ours(), &row);
        assert_eq!(made, "app.log-20240312", "{zone:?}: {}", run.said);
    }
}

/// Every hour of a day, one run each: as many rotations as the day has hours that differ in name.
#[test]
fn an_hourly_log_is_rotated_once_for_each_hour_of_a_day_that_has_a_name_of_its_own() {
    if !need("cc") {
        return;
    }
    // The first second of the day in Berlin, and how many hours it has.
    for (midnight, hours, named) in [
        (1_711_839_600_i64, 23, 23),
        (1_729_980_000, 25, 24),
        (1_718_056_800, 24, 24),
    ] {
        let scene = Scene::new("hours");
        scene.remember(&[("app.log", "2024-1-1-1:0:0")]);
        scene.configure("@ROOT@/log/app.log {\n hourly\n rotate 99\n dateext\n}\n");
        for hour in 0..hours {
            scene.write("app.log", "text\n");
            let mut command = scene.command(&ours(), &[]);
            stop_at(&mut command, "2024-01-01 00:00:00", BERLIN);
            command.env("TEST_EPOCH", (midnight + hour * 3600 + 1800).to_string());
            Run::of(&command.output().unwrap()).went_well();
        }
        let archives = scene.list().iter().filter(|name| name.len() > "app.log".len()).count();
        assert_eq!(archives, named, "{midnight}");
    }
}
