//! Calendars of systemd's timers, such as `Mon..Fri *-*-* 06,18:30`: on which days, and at which minutes of these.
//!
//! What one calendar says, and no more; how often several come round together is in `rhythm`. The grammar is that of
//! systemd.time(7). Calendars of certain years come round seldom or never again, and are not understood.

use crate::clock::Stamp;

/// Words for whole calendars.
const WORDS: [(&str, &str); 11] = [
    ("minutely", "*-*-* *:*:00"),
    ("hourly", "*-*-* *:00:00"),
    ("daily", "*-*-* 00:00:00"),
    ("weekly", "Mon *-*-* 00:00:00"),
    ("monthly", "*-*-01 00:00:00"),
    ("quarterly", "*-01,04,07,10-01 00:00:00"),
    ("semiannually", "*-01,07-01 00:00:00"),
    ("semi-annually", "*-01,07-01 00:00:00"),
    ("yearly", "*-01-01 00:00:00"),
    ("annually", "*-01-01 00:00:00"),
    ("anually", "*-01-01 00:00:00"),
];
/// Days of the week, Sunday first.
const DAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];
/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// One calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// A bit a day of the week, Sunday first.
    weekdays: u64,
    date: Date,
    /// The minutes of a day, in order.
    minutes: Vec<u32>,
}

impl Calendar {
    /// Reads a calendar; `None` where it is none, or one of certain years.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let whole = WORDS.iter().find(|(word, _)| text.eq_ignore_ascii_case(word));
        let mut words: Vec<&str> = whole
            .map_or(text, |(_, calendar)| calendar)
            .split_whitespace()
            .collect();
        // Zones move all times alike.
        if words.len() > 1 && words.last().is_some_and(|word| is_zone(word)) {
            words.pop();
        }
        let mut weekdays = (1 << DAYS.len()) - 1;
        if let Some(named) = words.first().and_then(|word| weekdays_of(word)) {
            weekdays = named;
            words.remove(0);
        }
        let (date, time) = match words[..] {
            [] => ("*-*-*", "00:00"),
            [one] if one.contains(':') => ("*-*-*", one),
            [one] => (one, "00:00"),
            [date, time] => (date, time),
            _ => return None,
        };
        Some(Self {
            weekdays,
            date: Date::parse(date)?,
            minutes: minutes_of(time)?,
        })
    }

    /// Tells whether it comes round on a day.
    #[must_use]
    pub fn is_on(&self, day: Stamp) -> bool {
        let has = |set: u64, at: u32| set >> at & 1 == 1;
        let number = if self.date.from_the_end {
            let length = (28..=31).rev().find(|last| {
                Stamp::rolled(day.year, day.month, *last, 0, 0, 0).is_some_and(|end| end.month == day.month)
            });
            length.unwrap_or(31) - day.day + 1
        } else {
            day.day
        };
        has(self.weekdays, day.weekday().into()) && has(self.date.months, day.month) && has(self.date.days, number)
    }

    /// Returns the minutes of such a day at which it comes round, in order; there is at least one.
    #[must_use]
    pub fn minutes(&self) -> &[u32] {
        &self.minutes
    }
}

/// Tells whether a word names a time zone.
fn is_zone(word: &str) -> bool {
    let begins = word.starts_with(|first: char| first.is_ascii_alphabetic());
    begins && weekdays_of(word).is_none() && !word.contains(':')
}

/// Reads days of the week: `Mon`, `Mon,Thu`, `Mon..Fri`.
fn weekdays_of(word: &str) -> Option<u64> {
    let day = |name: &str| {
        let name = name.to_ascii_lowercase();
        DAYS.iter().position(|day| *day == name || day[..3] == name)
    };
    let mut set = 0;
    for part in word.trim_end_matches(',').split(',') {
        let (from, to) = part
            .split_once("..")
            .or_else(|| part.split_once('-'))
            .unwrap_or((part, part));
        let (from, to) = (day(from)?, day(to)?);
        // For systemd weeks begin with Monday, and a range does not go over their end.
        let (from, to) = ((from + 6) % 7, (to + 6) % 7);
        if from > to {
            return None;
        }
        (from..=to).for_each(|day| set |= 1 << ((day + 1) % 7));
    }
    Some(set)
}

