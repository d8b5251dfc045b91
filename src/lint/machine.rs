//! What a stanza misses on this machine: a faster timer, rights for its directory.

use std::path::Path;

use super::rhythm::Rhythm;
use super::{Finding, Lint, Made};
use crate::facts::FileFacts;
use crate::policy::{LogSet, Trigger};

/// Reports criteria that come round faster than runs.
pub fn timer(set: &LogSet, rhythm: Rhythm, found: &mut Vec<Finding>) {
    let made = Made::of(set);
    let (criterion, wanted) = match set.policy.trigger {
        Trigger::Minutes(minutes) => ("minutes", minutes),
        Trigger::Hourly => ("hourly", Rhythm::HOURLY.longest),
        Trigger::Daily => ("daily", Rhythm::DAILY.longest),
        _ => return,
    };
    if let Some((_, place)) = made.last(&[criterion]).filter(|_| wanted < rhythm.longest) {
        let lint = Lint::TimerSlower { criterion, rhythm };
        found.push(Finding::lint(lint, place.clone()));
    }
    // Where every run rotates the log anyway, its size changes nothing.
    if set.policy.max_size.is_some()
        && rhythm.shortest >= wanted
        && let Some((_, place)) = made.own(&["maxsize"])
    {
        found.push(Finding::lint(Lint::MaxsizeIdle(rhythm), place.clone()));
    }
}

/// Tells whether a run as root refuses logs of this directory unless there is `su`.
#[must_use]
pub fn is_open(directory: &FileFacts) -> bool {
    directory.mode.0 & 0o002 != 0 || (directory.mode.0 & 0o020 != 0 && directory.group.0 != 0)
}

/// Makes the report that a log's directory is open and there is no `su`.
#[must_use]
pub fn su_missing(set: &LogSet, directory: &Path, facts: &FileFacts) -> Finding {
    let lint = Lint::SuMissing {
        directory: directory.to_owned(),
        mode: facts.mode.0,
    };
    Finding::lint(lint, set.declared_at.clone())
}
