//! What is said of the command line, and of the program itself.

use std::fmt::Display;
use std::path::Path;

use super::words::path;

/// The name and the version.
const PROGRAM: &str = concat!("logrotate ", env!("CARGO_PKG_VERSION"));

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

/// Says that a word is no option, or that an option's value is none, as the parser has it.
#[must_use]
pub fn bad_argument(told: &str) -> String {
    format!(
        "logrotate: bad argument {}",
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
