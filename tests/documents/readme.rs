//! The READMEs: their links lead somewhere, the files that they name exist, their examples are read without complaint.

use std::collections::BTreeSet;
use std::path::Path;

use logrotate_rs::config::directive::DIRECTIVES;

use super::{assert_is_read_without_complaint, read};
use crate::support::{assert_nothing_is_wanted, project};

/// All of them.
const READMES: [&str; 3] = ["README.md", "tests/README.md", "tests/bench/README.md"];

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

/// Returns the anchors of a text's headings.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let headings = markdown.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -".contains(*c));
        kept.collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn the_links_of_the_readmes_lead_somewhere() {
    let mut wants = Vec::new();
    for path in READMES {
        for (number, line) in (1..).zip(read(path).lines()) {
            for target in line.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let led_to = Path::new(path).parent().unwrap().join(file);
                if file.starts_with("https:") {
                    continue;
                }
                if !project().join(&led_to).exists() {
                    wants.push(format!(
                        "{path}:{number} links to {target}, and {} is not there",
                        led_to.display()
                    ));
                    continue;
                }
                let page = if file.is_empty() {
                    path
                } else {
                    led_to.to_str().unwrap()
                };
                if !anchor.is_empty() && !anchors(&read(page)).contains(anchor) {
                    wants.push(format!(
                        "{path}:{number} links to {target}, and {page} has no such heading"
                    ));
                }
            }
        }
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn the_readmes_name_files_that_exist() {
    let ours = ["tests/", "src/", "man/", "systemd/", "fixtures/"];
    let mut wants = Vec::new();
    for path in READMES {
        for (number, line) in (1..).zip(read(path).lines()) {
            for word in line.split(['`', ' ', '(', ')']) {
                let file = word.split('#').next().unwrap();
                let name = file.trim_end_matches(['.', ',', ':', ';']);
                let is_ours = ours.iter().any(|dir| name.starts_with(dir)) && !name.contains(['*', '<', '…']);
                if is_ours && !project().join(name).exists() {
                    wants.push(format!(
                        "{path}:{number} names {name}, which is not there: mend the name"
                    ));
                }
            }
        }
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn the_readme_of_the_tests_has_a_line_for_each_module() {
    let (readme, suite) = (read("tests/README.md"), read("tests/suite.rs"));
    let modules = suite
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let missing = modules.filter(|name| !readme.contains(&format!("\n| `{name}` |")));
    let wants: Vec<String> = missing
        .map(|name| {
            format!(
                "tests/README.md has no line for the module `{name}`: add \"| `{name}` | what it shows |\" to its table"
            )
        })
        .collect();
    assert_nothing_is_wanted(&wants);
}

#[test]
fn the_scenario_that_the_readme_of_the_tests_shows_is_one_of_the_fixtures() {
    let readme = read("tests/README.md");
    let shown = readme
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let path = "fixtures/scenarios/weekly-rotates-on-its-day-after-one-day.txt";
    assert_eq!(
        shown,
        Some(read(path).as_str()),
        "tests/README.md is to show {path} as it is"
    );
}

#[test]
fn the_readme_names_the_directives_that_are_ours_alone() {
    let text = read("README.md");
    let paragraph = text.split("What is ours alone").nth(1).unwrap_or_default();
    let paragraph = paragraph.split("\n\n").next().unwrap();
    let unnamed = DIRECTIVES
        .iter()
        .filter(|row| row.is_ours && row.on && !paragraph.contains(&format!("`{}", row.name)));
    let wants: Vec<String> = unnamed
        .map(|row| {
            format!(
                "README.md: \"What is ours alone\" does not name the directive `{}`",
                row.name
            )
        })
        .collect();
    assert_nothing_is_wanted(&wants);
}
