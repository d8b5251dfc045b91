//! Kills a run at every system call that changes something, runs twice more, and looks for what is missing.

use std::path::Path;
use std::time::Instant;

use nix::errno::Errno;

use super::findings::{Findings, side_by_side};
use super::scene::{Place, Scene, Way};
use super::tracer::{self, Call, Ending, Fate};
use super::ways::WAYS;
use crate::support;

/// Tells if a kill right before this call makes a case of its own.
pub(super) fn counts(call: &Call, scene: &Scene) -> bool {
    call.is_process() || call.changes() && call.target().is_some_and(|path| path.starts_with(&scene.dir))
}

/// What the file system can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disk {
    /// All that Linux knows.
    Able,
    /// No files without a name.
    Poor,
}

/// Sweeps one way with one manner of dying.
pub(super) fn sweep(program: &Path, way: &Way, deadly: Fate, disk: Disk) -> Findings {
    let mut findings = Findings::default();
    let place = Place::new(way.on_disk);
    let mut scene = Scene::plan(way, &place.path().join("scene"));
    for point in 0.. {
        scene.put_up();
        let (mut number, mut at) = (0, String::new());
        let ending = tracer::run(&mut scene.rotate(program), &mut |call| {
            if disk == Disk::Poor && call.makes_nameless() {
                return Fate::Fail(Errno::EOPNOTSUPP);
            }
            if !counts(call, &scene) {
                return Fate::Go;
            }
            number += 1;
            if number != point + 1 {
                return Fate::Go;
            }
            let name = call
                .target()
                .and_then(|path| Some(path.strip_prefix(&scene.dir).ok()?.display().to_string()));
            at = format!("{} {}#{point} {}", way.name, call.name(), name.unwrap_or_default());
            deadly
        });
        if at.is_empty() {
            assert!(
                matches!(ending, Ending::Exited(0)),
                "{}: an undisturbed run ends with {ending:?}",
                way.name
            );
            break;
        }
        findings.points += 1;
        findings.judge_at_once(&scene, &at);
        findings.run_twice_more(program, &mut scene, &at);
    }
    findings
}

/// Sweeps all ways in both manners of dying, on every processor, and prints what was found.
pub(super) fn sweep_all(program: &Path, ways: &[Way]) -> Findings {
    let begun = Instant::now();
    let tasks = ways
        .iter()
        .flat_map(|way| [(way, Fate::KillAll), (way, Fate::KillCaller)]);
    let all = side_by_side(tasks.collect(), |(way, deadly)| {
        let found = sweep(program, way, deadly, Disk::Able);
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
        sweep(&support::ours(), way, Fate::KillAll, Disk::Poor)
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
