//! Logs that are nearly all holes: large to look at, nothing on the disk, and they stay so.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::{give, users_directory};
use crate::edges::{Run, Scene};
use crate::support::clock::stop_at;
use crate::support::{need, need_root, ours};

/// As large as some file systems take.
const LARGE: u64 = 1 << 40;

/// Makes a log of the other user's with a few bytes and a hole behind them.
fn hollow(scene: &Scene, name: &str) {
    scene.write(name, "line\n");
    stretch(scene, name);
    give(&scene.log(name));
}

/// Puts a hole behind what a file holds.
fn stretch(scene: &Scene, name: &str) {
    File::options()
        .write(true)
        .open(scene.log(name))
        .unwrap()
        .set_len(LARGE)
        .unwrap();
}

/// Makes a program in the tree.
fn program(scene: &Scene, name: &str, script: &str) {
    let path = scene.root.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn size_and_room(scene: &Scene, name: &str) -> (u64, u64) {
    let data = fs::metadata(scene.log(name)).unwrap();
    (data.len(), data.blocks() * 512)
}

#[test]
fn a_log_whose_holes_would_take_room_when_compressed_stays_plain_and_moves_up() {
    if !need_root() || !need("zstd") {
        return;
    }
    for (name, how) in [
        ("gzip", ""),
        ("gzip-dated", "dateext\n"),
        ("zstd", "compresscmd zstd\n compressext .zst\n"),
        ("delayed", "delaycompress\n"),
        ("program", "compresscmd @ROOT@/pack\n compressext .z\n"),
    ] {
        let scene = Scene::new(&format!("attacks-holes-{name}"));
        users_directory(&scene.log("theirs"));
        program(&scene, "pack", "exec gzip");
        scene.configure(&format!("@ROOT@/log/theirs/a.log {{\n rotate 2\n compress\n {how}}}\n"));
        let mut told = 0;
        for round in 0..5_u64 {
            hollow(&scene, "theirs/a.log");
            let mut command = scene.command(&ours(), &["-f"]);
            stop_at(&mut command, &format!("2026-11-{:02} 10:00:00", 10 + round), "UTC");
            let run = Run::of(&command.output().unwrap());
            run.went_well();
            told += usize::from(run.said.contains("stays plain: it has large holes"));
        }
        let archives: Vec<_> = fs::read_dir(scene.log("theirs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            archives.len() <= 3,
            "{name}: they are as many as are kept: {archives:?}"
        );
        assert!(archives.iter().all(|archive| !archive.ends_with('z')), "{archives:?}");
        for archive in &archives {
            let (size, room) = size_and_room(&scene, &format!("theirs/{archive}"));
            assert!(size == LARGE && room < 64 << 10, "{name}, {archive}: {size} {room}");
        }
        assert!(told >= 4, "{name}: it is told at each rotation");
    }
}

#[test]
fn a_program_that_makes_more_of_holes_than_they_take_is_ended() {
    let scene = Scene::new("attacks-holes-program");
    scene.write("a.log", "line\n");
    // Less than a thousand times what it takes, and still not worth it.
    File::options()
        .write(true)
        .open(scene.log("a.log"))
        .unwrap()
        .set_len(32 << 20)
        .unwrap();
    program(&scene, "pack", "exec cat");
    scene.configure("@ROOT@/log/a.log {\n rotate 2\n compress\n compresscmd @ROOT@/pack\n compressext .z\n}\n");
    let run = scene.run(&["-f"]);
    run.went_well();
    assert!(run.said.contains("stays plain: it has large holes"), "{}", run.said);
    assert!(scene.log("a.log.1").exists() && !scene.log("a.log.1.z").exists());
}

#[test]
fn a_log_with_holes_that_is_smaller_when_compressed_is_compressed() {
    let scene = Scene::new("attacks-holes-few");
    scene.write("a.log", &"a line that comes again\n".repeat(50_000));
    File::options()
        .write(true)
        .open(scene.log("a.log"))
        .unwrap()
        .set_len(64 << 20)
        .unwrap();
    scene.configure("@ROOT@/log/a.log {\n rotate 2\n compress\n}\n");
    scene.run(&["-f"]).went_well();
    assert!(scene.log("a.log.1.gz").exists());
}

#[test]
fn a_copy_that_a_dead_run_left_is_compared_without_reading_its_holes() {
    let scene = Scene::new("attacks-holes-copy");
    for name in ["a.log", "a.log.1"] {
        scene.write(name, "line\n");
        stretch(&scene, name);
    }
    // The shift makes room for the copy; what is left at its name is moved aside or known again.
    scene.configure("@ROOT@/log/a.log {\n rotate 2\n copy\n}\n");
    scene.run(&["-f"]).went_well();
    assert_eq!(size_and_room(&scene, "a.log.1").0, LARGE);
}

#[test]
fn what_is_hollow_is_unlinked_and_not_filled_by_shred() {
    if !need("shred") {
        return;
    }
    let scene = Scene::new("attacks-holes-shred");
    scene.write("a.log", "line\n");
    scene.write("a.log.1", "old\n");
    stretch(&scene, "a.log.1");
    scene.configure("@ROOT@/log/a.log {\n rotate 1\n shred\n}\n");
    let run = scene.run(&["-f"]);
    run.went_well();
    assert!(run.said.contains("failed to shred"), "{}", run.said);
    assert_eq!(scene.read("a.log.1"), "line\n");
    assert!(!scene.log("a.log.2").exists());
}
