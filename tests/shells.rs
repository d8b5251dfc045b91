//! Completions, each loaded by its real shell and asked there.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::support::{fresh_dir, need};
use super::view::completions;

fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// Writes the completions for a shell to a file.
fn script(root: &Path, shell: &str, name: &str) {
    fs::write(root.join(name), completions(shell)).unwrap();
}

/// Asks bash what may follow the words before the cursor.
fn bash(root: &Path, words: &[&str]) -> Vec<String> {
    let asked = "source ./rules || exit 9
COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)) COMPREPLY=()
function=$(complete -p logrotate | sed 's/.*-F \\([^ ]*\\).*/\\1/')
\"$function\" logrotate \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"
printf '%s\\n' \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["--norc", "-c", asked, "bash"])
        .args(words)
        .current_dir(root)
        .output()
        .unwrap();
    lines(&output)
}

#[test]
fn bash_completes_options_and_their_values() {
    if !need("bash") {
        return;
    }
    let root = fresh_dir("shells-bash");
    script(&root, "bash", "rules");
    assert_eq!(bash(&root, &["logrotate", "--stat"]), ["--state", "--status"]);
    assert_eq!(
        bash(&root, &["logrotate", "--format", ""]),
        ["text", "json", "sarif", "github"]
    );
    let all = bash(&root, &["logrotate", "--"]);
    for option in ["--check", "--explain", "--metrics", "--wait-for-state-lock", "--jobs"] {
        assert!(all.iter().any(|one| one == option), "{option} in {all:?}");
    }
    assert!(all.contains(&"--completions".to_owned()), "{all:?}");
}

#[test]
fn fish_completes_options_and_their_values() {
    if !need("fish") {
        return;
    }
    let root = fresh_dir("shells-fish");
    script(&root, "fish", "rules");
    let ask = |line: &str| {
        let asked = format!("source rules; complete -C '{line}'");
        let mut command = Command::new("fish");
        command
            .args(["--no-config", "-c", &asked])
            .env("HOME", &root)
            .current_dir(&root);
        let found = lines(&command.output().unwrap());
        found
            .iter()
            .map(|line| line.split('\t').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ask("logrotate --stat"), ["--state", "--status"]);
    assert_eq!(ask("logrotate --status --sort ").len(), 5);
    let all = ask("logrotate --");
    assert!(all.contains(&"--explain".to_owned()), "{all:?}");
    assert!(all.contains(&"--completions".to_owned()), "{all:?}");
}

#[test]
fn zsh_completes_options_and_their_values() {
    if !need("zsh") {
        return;
    }
    let root = fresh_dir("shells-zsh");
    fs::create_dir(root.join("functions")).unwrap();
    script(&root, "zsh", "functions/_logrotate");
    // Completion needs a terminal: zsh gives its child one.
    let asked = "zmodload zsh/zpty || exit 9
zpty shell 'env TERM=dumb ZDOTDIR=$PWD HOME=$PWD zsh -f -i'
zpty -w shell 'PROMPT=; fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D; LISTMAX=1000; print rea\"\"dy'
zpty -r shell said '*ready*' || exit 8
zpty -n -w shell $'logrotate --stat\\t'
zpty -n -w shell $'\\t\\n'
zpty -n -w shell $'logrotate --status --sort arch\\t\\n'
zpty -n -w shell $'logrotate --comp\\t\\n'
zpty -n -w shell $'print do\"\"ne\\n'
zpty -r shell said '*done*'
print -r -- $said
zpty -d shell";
    fs::write(root.join("ask"), asked).unwrap();
    let mut command = Command::new("zsh");
    command.args(["-f", "ask"]).env("HOME", &root).current_dir(&root);
    let said = lines(&command.output().unwrap()).join("\n");
    for word in ["--status", "--state", "archives"] {
        assert!(said.contains(word), "{word} in {said}");
    }
}
