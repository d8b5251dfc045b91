//! File systems that give no room back, or give it back late: reflinks, snapshots, and btrfs as such.

use std::fs;
use std::process::Command;

use nix::sys::statvfs::statvfs;

use super::*;
use crate::support::{mounts, need};

/// What the file systems hold.
const DISK: u64 = 400 << 20;

/// Runs a test in a tree whose logs are on a file system of this kind; five archives of 8 MiB are there.
fn with_disk(kind: &str, name: &str, test: impl FnOnce(&Scene) + Send) {
    let scene = Scene::new(name);
    mounts::with_own_mounts(|| {
        let (image, at) = (scene.root.join("image"), scene.root.join("log"));
        if mounts::make(kind, &image, DISK) && mounts::attach(&image, &at, "") {
            scene.row("a.log", &[8 << 10; 5]);
            test(&scene);
        }
    });
}

fn run(program: &str, words: &[&str]) {
    let done = Command::new(program).args(words).output().unwrap();
    assert!(
        done.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Asks for 12 MiB more than are free.
fn want_more(scene: &Scene) {
    run("sync", &["-f", scene.root.join("log").to_str().unwrap()]);
    let said = statvfs(&scene.root.join("log")).unwrap();
    let wanted = said.blocks_available() * said.fragment_size() + (12 << 20);
    scene.configure(&format!("minfree {wanted}\n@ROOT@/log/a.log {{\n rotate 9\n}}\n"));
}

fn is_held_after_two(scene: &Scene) {
    want_more(scene);
    let run = scene.run(&[]);
    assert_eq!((run.status, run.removals().len()), (Some(1), 2), "{}", run.said);
    assert!(
        run.said.contains("error: removing 16.0M of archives on "),
        "{}",
        run.said
    );
    let run = scene.run(&[]);
    assert_eq!((run.status, run.removals().len()), (Some(1), 0), "{}", run.said);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a14_blocks_that_others_share_are_not_gained() {
    with_disk("xfs", "held-reflink", |scene| {
        fs::create_dir(scene.log("kept")).unwrap();
        for number in 1..=5 {
            let name = format!("a.log.{number}");
            let (from, to) = (scene.log(&name), scene.log("kept").join(&name));
            run(
                "cp",
                &["--reflink=always", from.to_str().unwrap(), to.to_str().unwrap()],
            );
        }
        is_held_after_two(scene);
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a14_what_a_snapshot_holds_is_not_gained() {
    if !need("btrfs") {
        return;
    }
    with_disk("btrfs", "held-snapshot", |scene| {
        let (from, to) = (scene.root.join("log"), scene.log("snapshot"));
        run(
            "btrfs",
            &["subvolume", "snapshot", from.to_str().unwrap(), to.to_str().unwrap()],
        );
        is_held_after_two(scene);
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a14_room_that_is_given_back_late_is_waited_for() {
    with_disk("btrfs", "held-late", |scene| {
        want_more(scene);
        let run = scene.run(&[]);
        assert_eq!((run.status, run.removals().len()), (Some(0), 2), "{}", run.said);
    });
}
