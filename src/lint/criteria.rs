//! Criteria without effect, and settings that reach further than their file.

use std::collections::HashSet;
use std::path::Path;

use super::{Finding, Lint};
use crate::config::ast::{File, Item};
use crate::config::directive::Setting;
use crate::diag::Place;
use crate::policy::{Origin, Stanza};

/// Reports each criterion that a later one of the same block, or of the same stretch of globals, replaces.
pub fn lost(file: &File<'_>, found: &mut Vec<Finding>) {
    let mut globals: Option<(Setting, Place)> = None;
    for item in &file.items {
        match item {
            Item::Block(block) => {
                let mut held = None;
                block.items.iter().for_each(|item| take(file, item, &mut held, found));
                globals = None;
            }
            _ => take(file, item, &mut globals, found),
        }
    }
}

fn take(file: &File<'_>, item: &Item<'_>, held: &mut Option<(Setting, Place)>, found: &mut Vec<Finding>) {
    let Item::Directive(directive) = item else { return };
    if !directive.row.setting.is_criterion() {
        return;
    }
    let (wins, winner) = (directive.row.setting, file.place(directive.name));
    if let Some((lost, place)) = held.replace((wins, winner.clone())) {
        if lost != wins {
            found.push(Finding::lint(Lint::CriterionLost { lost, wins }, place).beside(winner));
        }
    }
}

/// Reports the globals of drop-ins that hold for stanzas of other files.
pub fn leaks(stanzas: &[Stanza], is_drop_in: &dyn Fn(&Place) -> bool, found: &mut Vec<Finding>) {
    let mut reported: HashSet<(&Path, u32, u32)> = HashSet::new();
    for stanza in stanzas {
        let begin = &stanza.declared_at;
        let foreign = stanza.origins.iter().filter(|origin| origin.place.file != begin.file);
        for Origin { row, place } in foreign {
            let key = (&*place.file, place.line, place.column);
            if !is_drop_in(place) || !reported.insert(key) {
                continue;
            }
            let lint = Lint::GlobalLeaks {
                directive: row,
                reaches: begin.file.to_path_buf(),
            };
            found.push(Finding::lint(lint, place.clone()).beside(begin.clone()));
        }
    }
}
