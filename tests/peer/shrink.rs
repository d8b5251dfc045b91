//! Makes a differing case smaller while it still differs: drops runs, stanzas, directives, files, lines, one at a time.

use super::case::Case;

/// No more cases than this are tried for one shrinking.
const TRIALS: usize = 200;

/// Returns the smallest case found for which `differs` holds.
pub(crate) fn shrink(case: Case, mut differs: impl FnMut(&Case) -> bool) -> Case {
    let mut best = case;
    let mut trials = 0;
    loop {
        let mut smaller = None;
        for candidate in candidates(&best) {
            trials += 1;
            if trials > TRIALS {
                return best;
            }
            if differs(&candidate) {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(case) => best = case,
            None => return best,
        }
    }
}

/// Every case that is one piece smaller, the big pieces first.
fn candidates(case: &Case) -> Vec<Case> {
    let mut out = Vec::new();
    let mut add = |edit: &dyn Fn(&mut Case)| {
        let mut smaller = case.clone();
        edit(&mut smaller);
        out.push(smaller);
    };
    for index in (1..case.steps.len()).rev() {
        add(&|c| c.steps.truncate(index));
    }
    if case.steps.len() > 1 {
        for index in 0..case.steps.len() {
            add(&|c| drop(c.steps.remove(index)));
        }
    }
    pieces(case, &mut add);
    for path in case.tree.keys().rev().filter(|path| path.components().count() > 2) {
        add(&|c| {
            c.tree.retain(|other, node| {
                !(other.starts_with(path) || matches!(&node.kind, super::tree::Kind::HardLink(first) if first == path))
            });
        });
    }
    for (index, step) in case.steps.iter().enumerate() {
        for change in 0..step.changes.len() {
            add(&|c| drop(c.steps[index].changes.remove(change)));
        }
        for option in 0..step.options.len() {
            add(&|c| drop(c.steps[index].options.remove(option)));
        }
    }
    if !case.state.is_empty() {
        add(&|c| c.state.clear());
        for index in 1..case.state.len() {
            add(&|c| drop(c.state.remove(index)));
        }
    }
    if case.zone != "UTC" {
        add(&|c| c.zone = "UTC");
    }
    if case.umask != "022" {
        add(&|c| c.umask = "022");
    }
    if case.mailer != "mail" {
        add(&|c| c.mailer = "mail");
    }
    out
}

/// Takes an edit that makes the case smaller.
type Add<'a> = &'a mut dyn FnMut(&dyn Fn(&mut Case));

/// Cases with a piece of the configuration less.
fn pieces(case: &Case, add: Add<'_>) {
    for (file, config) in case.configs.iter().enumerate() {
        for stanza in 0..config.stanzas.len() {
            add(&|c| drop(c.configs[file].stanzas.remove(stanza)));
            for word in 0..config.stanzas[stanza].words.len() {
                add(&|c| drop(c.configs[file].stanzas[stanza].words.remove(word)));
            }
            for directive in 0..config.stanzas[stanza].directives.len() {
                add(&|c| drop(c.configs[file].stanzas[stanza].directives.remove(directive)));
            }
        }
        for global in 0..config.globals.len() {
            add(&|c| drop(c.configs[file].globals.remove(global)));
        }
    }
}
