//! Copies and archives beside their originals: holes, and times to the nanosecond.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::support::{need_peer, need_root, ours};
use super::{Run, Scene};

/// The size of a log that is nearly all hole.
const WIDE: u64 = 64 << 20;

fn sparse(path: &Path) {
    let mut file = File::create(path).unwrap();
    file.write_all(b"begin\n").unwrap();
    file.seek(SeekFrom::Start(WIDE / 2)).unwrap();
    file.write_all(b"middle\n").unwrap();
    file.set_len(WIDE).unwrap();
}

#[test]
fn a_log_with_holes_has_them_in_its_copies_too() {
    for method in ["copy", "copytruncate", "renamecopy"] {
        let scene = Scene::new(&format!("sparse-{method}"));
        sparse(&scene.log("app.log"));
        let before = fs::metadata(scene.log("app.log")).unwrap();
        assert!(before.blocks() * 512 < WIDE / 8, "the file system keeps holes");
        scene.configure(&format!("@ROOT@/log/app.log {{\n size 1\n rotate 1\n {method}\n}}\n"));
        scene.run(&[]).went_well();
        let copy = fs::metadata(scene.log("app.log.1")).unwrap();
        assert_eq!(copy.len(), WIDE, "{method}");
        assert!(copy.blocks() * 512 < WIDE / 8, "{method}: {} blocks", copy.blocks());
        let mut file = File::open(scene.log("app.log.1")).unwrap();
        let mut text = [0; 7];
        file.seek(SeekFrom::Start(WIDE / 2)).unwrap();
        file.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"middle\n", "{method}");
    }
}

/// Ways to rotate, a log of each; run twice.
const WAYS: [(&str, &str); 7] = [
    ("plain", "nocreate"),
    ("created", "create"),
    ("copied", "copy"),
    ("cut", "copytruncate"),
    ("packed", "compress"),
    ("later", "compress\n delaycompress"),
    ("packed-copy", "compress\n copytruncate"),
];

/// Runs a program twice over logs of these ways, and answers of each file what was not made anew by the run.
fn archives(name: &str, binary: &Path) -> BTreeMap<String, String> {
    let scene = Scene::new(name);
    let mut conf = String::new();
    for (number, (log, directives)) in WAYS.iter().enumerate() {
        plant(&scene, log, u64::try_from(number).unwrap());
        conf += &format!("@ROOT@/log/{log} {{\n size 1\n rotate 4\n {directives}\n}}\n");
    }
    scene.configure(&conf);
    let began = SystemTime::now() - Duration::from_secs(60);
    Run::of(&scene.command(binary, &[]).output().unwrap()).went_well();
    for (number, (log, _)) in WAYS.iter().enumerate() {
        plant(&scene, log, 100 + u64::try_from(number).unwrap());
    }
    Run::of(&scene.command(binary, &[]).output().unwrap()).went_well();
    let began = i64::try_from(began.duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let mut found = BTreeMap::new();
    for name in scene.list() {
        let name = String::from_utf8(name).unwrap();
        let facts = fs::metadata(scene.log(&name)).unwrap();
        let time = |seconds: i64, nanoseconds: i64| match seconds >= began {
            true => "new".to_owned(),
            false => format!("{seconds}.{nanoseconds:09}"),
        };
        let (accessed, modified) = (
            time(facts.atime(), facts.atime_nsec()),
            time(facts.mtime(), facts.mtime_nsec()),
        );
        // Reading a file may renew its time of access; only the packed ones are given one.
        let accessed = if name.ends_with(".gz") { accessed } else { String::new() };
        let text = format!(
            "{:o} {}:{} {modified} {accessed}",
            facts.mode(),
            facts.uid(),
            facts.gid()
        );
        found.insert(name, text);
    }
    found
}

fn plant(scene: &Scene, log: &str, number: u64) {
    let path = scene.log(log);
    fs::write(&path, format!("{log} {number}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::chown(&path, Some(1), Some(4)).unwrap();
    let at = |seconds| UNIX_EPOCH + Duration::new(1_600_000_000 + number * 1000 + seconds, 123_456_789);
    let times = FileTimes::new().set_accessed(at(500)).set_modified(at(0));
    File::open(&path).unwrap().set_times(times).unwrap();
}

#[test]
fn owners_modes_and_times_are_the_reference_s_to_the_nanosecond() {
    if !need_root() {
        return;
    }
    let Some(peer) = need_peer() else { return };
    let (ours, theirs) = (archives("exact-ours", &ours()), archives("exact-peer", &peer));
    assert_eq!(ours, theirs);
    let exact = ours.values().filter(|text| text.contains(".123456789")).count();
    assert!(exact >= WAYS.len(), "{ours:#?}");
}

#[test]
fn with_rotate_0_a_copy_is_not_made_and_no_older_archive_stays() {
    for (naming, archives) in [
        ("nodateext", ["a.log.1", "a.log.2"]),
        ("dateext", ["a.log-20200101", "a.log-20210101"]),
    ] {
        for (method, left) in [("copy", "today\n"), ("copytruncate", "")] {
            let scene = Scene::new(&format!("copies-none-{naming}-{method}"));
            scene.write("a.log", "today\n");
            for archive in archives {
                scene.write(archive, "old\n");
            }
            scene.configure(&format!("@ROOT@/log/a.log {{\n rotate 0\n {naming}\n {method}\n}}\n"));
            let run = scene.run(&["-f"]);
            run.went_well();
            assert_eq!(scene.list(), [b"a.log"], "{naming}, {method}: {}", run.said);
            assert_eq!(scene.read("a.log"), left, "{naming}, {method}");
        }
    }
}

#[test]
fn an_archive_that_has_another_name_somewhere_is_not_compressed_unless_that_is_allowed() {
    for (directive, wanted) in [("nomissingok", "a.log.2"), ("allowhardlink", "a.log.2.gz")] {
        let scene = Scene::new(&format!("copies-linked-{directive}"));
        scene.write("a.log", "today\n");
        fs::write(scene.root.join("other"), "not for all\n").unwrap();
        fs::hard_link(scene.root.join("other"), scene.log("a.log.1")).unwrap();
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n rotate 3\n create\n compress\n delaycompress\n {directive}\n}}\n"
        ));
        let run = scene.run(&["-f"]);
        let is_allowed = directive == "allowhardlink";
        assert_eq!(run.status, Some(i32::from(!is_allowed)), "{}", run.said);
        assert_eq!(
            scene.list(),
            [b"a.log".as_slice(), b"a.log.1", wanted.as_bytes()],
            "{}",
            run.said
        );
        assert_eq!(fs::read(scene.root.join("other")).unwrap(), b"not for all\n");
    }
}
