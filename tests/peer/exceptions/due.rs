//! Which logs are due, and which archives are a log's own.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::compare::Difference;
use super::super::scene::Scene;
use super::super::tree::Tree;

/// Section 12, item 5: the peer does not find the dated archives of such a log, nor how many numbers there are.
pub(super) fn glob_in_a_name(scene: &Scene<'_>, difference: &Difference) -> bool {
    let is_such = |log: &PathBuf| {
        let name = log.file_name().unwrap_or_default().as_bytes();
        name.iter().any(|byte| b"*?[".contains(byte)) && (scene.has(log, "dateext") || scene.has(log, "rotate -1"))
    };
    let counts_wrong = |log: &Path| scene.has(log, "rotate -1") && !scene.has(log, "dateext");
    let about = |log: &PathBuf| {
        let touched = stopped(scene, log) || is_in_the_way(scene, log);
        scene.is_finished_here(log, difference)
            || (touched && is_touched(scene, log, difference))
            || (counts_wrong(log) && scene.is_about(log, difference))
    };
    scene.logs().iter().any(|log| is_such(log) && about(log))
}

/// Ours failed for an archive of this log that the peer did not see, or moved aside what lay in its way.
fn stopped(scene: &Scene<'_>, log: &Path) -> bool {
    let is_such = |line: &&str| line.starts_with("error: ") || line.starts_with("warning: destination ");
    let mut errors = scene.ours.ending.messages.lines().filter(is_such);
    errors.any(|line| scene.names(log, line) && !scene.peer.ending.messages.contains(line))
}

/// The peer found a name taken that ours had freed, since it knew what could go.
fn is_in_the_way(scene: &Scene<'_>, log: &Path) -> bool {
    let mut lines = scene.peer.ending.messages.lines();
    lines.any(|line| line.starts_with("error: destination ") && scene.names(log, line))
}

/// The difference is about the log, or a set that goes with it, or the exit status.
fn is_touched(scene: &Scene<'_>, log: &Path, difference: &Difference) -> bool {
    let with_it = scene.has(log, "sharedscripts") && scene.is_beside(log, difference);
    scene.is_about(log, difference) || with_it || matches!(difference, Difference::Exit(..))
}

/// Section 12, item 13: the peer is a day late when the clock went forward since.
pub(super) fn calendar_days(scene: &Scene<'_>, difference: &Difference) -> bool {
    let stamp = |tree: &Tree, log: &Path| scene.stamp(tree, &format!("\"{}\"", scene.root.join(log).display()));
    let is_late = |log: &PathBuf| {
        let (before, peer) = (stamp(scene.before, log), stamp(&scene.peer.tree, log));
        let by_days = scene.has(log, "weekly") || scene.has(log, "monthly");
        by_days && before == peer && before.is_some_and(|last| went_forward(scene, &last))
    };
    let tried = |log: &Path| stopped(scene, log) || stamp(&scene.ours.tree, log) != stamp(scene.before, log);
    let about = |log: &PathBuf| tried(log) && is_touched(scene, log, difference);
    scene.logs().iter().any(|log| about(log) && is_late(log))
}

/// The peer writes all of the state anew, and other times of day than those that a change of the clock left out.
pub(super) fn left_out(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::State(quoted, Some(_), Some(ours)) = difference else {
        return false;
    };
    let mut parts = ours.splitn(4, '-');
    let date: Vec<&str> = parts.by_ref().take(3).collect();
    let moment = format!("{} {}", date.join("-"), parts.next().unwrap_or("0"));
    scene.stamp(scene.before, quoted).as_ref() == Some(ours) && offset(scene, &moment).is_none()
}

/// The clock of the case's zone is further ahead at the run than it was at the midnight of this stamp.
fn went_forward(scene: &Scene<'_>, stamp: &str) -> bool {
    let mut parts = stamp.splitn(4, '-');
    let date: Vec<&str> = parts.by_ref().take(3).collect();
    let (then, now) = (
        offset(scene, &format!("{} 00:00", date.join("-"))),
        offset(scene, &format!("@{}", scene.step.at)),
    );
    then < now
}

/// How far the zone's clock is ahead of UTC at this moment, if there is such a moment.
fn offset(scene: &Scene<'_>, moment: &str) -> Option<i32> {
    let mut date = Command::new("date");
    date.args(["-d", moment, "+%z"])
        .env("TZ", scene.case.zone)
        .env("LC_ALL", "C");
    let said = date.output().expect("date starts").stdout;
    String::from_utf8_lossy(&said).trim().parse().ok()
}
