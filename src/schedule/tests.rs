//! A line of the rules, a line of a table.

use super::*;
use crate::clock::tests::{berlin, stamp};

pub(super) fn policy(criterion: Criterion) -> Policy {
    Policy {
        criterion,
        ..Policy::default()
    }
}

pub(super) fn facts(size: u64, modified: i64) -> FileFacts {
    FileFacts {
        size,
        ..FileFacts::sample(modified)
    }
}

/// Is a log of 10 bytes due? Times are Berlin's.
fn is_due(criterion: Criterion, last: &str, now: &str) -> bool {
    matches!(
        judge(&policy(criterion), &facts(10, 0), stamp(last), &berlin(now), false),
        Verdict::Rotate(_)
    )
}

#[test]
fn each_criterion_is_met_when_its_line_says_so() {
    use Criterion::{Daily, Hourly, Minutes, Monthly, Weekly, Yearly};
    for (criterion, last, now, due) in [
        // The hour, or the day, month or year differs; "differs", not "later".
        (Hourly, "2026-5-5 10:59:59", "2026-5-5 11:0:0", true),
        (Hourly, "2026-5-5 10:0:0", "2026-5-5 10:59:59", false),
        (Hourly, "2026-5-4 10:0:0", "2026-5-5 10:0:1", true),
        (Hourly, "2026-5-5 12:0:0", "2026-5-5 11:0:0", true),
        (Minutes(5), "2026-5-5 10:30:0", "2026-5-5 10:35:59", false),
        (Minutes(5), "2026-5-5 10:30:0", "2026-5-5 10:36:0", true),
        (Minutes(0), "2026-5-5 10:30:30", "2026-5-5 10:31:29", false),
        (Daily, "2026-5-5 0:0:0", "2026-5-5 23:59:59", false),
        (Daily, "2026-5-5 23:59:0", "2026-5-6 0:0:0", true),
        (Daily, "2025-5-5 1:0:0", "2026-5-5 1:0:1", true),
        (Daily, "2026-5-6 1:0:0", "2026-5-5 23:0:0", true),
        (Daily, "2024-2-28 9", "2024-2-29 9:1", true),
        (Daily, "2024-2-29 9", "2024-2-29 9:1", false),
        // 2026-11-22 is a Sunday.
        (Weekly(0), "2026-11-21 23:0:0", "2026-11-22 0:0:0", true),
        (Weekly(0), "2026-11-22 0:0:0", "2026-11-22 9:0:0", false),
        (Weekly(0), "2026-11-22 0:0:0", "2026-11-28 23:0:0", false),
        (Weekly(0), "2026-11-23 0:0:0", "2026-11-28 23:0:0", false),
        (Weekly(3), "2026-11-19 23:0:0", "2026-11-25 0:0:0", true),
        (Weekly(3), "2026-11-19 23:0:0", "2026-11-26 0:0:0", true),
        (Weekly(7), "2026-11-15 0:0:0", "2026-11-21 23:0:0", false),
        (Weekly(7), "2026-11-15 23:0:0", "2026-11-22 0:0:0", true),
        (Monthly(0), "2026-11-1 0:0:0", "2026-11-30 23:0:0", false),
        (Monthly(0), "2026-11-30 23:0:0", "2026-12-1 0:0:0", true),
        (Monthly(0), "2025-11-30 23:0:0", "2026-11-30 0:0:0", true),
        (Monthly(15), "2026-11-14 23:0:0", "2026-11-15 0:0:0", true),
        (Monthly(15), "2026-11-15 0:0:0", "2026-11-15 9:0:0", false),
        (Monthly(15), "2026-11-15 0:0:0", "2026-11-30 9:0:0", true),
        (Monthly(15), "2026-11-15 0:0:0", "2026-11-29 9:0:0", false),
        (Monthly(31), "2026-2-1 0:0:0", "2026-2-28 9:0:0", true),
        (Monthly(31), "2024-2-1 0:0:0", "2024-2-28 9:0:0", false),
        (Monthly(31), "2024-2-1 0:0:0", "2024-2-29 9:0:0", true),
        (Monthly(20), "2026-11-21 0:0:0", "2026-12-19 9:0:0", false),
        (Monthly(20), "2026-7-19 0:0:0", "2026-8-19 9:0:0", true),
        (Monthly(20), "2026-7-19 0:0:0", "2026-8-18 9:0:0", false),
        (Yearly, "2026-1-1 0:0:0", "2026-12-31 23:0:0", false),
        (Yearly, "2026-12-31 23:0:0", "2027-1-1 0:0:0", true),
        (Daily, "2100-2-28 1:0:0", "2100-3-1 0:0:0", true),
        (Weekly(7), "2100-2-23 1:0:0", "2100-3-1 0:0:0", false),
        (Weekly(7), "2100-2-23 1:0:0", "2100-3-2 0:0:0", true),
    ] {
        assert_eq!(is_due(criterion, last, now), due, "{criterion:?} last {last} now {now}");
    }
}

