//! Where ours differs from the peer on purpose (`behaviour.md` section 12, `grammar.md` section 16): a named rule each.
//!
//! A rule is as narrow as can be: it looks at what was before, at what both did, and excuses single differences.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::compare::{Difference, records};
use super::scene::{Scene, disposes_of, stem};
use super::tree::{Time, Tree};

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
    rule("what a run had begun when it failed is kept for the next", journal),
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
    rule(
        "what was left plain and cannot be compressed stops the rotation",
        plain_stays,
    ),
    rule("the subject of an archive that goes is its own name", subject),
    rule("a log's own *, ? and [ are plain characters", glob_in_a_name),
    rule("days are calendar days when the clock changes", calendar_days),
    rule("a shared postrotate runs once a log was switched", shared_postrotate),
    rule("what was left plain counts as an archive", plain_counts),
    rule(
        "what an earlier run left of renamecopy is finished first",
        finished_first,
    ),
    rule("no archive is overwritten", overwritten),
    rule("a plain archive of the same date stops the rotation", plain_of_the_date),
    rule("a copy that is not made does not open the log", skipped_copy),
    rule("a copy may be sparser than the peer's", sparser),
    rule("what preremove removed itself needs no shredding", removed_by_preremove),
    rule("ignoreduplicates counts in either stanza", either_ignores),
    rule("rotate -1 shifts what was left at the first number", shifts_the_first),
    rule("mailfirst with delaycompress sends plain text", mailed_unpacked),
    rule("a compressed twin that is whole is not made again", whole_twin),
    rule("a shared set's finish goes on with the other logs", shared_finish),
    rule(
        "what is mailed is plain text, with rotate 0 and delaycompress too",
        mailed_plain,
    ),
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
    scene.is_dry() && matches!(difference, Difference::OnlyPeer(name, _) if name == Path::new("rec/mail"))
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
    peer.ends_with(" dir") && !scene.before.contains_key(path) && scene.is_said("createolddir")
}

/// Section 12, item 10.
fn not_stamped(scene: &Scene<'_>, difference: &Difference) -> bool {
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
        None => scene.was_shifted(&log),
    };
    let codes = (scene.peer.ending.code, scene.ours.ending.code);
    stays && is_untouched && node.0 == node.1 && codes == (1, 1)
}

/// Section 12, item 2: the peer renames the last archive over what a larger count left there; ours mails and removes it first.
fn beyond_the_count(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::OnlyOurs(_, record) = difference else {
        return false;
    };
    let numbered = |path: &str| {
        scene
            .logs()
            .iter()
            .any(|log| scene.is_of(log, path) && !scene.has(log, "dateext"))
    };
    disposes_of(record).is_some_and(|path| scene.is_gone(path) && numbered(path))
}

/// Section 12, item 2: and if that fails, nothing is shifted on top of it.
fn beyond_the_count_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    let beginnings = [
        "error: error running preremove script for ",
        "error: mail command failed for ",
    ];
    about_a_failure(scene, difference, &beginnings)
}

/// Section 12, item 2: what a failed compression left plain is not overwritten, also if it fails again.
fn plain_stays(scene: &Scene<'_>, difference: &Difference) -> bool {
    about_a_failure(scene, difference, &["failed to compress log ", "unable to open "])
}

/// Ours failed with these words for a file that is gone at the peer's, and the difference is about that log.
fn about_a_failure(scene: &Scene<'_>, difference: &Difference, words: &[&str]) -> bool {
    // Messages show what cannot be read as `\xff`, records and trees in a way of their own.
    let said = scene.ours.ending.messages.replace("\\xff", "\u{fffd}");
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
        scene.is_replaced(&file) && logs.iter().any(is_its)
    })
}

