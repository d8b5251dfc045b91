//! Rotations that ours stops, where the peer goes on over what lies in the way; and what is remembered of them.

use std::path::{Path, PathBuf};

use super::super::compare::{Difference, records};
use super::super::scene::Scene;
use super::super::tree::{Time, Tree};

/// Section 12, items 2 and 10: the journal lies beside the state.
pub(super) fn journal(scene: &Scene<'_>, difference: &Difference) -> bool {
    let is_it = matches!(difference, Difference::Entry(path, None, Some(_)) if path == Path::new("state.journal"));
    is_it && scene.ours.ending.code == 1
}

/// Section 12, item 10.
pub(super) fn not_stamped(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::State(quoted, Some(_), Some(ours)) = difference else {
        return false;
    };
    let Some(log) = scene.log_of(quoted) else { return false };
    let stays = match scene.stamp(scene.before, quoted) {
        Some(old) => old == *ours,
        None => ours.ends_with(":0:0"),
    };
    let node = (scene.peer.tree.get(&log), scene.ours.tree.get(&log));
    let is_untouched = match node.1 {
        Some(log) => log.modified != Time::Fresh || log.plain.as_ref().is_some_and(|content| !content.is_empty()),
        // An archive that was taken for a log, and was shifted before its turn came.
        None => scene.was_shifted(&log) || was_away(scene, &log),
    };
    let codes = (scene.peer.ending.code, scene.ours.ending.code);
    stays && is_untouched && node.0 == node.1 && codes == (1, 1)
}

/// Section 12, item 2: and if that fails, nothing is shifted on top of it.
pub(super) fn beyond_the_count_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    let beginnings = [
        "error: error running preremove script for ",
        "error: mail command failed for ",
    ];
    match difference {
        Difference::Order(name) => {
            // What stays is asked about before the logs beside it are rotated.
            let is_other = |record: &String| !record.starts_with("preremove\n");
            let others =
                |tree: &Tree| -> Vec<String> { records(tree.get(name)).into_iter().filter(is_other).collect() };
            let is_stopped = about_a_failure(scene, &Difference::Exit(0, 1), &beginnings);
            is_stopped && others(&scene.peer.tree) == others(&scene.ours.tree)
        }
        _ => about_a_failure(scene, difference, &beginnings),
    }
}

/// Ours found the log gone when its turn came.
fn was_away(scene: &Scene<'_>, log: &Path) -> bool {
    let begin = format!("error: error renaming {} to ", scene.root.join(log).display());
    let said = shown(&scene.ours.ending.messages);
    let mut lines = said.lines();
    lines.any(|line| line.starts_with(&begin) && line.ends_with(": No such file or directory"))
}

/// Section 12, item 2: what a failed compression left plain is not overwritten, also if it fails again.
pub(super) fn plain_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    about_a_failure(scene, difference, &["failed to compress log ", "unable to open "])
}

/// Section 12, item 2: nor is what `renamecopy` left, also if it can still not be copied.
pub(super) fn interim_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    about_a_failure(scene, difference, &["error opening "])
}

/// Ours failed with these words for a file that is gone at the peer's, and the difference is about that log.
fn about_a_failure(scene: &Scene<'_>, difference: &Difference, words: &[&str]) -> bool {
    let said = shown(&scene.ours.ending.messages);
    let after = |line: &str| {
        words
            .iter()
            .find_map(|words| Some(line.split_once(words)?.1.to_owned()))
    };
    let ends = [" of '", ": ", " (read-only)"];
    let path = |rest: String| {
        ends.iter()
            .fold(rest, |path, end| path.split(end).next().unwrap_or("").to_owned())
    };
    let mut files = said.lines().filter_map(after).map(path);
    let is_exit = matches!(difference, Difference::Exit(0, 1));
    let logs: Vec<PathBuf> = scene
        .logs()
        .into_iter()
        .filter(|log| {
            is_exit
                || scene.is_about(log, difference)
                || (scene.has(log, "sharedscripts") && scene.is_beside(log, difference))
        })
        .collect();
    files.any(|file| {
        let is_its = |log: &PathBuf| scene.is_of(log, &file) || scene.shares_with(log, &file);
        // The peer stopped at another log of the set before it came to this file.
        let is_next = |log: &PathBuf| scene.shares_with(log, &file) && !scene.has(log, "delaycompress");
        let is_due = scene.is_replaced(&file) || (scene.was_there(&file) && logs.iter().any(is_next));
        is_due && logs.iter().any(is_its)
    })
}

/// Section 12, item 2: the peer looks for the compressed name alone, and renames the log over the plain one.
pub(super) fn plain_of_the_date(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = shown(&scene.ours.ending.messages);
    let file = |line: &str| {
        let line = line.strip_prefix("error: destination ")?;
        line.strip_suffix(" already exists, skipping rotation")
            .map(str::to_owned)
    };
    // The dry run knows that what was put off will be compressed by then.
    let is_there =
        |file: &String| scene.was_there(file) || file.rsplit_once('.').is_some_and(|(plain, _)| scene.was_there(plain));
    let files: Vec<String> = said
        .lines()
        .filter_map(file)
        .filter(|file| scene.is_replaced(file) || (scene.is_dry() && is_there(file)))
        .collect();
    let touches = |log: &PathBuf| {
        files.iter().any(|file| {
            scene.is_of(log, file) || scene.shares_with(log, file) || (scene.is_dry() && scene.is_near(log, file))
        })
    };
    let about = |log: &PathBuf| scene.is_about(log, difference) || matches!(difference, Difference::Exit(0, 1));
    scene.logs().iter().any(|log| touches(log) && about(log))
}

/// Messages show what cannot be read as `\xff`, records and trees in a way of their own.
fn shown(messages: &str) -> String {
    messages.replace("\\xff", "\u{fffd}")
}
