//! The command line as meant: what a run, a check or a look is to do, nothing left to look up.

use std::fmt;
use std::path::PathBuf;

use super::args::{Format, Shell, Sort};
use crate::exit::Exit;
use crate::report::style::Colours;
use crate::session::{Options, Run};

/// What `--check` is to do.
#[derive(Clone, Debug)]
pub struct CheckRequest {
    /// Configuration files and directories, in order.
    pub configs: Vec<PathBuf>,
    /// The main configuration whose drop-ins these are.
    pub with: Option<PathBuf>,
    /// Codes of warnings that are left out.
    pub allow: Vec<&'static str>,
    /// Warnings count.
    pub strict: bool,
    /// Nothing of this machine is looked up.
    pub offline: bool,
    pub format: Format,
    pub color: Colours,
    pub mail_program: PathBuf,
}

/// What `--status` or `--explain` is to do.
#[derive(Clone, Debug)]
pub struct ViewRequest {
    /// Configuration files and directories, in order; the usual one where none is named.
    pub configs: Vec<PathBuf>,
    /// How a session works that rehearses what is shown.
    pub session: Options,
    /// The one log to explain; all logs' status otherwise.
    pub explain: Option<PathBuf>,
    /// Show what lies about.
    pub orphans: bool,
    /// What nobody manages is shown: below these directories, or below the usual ones where none is named.
    pub unmanaged: Option<Vec<PathBuf>>,
    pub sort: Sort,
    pub json: bool,
    /// `-f`: explain what a forced run would do.
    pub force: bool,
    pub color: Colours,
}

/// A run as meant: nothing left to look up.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub run: Run,
    pub verbose: bool,
    /// Where everything is written besides stderr.
    pub log: Option<PathBuf>,
    /// One JSON object on stdout tells of the run.
    pub json: bool,
    pub metrics: Option<PathBuf>,
    pub color: Colours,
}

/// What a command line asks for.
#[derive(Clone, Debug)]
pub enum Asked {
    Run(Box<Invocation>),
    Check(CheckRequest),
    View(ViewRequest),
    Completions(Shell),
    /// A text on stdout.
    Show(String),
}

/// Why a command line asks for nothing that can be done: no configuration named, options that exclude each other, a bad option.
#[derive(Debug)]
pub struct Refused {
    /// What is said on stderr.
    pub text: String,
    pub exit: Exit,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refused {}
