//! Copies, and files that are gone already.

use std::path::{Path, PathBuf};

use super::super::compare::Difference;
use super::super::scene::Scene;

/// The peer moves the archives up and makes no new one, with an error at each rotation: a fault that loses logs.
pub(super) fn copy_with_renamecopy(scene: &Scene<'_>, difference: &Difference) -> bool {
    let messages = &scene.peer.ending.messages;
    let beside = |log: &PathBuf| {
        let dir = format!(
            "error opening {}/",
            scene.root.join(log.parent().unwrap_or(log)).display()
        );
        scene.has(log, "sharedscripts") && messages.contains(&dir) && messages.contains(".tmp: No such file")
    };
    // Its postrotate failed before it came to that.
    let undone = |log: &Path| {
        scene.has(log, "sharedscripts") && messages.contains("error running shared postrotate script for ")
    };
    let failed = |log: &PathBuf| {
        let tmp = format!("error opening {}.tmp", scene.root.join(log).display());
        let script = format!("postrotate script for {}", scene.root.join(log).display());
        scene.has(log, "copy")
            && scene.has(log, "renamecopy")
            && (messages.contains(&tmp) || messages.contains(&script) || beside(log) || undone(log))
    };
    match difference {
        Difference::Exit(1, 0) => scene.logs().iter().any(failed),
        _ => scene
            .logs()
            .iter()
            .any(|log| failed(log) && scene.is_about(log, difference)),
    }
}

/// Section 6 of the behaviour: `rotate 0` without mail makes no copy; the peer opens the log all the same, and fails for a FIFO.
pub(super) fn skipped_copy(scene: &Scene<'_>, difference: &Difference) -> bool {
    let failed = |log: &PathBuf| {
        let said = format!(
            "error opening {}: Operation not supported",
            scene.root.join(log).display()
        );
        scene.has(log, "copy") && scene.peer.ending.messages.contains(&said)
    };
    // In a set whose scripts are shared the peer stops with all its logs.
    let with_it = |log: &PathBuf| scene.has(log, "sharedscripts") && scene.is_beside(log, difference);
    let about =
        |log: &PathBuf| scene.is_about(log, difference) || with_it(log) || matches!(difference, Difference::Exit(1, 0));
    scene.logs().iter().any(|log| failed(log) && about(log))
}

/// The peer opens what it copies to write to it, too.
pub(super) fn readable_copy(scene: &Scene<'_>, difference: &Difference) -> bool {
    let failed = |log: &PathBuf| {
        let said = |end: &str| {
            format!(
                "error opening {}{end}: Permission denied",
                scene.root.join(log).display()
            )
        };
        let is_said = |messages: &str| messages.contains(&said("")) || messages.contains(&said(".tmp"));
        let copies = scene.has(log, "copy") || scene.has(log, "renamecopy");
        copies && is_said(&scene.peer.ending.messages) && !is_said(&scene.ours.ending.messages)
    };
    let about = |log: &PathBuf| scene.is_about(log, difference) || matches!(difference, Difference::Exit(1, 0));
    scene.logs().iter().any(|log| failed(log) && about(log))
}

/// Section 6 of the behaviour: holes stay holes.
pub(super) fn sparser(_: &Scene<'_>, difference: &Difference) -> bool {
    matches!(difference, Difference::Entry(_, Some(peer), Some(ours)) if ours.strip_suffix(" sparse") == Some(peer))
}
