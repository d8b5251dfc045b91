//! From what was written to what is meant: one directive at a time, over settings that change as they are read.
//!
//! What each one does is its row of `directives`; includes and taboo lists are `load`'s, since they are about files.

use super::directives::Meaning;
use super::given::{Accounts, Given};
use super::settings::Settings;
use crate::config::ast::{Argument, Directive, Span};
use crate::config::directive::Setting;
use crate::diag::{Place, Problem};

/// Takes a directive into the settings.
///
/// # Errors
/// What is wrong with it, and where; the settings may have been changed in part.
pub fn take(
    settings: &mut Settings,
    directive: &Directive<'_>,
    accounts: &mut dyn Accounts,
    place: &dyn Fn() -> Place,
) -> Result<(), (Problem, Span)> {
    let row = directive.row;
    let (text, span) = match directive.argument {
        Argument::None => (&b""[..], directive.name),
        Argument::Given(text, span) => (text, span),
        Argument::Missing(span) => {
            if row.setting == Setting::DateFormat {
                settings.plain.naming.date_format = None;
            }
            let ignored = row.may_lack_argument();
            let problem = if ignored {
                Problem::MissingArgumentIgnored(row.what)
            } else {
                Problem::MissingArgument(row.what)
            };
            return Err((problem, span));
        }
    };
    let apply = Meaning::of(row.setting).apply;
    apply(settings, &mut Given::new(row, text, accounts, place)).map_err(|problem| {
        let span = if span.length == 0 {
            directive.name
        } else {
            narrow(&problem, text, span)
        };
        (problem, span)
    })
}

/// Narrows the place of a complaint to the part of the argument that it is about.
fn narrow(problem: &Problem, text: &[u8], span: Span) -> Span {
    let part = |start: usize, length: usize| Span::new(span.start as usize + start, length);
    let blanks = text.len() - text.trim_ascii_start().len();
    match problem {
        Problem::InvalidMode(word) | Problem::UnknownUser { word, .. } | Problem::UnknownGroup { word, .. }
            if !word.is_empty() =>
        {
            // The group is the last word, the mode the first; a user may be called as its group is.
            let mut found = text
                .windows(word.len())
                .enumerate()
                .filter(|(_, at)| *at == word.as_slice());
            let last = matches!(problem, Problem::UnknownGroup { .. });
            let at = if last { found.next_back() } else { found.next() };
            at.map_or(span, |(at, _)| part(at, word.len()))
        }
        Problem::UnknownUnit(_) => part(text.len() - 1, 1),
        _ if blanks < text.len() => part(blanks, text.len() - blanks),
        _ => span,
    }
}
