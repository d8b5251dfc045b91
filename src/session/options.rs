//! What a session is given: nothing of the command line's words, and nothing left to look up.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;

use crate::store::LockMode;

/// How a session works.
#[derive(Clone, Debug)]
pub struct Options {
    pub state: PathBuf,
    /// It is the one that a user other than root has if none is named: its directory is made where it is missing.
    pub is_own_state: bool,
    pub lock: LockMode,
    /// Steps are told, and nothing is changed.
    pub dry_run: bool,
    /// How many workers finish rotations; `None`: as many as there are processors for the process.
    pub jobs: Option<NonZero<usize>>,
    pub mail_program: PathBuf,
    /// Compression is left to the program named.
    pub external_compress: bool,
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Run {
    /// Configuration files and directories, in order.
    pub configs: Vec<PathBuf>,
    /// Only logs that one of these matches are handled; empty means all.
    pub only: Vec<OsString>,
    /// Rotate even if not due.
    pub force: bool,
    /// Rotate nothing, and remove what no log's `rotate` and `maxage` keep.
    pub prune: bool,
    /// Answer what each stanza's archives hold.
    pub measure: bool,
    pub options: Options,
}
