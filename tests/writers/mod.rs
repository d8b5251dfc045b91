//! `copytruncate` while a program writes as fast as it can: every line is there once, and in order.
//!
//! `stream` is the program that writes and the reader that counts; here are the file systems it is tried on.

mod stream;

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::statfs::{EXT4_SUPER_MAGIC, statfs};

use self::stream::{Tally, Writer};
use crate::support::{self, mounts};

/// Room for what is written in the longest test.
const ROOM: u64 = 8 << 30;

/// Rotates as often as it goes while a program writes at full speed, and counts what is there at the end.
fn rotate_under_fire(program: &Path, dir: &Path, time: Duration, more: &str) -> (Tally, usize) {
    let log = dir.join("app.log");
    let conf = dir.join("conf");
    fs::write(
        &conf,
        format!("{} {{\n rotate 9999\n copytruncate\n{more}}}\n", log.display()),
    )
    .unwrap();
    let writer = Writer::start(&log, time);
    let mut rotations = 0;
    while writer.is_writing() {
        let mut run = Command::new(program);
        let run = run
            .arg("-f")
            .arg("-s")
            .arg(dir.join("state"))
            .arg(&conf)
            .stdin(Stdio::null());
        let status = run.status().expect("the program starts");
        assert!(status.success(), "a rotation under fire ends with {status}");
        rotations += 1;
    }
    let written = writer.finish();
    (Tally::count(&log, written), rotations)
}

/// Prints a result.
fn print(who: &str, place: &str, (tally, rotations): &(Tally, usize)) {
    println!("{who} on {place}: {rotations} rotations, {tally:?}");
}

/// Makes a file system in a file below `dir` and mounts it there; `None` where the machine does not let us.
fn mounted(kind: &str, dir: &Path) -> Option<PathBuf> {
    let (image, at) = (dir.join("image"), dir.join("disk"));
    fs::create_dir(&at).unwrap();
    (mounts::make(kind, &image, ROOM) && mounts::attach(&image, &at, "")).then_some(at)
}

/// Makes a directory for a test, on a disk.
fn place() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("logrotate-writers-").tempdir().unwrap()
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn under_a_writer_at_full_speed_nothing_is_lost_or_doubled_on_ext4() {
    let dir = place();
    let test = |at: &Path| {
        let result = rotate_under_fire(&support::ours(), at, Duration::from_secs(10), "");
        print("ours", "ext4", &result);
        assert_eq!(result.0.wrong(), 0, "{result:?}");
        assert!(result.1 > 3, "only {} rotations", result.1);
    };
    if statfs(dir.path()).is_ok_and(|facts| facts.filesystem_type() == EXT4_SUPER_MAGIC) {
        test(dir.path());
    } else {
        mounts::with_own_mounts(|| mounted("ext4", dir.path()).iter().for_each(|at| test(at)));
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn under_a_writer_at_full_speed_nothing_is_lost_or_doubled_on_xfs() {
    let dir = place();
    mounts::with_own_mounts(|| {
        let Some(at) = mounted("xfs", dir.path()) else { return };
        let result = rotate_under_fire(&support::ours(), &at, Duration::from_secs(5), "");
        print("ours", "xfs", &result);
        assert_eq!(result.0.wrong(), 0, "{result:?}");
        assert!(result.1 > 3, "only {} rotations", result.1);
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn compressed_under_a_writer_nothing_is_lost_or_doubled() {
    let dir = place();
    mounts::with_own_mounts(|| {
        let Some(at) = mounted("ext4", dir.path()) else { return };
        let result = rotate_under_fire(&support::ours(), &at, Duration::from_secs(5), " compress\n");
        print("ours, compressed,", "ext4", &result);
        assert_eq!(result.0.wrong(), 0, "{result:?}");
    });
}

/// Where nothing can be cut off the front of a file, prints our loss beside the reference's; nothing may be doubled.
fn compare_losses(kind: &str, at: impl Fn(&Path) -> Option<PathBuf>) {
    for (who, program) in [("ours", Some(support::ours())), ("the reference", support::need_peer())] {
        let (dir, Some(program)) = (place(), program) else {
            continue;
        };
        let Some(at) = at(dir.path()) else { return };
        let result = rotate_under_fire(&program, &at, Duration::from_secs(4), "");
        print(who, kind, &result);
        assert_eq!(result.0.doubled + result.0.torn, 0, "{who}: {result:?}");
        assert!(result.1 > 3, "only {} rotations", result.1);
        mounts::detach(&at);
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn on_btrfs_nothing_is_doubled_and_the_loss_is_printed() {
    mounts::with_own_mounts(|| compare_losses("btrfs", |dir| mounted("btrfs", dir)));
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn in_memory_nothing_is_doubled_and_the_loss_is_printed() {
    mounts::with_own_mounts(|| {
        compare_losses("tmpfs", |dir| {
            let at = dir.join("disk");
            fs::create_dir(&at).unwrap();
            mounts::memory(&at, ROOM);
            Some(at)
        });
    });
}

/// What is not holes in it takes a moment to copy, the holes none.
#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_log_of_64_gib_is_rotated_in_64_mib_of_memory() {
    for way in ["compress\ncreate", "copytruncate\ncompress", "renamecopy\ncreate"] {
        let dir = place();
        let log = dir.path().join("app.log");
        let end = b"the last line\n";
        let file = fs::File::create(&log).unwrap();
        file.write_all_at(&b"a line at the start\n".repeat(1 << 20), 0).unwrap();
        file.write_all_at(end, (64 << 30) - end.len() as u64).unwrap();
        drop(file);
        let conf = dir.path().join("conf");
        fs::write(&conf, format!("{} {{\nrotate 2\n{way}\n}}\n", log.display())).unwrap();
        let mut run = Command::new("sh");
        run.args(["-c", "ulimit -d 65536; exec \"$@\"", "sh"])
            .arg(support::ours())
            .arg("-f")
            .arg("-s");
        let status = run
            .arg(dir.path().join("state"))
            .arg(&conf)
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(0), "{way}");
        let names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        let archived = names.iter().any(|name| name.to_string_lossy().starts_with("app.log.1"));
        assert!(archived, "{way}: {names:?}");
    }
}
