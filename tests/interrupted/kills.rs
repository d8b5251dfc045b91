//! Kills a run at every system call that changes something, runs twice more, and looks for what is missing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use super::scene::{Place, Scene, Way};
use super::tracer::{self, Call, Ending, Fate};
use super::verdict;
use super::ways::WAYS;
use crate::support;

/// What a sweep over all kill points found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// How many kill points there were.
    pub(super) points: usize,
    /// At how many of them lines were lost.
    pub(super) losing: usize,
    /// How many lines were lost in all.
    pub(super) lost: usize,
    /// What else is wrong, and at how many points; the first point of each.
    pub(super) faults: BTreeMap<String, (usize, String)>,
}

impl Findings {
    /// Notes a fault.
    fn note(&mut self, what: String, place: &str) {
        self.faults.entry(what).or_insert_with(|| (0, place.to_owned())).0 += 1;
    }

    /// Adds those of another sweep.
    pub(super) fn add(&mut self, other: Self) {
        self.points += other.points;
        self.losing += other.losing;
        self.lost += other.lost;
        for (what, (count, place)) in other.faults {
            self.faults.entry(what).or_insert((0, place)).0 += count;
        }
    }
}

/// Tells if a kill right before this call makes a case of its own.
fn counts(call: &Call, scene: &Scene) -> bool {
    call.is_process() || call.changes() && call.target().is_some_and(|path| path.starts_with(&scene.dir))
}

/// Sweeps one way with one manner of dying.
pub(super) fn sweep(program: &Path, way: &Way, deadly: Fate) -> Findings {
    let mut findings = Findings::default();
    let place = Place::new(way.on_disk);
    let mut scene = Scene::plan(way, &place.path().join("scene"));
    for point in 0.. {
        scene.put_up();
        let (mut number, mut at) = (0, String::new());
        let ending = tracer::run(&mut scene.rotate(program), &mut |call| {
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
        aftermath(program, &mut scene, &at, &mut findings);
    }
    findings
}

/// Runs twice more after a disturbance, and notes what is wrong.
fn aftermath(program: &Path, scene: &mut Scene, at: &str, findings: &mut Findings) {
    let verdict = verdict::judge(scene, true);
    if verdict.lost > 0 {
        findings.note("lines gone at once".into(), at);
    }
    for name in verdict.broken {
        findings.note(format!("broken at once: {name}"), at);
    }
    for day in 1..=2 {
        scene.add_lines();
        scene.next_day(day);
        let status = scene.rotate(program).status().expect("the program starts");
        if status.code() != Some(0) {
            findings.note(format!("run {day} afterwards ends with {status}"), at);
        }
    }
    let verdict = verdict::judge(scene, false);
    if verdict.lost > 0 {
        findings.losing += 1;
        findings.lost += verdict.lost;
        findings.note("lines lost".into(), at);
    }
    for name in verdict.broken {
        findings.note(format!("broken for good: {name}"), at);
    }
    for name in verdict.left_over {
        findings.note(format!("left over: {name}"), at);
    }
    if !verdict::state_is_right(scene) {
        findings.note("the state is wrong".into(), at);
    }
}

/// Sweeps all ways in both manners of dying, on every processor, and prints what was found.
pub(super) fn sweep_all(program: &Path, ways: &[Way]) -> Findings {
    let begun = Instant::now();
    let tasks = ways
        .iter()
        .flat_map(|way| [(way, Fate::KillAll), (way, Fate::KillCaller)]);
    let all = side_by_side(tasks.collect(), |(way, deadly)| {
        let found = sweep(program, way, deadly);
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
    for (what, (count, first)) in &all.faults {
        println!("  {what}: {count} times, first at {first}");
    }
    all
}

/// Does the tasks on as many threads as there are processors, and adds up what they find.
pub(super) fn side_by_side<T: Send>(tasks: Vec<T>, work: impl Fn(T) -> Findings + Sync) -> Findings {
    let (tasks, all) = (Mutex::new(tasks.into_iter()), Mutex::new(Findings::default()));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(task) = tasks.lock().expect("no thread panicked").next() else {
                        break;
                    };
                    let found = work(task);
                    all.lock().expect("no thread panicked").add(found);
                }
            });
        }
    });
    all.into_inner().expect("no thread panicked")
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
#[ignore = "long: .ci/run and the README's full test run them"]
fn the_harness_finds_the_losses_of_the_reference() {
    let Some(peer) = support::need_peer() else { return };
    let found = sweep_all(&peer, &WAYS[..1]);
    assert!(
        found.losing > 0,
        "the reference lost nothing, so the harness sees nothing"
    );
}
