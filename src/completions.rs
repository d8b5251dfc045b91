//! Completions for shells, made from the definition of the command line.

use crate::cli::{Shell, definition};

/// Returns the script that a shell loads.
#[must_use]
pub fn script(shell: Shell) -> String {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown(definition()), "logrotate", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    // In fish a bare question mark is a pattern, and reading the script would fail.
    script.replace(" -s ? ", " -s '?' ")
}

/// Returns the definition without what the help hides: not every shell's generator leaves that out by itself.
fn shown(definition: clap::Command) -> clap::Command {
    let arguments: Vec<clap::Arg> = definition
        .get_arguments()
        .filter(|one| !one.is_hide_set())
        .cloned()
        .collect();
    clap::Command::new("logrotate")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(arguments)
}
