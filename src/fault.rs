//! What can go wrong in a rotation, as data: the operation, the path, the reason. `report` has the sentences.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::diag::Place;
use crate::unix::Mode;

/// A system call that failed, in the words of the work it was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Opening a directory on the way to a log.
    OpenDirectory,
    /// Asking about a file.
    Stat,
    /// Reading a directory.
    List,
    Open,
    OpenForCompression,
    OpenForMail,
    Create,
    MakeDirectory,
    /// Giving a file its final name.
    Place,
    Rename,
    Read,
    Write,
    /// Getting data to the disk.
    Flush,
    Truncate,
    Remove,
    SetOwner,
    SetMode,
    /// Setting an ACL or a security context.
    SetAttribute,
    SetTimes,
    Start,
    Wait,
    /// Taking on or leaving another identity.
    SwitchIdentity,
}

/// A system call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SysError {
    pub op: Op,
    pub path: PathBuf,
    /// The second path of a rename.
    pub other: Option<PathBuf>,
    /// The kernel's reason.
    pub errno: i32,
    /// What is behind it, where it is a refusal and that could be seen.
    pub denial: Option<Box<Denial>>,
}

/// What is behind a "permission denied", as it was seen right after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Somebody who is not root cannot act as anybody else.
    NotRoot,
    /// A file or directory has an attribute that no right goes against.
    Attribute { at: PathBuf, attribute: Attribute },
    /// A file or directory of somebody else's does not let who acts do it.
    Rights {
        at: PathBuf,
        owner: u32,
        mode: u32,
        acting: Acting,
    },
    /// In a sticky directory only a file's owner may rename and remove it.
    Sticky { at: PathBuf, owner: u32, acting: Acting },
}

/// Who a refused call was made as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acting {
    pub user: u32,
    /// Root started the run, so that `su` could name another one.
    pub started_by_root: bool,
}

/// An attribute of a file, as chattr(1) sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Nothing about it can be changed (`i`).
    Immutable,
    /// It can only be added to (`a`).
    AppendOnly,
}

impl SysError {
    /// Makes an error of which nothing more is known.
    #[must_use]
    pub fn new(op: Op, path: impl Into<PathBuf>, errno: i32) -> Self {
        Self {
            op,
            path: path.into(),
            other: None,
            errno,
            denial: None,
        }
    }

    /// Answers whether it failed because the name is taken.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        std::io::Error::from_raw_os_error(self.errno).kind() == std::io::ErrorKind::AlreadyExists
    }

    /// Answers whether it failed because there is no such file.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        std::io::Error::from_raw_os_error(self.errno).kind() == std::io::ErrorKind::NotFound
    }

    /// Answers whether it failed for what this very file is: its attributes, or its owner in a sticky directory.
    #[must_use]
    pub fn denies(&self, name: &OsStr) -> bool {
        match self.denial.as_deref() {
            Some(Denial::Attribute { at, .. } | Denial::Sticky { at, .. }) => at.file_name() == Some(name),
            _ => false,
        }
    }

    /// Answers whether it failed because a name is too long.
    #[must_use]
    pub fn is_length(&self) -> bool {
        std::io::Error::from_raw_os_error(self.errno).kind() == std::io::ErrorKind::InvalidFilename
    }
}

/// How a child ended: well, or in another way.
pub type Ending = Result<(), ChildEnd>;

/// How a child ended that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildEnd {
    Status(i32),
    Signal(i32),
    /// It took longer than it may and was ended.
    TimedOut(u32),
    /// It ran with another's rights, did nothing for so many seconds, and was killed.
    NoProgress(u64),
    /// It ran with another's rights, was still at work after so many seconds, which would do for the slowest, and was killed.
    TooLong(u64),
    /// It was to run with the rights of a user whose programs have used up the time of this run.
    NotStarted,
    /// It ran with another's rights, and somebody who traces it keeps its status from us.
    Withheld,
    /// It unpacks more than this many bytes for a mail, and was killed.
    TooMuch(u64),
    /// It is a compressor, and made nothing of something.
    WroteNothing,
}

/// Which of the five scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    First,
    Pre,
    Post,
    Last,
    Remove,
}

impl Hook {
    /// Returns the directive that sets it.
    #[must_use]
    pub fn directive(self) -> &'static str {
        match self {
            Self::First => "firstaction",
            Self::Pre => "prerotate",
            Self::Post => "postrotate",
            Self::Last => "lastaction",
            Self::Remove => "preremove",
        }
    }
}

