//! The command line: from what was typed (`args`) to what was meant (`asked`).
//!
//! The same options as the reference's, their oddities (`-s=FILE`, `-?`) included, and ours, which are long.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};

use crate::exit::Exit;
use crate::facts::Kind;
use crate::report::usage;
use crate::session::{Options, Run};
use crate::store::LockMode;
use crate::sys::listing;

mod args;
mod asked;

pub use args::{Args, Format, Shell, Sort};
pub use asked::{Asked, CheckRequest, Invocation, Refused, ViewRequest};

/// The state file of root, where none is named.
pub const DEFAULT_STATE: &str = "/var/lib/logrotate/status";
/// The configuration that is looked at, where none is named.
pub const DEFAULT_CONFIG: &str = "/etc/logrotate.conf";
/// The program that sends mail, where none is named.
pub const DEFAULT_MAIL: &str = "/usr/bin/mail";

/// Understands the command line.
///
/// # Errors
/// [`Refused`], which says how the process ends.
pub fn understand(words: impl IntoIterator<Item = OsString>) -> anyhow::Result<Asked> {
    let args = Args::try_parse_from(words.into_iter().map(without_equals_sign)).map_err(|error| Refused {
        text: why_bad(&error),
        exit: Exit::BadOption,
    })?;
    if args.help {
        return Ok(Asked::Show(Args::command().render_help().to_string()));
    }
    if args.usage {
        return Ok(Asked::Show(usage::brief(&brief_options())));
    }
    if args.version {
        return Ok(Asked::Show(usage::version(DEFAULT_MAIL, DEFAULT_STATE)));
    }
    if let Some(shell) = args.completions {
        return Ok(Asked::Completions(shell));
    }
    let exit = Exit::Failed;
    if args.skip_state_lock && args.wait_for_state_lock.is_some() {
        let text = usage::both_lock_options();
        bail!(Refused { text, exit });
    }
    if let Some(file) = args.unmanaged.iter().flatten().find(|path| is_file(path)) {
        let (text, exit) = (usage::no_directory(file), Exit::BadOption);
        bail!(Refused { text, exit });
    }
    let may_default = args.check || args.status || args.explain.is_some() || args.prune;
    if args.configs.is_empty() && !may_default {
        let text = usage::nothing_named(&Args::command().render_usage());
        bail!(Refused { text, exit });
    }
    Ok(args.meant())
}

/// Options of other programs, and ours that do the same.
const LIKE_OTHERS: [(&str, &str); 4] = [("--dry-run", "-d"), ("-n", "-d"), ("-h", "--help"), ("-V", "--version")];

/// Says what is wrong with the command line.
fn why_bad(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match text(ContextKind::InvalidArg) {
        Some(word) if error.kind() == ErrorKind::UnknownArgument => {
            let ours = LIKE_OTHERS
                .iter()
                .find(|(theirs, _)| *theirs == word)
                .map(|(_, ours)| *ours);
            usage::unknown_option(word, ours.or_else(|| text(ContextKind::SuggestedArg)))
        }
        _ => usage::bad_argument(&error.to_string()),
    }
}

/// Writes each option as it can be given, without what it means.
fn brief_options() -> Vec<String> {
    let mut command = Args::command();
    command.build();
    let brief = |option: &clap::Arg| {
        let short = option.get_short().map(|letter| format!("-{letter}"));
        let names: Vec<String> = short
            .into_iter()
            .chain(option.get_long().map(|name| format!("--{name}")))
            .collect();
        let value = option.get_value_names().filter(|_| option.get_action().takes_values());
        let value = value
            .and_then(|names| names.first())
            .map_or(String::new(), |name| match option.get_num_args() {
                Some(count) if count.min_values() > 0 => format!(" {name}"),
                _ if option.is_require_equals_set() => format!("[={name}]"),
                _ => format!(" [{name}...]"),
            });
        format!("[{}{value}]", names.join("|"))
    };
    let options = command.get_arguments().filter(|option| !option.is_positional());
    options.map(brief).collect()
}

/// Returns how the process ends after an error that came up to the door.
#[must_use]
pub fn exit_after(error: &anyhow::Error) -> Exit {
    error
        .downcast_ref()
        .map_or(Exit::Failed, |refused: &Refused| refused.exit)
}

