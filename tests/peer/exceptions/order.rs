//! In which order stanzas have their turn.

use std::path::Path;

use super::super::compare::{Difference, records};
use super::super::scene::Scene;

/// Stanzas that run programs with the rights of `su`'s user come behind all others, and stay in their own order.
pub(super) fn strangers_last(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::Order(name) = difference else {
        return false;
    };
    let logs = scene.logs();
    let waits = |record: &String| {
        let mut strangers = logs.iter().filter(|log| runs_strangers(scene, log));
        strangers.any(|log| record.contains(&*scene.root.join(log.parent().unwrap_or(log)).to_string_lossy()))
    };
    let peer = records(scene.peer.tree.get(name));
    let (last, first): (Vec<String>, Vec<String>) = peer.into_iter().partition(waits);
    [first, last].concat() == records(scene.ours.tree.get(name))
}

/// The log's stanza runs `shred`, or a compressor that is not built in, as somebody else than root.
fn runs_strangers(scene: &Scene<'_>, log: &Path) -> bool {
    let directives = scene.directives(log);
    let values = directives
        .iter()
        .rev()
        .filter_map(|directive| directive.split_once([' ', '=']));
    let last = |name: &str| values.clone().find(|value| value.0 == name).map(|value| value.1);
    let is_other = last("su").is_some_and(|who| who != "root root");
    let shreds = scene.has(log, "shred") || scene.has(log, "shredcycles");
    let is_built_in = last("compresscmd").is_none_or(|program| program == "/bin/gzip")
        && last("compressoptions").is_none_or(|options| !options.contains(' '));
    is_other && (shreds || (scene.has(log, "compress") && !is_built_in))
}
