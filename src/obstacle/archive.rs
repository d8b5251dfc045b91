//! What can be wrong with the archives of a log: met by a rotation, or foreseen. None of it stops the log.

use std::path::PathBuf;

use crate::facts::Kind;
use crate::fault::{Attribute, Fault};

/// The words for other programs of what is met in other ways, too, than as something wrong with one archive.
pub mod kind {
    /// Something that is no archive, or another one, has the name of one.
    pub const IN_THE_WAY: &str = "in-the-way";
    /// The names in a directory cannot be changed.
    pub const NOT_WRITABLE: &str = "not-writable";
    /// An archive was removed without being overwritten.
    pub const NOT_SHREDDED: &str = "not-shredded";
}

/// What is wrong with an archive of a log.
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
    /// It is what `renamecopy` renamed the log to, and cannot be copied: the next rotation begins with it.
    NotCopied(Box<Fault>),
    /// It should go and cannot be mailed: it stays for now.
    NotMailed(Box<Fault>),
    /// It is new, or was, and cannot be mailed: that is tried again at each rotation.
    NotMailedFirst(Box<Fault>),
    /// It should go and cannot be removed.
    NotRemoved(Box<Fault>),
    /// It cannot be renamed: it keeps its number.
    NotRenamed(Box<Fault>),
    /// It goes unsent: too many wait for the mailer, or it could not be sent from when it was new until it goes.
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
            Self::NotCopied(_) => "not-copied",
            Self::NotMailed(_) | Self::NotMailedFirst(_) => "not-mailed",
            Self::NotRemoved(_) => "not-removed",
            Self::NotRenamed(_) => "not-renamed",
            Self::Unsent => "unsent",
            Self::NoProgram { .. } => "no-program",
            Self::InTheWay(_) => kind::IN_THE_WAY,
            Self::Fixed(_) => "fixed",
            Self::NotWritable { .. } => kind::NOT_WRITABLE,
        }
    }

    /// Says what keeps an archive from being compressed.
    #[must_use]
    pub fn of_compression(fault: Fault) -> Self {
        match fault {
            Fault::NotSmaller { .. } => Self::NotSmaller,
            // It was compressed, but for the plain archive's removal.
            Fault::Script { .. } => Self::NotRemoved(fault.into()),
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
            Self::NotCompressed(_)
            | Self::NotCopied(_)
            | Self::NotMailed(_)
            | Self::NotMailedFirst(_)
            | Self::NotRemoved(_)
            | Self::NotRenamed(_)
            | Self::Unsent => true,
        }
    }
}
