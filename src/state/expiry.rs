//! When an entry is dropped from the state file.

use crate::clock::{DAY_SECONDS, Now, Stamp};

/// An entry whose log was not found is dropped when more than this many seconds have gone by since its date.
pub const KEPT_SECONDS: i64 = 31_556_926;

/// Two days: no zone is farther from UTC than that, so beyond it no zone needs to be asked.
const MARGIN: i64 = 2 * DAY_SECONDS;

/// The border between entries that are kept and such that are dropped, at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Expiry {
    now: Now,
    surely_kept: Stamp,
    surely_gone: Stamp,
}

impl Expiry {
    /// Draws the border.
    #[must_use]
    pub fn at(now: &Now) -> Self {
        let border = now.epoch.saturating_sub(KEPT_SECONDS);
        let linear = |epoch| crate::clock::Zone::Utc.moment(epoch).local;
        Self {
            now: *now,
            surely_kept: linear(border.saturating_add(MARGIN)),
            surely_gone: linear(border.saturating_sub(MARGIN)),
        }
    }

    /// Answers whether an entry of this date is too old; exactly one year is not.
    #[must_use]
    pub fn is_over(&self, stamp: Stamp) -> bool {
        if stamp >= self.surely_kept {
            return false;
        }
        stamp < self.surely_gone || self.now.epoch.saturating_sub(self.now.epoch_of(stamp)) > KEPT_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::tests::{BERLIN, berlin, stamp};

    #[test]
    fn an_entry_is_kept_for_a_year_to_the_second() {
        let last = stamp("2026-3-28 12:0:0");
        let born = BERLIN.seconds_of(last).0;
        for (age, over) in [
            (0, false),
            (-99, false),
            (KEPT_SECONDS, false),
            (KEPT_SECONDS + 1, true),
            (2 * KEPT_SECONDS, true),
        ] {
            assert_eq!(Expiry::at(&Now::at_in(born + age, BERLIN)).is_over(last), over, "{age}");
        }
        assert!(Expiry::at(&berlin("2026-1-1 0:0:0")).is_over(stamp("1900-1-1")));
    }
}
