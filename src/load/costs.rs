//! What errors outside of braces cost: a run reads no further in their files, but a check does, and counts.

use std::path::Path;
use std::sync::Arc;

use super::{GivenUp, Loader};
use crate::config::ast::{Block, File, Item};
use crate::config::parse;
use crate::diag::Place;

/// The losses so far.
#[derive(Debug, Default)]
pub(super) struct Costs {
    pub(super) given_up: Vec<GivenUp>,
    /// How many stanzas are in texts that make no sense.
    pub(super) unread: usize,
    /// From where to where stanzas that were read are lost; they may lie in one another.
    lost: Vec<(usize, usize)>,
    /// Where the last error was.
    pub(super) last_error: Option<Place>,
}

/// How far reading had come at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    stanzas: usize,
    broken: usize,
    unread: usize,
}

impl Mark {
    /// Takes note of how far reading has come.
    pub(super) fn of(loader: &Loader<'_>) -> Self {
        Self {
            stanzas: loader.stanzas.len(),
            broken: loader.broken.len(),
            unread: loader.costs.unread,
        }
    }
}

impl Loader<'_> {
    /// Counts the stanzas in what was asked for, and those of them that a run leaves out.
    pub(super) fn count(&self) -> (usize, usize) {
        let (from, to) = self.asked_for();
        let is_read = |at: &usize| self.stanzas[*at].is_some();
        let is_lost = |at: &usize| self.costs.lost.iter().any(|(from, to)| (*from..*to).contains(at));
        let read: Vec<usize> = (from.stanzas..to.stanzas.min(self.stanzas.len()))
            .filter(is_read)
            .collect();
        let broken = (to.broken - from.broken) + (to.unread - from.unread);
        let behind = read.iter().filter(|at| is_lost(at)).count();
        (read.len() + broken, behind + broken)
    }

    /// Notes that a run would have left a file, begun at one moment, at another, which had this error.
    pub(super) fn note_given_up(&mut self, file: &File<'_>, begun: Mark, left: Mark, at: Option<Place>) {
        self.costs.unread += stanzas_behind(file);
        let read = self.stanzas.get(left.stanzas..).unwrap_or_default();
        let stanzas = read.iter().flatten().count() + (self.broken.len() - left.broken);
        self.costs.given_up.push(GivenUp {
            at,
            stanzas: stanzas + (self.costs.unread - left.unread),
            whole: begun == left,
        });
        self.costs.lost.push((left.stanzas, self.stanzas.len()));
    }
}

/// Counts the stanzas in the text that is left out because of the last item of a file.
fn stanzas_behind(file: &File<'_>) -> usize {
    let mut count = 0;
    let mut left = skipped(&file.items);
    while let Some(text) = left {
        // Whatever is wrong with it, a line that ends so begins a stanza.
        let line = memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1);
        count += usize::from(text[..line].trim_ascii_end().ends_with(b"{"));
        let rest = parse::parse(&text[line..], Arc::from(Path::new("")));
        count += rest.items.iter().filter(|item| matches!(item, Item::Block(_))).count();
        left = skipped(&rest.items);
    }
    count
}

/// Returns the text that is left out because of the last item.
fn skipped<'a>(items: &[Item<'a>]) -> Option<&'a [u8]> {
    match items.last()? {
        Item::Complaint(complaint) if complaint.fatal => Some(complaint.skipped),
        Item::Block(Block { items, .. }) => skipped(items),
        _ => None,
    }
}
