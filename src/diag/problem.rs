//! The kinds of complaints, one variant a kind, with a stable code and a weight each. No sentences: they are `report::cite`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Place, Severity};

/// What is wrong, or worth a note, with what makes it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    CannotStat {
        path: PathBuf,
        errno: i32,
    },
    CannotOpen {
        path: PathBuf,
        errno: i32,
    },
    CannotRead {
        path: PathBuf,
        errno: i32,
    },
    CannotOpenDirectory {
        path: PathBuf,
        errno: i32,
    },
    WritableByOthers(PathBuf),
    WrongOwner(PathBuf),
    TooLarge(PathBuf),
    /// What was named has no text that could be read: a device, an empty directory or pipe, a link out of what may be read.
    NothingToRead(PathBuf),
    DangerousMode {
        path: PathBuf,
        /// Its bits.
        mode: u32,
    },

    /// A directive's name is followed by something other than a space or `=`.
    NotSeparated {
        keyword: Vec<u8>,
        /// What follows it.
        found: u8,
    },
    /// A line begins with something that cannot begin anything.
    BadStart,
    /// A path stands inside a block.
    UnexpectedFilename,
    /// A `}` stands outside of any block.
    UnexpectedBrace,
    /// A `}` stands in a path list, before any `{`.
    UnexpectedBraceInList,
    /// A path list has no `{` after it.
    MissingBrace,
    /// The words of a path list cannot be told apart.
    FilenameSyntax,
    NoEndscript(&'static str),
    TextAfterBrace,
    UnknownOption {
        name: Vec<u8>,
        /// The directive that may have been meant.
        suggestion: Option<&'static str>,
    },
    ErrorsDeprecated,

    MissingArgument(&'static str),
    MissingArgumentIgnored(&'static str),
    BadNumber {
        /// What it counts.
        what: &'static str,
        /// As written.
        value: Vec<u8>,
    },
    /// A number is beyond what can be counted with.
    OutOfRange {
        /// What it counts.
        what: &'static str,
        /// As written.
        value: Vec<u8>,
    },
    UnknownUnit(u8),
    BadSize(Vec<u8>),
    /// The day after `weekly` or `monthly` is none.
    BadDay {
        directive: &'static str,
        /// As written.
        value: Vec<u8>,
    },
    /// The words of an argument cannot be told apart.
    InvalidArguments(&'static str),
    /// There are more words than the directive has a use for.
    ExtraArguments(&'static str),
    InvalidMode(Vec<u8>),
    UnknownUser {
        /// As written.
        word: Vec<u8>,
        /// What may have been meant.
        slip: Option<OwnershipMistake>,
    },
    UnknownGroup {
        /// As written.
        word: Vec<u8>,
        /// What may have been meant.
        slip: Option<OwnershipMistake>,
    },
    NoUserForSu,
    NoGroupForSu,
    /// A path has blanks or unprintable characters.
    BadPath {
        /// What it is the path of.
        what: &'static str,
        /// As written.
        value: Vec<u8>,
    },
    /// A mail address has blanks or unprintable characters.
    BadMail(Vec<u8>),
    InvalidCompressOptions,
    TabooInBlock(&'static str),
    /// A percentage is not from 1 to 99.
    BadPercentage(Vec<u8>),
    /// What stands behind `formerly` is no way of naming archives.
    BadFormerly(Vec<u8>),
    /// An earlier path is given to a stanza that may have several logs, or to all that follow.
    FormerlyPathOfMany(PathBuf),

    NestingTooDeep,
    FoundErrorInBlock(Vec<u8>),
    FoundErrorInFile(PathBuf),

    /// A word of a path list is too long to be expanded.
    GlobTooLong {
        /// Its length.
        length: usize,
    },
    /// A directory that a word leads to cannot be listed.
    GlobFailed {
        word: Vec<u8>,
        directory: PathBuf,
        errno: i32,
    },
    DuplicateLog {
        path: PathBuf,
        /// The block that has it.
        first: Place,
    },
    /// The directory of a log with `olddir` cannot be looked at.
    LogPathUnverified {
        path: PathBuf,
        errno: i32,
    },
    /// The `olddir` of a log cannot be looked at.
    OldDirUnverified {
        path: PathBuf,
        errno: i32,
    },
    DifferentDevices {
        /// The directory as written.
        old_dir: PathBuf,
        log: PathBuf,
    },

    Reading(Arc<Path>),
    IgnoringEmpty(PathBuf),
    IgnoringNotRegular(PathBuf),
    IgnoringTaboo {
        path: PathBuf,
        pattern: Vec<u8>,
    },
    Including(PathBuf),
    /// A path leads out of the directories that were named, and only what is in them is read.
    OutsideOfNamed(PathBuf),
    /// A criterion replaces another one of the same block.
    Overrides {
        /// The later one.
        new: &'static str,
        /// The earlier one.
        old: &'static str,
    },
    /// A tilde was replaced by a home directory.
    ReplacedHome {
        /// As written.
        from: Vec<u8>,
        /// What stands there now.
        to: PathBuf,
    },
    /// A log stands in two path lists, and one says that this is no error.
    DuplicateIgnored(PathBuf),
    /// Two paths lead to one log; it is rotated by the first.
    SameLog {
        /// The path that is left out.
        path: PathBuf,
        /// The path that stays.
        first: PathBuf,
    },
    /// Two paths lead to one log; by the first it cannot be rotated.
    LeftToOther {
        /// The path by which it cannot.
        path: PathBuf,
        /// The path by which it is rotated.
        other: PathBuf,
    },
    /// A directory that a word leads to cannot be listed, and `missingok` says that this is no error.
    GlobFailedIgnored {
        word: Vec<u8>,
        directory: PathBuf,
        errno: i32,
    },
    /// The directory of a log with `olddir` is missing, and `missingok` says that this is no error.
    LogPathMissing {
        path: PathBuf,
        errno: i32,
    },
}

/// How words for a mode, a user and a group are put wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnershipMistake {
    /// Two words, the first of which is a mode: they are taken for user and group.
    ModeForUser,
    /// User and group in one word, as chown(1) takes them.
    OneWord { user: Vec<u8>, group: Vec<u8> },
}

/// The codes of the warnings among these.
pub const WARNING_CODES: [&str; 5] = ["LR2001", "LR2002", "LR2003", "LR2005", "LR2006"];

/// The standing of a kind of complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its code, which never changes its meaning; empty for notes on how the reading goes.
    pub code: &'static str,
    pub severity: Severity,
}

const fn error(code: &'static str) -> Class {
    Class {
        code,
        severity: Severity::Error,
    }
}

const fn warning(code: &'static str) -> Class {
    Class {
        code,
        severity: Severity::Warning,
    }
}

const fn finding(code: &'static str) -> Class {
    Class { code, ..NOTE }
}

const NOTE: Class = Class {
    code: "",
    severity: Severity::Note,
};

impl Problem {
    /// Returns the configuration file that the problem is about as a whole.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::CannotStat { path, .. }
            | Self::CannotOpen { path, .. }
            | Self::CannotRead { path, .. }
            | Self::CannotOpenDirectory { path, .. }
            | Self::WritableByOthers(path)
            | Self::WrongOwner(path)
            | Self::OutsideOfNamed(path)
            | Self::TooLarge(path)
            | Self::NothingToRead(path)
            | Self::DangerousMode { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Returns the code, weight and cost of this kind.
    #[must_use]
    pub const fn class(&self) -> Class {
        use Problem as P;
        match self {
            P::CannotStat { .. } => error("LR1001"),
            P::CannotOpen { .. } => error("LR1002"),
            P::CannotRead { .. } => error("LR1003"),
            P::CannotOpenDirectory { .. } => error("LR1004"),
            P::WritableByOthers(_) => error("LR1005"),
            P::WrongOwner(_) => error("LR1006"),
            P::TooLarge(_) => error("LR1007"),
            P::NothingToRead(_) => error("LR1008"),
            P::NotSeparated { .. } => error("LR1101"),
            P::BadStart => error("LR1102"),
            P::UnexpectedFilename => error("LR1103"),
            P::UnexpectedBrace => error("LR1104"),
            P::UnexpectedBraceInList => error("LR1105"),
            P::MissingBrace => error("LR1106"),
            P::FilenameSyntax => error("LR1107"),
            P::NoEndscript(_) => error("LR1108"),
            P::MissingArgument(_) => error("LR1201"),
            P::BadNumber { .. } => error("LR1203"),
            P::OutOfRange { .. } => error("LR1204"),
            P::UnknownUnit(_) => error("LR1205"),
            P::BadSize(_) => error("LR1206"),
            P::BadDay { .. } => error("LR1207"),
            P::InvalidArguments(_) => error("LR1208"),
            P::ExtraArguments(_) => error("LR1209"),
            P::InvalidMode(_) => error("LR1210"),
            P::UnknownUser { .. } => error("LR1211"),
            P::UnknownGroup { .. } => error("LR1212"),
            P::NoUserForSu => error("LR1213"),
            P::NoGroupForSu => error("LR1214"),
            P::BadPath { .. } => error("LR1215"),
            P::BadMail(_) => error("LR1216"),
            P::InvalidCompressOptions => error("LR1217"),
            P::TabooInBlock(_) => error("LR1218"),
            P::BadPercentage(_) => error("LR1219"),
            P::BadFormerly(_) => error("LR1220"),
            P::FormerlyPathOfMany(_) => error("LR1221"),
            P::NestingTooDeep => error("LR1301"),
            P::FoundErrorInBlock(_) => error("LR1302"),
            P::FoundErrorInFile(_) => error("LR1303"),
            P::GlobTooLong { .. } => error("LR1401"),
            P::GlobFailed { .. } => error("LR1402"),
            P::DuplicateLog { .. } => error("LR1403"),
            P::LogPathUnverified { .. } => error("LR1404"),
            P::OldDirUnverified { .. } => error("LR1405"),
            P::DifferentDevices { .. } => error("LR1406"),
            P::UnknownOption { .. } => warning("LR2001"),
            P::ErrorsDeprecated => warning("LR2002"),
            P::DangerousMode { .. } => warning("LR2003"),
            P::OutsideOfNamed(_) => finding("LR2004"),
            P::TextAfterBrace => warning("LR2005"),
            P::MissingArgumentIgnored(_) => warning("LR2006"),
            P::Reading(_)
            | P::IgnoringEmpty(_)
            | P::IgnoringNotRegular(_)
            | P::IgnoringTaboo { .. }
            | P::Including(_)
            | P::Overrides { .. }
            | P::ReplacedHome { .. }
            | P::DuplicateIgnored(_)
            | P::SameLog { .. }
            | P::LeftToOther { .. }
            | P::GlobFailedIgnored { .. }
            | P::LogPathMissing { .. } => NOTE,
        }
    }
}
