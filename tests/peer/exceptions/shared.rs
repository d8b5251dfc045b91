//! Sets whose logs go together: what is done for the others when one of them fails.

use std::path::PathBuf;

use super::super::compare::Difference;
use super::super::scene::{Scene, stem};

/// Section 12, item 9: nothing that was switched stays undone because of what failed beside it.
pub(super) fn shared_finish(scene: &Scene<'_>, difference: &Difference) -> bool {
    let errors: Vec<&str> = scene
        .peer
        .ending
        .messages
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    let failed = |log: &PathBuf| {
        let name = String::from_utf8_lossy(stem(log)).trim_end_matches('.').to_owned();
        let says = |line: &&str| [".", "-"].iter().any(|next| line.contains(&format!("/{name}{next}")));
        errors.iter().any(says)
    };
    let logs = scene.logs();
    let undone = |log: &&PathBuf| scene.has(log, "sharedscripts") && scene.is_about(log, difference) && !failed(log);
    (scene.peer.ending.code, scene.ours.ending.code) == (1, 1)
        && !matches!(difference, Difference::State(..) | Difference::OnlyPeer(..))
        && logs.iter().any(|log| undone(&log))
        && logs.iter().any(failed)
}

/// Section 12, item 9.
pub(super) fn shared_postrotate(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::OnlyOurs(_, record) = difference else {
        return false;
    };
    let codes = (scene.peer.ending.code, scene.ours.ending.code);
    record.starts_with("postrotate\n1\n") && codes == (1, 1) && scene.is_said("sharedscripts")
}
