//! The sums of a sweep: in how many cases something was wrong, ours and the reference's.

use std::collections::{BTreeMap, BTreeSet};

use super::verdict::{Fault, Finding};

/// In how many cases each fault was.
#[derive(Default)]
pub(super) struct Figures {
    cases: usize,
    with: BTreeMap<Fault, usize>,
}

impl Figures {
    /// Adds a case.
    pub(super) fn add(&mut self, found: &[Finding]) {
        self.cases += 1;
        let faults: BTreeSet<Fault> = found.iter().map(|finding| finding.fault).collect();
        for fault in faults {
            *self.with.entry(fault).or_default() += 1;
        }
    }

    fn of(&self, fault: Fault) -> usize {
        self.with.get(&fault).copied().unwrap_or(0)
    }
}

/// The table of `tests/README.md`.
pub(super) fn table(ours: &Figures, theirs: &Figures) -> String {
    let mut text = format!("| of {} cases | ours | logrotate 3.22 |\n|---|--:|--:|\n", ours.cases);
    for (fault, words) in [
        (Fault::Stopped, "the log was not rotated on some day"),
        (Fault::StoppedNeighbour, "its neighbours were not"),
        (Fault::Lost, "lines were lost that retention keeps"),
        (Fault::TooMany, "archives piled up"),
        (Fault::Untold, "nobody was told with what, and why"),
        (Fault::NoRemedy, "nobody was told what to do about it"),
        (Fault::ToldAgain, "something was told again and again"),
        (Fault::Status, "the exit status did not agree with the messages"),
        (Fault::Strayed, "a file that is none of its business was changed"),
    ] {
        text += &format!("| {words} | {} | {} |\n", ours.of(fault), theirs.of(fault));
    }
    text
}
