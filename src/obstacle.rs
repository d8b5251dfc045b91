//! What keeps a log from being rotated, whatever its size and its age: who may write to its directory, and what the log itself is.
//!
//! Pure functions. A run, `--status`, `--check` and whoever asks which stanza a log is left to ask here, so that they agree. What is wrong
//! with its archives, which stops no log, is in `archive`.

use std::path::{Path, PathBuf};

use crate::facts::{FileFacts, Kind};
use crate::fault::{Fault, Insecure};
use crate::plan::Where;
use crate::policy::{Method, Policy, Su};
use crate::unix::{Identity, UserId, split_path};

mod archive;

pub use archive::{ArchiveObstacle, Need, Obstructed, kind};

/// Why a log is passed over without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// It is not there, and need not be.
    Missing,
    Symlink,
    HardLinks,
    /// It is no regular file and the method needs one.
    Directory,
}

/// What would keep a log from being rotated, were it due.
#[derive(Clone, Debug)]
pub enum Obstacle {
    /// It is not there; whether that is an error.
    Missing {
        /// It is none (`missingok`).
        is_fine: bool,
    },
    /// It is a pattern that nothing matches; whether that is an error.
    NoMatch {
        /// It is none (`missingok`).
        is_fine: bool,
    },
    /// It is passed over.
    PassedOver(PassedOver),
    /// Something fails already where it is only looked at.
    Fault(Box<Fault>),
    /// The directory's permissions do not let its files be renamed.
    NotWritable {
        /// The directory.
        directory: PathBuf,
        /// Whose rights count.
        user: u32,
    },
}

/// Returns the rights that `su owner` means in a directory. Root's are no others than a run by root has anyway, so that a directory of
/// root's counts as one without `su`.
fn owner_rights(directory: &FileFacts) -> Option<Identity> {
    (directory.user.0 != 0).then_some(Identity {
        user: directory.user,
        group: directory.group,
    })
}

/// Returns the rights that a log's work is done with, where they are not those of whoever runs it: with those its directory is looked at
/// for `su owner`.
///
/// # Errors
/// The directory cannot be looked at.
pub fn rights(su: Option<Su>, look: impl FnOnce() -> Result<FileFacts, Fault>) -> Result<Option<Identity>, Fault> {
    match su {
        None => Ok(None),
        Some(Su::Named(identity)) => Ok(Some(identity)),
        Some(Su::DirectoryOwner) => Ok(owner_rights(&look()?)),
    }
}

/// Tells whether the work may be done in a log's directory: root, without `su`, works only where nobody else may write.
///
/// # Errors
/// It may not, and why.
pub fn of_directory(log: &Path, directory: &FileFacts, su: Option<Identity>, as_root: bool) -> Result<(), Fault> {
    if su.is_some() || !as_root || !directory.others_may_write() {
        return Ok(());
    }
    Err(Fault::InsecureDirectory {
        log: log.to_owned(),
        component: split_path(log).map_or(log, |(directory, _)| directory).to_owned(),
        why: Insecure::Writable {
            user: directory.user.0,
            group: directory.group.0,
            mode: directory.mode,
        },
    })
}

/// Returns the rights with which a log's work can be done in a directory that root refuses without `su`: those of the log's owner, where he
/// may write there and is not root, else those that the refusal names: the directory's.
#[must_use]
pub fn su_for(log: &FileFacts, directory: &FileFacts) -> Identity {
    let may_write = |who: &Identity| match who {
        Identity { user: UserId(0), .. } => false,
        who if who.user == directory.user => directory.mode.0 & 0o200 != 0,
        who if who.group == directory.group => directory.mode.0 & 0o020 != 0,
        _ => directory.mode.0 & 0o002 != 0,
    };
    let ways = [(log.user, log.group), (log.user, directory.group)].map(|(user, group)| Identity { user, group });
    let of_directory = Identity {
        user: directory.user,
        group: directory.group,
    };
    ways.into_iter().find(may_write).unwrap_or(of_directory)
}

/// Tells whether a file has several hard links, and is left alone for that.
#[must_use]
pub fn has_other_names(file: &FileFacts, policy: &Policy) -> bool {
    file.links > 1 && !policy.allow_hardlink
}

/// Tells why a log is left alone for what it is.
#[must_use]
pub fn of_log(log: &FileFacts, policy: &Policy) -> Option<PassedOver> {
    match log.kind {
        Kind::Symlink => Some(PassedOver::Symlink),
        Kind::Directory => Some(PassedOver::Directory),
        _ if has_other_names(log, policy) => Some(PassedOver::HardLinks),
        _ => None,
    }
}

/// Tells whether a log goes to another name, so that names of its own directory change wherever its archives lie.
#[must_use]
pub fn moves_log(policy: &Policy) -> bool {
    matches!(policy.method, Method::Rename { .. } | Method::RenameThenCopy { .. })
}

/// Whoever rotates a log, and what the permissions of its directories let him do.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    pub user: UserId,
    /// He may write to the log's directory.
    pub to_log: bool,
    /// He may write to that of the archives.
    pub to_archives: bool,
}

/// Finds the directory in which whoever rotates a log cannot change the names that this changes.
#[must_use]
pub fn not_writable(policy: &Policy, log: Option<&FileFacts>, directory: &FileFacts, by: Writer) -> Option<Where> {
    let is_stuck = || log.is_some_and(|log| is_stuck(log, directory, by.user));
    if moves_log(policy) && (!by.to_log || is_stuck()) {
        return Some(Where::Log);
    }
    (!by.to_archives).then_some(Where::Archive)
}

