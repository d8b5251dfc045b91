//! How often a timer runs, by what its calendars say to us and to systemd.

use std::process::Command;

use logrotate_rs::lint::rhythm::of_timer;

use crate::support::manifest::utc;
use crate::support::need;

/// Calendars of all kinds, and some that are none.
const CALENDARS: [&str; 31] = [
    "minutely",
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "semiannually",
    "yearly",
    "*-*-* 00:00:00",
    "*-*-* *:00:00",
    "*:0/15",
    "*:5/15",
    "00/6:00",
    "06,18:30",
    "8..18:00",
    "8..18/2:15",
    "Mon..Fri *-*-* 06:25",
    "Sat,Sun 03:00",
    "Fri..Sun *:0/30",
    "mon",
    "*-*-01,15 04:00",
    "*-02~01",
    "*-01,07-15",
    "Mon *-*-1..7 12:00:00",
    "*-*-* 02:00 UTC",
    "often",
    "Fri..Mon *:0/30",
    "25:00",
    "*-13-01",
    "Mon Tue",
    "00:00:00:00",
];

/// Asks systemd when a calendar comes round next, and after that; nothing where it is none.
fn elapses(calendar: &str) -> Vec<i64> {
    let output = Command::new("systemd-analyze")
        .args([
            "calendar",
            "--base-time=2027-01-01 00:00:00",
            "--iterations=150",
            calendar,
        ])
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let lines = said.lines().filter_map(|line| {
        let (what, when) = line.trim().split_once(": ")?;
        (what.starts_with("Next elapse") || what.starts_with("Iter")).then(|| when.trim().to_owned())
    });
    // "Mon 2027-02-01 00:00:00 UTC"
    let stamps = lines.map(|when| utc(&when[4..when.len() - 4].replace(' ', "T")));
    stamps.collect()
}

#[test]
fn a_timer_comes_round_as_often_as_systemd_says() {
    if !need("systemd-analyze") {
        return;
    }
    for calendar in CALENDARS {
        let elapses = elapses(calendar);
        let gaps: Vec<i64> = elapses.windows(2).map(|two| (two[1] - two[0]) / 60).collect();
        let wanted = gaps.iter().min().copied().zip(gaps.iter().max().copied());
        let found = of_timer(&[format!("[Timer]\nOnCalendar={calendar}\n")]);
        let found = found.map(|rhythm| (i64::from(rhythm.shortest), i64::from(rhythm.longest)));
        assert_eq!(found, wanted, "{calendar}");
    }
}
