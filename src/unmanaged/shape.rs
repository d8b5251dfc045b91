//! The shape of a name: runs of digits count for each other.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// What a name is when its digits are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The name, with one byte in the place of each run of digits.
    text: Box<[u8]>,
    /// How long each of these runs is, where it is as long in all names of the shape.
    runs: Vec<Option<usize>>,
}

/// Stands for a run of digits; no name has it.
const DIGITS: u8 = 0;

impl Shape {
    /// Takes a name's shape.
    #[must_use]
    pub fn of(name: &OsStr) -> Self {
        let (mut text, mut runs) = (Vec::new(), Vec::new());
        for run in name
            .as_bytes()
            .chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit())
        {
            if run[0].is_ascii_digit() {
                text.push(DIGITS);
                runs.push(Some(run.len()));
            } else {
                text.extend_from_slice(run);
            }
        }
        Self {
            text: text.into(),
            runs,
        }
    }

    /// Returns what all names of the shape have in common.
    pub(super) fn key(&self) -> &[u8] {
        &self.text
    }

    /// Takes in another name of the shape.
    pub(super) fn join(&mut self, other: &Self) {
        for (run, other) in self.runs.iter_mut().zip(&other.runs) {
            if run != other {
                *run = None;
            }
        }
    }

    /// Returns the pattern for all names of the shape: as many digits as all have, or a digit and whatever follows it.
    #[must_use]
    pub fn pattern(&self) -> Vec<u8> {
        let mut pattern = Vec::new();
        let mut runs = self.runs.iter();
        for byte in &self.text {
            match byte {
                &DIGITS => match runs.next().copied().flatten() {
                    Some(length) => pattern.extend_from_slice(&b"[0-9]".repeat(length)),
                    None => pattern.extend_from_slice(b"[0-9]*"),
                },
                other => pattern.extend_from_slice(&literal(*other)),
            }
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
                shape.join(&other);
            }
            assert_eq!(shape.pattern(), pattern.as_bytes(), "{names:?}");
        }
    }

    #[test]
    fn b13_letters_and_the_place_of_digits_tell_shapes_apart() {
        let key = |name: &str| Shape::of(OsStr::new(name)).key().to_owned();
        assert_ne!(key("a1.log"), key("a.log"));
        assert_ne!(key("a1.log"), key("b1.log"));
        assert_ne!(key("a1"), key("1a"));
    }
}
