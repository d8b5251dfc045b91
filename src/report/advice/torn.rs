//! The sentences of what is not closed, and of quotes, taboo lists and comments that say something else than they seem to.

use super::shown;
use crate::lint::Lint;

/// Returns what is wrong.
pub(super) fn cause(lint: &Lint) -> String {
    match lint {
        Lint::UnclosedBlock => "the block has no `}`, so that all to the end of the file belongs to it".to_owned(),
        Lint::UnclosedQuote => {
            "a quote is not closed, so that blanks and lines behind it are part of the word".to_owned()
        }
        Lint::QuotesInArgument(directive) => {
            format!("the quotes are no quotes, but a part of what `{directive}` is given")
        }
        Lint::UnknownAllowance(word) if word.is_empty() => "the comment says not what it allows".to_owned(),
        Lint::UnknownAllowance(word) => format!("`{}` is no code of a warning, and allows nothing", shown(word)),
        Lint::TabooAddsNothing(directive) => {
            format!("`{directive}` adds nothing: no pattern stands behind the `+`")
        }
        // NOTE: the caller words every other lint.
        _ => String::new(),
    }
}

/// Returns what to do about it.
pub(super) fn cure(lint: &Lint) -> String {
    match lint {
        Lint::UnclosedBlock => "Write `}` on a line of its own, and look whether the end of the file is missing, too.",
        Lint::UnclosedQuote => "Close the quote, or remove it.",
        Lint::QuotesInArgument(_) => "Remove the quotes, or the line where nothing is meant.",
        Lint::UnknownAllowance(_) => {
            "Write `# logrotate-check: allow` or `allow-file` and codes that begin with LR2 or LR3, each of a warning."
        }
        Lint::TabooAddsNothing(_) => "Name what is to be left out, or remove the line.",
        // NOTE: the caller words every other lint.
        _ => "",
    }
    .to_owned()
}
