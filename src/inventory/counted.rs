//! A log and its archives as budgets count them.

use std::path::Path;
use std::sync::Arc;

use crate::budget::{Archive, Extent, Floors, Log, Standing};
use crate::facts::FileFacts;
use crate::naming::ArchiveNames;
use crate::naming::family::{Class, Member, Site};
use crate::policy::{CompressWhen, Policy};
use crate::unix::split_path;

/// Counts a log, where it is there, and its archives; `stanza` is the number of its stanza. What a rotation still
/// has in hand cannot be taken.
#[must_use]
pub fn counted(
    policy: &Policy,
    stanza: usize,
    path: Arc<Path>,
    live: Option<&FileFacts>,
    members: &[Member],
    is_in_hand: impl Fn(&Member) -> bool,
) -> Log {
    let names = split_path(&path).and_then(|(_, name)| ArchiveNames::of(policy, name).ok());
    let waits = |member: &Member| {
        let is_present = member.class == Class::Own && member.site == Site::Present;
        is_present && compresses_later(policy) && names.as_ref().is_some_and(|it| !it.is_compressed(&member.name))
    };
    let archive = |member: &Member| {
        let standing = if is_in_hand(member) {
            Standing::InUse
        } else {
            Standing::There
        };
        Archive {
            extent: Extent::of(&member.facts),
            standing,
            waits_for_compression: standing == Standing::There && waits(member),
        }
    };
    Log {
        path,
        stanza,
        live: live.map(Extent::of),
        archives: members.iter().map(archive).collect(),
        floors: Floors {
            keep: policy.budgets.keep,
            min_age: policy.retention.min_age,
        },
    }
}

fn compresses_later(policy: &Policy) -> bool {
    let how = policy.compression.as_ref();
    how.is_some_and(|how| how.when == CompressWhen::NextTime)
}