/// The days of a year on which a calendar comes round.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Date {
    /// A bit a month, from 1.
    months: u64,
    /// A bit a day of the month, from 1.
    days: u64,
    /// Days are counted from the end of the month.
    from_the_end: bool,
}

impl Date {
    /// Reads months and days of `*-*-*`, `*-01~03` or `01-15`.
    fn parse(date: &str) -> Option<Self> {
        let from_the_end = date.contains('~');
        let (front, days) = date.rsplit_once(if from_the_end { '~' } else { '-' })?;
        let (year, month) = front.rsplit_once('-').unwrap_or(("*", front));
        if year != "*" {
            return None;
        }
        Some(Self {
            months: field(month, 1, 12)?,
            days: field(days, 1, 31)?,
            from_the_end,
        })
    }
}

/// Reads hours, minutes and seconds.
fn minutes_of(time: &str) -> Option<Vec<u32>> {
    let mut parts = time.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some()
        || !seconds
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"*/,.".contains(&byte))
    {
        return None;
    }
    let (hours, minutes) = (field(hours, 0, 23)?, field(minutes, 0, 59)?);
    let is_on = |minute: &u32| hours >> (minute / 60) & 1 == 1 && minutes >> (minute % 60) & 1 == 1;
    Some((0..DAY).filter(is_on).collect())
}

/// Reads one field, such as `*`, `1,15`, `0/10` or `8..18/2`, as a bit a number.
fn field(text: &str, lowest: u32, highest: u32) -> Option<u64> {
    let number = |text: &str| text.parse().ok().filter(|number| (lowest..=highest).contains(number));
    let mut set = 0_u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to): (u32, u32) = match range.split_once("..") {
            Some((from, to)) => (number(from)?, number(to)?),
            None if range == "*" => (lowest, highest),
            None => (number(range)?, step.map_or(number(range)?, |_| highest)),
        };
        (from..=to).step_by(step.unwrap_or(1)).for_each(|at| set |= 1 << at);
    }
    Some(set).filter(|set| *set != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_as_the_numbers_it_names() {
        let table = [
            ("5", &[5][..]),
            ("1,15", &[1, 15]),
            ("0/20", &[0, 20, 40]),
            ("*/20", &[0, 20, 40]),
            ("8..10", &[8, 9, 10]),
            ("8..12/2", &[8, 10, 12]),
            ("5/30,7", &[5, 7, 35]),
        ];
        for (text, numbers) in table {
            let set = field(text, 0, 59).unwrap();
            let found: Vec<u32> = (0..60).filter(|at| set >> at & 1 == 1).collect();
            assert_eq!(found, numbers, "{text}");
        }
        for text in ["", "x", "60", "1..", "9..8", "1/0", "1,,2"] {
            assert_eq!(field(text, 0, 59), None, "{text}");
        }
    }

    #[test]
    fn days_of_the_week_begin_with_monday() {
        let table = [
            ("Mon", 0b10),
            ("monday,Wed", 0b1010),
            ("Fri..Sun", 0b110_0001),
            ("Mon-Fri", 0b011_1110),
        ];
        for (text, set) in table {
            assert_eq!(weekdays_of(text), Some(set), "{text}");
        }
        assert_eq!(weekdays_of("*-*-*"), None);
        assert_eq!(weekdays_of("Fri..Mon"), None);
    }

    #[test]
    fn what_is_no_calendar_or_one_of_certain_years_is_not_understood() {
        for text in [
            "",
            "often",
            "2027-*-* 00:00",
            "*-*-* 25:00",
            "00:00:00:00",
            "13-01",
            "Mon Tue",
        ] {
            assert_eq!(Calendar::parse(text), None, "{text}");
        }
    }
}
