//! `dateformat`: parsed once into tokens, applied to an instant, and read back from the names of archives.
//!
//! User text is never handed to chrono's or the C library's formatter.

use std::io::Write;

use chrono::{Datelike, NaiveDate};

use super::NamingProblem;
use crate::clock::{DAY_SECONDS, Moment, Stamp};

/// A suffix of this many bytes or more is refused.
const WIDEST_SUFFIX: usize = 64;

/// The weight of a format, as the reference reckons its search pattern: fields may fill it up to this.
const HEAVIEST: usize = 126;

/// What a specifier stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `%Y`: the year.
    Year,
    /// `%y`: the year without its century.
    ShortYear,
    /// `%m`: the month, 01 to 12.
    Month,
    /// `%d`: the day of the month, 01 to 31.
    Day,
    /// `%H`: the hour, 00 to 23.
    Hour,
    /// `%M`: the minute.
    Minute,
    /// `%S`: the second.
    Second,
    /// `%G`: the year that the ISO week belongs to.
    IsoYear,
    /// `%g`: the same without its century.
    ShortIsoYear,
    /// `%V`: the ISO week, 01 to 53.
    IsoWeek,
    /// `%U`: the week, counted from the first Sunday, 00 to 53.
    SundayWeek,
    /// `%W`: the week, counted from the first Monday, 00 to 53.
    MondayWeek,
    /// `%u`: the weekday, 1 Monday to 7 Sunday.
    IsoWeekday,
    /// `%w`: the weekday, 0 Sunday to 6 Saturday.
    Weekday,
    /// `%j`: the day of the year, 001 to 366.
    YearDay,
    /// `%s`: seconds since 1970 in UTC.
    Epoch,
    /// `%z`: how far local time is ahead of UTC, `+0100`.
    Offset,
}

/// A specifier's letter, what it stands for, how many bytes it takes in a name, its weight and the numbers it may be.
type Row = (u8, Field, usize, usize, (i64, i64));

/// All specifiers; any other `%x` stands for itself.
const FIELDS: [Row; 17] = [
    (b'Y', Field::Year, 4, 20, (0, 9999)),
    (b'y', Field::ShortYear, 2, 10, (0, 99)),
    (b'm', Field::Month, 2, 10, (1, 12)),
    (b'd', Field::Day, 2, 10, (1, 31)),
    (b'H', Field::Hour, 2, 10, (0, 23)),
    (b'M', Field::Minute, 2, 10, (0, 59)),
    (b'S', Field::Second, 2, 10, (0, 61)),
    (b'G', Field::IsoYear, 4, 20, (0, 9999)),
    (b'g', Field::ShortIsoYear, 2, 10, (0, 99)),
    (b'V', Field::IsoWeek, 2, 10, (0, 53)),
    (b'U', Field::SundayWeek, 2, 10, (0, 53)),
    (b'W', Field::MondayWeek, 2, 10, (0, 53)),
    (b'u', Field::IsoWeekday, 1, 5, (1, 7)),
    (b'w', Field::Weekday, 1, 5, (0, 6)),
    (b'j', Field::YearDay, 3, 15, (1, 366)),
    (b's', Field::Epoch, 10, 50, (0, i64::MAX)),
    (b'z', Field::Offset, 5, 24, (i64::MIN, i64::MAX)),
];

/// Tells whether this letter after a `%` stands for a part of the date.
#[must_use]
pub fn is_field(letter: u8) -> bool {
    FIELDS.iter().any(|row| row.0 == letter)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Plain(u8),
    Field(&'static Row),
}

/// A parsed `dateformat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    written: Box<[u8]>,
    tokens: Vec<Token>,
    width: usize,
}

impl DateFormat {
    /// Parses a format; leading blanks do not count, a `%` that no specifier follows stands for itself, and what
    /// follows it is read anew, as the reference does it: `%%Y` is a `%` and a year.
    ///
    /// # Errors
    /// `TooLong` as the reference reckons it, `Slash` where names would lie in another directory.
    pub fn parse(raw: &[u8]) -> Result<Self, NamingProblem> {
        let blanks = raw.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let text = &raw[blanks..];
        let mut tokens = Vec::with_capacity(text.len());
        let (mut weight, mut width, mut at) = (0_usize, 0_usize, 0_usize);
        while let Some(&byte) = text.get(at) {
            let field = (byte == b'%')
                .then(|| FIELDS.iter().find(|row| text.get(at + 1) == Some(&row.0)))
                .flatten();
            let (token, bytes, wide, heavy) = match field {
                Some(row) => (Token::Field(row), 2, row.2, row.3),
                None => (Token::Plain(byte), 1, 1, 1),
            };
            at += bytes;
            width += wide;
            // The reference lets the last plain character go one further than a field.
            if weight + heavy > HEAVIEST + usize::from(field.is_none()) {
                return Err(NamingProblem::TooLong(text.into()));
            }
            weight += heavy;
            tokens.push(token);
        }
        if text.contains(&b'/') {
            return Err(NamingProblem::Slash(text.into()));
        }
        let written = text.into();
        Ok(Self { written, tokens, width })
    }

