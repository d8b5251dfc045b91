//! What is said of the command line, and of the program itself.

use std::fmt::Display;
use std::path::Path;

use super::words::path;

/// The name and the version.
const PROGRAM: &str = concat!("logrotate ", env!("CARGO_PKG_VERSION"));

/// The columns of a terminal of which nothing is known.
const USUAL_WIDTH: usize = 80;

/// Says which version this is, and what holds without a configuration.
#[must_use]
pub fn version(mail: &str, state: &str) -> String {
    let known = |is: bool| if is { "yes" } else { "no" };
    format!(
        "{PROGRAM}\n\n    Default mail command:       {mail}\n    Default compress command:   /bin/gzip\n    \
         Default uncompress command: /bin/gunzip\n    Default compress extension: .gz\n    \
         Default state file path:    {state}\n    ACL support:                yes\n    \
         SELinux support:            {}\n",
        known(cfg!(feature = "selinux"))
    )
}

/// Says how the program is used, where no configuration is named.
#[must_use]
pub fn nothing_named(usage: &impl Display) -> String {
    format!("{PROGRAM}\n{usage}\n")
}

/// Shows all options without what they mean.
#[must_use]
pub fn brief(options: &[String]) -> String {
    let mut text = "Usage: logrotate".to_owned();
    let mut column = text.len();
    for option in options.iter().map(String::as_str).chain(["CONFIG..."]) {
        if column + 1 + option.len() > USUAL_WIDTH {
            text.push_str("\n      ");
            column = 6;
        }
        text.push(' ');
        text.push_str(option);
        column += 1 + option.len();
    }
    text.push('\n');
    text
}

/// Says that a word is no option, and which one may be meant.
#[must_use]
pub fn unknown_option(word: &str, meant: Option<&str>) -> String {
    let hint = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
    format!("logrotate: bad argument {word}: unknown option{hint}\nAll options: logrotate --help\n")
}

/// Says what is wrong with an option, as the parser has it.
#[must_use]
pub fn bad_argument(told: &str) -> String {
    format!(
        "logrotate: bad argument: {}",
        told.strip_prefix("error: ").unwrap_or(told)
    )
}

/// Says that a word is no code that `--allow` takes.
pub const NO_CODE: &str = "no code of a warning: those begin with LR2 or LR3, and an error cannot be allowed";

/// Says that a file stands where `--unmanaged` takes directories.
#[must_use]
pub fn no_directory(file: &Path) -> String {
    format!(
        "logrotate: bad argument {}: it is no directory. Configurations stand before --unmanaged, or behind --\n",
        path(file)
    )
}

/// Says that the state file cannot be both locked and not locked.
#[must_use]
pub fn both_lock_options() -> String {
    "error: options --skip-state-lock and --wait-for-state-lock are mutually exclusive\n".to_owned()
}
