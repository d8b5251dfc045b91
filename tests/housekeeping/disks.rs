//! Real file systems: what removing an archive does not give back there, and a quota that no question for free space tells of.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::sys::statvfs::statvfs;

use super::home::{Home, Ran};
use crate::support::{mounts, need, skip};

/// How large an archive is: larger than what file systems round to.
const MIB: usize = 1 << 20;
const ARCHIVE: usize = 4 * MIB;

fn tool(words: &[&str], last: &[&Path]) -> bool {
    let output = Command::new(words[0]).args(&words[1..]).args(last).output();
    let output = output.expect("the tool starts");
    if !output.status.success() {
        skip(&format!(
            "{words:?} ({})",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    output.status.success()
}

/// Bytes that do not get smaller, by no file system either.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..count / 8).flat_map(|_| next()).collect()
}

/// Mounts a file system of a kind over the logs of a new home, with six archives; says that it is skipped if that cannot be.
fn with_disk(kind: &str, size: usize, test: impl FnOnce(&Home) + Send) {
    mounts::with_own_mounts(|| {
        let home = Home::new("");
        let image = home.path().join("image");
        if !mounts::make(kind, &image, size as u64) || !mounts::attach(&image, &home.logs(), "") {
            return;
        }
        fs::create_dir(home.logs().join("old")).unwrap();
        home.plant("a.log", 0, b"a line\n");
        home.note("a.log", 0);
        for number in 1..=6 {
            home.plant(
                &format!("a.log.{number}"),
                -20 * number,
                &noise(number.unsigned_abs(), ARCHIVE),
            );
        }
        test(&home);
        mounts::detach(&home.logs());
    });
}

/// Says that so much more is to be free than there is.
fn want(home: &Home, more: usize) {
    nix::unistd::sync();
    let facts = statvfs(&home.logs()).unwrap();
    let free = facts.blocks_available() * facts.fragment_size();
    let conf = format!(
        "minfree {}k\n@/a.log {{\n monthly\n rotate 9\n}}\n",
        (free as usize + more) / 1024
    );
    home.configure(&conf);
}

fn archives(home: &Home) -> usize {
    let is_archive = |name: &&String| name.starts_with("a.log.");
    home.names().iter().filter(is_archive).count()
}

/// What is missing is one archive and a half, and removing two gives nothing back: then it ends, and begins no more for a day.
fn gains_nothing(home: &Home) {
    want(home, ARCHIVE * 3 / 2);
    let ran = home.run(0, &[]);
    assert_eq!((ran.code, archives(home)), (Some(1), 4), "{}", ran.said);
    assert!(
        ran.said.contains("snapshots, shared blocks or open files hold it"),
        "{}",
        ran.said
    );
    let Ran { code, said } = home.run(0, &[]);
    assert_eq!((code, archives(home)), (Some(1), 4), "held: {said}");
    let Ran { said, .. } = home.run(2, &[]);
    assert_eq!(archives(home), 2, "the hold ends: {said}");
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a14_on_ext4_what_goes_gives_its_room_back() {
    with_disk("ext4", 64 * MIB, |home| {
        want(home, ARCHIVE * 3 / 2);
        let ran = home.run(0, &[]);
        assert_eq!((ran.code, archives(home)), (Some(0), 4), "{}", ran.said);
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a14_on_xfs_archives_that_share_their_blocks_give_nothing_back_and_it_ends() {
    with_disk("xfs", 320 * MIB, |home| {
        let copies = home.logs().join("copies");
        fs::create_dir(&copies).unwrap();
        for number in 1..=6 {
            let from = home.logs().join(format!("a.log.{number}"));
            if !tool(&["cp", "--reflink=always"], &[&from, &copies]) {
                return;
            }
        }
        gains_nothing(home);
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a14_on_btrfs_archives_that_a_snapshot_holds_give_nothing_back_and_it_ends() {
    if !need("btrfs") {
        return;
    }
    with_disk("btrfs", 256 * MIB, |home| {
        let snapshot = home.logs().join("snapshot");
        if tool(&["btrfs", "subvolume", "snapshot", "-r"], &[&home.logs(), &snapshot]) {
            gains_nothing(home);
        }
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a19_where_a_quota_ends_archives_go_and_the_work_is_done_once_more() {
    if !need("btrfs") {
        return;
    }
    with_disk("btrfs", 256 * MIB, |home| {
        if !tool(&["btrfs", "quota", "enable"], &[&home.logs()]) {
            return;
        }
        // 24 MiB of archives, and a log that is to be compressed and gets no smaller.
        home.plant("a.log", 0, &noise(9, ARCHIVE));
        nix::unistd::sync();
        assert!(tool(&["btrfs", "quota", "rescan", "-w"], &[&home.logs()]));
        assert!(tool(&["btrfs", "qgroup", "limit", "30M"], &[&home.logs()]));
        home.configure("minfree 1k\n@/a.log {\n daily\n rotate 9\n compress\n create\n}\n");
        for number in 1..=6 {
            let name = home.logs().join(format!("a.log.{number}"));
            fs::rename(&name, name.with_extension(format!("{number}.gz"))).unwrap();
        }
        let ran = home.run(1, &[]);
        assert_eq!(ran.code, Some(0), "{}", ran.said);
        assert!(
            home.logs().join("a.log.1.gz").exists() && !home.logs().join("a.log.1").exists(),
            "{}",
            ran.said
        );
        assert!(
            !home.logs().join("a.log.7.gz").exists(),
            "the oldest went: {}",
            ran.said
        );
    });
}
