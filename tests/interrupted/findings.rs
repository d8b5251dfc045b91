//! What a sweep found: how many points, what was lost at them, and everything else that is not as it should be.
//!
//! The judgement of one scene is `verdict`'s; here it is asked for and added up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::scene::Scene;
use super::verdict;

/// What a sweep over all points found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// How many points there were.
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
    pub(super) fn note(&mut self, what: String, place: &str) {
        self.faults.entry(what).or_insert_with(|| (0, place.to_owned())).0 += 1;
    }

    /// Looks at a scene right after it was disturbed.
    pub(super) fn judge_at_once(&mut self, scene: &Scene, at: &str) {
        let verdict = verdict::judge(scene, true);
        if verdict.lost > 0 {
            self.note("lines gone at once".into(), at);
        }
        for name in verdict.broken {
            self.note(format!("broken at once: {name}"), at);
        }
    }

    /// Rotates undisturbed on the next two days, and notes what is wrong after that.
    pub(super) fn run_twice_more(&mut self, program: &Path, scene: &mut Scene, at: &str) {
        for day in 1..=2 {
            scene.add_lines();
            scene.next_day(day);
            let status = scene.rotate(program).status().expect("the program starts");
            if status.code() != Some(0) {
                self.note(format!("run {day} afterwards ends with {status}"), at);
            }
        }
        let verdict = verdict::judge(scene, false);
        if verdict.lost > 0 {
            self.losing += 1;
            self.lost += verdict.lost;
            self.note("lines lost".into(), at);
        }
        for name in verdict.broken {
            self.note(format!("broken for good: {name}"), at);
        }
        for name in verdict.left_over {
            self.note(format!("left over: {name}"), at);
        }
        if !verdict::state_is_right(scene) {
            self.note("the state is wrong".into(), at);
        }
    }

    /// Prints what was found wrong, a line each.
    pub(super) fn print(&self) {
        for (what, (count, first)) in &self.faults {
            println!("  {what}: {count} times, first at {first}");
        }
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
