//! Directories in which others than root may write: who runs, who shows and who checks refuse the same ones.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;

use serde_json::Value;

use super::USER;
use crate::edges::{Run, Scene};
use crate::support::{need_root, ours, shell};

/// A directory of logs, what its stanza says, who runs, and whether its logs are refused for the directory's sake.
struct Case {
    mode: u32,
    owner: (u32, u32),
    directive: &'static str,
    runs: u32,
    refused: bool,
}

const fn case(mode: u32, owner: (u32, u32), directive: &'static str, runs: u32, refused: bool) -> Case {
    Case {
        mode,
        owner,
        directive,
        runs,
        refused,
    }
}

const CASES: [Case; 14] = [
    case(0o755, (0, 0), "", 0, false),
    case(0o755, (USER, USER), "", 0, false),
    // Root's group is root.
    case(0o775, (0, 0), "", 0, false),
    case(0o775, (0, USER), "", 0, true),
    case(0o757, (0, 0), "", 0, true),
    case(0o1777, (0, 0), "", 0, true),
    // With `su` the work is done with rights that suffice for nothing else.
    case(0o777, (0, 0), "su :61234 :61234", 0, false),
    case(0o777, (0, 0), "su root root", 0, false),
    case(0o775, (USER, USER), "su owner", 0, false),
    // Root's rights are no others.
    case(0o775, (0, USER), "su owner", 0, true),
    case(0o777, (0, 0), "su owner", 0, true),
    case(0o755, (0, 0), "su owner", 0, false),
    // Who is not root has nothing to lend.
    case(0o777, (USER, USER), "", USER, false),
    case(0o777, (0, 0), "", USER, false),
];

/// A tree that everybody may use, with a log that everybody may move.
fn scene(number: usize, case: &Case) -> Scene {
    let scene = Scene::new(&format!("attacks-insecure-{number}"));
    scene.write("a.log", "line\n");
    scene.configure(&format!("@ROOT@/log/a.log {{\n rotate 1\n {}\n}}\n", case.directive));
    for path in [scene.log("a.log"), scene.root.clone()] {
        chown(path, Some(USER), Some(USER)).unwrap();
    }
    chown(scene.root.join("log"), Some(case.owner.0), Some(case.owner.1)).unwrap();
    fs::set_permissions(scene.root.join("log"), Permissions::from_mode(case.mode)).unwrap();
    scene
}

/// Runs ours as who the case says; answers the messages, the exit status, and what is on the output.
fn ask(scene: &Scene, case: &Case, options: &[&str]) -> (Run, String) {
    let words = [&["-s", "status"], options, &["conf"]].concat();
    let mut command = shell(&scene.root, ours().to_str().unwrap(), &words);
    let output = command.uid(case.runs).gid(case.runs).output().unwrap();
    (Run::of(&output), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_run_the_status_and_a_check_refuse_the_same_directories() {
    if !need_root() {
        return;
    }
    for (number, case) in CASES.iter().enumerate() {
        let scene = scene(number, case);
        let at = format!("{:o} {:?} {:?} {}", case.mode, case.owner, case.directive, case.runs);
        let (_, status) = ask(&scene, case, &["--status", "--json"]);
        let status: Value = serde_json::from_str(&status).unwrap_or_else(|error| panic!("{at}: {error}"));
        let obstacle = status["logs"][0]["obstacle"].as_str().unwrap_or_default();
        assert_eq!(
            obstacle.contains("insecure permissions"),
            case.refused,
            "status, {at}: {obstacle}"
        );
        assert_eq!(obstacle.is_empty(), !case.refused, "status, {at}: {obstacle}");
        let (_, check) = ask(&scene, case, &["--check"]);
        assert_eq!(check.contains("LR3012"), case.refused, "check, {at}: {check}");
        let (run, _) = ask(&scene, case, &["-f"]);
        assert_eq!(
            run.said.contains("insecure permissions"),
            case.refused,
            "run, {at}: {}",
            run.said
        );
        assert_eq!(run.status, Some(i32::from(case.refused)), "run, {at}: {}", run.said);
        assert_eq!(scene.log("a.log.1").exists(), !case.refused, "run, {at}: {}", run.said);
    }
}