    /// Returns the plain text that every suffix begins with.
    #[must_use]
    pub fn literal_start(&self) -> &[u8] {
        let plain = self
            .tokens
            .iter()
            .take_while(|token| matches!(token, Token::Plain(_)))
            .count();
        self.written.get(..plain).unwrap_or_default()
    }

    /// Returns the suffix that names the given moment.
    ///
    /// # Errors
    /// `TooWide` for a suffix of 64 bytes or more.
    pub fn apply(&self, moment: &Moment) -> Result<Vec<u8>, NamingProblem> {
        let mut suffix = Vec::with_capacity(self.width);
        for token in &self.tokens {
            match token {
                Token::Plain(byte) => suffix.push(*byte),
                Token::Field(row) => write_field(&mut suffix, row.1, moment),
            }
        }
        if suffix.len() >= WIDEST_SUFFIX {
            return Err(NamingProblem::TooWide(self.written.clone()));
        }
        Ok(suffix)
    }

    /// Reads a suffix back; `None` where it has not the format's shape. The number orders suffixes by the date they say.
    #[must_use]
    pub fn read(&self, suffix: &[u8]) -> Option<i64> {
        Some(self.said(suffix)?.0.order())
    }

    /// Reads a suffix that a rotation can have made: all that it says is possible.
    #[must_use]
    pub fn date(&self, suffix: &[u8]) -> Option<NamedDate> {
        let (said, sound) = self.said(suffix)?;
        (sound && said.is_possible()).then(|| NamedDate {
            order: said.order(),
            is_whole: said.is_whole(),
        })
    }

    /// Returns how many bytes a suffix has.
    #[must_use]
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Reads what a suffix says, and whether no field is impossible.
    fn said(&self, suffix: &[u8]) -> Option<(Said, bool)> {
        if suffix.len() != self.width {
            return None;
        }
        let mut rest = suffix;
        let mut said = Said::default();
        let mut sound = true;
        for token in &self.tokens {
            let width = match token {
                Token::Plain(_) => 1,
                Token::Field(row) => row.2,
            };
            let (head, tail) = rest.split_at_checked(width)?;
            rest = tail;
            match token {
                Token::Plain(byte) => (head == [*byte]).then_some(())?,
                Token::Field((_, field, _, _, (least, most))) => {
                    let number = read_number(*field, head)?;
                    // Fields up to the first impossible one count, as with the reference.
                    sound &= (*least..=*most).contains(&number);
                    if sound {
                        said.take(*field, number);
                    }
                }
            }
        }
        Some((said, sound))
    }
}

/// A date that an archive's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedDate {
    /// Larger for a later date of the same format; of any format, where both are whole.
    pub order: i64,
    /// It says year and day, or year and week: names of other formats can be put in order with it.
    pub is_whole: bool,
}

fn write_field(out: &mut Vec<u8>, field: Field, moment: &Moment) {
    let Moment { epoch, local, offset } = *moment;
    let date = local.naive().date();
    let (year_day, weekday) = (date.ordinal0(), date.weekday().num_days_from_sunday());
    let result = match field {
        Field::Year => write!(out, "{}", local.year),
        Field::ShortYear => write!(out, "{:02}", local.year.rem_euclid(100)),
        Field::Month => write!(out, "{:02}", local.month),
        Field::Day => write!(out, "{:02}", local.day),
        Field::Hour => write!(out, "{:02}", local.hour),
        Field::Minute => write!(out, "{:02}", local.minute),
        Field::Second => write!(out, "{:02}", local.second),
        Field::IsoYear => write!(out, "{}", date.iso_week().year()),
        Field::ShortIsoYear => write!(out, "{:02}", date.iso_week().year().rem_euclid(100)),
        Field::IsoWeek => write!(out, "{:02}", date.iso_week().week()),
        Field::SundayWeek => write!(out, "{:02}", (year_day + 7 - weekday) / 7),
        Field::MondayWeek => write!(out, "{:02}", (year_day + 7 - (weekday + 6) % 7) / 7),
        Field::IsoWeekday => write!(out, "{}", date.weekday().number_from_monday()),
        Field::Weekday => write!(out, "{weekday}"),
        Field::YearDay => write!(out, "{:03}", date.ordinal()),
        Field::Epoch => write!(out, "{epoch}"),
        Field::Offset => {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs() / 60;
            write!(out, "{sign}{:02}{:02}", minutes / 60, minutes % 60)
        }
    };
    debug_assert!(result.is_ok(), "writing to memory does not fail");
}

