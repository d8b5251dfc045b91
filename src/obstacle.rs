//! What keeps a log from being rotated, whatever its size and its age: who may write to its directory, and what the log itself is.
//!
//! Pure functions. A run, `--status`, `--check` and whoever asks which stanza a log is left to ask here, so that they agree.

use std::path::PathBuf;

use crate::facts::{FileFacts, Kind};
use crate::fault::{Attribute, Fault, Insecure};
use crate::policy::{Method, Policy};
use crate::unix::{Identity, UserId};

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

/// What is wrong with an archive of a log. It does not stop the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveObstacle {
    /// The archive, or what `renamecopy` renamed the log to.
    pub archive: PathBuf,
    pub what: Obstructed,
}

/// What can be wrong with an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstructed {
    /// A program has had it open for writing since it was the log: it has not opened the log anew.
    NotReopened {
        /// The archive's size in bytes.
        bytes: u64,
        /// The program, where it is known.
        by: Option<String>,
    },
    /// A program still writes to it: it is compressed, or copied away, at the next rotation.
    Written {
        /// The program, where it is known.
        by: Option<String>,
    },
    /// Compressed, it would take no less room: it stays plain.
    NotSmaller,
    /// It cannot be compressed: it stays plain, and that is tried again at each rotation.
    NotCompressed(Box<Fault>),
    /// It should go and cannot be mailed: it stays for now.
    NotMailed(Box<Fault>),
    /// It should go and cannot be removed.
    NotRemoved(Box<Fault>),
    /// It cannot be renamed: it keeps its number.
    NotRenamed(Box<Fault>),
    /// It goes unsent: too many wait for the mailer.
    Unsent,
    /// A program that the log's rotation starts is not there, or cannot be executed.
    NoProgram {
        program: PathBuf,
        /// What it is needed for.
        need: Need,
    },
    /// It is no archive, and an archive gets its name next: it is moved aside then.
    InTheWay(Kind),
    /// An attribute keeps it from being renamed, compressed and removed.
    Fixed(Attribute),
    /// It is the directory: whoever rotates the log cannot change names there.
    NotWritable {
        /// Who that is.
        user: u32,
    },
}

/// What a rotation starts a program for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Compress,
    /// To send what goes.
    Mail,
    /// To uncompress what is sent.
    Uncompress,
    /// To overwrite what goes.
    Shred,
}

impl Obstructed {
    /// Returns the word for other programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotReopened { .. } => "not-reopened",
            Self::Written { .. } => "written",
            Self::NotSmaller => "not-smaller",
            Self::NotCompressed(_) => "not-compressed",
            Self::NotMailed(_) => "not-mailed",
            Self::NotRemoved(_) => "not-removed",
            Self::NotRenamed(_) => "not-renamed",
            Self::Unsent => "unsent",
            Self::NoProgram { .. } => "no-program",
            Self::InTheWay(_) => "in-the-way",
            Self::Fixed(_) => "fixed",
            Self::NotWritable { .. } => "not-writable",
        }
    }

    /// Says what keeps an archive from being compressed.
    #[must_use]
    pub fn of_compression(fault: Fault) -> Self {
        match fault {
            Fault::NotSmaller { .. } => Self::NotSmaller,
            other => Self::NotCompressed(other.into()),
        }
    }

    /// Tells whether that is an error, and not only to be warned of.
    #[must_use]
    pub fn is_error(&self) -> bool {
        match self {
            Self::NotReopened { .. } | Self::Written { .. } | Self::NotSmaller => false,
            // What is only foreseen has not failed yet.
            Self::NoProgram { .. } | Self::InTheWay(_) | Self::Fixed(_) | Self::NotWritable { .. } => false,
            Self::NotCompressed(_) | Self::NotMailed(_) | Self::NotRemoved(_) | Self::NotRenamed(_) | Self::Unsent => {
                true
            }
        }
    }
}

/// Returns the rights that `su owner` means in a directory. Root's are no others than a run by root has anyway, so that a directory of
/// root's counts as one without `su`.
#[must_use]
pub fn owner_rights(directory: &FileFacts) -> Option<Identity> {
    (directory.user.0 != 0).then_some(Identity {
        user: directory.user,
        group: directory.group,
    })
}

/// Tells why the work must not be done in a directory: root, without `su`, works only where nobody else may write.
#[must_use]
pub fn of_directory(directory: &FileFacts, su: Option<Identity>, as_root: bool) -> Option<Insecure> {
    (su.is_none() && as_root && directory.others_may_write()).then_some(Insecure::Writable {
        user: directory.user.0,
        group: directory.group.0,
        mode: directory.mode,
    })
}

/// Tells why a log is left alone for what it is.
#[must_use]
pub fn of_log(log: &FileFacts, policy: &Policy) -> Option<PassedOver> {
    match log.kind {
        Kind::Symlink => Some(PassedOver::Symlink),
        Kind::Directory => Some(PassedOver::Directory),
        _ if log.links > 1 && !policy.allow_hardlink => Some(PassedOver::HardLinks),
        _ => None,
    }
}

/// Tells whether a log goes to another name, so that names of its own directory change wherever its archives lie.
#[must_use]
pub fn moves_log(policy: &Policy) -> bool {
    matches!(policy.method, Method::Rename { .. } | Method::RenameThenCopy { .. })
}

/// Tells whether a directory that this user may write to keeps the log of somebody else from being moved (the sticky bit).
#[must_use]
pub fn is_stuck(log: &FileFacts, directory: &FileFacts, user: UserId) -> bool {
    directory.mode.0 & 0o1000 != 0 && ![UserId(0), log.user, directory.user].contains(&user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::FileTime;
    use crate::policy::settings::Settings;
    use crate::unix::{FileId, GroupId, Mode};

    fn facts(kind: Kind, mode: u32, user: u32, group: u32) -> FileFacts {
        let time = FileTime {
            seconds: 0,
            nanoseconds: 0,
        };
        FileFacts {
            kind,
            id: FileId { device: 1, inode: 1 },
            size: 0,
            allocated: 0,
            mode: Mode(mode),
            user: UserId(user),
            group: GroupId(group),
            links: 1,
            accessed: time,
            modified: time,
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
            let found = of_directory(&directory(mode, 3, group), su, as_root);
            let wanted = is_open.then_some(Insecure::Writable {
                user: 3,
                group,
                mode: Mode(mode),
            });
            assert_eq!(found, wanted, "{mode:o} {group} {su:?} {as_root}");
        }
    }

    #[test]
    fn su_owner_is_no_su_where_root_is_the_owner() {
        assert_eq!(owner_rights(&directory(0o755, 3, 7)), Some(somebody(3, 7)));
        assert_eq!(owner_rights(&directory(0o755, 0, 7)), None);
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
}
