//! When is a log due next? A pure function of the same things as the verdict itself.
//!
//! Nothing is reckoned twice: a moment is looked for at which `judge`'s own rule about the time is met.

use super::{MINUTE, too_soon};
use crate::clock::{DAY_SECONDS, Moment, Now, Stamp};
use crate::facts::FileFacts;
use crate::policy::{Criterion, Policy};
use crate::schedule::{Verdict, Why, judge};

/// When a log is due next, or what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextDue {
    /// The next run rotates it.
    Now,
    /// From this moment on, if it stays as it is; what it lacks (see [`lack`]) it must have by then.
    At(Moment),
    /// As soon as it has this many bytes.
    WhenSize(u64),
    /// As soon as it has content.
    WhenFilled,
}

/// What a log has too little of to be due at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is empty, under `notifempty`.
    Content,
    /// It has fewer bytes than these, which `size` or `minsize` asks for.
    Bytes(u64),
}

/// An hour in seconds.
const HOUR: i64 = 3600;

/// No day-by-day search goes further: the longest wait is that for another month after a stamp that is ahead.
const FARTHEST_DAY: u32 = 70;

/// Answers when the log is due next; `last` is the state's entry.
#[must_use]
pub fn next_due(policy: &Policy, facts: &FileFacts, last: Stamp, now: &Now) -> NextDue {
    let verdict = judge(policy, facts, last, now, false);
    let why = match verdict {
        Verdict::Rotate(_) => return NextDue::Now,
        Verdict::Keep(why) => why,
    };
    match (why, lack(policy, facts)) {
        (Why::Empty, _) => NextDue::WhenFilled,
        (Why::BelowSize | Why::MinSize, Some(Lack::Bytes(bytes))) => NextDue::WhenSize(bytes),
        (Why::MinAge, _) => NextDue::At(now.zone.moment(old_enough(policy, facts))),
        _ => {
            let by_time = next_time(policy.criterion, last, now);
            let by_age = if policy.min_age > 0 {
                old_enough(policy, facts)
            } else {
                by_time
            };
            NextDue::At(now.zone.moment(by_time.max(by_age)))
        }
    }
}

/// Answers when a log's time comes, whatever it has in it; `None` where it waits for no time, or only for content.
#[must_use]
pub fn time_ahead(policy: &Policy, last: Stamp, now: &Now) -> Option<i64> {
    match policy.criterion {
        Criterion::Size(_) => None,
        criterion => Some(next_time(criterion, last, now)).filter(|time| *time > now.epoch),
    }
}

/// Answers what a log lacks, whatever the time; one above `maxsize` is due all the same.
#[must_use]
pub fn lack(policy: &Policy, facts: &FileFacts) -> Option<Lack> {
    let wanted = match policy.criterion {
        Criterion::Size(bytes) => bytes,
        _ => policy.min_size.unwrap_or(0),
    };
    if facts.size < wanted {
        Some(Lack::Bytes(wanted))
    } else {
        (facts.size == 0 && !policy.if_empty).then_some(Lack::Content)
    }
}

/// Returns the second from which on the log is older than `minage` asks.
fn old_enough(policy: &Policy, facts: &FileFacts) -> i64 {
    let wait = i64::from(policy.min_age).saturating_mul(DAY_SECONDS).saturating_add(1);
    facts.modified.seconds.saturating_add(wait)
}

/// Returns the first second from now on at which the time criterion is met.
fn next_time(criterion: Criterion, last: Stamp, now: &Now) -> i64 {
    match criterion {
        Criterion::Size(_) => now.epoch,
        Criterion::Minutes(count) => {
            let wait = (i64::from(count) + 1) * MINUTE;
            let full = now.epoch_of(last).saturating_add(wait);
            // A run in the very minute of the last one does nothing.
            let next_minute = now.epoch - i64::from(now.local.second) + MINUTE;
            if full > now.epoch { full } else { next_minute }
        }
        Criterion::Hourly => next_hour(last, now),
        Criterion::Monthly(0) => beginning(now.local.year, now.local.month.saturating_add(1), 1, now),
        Criterion::Yearly => beginning(now.local.year.saturating_add(1), 1, 1, now),
        Criterion::Daily | Criterion::Weekly(_) | Criterion::Monthly(_) => next_day(criterion, last, now),
    }
}

/// Goes from one beginning of an hour to the next; where the clocks are set back one hour comes twice.
fn next_hour(last: Stamp, now: &Now) -> i64 {
    let into = i64::from(now.local.minute) * MINUTE + i64::from(now.local.second);
    let first = now.epoch - into + HOUR;
    let is_due = |epoch: &i64| too_soon(Criterion::Hourly, last, &Now::at_in(*epoch, now.zone)).is_none();
    (0..26).map(|hours| first + hours * HOUR).find(is_due).unwrap_or(first)
}