impl Args {
    fn meant(self) -> Asked {
        if self.check {
            let format = if self.json { Format::Json } else { self.format };
            let Self {
                configs,
                with,
                allow,
                strict,
                offline,
                color,
                mail: mail_program,
                ..
            } = self;
            return Asked::Check(CheckRequest {
                configs: named_or_default(configs),
                with,
                allow,
                strict,
                offline,
                format,
                color,
                mail_program,
            });
        }
        if self.status || self.explain.is_some() {
            return Asked::View(self.view());
        }
        let options = self.options();
        Asked::Run(Box::new(Invocation {
            run: Run {
                configs: if self.prune {
                    named_or_default(self.configs)
                } else {
                    self.configs
                },
                only: self.only,
                force: self.force,
                prune: self.prune,
                measure: self.metrics.is_some(),
                options,
            },
            verbose: self.verbose || self.debug,
            log: self.log,
            json: self.json,
            metrics: self.metrics,
            color: self.color,
        }))
    }

    /// Returns how a session works.
    fn options(&self) -> Options {
        let lock = match (self.skip_state_lock, self.wait_for_state_lock) {
            (true, _) => LockMode::Skip,
            (false, Some(limit)) => LockMode::Wait(limit.map(Duration::from_secs)),
            (false, None) => LockMode::Take,
        };
        Options {
            state: self.state.clone().unwrap_or_else(default_state),
            is_own_state: self.state.is_none() && !crate::sys::identity::is_root(),
            lock,
            dry_run: self.debug,
            jobs: self.jobs,
            mail_program: self.mail.clone(),
            external_compress: self.external_compress,
        }
    }

    fn view(self) -> ViewRequest {
        // Nothing is changed, and nobody has to be waited for.
        let session = Options {
            dry_run: true,
            lock: LockMode::Skip,
            ..self.options()
        };
        let Self {
            configs,
            explain,
            orphans,
            unmanaged,
            sort,
            json,
            force,
            color,
            ..
        } = self;
        ViewRequest {
            configs: named_or_default(configs),
            session,
            explain,
            orphans,
            unmanaged,
            sort,
            json,
            force,
            color,
        }
    }
}

/// What does not rotate may be asked for without a configuration: it is that of the machine then.
fn named_or_default(configs: Vec<PathBuf>) -> Vec<PathBuf> {
    if configs.is_empty() {
        vec![PathBuf::from(DEFAULT_CONFIG)]
    } else {
        configs
    }
}

/// Returns the words by which another command reads the configuration and the state that a look reads.
#[must_use]
pub fn words_of_place(request: &ViewRequest) -> Vec<OsString> {
    let mut words = Vec::new();
    if request.session.state != default_state() {
        words.extend(["-s".into(), request.session.state.clone().into()]);
    }
    if request.configs != named_or_default(Vec::new()) {
        words.extend(request.configs.iter().map(|config| config.clone().into()));
    }
    words
}

