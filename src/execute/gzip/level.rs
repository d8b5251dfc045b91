//! gzip's levels: a level is a promise about size, kept by whatever setting keeps it fastest.

use flate2::Compression;

/// One of gzip's levels, 1 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(u8);

impl Default for Level {
    fn default() -> Self {
        Self(6)
    }
}

impl Level {
    /// Returns level `number`, if there is one.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (1..=9).contains(&number).then_some(Self(number))
    }

    /// Reads the program's options; `None` if one of them is more than a level or has a meaning for files only.
    #[must_use]
    pub fn from_options(options: &[&[u8]]) -> Option<Self> {
        let mut level = Self::default();
        for option in options {
            match *option {
                [b'-', digit @ b'1'..=b'9'] => level = Self(digit - b'0'),
                b"--fast" => level = Self(1),
                b"--best" => level = Self(9),
                b"-c" | b"--stdout" | b"--to-stdout" | b"-n" | b"--no-name" | b"-q" | b"--quiet" => {}
                _ => return None,
            }
        }
        Some(level)
    }

    /// Returns the compressor's setting for one of the blocks that a file is cut into, counted from 0: together the fastest whose
    /// output, in total over the benchmark's logs, is no larger than gzip's at this level. (The compressor's 9 is larger than its 8,
    /// and never used.)
    ///
    /// Where one setting is smaller than it must be and the next too large, blocks take turns. Five of them make a round, so that
    /// threads that get every second, third or fourth block have the same share of each (of five threads some have more to do).
    pub(super) fn setting(self, block: u64) -> Compression {
        let turn = block % 5;
        Compression::new(match self.0 {
            1 | 2 => 2,
            3 | 4 => 3,
            6 if turn == 4 => 4,
            5 | 6 => 5,
            7 => 6,
            _ if turn % 2 == 1 => 6,
            _ => 7,
        })
    }

    /// Returns what gzip puts into its header to say that it took its most, or least, pains.
    pub(super) fn header_flag(self) -> u8 {
        match self.0 {
            1 => 4,
            9 => 2,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_take_turns_where_a_level_lies_between_two_settings() {
        for (level, settings) in [
            (1, [2, 2, 2, 2, 2, 2]),
            (4, [3, 3, 3, 3, 3, 3]),
            (5, [5, 5, 5, 5, 5, 5]),
            (6, [5, 5, 5, 5, 4, 5]),
            (7, [6, 6, 6, 6, 6, 6]),
            (9, [7, 6, 7, 6, 7, 7]),
        ] {
            let taken = [0, 1, 2, 3, 4, 5].map(|block| Level(level).setting(block).level());
            assert_eq!(taken, settings, "-{level}");
        }
    }
}
