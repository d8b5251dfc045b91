//! What failed, in words: the operation, the file, the reason, and what to do about it.

use std::path::Path;

use super::words::{bytes, end, list, path, reason};
use crate::fault::{Fault, Hook, Insecure, Op, SysError, Unfit};

/// Says what failed. The fragments that scripts match on are the reference's.
#[must_use]
pub fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Call(error) => call(error),
        Fault::DestinationExists(name) => {
            format!("destination {} already exists, skipping rotation", path(name))
        }
        Fault::DateFormatTooLong(format) => format!("Date format {} is too long", bytes(format)),
        Fault::DateSuffixTooLong(format) => format!("failed to apply date format '{}'", bytes(format)),
        Fault::SlashInName(part) => format!(
            "{} has a slash, so that archives would lie in another directory; use olddir for that",
            bytes(part)
        ),
        Fault::NotPlain { path: file, op } => not_plain(file, *op),
        Fault::Script {
            hook,
            shared,
            target,
            pattern,
            end: how,
        } => script(*hook, *shared, (target, pattern), &end(*how)),
        Fault::Compressor { path: file, end: how } => format!("failed to compress log {}: {}", path(file), end(*how)),
        Fault::CannotCompress { path: file, error } => format!(
            "cannot execute compress command '{}': {}; failed to compress log {}: child did not exit with status 0",
            path(&error.path),
            reason(error.errno),
            path(file)
        ),
        Fault::Mail { path: file, end: how } => format!("mail command failed for {}: {}", path(file), end(*how)),
        Fault::InsecureDirectory { log, component, why } => insecure(log, component, *why),
        Fault::StillWritten { path: file, by } => format!(
            "{} is still written by {}: it is left as it is, and its log is not rotated this time; \
             see that postrotate makes the program open its log anew",
            path(file),
            by.as_deref()
                .map_or_else(|| "a program".to_owned(), |name| bytes(name.as_bytes()))
        ),
        Fault::Unfit { path: file, why } => unfit(file, why),
        Fault::Interrupted => "ended by a signal: the next run goes on from here".to_owned(),
        Fault::OtherDevice { old_dir, log } => format!(
            "olddir {} and log file {} are on different devices; use copy, copytruncate or renamecopy",
            path(old_dir),
            path(log)
        ),
    }
}

fn script(hook: Hook, shared: bool, (target, pattern): (&Path, &[u8]), how: &str) -> String {
    let pattern = list(pattern);
    match (hook, shared) {
        (Hook::First, _) => format!("error running first action script for {pattern}: {how}"),
        (Hook::Last, _) => format!("error running last action script for {pattern}: {how}"),
        (Hook::Remove, _) => {
            format!(
                "error running preremove script for {} of '{pattern}' ({how}). Not removing this file.",
                path(target)
            )
        }
        (_, true) => format!(
            "error running shared {} script for '{pattern}': {how}",
            hook.directive()
        ),
        (_, false) => format!(
            "error running non-shared {} script for {} of '{pattern}': {how}",
            hook.directive(),
            path(target)
        ),
    }
}

fn not_plain(file: &Path, op: Op) -> String {
    let file = path(file);
    match op {
        Op::OpenForCompression => format!("unable to open {file} (read-only) for compression: Operation not supported"),
        Op::OpenForMail => format!("failed to open {file} for mailing: Operation not supported"),
        _ => format!("error opening {file}: Operation not supported"),
    }
}

fn insecure(log: &Path, component: &Path, why: Insecure) -> String {
    let (log, at) = (path(log), path(component));
    match why {
        Insecure::Writable { user, group } => format!(
            "skipping \"{log}\" because parent directory has insecure permissions ({at} is world writable or writable by \
             group which is not \"root\"). Set \"su\" directive in config file to tell logrotate which user/group should be \
             used for rotation: \"su {} {}\"",
            super::accounts::user(user),
            super::accounts::group(group)
        ),
        Insecure::ForeignLink { user } => format!(
            "skipping \"{log}\" because parent directory has insecure permissions ({at} is a symbolic link of user {0}, who \
             could lead the rotation anywhere). Give the link to root, or set \"su {0} GROUP\" in the config file",
            super::accounts::user(user)
        ),
    }
}

