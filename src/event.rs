//! What a run has to tell, as data: one value a happening, in order. `report` has the words.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::clock::Stamp;
use crate::diag::{Diagnostic, Place};
use crate::fault::{Fault, Hook};
use crate::obstacle::{ArchiveObstacle, PassedOver};
use crate::policy::Policy;
use crate::schedule::Verdict;
use crate::sys::truncate::CutWay;
use crate::unix::{GroupId, Mode, UserId};

/// Something that happened, or was decided, or would be done.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run changes nothing.
    DryRun,
    /// Something about the configuration.
    Config(Diagnostic),
    /// This many stanzas are handled.
    Handling(usize),
    /// A stanza's turn has come.
    Set {
        /// Its path list as written.
        written: Arc<[u8]>,
        /// What happens to its logs.
        policy: Arc<Policy>,
        /// `-f`.
        forced: bool,
        /// Where it stands: file and line.
        place: Place,
    },
    /// A stanza has no logs.
    NoLogs,
    /// A log is looked at.
    Considering(PathBuf),
    /// The log is seen for the first time.
    NewState,
    /// What the decision compares.
    Times {
        /// The instant of the run.
        now: Stamp,
        /// The state's entry.
        last: Stamp,
    },
    /// The decision.
    Decided {
        /// The log.
        log: PathBuf,
        /// What was decided.
        verdict: Verdict,
        /// Its size in bytes.
        size: u64,
    },
    /// A log is passed over without an error.
    PassedOver {
        /// The log.
        log: PathBuf,
        /// Why.
        why: PassedOver,
    },
    /// A script is about to run (or would).
    Script {
        /// Which.
        hook: Hook,
        /// Its text and arguments, shown in a dry run.
        rehearsed: Option<(Arc<[u8]>, Vec<OsString>)>,
    },
    /// A script of a set does not run: nothing was, or will be, rotated.
    ScriptNotNeeded(Hook),
    /// A log's rotation begins.
    Rotating {
        /// The log.
        log: PathBuf,
        /// How many archives stay; -1 for all.
        count: i64,
    },
    /// `delaycompress` has no meaning here.
    DelayWithoutCompression(PathBuf),
    /// One step of a rotation, as it is begun (or would be).
    Step(Doing),
    /// From here on it is about this log, until another's turn comes.
    Turn(PathBuf),
    /// From here on it is about the stanza as a whole.
    TurnOfSet,
    /// From here on it is about the run as a whole.
    TurnOfRun,
    /// An archive was compressed.
    Compressed {
        /// Its compressed name.
        path: PathBuf,
        /// Bytes before.
        from: u64,
        /// Bytes after.
        to: u64,
    },
    /// The log has become its archive.
    Switched {
        /// The log.
        log: PathBuf,
        /// Its newest archive, before compression.
        archive: PathBuf,
    },
    /// A rotation came to its end.
    Rotated {
        /// The log.
        log: PathBuf,
        /// Something failed after its switch.
        failed: bool,
    },
    /// What a compressor said on stderr.
    CompressorSaid {
        /// The archive.
        path: PathBuf,
        /// Its words.
        said: Vec<u8>,
    },
    /// The log was cut this way.
    CutWay {
        /// The log.
        log: PathBuf,
        /// How.
        way: CutWay,
    },
    /// The log grew a hole after it was cut: somebody writes without `O_APPEND`.
    WriterDoesNotAppend(PathBuf),
    /// Something is wrong with an archive.
    Obstacle(ArchiveObstacle),
    /// Something that exists was moved out of the way.
    MovedAside {
        /// What was in the way.
        path: PathBuf,
        /// Where it is now.
        to: PathBuf,
    },
    /// A file was gone before it could be removed.
    AlreadyGone(PathBuf),
    /// `shred` failed; the file was unlinked all the same.
    ShredFailed {
        /// The file.
        path: PathBuf,
        /// What the program said.
        said: Vec<u8>,
    },
    /// What a dead run left was cleared or finished.
    Recovered(PathBuf),
    /// Something failed. The exit status is 1.
    Failed(Fault),
    /// Something about the state file.
    State(crate::state::problem::StateProblem),
    /// There is no state to work with: nothing is rotated.
    NoState(crate::store::StoreError),
    /// A signal asked the run to end. The exit status is 1.
    Ending(i32),
    /// The log file of `--log` could not be opened; the run goes on without.
    LogFileFailed(Fault),
    /// What the run came to.
    Summary(Summary),
}

/// A run in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Logs rotated.
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

/// A step, with its paths as a person would write them.
#[derive(Clone, Debug)]
pub enum Doing {
    /// Makes the archives' directory.
    MakeDir(PathBuf),
    /// Compresses with the program (or its stand-in).
    Compress {
        /// The program.
        with: PathBuf,
        /// The archive.
        path: PathBuf,
    },
    /// Renames.
    Rename {
        /// From.
        from: PathBuf,
        /// To.
        to: PathBuf,
    },
    /// Copies.
    Copy {
        /// From.
        from: PathBuf,
        /// To.
        to: PathBuf,
    },
    /// Does not copy, since nothing would be kept.
    SkipCopy {
        /// From.
        from: PathBuf,
        /// To.
        to: PathBuf,
    },
    /// Cuts off the log.
    Truncate(PathBuf),
    /// Leaves the log as it is, after a copy.
    LeaveUncut(PathBuf),
    /// Makes a new log.
    Create {
        /// The log.
        path: PathBuf,
        /// Its mode.
        mode: Mode,
        /// Its owner.
        user: UserId,
        /// Its group.
        group: GroupId,
    },
    /// Mails.
    Mail {
        /// The archive.
        path: PathBuf,
        /// To whom.
        address: OsString,
    },
    /// Moves aside what is in the way of archives and is none.
    MoveAside(PathBuf),
    /// Gives up sending an archive.
    GiveUpMail(PathBuf),
    /// Removes an archive.
    Remove(PathBuf),
    /// Removes `renamecopy`'s temporary log.
    RemoveInterim(PathBuf),
}

/// How far a long compression is.
#[derive(Clone, Copy, Debug)]
pub struct Pacing<'a> {
    /// The archive.
    pub path: &'a std::path::Path,
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

impl dyn Listener + '_ {
    /// Makes a note and tells it, where anybody wants to hear notes.
    pub fn note(&self, make: impl FnOnce() -> Event) {
        if self.hears_notes() {
            self.hear(make());
        }
    }
}
