//! What is mailed: plain text, once, under its own name.

use std::path::{Path, PathBuf};

use super::super::compare::{Difference, records};
use super::super::scene::Scene;

/// Section 12, item 16: the peer sends the plain archive through the uncompressor, which fails.
pub(super) fn mailed_plain(scene: &Scene<'_>, difference: &Difference) -> bool {
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

/// Section 12, item 16: under `mailfirst` and `compress` the peer gives every archive that goes the log's name.
pub(super) fn subject(scene: &Scene<'_>, difference: &Difference) -> bool {
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

/// Whatever is no text in a name is an escape in a subject: here the one byte of the cases that is none.
pub(super) fn escaped(scene: &Scene<'_>, difference: &Difference) -> bool {
    let escape = |record: &str| {
        let lines = record.lines().enumerate();
        let lines = lines.map(|(at, line)| {
            if at == 2 {
                line.replace('\u{fffd}', "\\xff")
            } else {
                line.to_owned()
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let (record, others) = match difference {
        Difference::OnlyPeer(_, record) => (record, &scene.ours.tree),
        Difference::OnlyOurs(_, record) => (record, &scene.peer.tree),
        _ => return false,
    };
    let is_twin = |other: &String| other != record && escape(other) == escape(record);
    record.starts_with("mail") && records(others.get(Path::new("rec/mail"))).iter().any(is_twin)
}

/// Section 12, item 16: the peer sends what it drops as it lies there, compressed.
pub(super) fn mailed_unpacked(scene: &Scene<'_>, difference: &Difference) -> bool {
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
