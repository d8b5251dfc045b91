//! The manuals against the tables of directives and options: what is missing is named with the file and the line that it wants.

use std::collections::BTreeSet;
use std::process::Command;

use logrotate_rs::config::directive::{Argument, DIRECTIVES, Row, Scope};

use super::{CONF_MANUALS, PROGRAM_MANUALS, examples, read};
use crate::support::{assert_nothing_is_wanted, ours};

/// Options that the help does not show.
const HIDDEN_OPTIONS: [&str; 1] = ["completions"];

/// Returns the heads of a manual's items: what stands after `.It` in mdoc, and on the line after `.TP` in man.
fn heads(manual: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut after_tp = false;
    for line in manual.lines() {
        if after_tp {
            heads.push(plain(line.trim_start_matches(".B ").trim_start_matches(".I ")));
        } else if let Some(head) = line.strip_prefix(".It ") {
            heads.push(plain(head));
        }
        after_tp = line == ".TP";
    }
    heads
}

/// Takes the marks of both macro packages out of a line.
fn plain(line: &str) -> String {
    ["\\fB", "\\fI", "\\fR", "\\&", "\\:", "\\c"]
        .iter()
        .fold(line.replace("\\-", "-"), |text, mark| text.replace(mark, ""))
}

/// Returns the directives that a manual of the configuration describes.
fn described(manual: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for head in heads(manual) {
        let mdoc = head.strip_prefix("Ic ");
        for part in mdoc.unwrap_or(&head).split('|') {
            let name: String = part.trim().chars().take_while(char::is_ascii_lowercase).collect();
            if part.trim().starts_with(|c: char| c.is_ascii_lowercase()) && name != "owner" {
                names.insert(name);
            }
        }
    }
    names
}

/// Tells if a manual is written with the macros of mdoc, or with those of man.
fn is_mdoc(manual: &str) -> bool {
    manual.contains("\n.Sh ")
}

/// Returns the lines that open an item of a manual, for messages.
fn opening(manual: &str, mdoc: &str, man: &str) -> String {
    if is_mdoc(manual) {
        format!("`.It {mdoc}`")
    } else {
        format!("`.TP` and `.B {man}`")
    }
}

/// Says what a manual wants for a directive that it does not describe.
fn wanted_entry(path: &str, manual: &str, row: &Row) -> String {
    let name = row.name;
    let argument = match row.argument {
        Argument::None | Argument::Script => "",
        _ if is_mdoc(manual) => " Ar argument",
        _ => " \\fIargument\\fR",
    };
    let positive = DIRECTIVES
        .iter()
        .find(|other| !row.on && other.on && other.setting == row.setting);
    let entry = opening(manual, &format!("Ic {name}{argument}"), &format!("{name}{argument}"));
    let or = positive.map_or(String::new(), |other| {
        format!(
            ", or write ` | {name}` behind the name in the entry of `{}`",
            other.name
        )
    });
    format!(
        "{path} has no entry for the directive `{name}`: add {entry} to the list where it belongs, and below it what it does \
         (the table says: {}){or}",
        row.meaning
    )
}

#[test]
fn every_directive_is_in_the_manuals_and_the_other_way_round() {
    let mut wants = Vec::new();
    for path in CONF_MANUALS {
        let manual = read(path);
        let known = described(&manual);
        let missing = DIRECTIVES.iter().filter(|row| !known.contains(row.name));
        wants.extend(missing.map(|row| wanted_entry(path, &manual, row)));
        let unknown = known
            .iter()
            .filter(|name| DIRECTIVES.iter().all(|row| row.name != **name));
        wants.extend(unknown.map(|name| {
            format!("{path} has an entry for `{name}`, which is no directive: remove it, or add a row to src/config/directive.rs")
        }));
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn every_directive_stands_in_an_example_of_the_manual() {
    let mut wants = Vec::new();
    for path in CONF_MANUALS {
        let manual = read(path);
        let examples = examples(&manual).concat();
        let words: BTreeSet<&str> = examples.split(|c: char| !c.is_ascii_lowercase()).collect();
        let (from, to) = if is_mdoc(&manual) {
            (".Bd -literal -offset indent", ".Ed")
        } else {
            (".EX", ".EE")
        };
        // An example of what nobody should write would be followed.
        for row in DIRECTIVES
            .iter()
            .filter(|row| row.name != "errors" && !words.contains(row.name))
        {
            let name = row.name;
            wants.push(format!(
                "{path} has no example with the directive `{name}`: add a line with it to one between `{from}` and `{to}`, or a new one"
            ));
        }
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn the_manuals_say_which_directives_may_not_stand_in_a_stanza() {
    let sentences = ["may stand only outside of stanzas", "スタンザの外にだけ書けます"];
    let mut wants = Vec::new();
    for (path, sentence) in CONF_MANUALS.iter().zip(sentences) {
        let manual = read(path).replace("\\:\\c\n", "");
        let Some((before, _)) = manual.split_once(sentence) else {
            wants.push(format!(
                "{path} does not say `{sentence}` of the directives whose scope is global"
            ));
            continue;
        };
        let near: Vec<&str> = before.lines().rev().take(8).collect();
        for row in DIRECTIVES.iter().filter(|row| row.scope == Scope::Global) {
            if !near.iter().any(|line| line.contains(row.name)) {
                let name = row.name;
                wants.push(format!(
                    "{path} does not name `{name}` before `{sentence}`: add it to that sentence"
                ));
            }
        }
    }
    assert_nothing_is_wanted(&wants);
}

/// Returns the long options that a text names.
fn long_options(text: &str) -> BTreeSet<String> {
    text.split("--")
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                .collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// Returns the long options that a manual of the program describes.
fn described_options(manual: &str) -> BTreeSet<String> {
    heads(manual)
        .iter()
        .flat_map(|head| long_options(&head.replace("Fl Fl ", "--")))
        .collect()
}

#[test]
fn every_option_is_in_the_manuals_and_the_other_way_round() {
    let help = Command::new(ours()).arg("--help").output().unwrap();
    let mut options: BTreeSet<String> = String::from_utf8(help.stdout)
        .unwrap()
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .flat_map(|line| long_options(line.split("  ").find(|part| part.contains("--")).unwrap_or("")))
        .collect();
    assert!(options.len() > 8, "the help shows the options: {options:?}");
    options.extend(HIDDEN_OPTIONS.map(str::to_owned));
    let mut wants = Vec::new();
    for path in PROGRAM_MANUALS {
        let manual = read(path);
        let known = described_options(&manual);
        wants.extend(options.difference(&known).map(|name| {
            let entry = opening(&manual, &format!("Fl Fl {name}"), &format!("\\-\\-{name}"));
            format!("{path} has no entry for the option `--{name}`: add {entry} to the list of options, and below it what it does")
        }));
        let unknown = known.difference(&options).filter(|name| *name != "usage");
        wants.extend(unknown.map(|name| {
            format!("{path} has an entry for `--{name}`, which the help does not show: remove it, or add it to src/cli")
        }));
    }
    assert_nothing_is_wanted(&wants);
}
