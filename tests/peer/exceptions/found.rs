//! What is found in the configuration and in the state: logs with two paths or two stanzas, and entries after a damaged line.

use std::path::{Path, PathBuf};

use super::super::case::Stanza;
use super::super::compare::{Difference, STATE};
use super::super::generate::{DAMAGED, WORSE};
use super::super::scene::Scene;
use super::super::tree::Kind;

/// Section 12, item 8: the peer rotates what a directory link leads to a second time.
pub(super) fn two_paths(scene: &Scene<'_>, difference: &Difference) -> bool {
    let link = |(path, to): (&PathBuf, &Kind)| match to {
        Kind::Symlink(to) => path.parent().map(|parent| (path.clone(), parent.join(to))),
        _ => None,
    };
    let links = scene.before.iter().filter_map(|(path, node)| link((path, &node.kind)));
    let links: Vec<_> = links
        .filter(|(_, to)| scene.before.get(to).is_some_and(|node| node.kind == Kind::Dir))
        .collect();
    let logs = scene.logs();
    let twice = logs.iter().filter_map(|log| {
        let (link, dir) = links.iter().find(|(link, _)| log.parent() == Some(link))?;
        let real = dir.join(log.strip_prefix(link).ok()?);
        // What is no text has another look below the link, which no tree is read through.
        let real = logs
            .iter()
            .find(|log| log.to_string_lossy() == real.to_string_lossy())?;
        Some((log.clone(), real.clone()))
    });
    twice.into_iter().any(|(log, real)| {
        // What runs once for a set runs for the second set, too.
        let is_second = matches!(difference, Difference::OnlyPeer(..));
        let is_one = |one: &Path| {
            let with_it = (scene.has(one, "sharedscripts") || is_second) && scene.is_beside(one, difference);
            scene.is_about(one, difference) || with_it
        };
        let failed = |one: &Path| {
            let mut lines = scene.peer.ending.messages.lines();
            lines.any(|line| line.starts_with("error: ") && scene.names(one, line))
        };
        is_one(&log)
            || is_one(&real)
            || (matches!(difference, Difference::Exit(1, 0)) && (failed(&log) || failed(&real)))
    })
}

/// Section 12, item 4: for the peer all logs after the damaged line were never seen.
pub(super) fn damaged_line(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = &scene.peer.ending.messages;
    let is_bad = |line: &str| line.starts_with("error: bad ") && line.contains("state file ");
    if !said.lines().any(is_bad) {
        return false;
    }
    let lost = |quoted: &String| match difference {
        Difference::State(path, ..) if path == quoted => true,
        _ => scene.log_of(quoted).is_some_and(|log| {
            let with_it = scene.has(&log, "sharedscripts") && scene.is_beside(&log, difference);
            scene.is_about(&log, difference) || with_it
        }),
    };
    after_the_damage(scene).iter().any(lost)
}

/// Section 16 of the grammar: the peer gives up the rest of a file for these faults of a stanza.
pub(super) fn one_stanza_alone(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = &scene.peer.ending.messages;
    let faults = [" error verifying olddir path ", " bad weekly directive "];
    if !faults.iter().any(|fault| said.contains(fault)) {
        return false;
    }
    let gives_up = |stanza: &Stanza| {
        let is_one = |directive: &String| WORSE.contains(&directive.as_str()) || directive.starts_with("olddir");
        stanza.directives.iter().any(is_one)
    };
    let lost = scene.case.configs.iter().flat_map(|config| {
        let from = config.stanzas.iter().position(gives_up).map_or(usize::MAX, |at| at + 1);
        config.stanzas.iter().skip(from)
    });
    let lost: Vec<&Vec<u8>> = lost.flat_map(|stanza| &stanza.words).collect();
    let is_its = |log: &PathBuf| {
        let dir = log.parent().unwrap_or(log).to_string_lossy().into_owned();
        lost.iter().any(|word| String::from_utf8_lossy(word).contains(&dir))
    };
    let about = |log: &PathBuf| scene.is_about(log, difference) || scene.is_beside(log, difference);
    scene.logs().iter().any(|log| is_its(log) && about(log))
}

/// The peer gives up a stanza for the `olddir` of one of its directories; for ours that costs the logs of that directory.
pub(super) fn one_directory_alone(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = scene.peer.ending.messages.lines();
    let unfit: Vec<&str> = said
        .filter(|line| line.contains(" error verifying olddir path "))
        .collect();
    let stanzas = scene.case.configs.iter().flat_map(|config| &config.stanzas);
    let has_old_dir = |stanza: &&Stanza| {
        stanza
            .directives
            .iter()
            .any(|directive| directive.starts_with("olddir"))
    };
    let words: Vec<&Vec<u8>> = stanzas.filter(has_old_dir).flat_map(|stanza| &stanza.words).collect();
    let is_left = |log: &PathBuf| {
        let dir = log.parent().unwrap_or(log).to_string_lossy().into_owned();
        let is_unfit = unfit.iter().any(|line| line.contains(&format!("/{dir}/")));
        !is_unfit && words.iter().any(|word| String::from_utf8_lossy(word).contains(&dir))
    };
    let about = |log: &PathBuf| scene.is_about(log, difference) || scene.is_beside(log, difference);
    !unfit.is_empty() && scene.logs().iter().any(|log| is_left(log) && about(log))
}

/// The quoted paths of the state's lines that stand after one that the peer cannot read.
fn after_the_damage(scene: &Scene<'_>) -> Vec<String> {
    let Some(Kind::File(text)) = scene.before.get(Path::new(STATE)).map(|node| &node.kind) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(text);
    let damaged = text.lines().position(|line| DAMAGED.contains(&line));
    let after = text.lines().skip(damaged.map_or(usize::MAX, |at| at + 1));
    after
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}
