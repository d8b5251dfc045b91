//! What no rule excuses, whatever it is about: contents that nobody wrote, and, but for few rules, logs that only the peer kept.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::case::Change;
use super::super::compare::{Difference, records};
use super::super::scene::{Scene, identity, is_foreign};
use super::super::tree::{Node, Tree};

/// How bad a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gravity {
    /// A rule may excuse it.
    Plain,
    /// A rule may excuse it that says why ours drops what the peer keeps.
    Loss,
    /// No rule may.
    Never,
}

/// Weighs a difference by what the files hold.
pub(super) fn weigh(scene: &Scene<'_>, difference: &Difference) -> Gravity {
    match difference {
        Difference::Exit(peer, ours) if !(0..=1).contains(peer) || !(0..=1).contains(ours) => Gravity::Never,
        Difference::Entry(path, peer, ours) if path.starts_with("log") => {
            let invented = ours.is_some() && scene.ours.tree.get(path).is_some_and(|node| is_invented(scene, node));
            let lost = peer.is_some() && scene.peer.tree.get(path).is_some_and(|node| is_lost(scene, node));
            match (invented, lost) {
                (true, _) => Gravity::Never,
                (_, true) => Gravity::Loss,
                _ => Gravity::Plain,
            }
        }
        _ => Gravity::Plain,
    }
}

/// The file holds what no file held before, none got, and none of the peer's holds.
fn is_invented(scene: &Scene<'_>, node: &Node) -> bool {
    let Some(content) = content(node).filter(|content| !content.is_empty()) else {
        return false;
    };
    let mut known = contents(scene.before);
    known.extend(contents(&scene.peer.tree));
    known.extend(
        scene
            .step
            .changes
            .iter()
            .filter_map(|change| grown(scene.before, change)),
    );
    !known.contains(&content)
}

/// What the file will hold after the change.
fn grown(before: &Tree, change: &Change) -> Option<Vec<u8>> {
    let Change::Grow(path, bytes) = change else { return None };
    let old = before
        .get(Path::new(path))
        .and_then(identity)
        .map_or(Vec::new(), |file| file.0);
    Some(bare(&[old, bytes.clone()].concat()))
}

/// No file of ours holds what this one of the peer's does, and ours did not send it.
fn is_lost(scene: &Scene<'_>, node: &Node) -> bool {
    let Some(content) = content(node).filter(|content| !content.is_empty()) else {
        return false;
    };
    let sent = records(scene.ours.tree.get(Path::new("rec/mail")));
    let text = String::from_utf8_lossy(&content);
    !contents(&scene.ours.tree).contains(&content) && !sent.iter().any(|record| record.contains(&*text))
}

fn contents(tree: &Tree) -> BTreeSet<Vec<u8>> {
    tree.values().filter_map(content).collect()
}

/// What the file holds, but for what scripts of cases add; what only another program can unpack is not looked at.
fn content(node: &Node) -> Option<Vec<u8>> {
    let file = identity(node).filter(|file| !is_foreign(file))?;
    Some(bare(&file.0))
}

/// The content without what a script added at its end.
fn bare(content: &[u8]) -> Vec<u8> {
    let mut rest = content;
    while let Some(shorter) = ["added\n", "late\n", "new\n"]
        .iter()
        .find_map(|line| rest.strip_suffix(line.as_bytes()))
    {
        rest = shorter;
    }
    rest.to_vec()
}
