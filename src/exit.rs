//! The exit status of a run: what each number means, and which of two is worse.
//!
//! Only the numbers live here; what leads to them is decided by `session`.

/// Answers how a run ended: lines `1.exit-1` to `1.exit-3` of `fixtures/behaviour-lines.txt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All went well.
    #[default]
    Well,
    /// A configuration error, a failed rotation or script, a state that was not written, or no configuration named.
    Failed,
    BadOption,
    /// The state file is locked by another process or cannot be opened; nothing was rotated.
    Locked,
}

impl Exit {
    /// Returns the number that the process exits with.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Keeps the worse of two.
    pub fn worsen(&mut self, other: Self) {
        *self = (*self).max(other);
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_worse_status_stays() {
        let mut exit = Exit::Failed;
        exit.worsen(Exit::Well);
        assert_eq!(exit.code(), 1);
        exit.worsen(Exit::Locked);
        assert_eq!(exit.code(), 3);
    }
}
