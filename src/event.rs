//! What a run has to tell, as data: one value a happening, in order. `report` has the words.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::clock::Stamp;
use crate::diag::{Diagnostic, Place, Severity};
use crate::fault::{Fault, Hook};
use crate::naming::family::Strange;
use crate::obstacle::{ArchiveObstacle, PassedOver, kind};
use crate::policy::{Free, Limit, Policy};
use crate::prune::Cause;
use crate::schedule::{self, Verdict};
use crate::state::StateProblem;
use crate::store::StoreError;
use crate::sys::truncate::CutWay;
use crate::unix::{GroupId, Mode, UserId};

mod budget;

pub use budget::{Budgets, NoRoom, PoolState, RoomState};

/// Something that happened, or was decided, or would be done, and what it is about.
#[derive(Clone, Debug)]
pub struct Event {
    /// What it is about.
    pub about: About,
    /// What happened.
    pub what: What,
}

impl Event {
    /// Makes an event of the run as a whole.
    #[must_use]
    pub fn of_run(what: What) -> Self {
        let about = About::Run;
        Self { about, what }
    }

    /// Returns how much it weighs. This alone decides who hears of it, and how it is marked.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match &self.what {
            What::Config(diagnostic) => diagnostic.severity,
            What::State(problem) => problem.severity(),
            What::Failed(_) | What::NoState(_) | What::Ending(_) | What::ShortOfRoom(..) => Severity::Error,
            What::Obstacle(obstacle) if obstacle.what.is_error() => Severity::Error,
            What::LogFileFailed(Fault::Call(_)) => Severity::Warning,
            What::LogFileFailed(_) => Severity::Error,
            What::Decided {
                verdict: Verdict::Rotate(schedule::Cause::Future),
                ..
            } => Severity::Warning,
            What::DryRun
            | What::DelayWithoutCompression
            | What::NothingRemoved
            | What::NothingKept
            | What::NoSuchLog(_)
            | What::CompressorSaid { .. }
            | What::WriterDoesNotAppend
            | What::OverTotal(_)
            | What::Obstacle(_)
            | What::MovedAside { .. }
            | What::AlreadyGone(_)
            | What::ShredFailed { .. } => Severity::Warning,
            What::Handling(_)
            | What::Stanza { .. }
            | What::NoLogs
            | What::NotLookedAt
            | What::Considering
            | What::NewState
            | What::Times { .. }
            | What::Decided { .. }
            | What::PassedOver(_)
            | What::Script { .. }
            | What::ScriptNotNeeded(_)
            | What::Rotating(_)
            | What::Step(_)
            | What::Compressed { .. }
            | What::Switched(_)
            | What::Rotated { .. }
            | What::CutWay(_)
            | What::Removed { .. }
            | What::KeepingHouse
            | What::Discarded { .. }
            | What::Kept { .. }
            | What::Budgets(_)
            | What::Recovered
            | What::Summary(_) => Severity::Note,
        }
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The run as a whole.
    Run,
    /// A stanza as a whole, by where it stands.
    Stanza(Place),
    /// A log.
    Log(Arc<Path>),
}

