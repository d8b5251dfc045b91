//! Where ours differs from the peer on purpose (`behaviour.md` section 12, `grammar.md` section 16): a named rule each.
//!
//! A rule is as narrow as can be: it looks at what was before, at what both did, and excuses single differences.

use super::case::{Case, Step};
use super::compare::{Aftermath, Difference};
use super::tree::Tree;

/// All that a rule may look at.
pub(crate) struct Scene<'a> {
    pub(crate) case: &'a Case,
    pub(crate) step: &'a Step,
    pub(crate) before: &'a Tree,
    pub(crate) peer: &'a Aftermath,
    pub(crate) ours: &'a Aftermath,
}

/// A difference that is wanted.
struct Rule {
    name: &'static str,
    excuses: fn(&Scene<'_>, &Difference) -> bool,
}

const RULES: [Rule; 0] = [];

/// Splits the differences in the names of the rules that excuse some, and those that nothing excuses.
pub(crate) fn sort_out(scene: &Scene<'_>, differences: Vec<Difference>) -> (Vec<&'static str>, Vec<Difference>) {
    let mut used = Vec::new();
    let mut rest = Vec::new();
    for difference in differences {
        match RULES.iter().find(|rule| (rule.excuses)(scene, &difference)) {
            Some(rule) => used.push(rule.name),
            None => rest.push(difference),
        }
    }
    (used, rest)
}
