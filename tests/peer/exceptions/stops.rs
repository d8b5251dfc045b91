//! Rotations that one of both stops, where the other goes on; and what is remembered of them.

use std::path::{Path, PathBuf};

use super::super::compare::{Difference, records};
use super::super::scene::Scene;
use super::super::tree::{Kind, Time, Tree};
use super::shared::{drops_little, is_not_new};

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

/// Trouble with an archive, as both begin to say it; the archive's path follows.
const TROUBLES: [&str; 7] = [
    "error: error running preremove script for ",
    "error: mail command failed for ",
    "error: failed to open ",
    "error: Failed to remove old log ",
    "error: failed to compress log ",
    "error: unable to open ",
    "error: error renaming ",
];

/// The first of them, for what should go and stays.
const STAYING: &[&str] = TROUBLES.split_at(3).0;

/// Trouble with an old archive leaves the log as it is at the peer's; ours rotates it.
pub(super) fn goes_on(scene: &Scene<'_>, difference: &Difference) -> bool {
    let codes = (scene.peer.ending.code, scene.ours.ending.code);
    codes == (1, 1) && goes_on_after(scene, difference, &files_of(&scene.peer.ending.messages, &TROUBLES))
}

/// A pipe at an archive's name stops the log at the peer's; ours moves it aside, with a warning, or passes it over where it is not in
/// the way.
pub(super) fn goes_on_over_a_pipe(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = shown(&scene.ours.ending.messages);
    let is_aside = |file: &String| {
        said.contains(&format!(
            "warning: destination {file} already exists, renaming to {file}-"
        ))
    };
    let mut files = files_of(&scene.peer.ending.messages, &TROUBLES);
    let is_pipe = |file: &String| {
        let path = Path::new(file).strip_prefix(scene.root).ok();
        let node = path.and_then(|path| scene.before.get(path));
        node.is_some_and(|node| node.kind == Kind::Fifo)
    };
    files.retain(|file| is_aside(file) || is_pipe(file));
    match difference {
        Difference::Exit(peer, ours) => (*peer, *ours) == (1, 0) && !files.is_empty(),
        _ => goes_on_after(scene, difference, &files),
    }
}

/// The difference is about a log that the peer left as it is after what it said of one of these files, and ours did not.
fn goes_on_after(scene: &Scene<'_>, difference: &Difference, files: &[String]) -> bool {
    let is_stopped = |log: &Path| {
        let is_left = scene.peer.tree.get(log).is_some_and(is_not_new);
        let is_left_by_ours = scene.ours.tree.get(log).is_some_and(is_not_new);
        is_left && (!is_left_by_ours || scene.has(log, "copy")) && files.iter().any(|file| scene.names(log, file))
    };
    let about = |log: &Path| match difference {
        Difference::OnlyOurs(..) if scene.has(log, "sharedscripts") => scene.is_beside(log, difference),
        _ => scene.is_about(log, difference),
    };
    let logs = scene.logs();
    let mut stopped = logs.iter().filter(|log| is_stopped(log) && drops_little(scene, log));
    stopped.any(|log| about(log))
}

/// Trouble with a new archive keeps an old one at the peer's; at ours that goes all the same.
pub(super) fn falls_off_all_the_same(scene: &Scene<'_>, difference: &Difference) -> bool {
    let mut files = files_of(&scene.peer.ending.messages, &TROUBLES);
    // What renamecopy cannot copy is in its way under the interim name.
    files.extend(files_of(&scene.peer.ending.messages, &["error: error opening "]));
    let failed = |log: &PathBuf| files.iter().any(|file| scene.names(log, file));
    let about = |log: &PathBuf| scene.is_finished_here(log, difference) && drops_little(scene, log);
    let codes = (scene.peer.ending.code, scene.ours.ending.code);
    codes == (1, 1) && scene.logs().iter().any(|log| failed(log) && about(log))
}

/// What should go and cannot moves on at ours; the peer renames over it, and asks nobody about it.
pub(super) fn beyond_the_count_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    match difference {
        Difference::Order(name) => {
            // What stays is asked about before the logs beside it are rotated.
            let is_other = |record: &String| !record.starts_with("preremove\n");
            let others =
                |tree: &Tree| -> Vec<String> { records(tree.get(name)).into_iter().filter(is_other).collect() };
            let is_kept = about_a_failure(scene, &Difference::Exit(0, 1), STAYING);
            is_kept && others(&scene.peer.tree) == others(&scene.ours.tree)
        }
        _ => about_a_failure(scene, difference, STAYING),
    }
}

/// Ours found the log gone when its turn came.
fn was_away(scene: &Scene<'_>, log: &Path) -> bool {
    let begin = format!("error: error renaming {} to ", scene.root.join(log).display());
    let said = shown(&scene.ours.ending.messages);
    let mut lines = said.lines();
    lines.any(|line| line.starts_with(&begin) && line.ends_with(": No such file or directory"))
}

/// What a failed compression left plain moves up and counts, also if it fails again; the peer renames over it.
pub(super) fn plain_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    about_a_failure(scene, difference, &["failed to compress log ", "unable to open "])
}

/// Nor is what `renamecopy` left renamed over, also if it can still not be copied.
pub(super) fn interim_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    about_a_failure(scene, difference, &["error opening "])
}

/// Ours failed with these words for a file that is gone at the peer's, and the difference is about that log.
fn about_a_failure(scene: &Scene<'_>, difference: &Difference, words: &[&str]) -> bool {
    let files = files_of(&scene.ours.ending.messages, words);
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
    files.iter().any(|file| {
        let is_its = |log: &PathBuf| scene.is_of(log, file) || scene.shares_with(log, file);
        // The peer stopped at another log of the set before it came to this file.
        let is_next = |log: &PathBuf| scene.shares_with(log, file) && !scene.has(log, "delaycompress");
        let is_due = scene.is_replaced(file) || (scene.was_there(file) && logs.iter().any(is_next));
        is_due && logs.iter().any(is_its)
    })
}

/// The files of which is said what begins with these words.
fn files_of(said: &str, words: &[&str]) -> Vec<String> {
    let after = |line: &str| {
        words
            .iter()
            .find_map(|words| Some(line.split_once(words)?.1.to_owned()))
    };
    let ends = [" of '", ": ", " (read-only)", " for mailing", " to /"];
    let path = |rest: String| {
        ends.iter()
            .fold(rest, |path, end| path.split(end).next().unwrap_or("").to_owned())
    };
    shown(said).lines().filter_map(after).map(path).collect()
}

/// Section 12, item 2: the peer looks for the compressed name alone, and renames the log over the plain one.
pub(super) fn plain_of_the_date(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = shown(&scene.ours.ending.messages);
    let file = |line: &str| {
        let line = line.strip_prefix("error: destination ")?;
        let (file, _) = line.split_once(" already exists, skipping rotation")?;
        Some(file.to_owned())
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
