//! Sets whose logs go together: what is done for the others when one of them fails.

use std::path::{Path, PathBuf};

use super::super::compare::Difference;
use super::super::scene::Scene;
use super::super::tree::{Kind, Node, Time};

/// The peer leaves the whole set as it is where one of its logs cannot be switched.
pub(super) fn neighbours(scene: &Scene<'_>, difference: &Difference) -> bool {
    let logs = scene.logs();
    let stops = |line: &&str| line.starts_with("error: ") && !line.ends_with(" -- rotation forced");
    let errors = scene.peer.ending.messages.lines().filter(stops);
    // An archive of one log may be another log of the set; what follows the file is the set's own list.
    let log_of = |line: &str| {
        let file = line.split(" of '").next().unwrap_or(line);
        let named = logs.iter().filter(|log| scene.names(log, file));
        named.max_by_key(|log| log.as_os_str().len())
    };
    let failed: Vec<&PathBuf> = errors.filter_map(log_of).collect();
    let is_left = |log: &PathBuf| scene.peer.tree.get(log).is_some_and(is_not_new);
    let is_neighbour = |log: &PathBuf| {
        let beside = |other: &&&PathBuf| **other != log && other.parent() == log.parent();
        scene.has(log, "sharedscripts") && !failed.contains(&log) && failed.iter().any(|other| beside(&other))
    };
    let is_all = |log: &PathBuf| is_neighbour(log) && is_left(log) && drops_little(scene, log);
    let about = |log: &PathBuf| is_all(log) && scene.is_about(log, difference);
    // Ours only warns of what it moves aside.
    scene.peer.ending.code == 1 && logs.iter().any(about)
}

/// One rotation drops one archive, and one beyond the count, but by age or date.
pub(super) fn drops_little(scene: &Scene<'_>, log: &Path) -> bool {
    let may_drop_more = scene.has(log, "dateext") || scene.has(log, "maxage");
    may_drop_more || scene.lost_by_ours(log) <= 2
}

/// It is no log that was just made in the place of another one.
pub(super) fn is_not_new(node: &Node) -> bool {
    match &node.kind {
        Kind::File(content) => !content.is_empty() || node.modified != Time::Fresh,
        _ => true,
    }
}

/// Section 12, item 9: nothing that was switched stays undone because of what failed beside it.
pub(super) fn shared_finish(scene: &Scene<'_>, difference: &Difference) -> bool {
    let errors = scene.peer.ending.messages.lines();
    let errors: Vec<&str> = errors.filter(|line| line.starts_with("error: ")).collect();
    let failed = |log: &Path| errors.iter().any(|line| scene.names(log, line));
    let logs = scene.logs();
    let beside = |one: &Path| {
        logs.iter()
            .any(|log| log != one && log.parent() == one.parent() && failed(log))
    };
    let undone = |log: &PathBuf| {
        scene.has(log, "sharedscripts") && !failed(log) && beside(log) && scene.is_finished_here(log, difference)
    };
    (scene.peer.ending.code, scene.ours.ending.code) == (1, 1) && logs.iter().any(undone)
}

/// Section 12, item 9.
pub(super) fn shared_postrotate(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::OnlyOurs(_, record) = difference else {
        return false;
    };
    let codes = (scene.peer.ending.code, scene.ours.ending.code);
    record.starts_with("postrotate\n1\n") && codes == (1, 1) && scene.is_said("sharedscripts")
}
