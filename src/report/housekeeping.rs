//! What housekeeping tells, in words: why an archive goes that no rotation removes, and why one stays.

use std::path::Path;
use std::sync::Arc;

use super::style::size;
use super::words::{counted, path, place};
use crate::budget::{Kept, Left};
use crate::event::{NoRoom, PoolState, Reason, Removed, RoomState, Stay};
use crate::naming::family::Strange;
use crate::policy::Free;
use crate::prune;

/// Said where a file that could not be read may hold what protects archives.
pub const NOTHING_REMOVED: &str = "prune and budgets remove nothing in this run, since the configuration was not read whole: what keeps an \
                                   archive may stand there; correct the errors named before";

/// Says why an archive goes that no rotation removes.
#[must_use]
pub fn because(reason: &Reason) -> String {
    match reason {
        Reason::Pruned { cause, stanza } => match cause {
            prune::Cause::Beyond(count) => {
                format!("prune: beyond rotate {count} of {}", place(stanza))
            }
            prune::Cause::LogIsGone(_) => "prune: its log is gone".to_owned(),
            prune::Cause::TooOld(days) => format!("prune: older than {}", counted(*days, "day")),
        },
        Reason::OverTotal { bytes, limit, .. } => {
            format!(
                "{} of {} over: maxtotalsize of {}",
                size(*bytes),
                size(limit.amount),
                place(&limit.declared_at)
            )
        }
        Reason::ShortOfRoom {
            bytes,
            wanted,
            mount,
            is_for_rotation: true,
            ..
        } => {
            format!(
                "a rotation needs {} more on {}: minfree of {}",
                size(*bytes),
                path(mount),
                place(&wanted.declared_at)
            )
        }
        Reason::ShortOfRoom {
            bytes, wanted, mount, ..
        } => {
            format!(
                "{}: minfree of {}",
                short(*bytes, wanted.amount, mount),
                place(&wanted.declared_at)
            )
        }
    }
}

/// Says why an archive is compressed before its time.
#[must_use]
pub fn before_its_time(reason: &Reason) -> String {
    match reason {
        Reason::ShortOfRoom {
            bytes, wanted, mount, ..
        } => format!(" (before its time: {})", short(*bytes, wanted.amount, mount)),
        other => format!(" (before its time: {})", because(other)),
    }
}

fn short(bytes: u64, wanted: Free, mount: &Path) -> String {
    format!("{} short of {} free on {}", size(bytes), free(wanted), path(mount))
}

/// Says how much is wanted, as it is written.
fn free(wanted: Free) -> String {
    match wanted {
        Free::Bytes(bytes) => size(bytes),
        Free::Percent(part) => format!("{part}%"),
    }
}

/// Says how much is wanted on a file system: as it is written, and what that comes to.
pub(super) fn wanted(room: &RoomState) -> String {
    match room.limit.amount {
        Free::Bytes(bytes) => size(bytes),
        Free::Percent(part) => format!("{part}% ({})", size(room.wanted)),
    }
}

/// Says what a removal's line ends in: in a dry run some are only guessed.
#[must_use]
pub fn hedge(reason: &Reason) -> &'static str {
    match reason {
        Reason::OverTotal { is_guess: true, .. } | Reason::ShortOfRoom { is_guess: true, .. } => " (at most)",
        _ => "",
    }
}

/// Says that logs which share a limit do not fit.
#[must_use]
pub fn over_total(pool: &PoolState) -> String {
    format!(
        "{} logs take up {} of {} (maxtotalsize): what is left is protected by minrotate, minretain, or in use",
        place(&pool.limit.declared_at),
        size(pool.used),
        size(pool.limit.amount)
    )
}

/// Says that too little is free on a file system.
#[must_use]
pub fn short_of_room(room: &RoomState, why: &NoRoom) -> String {
    let mount = path(&room.mount);
    let until = room
        .held_until
        .map_or_else(String::new, |until| format!(" until {until}"));
    let wanted = wanted(room);
    let only = || format!("only {} free on {mount}, {wanted} wanted by minfree: ", size(room.free));
    match why {
        NoRoom::Protected { by, largest } => only() + &protected(by) + &largest_logs(largest),
        NoRoom::NotGained { removed, gained } => format!(
            "removing {} of archives on {mount} freed {}: snapshots, shared blocks or open files hold it; minfree removes nothing \
             more there{until}",
            size(*removed),
            size(*gained)
        ),
        NoRoom::TakenUp => only() + "what was rotated took the room; the next run makes more",
        NoRoom::Held => {
            only() + &format!("what was removed there freed too little, and minfree removes nothing more there{until}")
        }
    }
}

fn protected(by: &Left) -> String {
    let floor = |kept: &Kept| match kept {
        Kept::ByCount(None) => Some("minrotate -1".to_owned()),
        Kept::ByCount(Some(count)) => Some(format!("minrotate {count}")),
        Kept::ByAge { days, is_default: true } => Some(format!("minretain {days}, the default")),
        Kept::ByAge { days, .. } => Some(format!("minretain {days}")),
        Kept::InUse | Kept::Resists => None,
    };
    let floors: Vec<String> = by.iter().filter_map(floor).collect();
    match (by.is_empty(), floors.is_empty()) {
        (true, _) => "no archive is left there".to_owned(),
        (_, true) => "all archives that are left are in use, or cannot be removed".to_owned(),
        _ => format!(
            "all archives that are left are in use or protected ({})",
            floors.join(", ")
        ),
    }
}

fn largest_logs(largest: &[(Arc<Path>, u64)]) -> String {
    if largest.is_empty() {
        return String::new();
    }
    let logs: Vec<String> = largest
        .iter()
        .map(|(log, bytes)| format!("{} {}", path(log), size(*bytes)))
        .collect();
    format!("; the largest logs are {}", logs.join(", "))
}

/// Says why an archive stays that would have gone otherwise.
#[must_use]
pub fn stays(file: &str, why: &Stay) -> String {
    match why {
        Stay::Young(days) => format!("keeping {file}: younger than {} (minretain)", counted(*days, "day")),
        Stay::Written { by: None } => format!("keeping {file}: a program writes to it"),
        Stay::Written { by: Some(by) } => format!("keeping {file}: {by} writes to it"),
        Stay::Open => format!("keeping {file}: a program has it open, and its room would not be free before that ends"),
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
    let mut text = format!("{done} {}, {}", counted(removed.files, "file"), size(removed.bytes));
    if removed.strangers > 0 {
        let kept = counted(removed.strangers, "file");
        text.push_str(&format!("; {kept} kept that may be orphans (--status --orphans)"));
    }
    text.push('\n');
    text
}