/// Reads the digits of a field, `%z` as seconds ahead of UTC.
fn read_number(field: Field, text: &[u8]) -> Option<i64> {
    let digits = |text: &[u8]| {
        text.iter().try_fold(0_i64, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
        })
    };
    if field != Field::Offset {
        return digits(text);
    }
    let (sign, rest) = text.split_first()?;
    let number = digits(rest)?;
    let seconds = number / 100 * 3600 + number % 100 * 60;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// What a name says of its date.
#[derive(Default)]
struct Said {
    year: Option<i64>,
    iso_year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    iso_week: Option<i64>,
    sunday_week: Option<i64>,
    monday_week: Option<i64>,
    /// 0 Sunday to 6 Saturday.
    weekday: Option<i64>,
    hour: Option<i64>,
    minute: i64,
    second: i64,
    epoch: Option<i64>,
    offset: i64,
}

impl Said {
    fn take(&mut self, field: Field, number: i64) {
        let century = |short: i64| if short < 69 { 2000 + short } else { 1900 + short };
        match field {
            Field::Year => self.year = Some(number),
            Field::ShortYear => self.year = Some(century(number)),
            Field::IsoYear => self.iso_year = Some(number),
            Field::ShortIsoYear => self.iso_year = Some(century(number)),
            Field::Month => self.month = Some(number),
            Field::Day => self.day = Some(number),
            Field::YearDay => self.year_day = Some(number),
            Field::IsoWeek => self.iso_week = Some(number),
            Field::SundayWeek => self.sunday_week = Some(number),
            Field::MondayWeek => self.monday_week = Some(number),
            Field::IsoWeekday => self.weekday = Some(number % 7),
            Field::Weekday => self.weekday = Some(number),
            Field::Hour => self.hour = Some(number),
            Field::Minute => self.minute = number,
            Field::Second => self.second = number,
            Field::Epoch => self.epoch = Some(number),
            Field::Offset => self.offset = number,
        }
    }

    /// Returns a number that is larger for a later date, as seconds.
    ///
    /// The offset counts only where the hour is said: of two names of one day the offset tells nothing.
    fn order(&self) -> i64 {
        if let Some(epoch) = self.epoch {
            return epoch;
        }
        let offset = if self.hour.is_some() { self.offset } else { 0 };
        let clock = self.hour.unwrap_or(0) * 3600 + self.minute * 60 + self.second;
        self.days() * DAY_SECONDS + clock - offset
    }

    /// Tells whether there is such a day, and since there are machines that make archives.
    fn is_possible(&self) -> bool {
        let year = self.year.or(self.iso_year);
        let part = |part: Option<i64>| part.and_then(|part| u32::try_from(part).ok());
        let day = match (
            year.and_then(|year| i32::try_from(year).ok()),
            part(self.month),
            part(self.day),
        ) {
            (Some(year), Some(month), Some(day)) => NaiveDate::from_ymd_opt(year, month, day).is_some(),
            _ => true,
        };
        day && year.is_none_or(|year| year >= 1970)
    }

    fn is_whole(&self) -> bool {
        let week = self.iso_week.or(self.sunday_week).or(self.monday_week);
        let in_year = self.month.and(self.day).or(self.year_day).or(week);
        self.epoch.is_some() || self.year.or(self.iso_year).and(in_year).is_some()
    }

    fn days(&self) -> i64 {
        let year = self.year.or(self.iso_year).unwrap_or(1900);
        // Day 1 of the year, and its weekday (0 Sunday).
        let first = days_of(year, 1, 1);
        let first_weekday = (first + 4).rem_euclid(7);
        if self.month.is_some() || self.day.is_some() {
            return days_of(year, self.month.unwrap_or(1), self.day.unwrap_or(0));
        }
        if let Some(day) = self.year_day {
            return first + day - 1;
        }
        if let Some(week) = self.iso_week {
            let year = self.iso_year.unwrap_or(year);
            // 4 January is always in week 1.
            let fourth = days_of(year, 1, 4);
            let monday = fourth - (fourth + 3).rem_euclid(7);
            return monday + (week - 1) * 7 + self.weekday.map_or(0, |day| (day + 6) % 7);
        }
        if let Some(week) = self.sunday_week {
            let sunday = first + (7 - first_weekday) % 7;
            return sunday + (week - 1) * 7 + self.weekday.unwrap_or(0);
        }
        if let Some(week) = self.monday_week {
            let monday = first + (8 - first_weekday) % 7;
            return monday + (week - 1) * 7 + self.weekday.map_or(0, |day| (day + 6) % 7);
        }
        first - 1
    }
}

/// Returns the calendar day of a date that may roll over.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let small = |number: i64| u32::try_from(number).unwrap_or(0);
    let year = i32::try_from(year).unwrap_or(0);
    Stamp::rolled(year, small(month), small(day), 0, 0, 0).map_or(0, Stamp::calendar_day)
}

#[cfg(test)]
#[path = "dateformat_tests.rs"]
mod tests;
