//! Sets whose logs go together: what is done for the others when one of them fails.

use std::path::{Path, PathBuf};

use super::super::compare::Difference;
use super::super::scene::Scene;

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
