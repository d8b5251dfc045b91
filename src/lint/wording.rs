//! Arguments that say something else than they seem to: comments and quotes in them, fields that are none.

use super::{Finding, Lint};
use crate::config::ast::{Argument, Directive, File, Item, Span};
use crate::config::directive::{Argument as Kind, Setting};
use crate::config::value::taboo_list;
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
    quotes(file, directive, text, span, found);
    if directive.row.argument == Kind::TabooList {
        taboo(file, directive, text, span, found);
    }
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

/// Where an argument is taken as it stands, the quotes around it are, too: `olddir ""` is a directory of that name.
fn quotes(file: &File<'_>, directive: &Directive<'_>, text: &[u8], span: Span, found: &mut Vec<Finding>) {
    let row = directive.row;
    if !matches!(
        row.argument,
        Kind::Text | Kind::Path | Kind::Address | Kind::Include | Kind::TabooList
    ) {
        return;
    }
    let is_separator = |byte: u8| byte.is_ascii_whitespace() || byte == b',';
    let begins = |at: &usize| *at == 0 || is_separator(text[*at - 1]);
    let at = (0..text.len()).find(|at| matches!(text[*at], b'"' | b'\'') && begins(at));
    if let Some(at) = at {
        let length = text[at..].trim_ascii_end().len();
        let place = file.place(Span::new(span.start as usize + at, length));
        found.push(Finding::lint(Lint::QuotesInArgument(row.name), place));
    }
}

/// With a `+` and no pattern, the list stays as it is.
fn taboo(file: &File<'_>, directive: &Directive<'_>, text: &[u8], span: Span, found: &mut Vec<Finding>) {
    let (adds, items) = taboo_list(text);
    if adds && items.iter().all(|item| item.is_empty()) {
        found.push(Finding::lint(
            Lint::TabooAddsNothing(directive.row.name),
            file.place(span),
        ));
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