#[test]
fn days_are_calendar_days_when_the_clocks_change() {
    // 2026-03-29 has 23 hours in Berlin, 2026-10-25 has 25.
    use Criterion::{Daily, Hourly, Minutes, Monthly, Weekly};
    for (criterion, last, now, due) in [
        (Weekly(7), "2026-3-28 12:0:0", "2026-4-4 0:30:0", true),
        (Weekly(7), "2026-3-28 12:0:0", "2026-4-3 23:30:0", false),
        (Weekly(0), "2026-3-28 12:0:0", "2026-3-29 0:30:0", true),
        (Weekly(7), "2026-10-24 12:0:0", "2026-10-31 0:30:0", true),
        (Weekly(7), "2026-10-24 12:0:0", "2026-10-30 23:30:0", false),
        (Monthly(29), "2026-3-28 23:0:0", "2026-3-29 0:30:0", true),
        (Monthly(1), "2026-3-5 23:0:0", "2026-4-5 0:30:0", true),
        (Daily, "2026-3-29 0:0:0", "2026-3-29 23:0:0", false),
        (Daily, "2026-10-25 0:0:0", "2026-10-25 23:0:0", false),
        (Hourly, "2026-3-29 1:59:0", "2026-3-29 3:0:0", true),
        (Minutes(5), "2026-3-29 1:58:0", "2026-3-29 3:0:0", false),
        (Minutes(5), "2026-3-29 1:58:0", "2026-3-29 3:4:0", true),
    ] {
        assert_eq!(is_due(criterion, last, now), due, "{criterion:?} last {last} now {now}");
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    use Criterion::{Daily, Size};
    use Verdict::{Keep, Rotate};
    let now = berlin("2026-11-22 10:0:30");
    let on = |change: fn(&mut Policy), criterion, size, last: &str, force| {
        let mut policy = policy(criterion);
        change(&mut policy);
        judge(
            &policy,
            &facts(size, now.epoch - 2 * DAY_SECONDS),
            stamp(last),
            &now,
            force,
        )
    };
    let this_minute = "2026-11-22 10:0:1";
    let long_ago = "2026-1-1 0:0:0";
    let today = "2026-11-22 1:0:0";
    let soon = Keep(Why::TooSoon(Period::Day, stamp(today)));
    for (name, change, criterion, size, last, force, verdict) in [
        (
            "-f",
            (|_| {}) as fn(&mut Policy),
            Daily,
            1,
            this_minute,
            true,
            Rotate(Cause::Forced),
        ),
        (
            "-f beats minsize",
            |p| p.min_size = Some(9),
            Daily,
            1,
            this_minute,
            true,
            Rotate(Cause::Forced),
        ),
        (
            "-f, empty",
            |p| p.if_empty = false,
            Daily,
            0,
            long_ago,
            true,
            Keep(Why::Empty),
        ),
        (
            "maxsize",
            |p| p.max_size = Some(9),
            Daily,
            10,
            this_minute,
            false,
            Rotate(Cause::MaxSize),
        ),
        (
            "maxsize reached",
            |p| p.max_size = Some(10),
            Daily,
            10,
            today,
            false,
            soon.clone(),
        ),
        (
            "maxsize 0",
            |p| p.max_size = Some(0),
            Daily,
            10,
            today,
            false,
            soon.clone(),
        ),
        (
            "maxsize, then size",
            |p| p.max_size = Some(9),
            Size(50),
            10,
            today,
            false,
            Rotate(Cause::MaxSize),
        ),
        ("size", |_| {}, Size(10), 10, this_minute, false, Rotate(Cause::Size)),
        (
            "below size",
            |_| {},
            Size(11),
            10,
            long_ago,
            false,
            Keep(Why::BelowSize),
        ),
        ("size 0", |_| {}, Size(0), 0, this_minute, false, Rotate(Cause::Size)),
        (
            "size 0, notifempty",
            |p| p.if_empty = false,
            Size(0),
            0,
            long_ago,
            false,
            Keep(Why::Empty),
        ),
        (
            "size heeds no minsize",
            |p| p.min_size = Some(99),
            Size(10),
            10,
            long_ago,
            false,
            Rotate(Cause::Size),
        ),
        (
            "size heeds no minage",
            |p| p.min_age = 9,
            Size(10),
            10,
            long_ago,
            false,
            Rotate(Cause::Size),
        ),
        (
            "size heeds no future",
            |_| {},
            Size(11),
            10,
            "2027-1-1 0:0:0",
            false,
            Keep(Why::BelowSize),
        ),
        (
            "25 hours ahead",
            |_| {},
            Daily,
            1,
            "2026-11-23 11:0:30",
            false,
            Rotate(Cause::Time),
        ),
        (
            "a second more",
            |_| {},
            Daily,
            1,
            "2026-11-23 11:0:31",
            false,
            Rotate(Cause::Future),
        ),
        (
            "future, no minsize",
            |p| p.min_size = Some(9),
            Daily,
            1,
            "2027-1-1 0:0:0",
            false,
            Rotate(Cause::Future),
        ),
        (
            "future, no minage",
            |p| p.min_age = 9,
            Daily,
            1,
            "2027-1-1 0:0:0",
            false,
            Rotate(Cause::Future),
        ),
        (
            "this minute",
            |_| {},
            Criterion::Hourly,
            1,
            this_minute,
            false,
            Keep(Why::AlreadyRotated),
        ),
        (
            "minsize",
            |p| p.min_size = Some(11),
            Daily,
            10,
            long_ago,
            false,
            Keep(Why::MinSize),
        ),
        (
            "minsize reached",
            |p| p.min_size = Some(10),
            Daily,
            10,
            long_ago,
            false,
            Rotate(Cause::Time),
        ),
        (
            "time before minsize",
            |p| p.min_size = Some(11),
            Daily,
            10,
            today,
            false,
            soon,
        ),
        (
            "minage, exactly",
            |p| p.min_age = 2,
            Daily,
            10,
            long_ago,
            false,
            Keep(Why::MinAge),
        ),
        (
            "minage, older",
            |p| p.min_age = 1,
            Daily,
            10,
            long_ago,
            false,
            Rotate(Cause::Time),
        ),
        (
            "notifempty",
            |p| p.if_empty = false,
            Daily,
            0,
            long_ago,
            false,
            Keep(Why::Empty),
        ),
        ("ifempty", |_| {}, Daily, 0, long_ago, false, Rotate(Cause::Time)),
    ] {
        assert_eq!(on(change, criterion, size, last, force), verdict, "{name}");
    }
}

#[test]
fn a_log_a_second_older_than_minage_is_due() {
    let now = berlin("2026-11-22 10:0:30");
    let mut policy = policy(Criterion::Daily);
    policy.min_age = 1;
    for (age, due) in [(DAY_SECONDS - 1, false), (DAY_SECONDS, false), (DAY_SECONDS + 1, true)] {
        let verdict = judge(&policy, &facts(1, now.epoch - age), stamp("2026-1-1"), &now, false);
        assert_eq!(matches!(verdict, Verdict::Rotate(Cause::Time)), due, "{age}");
    }
}
