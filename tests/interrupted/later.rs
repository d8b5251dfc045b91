//! What a dead run left and the next one does not come to: the run after that knows of it still.
//!
//! The runs die in a script, which has made before what the run would have made next.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use nix::errno::Errno;

use super::tracer::{self, Ending, Fate};
use crate::edges::Scene;
use crate::liveness::Attribute;
use crate::support::{ours, skip};

#[test]
fn what_a_dead_run_left_is_kept_while_its_directory_is_out_of_reach_and_finished_afterwards() {
    let scene = Scene::new("interrupted-reach");
    scene.write("a.log", "first\n");
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 3\n create\n compress\n postrotate\n  \
         test -e @ROOT@/told || { touch @ROOT@/told; kill -KILL $PPID; }\n endscript\n}\n",
    );
    scene.run(&["-f"]);
    assert_eq!(scene.read("a.log.1"), "first\n", "it died before it was compressed");
    let (here, away) = (scene.root.join("log"), scene.root.join("away"));
    fs::rename(&here, &away).unwrap();
    symlink("log", &here).unwrap();
    let run = scene.run(&[]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    fs::remove_file(&here).unwrap();
    fs::rename(&away, &here).unwrap();
    scene.run(&[]).went_well();
    assert!(scene.log("a.log.1.gz").exists() && !scene.log("a.log.1").exists());
}

#[test]
fn what_a_dead_run_had_shifted_is_not_shifted_again_though_its_log_was_not_due_in_between() {
    let scene = Scene::new("interrupted-undue");
    for (name, text) in [("a.log", "third\n"), ("a.log.1", "second\n"), ("a.log.2", "first\n")] {
        scene.write(name, text);
    }
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 3\n create\n prerotate\n  \
         test -e @ROOT@/told || { touch @ROOT@/told; mv $1.2 $1.3; kill -KILL $PPID; }\n endscript\n}\n",
    );
    scene.run(&["-f"]);
    assert_eq!(scene.read("a.log.3"), "first\n", "its shift is half done");
    scene.run(&[]).went_well();
    assert_eq!(scene.read("a.log"), "third\n", "it is not due");
    scene.run(&["-f"]).went_well();
    let read = ["a.log.1", "a.log.2", "a.log.3"].map(|name| scene.read(name));
    assert_eq!(read, ["third\n", "second\n", "first\n"]);
}

#[test]
fn a_rotation_whose_switch_the_journal_does_not_know_is_seen_by_the_log_s_file_and_finished() {
    // The log had been made anew, or not yet.
    for (name, made, wanted) in [("replaced", "echo second >$1", "second\n"), ("missing", ":", "")] {
        let scene = Scene::new(&format!("interrupted-{name}"));
        scene.write("a.log", "first\n");
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n rotate 3\n create\n compress\n prerotate\n  \
             mv $1 $1.1; {made}; kill -KILL $PPID\n endscript\n postrotate\n  \
             echo $1 >>@ROOT@/told\n endscript\n}}\n"
        ));
        scene.run(&["-f"]);
        assert!(!scene.root.join("told").exists(), "{name}: it died before that");
        scene.run(&[]).went_well();
        let told = fs::read_to_string(scene.root.join("told")).unwrap();
        assert_eq!(told, scene.fill("@ROOT@/log/a.log\n"), "{name}");
        assert_eq!(scene.list(), [b"a.log".as_slice(), b"a.log.1.gz"], "{name}");
        assert_eq!(scene.read("a.log"), wanted, "{name}");
    }
}

