//! The meaning of a stanza: what is to happen to its logs, with nothing left to look up.
//!
//! Types only. `directives` says what each directive does to them and how it is shown, `resolve` takes one after the other,
//! `defaults` says what holds where nothing was written.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::directive::{Row, Setting};
use crate::diag::Place;
use crate::fault::Fault;
use crate::unix::{GroupId, Identity, Mode, UserId};

pub mod defaults;
pub mod directives;
pub mod given;
pub mod resolve;
pub mod settings;

/// One stanza: the words that name its logs, and what happens to them.
#[derive(Clone, Debug)]
pub struct Stanza {
    /// The words of the path list, unquoted, still to be expanded.
    pub patterns: Vec<OsString>,
    /// The path list as written, comments and trailing white space removed: `$1` of shared scripts, and its name in messages.
    pub written: Arc<[u8]>,
    pub policy: Arc<Policy>,
    /// Where the stanza's path list begins.
    pub declared_at: Place,
    /// Where its settings were made, in order, where this was asked for (`--explain`, `--check`).
    pub origins: Vec<Origin>,
}

/// A directive that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub row: &'static Row,
    pub place: Place,
}

/// What happens to the logs of a stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The criterion that makes a log due.
    pub criterion: Criterion,
    /// Due at once above this many bytes (`maxsize`).
    pub max_size: Option<u64>,
    /// Not due below this many bytes (`minsize`).
    pub min_size: Option<u64>,
    /// Not due until unmodified for more than this many days (`minage`); 0 is off.
    pub min_age: u32,
    /// An empty log is rotated, too (`ifempty`).
    pub if_empty: bool,
    /// A log that does not exist is no error (`missingok`).
    pub missing_ok: bool,
    /// A log with several hard links is rotated all the same (`allowhardlink`).
    pub allow_hardlink: bool,
    /// A log that an earlier stanza has is dropped without an error (`ignoreduplicates`).
    pub ignore_duplicates: bool,
    pub method: Method,
    /// Which archives stay.
    pub retention: Retention,
    pub budgets: Budgets,
    pub naming: Naming,
    pub formerly: Formerly,
    /// Whether and how archives are compressed; `None` is `nocompress`.
    pub compression: Option<Compression>,
    /// `delaycompress` was given though there is no compression: worth a warning when a log is rotated.
    pub delay_without_compression: bool,
    /// The program that undoes compression for mail.
    pub uncompress_command: PathBuf,
    /// Where archives go, if not beside the log.
    pub old_dir: Option<OldDir>,
    pub scripts: Scripts,
    /// To whom archives are mailed, and which.
    pub mail: Option<Mail>,
    /// Overwrite before unlinking, with this many passes (0: the program's default).
    pub shred: Option<u32>,
    /// Whose rights the stanza's file work is done with.
    pub su: Option<Su>,
}

/// The criterion that makes a log due; of several the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// Size in bytes is at least this.
    Size(u64),
    /// More than this many whole minutes have gone by.
    Minutes(u32),
    /// Another hour has begun.
    Hourly,
    /// Another day has begun.
    Daily,
    /// Seven days have gone by, or it is this weekday (0 Sunday … 6 Saturday; 7: only every seven days).
    Weekly(u8),
    /// Another month has begun (0), or it is this day of the month or its last.
    Monthly(u8),
    /// Another year has begun.
    Yearly,
}

impl Criterion {
    /// Returns the setting that makes it.
    #[must_use]
    pub fn setting(self) -> Setting {
        match self {
            Self::Size(_) => Setting::Size,
            Self::Minutes(_) => Setting::Minutes,
            Self::Hourly => Setting::Hourly,
            Self::Daily => Setting::Daily,
            Self::Weekly(_) => Setting::Weekly,
            Self::Monthly(_) => Setting::Monthly,
            Self::Yearly => Setting::Yearly,
        }
    }
}

/// How the log becomes the newest archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// The log is renamed; a successor is made if `create` says so.
    Rename {
        /// What the new empty log looks like.
        successor: Option<Ownership>,
    },
    /// The log is copied and then cut off; with `copy` as well this wins.
    CopyTruncate,
    /// The log is copied and left alone.
    Copy,
    /// The log is renamed to `LOG.tmp`, and copied after postrotate (`renamecopy`).
    RenameThenCopy {
        /// What the new empty log looks like.
        successor: Option<Ownership>,
    },
}

/// Mode and owner of something to be made; what is `None` is taken from its model (the old log, or the process).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    pub mode: Option<Mode>,
    pub user: Option<UserId>,
    pub group: Option<GroupId>,
}

/// How many archives stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All (`rotate -1`).
    All,
    /// This many (`rotate N`).
    Count(u32),
}

