//! What is at a log's name when its turn comes: only a plain file is moved into a directory of root's, and only the one that was meant.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use super::{give, users_directory};
use crate::edges::Scene;
use crate::interrupted::tracer::{self, Ending, Fate};
use crate::support::{need_root, ours};

/// A log in another user's directory, whose archives go to a directory of root's.
fn scene(name: &str, prerotate: &str) -> Scene {
    let scene = Scene::new(name);
    users_directory(&scene.log("theirs"));
    fs::create_dir(scene.log("old")).unwrap();
    scene.write("secret", "secret\n");
    scene.write("theirs/a.log", "line\n");
    give(&scene.log("theirs/a.log"));
    scene.configure(&format!(
        "@ROOT@/log/theirs/a.log {{\n rotate 3\n olddir @ROOT@/log/old\n prerotate\n  {prerotate}\n endscript\n}}\n"
    ));
    scene
}

#[test]
fn what_is_no_plain_file_when_prerotate_has_run_is_not_moved_into_olddir() {
    if !need_root() {
        return;
    }
    for (name, make) in [
        ("link", "ln -s @ROOT@/log/secret $1"),
        ("hard-link", "ln @ROOT@/log/secret $1"),
        ("directory", "mkdir $1"),
        ("pipe", "mkfifo $1"),
    ] {
        let scene = scene(&format!("attacks-swap-{name}"), &format!("rm $1; {make}"));
        let run = scene.run(&["-f"]);
        assert_eq!(run.status, Some(1), "{name}: {}", run.said);
        assert!(run.said.contains("it was replaced"), "{name}: {}", run.said);
        assert_eq!(fs::read_dir(scene.log("old")).unwrap().count(), 0, "{name}");
        assert!(scene.log("theirs/a.log").symlink_metadata().is_ok(), "{name}: it stays");
    }
}

#[test]
fn a_log_that_prerotate_writes_anew_is_rotated() {
    let scene = scene("attacks-swap-script", "sort $1 >$1.sorted; mv $1.sorted $1");
    scene.run(&["-f"]).went_well();
    assert_eq!(scene.read("old/a.log.1"), "line\n");
}

#[test]
fn what_takes_the_logs_place_at_the_last_moment_goes_back() {
    if !need_root() {
        return;
    }
    let scene = scene("attacks-swap-late", "true");
    let log = scene.log("theirs/a.log");
    let mut command: Command = scene.command(&ours(), &["-f"]);
    let mut is_swapped = false;
    let ending = tracer::run(command.stdout(Stdio::null()).stderr(Stdio::null()), &mut |call| {
        let is_it = call.name() == "renameat2" && call.target().is_some_and(|to| to.ends_with("old/a.log.1"));
        if is_it && !is_swapped {
            is_swapped = true;
            fs::remove_file(&log).unwrap();
            symlink(scene.log("secret"), &log).unwrap();
        }
        Fate::Go
    });
    assert!(is_swapped);
    assert_eq!(ending, Ending::Exited(1));
    assert_eq!(fs::read_dir(scene.log("old")).unwrap().count(), 0);
    assert!(log.symlink_metadata().unwrap().is_symlink(), "it is where it was");
}
