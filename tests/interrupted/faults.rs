//! Answers a system call with an error instead of making it, at every call about the scene's files in turn.
//!
//! A fault is one log's failure: the run says so, nothing is lost, the other logs are done, and the next run repairs.

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use nix::errno::Errno;

use super::findings::{Findings, side_by_side};
use super::scene::{Place, Scene, Way};
use super::sweep::{Disturbance, Struck, nothing_else, sweep};
use super::tracer::{Call, Ending, Fate};
use super::verdict;
use super::ways::{APART, WAYS};
use crate::support;

/// The errors of disks and kernels that any call may answer.
const ERRORS: [Errno; 5] = [Errno::ENOSPC, Errno::EIO, Errno::EROFS, Errno::EACCES, Errno::EMFILE];

/// Tells if a call can answer an error in earnest: one that only looks needs no room, and one that goes by a descriptor
/// has its permission.
fn counts(call: &Call, error: Errno, scene: &Scene) -> bool {
    let looks = !call.changes() && !call.is_process();
    let apt = match error {
        _ if call.changes() => true,
        Errno::EIO => looks,
        Errno::EACCES | Errno::EMFILE => looks && call.names_a_path(),
        _ => false,
    };
    apt && call.target().is_some_and(|path| path.starts_with(&scene.dir))
}

/// Answers each call of one way with one error, in turn.
fn sweep_one(program: &Path, way: &Way, error: Errno) -> Findings {
    let place = Place::new(way.on_disk);
    let mut scene = Scene::plan(way, &place.path().join("scene"));
    scene.put_up();
    assert!(
        scene.rotate(program).status().expect("the program starts").success(),
        "{}: undisturbed",
        way.name
    );
    let healthy = verdict::names(&scene);
    let disturbance = Disturbance {
        fate: Fate::Fail(error),
        counts: &|call, scene| counts(call, error, scene),
        always: &nothing_else,
    };
    sweep(program, way, &disturbance, &|findings, scene, struck| {
        at_once(findings, scene, struck, &healthy)
    })
}

/// Judges a run that met a fault, by its status and by what it left.
fn at_once(findings: &mut Findings, scene: &Scene, struck: &Struck, healthy: &[OsString]) {
    let Struck { call, path, at, ending } = struck;
    match ending {
        Ending::Exited(0) if verdict::names(scene) != *healthy => findings.note("fails in silence".into(), at),
        Ending::Exited(0) if call.ends_with("sync") => findings.note("a failed flush is no failure".into(), at),
        Ending::Exited(0 | 1) => {}
        Ending::Exited(3) if *path == scene.dir || path.file_name().is_some_and(|name| name == "state") => {}
        other => findings.note(format!("ends with {other:?}"), at),
    }
    let file = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let about = |log: &str| file.contains(log.trim_start_matches("logs/"));
    if !scene.logs.iter().any(|log| about(log)) {
        return;
    }
    for log in scene.logs.iter().filter(|log| !about(log)) {
        let of_log = |names: &[OsString]| -> Vec<OsString> {
            let start = log.trim_start_matches("logs/");
            names
                .iter()
                .filter(|name| name.to_string_lossy().starts_with(start))
                .cloned()
                .collect()
        };
        if of_log(&verdict::names(scene)) != of_log(healthy) {
            findings.note(format!("{log} suffers for another"), at);
        }
    }
}

/// Answers every call of these ways with every error, and prints what was found.
fn sweep_all(program: &Path, ways: &[&Way]) -> Findings {
    let begun = Instant::now();
    let tasks = ways.iter().flat_map(|way| ERRORS.map(|error| (*way, error)));
    let all = side_by_side(tasks.collect(), |(way, error)| {
        let found = sweep_one(program, way, error);
        println!(
            "{:30} {error:?}: {} points, {} lose {} lines",
            way.name, found.points, found.losing, found.lost
        );
        found
    });
    println!(
        "{} faults in {:.1} s: {} lose {} lines",
        all.points,
        begun.elapsed().as_secs_f64(),
        all.losing,
        all.lost
    );
    all.print();
    all
}

/// Finds a way by its name.
fn way(name: &str) -> &'static Way {
    WAYS.iter().find(|way| way.name == name).expect("there is such a way")
}

#[test]
#[cfg(target_arch = "x86_64")]
#[ignore = "long: .ci/run and the README's full test run them"]
fn an_error_of_any_system_call_is_one_logs_failure_and_loses_nothing() {
    let ways = [
        "numbered, compressed",
        "dated, delayed",
        "copytruncate",
        "renamecopy",
        "two stanzas",
    ]
    .map(way);
    let found = sweep_all(&support::ours(), &[&ways[..], &[&APART]].concat());
    assert!(found.faults.is_empty(), "{found:#?}");
    assert!(
        found.points > 500,
        "only {} faults: the harness sees too little",
        found.points
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
#[ignore = "long: .ci/run and the README's full test run them"]
fn the_harness_finds_that_the_reference_takes_a_failed_flush_for_a_good_one() {
    let Some(peer) = support::need_peer() else { return };
    let found = sweep_one(&peer, way("numbered, compressed"), Errno::EIO);
    found.print();
    assert!(found.faults.contains_key("a failed flush is no failure"), "{found:#?}");
}
