//! Which logs are due, and which archives are a log's own.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::compare::Difference;
use super::super::scene::Scene;
use super::super::tree::Tree;

/// Section 12, item 5: the peer does not find the dated archives of such a log.
pub(super) fn glob_in_a_name(scene: &Scene<'_>, difference: &Difference) -> bool {
    let is_such = |log: &PathBuf| {
        let name = log.file_name().unwrap_or_default().as_bytes();
        name.iter().any(|byte| b"*?[".contains(byte)) && (scene.has(log, "dateext") || scene.has(log, "rotate -1"))
    };
    // The peer finds the archives of others instead, and mails, removes and counts them; and misses a name that is taken.
    let beside = |log: &PathBuf| scene.is_beside(log, difference) || matches!(difference, Difference::Exit(..));
    scene
        .logs()
        .iter()
        .any(|log| is_such(log) && (scene.is_about(log, difference) || beside(log)))
}

/// Section 12, item 13: the peer is a day late when the clock went forward since.
pub(super) fn calendar_days(scene: &Scene<'_>, difference: &Difference) -> bool {
    let has_changes = !["UTC", "UTC0", "Asia/Kolkata"].contains(&scene.case.zone);
    let stamp = |tree: &Tree, log: &Path| scene.stamp(tree, &format!("\"{}\"", scene.root.join(log).display()));
    let is_late = |log: &PathBuf| {
        let (before, peer) = (stamp(scene.before, log), stamp(&scene.peer.tree, log));
        let ours = stamp(&scene.ours.tree, log).unwrap_or_default();
        let changes = ["-3-", "-4-", "-9-", "-10-", "-11-"]
            .iter()
            .any(|month| ours.contains(month));
        before.is_some() && before == peer && before.as_ref() != Some(&ours) && changes
    };
    // It was due for ours alone, and failed.
    let tried = |log: &PathBuf| {
        let begun = matches!(difference, Difference::Exit(0, 1) | Difference::OnlyOurs(..));
        let says = |line: &str| line.starts_with("error: ") && line.contains(&*scene.root.join(log).to_string_lossy());
        begun && scene.has(log, "weekly") && scene.ours.ending.messages.lines().any(says)
    };
    if has_changes && scene.peer.ending.code == 0 && scene.logs().iter().any(tried) {
        return true;
    }
    let said = scene.is_said("weekly") || scene.is_said("monthly");
    let about = |log: &PathBuf| scene.is_about(log, difference) || scene.is_beside(log, difference);
    has_changes && said && scene.logs().iter().any(|log| is_late(log) && about(log))
}

/// Section 16 of the grammar.
pub(super) fn either_ignores(scene: &Scene<'_>, difference: &Difference) -> bool {
    let duplicate = scene.peer.ending.messages.contains(" duplicate log entry for ");
    matches!(difference, Difference::Exit(1, 0)) && duplicate && scene.is_said("ignoreduplicates")
}
