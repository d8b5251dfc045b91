//! The command line as typed: its definition, and the words that options take.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{ArgAction, Parser, ValueEnum};

use super::DEFAULT_MAIL;
use crate::lint::allowance;
use crate::report::style::Colours;
use crate::report::usage;

/// Rotates, compresses, mails and removes logs, as the configuration files say.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "logrotate",
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100,
    after_help = "More is in the manuals: man 8 logrotate, man 5 logrotate.conf."
)]
pub struct Args {
    /// Configuration files, and directories of them
    #[arg(value_name = "CONFIG")]
    pub(super) configs: Vec<PathBuf>,
    /// Change nothing, and show what a run would do
    #[arg(short, long, action = ArgAction::SetTrue, overrides_with = "debug")]
    pub(super) debug: bool,
    /// Rotate even if it is not due
    #[arg(short, long, overrides_with = "force")]
    pub(super) force: bool,
    /// Program that sends mail, run as COMMAND -s SUBJECT ADDRESS
    #[arg(short, long, value_name = "COMMAND", overrides_with = "mail", default_value = DEFAULT_MAIL)]
    pub(super) mail: PathBuf,
    /// State file (of root: /var/lib/logrotate/status)
    #[arg(short, long, value_name = "FILE", overrides_with = "state")]
    pub(super) state: Option<PathBuf>,
    /// Do not lock the state file
    #[arg(long, overrides_with = "skip_state_lock")]
    pub(super) skip_state_lock: bool,
    /// Wait until the state file is free (for at most SECONDS)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, overrides_with = "wait_for_state_lock")]
    pub(super) wait_for_state_lock: Option<Option<u64>>,
    /// Tell what is done
    #[arg(short, long, overrides_with = "verbose")]
    pub(super) verbose: bool,
    /// Also write everything to FILE, or to the system log if it is "syslog"
    #[arg(short, long, value_name = "FILE", overrides_with = "log")]
    pub(super) log: Option<PathBuf>,
    /// Finish rotations with so many workers (1: strictly one after another)
    #[arg(long, value_name = "N", overrides_with = "jobs")]
    pub(super) jobs: Option<NonZero<usize>>,
    /// Always run the compress program, also where it is built in
    #[arg(long, overrides_with = "external_compress")]
    pub(super) external_compress: bool,
    /// Rotate only logs that match PATTERN (a path or a glob); may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(super) only: Vec<OsString>,
    /// Rotate nothing: remove what rotate and maxage do not keep, however it was named
    #[arg(long, conflicts_with_all = ["check", "force"], overrides_with = "prune")]
    pub(super) prune: bool,
    /// Read everything, change and run nothing, and report all problems
    #[arg(long, overrides_with = "check")]
    pub(super) check: bool,
    /// With --check: warnings count as errors
    #[arg(long, requires = "check", overrides_with = "strict")]
    pub(super) strict: bool,
    /// With --check: look up no users, files or globs
    #[arg(long, requires = "check", overrides_with = "offline")]
    pub(super) offline: bool,
    /// With --check: CONFIG is a drop-in that FILE includes, and is checked with the defaults that it meets there
    #[arg(long, value_name = "FILE", requires_all = ["check", "configs"], overrides_with = "with")]
    pub(super) with: Option<PathBuf>,
    /// With --check: leave out the warnings of this code; may be given several times
    #[arg(long, value_name = "CODE", requires = "check", value_parser = code_of_a_warning)]
    pub(super) allow: Vec<&'static str>,
    /// With --check: how problems are written
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        requires = "check",
        overrides_with = "format",
        default_value = "text"
    )]
    pub(super) format: Format,
    /// Show every log that the configuration manages: size, last and next rotation, archives
    #[arg(long, conflicts_with_all = ["check", "prune"], overrides_with = "status")]
    pub(super) status: bool,
    /// With --status: show instead the archives that nothing removes, why, and what would end it
    #[arg(long, requires = "status", conflicts_with_all = ["sort", "unmanaged"], overrides_with = "orphans")]
    pub(super) orphans: bool,
    /// With --status: what the table is sorted by
    #[arg(
        long,
        value_enum,
        value_name = "KEY",
        requires = "status",
        overrides_with = "sort",
        default_value = "path"
    )]
    pub(super) sort: Sort,
    /// With --status: show instead the large files that no stanza takes, below /var/log and beside logs, or below each DIR
    #[arg(long, value_name = "DIR", num_args = 0.., requires = "status", conflicts_with = "sort")]
    pub(super) unmanaged: Option<Vec<PathBuf>>,
    /// Show for one log: its stanza, every setting and where it was made, the verdict and the plan
    #[arg(long, value_name = "LOG", conflicts_with_all = ["check", "prune", "status"], overrides_with = "explain")]
    pub(super) explain: Option<PathBuf>,
    /// Write one JSON object to stdout: of a run (real or dry), or of --status, --explain or --check
    #[arg(long, conflicts_with = "format", overrides_with = "json")]
    pub(super) json: bool,
    /// At the end, write what a run did to FILE as metrics for node_exporter's textfile collector
    #[arg(long, value_name = "FILE", overrides_with = "metrics")]
    pub(super) metrics: Option<PathBuf>,
    /// When to use colours
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        overrides_with = "color",
        default_value = "auto"
    )]
    pub(super) color: Colours,
    /// Write completions for a shell to stdout
    #[arg(long, value_enum, value_name = "SHELL")]
    pub(super) completions: Option<Shell>,
    /// Show the version and the defaults
    #[arg(long)]
    pub(super) version: bool,
    /// Show this help
    #[arg(short = '?', long)]
    pub(super) help: bool,
    /// Show a short help
    #[arg(long)]
    pub(super) usage: bool,
}

fn code_of_a_warning(word: &str) -> Result<&'static str, &'static str> {
    allowance::code(word.as_bytes()).ok_or(usage::NO_CODE)
}

/// How `--check` writes what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the line, and a caret under what is wrong.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, for code-scanning services.
    Sarif,
    /// Workflow annotations.
    Github,
}

/// What `--status` sorts by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// By the log's path.
    #[default]
    Path,
    /// By the log's size, the largest first.
    Size,
    /// By the last rotation, the oldest first.
    Last,
    /// By the next rotation, the soonest first.
    Next,
    /// By what its archives take up, the largest first.
    Archives,
}

// When colours are used; the words are the command line's.
impl ValueEnum for Colours {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Always, Self::Never]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => PossibleValue::new("auto").help("In a terminal, unless `NO_COLOR` is set"),
            Self::Always => PossibleValue::new("always").help("Always"),
            Self::Never => PossibleValue::new("never").help("Never"),
        })
    }
}

/// A shell that completions can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
}