/// What happened, or was decided, or would be done.
#[derive(Clone, Debug)]
pub enum What {
    /// The run changes nothing.
    DryRun,
    Config(Diagnostic),
    /// This many stanzas are handled.
    Handling(usize),
    /// The stanza's turn has come: its logs are those that are told of from here on for the first time.
    Stanza {
        /// Its path list as written.
        written: Arc<[u8]>,
        policy: Arc<Policy>,
        /// `-f`.
        forced: bool,
    },
    /// The stanza has no logs.
    NoLogs,
    /// The log is not looked at, since its whole stanza failed.
    NotLookedAt,
    /// The log is looked at.
    Considering,
    /// The log is seen for the first time.
    NewState,
    /// What the decision compares.
    Times {
        now: Stamp,
        last: Stamp,
    },
    /// The decision.
    Decided {
        verdict: Verdict,
        /// The log's size in bytes.
        size: u64,
    },
    /// The log is passed over without an error.
    PassedOver(PassedOver),
    /// A script is about to run (or would).
    Script {
        hook: Hook,
        /// Its text and arguments, shown in a dry run.
        rehearsed: Option<(Arc<[u8]>, Vec<OsString>)>,
    },
    /// A script of the stanza does not run: nothing was, or will be, rotated.
    ScriptNotNeeded(Hook),
    /// The log's rotation begins; so many archives stay, -1 for all.
    Rotating(i64),
    /// A forced rotation deletes what the log holds, since `rotate` is nowhere: it is in a file that was not named, perhaps.
    NothingKept,
    /// No log of the configuration matches this pattern of `--only`.
    NoSuchLog(OsString),
    /// `delaycompress` has no meaning here.
    DelayWithoutCompression,
    /// One step of a rotation, as it is begun (or would be).
    Step(Doing),
    Compressed {
        /// Its compressed name.
        path: PathBuf,
        /// It is what the log has become, and not an older one.
        is_newest: bool,
        /// Its size in bytes.
        bytes: u64,
    },
    /// The log has become this archive, which is not compressed yet.
    Switched(PathBuf),
    /// The rotation came to its end.
    Rotated {
        /// Something failed after its switch.
        failed: bool,
    },
    /// What a compressor said on stderr.
    CompressorSaid {
        path: PathBuf,
        said: Vec<u8>,
    },
    /// The log was cut this way.
    CutWay(CutWay),
    /// The log grew a hole after it was cut: somebody writes without `O_APPEND`.
    WriterDoesNotAppend,
    Obstacle(ArchiveObstacle),
    /// Something that exists was moved out of the way.
    MovedAside {
        path: PathBuf,
        to: PathBuf,
    },
    AlreadyGone(PathBuf),
    /// `shred` failed; the file was unlinked all the same.
    ShredFailed {
        path: PathBuf,
        said: Vec<u8>,
    },
    /// A rotation has removed an archive.
    Removed {
        /// Its size in bytes.
        bytes: u64,
    },
    /// From here on nothing is rotated: archives go that no rotation removes.
    KeepingHouse,
    /// No archive goes by `prune` or for a budget in this run: the configuration was not read whole.
    NothingRemoved,
    /// An archive went that no rotation removes.
    Discarded {
        path: PathBuf,
        /// Its size in bytes.
        bytes: u64,
        reason: Reason,
    },
    /// An archive stays that would have gone otherwise.
    Kept {
        path: PathBuf,
        why: Stay,
    },
    /// The logs that share a limit take up more than it, and what is left may not go.
    OverTotal(PoolState),
    /// Less is free on a file system than is wanted. The exit status is 1.
    ShortOfRoom(RoomState, NoRoom),
    /// What all budgets came to.
    Budgets(Arc<Budgets>),
    /// What a dead run left of the log's rotation was finished.
    Recovered,
    /// Something failed. The exit status is 1.
    Failed(Fault),
    /// Something about the state file.
    State(StateProblem),
    /// There is no state to work with: nothing is rotated.
    NoState(StoreError),
    /// A signal asked the run to end. The exit status is 1.
    Ending(i32),
    /// The log file of `--log` could not be opened; the run goes on without.
    LogFileFailed(Fault),
    Summary(Summary),
}

/// A run in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    pub rotated: usize,
    /// Logs of which something failed.
    pub failed: usize,
    /// Logs that were not due, or were passed over.
    pub left: usize,
    /// Bytes of the rotated logs before.
    pub before: u64,
    /// Bytes of their newest archives after; where one is not compressed it counts as before.
    pub after: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl What {
    /// Returns the word for other programs where this tells of an obstacle: something wrong with an archive, or in a log's way.
    #[must_use]
    pub fn obstacle_kind(&self) -> Option<&'static str> {
        match self {
            Self::Obstacle(obstacle) => Some(obstacle.what.word()),
            Self::MovedAside { .. } | Self::Failed(Fault::DestinationExists(_) | Fault::DestinationHeld(_)) => {
                Some(kind::IN_THE_WAY)
            }
            Self::ShredFailed { .. } => Some(kind::NOT_SHREDDED),
            Self::Failed(fault) => fault.is_of_directory().then_some(kind::NOT_WRITABLE),
            _ => None,
        }
    }
}

