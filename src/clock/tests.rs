//! What the clock promises, in tables; the zone of the tables is Berlin's in 2026.

use super::*;

/// Berlin: winter time, summer time from 2026-03-29 01:00 UTC, winter time from 2026-10-25 01:00 UTC.
pub(crate) const BERLIN: Zone = Zone::Changes(&[(0, 3600), (1_774_746_000, 7200), (1_792_890_000, 3600)]);

pub(crate) fn stamp(text: &str) -> Stamp {
    let mut numbers = text.split(['-', ' ', ':']).map(|word| word.parse::<u32>().unwrap());
    let mut next = || numbers.next().unwrap_or(0);
    Stamp {
        year: i32::try_from(next()).unwrap(),
        month: next(),
        day: next(),
        hour: next(),
        minute: next(),
        second: next(),
    }
}

pub(crate) fn berlin(text: &str) -> Now {
    Now::at_in(BERLIN.seconds_of(stamp(text)).0, BERLIN)
}

#[test]
fn a_date_that_does_not_exist_rolls_over() {
    for (fields, rolled) in [
        ((2026, 2, 31, 1), "2026-3-3 1:0:0"),
        ((2024, 2, 30, 0), "2024-3-1 0:0:0"),
        ((2026, 3, 0, 0), "2026-2-28 0:0:0"),
        ((2026, 1, 0, 0), "2025-12-31 0:0:0"),
        ((2100, 2, 29, 0), "2100-3-1 0:0:0"),
        ((2026, 13, 1, 0), "2027-1-1 0:0:0"),
        ((2026, 0, 1, 0), "2025-12-1 0:0:0"),
    ] {
        let (year, month, day, hour) = fields;
        assert_eq!(
            Stamp::rolled(year, month, day, hour, 0, 0),
            Some(stamp(rolled)),
            "{fields:?}"
        );
    }
    assert_eq!(Stamp::rolled(i32::MAX, 1, 1, 0, 0, 0), None);
}

#[test]
fn calendar_days_and_weekdays_count_without_a_gap() {
    for (text, day, weekday) in [
        ("1970-1-1", 0, 4),
        ("1969-12-31 23:59:59", -1, 3),
        ("2026-3-28 23", 20_540, 6),
        ("2026-3-29 1", 20_541, 0),
        ("2026-3-30 0", 20_542, 1),
        ("2024-2-29", 19_782, 4),
        ("2100-3-1", 47_541, 1),
    ] {
        assert_eq!(
            (stamp(text).calendar_day(), stamp(text).weekday()),
            (day, weekday),
            "{text}"
        );
    }
}

#[test]
fn the_last_day_of_a_month_is_known() {
    for (text, last) in [
        ("2026-1-31", true),
        ("2026-2-28", true),
        ("2024-2-28", false),
        ("2024-2-29", true),
        ("2100-2-28", true),
        ("2026-4-30", true),
        ("2026-12-31", true),
        ("2026-12-30", false),
    ] {
        assert_eq!(stamp(text).ends_month(), last, "{text}");
    }
}

#[test]
fn instants_and_local_times_agree_across_a_change_of_clocks() {
    // The hour left out is read with the offset before; the doubled hour has two answers.
    for (text, early, late) in [
        ("2026-3-29 1:30", 1_774_744_200, 1_774_744_200),
        ("2026-3-29 2:30", 1_774_747_800, 1_774_747_800),
        ("2026-3-29 3:30", 1_774_747_800, 1_774_747_800),
        ("2026-10-25 1:30", 1_792_884_600, 1_792_884_600),
        ("2026-10-25 2:30", 1_792_888_200, 1_792_891_800),
        ("2026-10-25 3:30", 1_792_895_400, 1_792_895_400),
    ] {
        assert_eq!(BERLIN.seconds_of(stamp(text)), (early, late), "{text}");
    }
    assert_eq!(BERLIN.moment(1_792_888_200).local, BERLIN.moment(1_792_891_800).local);
}

#[test]
fn a_doubled_hour_is_never_read_as_the_future() {
    let last = stamp("2026-10-25 2:50");
    let second_pass = Now::at_in(BERLIN.seconds_of(stamp("2026-10-25 2:5")).1, BERLIN);
    assert_eq!(second_pass.epoch - second_pass.epoch_of(last), 15 * 60);
    assert_eq!(second_pass.epoch - second_pass.epoch_of(stamp("2026-10-25 2:4")), 60);
}

#[test]
fn yesterday_is_noon_with_the_minutes_of_now() {
    let named = |now: &str, yesterday, hour| berlin(now).named(yesterday, hour).local;
    assert_eq!(named("2026-3-1 7:8:9", true, false), stamp("2026-2-28 12:8:9"));
    assert_eq!(named("2026-1-1 0:0:1", true, true), stamp("2025-12-31 11:0:1"));
    assert_eq!(named("2026-1-1 0:0:1", false, true), stamp("2025-12-31 23:0:1"));
    assert_eq!(named("2026-3-29 3:30", false, true), stamp("2026-3-29 1:30"));
    assert_eq!(named("2026-3-30 3:30", true, false), stamp("2026-3-29 12:30"));
    // Seen with the reference: 15:00 on the day that lost an hour names 11:00 of the day before.
    assert_eq!(named("2026-3-29 15:0:0", true, false), stamp("2026-3-28 11:0:0"));
    assert_eq!(named("2026-10-25 15:0:0", true, true), stamp("2026-10-24 12:0:0"));
}

#[test]
fn stamps_are_written_in_both_forms() {
    let early = stamp("2026-1-2 3:4:5");
    assert_eq!(early.to_string(), "2026-01-02 03:04");
    assert_eq!(early.state_form().to_string(), "2026-1-2-3:4:5");
    assert_eq!(early.hour_start().state_form().to_string(), "2026-1-2-3:0:0");
}

#[test]
fn an_instant_beyond_any_calendar_is_moved_to_its_edge() {
    for far in [i64::MIN, i64::MAX] {
        let now = Now::at_in(far, Zone::Utc);
        assert!(now.yesterday().epoch < now.epoch.saturating_add(1));
        assert_eq!(Now::at(far).epoch, now.epoch);
    }
}
