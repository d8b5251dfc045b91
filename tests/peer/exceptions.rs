//! Where ours differs from the peer on purpose (`behaviour.md` section 12, `grammar.md` section 16): a named rule each.
//!
//! A rule is as narrow as can be: it looks at what was before, at what both did, and excuses single differences.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::compare::Difference;
use super::scene::Scene;
use super::tree::Time;

/// A difference that is wanted.
struct Rule {
    name: &'static str,
    excuses: fn(&Scene<'_>, &Difference) -> bool,
}

const fn rule(name: &'static str, excuses: fn(&Scene<'_>, &Difference) -> bool) -> Rule {
    Rule { name, excuses }
}

/// All of them.
const RULES: &[Rule] = &[
    rule("a dry run sends no mail", dry_mail),
    rule("a dry run does not fail for want of an archive to mail", dry_exit),
    rule(
        "olddir is made when a log is rotated, not when it is read",
        olddir_early,
    ),
    rule("a rotation that failed before its switch is not stamped", not_stamped),
    rule(
        "what is left beyond the count is disposed of, not overwritten",
        beyond_the_count,
    ),
    rule(
        "what is left beyond the count stops the rotation if it stays",
        beyond_the_count_stays,
    ),
    rule("a log's own *, ? and [ are plain characters", glob_in_a_name),
    rule("no archive is overwritten", overwritten),
    rule("copy with renamecopy makes a copy", copy_with_renamecopy),
];

/// Splits the differences in the names of the rules that excuse some, and those that nothing excuses.
pub(crate) fn sort_out(scene: &Scene<'_>, differences: Vec<Difference>) -> (Vec<&'static str>, Vec<Difference>) {
    let mut used = Vec::new();
    let mut rest = Vec::new();
    for difference in differences {
        match RULES.iter().find(|rule| (rule.excuses)(scene, &difference)) {
            Some(rule) => used.push(rule.name),
            None => rest.push(difference),
        }
    }
    (used, rest)
}

/// Section 12, item 1.
fn dry_mail(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::Record(name, _, ours) = difference else {
        return false;
    };
    scene.is_dry() && name == Path::new("rec/mail") && ours.is_empty()
}

/// Section 12, item 1: with `rotate 0` the archive that the peer would mail does not exist.
fn dry_exit(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = &scene.peer.ending.messages;
    let failed = said.contains("for mailing") || said.contains("mail command failed");
    scene.is_dry() && matches!(difference, Difference::Exit(1, 0)) && failed
}

/// Section 16 of the grammar.
fn olddir_early(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::Entry(path, Some(peer), None) = difference else {
        return false;
    };
    let is_asked_for = scene.logs().iter().any(|log| scene.has(log, "createolddir"));
    peer.ends_with(" dir") && !scene.before.contains_key(path) && is_asked_for
}

/// Section 12, item 10.
fn not_stamped(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::State(quoted, Some(_), Some(ours)) = difference else {
        return false;
    };
    let Some(log) = log_of(scene, quoted) else { return false };
    let stays = match scene.stamp(scene.before, quoted) {
        Some(old) => old == *ours,
        None => ours.ends_with(":0:0"),
    };
    let log = (scene.peer.tree.get(&log), scene.ours.tree.get(&log));
    let is_untouched = log.0 == log.1 && log.1.is_some_and(|node| node.modified != Time::Fresh);
    let codes = (scene.peer.ending.code, scene.ours.ending.code);
    stays && is_untouched && codes == (1, 1)
}

fn log_of(scene: &Scene<'_>, quoted: &str) -> Option<PathBuf> {
    let path = PathBuf::from(quoted.trim_matches('"'));
    path.strip_prefix(scene.root).ok().map(Path::to_owned)
}

/// Section 12, item 2: the peer renames the last archive over what a larger count left there; ours mails and removes it first.
fn beyond_the_count(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::Record(_, peer, ours) = difference else {
        return false;
    };
    let names_left_over = |record: &String| {
        let mut lines = record.lines();
        let path = match lines.next() {
            Some("preremove") => lines.nth(2),
            Some("mail" | "mailfails") => lines.nth(1),
            _ => None,
        };
        path.is_some_and(|path| scene.is_gone(path))
    };
    peer.is_empty() && !ours.is_empty() && ours.iter().all(names_left_over)
}

/// Section 12, item 2: and if that fails, nothing is shifted on top of it.
fn beyond_the_count_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    let stays = |line: &str| {
        let path = line
            .strip_prefix("error: error running preremove script for ")
            .and_then(|rest| rest.split(" of '").next());
        let path = path.or_else(|| line.strip_prefix("error: mail command failed for ")?.split(": ").next());
        path.is_some_and(|path| scene.is_gone(path))
    };
    let about = scene.logs().iter().any(|log| scene.is_about(log, difference));
    about && scene.ours.ending.messages.lines().any(stays)
}

/// Section 12, item 5: the peer does not find the dated archives of such a log.
fn glob_in_a_name(scene: &Scene<'_>, difference: &Difference) -> bool {
    let is_such = |log: &PathBuf| {
        let name = log.file_name().unwrap_or_default().as_bytes();
        name.iter().any(|byte| b"*?[".contains(byte)) && (scene.has(log, "dateext") || scene.has(log, "rotate -1"))
    };
    scene
        .logs()
        .iter()
        .any(|log| is_such(log) && scene.is_about(log, difference))
}

/// Section 12, item 2.
fn overwritten(scene: &Scene<'_>, difference: &Difference) -> bool {
    let lost = |log: &PathBuf| scene.is_about(log, difference) && !scene.lost_by_the_peer(log).is_empty();
    scene.logs().iter().any(lost)
}

/// The peer moves the archives up and makes no new one, with an error at each rotation: a fault that loses logs.
fn copy_with_renamecopy(scene: &Scene<'_>, difference: &Difference) -> bool {
    let failed = |log: &PathBuf| {
        let tmp = format!("error opening {}.tmp", scene.root.join(log).display());
        scene.has(log, "copy") && scene.has(log, "renamecopy") && scene.peer.ending.messages.contains(&tmp)
    };
    match difference {
        Difference::Exit(1, 0) => scene.logs().iter().any(failed),
        _ => scene
            .logs()
            .iter()
            .any(|log| failed(log) && scene.is_about(log, difference)),
    }
}
