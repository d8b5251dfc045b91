//! Dates and times: the instant of a run, the stamps of the state file, calendar arithmetic.
//!
//! The clock and the zone are read here and nowhere else; all the rest is pure. How zones turn instants into
//! local times and back is in `zone`.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

pub mod zone;

pub use zone::Zone;

/// Seconds of a day that has 24 hours.
pub const DAY_SECONDS: i64 = 86_400;

/// A local date and time to the second, as the state file holds it; no zone, no checks beyond its source's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The year, 1970 to 2100 in a state file (1900 is let through).
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u32,
    /// The day of the month, 1 to 31.
    pub day: u32,
    /// The hour, 0 to 23.
    pub hour: u32,
    /// The minute, 0 to 59.
    pub minute: u32,
    /// The second, 0 to 59.
    pub second: u32,
}

impl Stamp {
    /// Makes a stamp from fields that may name no real date: they roll over (31 February is 3 March, day 0 is the
    /// last day of the month before, month 13 is the next January).
    ///
    /// `None` only for years beyond any calendar.
    #[must_use]
    pub fn rolled(year: i32, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Option<Self> {
        let months = month.checked_sub(1).map_or(-1, i64::from);
        let year = i32::try_from(i64::from(year).checked_add(months.div_euclid(12))?).ok()?;
        let first = NaiveDate::from_ymd_opt(year, u32::try_from(months.rem_euclid(12)).ok()? + 1, 1)?;
        let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        let shift = chrono::Duration::try_seconds((i64::from(day) - 1).checked_mul(DAY_SECONDS)?.checked_add(clock)?)?;
        first
            .and_time(NaiveTime::MIN)
            .checked_add_signed(shift)
            .map(Self::from_naive)
    }

    /// Returns the number of the calendar day, counted without a gap: two stamps of neighbouring days differ by 1.
    #[must_use]
    pub fn calendar_day(self) -> i64 {
        self.linear_seconds().div_euclid(DAY_SECONDS)
    }

    /// Returns the day of the week, 0 for Sunday to 6 for Saturday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        // 1970-01-01, day 0, was a Thursday.
        u8::try_from((self.calendar_day() + 4).rem_euclid(7)).unwrap_or(0)
    }

    /// Returns the same with minute and second 0: how a log is entered that is seen for the first time.
    #[must_use]
    pub fn hour_start(self) -> Self {
        Self {
            minute: 0,
            second: 0,
            ..self
        }
    }

    /// Is this the last day of its month?
    #[must_use]
    pub fn ends_month(self) -> bool {
        Self::rolled(self.year, self.month, self.day + 1, 0, 0, 0).is_none_or(|next| next.month != self.month)
    }

    /// Returns the seconds from 1970-01-01 00:00:00 to here as if every day had 24 hours and there were no zones.
    #[must_use]
    pub fn linear_seconds(self) -> i64 {
        self.naive().and_utc().timestamp()
    }

    /// Writes the form of the state file, `Y-M-D-h:m:s` without zero padding.
    #[must_use]
    pub fn state_form(self) -> StateForm {
        StateForm(self)
    }

    /// Returns the stamp as chrono has it; fields that name no date roll over, years beyond any calendar become 1970.
    #[must_use]
    pub(crate) fn naive(self) -> NaiveDateTime {
        let plain = NaiveDate::from_ymd_opt(self.year, self.month, self.day)
            .and_then(|date| date.and_hms_opt(self.hour, self.minute, self.second));
        plain.unwrap_or_else(|| {
            Self::rolled(self.year, self.month, self.day, self.hour, self.minute, self.second)
                .and_then(|s| NaiveDate::from_ymd_opt(s.year, s.month, s.day)?.and_hms_opt(s.hour, s.minute, s.second))
                .unwrap_or_default()
        })
    }

    /// Takes a stamp out of what chrono has.
    #[must_use]
    pub(crate) fn from_naive(naive: NaiveDateTime) -> Self {
        Self {
            year: naive.year(),
            month: naive.month(),
            day: naive.day(),
            hour: naive.hour(),
            minute: naive.minute(),
            second: naive.second(),
        }
    }
}

impl fmt::Display for Stamp {
    /// Writes `YYYY-MM-DD HH:MM`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            ..
        } = self;
        write!(out, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
    }
}

/// A stamp as the state file has it.
#[derive(Clone, Copy, Debug)]
pub struct StateForm(Stamp);

impl fmt::Display for StateForm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stamp {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self.0;
        write!(out, "{year}-{month}-{day}-{hour}:{minute}:{second}")
    }
}

/// One instant in three forms that agree: what names of archives are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970 in UTC.
    pub epoch: i64,
    pub local: Stamp,
    /// Seconds that local time is ahead of UTC then.
    pub offset: i32,
}

/// The instant of a run, read once so that all its logs see the same time, in UTC and in the local zone.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Seconds since 1970 in UTC.
    pub epoch: i64,
    pub local: Stamp,
    /// Nanoseconds on top of `epoch`, below 1,000,000,000.
    pub nanoseconds: u32,
    /// Seconds that local time is ahead of UTC now.
    pub offset: i32,
    pub zone: Zone,
}

impl Now {
    /// Reads the clock and the zone (`TZ`, else the system's).
    #[must_use]
    pub fn read() -> Self {
        let (epoch, nanoseconds) = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
            Err(before) => (i64::try_from(before.duration().as_secs()).map_or(0, |s| -s), 0),
        };
        Self {
            nanoseconds,
            ..Self::at(epoch)
        }
    }

    /// Takes the given second for the present, in the zone of the process.
    #[must_use]
    pub fn at(epoch: i64) -> Self {
        Self::at_in(epoch, Zone::of_process())
    }

    /// Takes the given second for the present, in the given zone.
    #[must_use]
    pub fn at_in(epoch: i64, zone: Zone) -> Self {
        let Moment { epoch, local, offset } = zone.moment(epoch);
        Self {
            epoch,
            local,
            nanoseconds: 0,
            offset,
            zone,
        }
    }

    /// Returns the present as a moment.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment {
            epoch: self.epoch,
            local: self.local,
            offset: self.offset,
        }
    }

    /// Answers which second a stamp of the past means: of the two that a change of clocks gave the same local time, the
    /// later one that is not in the future.
    #[must_use]
    pub fn epoch_of(&self, stamp: Stamp) -> i64 {
        let (early, late) = self.zone.seconds_of(stamp);
        if late <= self.epoch { late } else { early }
    }

    /// Returns what `dateyesterday` names: the day before, hour 12, minute and second of now.
    ///
    /// As in the reference, noon is told by the clock of now: on the day after a change of clocks its hour is 11 or 13.
    #[must_use]
    pub fn yesterday(&self) -> Moment {
        let Stamp {
            year,
            month,
            day,
            minute,
            second,
            ..
        } = self.local;
        let noon = Stamp::rolled(year, month, day.saturating_sub(1), 12, minute, second).unwrap_or(self.local);
        self.zone
            .moment(noon.linear_seconds().saturating_sub(i64::from(self.offset)))
    }

    /// Returns what an archive made now is named after.
    #[must_use]
    pub fn named(&self, yesterday: bool, hour_ago: bool) -> Moment {
        let day = if yesterday { self.yesterday() } else { self.moment() };
        if hour_ago {
            self.zone.moment(day.epoch.saturating_sub(3600))
        } else {
            day
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
