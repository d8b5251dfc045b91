//! Zones: from instants to local times and back.

use std::sync::OnceLock;

use chrono::{DateTime, Local, MappedLocalTime, NaiveDateTime, Offset, TimeZone};

use super::{Moment, Stamp};

/// Seconds since 1970 beyond which nothing is reckoned: the year 9999 and its mirror.
const FARTHEST: i64 = 253_370_764_800;

/// A rule that says how far local time is from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// What `TZ` says, else the system's zone.
    System,
    Utc,
    /// A table of changes: from this second since 1970 on, local time is this many seconds ahead. Sorted; before the
    /// first the first holds. It lets a decision be tried in a zone that is not the machine's.
    Changes(&'static [(i64, i32)]),
}

impl Zone {
    /// Answers the zone of the process; `TZ` is looked at once.
    #[must_use]
    pub fn of_process() -> Self {
        static ZONE: OnceLock<Zone> = OnceLock::new();
        *ZONE.get_or_init(|| match std::env::var_os("TZ") {
            // The C library takes an empty name for UTC, chrono for "not set".
            Some(name) if name.is_empty() || name == ":" => Self::Utc,
            _ => Self::System,
        })
    }

    /// Returns an instant in this zone; one beyond any calendar is moved to its edge.
    #[must_use]
    pub fn moment(self, epoch: i64) -> Moment {
        let epoch = epoch.clamp(-FARTHEST, FARTHEST);
        let offset = self.offset_at(epoch);
        let local = DateTime::from_timestamp(epoch + i64::from(offset), 0).unwrap_or_default();
        Moment {
            epoch,
            local: Stamp::from_naive(local.naive_utc()),
            offset,
        }
    }

    /// Answers which seconds since 1970 a local time means: the earlier and the later, mostly the same.
    ///
    /// A time that a change of clocks left out is read with the offset from before the change.
    #[must_use]
    pub fn seconds_of(self, stamp: Stamp) -> (i64, i64) {
        let naive = stamp.naive();
        let linear = naive.and_utc().timestamp().clamp(-FARTHEST, FARTHEST);
        match self.offsets_for(naive, linear) {
            MappedLocalTime::Single(offset) => (linear - i64::from(offset), linear - i64::from(offset)),
            MappedLocalTime::Ambiguous(one, other) => {
                let (one, other) = (linear - i64::from(one), linear - i64::from(other));
                (one.min(other), one.max(other))
            }
            MappedLocalTime::None => {
                let before = self.offset_at(linear - super::DAY_SECONDS);
                (linear - i64::from(before), linear - i64::from(before))
            }
        }
    }

    fn offset_at(self, epoch: i64) -> i32 {
        match self {
            Self::Utc => 0,
            Self::System => {
                let utc = DateTime::from_timestamp(epoch, 0).unwrap_or_default().naive_utc();
                Local.offset_from_utc_datetime(&utc).fix().local_minus_utc()
            }
            Self::Changes(table) => {
                let passed = table.partition_point(|(since, _)| *since <= epoch);
                table.get(passed.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
            }
        }
    }

    fn offsets_for(self, naive: NaiveDateTime, linear: i64) -> MappedLocalTime<i32> {
        match self {
            Self::Utc => MappedLocalTime::Single(0),
            Self::System => Local
                .offset_from_local_datetime(&naive)
                .map(|offset| offset.fix().local_minus_utc()),
            Self::Changes(_) => {
                let fits = |offset: i32| self.offset_at(linear - i64::from(offset)) == offset;
                let (before, after) = (
                    self.offset_at(linear - super::DAY_SECONDS),
                    self.offset_at(linear + super::DAY_SECONDS),
                );
                match (fits(before), fits(after)) {
                    (true, true) if before != after => MappedLocalTime::Ambiguous(before, after),
                    (true, _) => MappedLocalTime::Single(before),
                    (_, true) => MappedLocalTime::Single(after),
                    _ => MappedLocalTime::None,
                }
            }
        }
    }
}
