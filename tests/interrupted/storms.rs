//! A run that is stopped and goes on, and one that signals rain on: those that mean nothing, those that ask it to end, those that kill.

use std::path::{Path, PathBuf};
use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::scene::{Place, Scene, Way};
use super::verdict;
use super::ways::{APART, WAYS};
use crate::support;

/// The ways that start programs, and one with workers.
fn ways() -> [&'static Way; 4] {
    let named = |name: &str| WAYS.iter().find(|way| way.name == name).unwrap();
    [
        &APART,
        named("external compressor"),
        named("mailed before removal"),
        named("shredded"),
    ]
}

/// Sends a run these signals in turn, without a pause, until it has ended or has had so many; answers its exit status.
fn rain(run: &mut Child, signals: &[Signal], most: usize) -> Option<i32> {
    let pid = Pid::from_raw(i32::try_from(run.id()).unwrap());
    for signal in signals.iter().cycle().take(most) {
        if let Some(status) = run.try_wait().unwrap() {
            return status.code();
        }
        kill(pid, *signal).unwrap();
    }
    if signals.contains(&Signal::SIGSTOP) {
        kill(pid, Signal::SIGCONT).unwrap();
    }
    run.wait().unwrap().code()
}

/// Tells whether a process has a file below a directory open.
fn is_open_below(directory: &Path) -> bool {
    let below = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let open = below(Path::new("/proc"))
        .into_iter()
        .flat_map(|process| below(&process.join("fd")));
    open.filter_map(|file| std::fs::read_link(file).ok())
        .any(|file| file.starts_with(directory))
}

fn judge(scene: &Scene, name: &str) {
    let verdict = verdict::judge(scene, false);
    let found = (verdict.lost, verdict.broken, verdict.left_over);
    assert_eq!(found, (0, Vec::new(), Vec::new()), "{name}");
    assert!(verdict::state_is_right(scene), "{name}");
}

/// Rotates each way under this rain; where the run may end before it is done another one follows.
fn under(signals: &[Signal], most: usize, may_end: bool) {
    for way in ways() {
        let place = Place::new(false);
        let mut scene = Scene::plan(way, &place.path().join("scene"));
        scene.put_up();
        let mut run = scene.rotate(&support::ours()).spawn().unwrap();
        let status = rain(&mut run, signals, most);
        if may_end {
            // What a killed run had started goes on for a moment, and what it has open is not left over yet.
            while is_open_below(place.path()) {
                std::thread::yield_now();
            }
            assert_eq!(
                scene.rotate(&support::ours()).status().unwrap().code(),
                Some(0),
                "{}",
                way.name
            );
        } else {
            assert_eq!(status, Some(0), "{}", way.name);
        }
        judge(&scene, way.name);
    }
}

#[test]
fn stopped_and_continued_at_any_moment_a_run_ends_as_it_would_have() {
    under(&[Signal::SIGSTOP, Signal::SIGCONT], usize::MAX, false);
}

#[test]
fn signals_that_mean_nothing_change_nothing() {
    let signals = [
        Signal::SIGCHLD,
        Signal::SIGWINCH,
        Signal::SIGPIPE,
        Signal::SIGURG,
        Signal::SIGXFSZ,
        Signal::SIGCONT,
    ];
    // The first of them may come before the run can see to them, and a file that is too large is what ends it then.
    for signal in signals
        .iter()
        .filter(|signal| **signal != Signal::SIGXFSZ && **signal != Signal::SIGPIPE)
    {
        under(&[*signal], usize::MAX, false);
    }
    under(&signals, usize::MAX, true);
}

#[test]
fn thousands_of_signals_that_ask_a_run_to_end_lose_nothing() {
    under(&[Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP], 10_000, true);
}

#[test]
fn a_signal_that_kills_loses_nothing() {
    for signal in [Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGALRM, Signal::SIGQUIT] {
        under(&[Signal::SIGSTOP, Signal::SIGCONT, signal], 300, true);
    }
}
