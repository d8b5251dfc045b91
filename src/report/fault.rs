//! What failed, in words: the operation, the file, the reason, and what to do about it.

use std::path::Path;

use super::accounts;
use super::words::{bytes, end, list, path, place, program, reason};
use crate::fault::{Acting, ChildEnd, Denial, Fault, Hook, Insecure, Op, SysError, Unfit};
use crate::sys::call::Errno;

/// Says what failed. The fragments that scripts match on are the reference's.
#[must_use]
pub fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Call(error) => call(error),
        Fault::DestinationExists(name) => {
            format!(
                "destination {} already exists, skipping rotation; move it away, or let dateformat tell the rotations apart",
                path(name)
            )
        }
        Fault::DestinationHeld(error) => format!("{}; the archive's name is taken, skipping rotation", call(error)),
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
        } => script(*hook, *shared, target, pattern, &end(*how)),
        Fault::Compressor { path: file, end: how } => {
            let remedy = match how {
                ChildEnd::Status(_) | ChildEnd::Signal(_) => "; try the compresscmd and its options by hand",
                _ => "",
            };
            format!("failed to compress log {}: {}{remedy}", path(file), end(*how))
        }
        Fault::CannotCompress {
            path: file,
            stanza,
            error,
        } => format!(
            "cannot execute compress command '{}': {}; failed to compress log {}: child did not exit with status 0; \
             install the program, or correct compresscmd ({})",
            path(&error.path),
            reason(error.errno),
            path(file),
            place(stanza)
        ),
        Fault::CannotMail {
            path: file,
            stanza,
            error,
        } => format!(
            "cannot mail {}: {}; install the program, or name another one ({})",
            path(file),
            call(error),
            place(stanza)
        ),
        Fault::Mail { path: file, end: how } => {
            let remedy = match how {
                ChildEnd::Status(_) | ChildEnd::Signal(_) => {
                    "; try the mail program by hand, or correct the mail directive"
                }
                _ => "",
            };
            format!("mail command failed for {}: {}{remedy}", path(file), end(*how))
        }
        Fault::InsecureDirectory { log, component, why } => insecure(log, component, *why),
        Fault::StillWritten { path: file, by } => format!(
            "{} is still written by {}: it is left as it is, and its log is not rotated this time; \
             see that postrotate makes the program open its log anew",
            path(file),
            program(by.as_deref())
        ),
        Fault::NotSmaller { path: file } => not_smaller(file),
        Fault::OtherRun { path: log } => format!(
            "another run of logrotate is cutting logs of the directory of {}: skipping it; one run with one state file is enough",
            path(log)
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

/// Says that compressing an archive would gain nothing.
pub(super) fn not_smaller(archive: &Path) -> String {
    let archive = path(archive);
    format!("{archive} stays plain: it has large holes, and compressed it would take no less room on the disk")
}

fn script(hook: Hook, shared: bool, target: &Path, pattern: &[u8], how: &str) -> String {
    let pattern = list(pattern);
    match (hook, shared) {
        (Hook::First, _) => format!(
            "error running first action script for {pattern}: {how}; mend the script: nothing of the stanza is rotated before it ends well"
        ),
        (Hook::Last, _) => format!(
            "error running last action script for {pattern}: {how}; mend the script: the logs are rotated all the same"
        ),
        (Hook::Remove, _) => {
            format!(
                "error running preremove script for {} of '{pattern}' ({how}). Not removing this file. Mend the script, or take the file \
                 away by hand: each rotation asks again",
                path(target)
            )
        }
        (_, true) => format!(
            "error running shared {} script for '{pattern}': {how}; {}",
            hook.directive(),
            mend(hook)
        ),
        (_, false) => format!(
            "error running non-shared {} script for {} of '{pattern}': {how}; {}",
            hook.directive(),
            path(target),
            mend(hook)
        ),
    }
}

/// Says what helps where `prerotate` or `postrotate` failed, and what it costs until then.
fn mend(hook: Hook) -> &'static str {
    match hook {
        Hook::Post => "mend the script: what follows it is left to the next rotation",
        _ => "mend the script: nothing is rotated before it ends well",
    }
}

fn not_plain(file: &Path, op: Op) -> String {
    let file = path(file);
    let what = match op {
        Op::OpenForCompression => format!("unable to open {file} (read-only) for compression"),
        Op::OpenForMail => format!("failed to open {file} for mailing"),
        _ => format!("error opening {file}"),
    };
    format!("{what}: Operation not supported; it is no plain file of one name: move it away")
}

