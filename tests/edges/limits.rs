//! Limits of the process: open files, and threads that cannot be started.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::errno::Errno;

use super::super::support::{ours, shell};
use super::{PATIENCE, Run, Scene};
use crate::interrupted::tracer::{self, Ending, Fate};

/// How many directories there are: more than files may be open.
const DIRECTORIES: usize = 200;

/// A tree with a log in each of many directories.
fn scene(name: &str, directives: &str) -> Scene {
    let scene = Scene::new(name);
    for number in 0..DIRECTORIES {
        fs::create_dir(scene.log(&number.to_string())).unwrap();
        scene.write(&format!("{number}/app.log"), "text\n");
    }
    scene.configure(&format!(
        "@ROOT@/log/*/app.log {{\n rotate 1\n compress\n create\n {directives}\n}}\n"
    ));
    scene
}

/// Runs with this soft limit of open files, and with many workers.
fn run_with(scene: &Scene, files: usize) -> Run {
    let limited = format!("ulimit -Sn {files} && exec \"$@\"");
    let binary = ours();
    let program = binary.to_str().unwrap();
    let words = ["-c", &limited, "sh", "timeout", PATIENCE, program];
    let options = ["-f", "-s", "status", "--jobs", "8", "conf"];
    Run::of(
        &shell(&scene.root, "/bin/sh", &[&words[..], &options].concat())
            .output()
            .unwrap(),
    )
}

/// All logs are rotated and their archives compressed.
fn assert_rotated(scene: &Scene) {
    let is_missing = |number: &usize| !scene.log(&format!("{number}/app.log.1.gz")).exists();
    let missing: Vec<usize> = (0..DIRECTORIES).filter(is_missing).collect();
    assert!(missing.is_empty(), "not rotated: {missing:?}");
}

#[test]
fn few_descriptors_are_enough_for_many_directories() {
    let scene = scene("few-descriptors", "");
    run_with(&scene, 150).went_well();
    assert_rotated(&scene);
}

#[test]
fn a_set_that_holds_many_directories_at_once_raises_its_limit_of_descriptors_and_scripts_find_it_as_it_was() {
    let script = "sharedscripts\n lastaction\n  ulimit -Sn >@ROOT@/limit\n endscript";
    let scene = scene("raised-limit", script);
    run_with(&scene, 150).went_well();
    assert_rotated(&scene);
    assert_eq!(fs::read_to_string(scene.root.join("limit")).unwrap(), "150\n");
}

#[test]
fn a_file_beyond_the_limit_of_file_sizes_is_one_log_s_failure() {
    for (method, left) in [("compress", "app.log.1"), ("copytruncate", "app.log")] {
        let scene = Scene::new("file-size");
        let mut noise = 88_172_645_463_325_252_u64;
        let text: String = std::iter::repeat_with(|| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            format!("{noise:x}")
        })
        .take(10_000)
        .collect();
        scene.write("app.log", &text);
        scene.write("small.log", "text\n");
        scene.configure(&format!("@ROOT@/log/*.log {{\n rotate 2\n {method}\n}}\n"));
        let binary = ours();
        let program = binary.to_str().unwrap();
        let limited = "ulimit -f 16 && exec \"$@\"";
        let words = [
            "-c", limited, "sh", "timeout", PATIENCE, program, "-f", "-s", "status", "conf",
        ];
        let run = Run::of(&shell(&scene.root, "/bin/sh", &words).output().unwrap());
        assert_eq!(run.status, Some(1), "{method}: {}", run.said);
        assert!(run.said.contains("LimitFSIZE="), "{method}: {}", run.said);
        assert!(scene.read(left) == text, "{method}: nothing is lost");
        let other = if method == "compress" {
            "small.log.1.gz"
        } else {
            "small.log.1"
        };
        assert!(scene.log(other).exists(), "{method}: the other log is done");
        assert!(
            scene.root.join("status").metadata().unwrap().len() > 30,
            "{method}: the state is kept"
        );
    }
}

/// Rotates three logs with two workers, of whom only so many can be started.
#[cfg(target_arch = "x86_64")]
fn rotate_with_threads(name: &str, threads: usize) {
    let scene = Scene::new(name);
    for log in ["a.log", "b.log", "c.log"] {
        scene.write(log, "text\n");
    }
    scene.configure("@ROOT@/log/*.log {\n rotate 1\n compress\n create\n}\n");
    let mut run = Command::new(ours());
    let at = |name: &str| -> PathBuf { scene.root.join(name) };
    run.args(["-f", "--jobs", "2", "-s"]).arg(at("status")).arg(at("conf"));
    run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut started = 0;
    let ending = tracer::run(&mut run, &mut |call| {
        if !matches!(call.name(), "clone" | "clone3") {
            return Fate::Go;
        }
        started += 1;
        if started <= threads {
            Fate::Go
        } else {
            Fate::Fail(Errno::EAGAIN)
        }
    });
    assert_eq!(ending, Ending::Exited(0));
    assert!(started > threads, "workers were wanted");
    for log in ["a.log", "b.log", "c.log"] {
        assert!(scene.log(&format!("{log}.1.gz")).exists(), "{log}");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn where_no_worker_can_be_started_the_run_does_all_by_itself() {
    rotate_with_threads("no-worker", 0);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn where_one_worker_cannot_be_started_the_other_does_the_work() {
    rotate_with_threads("one-worker", 1);
}

/// How large the largest log of these tests is; nearly all of it is a hole.
const LARGE: u64 = 64 << 30;
/// The largest that is smaller when it is compressed: a hole takes a thousandth then.
const LARGE_AND_WORTH_IT: u64 = 4 << 30;
/// How much memory a run may take, in KiB.
const MEMORY: u64 = 64 << 10;

#[test]
fn a_log_of_64_gib_is_rotated_in_less_than_64_mib_of_memory() {
    for (method, size, archive) in [
        ("compress", LARGE_AND_WORTH_IT, "app.log.1.gz"),
        ("compress", LARGE, "app.log.1"),
        ("copytruncate", LARGE, "app.log.1"),
        ("copy\n compress", LARGE_AND_WORTH_IT, "app.log.1.gz"),
    ] {
        let scene = Scene::new("memory");
        scene.write("app.log", &"line\n".repeat(1 << 20));
        let log = fs::OpenOptions::new().append(true).open(scene.log("app.log")).unwrap();
        log.set_len(size).unwrap();
        drop(log);
        scene.configure(&format!("@ROOT@/log/app.log {{\n rotate 1\n {method}\n}}\n"));
        let mut run = Command::new(ours());
        run.args(["-f", "-s"])
            .arg(scene.root.join("status"))
            .arg(scene.root.join("conf"));
        run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut peak = None;
        let ending = tracer::run(&mut run, &mut |call| {
            if call.name() == "exit_group" {
                peak = call.peak_memory().max(peak);
            }
            Fate::Go
        });
        assert_eq!(ending, Ending::Exited(0), "{method}");
        assert!(scene.log(archive).exists(), "{method}");
        assert!(
            peak.is_some_and(|peak| peak > 1024 && peak < MEMORY),
            "{method}: {peak:?} KiB"
        );
        fs::remove_dir_all(&scene.root).unwrap();
    }
}
