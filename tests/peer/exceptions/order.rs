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

/// The log's stanza runs `shred`, or a compressor that is not built in, as somebody else.
fn runs_strangers(scene: &Scene<'_>, log: &Path) -> bool {
    let directives = scene.directives(log);
    let is_other = |directive: &&str| match directive.split_once([' ', '=']) {
        Some(("compresscmd", program)) => program != "/bin/gzip",
        Some(("compressoptions", options)) => options.contains(' '),
        _ => false,
    };
    let shreds = scene.has(log, "shred") || scene.has(log, "shredcycles");
    let compresses = scene.has(log, "compress") && directives.iter().any(is_other);
    scene.has(log, "su") && (shreds || compresses)
}