fn insecure(log: &Path, component: &Path, why: Insecure) -> String {
    let (log, at) = (path(log), path(component));
    match why {
        Insecure::Writable { user, group, .. } => format!(
            "skipping \"{log}\" because parent directory has insecure permissions ({at} is world writable or writable by \
             group which is not \"root\"). Set \"su\" directive in config file to tell logrotate which user/group should be \
             used for rotation: \"su {} {}\"",
            accounts::user(user),
            accounts::group(group)
        ),
        Insecure::ForeignLink { user } => format!(
            "skipping \"{log}\" because parent directory has insecure permissions ({at} is a symbolic link of user {0} and leads to a \
             directory that is not theirs). Give the link to root, or set \"su {0} GROUP\" in the config file",
            accounts::user(user)
        ),
        Insecure::ForeignMount { user } => format!(
            "skipping \"{log}\" because parent directory has insecure permissions (it lies on the file system at {at}, and a program \
             of user {0} says who owns what there). Mount it as root, or set \"su {0} GROUP\" in the config file",
            accounts::user(user)
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
    let to = error.other.as_deref().map(|other| format!(" to {}", path(other)));
    let to = to.unwrap_or_default();
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
        Op::Rename => format!("error renaming {at}{to}: {why}"),
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

/// Says what helps, where the reason alone says so, or what is behind it is known.
fn remedy(error: &SysError) -> Option<String> {
    if let Some(denial) = &error.denial {
        return Some(way_out(denial, error));
    }
    let text = match Errno::from_raw(error.errno) {
        Errno::ENOSPC => "free some space there: nothing was lost, and the next run tries again".to_owned(),
        Errno::EDQUOT => "the owner's quota is used up: nothing was lost, and the next run tries again".to_owned(),
        Errno::EROFS => read_only(error.path.parent()),
        Errno::ENOENT if error.op == Op::OpenForCompression => {
            "it is gone since it was made: if a script takes archives away, remove `compress`".to_owned()
        }
        Errno::ENOENT if matches!(error.op, Op::Rename | Op::Open | Op::OpenForMail) => {
            "it is gone since it was looked at: see what takes it away".to_owned()
        }
        Errno::ENOENT if error.op == Op::Stat => "see that its program makes it, or say missingok".to_owned(),
        Errno::ENOENT | Errno::ENOTDIR if error.op == Op::OpenDirectory => {
            "make the directory, or correct its path".to_owned()
        }
        Errno::EXDEV => "use copy, copytruncate or renamecopy to rotate to another file system".to_owned(),
        Errno::EMFILE | Errno::ENFILE => "raise the limit of open files (LimitNOFILE=)".to_owned(),
        Errno::EFBIG => "raise the limit of file sizes (LimitFSIZE=): nothing was lost".to_owned(),
        Errno::EIO => "the disk may be failing: see the kernel's messages".to_owned(),
        Errno::ETIMEDOUT if matches!(error.op, Op::OpenDirectory | Op::Stat) => {
            "the file system does not answer: see to its server or program; its logs are left as they are".to_owned()
        }
        Errno::EOVERFLOW => {
            "its owner has no number here: this mount, or this container, knows other users than the disk".to_owned()
        }
        Errno::ESTALE => "it was replaced while logrotate worked; the next run looks anew".to_owned(),
        _ => return None,
    };
    Some(text)
}

fn read_only(directory: Option<&Path>) -> String {
    let directory = directory.filter(|directory| directory.is_absolute());
    directory.map_or_else(
        || "the file system is read-only".to_owned(),
        |directory| {
            format!(
                "the file system is read-only; where that is only so for logrotate.service, add \"ReadWritePaths={}\" to it",
                path(directory)
            )
        },
    )
}

/// Says how to get around what was behind a refusal.
fn way_out(denial: &Denial, error: &SysError) -> String {
    match denial {
        Denial::NotRoot => "only root can do what su asks for: let root start logrotate, or remove su".to_owned(),
        Denial::Attribute { at, attribute } => {
            let (word, letter) = super::foreseen::attribute_words(*attribute);
            format!("{0} is {word}: \"chattr -{letter} {0}\" takes that away", path(at))
        }
        Denial::Sticky { at, owner, acting } => format!(
            "the directory is sticky and {0} belongs to {1}: \"chown {2} {0}\" makes it {2}'s",
            path(at),
            accounts::user(*owner),
            accounts::user(acting.user)
        ),
        Denial::Rights {
            at,
            owner,
            mode,
            acting,
        } => {
            let whose = format!("{} belongs to {}, mode {mode:04o}", path(at), accounts::user(*owner));
            format!("{whose}: {}", rights_for(at, *acting, error))
        }
    }
}

/// Says who may do what could not be done, or how the one who acts gets the right to.
fn rights_for(at: &Path, acting: Acting, error: &SysError) -> String {
    let who = accounts::user(acting.user);
    let is_itself = at == error.path;
    let right = match error.op {
        _ if acting.user == 0 => return "here not even root may; name its owner with \"su USER GROUP\"".to_owned(),
        Op::MakeDirectory => return format!("make {} beforehand, and give it to {who}", path(&error.path)),
        _ if is_itself => return format!("\"chown {who} {}\" lets {who} at it", path(at)),
        Op::Create | Op::Place | Op::Rename | Op::Remove => "write there",
        _ => "look in there",
    };
    if acting.started_by_root {
        format!("let {who} {right}, or name a user who may with \"su USER GROUP\"")
    } else {
        format!("let {who} {right}, or a user who may start logrotate")
    }
}