/// Tells whether a directory that this user may write to keeps the log of somebody else from being moved (the sticky bit).
fn is_stuck(log: &FileFacts, directory: &FileFacts, user: UserId) -> bool {
    directory.mode.0 & 0o1000 != 0 && ![UserId(0), log.user, directory.user].contains(&user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::settings::Settings;
    use crate::unix::{GroupId, Mode};

    fn facts(kind: Kind, mode: u32, user: u32, group: u32) -> FileFacts {
        FileFacts {
            kind,
            size: 0,
            allocated: 0,
            mode: Mode(mode),
            user: UserId(user),
            group: GroupId(group),
            ..FileFacts::sample(0)
        }
    }

    fn directory(mode: u32, user: u32, group: u32) -> FileFacts {
        facts(Kind::Directory, mode, user, group)
    }

    fn somebody(user: u32, group: u32) -> Identity {
        Identity {
            user: UserId(user),
            group: GroupId(group),
        }
    }

    #[test]
    fn root_without_su_works_only_where_nobody_else_may_write() {
        let su = Some(somebody(5, 5));
        for (mode, group, su, as_root, is_open) in [
            (0o755, 7, None, true, false),
            (0o775, 0, None, true, false),
            (0o775, 7, None, true, true),
            (0o757, 0, None, true, true),
            (0o1777, 0, None, true, true),
            (0o777, 7, su, true, false),
            (0o777, 7, Some(somebody(0, 0)), true, false),
            (0o777, 7, None, false, false),
        ] {
            let found = of_directory(Path::new("/log/a"), &directory(mode, 3, group), su, as_root);
            let insecure = Fault::InsecureDirectory {
                log: "/log/a".into(),
                component: "/log".into(),
                why: Insecure::Writable {
                    user: 3,
                    group,
                    mode: Mode(mode),
                },
            };
            assert_eq!(
                found.err(),
                is_open.then_some(insecure),
                "{mode:o} {group} {su:?} {as_root}"
            );
        }
    }

    #[test]
    fn su_owner_is_no_su_where_root_is_the_owner() {
        assert_eq!(owner_rights(&directory(0o755, 3, 7)), Some(somebody(3, 7)));
        assert_eq!(owner_rights(&directory(0o755, 0, 7)), None);
    }

    #[test]
    fn b13_the_rights_for_su_are_those_of_the_log_s_owner_where_he_may_write() {
        for (log, mode, user, group, wanted) in [
            ((5, 6), 0o777, 3, 7, (5, 6)),
            ((5, 6), 0o775, 3, 6, (5, 6)),
            ((5, 6), 0o775, 3, 7, (5, 7)),
            ((5, 6), 0o775, 5, 7, (5, 6)),
            ((0, 6), 0o775, 3, 7, (3, 7)),
            ((0, 6), 0o775, 0, 7, (0, 7)),
            ((5, 6), 0o757, 3, 6, (3, 6)),
        ] {
            let found = su_for(
                &facts(Kind::Regular, 0o640, log.0, log.1),
                &directory(mode, user, group),
            );
            assert_eq!(found, somebody(wanted.0, wanted.1), "{log:?} {mode:o} {user} {group}");
        }
    }

    #[test]
    fn links_directories_and_files_of_several_names_are_passed_over() {
        let mut policy = Settings::default().policy();
        for (kind, links, wanted) in [
            (Kind::Regular, 1, None),
            (Kind::Regular, 2, Some(PassedOver::HardLinks)),
            (Kind::Special, 1, None),
            (Kind::Symlink, 1, Some(PassedOver::Symlink)),
            (Kind::Directory, 2, Some(PassedOver::Directory)),
        ] {
            let log = FileFacts {
                links,
                ..facts(kind, 0o644, 0, 0)
            };
            assert_eq!(of_log(&log, &policy), wanted, "{kind:?} {links}");
        }
        policy.allow_hardlink = true;
        let log = FileFacts {
            links: 2,
            ..facts(Kind::Regular, 0o644, 0, 0)
        };
        assert_eq!(of_log(&log, &policy), None);
    }

    #[test]
    fn in_a_sticky_directory_a_log_is_moved_by_its_owner_the_directory_s_or_root() {
        let log = facts(Kind::Regular, 0o644, 3, 3);
        for (mode, user, wanted) in [
            (0o1777, 0, false),
            (0o1777, 3, false),
            (0o1777, 4, false),
            (0o1777, 5, true),
            (0o777, 5, false),
        ] {
            assert_eq!(
                is_stuck(&log, &directory(mode, 4, 4), UserId(user)),
                wanted,
                "{mode:o} {user}"
            );
        }
    }
    #[test]
    fn names_of_the_log_s_directory_change_only_where_the_log_moves_and_those_of_the_archives_always() {
        let mut policy = Settings::default().policy();
        let log = facts(Kind::Regular, 0o644, 3, 3);
        let renames = policy.method.clone();
        for (method, to_log, to_archives, mode, wanted) in [
            (&renames, true, true, 0o777, None),
            (&renames, false, true, 0o777, Some(Where::Log)),
            (&renames, true, false, 0o777, Some(Where::Archive)),
            (&renames, true, true, 0o1777, Some(Where::Log)),
            (&Method::Copy, false, true, 0o1777, None),
            (&Method::Copy, true, false, 0o777, Some(Where::Archive)),
        ] {
            policy.method = method.clone();
            let by = Writer {
                user: UserId(5),
                to_log,
                to_archives,
            };
            let found = not_writable(&policy, Some(&log), &directory(mode, 4, 4), by);
            assert_eq!(found, wanted, "{method:?} {to_log} {to_archives} {mode:o}");
        }
        let by = Writer {
            user: UserId(5),
            to_log: true,
            to_archives: true,
        };
        policy.method = renames;
        assert_eq!(not_writable(&policy, None, &directory(0o1777, 4, 4), by), None);
    }
}
