//! Is a log due? A pure function of policy, observation, state and now.

use crate::clock::{DAY_SECONDS, Now, Stamp};
use crate::facts::FileFacts;
use crate::policy::{Criterion, Policy};

mod next;

pub use next::{Lack, NextDue, lack, next_due, time_ahead};

/// The answer for one log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    Rotate(Cause),
    Keep(Why),
}

/// Why a log is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `-f`.
    Forced,
    /// Larger than `maxsize`.
    MaxSize,
    /// As large as `size` asks.
    Size,
    /// The state says it was last rotated more than 25 hours in the future: an error message, no change of the status.
    Future,
    /// The time criterion is met.
    Time,
}

/// Why a log is not due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Smaller than `size` asks.
    BelowSize,
    /// Rotated in this very minute.
    AlreadyRotated,
    /// Less than the period ago.
    TooSoon(Period, Stamp),
    /// Smaller than `minsize`.
    MinSize,
    /// Younger than `minage`.
    MinAge,
    /// Empty, under `notifempty`.
    Empty,
}

/// A period, for the reason's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Minutes(u32),
    Hour,
    Day,
    Week,
    Month,
    Year,
}

const MINUTE: i64 = 60;

/// How far ahead the state may be before it is taken for a mistake: 25 hours, exactly that still counts as right.
const FUTURE: i64 = 25 * 3600;

/// The days after which `weekly` is due on any day.
const WEEK: i64 = 7;

/// The days after which `monthly D` is due on any day.
const LONGEST_MONTH: i64 = 31;

/// Answers whether the log is to be rotated now; `last` is the state's entry.
pub fn judge(policy: &Policy, facts: &FileFacts, last: Stamp, now: &Now, force: bool) -> Verdict {
    match judge_filled(policy, facts, last, now, force) {
        Verdict::Rotate(_) if !policy.if_empty && facts.size == 0 => Verdict::Keep(Why::Empty),
        verdict => verdict,
    }
}

/// Judges a log whose emptiness is no matter.
fn judge_filled(policy: &Policy, facts: &FileFacts, last: Stamp, now: &Now, force: bool) -> Verdict {
    if force {
        return Verdict::Rotate(Cause::Forced);
    }
    // `maxsize 0` and `minsize 0` are off; `size 0` is always reached.
    if policy.max_size.is_some_and(|max| max > 0 && facts.size > max) {
        return Verdict::Rotate(Cause::MaxSize);
    }
    if let Criterion::Size(threshold) = policy.criterion {
        return if facts.size >= threshold {
            Verdict::Rotate(Cause::Size)
        } else {
            Verdict::Keep(Why::BelowSize)
        };
    }
    if now.epoch_of(last).saturating_sub(now.epoch) > FUTURE {
        return Verdict::Rotate(Cause::Future);
    }
    let by_minutes = matches!(policy.criterion, Criterion::Minutes(_));
    if same_minute(last, now.local) || (!by_minutes && last.hour_start() == now.local.hour_start()) {
        return Verdict::Keep(Why::AlreadyRotated);
    }
    if let Some(period) = too_soon(policy.criterion, last, now) {
        return Verdict::Keep(Why::TooSoon(period, last));
    }
    if policy.min_size.is_some_and(|min| facts.size < min) {
        return Verdict::Keep(Why::MinSize);
    }
    let age = now.epoch.saturating_sub(facts.modified.seconds);
    if policy.min_age > 0 && age <= i64::from(policy.min_age) * DAY_SECONDS {
        return Verdict::Keep(Why::MinAge);
    }
    Verdict::Rotate(Cause::Time)
}

/// Answers the period that has not gone by yet; `None` where the time criterion is met.
fn too_soon(criterion: Criterion, last: Stamp, now: &Now) -> Option<Period> {
    let today = now.local;
    let days = today.calendar_day().saturating_sub(last.calendar_day());
    let (due, period) = match criterion {
        // Judged before the time criteria.
        Criterion::Size(_) => return None,
        Criterion::Minutes(count) => {
            let minutes = now.epoch.saturating_sub(now.epoch_of(last)).div_euclid(MINUTE);
            (minutes > i64::from(count), Period::Minutes(count))
        }
        Criterion::Hourly => (days != 0 || today.hour != last.hour, Period::Hour),
        Criterion::Daily => (days != 0, Period::Day),
        Criterion::Weekly(day) => (days >= WEEK || (days >= 1 && today.weekday() == day), Period::Week),
        Criterion::Monthly(0) => ((today.year, today.month) != (last.year, last.month), Period::Month),
        Criterion::Monthly(day) => {
            let is_day = today.day == u32::from(day) || today.ends_month();
            (days >= LONGEST_MONTH || (days >= 1 && is_day), Period::Month)
        }
        Criterion::Yearly => (today.year != last.year, Period::Year),
    };
    (!due).then_some(period)
}

fn same_minute(one: Stamp, other: Stamp) -> bool {
    Stamp { second: 0, ..one } == Stamp { second: 0, ..other }
}

#[cfg(test)]
mod tests;
