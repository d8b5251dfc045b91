//! What changes while a run is at work, at a moment that the test chooses: a compressor or a script does it itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::super::support::ours;
use super::{Run, Scene};

/// Makes a program of these lines in the tree; `$it` is the file that it is to compress, where it is a compressor.
pub(super) fn program(scene: &Scene, name: &str, text: &str) {
    let path = scene.root.join(name);
    let text = format!("#!/bin/sh\nit=$LOGROTATE_COMPRESSED_FILENAME\n{text}\n");
    fs::write(&path, scene.fill(&text)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Reads all archives of a log, which are plain or packed by `gzip`, the newest first.
pub(super) fn archived(scene: &Scene, log: &str) -> String {
    let script = format!("for f in {log}.*; do zcat -f $f; done");
    let mut shell = Command::new("sh");
    let output = shell.current_dir(scene.root.join("log")).args(["-c", &script]).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

/// Writes a file that was changed last a minute ago.
fn write_old(scene: &Scene, name: &str, text: &str) {
    scene.write(name, text);
    let file = fs::File::options().write(true).open(scene.log(name)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
}

/// What a program that kept the archive open does to it while it is compressed, and what the archive holds then.
const DEEDS: [(&str, &str, &str); 3] = [
    ("appends", "printf 'late\\n' >>\"$it\"", "first\nlate\n"),
    (
        "writes-over",
        "printf 'FIRST\\n' | dd of=\"$it\" conv=notrunc 2>/dev/null",
        "FIRST\n",
    ),
    (
        "puts-the-time-back",
        "touch -r \"$it\" @ROOT@/then; printf 'late\\n' >>\"$it\"; touch -r @ROOT@/then \"$it\"",
        "first\nlate\n",
    ),
];

#[test]
fn an_archive_that_is_written_to_while_it_is_compressed_stays_plain_and_is_compressed_whole_later() {
    for (name, deed, wanted) in DEEDS {
        let scene = Scene::new(&format!("meanwhile-{name}"));
        let packer = format!("gzip\ntest -e @ROOT@/done || {{ {deed}; }}\n: >@ROOT@/done");
        program(&scene, "packer", &packer);
        write_old(&scene, "a.log", "first\n");
        scene.configure("@ROOT@/log/a.log {\n rotate 3\n compress\n compressext .gz\n compresscmd @ROOT@/packer\n}\n");
        let run = scene.run(&["-f"]);
        run.went_well();
        assert_eq!(scene.read("a.log.1"), wanted, "{name}: {}", run.said);
        assert_eq!(archived(&scene, "a.log"), wanted, "{name}: {}", run.said);
        scene.write("a.log", "second\n");
        scene.run(&["-f"]).went_well();
        assert_eq!(archived(&scene, "a.log"), format!("second\n{wanted}"), "{name}");
        assert!(scene.log("a.log.2.gz").exists(), "{name}");
    }
}

#[test]
fn an_archive_that_is_written_to_while_its_put_off_compression_is_done_loses_nothing() {
    for (name, deed, wanted) in DEEDS {
        let scene = Scene::new(&format!("meanwhile-delayed-{name}"));
        let packer = format!("gzip\ntest -e @ROOT@/done || {{ {deed}; }}\n: >@ROOT@/done");
        program(&scene, "packer", &packer);
        scene.write("a.log", "second\n");
        write_old(&scene, "a.log.1", "first\n");
        scene.configure(
            "@ROOT@/log/a.log {\n rotate 3\n compress\n delaycompress\n compressext .gz\n compresscmd @ROOT@/packer\n}\n",
        );
        let run = scene.run(&["-f"]);
        run.went_well();
        assert_eq!(
            archived(&scene, "a.log"),
            format!("second\n{wanted}"),
            "{name}: {}",
            run.said
        );
        assert!(scene.log("a.log.1").exists(), "{name}: {}", run.said);
    }
}

#[test]
fn what_a_script_adds_to_another_log_s_archives_is_counted_when_that_log_s_turn_comes() {
    for directory in ["x", "y"] {
        let scene = Scene::new(&format!("meanwhile-script-{directory}"));
        for directory in ["x", "y"] {
            fs::create_dir(scene.log(directory)).unwrap();
        }
        // The directory of the third log is listed for the first, and changed by the second's script.
        let script = format!("{directory}/b.log");
        for log in ["y/a.log", &script, "y/c.log"] {
            scene.write(log, "today\n");
        }
        scene.configure(&format!(
            "@ROOT@/log/y/a.log @ROOT@/log/{script} @ROOT@/log/y/c.log {{\n rotate 3\n postrotate\n  \
             case $1 in */b.log) echo shipped >@ROOT@/log/y/c.log.1; esac\n endscript\n}}\n"
        ));
        scene.run(&["-f"]).went_well();
        let read = ["y/c.log.1", "y/c.log.2"].map(|name| scene.read(name));
        assert_eq!(read, ["today\n", "shipped\n"], "{directory}");
    }
}

#[test]
fn a_preremove_that_takes_the_plain_archive_away_and_fails_leaves_the_compressed_one() {
    let scene = Scene::new("meanwhile-preremove");
    scene.write("a.log", "first\n");
    scene.configure("@ROOT@/log/a.log {\n rotate 3\n compress\n preremove\n rm $1; exit 1\n endscript\n}\n");
    let run = scene.run(&["-f"]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(archived(&scene, "a.log"), "first\n", "{}", run.said);
}

#[test]
fn what_is_overwritten_before_it_goes_has_the_name_of_an_archive_no_more() {
    let scene = Scene::new("meanwhile-shred");
    fs::create_dir(scene.root.join("bin")).unwrap();
    program(&scene, "bin/shred", "ls @ROOT@/log >@ROOT@/seen");
    scene.write("a.log", "second\n");
    scene.write("a.log.1", "first\n");
    scene.configure("@ROOT@/log/a.log {\n rotate 1\n shred\n}\n");
    let mut command = scene.command(&ours(), &["-f"]);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", scene.root.join("bin").display()));
    Run::of(&command.output().unwrap()).went_well();
    let seen = fs::read_to_string(scene.root.join("seen")).unwrap();
    let archives: Vec<&str> = seen.lines().filter(|name| name.starts_with("a.log.")).collect();
    assert_eq!(archives, ["a.log.1"], "the newest: {seen}");
    assert_eq!(scene.list(), [b"a.log.1"]);
}
