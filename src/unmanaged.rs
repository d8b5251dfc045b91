//! Files that no stanza takes: which of them belong together, and which stanza would do for them.
//!
//! Pure functions of names and facts. What is looked at is found by `inventory` and `view`, and what is said stands in `report`.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};

use crate::facts::FileFacts;

mod shape;
mod suggestion;

pub use shape::Shape;
pub use suggestion::{Suggestion, Way, suggest};

/// Files that take up less are only counted.
pub const SMALL: u64 = 1 << 20;

/// Binary files that grow by design, one slot a user: rotating them would lose what they are for.
const ACCOUNTING: [&str; 3] = ["faillog", "lastlog", "tallylog"];

/// Tells whether a file is one that is kept by its design, and never rotated.
#[must_use]
pub fn is_accounting(name: &OsStr) -> bool {
    ACCOUNTING.iter().any(|known| name == *known)
}

/// Files of one shape in one directory; most are alone.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name and facts of the one that was written last.
    pub newest: (OsString, FileFacts),
    pub shape: Shape,
    pub files: u64,
    /// What they take up on disk, in bytes.
    pub bytes: u64,
    /// One of them is large enough to be shown.
    is_large: bool,
    /// A file that is taken has a name like theirs: a stanza for them would take it, too.
    is_shared: bool,
}

/// The files of a directory that no stanza takes, by their shapes.
#[derive(Debug, Default)]
pub struct Gathered {
    series: HashMap<Box<[u8]>, Series>,
    /// The shapes of the files that are taken.
    taken: HashMap<Box<[u8]>, Shape>,
}

/// Files that are only counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    pub files: u64,
    /// What they take up on disk, in bytes.
    pub bytes: u64,
}

impl Gathered {
    /// Takes a file in.
    pub fn add(&mut self, name: &OsStr, facts: FileFacts) {
        let shape = Shape::of(name);
        let is_large = facts.allocated >= SMALL;
        let Some(series) = self.series.get_mut(shape.key()) else {
            let series = Series {
                newest: (name.to_owned(), facts),
                files: 1,
                bytes: facts.allocated,
                is_large,
                is_shared: false,
                shape,
            };
            self.series.insert(series.shape.key().into(), series);
            return;
        };
        series.files += 1;
        series.bytes = series.bytes.saturating_add(facts.allocated);
        series.is_large |= is_large;
        series.shape.join(shape);
        if facts.modified > series.newest.1.modified {
            series.newest = (name.to_owned(), facts);
        }
    }

    /// Notes a file that somebody takes.
    pub fn leave(&mut self, name: &OsStr) {
        let shape = Shape::of(name);
        match self.taken.get_mut(shape.key()) {
            Some(known) => known.join(shape),
            None => {
                self.taken.insert(shape.key().into(), shape);
            }
        }
    }

    /// Returns those to be shown; the others are counted.
    pub fn end(self, rest: &mut Rest) -> Vec<Series> {
        let (mut large, small): (Vec<_>, Vec<_>) = self.series.into_values().partition(|series| series.is_large);
        for series in &mut large {
            let taken = self.taken.get(series.shape.key());
            series.is_shared = taken.is_some_and(|taken| taken.meets(&series.shape));
        }
        for series in small {
            rest.files += series.files;
            rest.bytes = rest.bytes.saturating_add(series.bytes);
        }
        large
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn facts(allocated: u64, seconds: i64) -> FileFacts {
        FileFacts {
            size: allocated,
            allocated,
            ..FileFacts::sample(seconds)
        }
    }

    #[test]
    fn b13_files_of_one_shape_are_one_series_which_is_shown_if_one_of_them_is_large() {
        let mut gathered = Gathered::default();
        for (name, bytes, at) in [
            ("db-1.log", SMALL, 5),
            ("db-22.log", 7, 9),
            ("db-3.log", 1, 3),
            ("db.log", SMALL - 1, 1),
            ("x7", 10, 1),
            ("x8", 10, 1),
        ] {
            gathered.add(OsStr::new(name), facts(bytes, at));
        }
        let mut rest = Rest::default();
        let shown = gathered.end(&mut rest);
        let [series] = &shown[..] else { panic!("{shown:?}") };
        assert_eq!((series.files, series.bytes), (3, SMALL + 8));
        assert_eq!(series.newest.0, "db-22.log");
        let bytes = SMALL - 1 + 20;
        assert_eq!(rest, Rest { files: 3, bytes });
    }

    #[test]
    fn b13_what_grows_by_design_is_left_out_and_what_is_rotated_is_not() {
        for (name, wanted) in [
            ("lastlog", true),
            ("faillog", true),
            ("wtmp", false),
            ("btmp", false),
            ("lastlog.1", false),
        ] {
            assert_eq!(is_accounting(OsStr::new(name)), wanted, "{name}");
        }
    }
}
