//! How often runs come: read from the texts of a timer of systemd and its drop-ins, and reckoned over some years.
//!
//! What one calendar says is `calendar`'s. A line that is no calendar counts for nothing, as for systemd.

use std::collections::HashMap;

use super::calendar::Calendar;
use crate::clock::Stamp;

/// The minutes between two runs, where they come closest and where they are furthest apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    pub shortest: u32,
    pub longest: u32,
}

/// A day in minutes.
const DAY: u32 = 24 * 60;
/// The days for which runs are reckoned begin here, and have a leap day among them.
const FIRST_YEAR: i32 = 2027;
/// So many days: a yearly calendar comes round twice or more.
const DAYS: u32 = 3 * 366;

impl Rhythm {
    /// A run every hour.
    pub const HOURLY: Self = Self::every(60);
    /// A run every day.
    pub const DAILY: Self = Self::every(DAY);
    /// A run every week.
    pub const WEEKLY: Self = Self::every(7 * DAY);

    /// Makes the rhythm of runs that are equally far apart.
    #[must_use]
    pub const fn every(minutes: u32) -> Self {
        Self {
            shortest: minutes,
            longest: minutes,
        }
    }

    /// Makes the rhythm of two at once; the gaps between the two are not known, and taken to be as wide as they can be.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        Self {
            shortest: self.shortest.min(other.shortest),
            longest: self.longest.min(other.longest),
        }
    }
}

/// Reads the texts of a timer and its drop-ins, in order; `None` where nothing in them comes round.
#[must_use]
pub fn of_timer(texts: &[String]) -> Option<Rhythm> {
    let (mut calendars, mut spans): (Vec<Calendar>, Vec<u32>) = (Vec::new(), Vec::new());
    for line in texts.iter().flat_map(|text| text.lines()) {
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        match (key.trim(), value.trim()) {
            // One that is empty takes back all before it, of whatever kind.
            ("OnCalendar" | "OnActiveSec" | "OnBootSec" | "OnUnitActiveSec" | "OnUnitInactiveSec", "") => {
                calendars.clear();
                spans.clear();
            }
            ("OnCalendar", value) => calendars.extend(Calendar::parse(value)),
            ("OnUnitActiveSec" | "OnUnitInactiveSec", value) => spans.extend(span(value)),
            _ => {}
        }
    }
    let spans = spans.into_iter().map(Rhythm::every);
    spans.chain(of_calendars(&calendars)).reduce(Rhythm::beside)
}

/// Reckons the gaps between the runs of some years.
fn of_calendars(calendars: &[Calendar]) -> Option<Rhythm> {
    // Days on which the same calendars come round are alike.
    let mut kinds: HashMap<Vec<usize>, Vec<u32>> = HashMap::new();
    let mut last: Option<u32> = None;
    let mut found: Option<Rhythm> = None;
    for number in 0..DAYS {
        let Some(day) = Stamp::rolled(FIRST_YEAR, 1, number + 1, 0, 0, 0) else {
            break;
        };
        let on = calendars.iter().enumerate().filter(|(_, one)| one.is_on(day));
        let on: Vec<usize> = on.map(|(index, _)| index).collect();
        let kind = kinds.entry(on);
        let minutes = kind.or_insert_with_key(|on| {
            let mut minutes: Vec<u32> = on
                .iter()
                .flat_map(|index| calendars[*index].minutes())
                .copied()
                .collect();
            minutes.sort_unstable();
            minutes.dedup();
            minutes
        });
        for minute in minutes {
            let at = number * DAY + *minute;
            if let Some(last) = last.replace(at) {
                let gap = Rhythm::every(at - last);
                found = Some(found.map_or(gap, |so_far| Rhythm {
                    shortest: so_far.shortest.min(gap.shortest),
                    longest: so_far.longest.max(gap.longest),
                }));
            }
        }
    }
    found
}

/// Reads a span of time, such as `15min` or `1h 30m`, in whole minutes; at least one.
fn span(text: &str) -> Option<u32> {
    let (mut seconds, mut rest) = (0_u64, text.trim());
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit: u64 = match &rest[..letters] {
            "" | "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 7 * 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = rest[letters..].trim_start();
    }
    u32::try_from(seconds.div_ceil(60)).ok().filter(|minutes| *minutes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &str) -> Option<(u32, u32)> {
        of_timer(&[format!("[Timer]\n{lines}\n")]).map(|rhythm| (rhythm.shortest, rhythm.longest))
    }

    #[test]
    fn calendars_come_round_as_systemd_has_them() {
        let table = [
            ("minutely", 1, 1),
            ("hourly", 60, 60),
            ("daily", DAY, DAY),
            ("weekly", 7 * DAY, 7 * DAY),
            ("monthly", 28 * DAY, 31 * DAY),
            ("*-*-* 6:30", DAY, DAY),
            ("*-*-* *:05:00", 60, 60),
            ("*:0/15", 15, 15),
            ("00/6:00", 360, 360),
            ("*-*-* 06,18:00:00", 720, 720),
            ("8..18:00", 60, 14 * 60),
            ("Mon..Fri *-*-* 00:00", DAY, 3 * DAY),
            ("Mon..Fri 9,17:00 Europe/Berlin", 8 * 60, 64 * 60),
            ("Sun", 7 * DAY, 7 * DAY),
            ("*-*-01,15", 14 * DAY, 17 * DAY),
            ("*-02~01", 365 * DAY, 366 * DAY),
        ];
        for (calendar, shortest, longest) in table {
            assert_eq!(
                of(&format!("OnCalendar={calendar}")),
                Some((shortest, longest)),
                "{calendar}"
            );
        }
    }

    #[test]
    fn a_drop_in_adds_a_calendar_or_begins_anew() {
        let texts = |more: &str| ["[Timer]\nOnCalendar=daily\n".to_owned(), more.to_owned()];
        assert_eq!(of_timer(&texts("[Timer]\nOnCalendar=hourly\n")), Some(Rhythm::HOURLY));
        assert_eq!(
            of_timer(&texts("OnCalendar=\nOnCalendar=weekly\n")),
            Some(Rhythm::WEEKLY)
        );
        assert_eq!(of_timer(&texts("OnCalendar=12:00\n")), Some(Rhythm::every(DAY / 2)));
        assert_eq!(of_timer(&texts("OnCalendar=\n")), None);
        assert_eq!(of_timer(&[]), None);
    }

    #[test]
    fn a_line_that_is_no_calendar_counts_for_nothing() {
        assert_eq!(of("OnCalendar=dayly"), None);
        assert_eq!(of("OnCalendar=daily\nOnCalendar=dayly"), Some((DAY, DAY)));
    }

    #[test]
    fn a_timer_may_count_from_the_last_run() {
        assert_eq!(of("OnBootSec=5min\nOnUnitActiveSec=1h 30min"), Some((90, 90)));
        assert_eq!(of("OnUnitInactiveSec=20"), Some((1, 1)));
        assert_eq!(of("OnUnitActiveSec=2 fortnights"), None);
        assert_eq!(of("OnCalendar=daily\nOnUnitActiveSec=15m"), Some((15, 15)));
    }
}
