//! Archives that the peer overwrites, or moves aside, and ours keeps under a name of their own.

use std::path::{Path, PathBuf};

use super::super::compare::Difference;
use super::super::scene::{Scene, disposes_of, identity};
use super::super::tree::{Kind, Tree};

/// Section 12, item 2: the peer renames the last archive over what a larger count left there; ours mails and removes it first.
pub(super) fn beyond_the_count(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::OnlyOurs(_, record) = difference else {
        return false;
    };
    let numbered = |path: &str| {
        scene
            .logs()
            .iter()
            .any(|log| scene.is_of(log, path) && !scene.has(log, "dateext"))
    };
    disposes_of(record).is_some_and(|path| (scene.is_gone(path) || scene.is_replaced(path)) && numbered(path))
}

/// Section 12, item 2.
pub(super) fn overwritten(scene: &Scene<'_>, difference: &Difference) -> bool {
    // What the peer lost has a number of its own at ours, and as many fall off the end.
    let lost = |log: &PathBuf| {
        let count = scene.lost_by_the_peer(log).len();
        scene.is_about(log, difference) && count > 0 && scene.lost_by_ours(log) <= count
    };
    scene.logs().iter().any(lost)
}

/// Section 12, item 2: a plain archive and its whole compressed twin; the peer compresses again and moves the twin aside.
pub(super) fn whole_twin(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::Entry(path, Some(_), ours) = difference else {
        return false;
    };
    let shown = path.to_string_lossy();
    let aside = shown.split_once(".gz-").filter(|(_, rest)| rest.ends_with(".backup"));
    let twin = match aside {
        // Moved aside by the peer alone, be it over what lay there already.
        Some((twin, _)) if ours.is_none() || scene.ours.tree.get(path) == scene.before.get(path) => {
            PathBuf::from(format!("{twin}.gz"))
        }
        None if ours.is_some() => path.clone(),
        _ => return false,
    };
    let plain = twin.with_extension("");
    let same = |tree: &Tree| scene.before.get(&twin).map(|node| &node.plain) == tree.get(&twin).map(|node| &node.plain);
    scene.before.contains_key(&plain) && same(&scene.ours.tree) && same(&scene.peer.tree)
}

/// Section 12, item 2: a copy finds the plain archive of a failed compression in its way; the peer moves it aside.
pub(super) fn plain_counts(scene: &Scene<'_>, difference: &Difference) -> bool {
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
    if scene
        .logs()
        .iter()
        .any(|log| scene.has(log, "compress") && scene.is_plain_taken_in(log, difference))
    {
        return true;
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
pub(super) fn finished_first(scene: &Scene<'_>, difference: &Difference) -> bool {
    let finished = |log: &PathBuf| {
        let mut left = log.clone();
        left.as_mut_os_string().push(".tmp");
        let at = |tree: &Tree| tree.get(&left).and_then(identity);
        let is_left = at(scene.before).is_some() && at(&scene.ours.tree) != at(scene.before);
        is_left && scene.has(log, "renamecopy")
    };
    let about = |log: &PathBuf| scene.is_about(log, difference) || matches!(difference, Difference::Exit(0, 1));
    scene.logs().iter().any(|log| finished(log) && about(log))
}

/// Section 12, item 2: the peer does not count what it compresses only now, and a later archive gets its name.
pub(super) fn shifts_the_first(scene: &Scene<'_>, difference: &Difference) -> bool {
    if matches!(difference, Difference::State(..)) {
        return false;
    }
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

/// Section 12, item 2: the peer renames the log over what is at `LOG.tmp`, be it a file or not.
pub(super) fn interim_aside(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::Entry(path, None, Some(_)) = difference else {
        return false;
    };
    let is_no_file = scene.ours.tree.get(path).is_some_and(|node| node.kind == Kind::Fifo);
    is_no_file && scene.is_aside(path) && path.to_string_lossy().contains(".tmp-")
}

/// A pipe at an archive's name: the peer renames it along, or stops.
pub(super) fn aside(scene: &Scene<'_>, difference: &Difference) -> bool {
    if let Difference::OnlyPeer(_, record) = difference {
        // One that fell off at the peer's was asked about.
        let mut aside = scene
            .ours
            .tree
            .iter()
            .filter(|(to, node)| scene.is_aside(to) && node.kind == Kind::Fifo);
        let is_its = |log: &PathBuf, to: &Path| scene.is_family(log, to) && scene.is_about(log, difference);
        let is_moved = aside.any(|(to, _)| scene.logs().iter().any(|log| is_its(log, to)));
        return is_moved && disposes_of(record).is_some_and(|path| !scene.was_there(path));
    }
    let Difference::Entry(path, peer, ours) = difference else {
        return false;
    };
    let is_pipe = |tree: &Tree| tree.get(path).is_some_and(|node| node.kind == Kind::Fifo);
    match (peer, ours) {
        (None, Some(_)) => scene.is_aside(path) && is_pipe(&scene.ours.tree),
        (Some(_), None) => {
            let is_its = |log: &PathBuf| scene.is_family(log, path) && scene.is_about(log, difference);
            let mut moved = scene
                .ours
                .tree
                .iter()
                .filter(|(to, node)| scene.is_aside(to) && node.kind == Kind::Fifo);
            let is_moved = moved.any(|(to, _)| to.parent() == path.parent());
            is_pipe(&scene.peer.tree) && is_moved && scene.logs().iter().any(is_its)
        }
        _ => false,
    }
}

/// Section 12, item 2: the peer moves a file aside over what it moved aside in the same hour.
pub(super) fn moved_aside_twice(scene: &Scene<'_>, difference: &Difference) -> bool {
    let stays = |path: &Path| path.to_string_lossy().ends_with(".backup") && scene.before.contains_key(path);
    match difference {
        Difference::Entry(path, Some(_), Some(_)) => {
            let at = |tree: &Tree| tree.get(path).and_then(identity);
            stays(path) && at(&scene.ours.tree) == at(scene.before)
        }
        Difference::Entry(path, None, Some(_)) => stays(&path.with_extension("")),
        _ => false,
    }
}
