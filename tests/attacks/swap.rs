//! What is at a log's name when its turn comes: only a plain file is moved into a directory of root's, and only the one that was meant.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::process::{Command, Stdio};

use super::{USER, give, users_directory};
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
fn what_is_no_plain_file_when_prerotate_has_run_is_neither_copied_nor_cut() {
    if !need_root() {
        return;
    }
    for method in ["copy", "copytruncate"] {
        for (name, make) in [
            ("link", "ln -s @ROOT@/log/secret $1"),
            ("hard-link", "ln @ROOT@/log/secret $1"),
            ("directory", "mkdir $1"),
            ("pipe", "mkfifo $1"),
        ] {
            let scene = scene(&format!("attacks-swap-{method}-{name}"), &format!("rm $1; {make}"));
            let text = fs::read_to_string(scene.root.join("conf")).unwrap();
            scene.configure(&text.replace("rotate 3", &format!("rotate 3\n {method}")));
            let run = scene.run(&["-f"]);
            assert_eq!(run.status, Some(1), "{method}, {name}: {}", run.said);
            assert_eq!(fs::read_dir(scene.log("old")).unwrap().count(), 0, "{method}, {name}");
            assert_eq!(scene.read("secret"), "secret\n", "{method}, {name}");
        }
    }
}

#[test]
fn a_directory_that_takes_the_place_of_one_that_was_looked_at_is_not_worked_in() {
    if !need_root() {
        return;
    }
    let scene = Scene::new("attacks-swap-directory");
    for (number, user) in ["one", "two"].into_iter().enumerate() {
        users_directory(&scene.log(user));
        let id = Some(USER + u32::try_from(number).unwrap());
        chown(scene.log(user), id, id).unwrap();
        scene.write(&format!("{user}/a.log"), "line\n");
        chown(scene.log(&format!("{user}/a.log")), id, id).unwrap();
    }
    // The second directory is opened anew when its turn comes, since the first one's owner has other rights.
    scene.configure(
        "@ROOT@/log/*/a.log {\n rotate 3\n su owner\n prerotate\n  \
         case $1 in */one/*) mv @ROOT@/log/two @ROOT@/log/away; mkdir @ROOT@/log/two;\n  \
         echo other >@ROOT@/log/two/a.log; chmod 777 @ROOT@/log/two @ROOT@/log/two/a.log; esac\n endscript\n}\n",
    );
    let run = scene.run(&["-f"]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    let read = ["one/a.log.1", "two/a.log", "away/a.log"].map(|name| scene.read(name));
    assert_eq!(read, ["line\n", "other\n", "line\n"], "{}", run.said);
}

#[test]
fn a_log_that_has_become_what_is_passed_over_when_its_turn_comes_is_passed_over() {
    if !need_root() {
        return;
    }
    for (name, deed) in [
        ("link", "rm $it; ln -s secret $it"),
        ("hard-link", "ln $it @ROOT@/log/other"),
        ("directory", "rm $it; mkdir $it"),
    ] {
        let scene = Scene::new(&format!("attacks-swap-turn-{name}"));
        for log in ["a.log", "b.log", "secret"] {
            scene.write(log, "line\n");
        }
        scene.configure(&format!(
            "@ROOT@/log/a.log @ROOT@/log/b.log {{\n rotate 3\n postrotate\n  it=@ROOT@/log/b.log; {deed}\n endscript\n}}\n"
        ));
        let run = scene.run(&["-f"]);
        run.went_well();
        assert_eq!(scene.read("a.log.1"), "line\n", "{name}: {}", run.said);
        assert!(!scene.log("b.log.1").exists(), "{name}: {}", run.said);
        assert_eq!(scene.read("secret"), "line\n", "{name}: {}", run.said);
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
