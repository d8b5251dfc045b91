//! A disk that is really full: a small one in memory, with less and less room on it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::findings::Findings;
use super::scene::{Place, Scene, Way};
use super::ways::WAYS;
use crate::support::{self, mounts};

/// How much the disk holds; a scene takes less than a third of it.
const DISK: u64 = 512 << 10;

/// The sizes of memory's pages.
const PAGE: u64 = 4096;

/// Rotates on a disk with so many free pages, then makes room and rotates on.
fn squeeze(program: &Path, way: &Way, dir: &Path, pages: u64, findings: &mut Findings) {
    let mut scene = Scene::plan(way, &dir.join("scene"));
    scene.put_up();
    let filler = dir.join("filler");
    let mut file = fs::File::create(&filler).expect("the disk has room yet");
    while file.write_all(&[0; PAGE as usize]).is_ok() {}
    let full = file.metadata().expect("the filler is there").len() / PAGE * PAGE;
    file.set_len(full.saturating_sub(pages * PAGE))
        .expect("the filler can be cut");
    drop(file);
    let at = format!("{} with {pages} pages free", way.name);
    let status = scene.rotate(program).status().expect("the program starts");
    findings.points += 1;
    if !matches!(status.code(), Some(0 | 1 | 3)) {
        findings.note(format!("ends with {status}"), &at);
    }
    findings.judge_at_once(&scene, &at);
    fs::remove_file(&filler).expect("the filler goes");
    findings.run_twice_more(program, &mut scene, &at);
}

/// Squeezes all ways that can live in memory, with every number of free pages that makes a difference.
fn squeeze_all(program: &Path) -> Findings {
    let mut findings = Findings::default();
    let place = Place::new(true);
    let dir = place.path().join("disk");
    fs::create_dir(&dir).expect("a directory is made");
    for way in WAYS {
        for pages in [0, 1, 2, 3, 4, 6, 8, 10, 12, 16] {
            mounts::memory(&dir, DISK);
            squeeze(program, way, &dir, pages, &mut findings);
            mounts::detach(&dir);
        }
    }
    println!(
        "{} full disks: {} lose {} lines",
        findings.points, findings.losing, findings.lost
    );
    findings.print();
    findings
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn on_a_full_disk_nothing_is_lost_and_the_next_run_repairs() {
    mounts::with_own_mounts(|| {
        let found = squeeze_all(&support::ours());
        assert!(found.faults.is_empty(), "{found:#?}");
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn on_a_full_disk_the_harness_finds_the_losses_of_the_reference() {
    let Some(peer) = support::need_peer() else { return };
    mounts::with_own_mounts(|| assert!(squeeze_all(&peer).losing > 0, "the reference lost nothing"));
}