/// Goes from one day to the next.
fn next_day(criterion: Criterion, last: Stamp, now: &Now) -> i64 {
    let Stamp { year, month, day, .. } = now.local;
    for ahead in 1..=FARTHEST_DAY {
        let Some(local) = Stamp::rolled(year, month, day + ahead, 0, 0, 0) else {
            break;
        };
        if too_soon(criterion, last, &Now { local, ..*now }).is_none() {
            return beginning(local.year, local.month, local.day, now);
        }
    }
    now.epoch
}

/// Returns the first second of a day, which is not midnight where the clocks are set forward then.
fn beginning(year: i32, month: u32, day: u32, now: &Now) -> i64 {
    Stamp::rolled(year, month, day, 0, 0, 0).map_or(now.epoch, |stamp| now.zone.seconds_of(stamp).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::tests::{BERLIN, berlin, stamp};
    use crate::schedule::tests::{facts, policy};

    fn next(criterion: Criterion, last: &str, now: &str) -> NextDue {
        next_due(&policy(criterion), &facts(10, 0), stamp(last), &berlin(now))
    }

    /// Returns the moment of a local time; of two the later.
    fn at(text: &str) -> NextDue {
        NextDue::At(BERLIN.moment(BERLIN.seconds_of(stamp(text)).1))
    }

    #[test]
    fn the_next_time_is_the_first_at_which_the_criterion_is_met() {
        use Criterion::{Daily, Hourly, Minutes, Monthly, Weekly, Yearly};
        for (criterion, last, now, due) in [
            (Minutes(5), "2026-5-5 10:30:10", "2026-5-5 10:33:0", "2026-5-5 10:36:10"),
            (
                Minutes(0),
                "2026-5-5 10:30:10",
                "2026-5-5 10:30:20",
                "2026-5-5 10:31:10",
            ),
            (Hourly, "2026-5-5 10:30:0", "2026-5-5 10:45:7", "2026-5-5 11:0:0"),
            (Hourly, "2026-5-5 23:30:0", "2026-5-5 23:45:7", "2026-5-6 0:0:0"),
            (Daily, "2026-5-5 0:0:0", "2026-5-5 23:0:0", "2026-5-6"),
            (Daily, "2024-2-28 0:0:0", "2024-2-28 9:0:0", "2024-2-29"),
            (Daily, "2026-12-31 0:0:0", "2026-12-31 9:0:0", "2027-1-1"),
            // 2026-11-22 is a Sunday.
            (Weekly(0), "2026-11-17 0:0:0", "2026-11-18 9:0:0", "2026-11-22"),
            (Weekly(0), "2026-11-22 0:0:0", "2026-11-22 9:0:0", "2026-11-29"),
            (Weekly(1), "2026-11-22 0:0:0", "2026-11-22 9:0:0", "2026-11-23"),
            (Weekly(7), "2026-11-17 5:0:0", "2026-11-18 9:0:0", "2026-11-24"),
            (Weekly(7), "2026-11-19 5:0:0", "2026-11-18 9:0:0", "2026-11-26"),
            (Monthly(0), "2026-11-1 0:0:0", "2026-11-18 9:0:0", "2026-12-1"),
            (Monthly(0), "2026-12-1 0:0:0", "2026-12-18 9:0:0", "2027-1-1"),
            (Monthly(15), "2026-11-1 0:0:0", "2026-11-10 9:0:0", "2026-11-15"),
            (Monthly(15), "2026-11-15 0:0:0", "2026-11-15 9:0:0", "2026-11-30"),
            (Monthly(31), "2026-1-31 0:0:0", "2026-1-31 9:0:0", "2026-2-28"),
            (Monthly(31), "2024-1-31 0:0:0", "2024-1-31 9:0:0", "2024-2-29"),
            (Monthly(20), "2026-6-30 0:0:0", "2026-6-30 9:0:0", "2026-7-20"),
            (Monthly(3), "2026-2-28 0:0:0", "2026-2-28 9:0:0", "2026-3-3"),
            (Yearly, "2026-1-1 0:0:0", "2026-11-22 9:0:0", "2027-1-1"),
        ] {
            assert_eq!(
                next(criterion, last, now),
                at(due),
                "{criterion:?} last {last} now {now}"
            );
        }
    }

    #[test]
    fn days_and_hours_are_those_of_the_clock_when_it_changes() {
        // 2026-03-29 has no hour 2 in Berlin, 2026-10-25 has it twice.
        use Criterion::{Daily, Hourly, Minutes, Weekly};
        for (criterion, last, now, due) in [
            (Hourly, "2026-3-29 1:10:0", "2026-3-29 1:30:0", "2026-3-29 3:0:0"),
            (Hourly, "2026-10-25 2:10:0", "2026-10-25 2:30:0", "2026-10-25 3:0:0"),
            (Minutes(30), "2026-3-29 1:40:0", "2026-3-29 1:50:0", "2026-3-29 3:11:0"),
            (Daily, "2026-3-29 0:0:0", "2026-3-29 9:0:0", "2026-3-30"),
            (Daily, "2026-10-25 0:0:0", "2026-10-25 9:0:0", "2026-10-26"),
            (Weekly(7), "2026-3-28 23:0:0", "2026-3-28 23:30:0", "2026-4-4"),
            (Weekly(7), "2026-10-24 0:30:0", "2026-10-24 9:0:0", "2026-10-31"),
        ] {
            assert_eq!(
                next(criterion, last, now),
                at(due),
                "{criterion:?} last {last} now {now}"
            );
        }
    }

    #[test]
    fn at_the_next_time_it_is_due_and_a_second_before_it_is_not() {
        use Criterion::{Daily, Hourly, Minutes, Monthly, Weekly, Yearly};
        let start = berlin("2026-3-1 0:0:0");
        for hours in (0..24 * 300).step_by(7) {
            let now = Now::at_in(start.epoch + hours * HOUR + hours % 3600, start.zone);
            let last = Now::at_in(now.epoch - (hours * 977) % (40 * DAY_SECONDS), start.zone).local;
            for criterion in [
                Minutes(90),
                Hourly,
                Daily,
                Weekly(3),
                Weekly(7),
                Monthly(0),
                Monthly(15),
                Monthly(31),
                Yearly,
            ] {
                if too_soon(criterion, last, &now).is_none() {
                    continue;
                }
                let at = next_time(criterion, last, &now);
                let is_due = |epoch: i64| too_soon(criterion, last, &Now::at_in(epoch, now.zone)).is_none();
                assert!(
                    at > now.epoch && is_due(at) && !is_due(at - 1),
                    "{criterion:?} last {last} now {}",
                    now.local
                );
            }
        }
    }

    #[test]
    fn what_it_waits_for_besides_the_time_is_named() {
        let now = berlin("2026-11-22 10:0:30");
        let old = stamp("2026-1-1");
        let facts = facts(10, now.epoch - 2 * DAY_SECONDS);
        let on = |change: fn(&mut Policy), criterion, last| {
            let mut policy = policy(criterion);
            change(&mut policy);
            next_due(&policy, &facts, last, &now)
        };
        assert_eq!(on(|_| {}, Criterion::Daily, old), NextDue::Now);
        assert_eq!(on(|_| {}, Criterion::Size(99), old), NextDue::WhenSize(99));
        assert_eq!(
            on(|p| p.min_size = Some(11), Criterion::Daily, old),
            NextDue::WhenSize(11)
        );
        assert_eq!(on(|p| p.max_size = Some(9), Criterion::Daily, now.local), NextDue::Now);
        assert_eq!(on(|p| p.min_age = 5, Criterion::Daily, old), at("2026-11-25 10:0:31"));
        assert_eq!(
            on(|p| p.min_age = 5, Criterion::Daily, now.local),
            at("2026-11-25 10:0:31")
        );
        let empty = FileFacts { size: 0, ..facts };
        let mut policy = policy(Criterion::Size(0));
        policy.if_empty = false;
        assert_eq!(next_due(&policy, &empty, old, &now), NextDue::WhenFilled);
    }

    #[test]
    fn what_a_log_lacks_is_known_before_its_time_has_come() {
        let lacks = |criterion, min_size, if_empty, size| {
            let policy = Policy {
                min_size,
                if_empty,
                ..policy(criterion)
            };
            lack(&policy, &facts(size, 0))
        };
        use Criterion::{Daily, Size};
        for (criterion, min_size, if_empty, size, lacking) in [
            (Daily, None, true, 0, None),
            (Daily, None, false, 0, Some(Lack::Content)),
            (Daily, Some(0), false, 0, Some(Lack::Content)),
            (Daily, Some(9), false, 0, Some(Lack::Bytes(9))),
            (Daily, Some(9), true, 8, Some(Lack::Bytes(9))),
            (Daily, Some(9), true, 9, None),
            (Size(9), None, true, 8, Some(Lack::Bytes(9))),
            // Beside `size` there is no `minsize`.
            (Size(9), Some(99), true, 9, None),
            (Size(0), None, false, 0, Some(Lack::Content)),
        ] {
            let case = format!("{criterion:?} {min_size:?} {if_empty} {size}");
            assert_eq!(lacks(criterion, min_size, if_empty, size), lacking, "{case}");
        }
    }
}
