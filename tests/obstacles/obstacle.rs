//! What an obstacle is: a row with what makes it, what takes it away, and what may be different while it is there.

/// So many archives are kept, where an obstacle does not say otherwise.
const KEEP: u32 = 3;
/// So many archives have names for the scripts.
pub(super) const NAMED: u32 = KEEP + 1;
/// The day on which obstacles come; the row of archives is full by then.
pub(super) const COMES_ON: u32 = 5;
/// The day on which most of them go; they are there for more rotations than archives are kept.
pub(super) const GOES_ON: u32 = 10;
/// A day that is never reached.
pub(super) const NEVER: u32 = u32::MAX;

/// How archives are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    Numbered,
    Dated,
}

/// What is done with archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Compress,
    Delayed,
}

/// Whether a stanza has one log, or several with the scripts in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logs {
    One,
    Set,
}

/// The way of rotating that an obstacle stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub(super) naming: Naming,
    pub(super) packing: Packing,
    pub(super) logs: Logs,
}

/// Who rotates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Root,
    /// An ordinary user, whose everything is.
    User,
    /// Root, for the user whose the logs' directory is.
    Su,
}

/// A day on which an obstacle is there, to whom asks what holds then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) mode: Mode,
    /// How many days it has been there.
    pub(super) since: u32,
}

/// When something holds.
pub(super) type When = fn(Moment) -> bool;

pub(super) fn never(_: Moment) -> bool {
    false
}

pub(super) fn daily(_: Moment) -> bool {
    true
}

pub(super) fn at_first(moment: Moment) -> bool {
    moment.since == 0
}

/// Each day, where archives are compressed.
pub(super) fn compressing(moment: Moment) -> bool {
    moment.mode.packing != Packing::Plain
}

/// Each day, where archives are numbered: dated ones are not renamed.
pub(super) fn numbered(moment: Moment) -> bool {
    moment.mode.naming == Naming::Numbered
}

/// On the first day, where archives are numbered.
pub(super) fn numbered_at_first(moment: Moment) -> bool {
    numbered(moment) && at_first(moment)
}

/// A row of the table.
pub(super) struct Obstacle {
    pub(super) name: &'static str,
    /// What makes it: a script in the directory of the log `$LOG` (see `world`).
    pub(super) comes: &'static str,
    /// It is made again on each day.
    pub(super) again: bool,
    /// What takes it away, on the morning of a day.
    pub(super) goes: (u32, &'static str),
    /// What is done before the first day, and when all is over.
    pub(super) around: (&'static str, &'static str),
    /// Directives that it needs.
    pub(super) directives: &'static [&'static str],
    pub(super) log: &'static str,
    pub(super) who: Who,
    /// The only naming in which it can be.
    pub(super) only: Option<Naming>,
    /// When a run has to tell of it.
    pub(super) told: When,
    /// When the log may stay as it is: the whole directory is concerned, a script said so, or the dated name is taken.
    pub(super) stops: When,
    /// The whole set may stay, too.
    pub(super) stops_set: bool,
    /// So many archives more than are kept may be there as long as it is.
    pub(super) more: usize,
    /// The runs' clock is so many days off.
    pub(super) clock: i32,
    /// So many archives are kept.
    pub(super) keep: u32,
    /// It is none of a pair.
    pub(super) alone: bool,
}

/// An obstacle that comes, goes on the usual day, and is told on each day in between.
pub(super) const fn obstacle(name: &'static str, comes: &'static str, goes: &'static str) -> Obstacle {
    Obstacle {
        name,
        comes,
        again: false,
        goes: (GOES_ON, goes),
        around: ("", ""),
        directives: &[],
        log: "a.log",
        who: Who::Root,
        only: None,
        told: daily,
        stops: never,
        stops_set: false,
        more: 0,
        clock: 0,
        keep: KEEP,
        alone: false,
    }
}

/// What comes once, and is told on that day if at all.
pub(super) const fn once(name: &'static str, comes: &'static str) -> Obstacle {
    Obstacle {
        goes: (NEVER, ""),
        told: at_first,
        ..obstacle(name, comes, "")
    }
}

/// What is there for one day.
pub(super) const fn for_a_day(name: &'static str, comes: &'static str, goes: &'static str) -> Obstacle {
    Obstacle {
        goes: (COMES_ON + 1, goes),
        ..obstacle(name, comes, goes)
    }
}

impl Obstacle {
    pub(super) const fn with(self, directives: &'static [&'static str]) -> Self {
        Self { directives, ..self }
    }

    pub(super) const fn told(self, told: When) -> Self {
        Self { told, ..self }
    }

    pub(super) const fn stops(self, stops: When) -> Self {
        Self { stops, ..self }
    }

    pub(super) const fn stops_set(self) -> Self {
        Self {
            stops_set: true,
            ..self
        }
    }

    pub(super) const fn only(self, naming: Naming) -> Self {
        Self {
            only: Some(naming),
            ..self
        }
    }

    pub(super) const fn by(self, who: Who) -> Self {
        Self { who, ..self }
    }

    pub(super) const fn more(self, more: usize) -> Self {
        Self { more, ..self }
    }

    pub(super) const fn again(self) -> Self {
        Self { again: true, ..self }
    }

    pub(super) const fn for_ever(self) -> Self {
        Self {
            goes: (NEVER, ""),
            ..self
        }
    }

    pub(super) const fn around(self, before: &'static str, after: &'static str) -> Self {
        Self {
            around: (before, after),
            ..self
        }
    }

    pub(super) const fn of_log(self, log: &'static str) -> Self {
        Self { log, ..self }
    }

    pub(super) const fn keep(self, keep: u32) -> Self {
        Self { keep, ..self.alone() }
    }

    pub(super) const fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    pub(super) const fn clock(self, days: i32) -> Self {
        Self { clock: days, ..self }
    }

    /// What holds on a day on which it is there.
    pub(super) fn moment(&self, mode: Mode, day: u32) -> Option<Moment> {
        let since = day.checked_sub(COMES_ON)?;
        (day < self.goes.0).then_some(Moment { mode, since })
    }

    pub(super) fn fits(&self, mode: Mode) -> bool {
        self.only.is_none_or(|only| only == mode.naming)
    }
}