/// A step, with its paths as a person would write them.
#[derive(Clone, Debug)]
pub enum Doing {
    MakeDir(PathBuf),
    /// Compresses with the program (or its stand-in).
    Compress {
        with: PathBuf,
        path: PathBuf,
        /// Why it is not put off, as it was to be.
        before_its_time: Option<Reason>,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Copy {
        from: PathBuf,
        to: PathBuf,
    },
    /// Does not copy the log to here, since nothing would be kept.
    SkipCopy(PathBuf),
    /// Cuts off the log.
    Truncate,
    /// Leaves the log as it is, after a copy.
    LeaveUncut,
    Create {
        mode: Mode,
        user: UserId,
        group: GroupId,
    },
    Mail {
        path: PathBuf,
        address: OsString,
    },
    /// Moves aside what is in the way of archives and is none.
    MoveAside(PathBuf),
    GiveUpMail(PathBuf),
    Remove(PathBuf),
    /// Removes an archive that no rotation removes.
    Discard {
        path: PathBuf,
        reason: Reason,
    },
    /// Removes `renamecopy`'s temporary log.
    RemoveInterim(PathBuf),
}

/// Why an archive goes that no rotation removes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `prune`, or a run that was asked to.
    Pruned {
        cause: Cause,
        /// Where the stanza stands.
        stanza: Place,
    },
    /// The logs that share a limit, and their archives, take up so much more than it (`maxtotalsize`).
    OverTotal {
        bytes: u64,
        limit: Limit<u64>,
        /// How large some archives will be is not known: perhaps it stays.
        is_guess: bool,
    },
    /// So much less is free on a file system than is wanted (`minfree`).
    ShortOfRoom {
        bytes: u64,
        wanted: Limit<Free>,
        mount: PathBuf,
        /// It is not what is wanted for others: a rotation cannot go on without.
        is_for_rotation: bool,
        /// See above.
        is_guess: bool,
    },
}

/// What housekeeping removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub files: usize,
    /// Their sizes, taken together.
    pub bytes: u64,
    /// Files that are named like archives, and were left alone.
    pub strangers: usize,
}

/// Why an archive stays that would have gone otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stay {
    /// It is younger than so many days (`minretain`).
    Young(u32),
    /// A program writes to it.
    Written {
        /// The program, where it is known.
        by: Option<String>,
    },
    /// It is another file than it was, or has another size.
    Changed,
    /// A program has it open: as long as it does so, it would give no room back.
    Open,
    /// It could not be sent when it was new: rotations see to it.
    Unsent,
    /// Nothing says that it is an archive of this log, and not somebody else's file.
    Stranger(Strange),
}

/// How far a long compression is.
#[derive(Clone, Copy, Debug)]
pub struct Pacing<'a> {
    /// The archive.
    pub path: &'a Path,
    /// Its size in bytes.
    pub size: u64,
    /// Bytes of it that were read so far; `None` at the end.
    pub read: Option<u64>,
}

/// Who wants to hear what happens. Workers speak, too.
pub trait Listener: std::fmt::Debug + Send + Sync {
    /// Takes note.
    fn hear(&self, event: Event);

    /// Answers whether anybody wants to hear notes, which are told only to those who want to know all.
    fn hears_notes(&self) -> bool {
        true
    }

    /// Takes note of something that happened a little earlier, in a worker.
    fn hear_late(&self, event: Event, _at: Instant) {
        self.hear(event);
    }

    /// Watches a long compression. It comes from any thread, and at once.
    fn pace(&self, _pacing: Pacing<'_>) {}
}

/// A listener as whoever works on one log has it: what it hears is about that log.
#[derive(Debug)]
pub struct LogListener<'l> {
    log: &'l Arc<Path>,
    listener: &'l dyn Listener,
}

impl<'l> LogListener<'l> {
    /// Has the listener hear of a log.
    #[must_use]
    pub fn new(log: &'l Arc<Path>, listener: &'l dyn Listener) -> Self {
        Self { log, listener }
    }

    /// Takes note.
    pub fn hear(&self, what: What) {
        let about = About::Log(Arc::clone(self.log));
        self.listener.hear(Event { about, what });
    }

    /// Answers whether anybody wants to hear notes.
    #[must_use]
    pub fn hears_notes(&self) -> bool {
        self.listener.hears_notes()
    }

    /// Takes note of what is made only where anybody wants to hear notes.
    pub fn note(&self, make: impl FnOnce() -> What) {
        if self.hears_notes() {
            self.hear(make());
        }
    }
}