/// Section 12, item 5: the peer does not find the dated archives of such a log.
fn glob_in_a_name(scene: &Scene<'_>, difference: &Difference) -> bool {
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

/// Section 12, item 2.
fn overwritten(scene: &Scene<'_>, difference: &Difference) -> bool {
    let lost = |log: &PathBuf| scene.is_about(log, difference) && !scene.lost_by_the_peer(log).is_empty();
    scene.logs().iter().any(lost)
}

/// The peer moves the archives up and makes no new one, with an error at each rotation: a fault that loses logs.
fn copy_with_renamecopy(scene: &Scene<'_>, difference: &Difference) -> bool {
    let messages = &scene.peer.ending.messages;
    let beside = |log: &PathBuf| {
        let dir = format!(
            "error opening {}/",
            scene.root.join(log.parent().unwrap_or(log)).display()
        );
        scene.has(log, "sharedscripts") && messages.contains(&dir) && messages.contains(".tmp: No such file")
    };
    let failed = |log: &PathBuf| {
        let tmp = format!("error opening {}.tmp", scene.root.join(log).display());
        scene.has(log, "copy")
            && scene.has(log, "renamecopy")
            && (scene.peer.ending.messages.contains(&tmp) || beside(log))
    };
    match difference {
        Difference::Exit(1, 0) => scene.logs().iter().any(failed),
        _ => scene
            .logs()
            .iter()
            .any(|log| failed(log) && scene.is_about(log, difference)),
    }
}

/// Section 12, item 2: a plain archive and its whole compressed twin; the peer compresses again and moves the twin aside.
fn whole_twin(scene: &Scene<'_>, difference: &Difference) -> bool {
    let twin = match difference {
        Difference::Entry(path, Some(_), None) => {
            let shown = path.to_string_lossy();
            let Some((twin, _)) = shown.split_once(".gz-").filter(|(_, rest)| rest.ends_with(".backup")) else {
                return false;
            };
            PathBuf::from(format!("{twin}.gz"))
        }
        Difference::Entry(path, Some(_), Some(_)) => path.clone(),
        _ => return false,
    };
    let plain = twin.with_extension("");
    let same = |tree: &Tree| scene.before.get(&twin).map(|node| &node.plain) == tree.get(&twin).map(|node| &node.plain);
    scene.before.contains_key(&plain) && same(&scene.ours.tree) && same(&scene.peer.tree)
}

/// Section 12, item 9: nothing that was switched stays undone because of what failed beside it.
fn shared_finish(scene: &Scene<'_>, difference: &Difference) -> bool {
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

/// Section 12, item 16: the peer sends the plain archive through the uncompressor, which fails.
fn mailed_plain(scene: &Scene<'_>, difference: &Difference) -> bool {
    let is_such = |log: &PathBuf| {
        ["mail", "compress", "delaycompress"]
            .iter()
            .all(|name| scene.has(log, name))
    };
    let failed = scene.peer.ending.messages.contains("uncompress command failed mailing");
    let about = |log: &PathBuf| {
        is_such(log) && (scene.is_about(log, difference) || matches!(difference, Difference::Exit(1, 0)))
    };
    failed && scene.logs().iter().any(about)
}

/// Section 12, item 2: the peer looks for the compressed name alone, and renames the log over the plain one.
fn plain_of_the_date(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = &scene.ours.ending.messages;
    let file = |line: &str| {
        let line = line.strip_prefix("error: destination ")?;
        line.strip_suffix(" already exists, skipping rotation")
            .map(str::to_owned)
    };
    let files: Vec<String> = said
        .lines()
        .filter_map(file)
        .filter(|file| scene.is_replaced(file) || (scene.is_dry() && scene.was_there(file)))
        .collect();
    let touches = |log: &PathBuf| {
        files
            .iter()
            .any(|file| scene.is_of(log, file) || scene.shares_with(log, file))
    };
    let about = |log: &PathBuf| scene.is_about(log, difference) || matches!(difference, Difference::Exit(0, 1));
    scene.logs().iter().any(|log| touches(log) && about(log))
}

/// Section 6 of the behaviour: holes stay holes.
fn sparser(_: &Scene<'_>, difference: &Difference) -> bool {
    matches!(difference, Difference::Entry(_, Some(peer), Some(ours)) if ours.strip_suffix(" sparse") == Some(peer))
}

/// Section 6 of the behaviour: a file that is already gone is no error.
fn removed_by_preremove(scene: &Scene<'_>, difference: &Difference) -> bool {
    let failed = scene.peer.ending.messages.contains("error: failed to shred ");
    matches!(difference, Difference::Exit(1, 0))
        && failed
        && scene.is_said("preremove")
        && scene.is_said("rm -f \"$1\"")
}

/// Section 16 of the grammar.
fn either_ignores(scene: &Scene<'_>, difference: &Difference) -> bool {
    let duplicate = scene.peer.ending.messages.contains(" duplicate log entry for ");
    matches!(difference, Difference::Exit(1, 0)) && duplicate && scene.is_said("ignoreduplicates")
}

/// Section 12, item 16: under `mailfirst` and `compress` the peer gives every archive that goes the log's name.
fn subject(scene: &Scene<'_>, difference: &Difference) -> bool {
    let without = |record: &str| {
        let mut lines: Vec<String> = record.lines().map(str::to_owned).collect();
        let subject = if lines.len() > 2 {
            lines.remove(2)
        } else {
            String::new()
        };
        (subject, lines)
    };
    let (record, others) = match difference {
        Difference::OnlyPeer(_, record) => (record, &scene.ours.tree),
        Difference::OnlyOurs(_, record) => (record, &scene.peer.tree),
        _ => return false,
    };
    let (mine, rest) = without(record);
    let logs = scene.logs();
    let names = |log: &PathBuf, a: &str, b: &str| scene.root.join(log).to_string_lossy() == a && scene.is_of(log, b);
    let is_twin = |other: &String| {
        let (theirs, lines) = without(other);
        lines == rest
            && logs
                .iter()
                .any(|log| names(log, &mine, &theirs) || names(log, &theirs, &mine))
    };
    record.starts_with("mail")
        && scene.is_said("mailfirst")
        && records(others.get(Path::new("rec/mail"))).iter().any(is_twin)
}

/// Section 12, item 2: the peer does not count what it compresses only now, and a later archive gets its name.
fn shifts_the_first(scene: &Scene<'_>, difference: &Difference) -> bool {
    let such = |log: &PathBuf| scene.has(log, "rotate -1") && scene.has(log, "compress") && !scene.has(log, "dateext");
    let first = |log: &PathBuf| {
        let is_plain = |path: &&PathBuf| {
            path.extension()
                .is_some_and(|number| ["0", "1", "2", "5"].iter().any(|n| number == *n))
        };
        scene
            .before
            .keys()
            .filter(is_plain)
            .any(|path| scene.is_of(log, &scene.root.join(path).to_string_lossy()))
    };
    let none = |log: &PathBuf| scene.has(log, "rotate -1") && scene.has(log, "start 0");
    if scene
        .logs()
        .iter()
        .any(|log| none(log) && scene.is_about(log, difference))
    {
        return true;
    }
    scene
        .logs()
        .iter()
        .any(|log| such(log) && first(log) && scene.is_about(log, difference))
}

/// Section 12, item 16: the peer sends what it drops as it lies there, compressed.
fn mailed_unpacked(scene: &Scene<'_>, difference: &Difference) -> bool {
    let (record, others) = match difference {
        Difference::OnlyPeer(_, record) => (record, &scene.ours.tree),
        Difference::OnlyOurs(_, record) => (record, &scene.peer.tree),
        _ => return false,
    };
    let head = |record: &str| record.lines().take(4).map(str::to_owned).collect::<Vec<_>>();
    let is_packed = |record: &str| record.contains("\n\u{1f}\u{fffd}");
    let is_twin = |other: &String| head(other) == head(record) && (is_packed(other) || is_packed(record));
    let said = scene.is_said("mailfirst") && scene.is_said("delaycompress");
    said && record.starts_with("mail") && records(others.get(Path::new("rec/mail"))).iter().any(is_twin)
}

/// Section 12, item 13: the peer is a day late when the clock went forward since.
fn calendar_days(scene: &Scene<'_>, difference: &Difference) -> bool {
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

/// Section 12, item 2: a copy finds the plain archive of a failed compression in its way; the peer moves it aside.
fn plain_counts(scene: &Scene<'_>, difference: &Difference) -> bool {
    if let Difference::OnlyOurs(_, record) = difference {
        let mut lines = record.lines();
        let packed = if lines.next() == Some("pack") {
            lines.next()
        } else {
            disposes_of(record)
        };
        let replaced = |log: &PathBuf| scene.has(log, "compress") && scene.lost_its_plain(log);
        return packed.is_some_and(|path| scene.logs().iter().any(|log| scene.is_near(log, path) && replaced(log)));
    }
    let aside = |path: &Path| scene.is_aside(path);
    let such = |log: &PathBuf| {
        scene.has(log, "compress")
            && scene
                .peer
                .tree
                .keys()
                .any(|path| scene.is_family(log, path) && aside(path))
    };
    let about = |log: &PathBuf| {
        scene.is_about(log, difference) || (scene.has(log, "sharedscripts") && scene.is_beside(log, difference))
    };
    scene.logs().iter().any(|log| such(log) && about(log))
}

/// Section 12, item 2: the peer renames the log over `LOG.tmp`.
fn finished_first(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = &scene.ours.ending.messages;
    let finished = |log: &PathBuf| {
        said.contains(&format!(
            "finished the rotation of {} that",
            scene.root.join(log).display()
        ))
    };
    let about = |log: &PathBuf| scene.is_about(log, difference) || matches!(difference, Difference::Exit(0, 1));
    scene.logs().iter().any(|log| finished(log) && about(log))
}

/// Section 12, item 9.
fn shared_postrotate(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::OnlyOurs(_, record) = difference else {
        return false;
    };
    let codes = (scene.peer.ending.code, scene.ours.ending.code);
    record.starts_with("postrotate\n1\n") && codes == (1, 1) && scene.is_said("sharedscripts")
}

/// Section 12, items 2 and 10: the journal lies beside the state.
fn journal(_: &Scene<'_>, difference: &Difference) -> bool {
    matches!(difference, Difference::Entry(path, None, Some(_)) if path == Path::new("state.journal"))
}

/// Section 6 of the behaviour: `rotate 0` without mail makes no copy; the peer opens the log all the same, and fails for a FIFO.
fn skipped_copy(scene: &Scene<'_>, difference: &Difference) -> bool {
    let failed = |log: &PathBuf| {
        let said = format!(
            "error opening {}: Operation not supported",
            scene.root.join(log).display()
        );
        scene.has(log, "copy") && scene.peer.ending.messages.contains(&said)
    };
    let about = |log: &PathBuf| scene.is_about(log, difference) || matches!(difference, Difference::Exit(1, 0));
    scene.logs().iter().any(|log| failed(log) && about(log))
}
