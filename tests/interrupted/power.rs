//! Cuts the power before every changing system call: what the disk holds at that moment is mounted, judged and rotated on.
//!
//! The disk is a file in a loop mount, on a file system that can share blocks, so that a picture of it costs nothing.
//! What was written and not flushed is in memory only, and so is not in the picture.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::findings::Findings;
use super::scene::{Place, Scene, Way};
use super::tracer::{self, Ending, Fate};
use super::ways::WAYS;
use crate::support::{self, mounts};

/// What reached the disk before the cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Only what was flushed by the program, or happened to be.
    Raw,
    /// The journal as well: names and sizes, but no data that was not flushed.
    JournalWritten,
}

/// The ways that differ in what they write and flush.
const CUT: [&str; 9] = [
    "numbered, compressed",
    "copytruncate under a writer",
    "copytruncate",
    "copytruncate within a line",
    "copytruncate under a quiet writer",
    "dated, delayed",
    "renamecopy",
    "olddir",
    "external compressor",
];

/// Returns the ways that are cut off: all, or as many as the setting `POWER_WAYS` wants.
fn ways() -> &'static [&'static str] {
    let wanted = std::env::var("POWER_WAYS").ok().and_then(|count| count.parse().ok());
    &CUT[..wanted.unwrap_or(CUT.len()).clamp(1, CUT.len())]
}

/// A disk whose pictures can be taken.
struct Disk {
    /// The directory of everything.
    place: Place,
    /// The kind of file system.
    kind: &'static str,
}

impl Disk {
    /// Makes the outer file system; says that the test is skipped where it cannot be.
    fn new(kind: &'static str) -> Option<Self> {
        let disk = Self {
            place: Place::new(true),
            kind,
        };
        for sub in ["outer", "inner"] {
            fs::create_dir(disk.path(sub)).expect("a directory is made");
        }
        let image = disk.path("outer.img");
        let usable = mounts::make("xfs", &image, 4 << 30) && mounts::attach(&image, &disk.path("outer"), "");
        usable.then_some(disk)
    }

    /// Returns a path in the directory of everything.
    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Mounts the disk itself, or one of its pictures.
    fn mount(&self, image: &Path) -> bool {
        mounts::attach(
            image,
            &self.path("inner"),
            if self.kind == "xfs" { "nouuid" } else { "" },
        )
    }

    /// Runs the program, and takes a picture before each changing call; returns them with what was about to happen.
    fn take_pictures(&self, program: &Path, scene: &Scene, cut: Cut) -> Vec<(PathBuf, String)> {
        let mut probe = File::create(self.path("inner/probe")).expect("the disk has room");
        let mut pictures = Vec::new();
        let mut take = |at: String| {
            if matches!(cut, Cut::JournalWritten) {
                probe
                    .write_all(b"x")
                    .and_then(|()| probe.sync_all())
                    .expect("the journal can be flushed");
            }
            let picture = self.path(&format!("outer/{:04}.img", pictures.len()));
            let mut copy = Command::new("cp");
            let copied = copy
                .arg("--reflink=always")
                .arg(self.path("outer/disk.img"))
                .arg(&picture)
                .status();
            assert!(copied.expect("cp starts").success(), "a picture can be taken");
            pictures.push((picture, at));
        };
        let ending = tracer::run(&mut scene.rotate(program), &mut |call| {
            if call.changes() && call.target().is_some_and(|path| path.starts_with(&scene.dir)) {
                let path = call.target().unwrap_or_default();
                take(format!(
                    "{} {}",
                    call.name(),
                    path.strip_prefix(&scene.dir).unwrap_or(&path).display()
                ));
            }
            Fate::Go
        });
        assert!(
            matches!(ending, Ending::Exited(0)),
            "an undisturbed run ends with {ending:?}"
        );
        take("end of the run".to_owned());
        pictures
    }
}

/// Cuts the power at each changing call of a way; `None` where the machine does not let us.
fn sweep(program: &Path, way: &Way, kind: &'static str, cut: Cut) -> Option<Findings> {
    let disk = Disk::new(kind)?;
    let image = disk.path("outer/disk.img");
    if !mounts::make(kind, &image, if kind == "ext4" { 64 << 20 } else { 320 << 20 }) || !disk.mount(&image) {
        return None;
    }
    let mut scene = Scene::plan(way, &disk.path("inner/scene"));
    scene.put_up();
    nix::unistd::syncfs(File::open(disk.path("inner")).expect("the disk is there")).expect("the disk can be flushed");
    let pictures = disk.take_pictures(program, &scene, cut);
    scene.close_logs();
    mounts::detach(&disk.path("inner"));
    let lines = scene.lines.len();
    let mut findings = Findings::default();
    for (number, (picture, at)) in pictures.iter().enumerate() {
        let at = format!("{} {kind} {cut:?} #{number} {at}", way.name);
        assert!(disk.mount(picture), "{at}: cannot be mounted any more");
        findings.points += 1;
        scene.begin_again(lines);
        findings.judge_at_once(&scene, &at);
        findings.run_twice_more(program, &mut scene, &at);
        mounts::detach(&disk.path("inner"));
        fs::remove_file(picture).expect("a picture goes");
    }
    println!(
        "{:24} {kind} {cut:?}: {} cuts, {} lose lines",
        way.name, findings.points, findings.losing
    );
    mounts::detach(&disk.path("outer"));
    Some(findings)
}

/// Cuts the power in these ways on a file system of this kind, and adds up what was found.
fn sweep_all(program: &Path, names: &[&str], kind: &'static str) -> Option<Findings> {
    let begun = Instant::now();
    let mut all = Findings::default();
    for way in WAYS.iter().filter(|way| names.contains(&way.name)) {
        for cut in [Cut::Raw, Cut::JournalWritten] {
            all.add(sweep(program, way, kind, cut)?);
        }
    }
    println!(
        "{kind}: {} power cuts in {:.1} s: {} lose {} lines",
        all.points,
        begun.elapsed().as_secs_f64(),
        all.losing,
        all.lost
    );
    all.print();
    Some(all)
}

/// Checks that ours loses nothing on a file system of this kind.
fn ours_loses_nothing(kind: &'static str) {
    mounts::with_own_mounts(|| {
        let Some(found) = sweep_all(&support::ours(), ways(), kind) else {
            return;
        };
        assert!(found.faults.is_empty(), "{found:#?}");
        assert!(
            found.points > ways().len() * 2 * 10,
            "only {} cuts: the harness sees too little",
            found.points
        );
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_power_cut_at_any_changing_call_loses_nothing_on_ext4() {
    ours_loses_nothing("ext4");
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_power_cut_at_any_changing_call_loses_nothing_on_xfs() {
    ours_loses_nothing("xfs");
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_power_cut_at_any_changing_call_loses_nothing_on_btrfs() {
    ours_loses_nothing("btrfs");
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn the_power_cuts_find_the_losses_of_the_reference() {
    let Some(peer) = support::need_peer() else { return };
    mounts::with_own_mounts(|| {
        let Some(found) = sweep_all(&peer, &CUT[..1], "ext4") else {
            return;
        };
        assert!(
            found.losing > 0,
            "the reference lost nothing, so the harness sees nothing"
        );
    });
}