/// Tells whether a path is surely no directory: a configuration that was meant to be read, and stands where a directory has to.
fn is_file(path: &Path) -> bool {
    listing::kind_of(path) == Some(Kind::Regular)
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

/// Returns the definition of the command line, for documents and completions.
#[must_use]
pub fn definition() -> clap::Command {
    Args::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Invocation {
        let words = line.split_whitespace().map(OsString::from);
        match understand(std::iter::once(OsString::from("logrotate")).chain(words)) {
            Ok(Asked::Run(invocation)) => *invocation,
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
            let Invocation { run, verbose, .. } = run(line);
            assert_eq!(
                (run.options.state.as_path(), run.force, verbose),
                ("/x/st".as_ref(), true, true),
                "{line}"
            );
            assert_eq!(run.configs, [PathBuf::from("a")], "{line}");
        }
    }

    #[test]
    fn a_check_is_of_the_usual_configuration_where_none_is_named() {
        let asked = understand(["logrotate", "--check", "--strict"].map(OsString::from));
        let Ok(Asked::Check(request)) = asked else {
            panic!("{asked:?}")
        };
        assert_eq!(request.configs, [PathBuf::from(DEFAULT_CONFIG)]);
        assert!(understand(["logrotate", "--check", "--with", "main"].map(OsString::from)).is_err());
    }

    #[test]
    fn a_wait_may_have_a_limit() {
        let lock = |line| run(line).run.options.lock;
        assert_eq!(lock("--wait-for-state-lock a"), LockMode::Wait(None));
        assert_eq!(
            lock("--wait-for-state-lock=3 a"),
            LockMode::Wait(Some(Duration::from_secs(3)))
        );
    }

    #[test]
    fn b13_all_words_behind_unmanaged_are_directories_up_to_the_next_option_or_two_dashes() {
        let words = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        for (line, directories, configs) in [
            ("--status --unmanaged", &[][..], &[DEFAULT_CONFIG][..]),
            ("--status --unmanaged /a /b", &["/a", "/b"], &[DEFAULT_CONFIG]),
            ("--status conf --unmanaged /a", &["/a"], &["conf"]),
            ("--unmanaged /a --status conf", &["/a"], &["conf"]),
            ("--status --unmanaged /a -- conf", &["/a"], &["conf"]),
            ("--status --unmanaged -- conf", &[], &["conf"]),
            (
                "--status --unmanaged=/a --unmanaged=/b",
                &["/a", "/b"],
                &[DEFAULT_CONFIG],
            ),
        ] {
            let all = line.split_whitespace().map(OsString::from);
            let asked = understand(std::iter::once(OsString::from("logrotate")).chain(all)).unwrap();
            let Asked::View(request) = asked else { panic!("{line}") };
            assert_eq!(request.unmanaged, Some(words(directories)), "{line}");
            assert_eq!(request.configs, words(configs), "{line}");
        }
    }

    #[test]
    fn b13_a_configuration_in_the_place_of_a_directory_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let words = [
            "logrotate",
            "--status",
            "--unmanaged",
            "/srv",
            file.path().to_str().unwrap(),
        ];
        let refused = understand(words.map(OsString::from)).unwrap_err();
        assert_eq!(exit_after(&refused), Exit::BadOption);
        assert!(refused.to_string().contains("before --unmanaged"), "{refused}");
        assert!(understand(["logrotate", "--unmanaged"].map(OsString::from)).is_err());
    }

    #[test]
    fn a_dry_run_tells_everything() {
        assert!(run("-d a").verbose);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let asked = |line: &str| understand(line.split_whitespace().map(OsString::from));
        let exit = |line| exit_after(&asked(line).unwrap_err());
        let bad = asked("logrotate --st x a").unwrap_err();
        assert!(bad.to_string().starts_with("logrotate: bad argument"));
        assert_eq!(exit_after(&bad), Exit::BadOption);
        assert_eq!(
            exit("logrotate --skip-state-lock --wait-for-state-lock a"),
            Exit::Failed
        );
        assert_eq!(exit("logrotate"), Exit::Failed);
        assert!(matches!(asked("logrotate -?"), Ok(Asked::Show(_))));
        assert_eq!(exit("logrotate --jobs 0 a"), Exit::BadOption);
    }

    #[test]
    fn what_other_programs_call_otherwise_is_named() {
        let said = |option: &str| {
            understand(["logrotate", option, "a"].map(OsString::from))
                .unwrap_err()
                .to_string()
        };
        for (option, hint) in [
            ("--dry-run", "; did you mean -d?"),
            ("-h", "; did you mean --help?"),
            ("-V", "; did you mean --version?"),
            ("--verbos", "; did you mean --verbose?"),
            ("--nothing-like-it", ""),
        ] {
            let first = format!("logrotate: bad argument {option}: unknown option{hint}\n");
            assert!(said(option).starts_with(&first), "{}", said(option));
        }
        assert!(said("--jobs=x").starts_with("logrotate: bad argument: invalid value 'x' for"));
    }

    #[test]
    fn the_usage_has_all_options_briefly() {
        let Ok(Asked::Show(text)) = understand(["logrotate", "--usage"].map(OsString::from)) else {
            panic!("--usage shows something");
        };
        for option in [
            "[-d|--debug]",
            "[-s|--state FILE]",
            "[--wait-for-state-lock[=SECONDS]]",
            "[--completions SHELL]",
        ] {
            assert!(text.contains(option), "{option}: {text}");
        }
        assert!(
            text.lines().all(|line| line.len() <= 80) && text.lines().count() < 20,
            "{text}"
        );
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }
}
