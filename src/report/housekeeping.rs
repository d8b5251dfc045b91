//! What housekeeping tells, in words: why an archive goes that no rotation removes, and why one stays.

use super::style::size;
use super::words::path;
use crate::event::{Reason, Removed, Stay};
use crate::naming::family::Strange;
use crate::prune;

/// Says why an archive goes that no rotation removes.
#[must_use]
pub fn because(reason: &Reason) -> String {
    match reason {
        Reason::Pruned { cause, stanza } => match cause {
            prune::Cause::Beyond(count) => {
                format!("prune: beyond rotate {count} of {}:{}", path(&stanza.file), stanza.line)
            }
            prune::Cause::LogIsGone(_) => "prune: its log is gone".to_owned(),
            prune::Cause::TooOld(days) => format!("prune: older than {}", days_of(*days)),
        },
    }
}

/// Says why an archive stays that would have gone otherwise.
#[must_use]
pub fn stays(file: &str, why: &Stay) -> String {
    match why {
        Stay::Young(days) => format!("keeping {file}: younger than {} (minretain)", days_of(*days)),
        Stay::Written { by: None } => format!("keeping {file}: a program writes to it"),
        Stay::Written { by: Some(by) } => format!("keeping {file}: {by} writes to it"),
        Stay::Changed => format!("{file} has changed, not removed"),
        Stay::Unsent => format!("keeping {file}: it could not be mailed when it was new, and goes at a rotation"),
        Stay::Stranger(why) => format!("leaving {file} alone: {}", strange(*why)),
    }
}

/// Says why a file that is named like an archive is taken for somebody else's.
#[must_use]
pub fn strange(why: Strange) -> &'static str {
    match why {
        Strange::Unreachable => "its number is too far from that of any archive",
        Strange::StillMade => "another style, and newer than our oldest archive",
        Strange::Unproven => "another style, and no archive of today's to tell that it is older",
    }
}

/// Sums up what a run that was asked to prune removed, or would.
#[must_use]
pub fn sum(removed: &Removed, is_dry: bool) -> String {
    let done = if is_dry { "would remove" } else { "removed" };
    let mut text = format!("{done} {}, {}", files(removed.files), size(removed.bytes));
    if removed.strangers > 0 {
        let kept = files(removed.strangers);
        text.push_str(&format!("; {kept} kept that may be orphans (--status --orphans)"));
    }
    text.push('\n');
    text
}

pub(super) fn files(count: usize) -> String {
    if count == 1 {
        "1 file".to_owned()
    } else {
        format!("{count} files")
    }
}

fn days_of(days: u32) -> String {
    if days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    }
}
