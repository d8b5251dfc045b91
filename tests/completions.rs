//! The completion scripts, each in the shell that it is for.
//!
//! What options there are is in `documents`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{fresh_dir, need, ours};

/// Writes the script for a shell, and returns its path.
fn script(shell: &str) -> PathBuf {
    let made = Command::new(ours()).args(["--completions", shell]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = fresh_dir(&format!("completions-{shell}")).join("script");
    fs::write(&path, made.stdout).unwrap();
    path
}

/// Runs a text in a shell, and returns what it says on both outputs.
fn says(shell: &str, options: &[&str], text: &str) -> String {
    let run = Command::new(shell)
        .args(options)
        .arg(text)
        .env("TERM", "dumb")
        .output()
        .unwrap();
    String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned()
}

#[test]
fn bash_completes_an_option() {
    if !need("bash") {
        return;
    }
    let text = format!(
        "source {}; COMP_WORDS=(logrotate --stri); COMP_CWORD=1; _logrotate logrotate --stri logrotate; echo \"${{COMPREPLY[@]}}\"",
        script("bash").display()
    );
    assert_eq!(says("bash", &["--norc", "-c"], &text).trim(), "--strict");
}

#[test]
fn zsh_completes_an_option_at_the_tab_key() {
    if !need("zsh") {
        return;
    }
    // A terminal of its own, in which an interactive shell is typed to.
    let text = format!(
        r#"zmodload zsh/zpty
        zpty z 'zsh -f -i'
        zpty -w z "autoload -U compinit; compinit -u -D; source {}; logrotate() {{ print -r -- GOT:\$1 }}; bindkey -e; print REA''DY"
        while zpty -r z line; do [[ $line == *READY* ]] && break; done
        zpty -w -n z $'logrotate --stri\t\n'
        while zpty -r z line; do [[ $line == GOT:* ]] && print -r -- $line && break; done
        zpty -d z"#,
        script("zsh").display()
    );
    assert_eq!(says("zsh", &["-f", "-c"], &text).trim(), "GOT:--strict");
}

#[test]
fn fish_completes_an_option_and_reads_the_script_without_complaint() {
    if !need("fish") {
        return;
    }
    let text = format!("source {}; complete -C 'logrotate --stri'", script("fish").display());
    let said = says("fish", &["--no-config", "-c"], &text);
    assert_eq!(said.trim(), "--strict\tWith --check: warnings count as errors");
}
