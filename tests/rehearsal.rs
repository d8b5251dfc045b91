//! A dry run is the same plan, walked by another reader: it leaves all as it is, and announces what the real run then does.
//!
//! With one job a real run takes its steps in the order of its plan. Held against every scenario whose run a dry run can foresee;
//! those with the section `unforeseen` say why theirs cannot be.

use super::support::difference::difference;
use super::support::ours;
use super::support::scenario::{Outcome, Scenario, all, for_each};

/// How the lines begin that announce or report a step.
const STEPS: [&str; 12] = [
    "renaming ",
    "copying ",
    "skip copying ",
    "truncating ",
    "creating new ",
    "compressing log with: ",
    "removing old log ",
    "removing tmp log ",
    "mailing log ",
    "running first action script",
    "running last action script",
    "running p",
];

/// Returns the lines of a run's messages that name a step, in the order in which they were said.
fn steps(said: &str) -> String {
    let lines = said
        .lines()
        .filter(|line| STEPS.iter().any(|step| line.starts_with(step)));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Tells if a scenario's command line leads to a run at all, and one that is not itself a dry one or quiet.
fn tells_its_steps(scenario: &Scenario) -> bool {
    let mut words = scenario.text("args").unwrap_or_default().split_whitespace();
    words.clone().any(|word| word == "-v") && !words.any(|word| word == "-d")
}

fn changed(scenario: &Scenario, rehearsed: &Outcome) -> Option<String> {
    let (_, after) = rehearsed.tree.split_once('\n').unwrap();
    (after != rehearsed.before).then(|| format!("{}:\n{}", scenario.name, difference(&rehearsed.before, after)))
}

fn dry(scenario: &Scenario, who: &str) -> Outcome {
    scenario.run(&ours(), who, &["-d", "--jobs", "1"])
}

#[test]
fn a_dry_run_leaves_every_tree_as_it_was() {
    let mut scenarios = all();
    scenarios.retain(|scenario| scenario.text("run").is_none());
    let complaints = for_each(&scenarios, |scenario| {
        scenario
            .can_run()
            .then(|| changed(scenario, &dry(scenario, "untouched")))?
    });
    assert!(
        complaints.is_empty(),
        "{} trees were touched:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn a_dry_run_announces_the_steps_that_the_real_run_takes() {
    let mut scenarios = all();
    scenarios.retain(|scenario| {
        scenario.text("run").is_none() && scenario.text("unforeseen").is_none() && tells_its_steps(scenario)
    });
    let complaints = for_each(&scenarios, |scenario| {
        if !scenario.can_run() {
            return None;
        }
        let announced = steps(&dry(scenario, "announced").said);
        let taken = steps(&scenario.run(&ours(), "taken", &["--jobs", "1"]).said).replace("/taken/", "/announced/");
        (announced != taken).then(|| format!("{}:\n{}", scenario.name, difference(&taken, &announced)))
    });
    assert!(
        complaints.is_empty(),
        "{} dry runs told otherwise:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}
