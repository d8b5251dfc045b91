//! Dates and times: the instant of a run, the stamps of the state file, calendar arithmetic.

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

/// The instant of a run, read once (`behaviour.md` section 2), in UTC and in the local zone.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Seconds since 1970 in UTC.
    pub epoch: i64,
    /// The same in local time.
    pub local: Stamp,
}
