//! The command line: as typed (`Args`), and as meant (`Invocation`).
//!
//! The same options as the reference's, their oddities (`-s=FILE`, `-?`) included, and ours, which are long.

use std::ffi::{OsStr, OsString};
use std::num::NonZero;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgAction, CommandFactory, Parser, ValueEnum};

use crate::report::style::Colours;

/// The state file of root, where none is named.
pub const DEFAULT_STATE: &str = "/var/lib/logrotate/status";
/// The configuration that is looked at, where none is named.
pub const DEFAULT_CONFIG: &str = "/etc/logrotate.conf";
/// The program that sends mail, where none is named.
pub const DEFAULT_MAIL: &str = "/usr/bin/mail";

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
    configs: Vec<PathBuf>,
    /// Change nothing, and show what a run would do
    #[arg(short, long, action = ArgAction::SetTrue, overrides_with = "debug")]
    debug: bool,
    /// Rotate even if it is not due
    #[arg(short, long, overrides_with = "force")]
    force: bool,
    /// Program that sends mail, run as COMMAND -s SUBJECT ADDRESS
    #[arg(short, long, value_name = "COMMAND", overrides_with = "mail", default_value = DEFAULT_MAIL)]
    mail: PathBuf,
    /// State file (of root: /var/lib/logrotate/status)
    #[arg(short, long, value_name = "FILE", overrides_with = "state")]
    state: Option<PathBuf>,
    /// Do not lock the state file
    #[arg(long, overrides_with = "skip_state_lock")]
    skip_state_lock: bool,
    /// Wait until the state file is free (for at most SECONDS)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, overrides_with = "wait_for_state_lock")]
    wait_for_state_lock: Option<Option<u64>>,
    /// Tell what is done
    #[arg(short, long, overrides_with = "verbose")]
    verbose: bool,
    /// Also write everything to FILE, or to the system log if it is "syslog"
    #[arg(short, long, value_name = "FILE", overrides_with = "log")]
    log: Option<PathBuf>,
    /// Finish rotations with so many workers (1: strictly one after another)
    #[arg(long, value_name = "N", overrides_with = "jobs")]
    jobs: Option<usize>,
    /// Always run the compress program, also where it is built in
    #[arg(long, overrides_with = "external_compress")]
    external_compress: bool,
    /// Rotate only logs that match PATTERN (a path or a glob); may be given several times
    #[arg(long, value_name = "PATTERN")]
    only: Vec<OsString>,
    /// Read everything, change and run nothing, and report all problems
    #[arg(long, overrides_with = "check")]
    check: bool,
    /// With --check: warnings count as errors
    #[arg(long, requires = "check", overrides_with = "strict")]
    strict: bool,
    /// With --check: look up no users, files or globs
    #[arg(long, requires = "check", overrides_with = "offline")]
    offline: bool,
    /// With --check: how problems are written
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        requires = "check",
        overrides_with = "format",
        default_value = "text"
    )]
    format: Format,
    /// Show every log that the configuration manages: size, last and next rotation, archives
    #[arg(long, conflicts_with = "check", overrides_with = "status")]
    status: bool,
    /// With --status: what the table is sorted by
    #[arg(
        long,
        value_enum,
        value_name = "KEY",
        requires = "status",
        overrides_with = "sort",
        default_value = "path"
    )]
    sort: Sort,
    /// Show for one log: its stanza, every setting and where it was made, the verdict and the plan
    #[arg(long, value_name = "LOG", conflicts_with_all = ["check", "status"], overrides_with = "explain")]
    explain: Option<PathBuf>,
    /// Write one JSON object to stdout: of a run (real or dry), or of --status or --explain
    #[arg(long, overrides_with = "json")]
    json: bool,
    /// At the end, write what a run did to FILE as metrics for node_exporter's textfile collector
    #[arg(long, value_name = "FILE", overrides_with = "metrics")]
    metrics: Option<PathBuf>,
    /// When to use colours
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        overrides_with = "color",
        default_value = "auto"
    )]
    color: Color,
    /// Write completions for a shell to stdout
    #[arg(long, value_enum, value_name = "SHELL", hide = true)]
    completions: Option<Shell>,
    /// Show the version and the defaults
    #[arg(long)]
    version: bool,
    /// Show this help
    #[arg(short = '?', long)]
    help: bool,
    /// Show a short help
    #[arg(long)]
    usage: bool,
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

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// In a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Color> for Colours {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
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
    pub color: Color,
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
    pub color: Color,
}

/// How the state file is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locking {
    /// Give up if another process has it.
    Try,
    /// Do not lock.
    Skip,
    /// Wait, for at most so long.
    Wait(Option<Duration>),
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
    pub locking: Locking,
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
    pub color: Color,
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

/// Understands the command line.
#[must_use]
pub fn understand(words: impl IntoIterator<Item = OsString>) -> Asked {
    let args = match Args::try_parse_from(words.into_iter().map(without_equals_sign)) {
        Ok(args) => args,
        Err(error) => return BadWord(&error).asked(),
    };
    if args.help {
        return Asked::Show(Args::command().render_help().to_string());
    }
    if args.usage {
        return Asked::Show(format!("{}\n", Args::command().render_usage()));
    }
    if args.version {
        return Asked::Show(version());
    }
    if let Some(shell) = args.completions {
        return Asked::Completions(shell);
    }
    if args.skip_state_lock && args.wait_for_state_lock.is_some() {
        let text = "options --skip-state-lock and --wait-for-state-lock are mutually exclusive";
        return Asked::Refuse(format!("error: {text}\n"));
    }
    let may_default = args.status || args.explain.is_some();
    if args.configs.is_empty() && !may_default {
        let usage = Args::command().render_usage();
        return Asked::Refuse(format!("{}\n{usage}\n", version().lines().next().unwrap_or_default()));
    }
    args.meant()
}

