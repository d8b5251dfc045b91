//! How often runs come: read from the units of systemd, as far as they say it plainly.
//!
//! A calendar that is not understood says nothing; no lint is built on a guess.

/// The minutes between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rhythm(pub u32);

impl Rhythm {
    /// A run every hour.
    pub const HOURLY: Self = Self(60);
    /// A run every day.
    pub const DAILY: Self = Self(24 * 60);
    /// A run every week.
    pub const WEEKLY: Self = Self(7 * 24 * 60);
}

/// Reads the texts of a timer and its drop-ins, in order; `None` where there is no calendar or one is not understood.
#[must_use]
pub fn of_timer(texts: &[String]) -> Option<Rhythm> {
    let mut calendars: Vec<&str> = Vec::new();
    for line in texts.iter().flat_map(|text| text.lines()) {
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        match (key.trim(), value.trim()) {
            ("OnCalendar", "") => calendars.clear(),
            ("OnCalendar", value) => calendars.push(value),
            ("OnUnitActiveSec" | "OnUnitInactiveSec", _) => return None,
            _ => {}
        }
    }
    let rhythms: Option<Vec<Rhythm>> = calendars.into_iter().map(of_calendar).collect();
    rhythms?.into_iter().min()
}

/// Reads one calendar, such as `daily` or `*-*-* *:00/15:00`.
fn of_calendar(calendar: &str) -> Option<Rhythm> {
    match calendar {
        "minutely" => return Some(Rhythm(1)),
        "hourly" => return Some(Rhythm::HOURLY),
        "daily" => return Some(Rhythm::DAILY),
        "weekly" => return Some(Rhythm::WEEKLY),
        _ => {}
    }
    let time = calendar.split_whitespace().find(|word| word.contains(':'))?;
    let dates = calendar.split_whitespace().filter(|word| !word.contains(':'));
    if !dates.into_iter().all(|word| word == "*-*-*") {
        return None;
    }
    let mut parts = time.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let every_hour = hour == "*";
    if let Some(step) = step(minute) {
        return every_hour.then_some(Rhythm(step));
    }
    if minute == "*" {
        return every_hour.then_some(Rhythm(1));
    }
    if !minute.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if every_hour {
        return Some(Rhythm::HOURLY);
    }
    if let Some(step) = step(hour) {
        return Some(Rhythm(step.checked_mul(60)?));
    }
    hour.bytes().all(|byte| byte.is_ascii_digit()).then_some(Rhythm::DAILY)
}

/// Reads the step of `0/15` or `*/15`.
fn step(part: &str) -> Option<u32> {
    let (_, step) = part.split_once('/')?;
    step.parse().ok().filter(|step| *step > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendars_that_are_plain_are_understood_and_no_others() {
        let table = [
            ("daily", Some(Rhythm::DAILY)),
            ("hourly", Some(Rhythm::HOURLY)),
            ("weekly", Some(Rhythm::WEEKLY)),
            ("*-*-* 00:00:00", Some(Rhythm::DAILY)),
            ("*-*-* 6:30", Some(Rhythm::DAILY)),
            ("*-*-* *:05:00", Some(Rhythm::HOURLY)),
            ("*:0/15", Some(Rhythm(15))),
            ("*-*-* *:*:00", Some(Rhythm(1))),
            ("00/6:00", Some(Rhythm(360))),
            ("Mon *-*-* 00:00", None),
            ("*-*-01 00:00", None),
            ("8..18:00", None),
        ];
        for (calendar, rhythm) in table {
            assert_eq!(of_calendar(calendar), rhythm, "{calendar}");
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
        assert_eq!(of_timer(&texts("OnCalendar=Mon 00:00\n")), None);
        assert_eq!(of_timer(&[]), None);
    }
}
