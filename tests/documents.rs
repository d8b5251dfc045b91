//! What the documents say is what the program does: manuals, README and units against the tables and the binary.
//!
//! Here, too, is whether they are well-formed. What the program does is tested elsewhere.

mod transcripts;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use logrotate_rs::config::directive::{DIRECTIVES, Scope};

use crate::support::{fresh_dir, need, ours, project};

/// The manuals of the configuration, in all languages.
const CONF_MANUALS: [&str; 2] = ["man/logrotate.conf.5", "man/ja/logrotate.conf.5"];
/// The manuals of the program, in all languages.
const PROGRAM_MANUALS: [&str; 2] = ["man/logrotate.8", "man/ja/logrotate.8"];
/// Options that the help does not show.
const HIDDEN_OPTIONS: [&str; 1] = ["completions"];

fn read(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

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

/// Returns the blocks of a manual that are shown as they are.
fn examples(manual: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    for line in manual.lines() {
        match line {
            ".Bd -literal -offset indent" | ".EX" => block = Some(String::new()),
            ".Ed" | ".EE" => found.extend(block.take()),
            _ => {
                if let Some(block) = &mut block {
                    block.push_str(line);
                    block.push('\n');
                }
            }
        }
    }
    found
}

#[test]
fn every_directive_is_in_the_manuals_and_the_other_way_round() {
    let table: BTreeSet<String> = DIRECTIVES.iter().map(|row| row.name.to_owned()).collect();
    for path in CONF_MANUALS {
        let manual = described(&read(path));
        let missing: Vec<_> = table.difference(&manual).collect();
        let unknown: Vec<_> = manual.difference(&table).collect();
        assert!(
            missing.is_empty(),
            "{path} does not describe {missing:?}: it wants an entry for each"
        );
        assert!(unknown.is_empty(), "{path} describes what is no directive: {unknown:?}");
    }
}

#[test]
fn every_directive_stands_in_an_example_of_the_manual() {
    for path in CONF_MANUALS {
        let words: BTreeSet<String> = examples(&read(path))
            .iter()
            .flat_map(|example| {
                example
                    .split(|c: char| !c.is_ascii_lowercase())
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        // An example of what nobody should write would be followed.
        for row in DIRECTIVES.iter().filter(|row| row.name != "errors") {
            assert!(
                words.contains(row.name),
                "{path} has no example with {}: put it into one of its literal blocks",
                row.name
            );
        }
    }
}

#[test]
fn the_manuals_say_which_directives_may_not_stand_in_a_stanza() {
    for (path, sentence) in CONF_MANUALS
        .iter()
        .zip(["may stand only outside of stanzas", "スタンザの外にだけ書けます"])
    {
        let manual = read(path).replace("\\:\\c\n", "");
        let paragraph = manual
            .find(sentence)
            .unwrap_or_else(|| panic!("{path} does not say: {sentence}"));
        let before: String = manual[..paragraph]
            .chars()
            .rev()
            .take(200)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        for row in DIRECTIVES.iter().filter(|row| row.scope == Scope::Global) {
            assert!(before.contains(row.name), "{path} does not name {} there", row.name);
        }
    }
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
    for path in PROGRAM_MANUALS {
        let manual = described_options(&read(path));
        let missing: Vec<_> = options.difference(&manual).collect();
        assert!(
            missing.is_empty(),
            "{path} does not describe {missing:?}: it wants an entry for each"
        );
        let unknown: Vec<_> = manual.difference(&options).filter(|name| *name != "usage").collect();
        assert!(unknown.is_empty(), "{path} describes what is no option: {unknown:?}");
    }
}

/// Asks the binary what it thinks of a configuration; `/var/log` and the like are somewhere else for it.
fn assert_is_read_without_complaint(name: &str, config: &str) {
    let dir = fresh_dir(&format!("documents-{}", name.replace('/', "-")));
    let root = dir.to_str().unwrap();
    fs::create_dir_all(dir.join("logrotate.d")).unwrap();
    let moved = config
        .replace("/var/log/", &format!("{root}/var/log/"))
        .replace("/etc/logrotate.d", &format!("{root}/logrotate.d"));
    let file = dir.join("config");
    fs::write(&file, format!("missingok\n{moved}")).unwrap();
    fs::create_dir_all(dir.join("var/log")).unwrap();
    let run = Command::new(ours())
        .args(["-d", "-s", "/dev/null"])
        .arg(&file)
        .env("HOME", root)
        .output()
        .unwrap();
    let says = String::from_utf8_lossy(&run.stderr);
    let complaints: Vec<&str> = says
        .lines()
        .filter(|line| line.starts_with("error:") || (line.starts_with("warning:") && line.contains(root)))
        .collect();
    assert!(complaints.is_empty(), "{name}: {complaints:#?}\n{config}");
    assert!(run.status.success(), "{name}: {says}\n{config}");
}

#[test]
fn the_examples_of_the_manuals_are_read_without_complaint() {
    for path in CONF_MANUALS {
        let manual = read(path);
        let all = examples(&manual);
        assert!(all.len() > 12, "{path} has examples");
        // The last one of the Japanese manual is a unit's.
        for (number, example) in all.iter().enumerate().filter(|(_, text)| !text.starts_with("[Timer]")) {
            let known = example.replace("nomissingok", "missingok").replace("\\e", "\\");
            assert_is_read_without_complaint(&format!("{path}-{number}"), &known);
        }
    }
}

#[test]
fn the_examples_of_the_readme_are_read_without_complaint() {
    let readme = read("README.md");
    let examples: Vec<&str> = readme
        .split("```conf\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(!examples.is_empty(), "the README has an example of a configuration");
    for (number, example) in examples.iter().enumerate() {
        assert_is_read_without_complaint(&format!("README-{number}"), example);
    }
}

#[test]
fn the_configuration_of_the_packages_is_read_without_complaint() {
    for path in [
        "systemd/etc/logrotate.conf",
        "systemd/etc/logrotate.d/btmp",
        "systemd/etc/logrotate.d/wtmp",
    ] {
        assert_is_read_without_complaint(path, &read(path));
    }
}

/// Gathers the names of all members of a JSON value.
fn members(value: &serde_json::Value, names: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, inner) in object {
                names.insert(name.clone());
                members(inner, names);
            }
        }
        serde_json::Value::Array(array) => array.iter().for_each(|inner| members(inner, names)),
        _ => {}
    }
}

#[test]
fn what_programs_read_is_in_the_manuals() {
    let dir = fresh_dir("documents-json");
    let log = dir.join("app.log");
    fs::write(&log, "line\n").unwrap();
    let config = dir.join("config");
    fs::write(&config, format!("{} {{\n rotate 2\n compress\n}}\n", log.display())).unwrap();
    let metrics = dir.join("metrics.prom");
    let run = Command::new(ours())
        .args(["-f", "--json", "-s"])
        .arg(dir.join("state"))
        .arg("--metrics")
        .arg(&metrics)
        .arg(&config)
        .output()
        .unwrap();
    let mut names = BTreeSet::new();
    members(&serde_json::from_slice(&run.stdout).unwrap(), &mut names);
    assert!(names.contains("archive"), "the run was reported: {names:?}");
    for line in fs::read_to_string(&metrics).unwrap().lines() {
        names.extend(
            line.strip_prefix("# TYPE ")
                .map(|rest| rest.split(' ').next().unwrap().to_owned()),
        );
    }
    for path in PROGRAM_MANUALS {
        let manual = read(path);
        for name in &names {
            assert!(manual.contains(name.as_str()), "{path} does not explain {name}");
        }
    }
}

#[test]
fn the_links_of_the_readme_lead_somewhere() {
    let readme = read("README.md");
    let headings: BTreeSet<String> = readme
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|line| {
            line.chars()
                .filter(|c| c.is_alphanumeric() || " -".contains(*c))
                .collect::<String>()
                .replace(' ', "-")
        })
        .collect();
    for target in readme.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        if let Some(heading) = target.strip_prefix('#') {
            assert!(headings.contains(heading), "the README has no heading for #{heading}");
        } else if !target.starts_with("https://") {
            assert!(
                project().join(target).exists(),
                "the README links to {target}, which is not there"
            );
        }
    }
}

