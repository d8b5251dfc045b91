//! The shape of a name: runs of digits count for each other.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// What names are when their digits are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The name, with one byte in the place of each run of digits.
    text: Box<[u8]>,
    /// How long these runs are, in each way that was met.
    lengths: Vec<Vec<usize>>,
}

/// Stands for a run of digits; no name has it.
const DIGITS: u8 = 0;
/// In so many ways the lengths of runs may differ; one more is kept, which tells that there are too many for a path list.
const MOST_WAYS: usize = 8;

impl Shape {
    /// Takes a name's shape.
    #[must_use]
    pub fn of(name: &OsStr) -> Self {
        let (mut text, mut lengths) = (Vec::new(), Vec::new());
        let is_same = |one: &u8, other: &u8| one.is_ascii_digit() == other.is_ascii_digit();
        for run in name.as_bytes().chunk_by(is_same) {
            if run[0].is_ascii_digit() {
                text.push(DIGITS);
                lengths.push(run.len());
            } else {
                text.extend_from_slice(run);
            }
        }
        Self {
            text: text.into(),
            lengths: vec![lengths],
        }
    }

    /// Returns what all names of the shape have in common.
    pub(super) fn key(&self) -> &[u8] {
        &self.text
    }

    /// Takes in another name of the shape.
    pub(super) fn join(&mut self, other: Self) {
        for lengths in other.lengths {
            if self.lengths.len() <= MOST_WAYS && !self.lengths.contains(&lengths) {
                self.lengths.push(lengths);
            }
        }
    }

    /// Tells whether some name has this shape and that one, down to the number of digits.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.text == other.text && self.lengths.iter().any(|lengths| other.lengths.contains(lengths))
    }

    /// Returns a pattern for all names of the shape, for people: as many digits as all have, or a digit and whatever follows it.
    #[must_use]
    pub fn pattern(&self) -> Vec<u8> {
        let first = self.lengths.first();
        self.with_digits(|run| {
            let length = first.and_then(|lengths| lengths.get(run));
            let is_common = self.lengths.iter().all(|lengths| lengths.get(run) == length);
            length.filter(|_| is_common).copied()
        })
    }

    /// Returns patterns that together fit the names that have as many digits as those that were met, and no others: what they fit is
    /// removed. `None` where there would be too many.
    pub(super) fn patterns(&self) -> Option<Vec<Vec<u8>>> {
        let exact = |lengths: &Vec<usize>| self.with_digits(|run| lengths.get(run).copied());
        (self.lengths.len() <= MOST_WAYS).then(|| self.lengths.iter().map(exact).collect())
    }

    fn with_digits(&self, length_of: impl Fn(usize) -> Option<usize>) -> Vec<u8> {
        let mut pattern = Vec::new();
        let mut run = 0;
        for byte in &self.text {
            if *byte != DIGITS {
                pattern.extend_from_slice(&literal(*byte));
                continue;
            }
            match length_of(run) {
                Some(length) => pattern.extend_from_slice(&b"[0-9]".repeat(length)),
                None => pattern.extend_from_slice(b"[0-9]*"),
            }
            run += 1;
        }
        pattern
    }
}

/// Returns the pattern for one byte.
fn literal(byte: u8) -> Vec<u8> {
    match byte {
        b'*' | b'?' | b'[' => vec![b'[', byte, b']'],
        plain => vec![plain],
    }
}

/// Returns the pattern that only this path fits.
pub(super) fn literally(path: &[u8]) -> Vec<u8> {
    path.iter().copied().flat_map(literal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b13_digits_are_replaced_by_as_many_as_all_names_have() {
        for (names, pattern) in [
            (&["app.log"][..], "app.log"),
            (
                &["a-20260101.log", "a-20260102.log"],
                &format!("a-{}.log", "[0-9]".repeat(8)),
            ),
            (&["a.9", "a.10"], "a.[0-9]*"),
            (&["7-a.1", "8-a.22"], "[0-9]-a.[0-9]*"),
            (&["a*[1"], "a[*][[][0-9]"),
        ] {
            let mut shapes = names.iter().map(|name| Shape::of(OsStr::new(name)));
            let mut shape = shapes.next().unwrap();
            for other in shapes {
                assert_eq!(shape.key(), other.key());
                shape.join(other);
            }
            assert_eq!(shape.pattern(), pattern.as_bytes(), "{names:?}");
        }
    }

    #[test]
    fn b13_what_is_removed_has_as_many_digits_as_what_was_seen() {
        let mut shape = Shape::of(OsStr::new("a9.log"));
        shape.join(Shape::of(OsStr::new("a10.log")));
        let patterns = ["a[0-9].log", "a[0-9][0-9].log"].map(|pattern| pattern.as_bytes().to_vec());
        assert_eq!(shape.patterns(), Some(patterns.to_vec()));
        for digits in 3..=MOST_WAYS + 1 {
            assert!(shape.patterns().is_some(), "{digits}");
            shape.join(Shape::of(OsStr::new(&format!("a{}.log", "1".repeat(digits)))));
        }
        assert_eq!(shape.patterns(), None);
    }

    #[test]
    fn b13_letters_and_the_place_of_digits_tell_shapes_apart() {
        let key = |name: &str| Shape::of(OsStr::new(name)).key().to_owned();
        assert_ne!(key("a1.log"), key("a.log"));
        assert_ne!(key("a1.log"), key("b1.log"));
        assert_ne!(key("a1"), key("1a"));
    }
}
