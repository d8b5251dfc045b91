//! Is a log due? A pure function of policy, observation, state and now (`behaviour.md` section 4, steps 4 and 5).

use crate::clock::{Now, Stamp};
use crate::facts::FileFacts;
use crate::policy::Policy;

/// The answer for one log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is due.
    Rotate(Cause),
    /// It is left alone.
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
    /// `minutes N`.
    Minutes(u32),
    /// `hourly`.
    Hour,
    /// `daily`.
    Day,
    /// `weekly`.
    Week,
    /// `monthly`.
    Month,
    /// `yearly`.
    Year,
}

/// Answers whether the log is to be rotated now; `last` is the state's entry.
pub fn judge(policy: &Policy, facts: &FileFacts, last: Stamp, now: &Now, force: bool) -> Verdict {
    let _ = (policy, facts, last, now, force);
    todo!()
}