#[test]
fn the_readme_names_files_that_exist() {
    let readme = read("README.md");
    for word in readme.split(['`', ' ', '\n', '(', ')']) {
        let ours = ["tests/", "src/", "man/", "systemd/", "fixtures/"];
        if ours.iter().any(|dir| word.starts_with(dir)) && !word.contains(['*', '<', '…']) {
            let path = word.trim_end_matches(['.', ',', ':', ';']);
            assert!(
                project().join(path).exists(),
                "the README names {path}, which is not there"
            );
        }
    }
}

#[test]
fn the_manuals_are_well_formed() {
    if !need("mandoc") {
        return;
    }
    for path in CONF_MANUALS.iter().chain(&PROGRAM_MANUALS) {
        let lint = Command::new("mandoc")
            .args(["-T", "lint"])
            .arg(project().join(path))
            .output()
            .unwrap();
        let says = String::from_utf8_lossy(&lint.stdout);
        // Which manuals a machine has is no matter of ours.
        let faults: Vec<&str> = says
            .lines()
            .filter(|line| !line.contains("referenced manual not found"))
            .collect();
        assert!(faults.is_empty(), "{path}: {faults:#?}");
    }
}

#[test]
fn the_units_are_in_order() {
    if !need("systemd-analyze") {
        return;
    }
    // The program is not installed where the test runs: another one stands for it.
    let dir = fresh_dir("documents-units");
    let service = read("systemd/logrotate.service").replace("/usr/sbin/logrotate", "/bin/true");
    fs::write(dir.join("logrotate.service"), service).unwrap();
    fs::write(dir.join("logrotate.timer"), read("systemd/logrotate.timer")).unwrap();
    let drop_in = dir.join("logrotate.timer.d");
    fs::create_dir(&drop_in).unwrap();
    fs::write(drop_in.join("hourly.conf"), read("systemd/hourly.conf")).unwrap();
    assert_systemd_analyze(
        &dir,
        &[
            "verify",
            "--man=no",
            "--recursive-errors=yes",
            "logrotate.service",
            "logrotate.timer",
        ],
    );
    // 100 is a unit without any protection; the usual unit of the reference has 65.
    assert_systemd_analyze(
        &dir,
        &["security", "--offline=true", "--threshold=50", "logrotate.service"],
    );
}

fn assert_systemd_analyze(dir: &Path, arguments: &[&str]) {
    let run = Command::new("systemd-analyze")
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    let says = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "systemd-analyze {arguments:?}: {says}");
}
