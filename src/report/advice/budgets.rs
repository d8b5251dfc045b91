//! The sentences of the lints on budgets and retention.

use super::torn;
use crate::lint::Lint;

/// Returns what is wrong.
pub(super) fn cause(lint: &Lint) -> String {
    match lint {
        Lint::BudgetTakesNothing => {
            "`minrotate` protects all that `rotate` keeps, so that the budget can take nothing of it".to_owned()
        }
        Lint::MaxageBelowMinretain => {
            "`minretain` is above `maxage`, which wins: archives go before they are as old as that".to_owned()
        }
        Lint::MinrotateWithoutBudget => "`minrotate` has no effect without `maxtotalsize` or `minfree`".to_owned(),
        Lint::BudgetWithoutArchives(directive) => format!(
            "`{}` has nothing to take here: with `rotate 0` no archive stays",
            directive.name
        ),
        Lint::MuchFree(part) => format!("`minfree {part}%` keeps half of the file system empty, or more"),
        Lint::GoneLogsStay => {
            "`prune` without `maxage` keeps the last archives of a log that is gone, for ever".to_owned()
        }
        other => torn::cause(other),
    }
}

/// Returns what to do about it.
pub(super) fn cure(lint: &Lint) -> String {
    match lint {
        Lint::BudgetTakesNothing => {
            "Write less than `rotate` has, or `minrotate -1` where budgets are to take none of the log."
        }
        Lint::MaxageBelowMinretain => "Write no more than `maxage` has, or remove one of the two.",
        Lint::MinrotateWithoutBudget => {
            "Add `maxtotalsize` or `minfree`, or remove the line; if the main configuration has one, name that file before this one."
        }
        Lint::BudgetWithoutArchives(_) => "Remove the line, or write a higher `rotate`.",
        Lint::MuchFree(_) => "Write the part that is to stay free, not the part that logs may take.",
        Lint::GoneLogsStay => "Add `maxage` with the days after which they may go.",
        other => return torn::cure(other),
    }
    .to_owned()
}