#[test]
fn a_shift_that_an_error_cuts_short_is_finished_by_the_next_run_and_not_done_twice() {
    let scene = Scene::new("interrupted-shift");
    for (name, text) in [("a.log", "third\n"), ("a.log.1", "second\n"), ("a.log.2", "first\n")] {
        scene.write(name, text);
    }
    scene.configure("@ROOT@/log/a.log {\n rotate 3\n create\n}\n");
    let mut command = scene.command(&ours(), &["-f"]);
    let ending = tracer::run(command.stdout(Stdio::null()).stderr(Stdio::null()), &mut |call| {
        let is_second = call.name().starts_with("rename") && call.target().is_some_and(|to| to.ends_with("a.log.2"));
        if is_second { Fate::Fail(Errno::EIO) } else { Fate::Go }
    });
    assert_eq!(ending, Ending::Exited(1));
    let read = |names: [&str; 4]| names.map(|name| scene.read(name));
    let names = ["a.log", "a.log.1", "a.log.2", "a.log.3"];
    assert_eq!(read(names), ["third\n", "second\n", "(missing)", "first\n"]);
    scene.run(&["-f"]).went_well();
    assert_eq!(read(names), ["", "third\n", "second\n", "first\n"]);
}

#[test]
fn what_a_run_that_was_asked_to_end_had_still_to_do_is_done_by_the_next() {
    let scene = Scene::new("interrupted-asked");
    for (name, text) in [("a.log", "second\n"), ("a.log.1.gz", "first\n")] {
        scene.write(name, text);
    }
    // Asked while it compresses, a run ends the compressor.
    let packer = "test -e @ROOT@/told || { : >@ROOT@/told; kill $PPID; exec sleep 50; }; exec gzip\n";
    fs::write(scene.root.join("packer"), scene.fill(packer)).unwrap();
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 1\n create\n compress\n compressext .gz\n compresscmd /bin/sh\n \
         compressoptions @ROOT@/packer\n}\n",
    );
    let run = scene.run(&["-f"]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(
        scene.list(),
        [b"a.log".as_slice(), b"a.log.1", b"a.log.2.gz"],
        "{}",
        run.said
    );
    let run = scene.run(&[]);
    run.went_well();
    assert!(
        scene.log("a.log.1.gz").exists() && !scene.log("a.log.1").exists(),
        "{}",
        run.said
    );
}

#[test]
fn a_state_that_cannot_be_read_to_its_end_is_not_replaced() {
    let scene = Scene::new("interrupted-unread");
    scene.write("a.log", "line\n");
    scene.configure("@ROOT@/log/a.log {\n rotate 3\n}\n");
    scene.remember(&[("a.log", "2026-1-2-3:0:0"), ("elsewhere", "2026-1-2-3:0:0")]);
    let before = fs::read_to_string(scene.root.join("status")).unwrap();
    let mut command = scene.command(&ours(), &["-f"]);
    let ending = tracer::run(command.stdout(Stdio::null()).stderr(Stdio::null()), &mut |call| {
        let is_state = call.name() == "pread64" && call.target().is_some_and(|file| file.ends_with("status"));
        if is_state { Fate::Fail(Errno::EIO) } else { Fate::Go }
    });
    assert_eq!(ending, Ending::Exited(1));
    assert_eq!(fs::read_to_string(scene.root.join("status")).unwrap(), before);
}

#[test]
fn a_rotation_that_passed_the_first_number_by_is_finished_with_the_archive_that_it_made() {
    let scene = Scene::new("interrupted-passed-by");
    scene.write("a.log", "second\n");
    scene.write("a.log.1", "first\n");
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 3\n create\n compress\n compresscmd /bin/false\n postrotate\n  \
         echo $2 >>@ROOT@/told; test -e @ROOT@/peace || kill -KILL $PPID\n endscript\n}\n",
    );
    let fixed = scene.log("a.log.1");
    let Some(attribute) = Attribute::set(&fixed, "i") else {
        return skip("chattr +i");
    };
    scene.run(&["-f"]);
    fs::write(scene.root.join("peace"), "").unwrap();
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 3\n create\n compress\n postrotate\n  echo $2 >>@ROOT@/told\n endscript\n}\n",
    );
    scene.run(&[]).went_well();
    drop(attribute);
    let told = fs::read_to_string(scene.root.join("told")).unwrap();
    assert_eq!(told, scene.fill(&"@ROOT@/log/a.log.2\n".repeat(2)));
    assert_eq!(scene.list(), [b"a.log".as_slice(), b"a.log.1", b"a.log.2.gz"]);
}
