//! A year of days: twenty realistic configurations, all read by one run an hour, while their logs grow.
//!
//! A fixture says in comments what grows: `#log PATH BYTES[/HOURS]`, `#dir PATH MODE UID:GID`. Its `/var` and `/srv` are put
//! below the root of the test.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveTime};

use crate::support;

use super::case::{Case, Change, ConfigFile, Step};
use super::drive::Bench;
use super::tree::{Kind, Node, Tree};

const HOUR: i64 = 3600;

/// A log that grows.
struct Growing {
    path: PathBuf,
    bytes: usize,
    every: usize,
}

/// Makes the case of all the fixtures, run hourly from midnight UTC of the first day for so many days.
fn case(first: (i32, u32, u32), days: usize) -> Case {
    let date = NaiveDate::from_ymd_opt(first.0, first.1, first.2).expect("a date");
    let begin = date.and_time(NaiveTime::MIN).and_utc().timestamp();
    let mut case = Case {
        seed: 0,
        zone: "Europe/Berlin",
        umask: "022",
        configs: Vec::new(),
        named: vec!["etc/year".to_owned()],
        tree: Tree::new(),
        state: Vec::new(),
        mailer: "mail",
        steps: Vec::new(),
    };
    let mut logs = Vec::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/year");
    for entry in fs::read_dir(fixtures).expect("the fixtures are listed") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a fixture is text");
        logs.extend(headers(&text, &mut case.tree, begin));
        let text = text
            .replace(" /var/", " @ROOT@/var/")
            .replace("\n/var/", "\n@ROOT@/var/")
            .replace(" /srv/", " @ROOT@/srv/");
        case.configs.push(ConfigFile {
            name: format!("year/{name}"),
            globals: vec![text],
            stanzas: Vec::new(),
        });
    }
    assert_eq!(case.configs.len(), 20, "twenty configurations");
    case.steps = (0..days * 24).map(|hour| step(&logs, begin, hour)).collect();
    case
}

/// Reads what a fixture says of its logs and directories.
fn headers(text: &str, tree: &mut Tree, begin: i64) -> Vec<Growing> {
    let mut logs = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["#log", path, amount] => {
                let path = PathBuf::from(path.trim_start_matches('/'));
                let (bytes, every) = amount.split_once('/').unwrap_or((amount, "1"));
                let (bytes, every) = (bytes.parse().expect("bytes"), every.parse().expect("hours"));
                tree.insert(path.clone(), Node::file("", begin - HOUR));
                logs.push(Growing { path, bytes, every });
            }
            ["#dir", path, mode, owner] => {
                let (user, group) = owner.split_once(':').expect("an owner");
                let mut node = Node::new(Kind::Dir, begin);
                node.mode = u32::from_str_radix(mode, 8).expect("a mode");
                node.owner = (user.parse().expect("a user"), group.parse().expect("a group"));
                tree.insert(PathBuf::from(path.trim_start_matches('/')), node);
            }
            _ => {}
        }
    }
    logs
}

/// The run of this hour, and what was logged since the one before.
fn step(logs: &[Growing], begin: i64, hour: usize) -> Step {
    let at = begin + i64::try_from(hour).expect("hours fit") * HOUR + 25 * 60 + 1;
    let grow = |log: &Growing| {
        let line = format!("{hour} {}\n", log.path.display());
        Change::Grow(
            log.path.clone(),
            line.into_bytes().into_iter().cycle().take(log.bytes).collect(),
        )
    };
    let changes = logs
        .iter()
        .filter(|log| log.bytes > 0 && hour % log.every == 0)
        .map(grow)
        .collect();
    Step {
        at,
        options: Vec::new(),
        changes,
    }
}

/// Walks this many days; panics with what differs.
fn live(first: (i32, u32, u32), days: usize) {
    let Some(pair) = super::pair() else { return };
    if !support::need_root() {
        return;
    }
    let dir = super::playground();
    let bench = Bench::new(&dir.path().join("0"), &pair);
    let case = case(first, days);
    let mut excuses = super::Excuses::new();
    if let Some(failure) = bench.walk(&case, &mut excuses) {
        let step = &case.steps[failure.step];
        let what: Vec<String> = failure.differences.iter().map(ToString::to_string).collect();
        panic!(
            "differs at run {} ({}):\n{}\n--- the peer said\n{}--- ours said\n{}",
            failure.step,
            step.at,
            what.join("\n"),
            failure.messages.0,
            failure.messages.1
        );
    }
    super::say(&excuses);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn the_turn_of_the_year_goes_the_same_for_twenty_configurations() {
    live((2026, 12, 20), 16);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn spring_with_its_change_of_the_clock_goes_the_same_for_twenty_configurations() {
    live((2027, 3, 20), 15);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn autumn_with_its_change_of_the_clock_goes_the_same_for_twenty_configurations() {
    live((2027, 10, 23), 14);
}

/// Walks the whole year if `PEER_YEAR` is set.
#[test]
#[ignore = "long: run by hand with PEER_YEAR=1"]
fn a_whole_year_goes_the_same_for_twenty_configurations() {
    if std::env::var_os("PEER_YEAR").is_some() {
        live((2027, 2, 1), 365);
    }
}