/// Anything that makes one log's (or one set's) work fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    Call(SysError),
    /// The archive that this rotation would make is already there.
    DestinationExists(PathBuf),
    /// What is no archive has its name, and could not be moved aside.
    DestinationHeld(SysError),
    /// The `dateformat` describes names that are too long.
    DateFormatTooLong(Vec<u8>),
    /// The date that `dateformat` makes is too long.
    DateSuffixTooLong(Vec<u8>),
    /// A date format or an extension with a slash in it.
    SlashInName(Vec<u8>),
    /// A file that should be a plain one with one name is something else (errno as the kernel would say).
    NotPlain {
        path: PathBuf,
        /// What it was wanted for.
        op: Op,
    },
    Script {
        hook: Hook,
        /// It ran for a whole stanza.
        shared: bool,
        /// The log, or the file about to be removed; empty for a shared script.
        target: PathBuf,
        pattern: Vec<u8>,
        end: ChildEnd,
    },
    /// The compressor failed; the half-made output is gone and the original is there.
    Compressor {
        path: PathBuf,
        end: ChildEnd,
    },
    /// The compressor could not be started; the original is there.
    CannotCompress {
        path: PathBuf,
        /// The stanza that names it.
        stanza: Place,
        error: Box<SysError>,
    },
    /// A program that mail goes through could not be started; what was to be sent is there.
    CannotMail {
        path: PathBuf,
        /// The stanza that asks for mail.
        stanza: Place,
        error: Box<SysError>,
    },
    Mail {
        path: PathBuf,
        end: ChildEnd,
    },
    /// The directory's permissions let others tamper with it.
    InsecureDirectory {
        log: PathBuf,
        /// The component that is not safe.
        component: PathBuf,
        why: Insecure,
    },
    /// A program still writes to what has to be compressed, or copied away, before the log can be rotated.
    StillWritten {
        path: PathBuf,
        /// The program, where it is known.
        by: Option<String>,
    },
    /// Compressed, an archive would take more room than it does.
    NotSmaller {
        path: PathBuf,
    },
    /// Another run is at work on logs of the same directory, and is not waited for any longer.
    OtherRun {
        path: PathBuf,
    },
    /// A file that the command line names is not one to read or to write.
    Unfit {
        path: PathBuf,
        why: Unfit,
    },
    /// The run was asked to end.
    Interrupted,
    /// The archive's directory lies on another file system.
    OtherDevice {
        old_dir: PathBuf,
        log: PathBuf,
    },
}

/// What is wrong with a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insecure {
    /// Writable by everybody, or by a group other than root's; the owner and group to name in `su`.
    Writable { user: u32, group: u32, mode: Mode },
    /// A symbolic link of somebody who is neither root nor the one acting, which leads to a directory that is not theirs.
    ForeignLink {
        /// The link's owner.
        user: u32,
    },
    /// On a file system that a program of somebody stands behind who is neither root nor the one acting.
    ForeignMount {
        /// Who mounted it.
        user: u32,
    },
}

/// What is wrong with a file that the command line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is a link, a directory, a FIFO or a device.
    NotRegular,
    /// It has more names than this.
    Linked,
    Foreign {
        user: u32,
    },
    /// On the way to it is a symbolic link of somebody who is neither root nor the one acting.
    BehindLink {
        link: PathBuf,
        user: u32,
    },
    /// Others may write to its directory, or own it.
    InDirectoryOfOthers {
        directory: PathBuf,
        user: u32,
    },
}

/// What has no room left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    Disk,
    /// There may be room on the disk, and none for who owns the files.
    Quota,
}

impl Fault {
    /// Answers whether a file could not be removed for what it is.
    #[must_use]
    pub fn denies_removal(&self, name: &OsStr) -> bool {
        matches!(self, Self::Call(error) if error.op == Op::Remove && error.denies(name))
    }

    /// Tells whether a disk is full, or a quota used up, if that is what it is.
    #[must_use]
    pub fn lacks_room(&self) -> Option<Full> {
        let Self::Call(error) = self else { return None };
        match std::io::Error::from_raw_os_error(error.errno).kind() {
            std::io::ErrorKind::StorageFull => Some(Full::Disk),
            std::io::ErrorKind::QuotaExceeded => Some(Full::Quota),
            _ => None,
        }
    }

    /// Answers whether names could not be changed for what their directory is, or its file system.
    #[must_use]
    pub fn is_of_directory(&self) -> bool {
        let Self::Call(error) = self else { return false };
        let is_read_only =
            || std::io::Error::from_raw_os_error(error.errno).kind() == std::io::ErrorKind::ReadOnlyFilesystem;
        match error.denial.as_deref() {
            Some(Denial::Attribute { at, .. } | Denial::Rights { at, .. }) => {
                let mut paths = [Some(&error.path), error.other.as_ref()].into_iter().flatten();
                paths.any(|path| path.parent() == Some(at))
            }
            _ => is_read_only(),
        }
    }

    /// Returns the fault of a file that is not one to use.
    pub(crate) fn unfit(path: &Path, why: Unfit) -> Self {
        Self::Unfit {
            path: path.to_owned(),
            why,
        }
    }

    /// Says of a file that the command line names what was found on the way to a log.
    pub(crate) fn of_named_file(self) -> Self {
        match self {
            Self::InsecureDirectory {
                log,
                component,
                why: Insecure::ForeignLink { user },
            } => Self::unfit(&log, Unfit::BehindLink { link: component, user }),
            other => other,
        }
    }
}

impl From<SysError> for Fault {
    fn from(error: SysError) -> Self {
        Self::Call(error)
    }
}
