//! What a user makes of his directory, or puts in the place of one: it costs his own logs, and nobody else's.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::{USER, give, users_directory};
use crate::edges::{Run, Scene};
use crate::support::mounts::{detach, silent, with_own_mounts};
use crate::support::need_root;

/// Two users' directories with a log each, and a configuration for all users' logs.
fn two_users(name: &str, directives: &str) -> Scene {
    let scene = Scene::new(name);
    for user in ["good", "theirs"] {
        for directory in ["", "/log", "/log/old"] {
            users_directory(&scene.log(&format!("{user}{directory}")));
        }
        scene.write(&format!("{user}/log/x.log"), "line\n");
        give(&scene.log(&format!("{user}/log/x.log")));
    }
    scene.configure(&format!("@ROOT@/log/*/log/*.log {{\n rotate 2\n {directives}\n}}\n"));
    scene
}

/// Makes sure that the other user's log was rotated, and that what is wrong is said.
fn assert_costs_nobody_else(scene: &Scene, archive: &str, run: &Run, says: &str) {
    assert_eq!(scene.read(&format!("good/log/{archive}")), "line\n", "{}", run.said);
    assert!(run.said.contains(says), "{}", run.said);
    assert_eq!(run.status, Some(1), "{}", run.said);
}

#[test]
fn a_link_that_leads_to_itself_in_the_place_of_a_directory_keeps_nobody_elses_logs_from_being_found() {
    let scene = two_users("attacks-directories-loop", "");
    let theirs = scene.log("theirs/log");
    fs::remove_dir_all(&theirs).unwrap();
    symlink("log", &theirs).unwrap();
    let run = scene.run(&["-f"]);
    assert_costs_nobody_else(&scene, "x.log.1", &run, "theirs/log: Too many levels of symbolic links");
}

#[test]
fn a_users_own_file_system_keeps_nobody_elses_logs_from_being_found() {
    with_own_mounts(|| {
        let scene = two_users("attacks-directories-own", "");
        let theirs = scene.log("theirs/log");
        // As fusermount mounts it: nobody else, not even root, may look into it, and that is no fault.
        let options = format!("user_id={USER},group_id={USER}");
        let Some(daemon) = silent(&theirs, &options) else {
            return;
        };
        let run = scene.run(&["-f"]);
        run.went_well();
        assert_eq!(scene.read("good/log/x.log.1"), "line\n", "{}", run.said);
        drop(daemon);
        detach(&theirs);
    });
}

#[test]
fn a_file_system_whose_program_is_gone_keeps_nobody_elses_logs_from_being_found() {
    with_own_mounts(|| {
        let scene = two_users("attacks-directories-gone", "");
        let theirs = scene.log("theirs/log");
        let Some(daemon) = silent(&theirs, "user_id=0,group_id=0") else {
            return;
        };
        drop(daemon);
        let run = scene.run(&["-f"]);
        assert_costs_nobody_else(
            &scene,
            "x.log.1",
            &run,
            "theirs/log: Transport endpoint is not connected",
        );
        detach(&theirs);
    });
}

#[test]
fn a_directory_for_archives_that_does_not_fit_keeps_nobody_elses_logs_from_being_rotated() {
    if !need_root() {
        return;
    }
    type Deed = (&'static str, fn(&Path));
    let deeds: [Deed; 3] = [
        ("No such file", |_| {}),
        ("on different devices", |old| symlink("/proc", old).unwrap()),
        ("Too many levels", |old| symlink("old", old).unwrap()),
    ];
    for (number, (says, deed)) in deeds.into_iter().enumerate() {
        let scene = two_users(&format!("attacks-directories-old-{number}"), "olddir old");
        let old = scene.log("theirs/log/old");
        fs::remove_dir(&old).unwrap();
        deed(&old);
        let run = scene.run(&["-f"]);
        assert_costs_nobody_else(&scene, "old/x.log.1", &run, says);
        assert_eq!(scene.read("theirs/log/x.log"), "line\n");
    }
}

#[test]
fn a_directory_that_the_acting_user_cannot_list_costs_its_own_logs_only() {
    if !need_root() {
        return;
    }
    let scene = two_users("attacks-directories-su", &format!("su :{USER} :{USER}"));
    fs::set_permissions(scene.log("theirs/log"), Permissions::from_mode(0o300)).unwrap();
    let run = scene.run(&["-f"]);
    assert_costs_nobody_else(&scene, "x.log.1", &run, "theirs/log: Permission denied");
}

#[test]
fn a_log_that_is_gone_when_its_turn_comes_keeps_no_other_of_a_shared_set_from_being_rotated() {
    if !need_root() {
        return;
    }
    let scene = two_users("attacks-directories-vanishing", "");
    scene.write("first.log", "line\n");
    scene.configure(
        "@ROOT@/log/first.log {\n postrotate\n  rm @ROOT@/log/theirs/log/x.log\n endscript\n}\n\
         @ROOT@/log/*/log/x.log {\n rotate 2\n sharedscripts\n postrotate\n  :\n endscript\n}\n",
    );
    let run = scene.run(&["-f"]);
    assert_costs_nobody_else(&scene, "x.log.1", &run, "theirs/log/x.log");
}
