//! Kills a run at every system call that changes something, runs twice more, and looks for what is missing.

use std::path::Path;
use std::time::Instant;

use nix::errno::Errno;

use super::findings::{Findings, side_by_side};
use super::scene::Way;
use super::sweep::{Disturbance, counts, sweep};
use super::tracer::{Call, Fate};
use super::ways::WAYS;
use crate::support;

/// What the file system can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disk {
    /// All that Linux knows.
    Able,
    /// No files without a name.
    Poor,
}

/// Sweeps one way with one manner of dying.
fn sweep_one(program: &Path, way: &Way, deadly: Fate, disk: Disk) -> Findings {
    let always = |call: &Call| match disk {
        Disk::Poor if call.makes_nameless() => Fate::Fail(Errno::EOPNOTSUPP),
        _ => Fate::Go,
    };
    let disturbance = Disturbance {
        fate: deadly,
        counts: &counts,
        always: &always,
    };
    sweep(program, way, &disturbance, &|_, _, _| {})
}

/// Sweeps all ways in both manners of dying, on every processor, and prints what was found.
fn sweep_all(program: &Path, ways: &[Way]) -> Findings {
    let begun = Instant::now();
    let tasks = ways
        .iter()
        .flat_map(|way| [(way, Fate::KillAll), (way, Fate::KillCaller)]);
    let all = side_by_side(tasks.collect(), |(way, deadly)| {
        let found = sweep_one(program, way, deadly, Disk::Able);
        println!(
            "{:30} {deadly:?}: {} points, {} lose {} lines",
            way.name, found.points, found.losing, found.lost
        );
        found
    });
    println!(
        "{} kill points in {:.1} s: {} lose {} lines",
        all.points,
        begun.elapsed().as_secs_f64(),
        all.losing,
        all.lost
    );
    all.print();
    all
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn killed_at_any_changing_call_the_next_run_loses_nothing() {
    let found = sweep_all(&support::ours(), WAYS);
    assert_eq!(found.losing, 0, "{found:#?}");
    assert!(found.faults.is_empty(), "{found:#?}");
    assert!(
        found.points > 9 * 20,
        "only {} kill points: the harness sees too little",
        found.points
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
#[ignore = "long: .ci/run and the README's full test run them"]
fn killed_where_files_are_born_with_a_name_the_next_run_loses_and_leaves_nothing() {
    let ways = [
        "numbered, compressed",
        "copytruncate",
        "renamecopy",
        "olddir",
        "external compressor",
    ];
    let ways = WAYS.iter().filter(|way| ways.contains(&way.name));
    let found = side_by_side(ways.collect(), |way| {
        sweep_one(&support::ours(), way, Fate::KillAll, Disk::Poor)
    });
    println!("{} kill points where files are born with a name", found.points);
    assert!(found.faults.is_empty(), "{found:#?}");
    assert!(
        found.points > 100,
        "only {} kill points: the harness sees too little",
        found.points
    );
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn the_harness_finds_the_losses_of_the_reference() {
    let Some(peer) = support::need_peer() else { return };
    let found = sweep_all(&peer, &WAYS[..1]);
    assert!(
        found.losing > 0,
        "the reference lost nothing, so the harness sees nothing"
    );
}