struct BadWord<'a>(&'a clap::Error);

impl BadWord<'_> {
    fn asked(&self) -> Asked {
        let text = self.0.to_string();
        let told = text.strip_prefix("error: ").unwrap_or(&text);
        match self.0.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Asked::Show(text),
            _ => Asked::BadOption(format!("logrotate: bad argument {told}")),
        }
    }
}

impl Args {
    fn meant(self) -> Asked {
        if self.check {
            let Self {
                configs,
                strict,
                offline,
                format,
                color,
                ..
            } = self;
            return Asked::Check(CheckRequest {
                configs,
                strict,
                offline,
                format,
                color,
            });
        }
        if self.status || self.explain.is_some() {
            return Asked::View(self.view());
        }
        let locking = match (self.skip_state_lock, self.wait_for_state_lock) {
            (true, _) => Locking::Skip,
            (false, Some(limit)) => Locking::Wait(limit.map(Duration::from_secs)),
            (false, None) => Locking::Try,
        };
        let is_own_state = self.state.is_none() && !crate::sys::identity::is_root();
        Asked::Run(Box::new(Invocation {
            configs: self.configs,
            dry_run: self.debug,
            force: self.force,
            verbose: self.verbose || self.debug,
            mail_program: self.mail,
            state: self.state.unwrap_or_else(default_state),
            is_own_state,
            locking,
            log: self.log,
            jobs: self
                .jobs
                .map(|jobs| NonZero::new(jobs).unwrap_or(NonZero::<usize>::MIN)),
            external_compress: self.external_compress,
            only: self.only,
            json: self.json,
            metrics: self.metrics,
            color: self.color,
        }))
    }

    fn view(self) -> ViewRequest {
        let configs = if self.configs.is_empty() {
            vec![PathBuf::from(DEFAULT_CONFIG)]
        } else {
            self.configs
        };
        let state = self.state.unwrap_or_else(default_state);
        let Self {
            explain,
            sort,
            json,
            force,
            color,
            ..
        } = self;
        ViewRequest {
            configs,
            state,
            explain,
            sort,
            json,
            force,
            color,
        }
    }
}

/// Root's is fixed; anybody else has his own, where his state belongs.
fn default_state() -> PathBuf {
    if crate::sys::identity::is_root() {
        return DEFAULT_STATE.into();
    }
    let named = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path: &PathBuf| path.is_absolute())
    };
    named("XDG_STATE_HOME")
        .or_else(|| named("HOME").map(|home| home.join(".local/state")))
        .map_or_else(|| DEFAULT_STATE.into(), |base| base.join("logrotate/status"))
}

/// Takes off the equals sign of `-s=FILE`: the reference reads it so.
fn without_equals_sign(word: OsString) -> OsString {
    let bytes = word.as_bytes();
    match bytes {
        [b'-', b's' | b'm' | b'l', b'=', value @ ..] => {
            let mut joined = bytes[..2].to_vec();
            joined.extend_from_slice(value);
            OsString::from_vec(joined)
        }
        _ => word,
    }
}

fn version() -> String {
    let known = |is: bool| if is { "yes" } else { "no" };
    format!(
        "logrotate {}\n\n    Default mail command:       {DEFAULT_MAIL}\n    Default compress command:   /bin/gzip\n    \
         Default uncompress command: /bin/gunzip\n    Default compress extension: .gz\n    \
         Default state file path:    {DEFAULT_STATE}\n    ACL support:                yes\n    \
         SELinux support:            {}\n",
        env!("CARGO_PKG_VERSION"),
        known(cfg!(feature = "selinux"))
    )
}

/// Returns the definition of the command line, for documents and completions.
#[must_use]
pub fn definition() -> clap::Command {
    Args::command()
}

/// Answers whether a path names the system log.
#[must_use]
pub fn is_syslog(path: &OsStr) -> bool {
    path == "syslog"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Invocation {
        let words = line.split_whitespace().map(OsString::from);
        match understand(std::iter::once(OsString::from("logrotate")).chain(words)) {
            Asked::Run(invocation) => *invocation,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_may_stand_anywhere_and_in_every_form_of_the_reference() {
        for line in [
            "-s /x/st -fv a",
            "a -s=/x/st -f -v",
            "-vf -s/x/st -- a",
            "--state=/x/st a --force --verbose",
            "-s /y -s /x/st a -f -v -v",
        ] {
            let run = run(line);
            assert_eq!(
                (run.state.as_path(), run.force, run.verbose),
                ("/x/st".as_ref(), true, true),
                "{line}"
            );
            assert_eq!(run.configs, [PathBuf::from("a")], "{line}");
        }
    }

    #[test]
    fn a_wait_may_have_a_limit() {
        assert_eq!(run("--wait-for-state-lock a").locking, Locking::Wait(None));
        assert_eq!(
            run("--wait-for-state-lock=3 a").locking,
            Locking::Wait(Some(Duration::from_secs(3)))
        );
    }

    #[test]
    fn a_dry_run_tells_everything() {
        assert!(run("-d a").verbose);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let asked = |line: &str| understand(line.split_whitespace().map(OsString::from));
        assert!(
            matches!(asked("logrotate --st x a"), Asked::BadOption(text) if text.starts_with("logrotate: bad argument"))
        );
        assert!(matches!(
            asked("logrotate --skip-state-lock --wait-for-state-lock a"),
            Asked::Refuse(_)
        ));
        assert!(matches!(asked("logrotate"), Asked::Refuse(_)));
        assert!(matches!(asked("logrotate -?"), Asked::Show(_)));
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }
}
