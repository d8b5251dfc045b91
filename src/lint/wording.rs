//! Arguments that say something else than they seem to: comments in them, fields that are none.

use super::{Finding, Lint};
use crate::config::ast::{Argument, Directive, File, Item, Span};
use crate::config::directive::{Argument as Kind, Setting};
use crate::naming::dateformat::is_field;

/// Reports the arguments of a file that are not what they look like.
pub fn check(file: &File<'_>, found: &mut Vec<Finding>) {
    for item in &file.items {
        match item {
            Item::Block(block) => block.items.iter().for_each(|item| one(file, item, found)),
            _ => one(file, item, found),
        }
    }
}

fn one(file: &File<'_>, item: &Item<'_>, found: &mut Vec<Finding>) {
    let Item::Directive(directive) = item else { return };
    let Argument::Given(text, span) = directive.argument else {
        return;
    };
    comment(file, directive, text, span, found);
    if directive.row.setting == Setting::DateFormat {
        fields(file, text, span, found);
    }
}

/// Where an argument is text as it stands, nothing else would ever tell that a comment is in it.
fn comment(file: &File<'_>, directive: &Directive<'_>, text: &[u8], span: Span, found: &mut Vec<Finding>) {
    if !matches!(directive.row.argument, Kind::Text | Kind::Words | Kind::Include) {
        return;
    }
    let at = text
        .windows(2)
        .position(|two| matches!(two[0], b' ' | b'\t') && two[1] == b'#');
    if let Some(at) = at {
        let rest = text[at + 1..].trim_ascii_end().len();
        let place = file.place(Span::new(span.start as usize + at + 1, rest));
        found.push(Finding::lint(Lint::CommentInArgument(directive.row.name), place));
    }
}

fn fields(file: &File<'_>, text: &[u8], span: Span, found: &mut Vec<Finding>) {
    for (at, two) in text.windows(2).enumerate() {
        if two[0] == b'%' && two[1].is_ascii_alphabetic() && !is_field(two[1]) {
            let place = file.place(Span::new(span.start as usize + at, 2));
            found.push(Finding::lint(Lint::UnknownDateField(two.to_vec()), place));
        }
    }
}
