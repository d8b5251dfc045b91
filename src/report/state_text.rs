//! What there is to tell of the state file, in words.

use super::words::{bytes, path, reason};
use crate::fault::{Fault, SysError};
use crate::state::StateProblem;
use crate::state::problem::BadLine;
use crate::store::StoreError;

/// Says why there is no state to work with.
#[must_use]
pub fn refusal(error: &StoreError) -> String {
    match error {
        StoreError::Locked(file) => format!(
            "state file {0} is already locked\nlogrotate does not support parallel execution on the same set of logfiles: \
             wait for the other run (--wait-for-state-lock does), or name another state file",
            path(file)
        ),
        StoreError::Failed(error) => format!(
            "error opening or creating state file {}: {}; nothing was rotated",
            path(&error.path),
            reason(error.errno)
        ),
        StoreError::NameTooLong(file) => format!(
            "the name of state file {} is so long that there can be no journal of it beside it: name a shorter one with -s; \
             nothing was rotated",
            path(file)
        ),
        StoreError::Interrupted => "ended by a signal while waiting for the state file: nothing was rotated".to_owned(),
    }
}

/// Puts a problem of the state file into words.
#[must_use]
pub fn sentence(problem: &StateProblem) -> String {
    match problem {
        StateProblem::Reading(file) => format!("Reading state from file: {}", path(file)),
        StateProblem::BadLine { file, line, bad } => bad_line(&path(file), *line, bad),
        StateProblem::MoreBadLines { file, count } => {
            format!("{count} more bad lines in state file {}", path(file))
        }
        StateProblem::BadTopLine(file) => format!(
            "bad top line in state file {}: it is not a state file, and its content is not believed; it is written anew when this \
             run ends",
            path(file)
        ),
        StateProblem::WorldReadable(file) => format!(
            "state file {} is world-readable and thus can be locked from other unprivileged users. Skipping lock acquisition",
            path(file)
        ),
        StateProblem::Waiting(file) => format!("waiting for the lock on state file {}", path(file)),
        StateProblem::NotRegular(file) => {
            format!(
                "state file {} is not a regular file: the state is not written",
                path(file)
            )
        }
        StateProblem::InPlace(file) => format!(
            "state file {} is a mount of its own, and was written in place; mount its directory, so that the file can be \
             replaced and its journal is kept",
            path(file)
        ),
        StateProblem::Removing { log, .. } => format!(
            "Removing {} from state file, because it does not exist and has not been rotated for one year",
            path(log)
        ),
        StateProblem::TooLongToKeep(log) => {
            format!(
                "{} has too long a path for the state file: it is rotated again in the next run",
                path(log)
            )
        }
        StateProblem::Failed(error) | StateProblem::NotOpened(error) => call(error),
        StateProblem::Recovered { file, count } => {
            format!("took over {count} rotations of an interrupted run from {}", path(file))
        }
        StateProblem::JournalDamaged { file, lines } => {
            format!("{lines} lines of {} cannot be read and are passed over", path(file))
        }
        StateProblem::JournalForeign(file) => {
            format!(
                "{} is not a journal of ours (a plain file of this user with one name) and is left alone; the run goes on \
                 without: remove it",
                path(file)
            )
        }
        StateProblem::JournalOfAnotherVersion(file) => format!(
            "{} is the journal of another version of this program and is left alone; the run goes on without: run that version \
             once more, so that it finishes what it had begun, or remove the file",
            path(file)
        ),
        StateProblem::JournalFailed(error) => format!("{}; the run goes on without its journal", call(error)),
    }
}

fn bad_line(file: &str, line: u64, bad: &BadLine) -> String {
    match bad {
        BadLine::Shape => {
            format!(
                "bad line {line} in state file {file}: its log counts as never rotated, the others do not; \
                 it is written anew when this run ends"
            )
        }
        BadLine::TooLong => format!("line {line} too long in state file {file}"),
        BadLine::Field { field, number, path } => {
            format!(
                "bad {} {number} for file {} in state file {file} (line {line})",
                field.name(),
                bytes(path)
            )
        }
    }
}

fn call(error: &SysError) -> String {
    super::fault::sentence(&Fault::Call(error.clone()))
}