/// Which archives stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub keep: Keep,
    /// Somebody said how many (`rotate`), and not nobody.
    pub is_said: bool,
    /// The number of the newest archive (`start`).
    pub start: u32,
    /// Archives older than this many days go (`maxage`); 0 is off.
    pub max_age: u32,
    /// No archive younger than this many days goes because of its number, or for room, where it is given (`minretain`).
    pub min_age: Option<u32>,
    /// Count and age hold in every run, for all archives, however they were named (`prune`).
    pub prune: bool,
}

/// How much of the disk logs may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// What logs and archives may take up together, in bytes (`maxtotalsize`): all logs with the limit of one line share it.
    pub max_total: Option<Limit<u64>>,
    /// What must stay free for others (`minfree`).
    pub min_free: Option<Limit<Free>>,
    /// So many of a log's newest archives are never given (`minrotate`).
    pub keep: Keep,
}

/// A limit, and the line that sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit<T> {
    pub amount: T,
    pub declared_at: Place,
}

/// How much of a file system is to be free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Free {
    Bytes(u64),
    /// Of the file system's size, 1 to 99.
    Percent(u8),
}

/// How archives are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    pub style: NamingStyle,
    /// `extension`: kept at the end of the archive's name if the log's name ends in it.
    pub extension: Option<OsString>,
    /// `addextension`: taken off the log's name if there, and always put at the end of the archive's.
    pub add_extension: Option<OsString>,
    /// The raw `dateformat`, given even where `dateext` is off (its length is checked all the same).
    pub date_format: Option<OsString>,
}

/// Ways in which archives were once named, beside those that anybody would guess (`formerly`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the word of its name behind the directive")]
pub struct Formerly {
    pub date_formats: Vec<OsString>,
    pub extensions: Vec<OsString>,
    pub add_extensions: Vec<OsString>,
    pub compress_extensions: Vec<OsString>,
    /// Relative to the log's directory unless absolute.
    pub old_dirs: Vec<PathBuf>,
    /// Paths that the stanza's one log had.
    pub paths: Vec<PathBuf>,
}

/// By number or by date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamingStyle {
    /// `BASE.1`, `BASE.2`, …
    Numbered,
    /// `BASE` and the formatted date (`dateext`).
    Dated {
        /// The day before is named (`dateyesterday`).
        yesterday: bool,
        /// The hour before is named (`datehourago`).
        hour_ago: bool,
    },
}

/// When an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressWhen {
    /// In the rotation that makes it.
    Now,
    /// In the next rotation (`delaycompress`).
    NextTime,
}

/// Whether and how archives are compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    pub when: CompressWhen,
    /// The program (`compresscmd`), as written; the built-in engine may stand in for it.
    pub command: PathBuf,
    /// Its arguments (`compressoptions`).
    pub options: Vec<OsString>,
    /// What is put behind the name (`compressext`).
    pub suffix: OsString,
}

/// The directory for archives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldDir {
    /// As written, `~` expanded; relative to the log's directory unless absolute.
    pub path: PathBuf,
    /// It is made if missing (`createolddir`), mode 0755 unless given.
    pub create: Option<Ownership>,
    /// Where it was set, for messages.
    pub declared_at: Option<Place>,
}

impl Policy {
    /// Tells whether what a log holds is deleted at its rotation, and nobody said that it should be: `rotate` is nowhere.
    #[must_use]
    pub fn keeps_nothing_unsaid(&self) -> bool {
        !self.retention.is_said && self.mail.is_none() && self.method != Method::Copy
    }
}

impl OldDir {
    /// Returns the directory as it was opened; `None` where it is missing, and is made before it is needed.
    ///
    /// # Errors
    /// Whatever else kept it from being opened.
    pub fn if_there<D>(&self, opened: Result<D, Fault>) -> Result<Option<D>, Fault> {
        match opened {
            Err(Fault::Call(error)) if error.is_absence() && self.create.is_some() => Ok(None),
            opened => opened.map(Some),
        }
    }
}

/// The scripts of a stanza: shell text, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// Once before all.
    pub first_action: Option<Arc<[u8]>>,
    /// Before a log is touched.
    pub pre_rotate: Option<Arc<[u8]>>,
    /// After a log was switched.
    pub post_rotate: Option<Arc<[u8]>>,
    /// Once after all.
    pub last_action: Option<Arc<[u8]>>,
    /// Before a file is removed.
    pub pre_remove: Option<Arc<[u8]>>,
    /// prerotate and postrotate run once for the stanza (`sharedscripts`).
    pub shared: bool,
    /// Seconds a script may take (`scripttimeout`, ours); `None` is no limit.
    pub timeout: Option<u32>,
}

/// Mail of archives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address, one word.
    pub address: OsString,
    pub which: MailWhich,
}

/// Which archive is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailWhich {
    /// The one just made (`mailfirst`).
    First,
    /// The one about to be removed (`maillast`).
    Last,
}

/// Whose rights the stanza's file work is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Su {
    /// These (`su USER GROUP`).
    Named(Identity),
    /// The owner and group of the log's directory (`su owner`, ours).
    DirectoryOwner,
}
