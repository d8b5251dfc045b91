//! What a dry run of the peer does and ours does not, and what is done at another moment.

use std::path::Path;

use super::super::compare::Difference;
use super::super::scene::Scene;

/// Section 12, item 1.
pub(super) fn dry_mail(scene: &Scene<'_>, difference: &Difference) -> bool {
    scene.is_dry() && matches!(difference, Difference::OnlyPeer(name, _) if name == Path::new("rec/mail"))
}

/// Section 12, item 1: with `rotate 0` the archive that the peer would mail or shred does not exist; and it opens what it only would shred.
pub(super) fn dry_exit(scene: &Scene<'_>, difference: &Difference) -> bool {
    let said = &scene.peer.ending.messages;
    let mails = said.contains("for mailing") || said.contains("mail command failed");
    let is_shred = |line: &str| line.starts_with("error: error opening ");
    let shreds = scene.is_said("shred") && said.lines().any(is_shred);
    let fails = mails || shreds || said.lines().any(|line| is_moved_by_then(said, line));
    scene.is_dry() && matches!(difference, Difference::Exit(1, 0)) && fails
}

/// The name that the peer finds taken is that of a log which the real run would have moved away before.
fn is_moved_by_then(said: &str, line: &str) -> bool {
    let taken = line.strip_prefix("error: destination ");
    let taken = taken.and_then(|line| Some(line.split_once(" already exists, skipping rotation")?.0));
    taken.is_some_and(|taken| said.contains(&format!("\nrenaming {taken} to ")))
}

/// Section 16 of the grammar.
pub(super) fn olddir_early(scene: &Scene<'_>, difference: &Difference) -> bool {
    let Difference::Entry(path, Some(peer), None) = difference else {
        return false;
    };
    peer.ends_with(" dir") && !scene.before.contains_key(path) && scene.is_said("createolddir")
}
