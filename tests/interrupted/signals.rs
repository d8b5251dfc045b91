//! Asked to end, by SIGTERM, SIGINT or SIGHUP, a run finishes the step in hand, keeps the state and takes its children along.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::findings::{Findings, side_by_side};
use super::scene::{Place, Scene, Way, Writer};
use super::sweep::{Disturbance, counts, nothing_else, sweep};
use super::tracer::{Ending, Fate};
use super::verdict;
use super::ways::{APART, WAYS};
use crate::support;

/// A way whose compressor takes for ever, and says that it has begun.
const SLOW: Way = Way {
    name: "a slow compressor",
    conf: "@/logs/a.log {\n rotate 9\n compress\n compresscmd @/slow\n create\n}\n",
    seeds: &["logs/a.log", "logs/a.log.1.gz"],
    on_disk: false,
    writer: Writer::None,
};

/// Asks a run to end at each of its calls in turn.
fn sweep_one(program: &Path, way: &Way) -> Findings {
    let disturbance = Disturbance {
        fate: Fate::Tell(Signal::SIGTERM),
        counts: &|call, scene| counts(call, scene) && call.name() != "execve",
        always: &nothing_else,
    };
    sweep(program, way, &disturbance, &|findings, scene, struck| {
        // Before it listens it may just die: then nothing was changed yet.
        let untouched = !scene.dir.join("state").exists();
        if !matches!(struck.ending, Ending::Exited(0 | 1)) && !untouched {
            findings.note(format!("ends with {:?}", struck.ending), &struck.at);
        }
    })
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn asked_to_end_at_any_call_a_run_leaves_in_order() {
    let begun = Instant::now();
    let ways = vec![&WAYS[0], &WAYS[4], &WAYS[5], &WAYS[9], &APART];
    let found = side_by_side(ways, |way| sweep_one(&support::ours(), way));
    println!(
        "asked to end at {} calls in {:.1} s",
        found.points,
        begun.elapsed().as_secs_f64()
    );
    found.print();
    assert!(found.faults.is_empty(), "{found:#?}");
    assert!(
        found.points > 100,
        "only {} points: the harness sees too little",
        found.points
    );
}

/// Waits until a file is there.
fn wait_for(path: &Path, child: &mut Child) {
    while !path.exists() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the run ended before {} was there",
            path.display()
        );
        std::thread::yield_now();
    }
}

/// Has a signal act as usual: who starts the tests in the background of a script has them, and the run, ignore some.
fn stop_ignoring(signal: Signal) {
    #[expect(unsafe_code, reason = "what is done at a signal belongs to the process")]
    // SAFETY: the tests have no handlers of their own.
    unsafe {
        nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::SigDfl).unwrap();
    }
}

/// Puts up the scene with a slow compressor, starts a run, and ends it with a signal while the compressor works.
fn end_with(signal: Signal) {
    let place = Place::new(false);
    let mut scene = Scene::plan(&SLOW, &place.path().join("scene"));
    scene.put_up();
    let slow = scene.dir.join("slow");
    let script = format!(
        "#!/bin/sh\necho $$ >{0}/begun.new\nmv {0}/begun.new {0}/begun\nsleep 100\n",
        place.path().display()
    );
    fs::write(&slow, script).unwrap();
    super::scene::set_mode(&slow, 0o755);
    stop_ignoring(signal);
    let mut run = scene.rotate(&support::ours()).spawn().unwrap();
    wait_for(&place.path().join("begun"), &mut run);
    kill(Pid::from_raw(i32::try_from(run.id()).unwrap()), signal).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    let compressor: i32 = fs::read_to_string(place.path().join("begun"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!(
        kill(Pid::from_raw(compressor), None).is_err(),
        "the compressor lives on"
    );
    assert!(verdict::state_is_right(&scene));
    // The next run does what was left.
    fs::copy(scene.dir.join("squeeze"), &slow).unwrap();
    assert_eq!(scene.rotate(&support::ours()).status().unwrap().code(), Some(0));
    fs::remove_file(&slow).unwrap();
    let verdict = verdict::judge(&scene, false);
    assert_eq!((verdict.lost, verdict.left_over), (0, Vec::new()));
    assert!(scene.dir.join("logs/a.log.2.gz").exists());
}

#[test]
fn sigterm_ends_the_run_and_its_compressor_and_the_next_run_goes_on() {
    end_with(Signal::SIGTERM);
}

#[test]
fn sigint_ends_the_run_and_its_compressor_and_the_next_run_goes_on() {
    end_with(Signal::SIGINT);
}

#[test]
fn sighup_of_a_terminal_that_goes_ends_the_run_as_sigterm_does() {
    end_with(Signal::SIGHUP);
}

/// Runs a stanza with a script, and returns the exit status.
fn run_script(body: &str) -> (Option<i32>, Scene, Place) {
    let place = Place::new(false);
    let way = Way {
        name: "a script",
        conf: SLOW.conf,
        seeds: SLOW.seeds,
        on_disk: false,
        writer: Writer::None,
    };
    let mut scene = Scene::plan(&way, &place.path().join("scene"));
    scene.put_up();
    let conf = format!(
        "{}/logs/a.log {{\n rotate 9\n create\n{body}\n}}\n",
        scene.dir.display()
    );
    fs::write(scene.dir.join("conf"), conf).unwrap();
    let status = scene.rotate(&support::ours()).status().unwrap();
    (status.code(), scene, place)
}

#[test]
fn a_script_that_takes_longer_than_its_limit_is_ended() {
    let (code, scene, _place) = run_script(" scripttimeout 1\n postrotate\n  sleep 100\n endscript");
    assert_eq!(code, Some(1));
    assert!(scene.dir.join("logs/a.log.1").exists());
}

#[test]
fn a_script_within_its_limit_is_left_alone() {
    let (code, ..) = run_script(" scripttimeout 60\n postrotate\n  true\n endscript");
    assert_eq!(code, Some(0));
}
