//! What `renamecopy` renamed the log to is all there is of it until its copy is whole: it stays as long as anything is wrong.

use std::fs;

use super::Scene;
use super::meanwhile::{archived, program};

#[test]
fn an_interim_log_that_cannot_be_copied_stays_and_is_archived_by_the_next_run() {
    let scene = Scene::new("interim-uncopied");
    fs::create_dir(scene.log("old")).unwrap();
    scene.write("a.log", "first\n");
    let configure = |postrotate: &str| {
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n rotate 3\n renamecopy\n create\n olddir old\n postrotate\n {postrotate}\n endscript\n}}\n"
        ));
    };
    // The directory is open by then, and nothing can be made in it any more.
    configure("rmdir @ROOT@/log/old");
    let run = scene.run(&["-f"]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(scene.read("a.log.tmp"), "first\n", "{}", run.said);
    fs::create_dir(scene.log("old")).unwrap();
    configure(":");
    scene.write("a.log", "second\n");
    scene.run(&["-f"]).went_well();
    let read = ["old/a.log.1", "old/a.log.2", "a.log.tmp"].map(|name| scene.read(name));
    assert_eq!(read, ["second\n", "first\n", "(missing)"]);
}

#[test]
fn what_falls_off_and_cannot_be_sent_stays_when_an_interim_log_is_archived_first() {
    let scene = Scene::new("interim-unsent");
    for (name, text) in [("a.log", "third\n"), ("a.log.tmp", "second\n"), ("a.log.1", "first\n")] {
        scene.write(name, text);
    }
    scene.configure("@ROOT@/log/a.log {\n rotate 1\n renamecopy\n create\n mail ops\n}\n");
    let run = scene.run(&["-f", "-m", "/bin/false"]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    let names = scene.list().into_iter().map(|name| String::from_utf8(name).unwrap());
    let mut texts: Vec<String> = names.map(|name| scene.read(&name)).collect();
    texts.retain(|text| !text.is_empty());
    texts.sort();
    assert_eq!(texts, ["first\n", "second\n", "third\n"], "{}", run.said);
}

#[test]
fn an_interim_log_goes_only_when_its_own_content_is_in_the_archive_whatever_has_its_name() {
    let scene = Scene::new("interim-other");
    scene.write("a.log", "first\n");
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 3\n renamecopy\n create\n postrotate\n echo other >@ROOT@/log/a.log.1\n endscript\n}\n",
    );
    let run = scene.run(&["-f"]);
    assert_eq!(scene.read("a.log.1"), "first\n", "{}", run.said);
    let names = scene.list().into_iter().map(|name| String::from_utf8(name).unwrap());
    let aside: Vec<String> = names.filter(|name| name.ends_with(".backup")).collect();
    assert_eq!(aside.len(), 1, "{}", run.said);
    assert_eq!(scene.read(&aside[0]), "other\n");
}

#[test]
fn an_archive_of_an_interim_log_that_is_written_to_while_it_is_compressed_is_compressed_when_it_moves_up() {
    let scene = Scene::new("interim-written");
    program(
        &scene,
        "packer",
        "gzip\ntest -e @ROOT@/done || echo late >>\"$it\"\n: >@ROOT@/done",
    );
    scene.write("a.log", "second\n");
    scene.write("a.log.tmp", "first\n");
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 3\n renamecopy\n create\n compress\n compressext .gz\n compresscmd @ROOT@/packer\n}\n",
    );
    let run = scene.run(&["-f"]);
    run.went_well();
    assert_eq!(
        scene.list(),
        [b"a.log".as_slice(), b"a.log.1.gz", b"a.log.2.gz"],
        "{}",
        run.said
    );
    assert_eq!(archived(&scene, "a.log"), "second\nfirst\nlate\n", "{}", run.said);
}
