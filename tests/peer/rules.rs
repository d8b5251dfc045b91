//! The rules of `exceptions` themselves: each is needed by a case, and what else goes wrong in that case is still seen.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compare::{Aftermath, Difference, compare};
use super::drive::{Bench, Failure, terms};
use super::exceptions::{drops, names, sort_out};
use super::generate;
use super::scene::{Scene, identity};
use super::tree::{Kind, Node, Tree};

/// Each rule with the first case that needs it.
const WITNESSES: [(&str, u64); 0] = [];

#[test]
fn every_rule_has_a_case_that_needs_it() {
    let known: Vec<&str> = WITNESSES.iter().map(|(rule, _)| *rule).collect();
    for rule in names() {
        assert!(known.contains(&rule), "no case needs the rule: {rule}");
    }
    assert_eq!(known.len(), names().count(), "each rule once");
}

#[test]
fn every_rule_excuses_its_difference_and_nothing_else() {
    let Some(pair) = super::pair() else { return };
    let dir = super::playground();
    let bench = Bench::new(&dir.path().join("0"), &pair);
    for (rule, seed) in WITNESSES {
        let mut was_needed = false;
        let failure = bench.watch(&generate::case(seed), &mut |scene, used| {
            was_needed |= used.contains(&rule);
            if used.contains(&rule) {
                nothing_else_is_excused(scene, used);
            }
        });
        let differences = failure.map(|Failure { differences, .. }| differences);
        assert!(differences.is_none(), "PEER_SEED={seed} differs: {differences:?}");
        assert!(was_needed, "PEER_SEED={seed} does not need the rule: {rule}");
    }
}

/// Spoils what ours made, one thing at a time; each has to be reported in spite of the rules that this run needs.
fn nothing_else_is_excused(scene: &Scene<'_>, used: &[&str]) {
    let mut spoilt = vec![
        spoil(scene, |ours| ours.ending.code = 2),
        spoil(scene, |ours| {
            let made_up = Node::file("made up", 0);
            ours.tree.insert(PathBuf::from("log/elsewhere.log"), made_up);
        }),
    ];
    let files = scene
        .ours
        .tree
        .iter()
        .filter(|(path, node)| path.starts_with("log") && matches!(node.kind, Kind::File(_)));
    for (path, node) in files {
        spoilt.push(spoil(scene, |ours| rewrite(&mut ours.tree, path)));
        let kept = !used.iter().any(|rule| drops(rule));
        if kept && is_only_copy(scene, node) {
            spoilt.push(spoil(scene, |ours| drop(ours.tree.remove(path))));
        }
    }
    for (differences, rest) in spoilt {
        assert!(!rest.is_empty(), "excused by {used:?}: {differences:?}");
    }
}

/// What differs when ours is spoilt so, and what of that no rule excuses.
fn spoil(scene: &Scene<'_>, how: impl FnOnce(&mut Aftermath)) -> (Vec<Difference>, Vec<Difference>) {
    let mut ours = scene.ours.clone();
    how(&mut ours);
    let scene = Scene { ours: &ours, ..*scene };
    let differences = compare(scene.peer, scene.ours, terms(scene.case, scene.step));
    let (_, rest) = sort_out(&scene, differences.clone());
    (differences, rest)
}

fn rewrite(tree: &mut Tree, path: &Path) {
    let content = Arc::new(b"what nobody ever wrote".to_vec());
    let node = tree.get_mut(path).expect("it is there");
    node.plain = Some(Arc::clone(&content));
    node.kind = Kind::File(content);
}

/// The peer has what the file holds, and ours has it in no other file.
fn is_only_copy(scene: &Scene<'_>, node: &Node) -> bool {
    let content = identity(node).expect("a file").0;
    let count = |tree: &Tree| {
        tree.values()
            .filter_map(identity)
            .filter(|file| file.0 == content)
            .count()
    };
    !content.is_empty() && count(&scene.ours.tree) == 1 && count(&scene.peer.tree) > 0
}
