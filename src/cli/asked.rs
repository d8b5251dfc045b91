//! The command line as meant: what a run, a check or a look is to do, nothing left to look up.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;

use super::args::{Format, Shell, Sort};
use crate::report::style::Colours;
use crate::store::LockMode;

/// What `--check` is to do.
#[derive(Clone, Debug)]
pub struct CheckRequest {
    /// Configuration files and directories, in order.
    pub configs: Vec<PathBuf>,
    /// Warnings count.
    pub strict: bool,
    /// Nothing of this machine is looked up.
    pub offline: bool,
    /// How problems are written.
    pub format: Format,
    /// When colours are used.
    pub color: Colours,
    /// The program that a run sends mail with.
    pub mail_program: PathBuf,
}

/// What `--status` or `--explain` is to do.
#[derive(Clone, Debug)]
pub struct ViewRequest {
    /// Configuration files and directories, in order; the usual one where none is named.
    pub configs: Vec<PathBuf>,
    /// The state file.
    pub state: PathBuf,
    /// The one log to explain; all logs' status otherwise.
    pub explain: Option<PathBuf>,
    /// What the table is sorted by.
    pub sort: Sort,
    /// As JSON.
    pub json: bool,
    /// `-f`: explain what a forced run would do.
    pub force: bool,
    /// When colours are used.
    pub color: Colours,
}

/// A run as meant: nothing left to look up.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Configuration files and directories, in order.
    pub configs: Vec<PathBuf>,
    /// Nothing is changed.
    pub dry_run: bool,
    /// Rotate even if not due.
    pub force: bool,
    /// Tell everything.
    pub verbose: bool,
    /// The program that sends mail.
    pub mail_program: PathBuf,
    /// The state file.
    pub state: PathBuf,
    /// It is the one that a user other than root has if none is named: its directory is made where it is missing.
    pub is_own_state: bool,
    /// How it is locked.
    pub lock: LockMode,
    /// Where everything is written besides stderr.
    pub log: Option<PathBuf>,
    /// How many workers finish rotations; `None`: as many as there are processors for the process.
    pub jobs: Option<NonZero<usize>>,
    /// Compression is left to the program named.
    pub external_compress: bool,
    /// Only logs that one of these matches are handled; empty means all.
    pub only: Vec<OsString>,
    /// One JSON object on stdout tells of the run.
    pub json: bool,
    /// Where metrics are written.
    pub metrics: Option<PathBuf>,
    /// When colours are used.
    pub color: Colours,
}

/// What a command line asks for.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A run.
    Run(Box<Invocation>),
    /// A report of all problems of a configuration.
    Check(CheckRequest),
    /// A look at what the configuration manages.
    View(ViewRequest),
    /// Completions for a shell, on stdout.
    Completions(Shell),
    /// A text on stdout.
    Show(String),
    /// A text on stderr, and the status 1: no configuration, or options that exclude each other.
    Refuse(String),
    /// A text on stderr, and the status 2.
    BadOption(String),
}
