//! What a file looks like that was cut off: a block without its end, a quote that goes on to the end of what it could reach.
//!
//! A run takes both as the original does, which is seldom what is meant.

use super::{Finding, Lint};
use crate::config::ast::{Argument, Block, Close, Directive, File, Item, Span};
use crate::config::{directive::Argument as Kind, lex};

/// Reports the blocks and quotes of a file that are not closed.
pub fn check(file: &File<'_>, found: &mut Vec<Finding>) {
    for item in &file.items {
        match item {
            Item::Directive(directive) => options(file, directive, found),
            Item::Block(block) => in_block(file, block, found),
            _ => {}
        }
    }
}

fn in_block(file: &File<'_>, block: &Block<'_>, found: &mut Vec<Finding>) {
    // Where the reader gave up before the end, it said so.
    let is_given_up = |item: &Item<'_>| matches!(item, Item::Complaint(complaint) if complaint.fatal);
    if block.close == Close::EndOfFile && !block.items.last().is_some_and(is_given_up) {
        found.push(Finding::lint(Lint::UnclosedBlock, file.place(block.span)));
    }
    if let Some(word) = block.words.last().filter(|word| word.is_open) {
        found.push(Finding::lint(Lint::UnclosedQuote, file.place(word.span)));
    }
    for item in &block.items {
        if let Item::Directive(directive) = item {
            options(file, directive, found);
        }
    }
}

/// The words of `compressoptions` are split as those of a path list are.
fn options(file: &File<'_>, directive: &Directive<'_>, found: &mut Vec<Finding>) {
    let (Kind::Words, Argument::Given(text, span)) = (directive.row.argument, directive.argument) else {
        return;
    };
    let words = lex::split_words(text).unwrap_or_default();
    if let Some(word) = words.last().filter(|word| word.is_open) {
        let span = Span::new(span.start as usize + word.start, word.end - word.start);
        found.push(Finding::lint(Lint::UnclosedQuote, file.place(span)));
    }
}
