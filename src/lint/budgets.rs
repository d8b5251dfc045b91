//! Budgets that can take nothing or too much, floors that hold nothing, and archives that `prune` never comes to.
//!
//! A default for all stanzas is meant for most of them, not for each: what makes one a mistake must be said in the stanza itself.

use super::settings::Known;
use super::{Finding, Lint, Made};
use crate::config::directive::Setting;
use crate::diag::Place;
use crate::policy::{Free, Keep, Limit, Stanza};
use crate::sys::pattern::is_special;

/// From this percentage on a file system is mostly to be empty.
const MUCH: u8 = 50;

/// Reports what of a stanza's budgets and retention is hardly meant; where not all is known, only what nothing else could change.
pub fn check(stanza: &Stanza, known: Known, found: &mut Vec<Finding>) {
    much_free(stanza, found);
    if known == Known::Broken {
        return;
    }
    let made = Made::of(stanza);
    ages(stanza, &made, found);
    counts(stanza, &made, found);
    if known == Known::Whole {
        floor(stanza, &made, found);
        gone(stanza, &made, found);
    }
}

fn much_free(stanza: &Stanza, found: &mut Vec<Finding>) {
    if let Some(Limit {
        amount: Free::Percent(part),
        declared_at,
    }) = &stanza.policy.budgets.min_free
    {
        if *part >= MUCH {
            found.push(Finding::lint(Lint::MuchFree(*part), declared_at.clone()));
        }
    }
}

/// A stanza whose archives must go early, by law, may well have a `maxage` below the floor of all others.
fn ages(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    let retention = &stanza.policy.retention;
    let is_below = |floor| retention.max_age > 0 && retention.max_age < floor;
    if !retention.min_age.is_some_and(is_below) {
        return;
    }
    let is_of_the_stanza = |setting| made.own(&[setting]).is_some();
    let (floor, age) = (made.last(&[Setting::MinRetain]), made.last(&[Setting::MaxAge]));
    if let (Some(floor), Some(age)) = (floor, age) {
        if is_of_the_stanza(Setting::MinRetain) || !is_of_the_stanza(Setting::MaxAge) {
            found.push(Finding::lint(Lint::MaxageBelowMinretain, floor.place.clone()).beside(age.place.clone()));
        }
    }
}

/// With `rotate 0` there is nothing to take; with as many as a budget leaves, neither.
fn counts(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    let (Keep::Count(kept), Some(rotate)) = (stanza.policy.retention.keep, made.last(&[Setting::Rotate])) else {
        return;
    };
    let Some(budget) = budgets(stanza).next() else {
        return;
    };
    if kept == 0 {
        let own = made.own(&[Setting::MaxTotalSize, Setting::MinFree]);
        if let Some(own) = own.filter(|own| budgets(stanza).any(|place| *place == own.place)) {
            let lint = Lint::BudgetWithoutArchives(own.row);
            found.push(Finding::lint(lint, own.place.clone()).beside(rotate.place.clone()));
        }
        return;
    }
    let is_all = matches!(stanza.policy.budgets.keep, Keep::Count(floor) if floor >= kept);
    if let Some(floor) = made.own(&[Setting::MinRotate]).filter(|_| is_all) {
        found.push(Finding::lint(Lint::BudgetTakesNothing, floor.place.clone()).beside(budget.clone()));
    }
}

fn floor(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    if let (Some(floor), None) = (made.own(&[Setting::MinRotate]), budgets(stanza).next()) {
        found.push(Finding::lint(Lint::MinrotateWithoutBudget, floor.place.clone()));
    }
}

/// With `rotate 0` nothing stays of a log that is gone, with `rotate -1` all is meant to.
fn gone(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    let retention = &stanza.policy.retention;
    let stays = matches!(retention.keep, Keep::Count(1..)) && retention.max_age == 0;
    let is_pattern = stanza.patterns.iter().any(|word| is_special(word.as_encoded_bytes()));
    if let Some(prune) = made.own(&[Setting::Prune]) {
        if prune.row.on && stays && is_pattern {
            found.push(Finding::lint(Lint::GoneLogsStay, prune.place.clone()));
        }
    }
}

/// Returns where the budgets were made that the stanza is under.
fn budgets(stanza: &Stanza) -> impl Iterator<Item = &Place> {
    let budgets = &stanza.policy.budgets;
    let size = budgets.max_total.as_ref().map(|limit| &limit.declared_at);
    let free = budgets.min_free.as_ref().map(|limit| &limit.declared_at);
    [size, free].into_iter().flatten()
}
