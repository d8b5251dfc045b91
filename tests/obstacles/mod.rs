//! Obstacles: whatever is wrong with a log's archives, it is rotated at its time, nothing is lost, and somebody is told.
//!
//! `rows` has them, `case` puts them into the ways of rotating, `world` lets the days go by, `verdict` says what has to hold
//! after each. The README's table is what `figures` counts with `OBSTACLE_BESIDE=1`, which plays all with the reference, too.
//! `OBSTACLE=PART` plays only those cases whose names hold the part, and `OBSTACLE_PROGRAM` names another program to be judged as ours is.

mod case;
mod figures;
mod obstacle;
mod rows;
mod verdict;
mod world;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use case::Case;
use figures::Figures;
use obstacle::{Naming, Packing};
use verdict::{Finding, judge};
use world::World;

use crate::support::mounts::with_own_mounts;
use crate::support::{need_root, ours, peer, skip};

/// So many days are played.
const DAYS: u32 = 12;
/// The pairs are always the same.
const SEED: u64 = 14;
/// So many pairs are played.
const PAIRS: usize = 300;

/// Plays a case with a program; returns what was wrong, and the story of the first day on which something was.
fn play(case: &Case, program: &Path, root: &Path) -> (Vec<Finding>, String) {
    let mut world = World::new(case, program, root);
    let (mut found, mut story) = (Vec::new(), String::new());
    for day in 1..=DAYS {
        let run = world.live(day);
        let wrong = judge(&world, case, day, &run);
        if !wrong.is_empty() && story.is_empty() {
            story = tell(&world, &run.said);
        }
        found.extend(wrong);
    }
    (found, story)
}

/// The tree and the messages, for whoever reads of a failure.
fn tell(world: &World<'_>, said: &str) -> String {
    let tree = Command::new("find")
        .arg(world.root())
        .args([
            "(",
            "-path",
            "*/logs/*",
            "-o",
            "-path",
            "*/kept/*",
            "-o",
            "-path",
            "*/mails/*",
            ")",
        ])
        .args(["-printf", "    %M %5s %P\n"])
        .output()
        .unwrap();
    let root = world.root().to_str().unwrap();
    let said: String = said
        .lines()
        .map(|line| format!("    > {}\n", line.replace(root, "@")))
        .collect();
    let mut lines: Vec<_> = String::from_utf8_lossy(&tree.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort_by(|one, other| one.split_whitespace().last().cmp(&other.split_whitespace().last()));
    lines.join("\n") + "\n" + &said
}

/// Plays all cases on two threads; returns the figures, and a report of each case that failed.
fn play_all(cases: &[Case], program: &Path) -> (Figures, Vec<String>) {
    let dir = playground();
    let (next, done) = (AtomicUsize::new(0), Mutex::new((Figures::default(), Vec::new())));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                with_own_mounts(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(case) = cases.get(number) else { return };
                        let (found, story) = play(case, program, &dir.path().join(number.to_string()));
                        let mut done = done.lock().unwrap();
                        done.0.add(&found);
                        if !found.is_empty() {
                            done.1.push(report(case, &found, &story));
                        }
                    }
                });
            });
        }
    });
    let (figures, mut reports) = done.into_inner().unwrap();
    reports.sort();
    (figures, reports)
}

/// What was wrong with a case, with the story of the first day on which something was.
fn report(case: &Case, found: &[Finding], story: &str) -> String {
    let mut text = format!("{case}\n");
    for finding in found {
        let Finding { fault, day, detail } = finding;
        let _ = writeln!(text, "  day {day}: {fault:?}: {detail}");
    }
    format!("{text}  after day {}:\n{story}", found[0].day)
}

/// A directory in memory, where waiting for the disk costs nothing.
fn playground() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    builder.prefix("logrotate-obstacles-");
    let dir = if memory.is_dir() {
        builder.tempdir_in(memory)
    } else {
        builder.tempdir()
    };
    let dir = dir.unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// Tells if all is there that the rows need, and says what is not.
fn can_play() -> bool {
    if !need_root() {
        return false;
    }
    let dir = playground();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let change = |what: &str| {
        let changed = Command::new("chattr").arg(what).arg(&file).output();
        changed.is_ok_and(|output| output.status.success())
    };
    let can = change("+i") && change("-i");
    if !can {
        skip("a file system in /dev/shm that knows immutable files (Linux 6.6 has it)");
    }
    can
}

/// The cases whose names hold what `OBSTACLE` says.
fn chosen(cases: Vec<Case>) -> Vec<Case> {
    let part = std::env::var("OBSTACLE").unwrap_or_default();
    cases
        .into_iter()
        .filter(|case| case.to_string().contains(&part))
        .collect()
}

/// Plays cases, and the same ones with the reference where that is asked for, and asserts that nothing is wrong with ours.
fn assert_that_rotation_goes_on(cases: &[Case]) {
    let other = std::env::var_os("OBSTACLE_PROGRAM").map(PathBuf::from);
    let beside = other.is_none() && std::env::var_os("OBSTACLE_BESIDE").is_some();
    let (figures, reports) = play_all(cases, &other.unwrap_or_else(ours));
    if let Some(peer) = peer().filter(|_| beside) {
        let (theirs, _) = play_all(cases, &peer);
        println!("{}", figures::table(&figures, &theirs));
    }
    for report in &reports {
        println!("{report}");
    }
    assert!(reports.is_empty(), "{} of {} cases fail", reports.len(), cases.len());
}

#[test]
fn some_obstacles_stop_no_rotation() {
    if !can_play() {
        return;
    }
    let some = [
        "no compressor",
        "directory: the second archive",
        "link to a file",
        "preremove says no",
    ];
    let is_one = |case: &Case| {
        some.contains(&case.obstacles[0].name)
            && (case.mode.naming == Naming::Dated) == (case.mode.packing == Packing::Delayed)
            && case.mode.packing != Packing::Plain
    };
    let cases: Vec<Case> = case::singles().into_iter().filter(is_one).collect();
    assert_that_rotation_goes_on(&cases);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn no_obstacle_stops_a_rotation_loses_a_line_or_is_kept_from_those_who_should_know() {
    if can_play() {
        assert_that_rotation_goes_on(&chosen(case::singles()));
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn no_two_obstacles_at_once_do_either() {
    if can_play() {
        assert_that_rotation_goes_on(&chosen(case::pairs(SEED, PAIRS)));
    }
}
