//! The differential test: random cases, each walked by the peer and by ours, after every run of which all must be equal.
//!
//! `PEER_CASES=5000` walks so many instead of 300, `PEER_SEED=17` that case
//! alone, `PEER_FIRST=1000` begins there. `LOGROTATE_OURS` names another program to stand for ours.

mod case;
mod compare;
mod drive;
mod exceptions;
mod generate;
pub(crate) mod random;
mod rules;
mod run;
mod scene;
mod shrink;
mod tree;
mod year;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support;
use drive::{Bench, Excuses, Pair};

/// So many differing cases are enough for one report.
const ENOUGH: usize = 12;

/// Reads a number from the environment.
fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// The programs to compare, if all that is needed is there.
fn pair() -> Option<Pair> {
    let peer = support::need_peer()?;
    support::need("faketime").then(|| {
        let named = env::var_os("LOGROTATE_OURS").map(PathBuf::from);
        let ours = named.unwrap_or_else(support::ours);
        let knows_jobs = knows_jobs(&ours);
        Pair { peer, ours, knows_jobs }
    })
}

/// The program can be told to do one thing after the other.
fn knows_jobs(program: &Path) -> bool {
    let help = Command::new(program)
        .arg("--help")
        .output()
        .expect("the program starts");
    String::from_utf8_lossy(&help.stdout).contains("--jobs")
}

/// A directory of this test that every user may enter; it goes at the end.
fn playground() -> tempfile::TempDir {
    // Memory, where there is any: the programs wait for the disk after every file.
    let base = Path::new("/dev/shm");
    let base = if base.is_dir() {
        base.to_owned()
    } else {
        env::temp_dir()
    };
    let dir = tempfile::Builder::new()
        .prefix("peer")
        .tempdir_in(base)
        .expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    dir
}

/// Whether a differing case is made smaller before it is shown.
#[derive(Clone, Copy)]
enum Small {
    Yes,
    No,
}

/// Walks the cases of these seeds on all processors; returns the reports of those that differ, and the rules needed.
fn walk(pair: &Pair, seeds: std::ops::Range<u64>, small: Small) -> (Vec<String>, Excuses) {
    let dir = playground();
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new((Vec::new(), Excuses::new()));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (next, found, place) = (&next, &found, dir.path().join(worker.to_string()));
            scope.spawn(move || {
                let bench = Bench::new(&place, pair);
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || found.lock().expect("no one panicked").0.len() >= ENOUGH {
                        return;
                    }
                    let mut excuses = Excuses::new();
                    let report = one(&bench, seed, small, &mut excuses);
                    report.iter().for_each(|report| eprintln!("{report}"));
                    let mut found = found.lock().expect("no one panicked");
                    excuses
                        .into_iter()
                        .for_each(|(rule, seeds)| found.1.entry(rule).or_default().extend(seeds));
                    found.0.extend(report);
                }
            });
        }
    });
    found.into_inner().expect("no one panicked")
}

/// Says how often each rule was needed, and in which cases first.
fn say(excuses: &Excuses) {
    eprintln!("differences that are wanted, by rule:");
    for (rule, seeds) in excuses {
        let mut cases = seeds.clone();
        cases.sort_unstable();
        cases.dedup();
        let few = &cases[..cases.len().min(5)];
        eprintln!("{:6} in {} cases: {rule} (PEER_SEED {few:?})", seeds.len(), cases.len());
    }
}

/// Walks one case; reports how it differs, shrunk, if it does.
fn one(bench: &Bench, seed: u64, small: Small, excuses: &mut Excuses) -> Option<String> {
    let case = generate::case(seed);
    let first = bench.walk(&case, excuses)?;
    let mut ignored = Excuses::new();
    let small = match small {
        Small::Yes => shrink::shrink(case, |smaller| {
            let failure = bench.walk(smaller, &mut ignored);
            failure.is_some_and(|failure| failure.is_like(&first))
        }),
        Small::No => case,
    };
    let failure = bench.walk(&small, &mut ignored)?;
    let mut report = format!(
        "PEER_SEED={seed} differs; shrunk:\n{small}--- differs after run {}\n",
        failure.step + 1
    );
    for difference in &failure.differences {
        writeln!(report, "{difference}").expect("a string takes it");
    }
    writeln!(
        report,
        "--- the peer said\n{}--- ours said\n{}",
        failure.messages.0, failure.messages.1
    )
    .expect("a string takes it");
    Some(report)
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn random_cases_end_the_same_for_the_peer_and_for_ours() {
    let Some(pair) = pair() else { return };
    let first = number("PEER_FIRST").unwrap_or(1);
    let seeds = number("PEER_SEED").map_or(first..first + number("PEER_CASES").unwrap_or(300), |seed| {
        seed..seed + 1
    });
    let (reports, excuses) = walk(&pair, seeds, Small::Yes);
    say(&excuses);
    assert!(reports.is_empty(), "{}", reports.join("\n=======\n"));
}

#[test]
fn the_peer_never_differs_from_itself() {
    let Some(Pair { peer, .. }) = pair() else { return };
    let (reports, excuses) = walk(
        &Pair {
            ours: peer.clone(),
            peer,
            knows_jobs: false,
        },
        1..21,
        Small::No,
    );
    assert!(
        reports.is_empty() && excuses.is_empty(),
        "{excuses:?}\n{}",
        reports.join("\n=======\n")
    );
}

#[test]
fn a_peer_that_always_forces_is_seen_to_differ() {
    let Some(Pair { peer, .. }) = pair() else { return };
    let dir = playground();
    let ours = dir.path().join("forces");
    write_program(&ours, &format!("exec {} -f \"$@\"", peer.display()));
    let (reports, _) = walk(
        &Pair {
            peer,
            ours,
            knows_jobs: false,
        },
        1..21,
        Small::No,
    );
    assert!(!reports.is_empty());
}

fn write_program(at: &Path, script: &str) {
    fs::write(at, format!("#!/bin/sh\n{script}\n")).expect("a program is written");
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).expect("its mode");
}