fn unfit(file: &Path, why: &Unfit) -> String {
    let at = path(file);
    match why {
        Unfit::NotRegular => {
            format!("{at} is not a regular file, and is left as it is: remove it, or name another file")
        }
        Unfit::Linked => format!(
            "{at} has other names (hard links), so that it may be any file, and is left as it is: remove this name, or name \
             another file"
        ),
        Unfit::Foreign { user } => format!(
            "{at} belongs to user {}, and is left as it is: remove it, or name another file",
            super::accounts::user(*user)
        ),
        Unfit::BehindLink { link, user } => format!(
            "{at} is not written: {} is a symbolic link of user {}, who could lead it anywhere. Give the link to root, or \
             name the file by another path",
            path(link),
            super::accounts::user(*user)
        ),
        Unfit::InDirectoryOfOthers { directory, user } => {
            let directory = path(directory);
            let whose = match user {
                0 => format!("others may write to {directory}"),
                user => format!("{directory} belongs to user {}", super::accounts::user(*user)),
            };
            format!(
                "{at} is not written, since it would not be yours: {whose}. \"chown root:root\" and \"chmod 755\" it, or name a \
                 file in a directory that only root writes to"
            )
        }
    }
}

fn call(error: &SysError) -> String {
    let (at, why) = (path(&error.path), reason(error.errno));
    let other = error.other.as_deref().map(path).unwrap_or_default();
    let what = match error.op {
        Op::Stat => format!("stat of {at} failed: {why}"),
        Op::OpenDirectory => format!("cannot open directory {at}: {why}"),
        Op::List => format!("cannot read directory {at}: {why}"),
        Op::Open => format!("error opening {at}: {why}"),
        Op::OpenForCompression => format!("unable to open {at} (read-only) for compression: {why}"),
        Op::OpenForMail => format!("failed to open {at} for mailing: {why}"),
        Op::Create => format!("error creating {at}: {why}"),
        Op::MakeDirectory => format!("error creating directory {at}: {why}"),
        Op::Place => format!("error giving {at} its name: {why}"),
        Op::Rename => format!("error renaming {at} to {other}: {why}"),
        Op::Read => format!("error reading {at}: {why}"),
        Op::Write => format!("error writing {at}: {why}"),
        Op::Flush => format!("error flushing {at} to disk: {why}"),
        Op::Truncate => format!("error truncating {at}: {why}"),
        Op::Remove => format!("Failed to remove old log {at}: {why}"),
        Op::SetOwner => format!("error setting owner of {at}: {why}"),
        Op::SetMode => format!("error setting mode of {at}: {why}"),
        Op::SetAttribute => format!("error setting ACL or security context of {at}: {why}"),
        Op::SetTimes => format!("error setting times of {at}: {why}"),
        Op::Start => format!("cannot start {at}: {why}"),
        Op::Wait => format!("error waiting for {at}: {why}"),
        Op::SwitchIdentity => format!("error switching euid to {at}: {why}"),
    };
    match remedy(error) {
        Some(remedy) => format!("{what}; {remedy}"),
        None => what,
    }
}

/// Says what helps, where that is known from the reason alone.
fn remedy(error: &SysError) -> Option<String> {
    let directory = error.path.parent().map(path).unwrap_or_default();
    let text = match reason_of(error.errno) {
        Reason::NoSpace => "free some space there: nothing was lost, and the next run tries again".to_owned(),
        Reason::Quota => "the owner's quota is used up: nothing was lost, and the next run tries again".to_owned(),
        Reason::ReadOnly => format!(
            "the file system is read-only; where that is only so for logrotate.service, add \"ReadWritePaths={directory}\" to it"
        ),
        Reason::NotPermitted => format!(
            "check the permissions and attributes of {directory}, or name a user who may with \"su USER GROUP\""
        ),
        Reason::OtherDevice => "use copy, copytruncate or renamecopy to rotate to another file system".to_owned(),
        Reason::TooManyFiles => "raise the limit of open files (LimitNOFILE=)".to_owned(),
        Reason::TooLarge => "raise the limit of file sizes (LimitFSIZE=): nothing was lost".to_owned(),
        Reason::Damaged => "the disk may be failing: see the kernel's messages".to_owned(),
        Reason::Swapped => "it was replaced while logrotate worked; the next run looks anew".to_owned(),
        Reason::Other => return None,
    };
    Some(text)
}

/// The reasons that there is advice for.
enum Reason {
    NoSpace,
    Quota,
    ReadOnly,
    NotPermitted,
    OtherDevice,
    TooManyFiles,
    TooLarge,
    Damaged,
    Swapped,
    Other,
}

fn reason_of(errno: i32) -> Reason {
    match errno {
        28 => Reason::NoSpace,
        122 => Reason::Quota,
        30 => Reason::ReadOnly,
        1 | 13 => Reason::NotPermitted,
        18 => Reason::OtherDevice,
        23 | 24 => Reason::TooManyFiles,
        27 => Reason::TooLarge,
        5 => Reason::Damaged,
        116 => Reason::Swapped,
        _ => Reason::Other,
    }
}
