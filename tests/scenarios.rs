//! Every behaviour of `fixtures/scenarios`, run with our binary and, where it is there, with the reference.
//!
//! `SCENARIO=PART cargo test scenarios` runs those whose names hold the part. `BLESS=1 cargo test scenarios` writes each `after`
//! anew from what the reference leaves (from what ours leaves, where a scenario `differs` or the reference is not there).

use std::collections::BTreeSet;
use std::path::Path;

use logrotate_rs::config::directive::DIRECTIVES;

use super::support::scenario::{Outcome, Scenario, all, for_each};
use super::support::{assert_nothing_is_wanted, blessing, need_peer, ours, peer, project};

/// Runs a scenario, and says how what comes out is not what it wants.
fn check(scenario: &Scenario, binary: &Path, who: &str) -> Option<String> {
    // What ours leaves is no measure where the reference is.
    if blessing() && who == "ours" && scenario.text("differs").is_none() && peer().is_some() {
        return None;
    }
    let outcome = scenario.run(binary, who, &[]);
    let complaints = [
        scenario.complaint(&outcome, who == "ours"),
        (who == "ours" && !status_fits(&outcome)).then(|| {
            format!(
                "{}: its status and what it says of errors do not fit\n",
                scenario.path()
            )
        }),
    ];
    complaints.into_iter().flatten().reduce(|all, other| all + &other)
}

/// Tells if a run that told an error, and no other, ended with the status of one. Without a configuration its usage is told instead.
fn status_fits(outcome: &Outcome) -> bool {
    let is_told = |what: &str| outcome.said.lines().any(|line| line.starts_with(what));
    if is_told("error: ") {
        !outcome.tree.starts_with("exit 0\n")
    } else {
        !outcome.tree.starts_with("exit 1\n") || is_told("Usage: ")
    }
}

fn report(complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{} scenarios went otherwise:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn each_behaviour_is_as_its_scenario_says() {
    let scenarios = all();
    let complaints = for_each(&scenarios, |scenario| {
        scenario.can_run().then(|| check(scenario, &ours(), "ours"))?
    });
    report(&complaints);
}

#[test]
fn the_reference_does_the_same_unless_the_scenario_differs() {
    let Some(peer) = need_peer() else { return };
    let mut scenarios = all();
    scenarios.retain(|scenario| scenario.text("differs").is_none());
    let complaints = for_each(&scenarios, |scenario| {
        scenario.can_run().then(|| check(scenario, &peer, "peer"))?
    });
    report(&complaints);
}

/// The lines of behaviour that scenarios cover.
const LINES: &str = "fixtures/behaviour-lines.txt";

/// Returns the keys of the lines of behaviour, and those among them that name another test instead of a scenario.
fn behaviour_lines() -> Vec<(String, bool)> {
    let text = std::fs::read_to_string(project().join(LINES)).unwrap();
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line): (usize, _)| {
            let (key, rest) = line
                .split_once(' ')
                .unwrap_or_else(|| panic!("{LINES}:{number} is to be a key and a sentence, not {line:?}"));
            (key.to_owned(), rest.contains("[tested by "))
        })
        .collect()
}

#[test]
fn every_line_of_behaviour_has_a_scenario() {
    if std::env::var_os("SCENARIO").is_some() {
        return;
    }
    let covered: BTreeSet<String> = all().iter().flat_map(|scenario| scenario.lines("cover")).collect();
    let lines = behaviour_lines().into_iter();
    let bare = lines.filter(|(key, elsewhere)| !elsewhere && !covered.contains(key));
    let wants: Vec<String> = bare
        .map(|(key, _)| {
            format!(
                "{LINES} has the line `{key}`, and no scenario covers it: write fixtures/scenarios/THE-BEHAVIOUR.txt with `{key}` under \
                 `== cover` (tests/README.md shows one), or end the line with `[tested by MODULE]`"
            )
        })
        .collect();
    assert_nothing_is_wanted(&wants);
}

#[test]
fn every_scenario_names_the_lines_that_it_covers() {
    let known: BTreeSet<String> = behaviour_lines().into_iter().map(|(key, _)| key).collect();
    let mut wants = Vec::new();
    for scenario in all() {
        let (path, keys) = (scenario.path(), scenario.lines("cover"));
        if keys.is_empty() {
            wants.push(format!(
                "{path} covers nothing: write under `== cover` the key of the line of {LINES} that it shows"
            ));
        }
        wants.extend(keys.iter().filter(|key| !known.contains(*key)).map(|key| {
            format!("{path} covers `{key}`, which {LINES} does not have: add the line `{key} WHAT IS DONE` there, or mend the key")
        }));
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn every_directive_has_a_scenario() {
    if std::env::var_os("SCENARIO").is_some() {
        return;
    }
    let lines: Vec<String> = all().iter().flat_map(|scenario| scenario.lines("conf")).collect();
    let words: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| line.trim().split([' ', '=']).next())
        .collect();
    let bare = DIRECTIVES.iter().filter(|row| !words.contains(row.name));
    let wants: Vec<String> = bare
        .map(|row| {
            let name = row.name;
            format!(
                "no scenario has the directive `{name}`: write fixtures/scenarios/THE-BEHAVIOUR.txt with a line `{name}` under `== conf` \
                 that shows what it does (tests/README.md shows one)"
            )
        })
        .collect();
    assert_nothing_is_wanted(&wants);
}
