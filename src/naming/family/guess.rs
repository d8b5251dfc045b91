//! Dates in names that are in no known style: which `dateformat` would have made them. Only ever a hint.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::Ways;
use crate::naming::dateformat::DateFormat;

/// What stands between a log's name and the date.
const SEPARATORS: [&str; 3] = ["-", ".", "_"];

/// What stands between the parts of a date, or of a time.
const INNER: [&str; 4] = ["", "-", ".", "_"];

/// What stands between the date and the time.
const BEFORE_TIME: [&str; 6] = ["", "-", ".", "_", "T", ":"];

/// Years that a name of an archive may say: 1990 to 2099, in seconds since 1970.
const LIKELY: std::ops::Range<i64> = 631_152_000..4_102_444_800;

/// The date formats that are looked for.
#[derive(Clone, Debug)]
pub struct Guesses {
    formats: Vec<(String, DateFormat)>,
    /// Which of them make suffixes of so many bytes, the likeliest first.
    by_width: HashMap<usize, Vec<usize>>,
}

impl Default for Guesses {
    fn default() -> Self {
        let mut guesses = Self {
            formats: Vec::new(),
            by_width: HashMap::new(),
        };
        for separator in SEPARATORS {
            dates(&mut |date| guesses.add(format!("{separator}{date}")));
        }
        guesses
    }
}

/// Makes up the dates: with the year first, with the day first, and seconds.
fn dates(add: &mut dyn FnMut(String)) {
    for inner in INNER {
        for date in [format!("%Y{inner}%m{inner}%d"), format!("%d{inner}%m{inner}%Y")] {
            add(date.clone());
            for between in BEFORE_TIME {
                add(format!("{date}{between}%H"));
                for time in ["", "-", ".", "_", ":"] {
                    add(format!("{date}{between}%H{time}%M"));
                    add(format!("{date}{between}%H{time}%M{time}%S"));
                }
            }
        }
        if !inner.is_empty() {
            add(format!("%Y{inner}%m"));
        }
    }
    add("%s".to_owned());
}

impl Guesses {
    fn add(&mut self, written: String) {
        if let Ok(format) = DateFormat::parse(written.as_bytes()) {
            let of_width = self.by_width.entry(format.width()).or_default();
            of_width.push(self.formats.len());
            self.formats.push((written, format));
        }
    }

    /// Finds out which `dateformat` may have named a file for a log; the answer is a number for [`Guesses::format`].
    #[must_use]
    pub fn of(&self, ways: &Ways, log: &OsStr, name: &OsStr) -> Option<usize> {
        ways.splits(log).into_iter().find_map(|(base, extension)| {
            let rest = name.as_bytes().strip_prefix(base)?;
            ways.middles(rest, extension).find_map(|middle| self.date(middle))
        })
    }

    fn date(&self, middle: &[u8]) -> Option<usize> {
        let mut of_width = self.by_width.get(&middle.len())?.iter();
        let is_likely = |at: &&usize| {
            let date = self.formats[**at].1.date(middle);
            date.is_some_and(|date| LIKELY.contains(&date.order))
        };
        of_width.find(is_likely).copied()
    }

    /// Returns a format as it is written behind `dateformat`.
    #[must_use]
    pub fn format(&self, number: usize) -> &str {
        self.formats.get(number).map_or("", |(written, _)| written)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Former;
    use super::*;
    use crate::policy::Policy;

    fn guess(name: &str) -> String {
        let ways = Ways::of(&Policy::default(), &Former::default()).unwrap();
        let guesses = Guesses::default();
        let found = guesses.of(&ways, OsStr::new("db.log"), OsStr::new(name));
        found.map_or_else(|| "none".to_owned(), |number| guesses.format(number).to_owned())
    }

    #[test]
    fn b10_a_date_behind_the_name_of_a_log_is_seen_in_the_common_orders() {
        for (name, format) in [
            ("db.log-02-02-2026", "-%d-%m-%Y"),
            ("db.log-2026-02-02", "-%Y-%m-%d"),
            ("db.log.2026_02_02.xz", ".%Y_%m_%d"),
            ("db.log_20260202", "_%Y%m%d"),
            ("db.log-01122026", "-%d%m%Y"),
            ("db.log-2026-02", "-%Y-%m"),
            ("db.log-20260202-235900", "-%Y%m%d-%H%M%S"),
            ("db.log-2026-02-02T23:59:00.gz", "-%Y-%m-%dT%H:%M:%S"),
            ("db.log-2026-02-02_23-59", "-%Y-%m-%d_%H-%M"),
            ("db.log-1770000000", "-%s"),
            ("db.log.1770000000.bz2", ".%s"),
            // No such day, no such year, no separator, no date.
            ("db.log-31-02-2026", "none"),
            ("db.log-32-01-2026", "none"),
            ("db.log-01-01-1026", "none"),
            ("db.log-0000000001", "none"),
            ("db.log02-02-2026", "none"),
            ("db.log-02-02-2026.txt", "none"),
            ("db.log-12345", "none"),
            ("db.log-old", "none"),
            ("other.log-02-02-2026", "none"),
        ] {
            assert_eq!(guess(name), format, "{name}");
        }
    }
}
