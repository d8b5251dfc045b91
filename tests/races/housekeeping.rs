//! Who owns a log's directory works against housekeeping: he swaps what is to go, keeps it young, plants what looks like archives.
//!
//! What he gets is his own loss, or nothing; his neighbour's archives stay.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use super::racer::{RACER, as_racer};
use crate::interrupted::tracer::{self, Ending, Fate};
use crate::support;

/// How large an archive is that counts.
const LARGE: usize = 100 << 10;

/// The world: the racer's directory, his neighbour's, and one that is forbidden to him.
struct World(tempfile::TempDir);

/// What a run said, and how it ended.
struct Ran {
    code: Option<i32>,
    said: String,
}

impl World {
    /// Puts it up with a configuration, in which `@` stands for its directory.
    fn new(conf: &str) -> Self {
        let place = tempfile::Builder::new().prefix("logrotate-races-").tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let world = Self(place);
        for dir in ["racer", "neighbour", "forbidden"] {
            fs::create_dir(world.at(dir)).unwrap();
        }
        chown(world.at("racer"), Some(RACER), Some(RACER)).unwrap();
        let conf = conf.replace('@', &world.0.path().display().to_string());
        fs::write(world.at("conf"), conf).unwrap();
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a log and so many archives, each ten days older than the one before.
    fn row(&self, log: &str, archives: u32, size: usize) {
        fs::write(self.at(log), "a line\n").unwrap();
        for number in 1..=archives {
            let path = self.at(&format!("{log}.{number}"));
            fs::write(&path, vec![b'x'; size]).unwrap();
            set_age(&path, 10 * number);
            if log.starts_with("racer") {
                chown(&path, Some(RACER), Some(RACER)).unwrap();
            }
        }
    }

    fn command(&self) -> Command {
        let mut run = Command::new(support::ours());
        run.args(["-v", "-s"]).arg(self.at("state")).arg(self.at("conf"));
        run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        run
    }

    fn run(&self) -> Ran {
        let output = self.command().stderr(Stdio::piped()).output().unwrap();
        Ran {
            code: output.status.code(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn count(&self, dir: &str) -> usize {
        fs::read_dir(self.at(dir)).unwrap().count()
    }
}

fn set_age(path: &Path, days: u32) {
    let then = SystemTime::now() - Duration::from_secs(u64::from(days) * 86_400 + 60);
    File::open(path)
        .unwrap()
        .set_times(FileTimes::new().set_modified(then))
        .unwrap();
}

/// Logs are never due: what is left is housekeeping.
const PRUNE: &str = "@/racer/a.log {\n monthly\n size 1G\n rotate 1\n prune\n}\n";
/// Two stanzas share 300 KiB, so that each has a right to 150.
const SHARED: &str =
    "maxtotalsize 300k\n@/racer/*.log {\n size 1G\n rotate 99\n}\n@/neighbour/*.log {\n size 1G\n rotate 99\n}\n";

#[test]
fn a_directory_that_is_swapped_before_an_archive_goes_costs_nobody_else_anything() {
    if !support::need_root() {
        return;
    }
    for conf in [PRUNE, SHARED] {
        let world = World::new(conf);
        world.row("racer/a.log", 5, LARGE);
        world.row("forbidden/a.log", 5, LARGE);
        let mut swapped = 0;
        let ending = tracer::run(&mut world.command(), &mut |call| {
            let is_his = call.target().is_some_and(|path| path.starts_with(world.at("racer")));
            if call.name() == "unlinkat" && is_his && swapped == 0 {
                fs::rename(world.at("racer"), world.at("held")).unwrap();
                symlink(world.at("forbidden"), world.at("racer")).unwrap();
                lchown(world.at("racer"), Some(RACER), Some(RACER)).unwrap();
                swapped += 1;
            }
            Fate::Go
        });
        assert!(
            swapped == 1 && matches!(ending, Ending::Exited(_)),
            "{conf}: {ending:?}"
        );
        assert_eq!(world.count("forbidden"), 6, "{conf}");
        // The one whose turn it was went where it was found.
        assert!(!world.at("held/a.log.5").exists(), "{conf}");
    }
}

#[test]
fn an_archive_that_was_swapped_since_it_was_found_is_left_alone() {
    if !support::need_root() {
        return;
    }
    let swap = " preremove\n  mv @/racer/other @/racer/a.log.4 2>/dev/null || true\n endscript\n}\n";
    for conf in [
        PRUNE,
        "maxtotalsize 1k\n@/racer/a.log {\n size 1G\n rotate 9\n minrotate 0\n}\n",
    ] {
        let world = World::new(&conf.replace("}\n", swap));
        world.row("racer/a.log", 5, LARGE);
        fs::write(world.at("racer/other"), "not what was found\n").unwrap();
        let ran = world.run();
        let text = fs::read_to_string(world.at("racer/a.log.4"));
        assert_eq!(text.ok().as_deref(), Some("not what was found\n"), "{}", ran.said);
        assert!(ran.said.contains("has changed"), "{}", ran.said);
        assert!(!world.at("racer/a.log.3").exists(), "the next one goes: {}", ran.said);
    }
}

#[test]
fn links_and_large_holes_and_second_names_that_are_planted_cost_the_neighbour_nothing() {
    if !support::need_root() {
        return;
    }
    let world = World::new(SHARED);
    world.row("racer/a.log", 1, LARGE);
    world.row("neighbour/b.log", 1, LARGE);
    let hollow = File::create(world.at("racer/a.log.2")).unwrap();
    hollow.set_len(1 << 40).unwrap();
    // As large as he likes, but of other names, too.
    fs::write(world.at("racer/big"), vec![b'x'; 4 * LARGE]).unwrap();
    fs::hard_link(world.at("racer/big"), world.at("racer/a.log.3")).unwrap();
    symlink(world.at("neighbour/b.log.1"), world.at("racer/a.log.4")).unwrap();
    nix::unistd::mkfifo(&world.at("racer/a.log.5"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let (his, neighbours) = (world.count("racer"), world.count("neighbour"));
    let ran = world.run();
    assert_eq!(
        (world.count("racer"), world.count("neighbour")),
        (his, neighbours),
        "{}",
        ran.said
    );
    // What takes up room for real is his own loss.
    for number in 6..=9 {
        let path = world.at(&format!("racer/a.log.{number}"));
        fs::write(&path, vec![b'x'; LARGE]).unwrap();
        set_age(&path, 10 * number);
    }
    let ran = world.run();
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(world.count("neighbour"), neighbours, "{}", ran.said);
    assert!(!world.at("racer/a.log.9").exists(), "{}", ran.said);
}

#[test]
fn archives_that_are_kept_young_are_their_owners_and_others_do_not_pay() {
    if !support::need_root() {
        return;
    }
    let world = World::new(&format!("minretain 5\n{SHARED}"));
    world.row("racer/a.log", 8, LARGE);
    world.row("neighbour/b.log", 1, LARGE);
    let (touching, end) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            as_racer(|| {
                while !end.load(Ordering::Relaxed) {
                    for number in 1..=8 {
                        let file = File::open(world.at(&format!("racer/a.log.{number}")));
                        drop(file.and_then(|file| file.set_modified(SystemTime::now())));
                    }
                    touching.store(true, Ordering::Relaxed);
                }
            });
        });
        while !touching.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        let runs: Vec<Ran> = (0..10).map(|_| world.run()).collect();
        end.store(true, Ordering::Relaxed);
        for ran in runs {
            assert_eq!(ran.code, Some(0), "{}", ran.said);
            assert!(
                ran.said.contains("warning: ") && ran.said.contains("(maxtotalsize)"),
                "{}",
                ran.said
            );
        }
    });
    assert_eq!((world.count("racer"), world.count("neighbour")), (9, 2));
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_flood_that_is_split_into_thousands_of_logs_leaves_the_neighbour_his_share() {
    if !support::need_root() {
        return;
    }
    let world = World::new(&SHARED.replace("300k", "4M"));
    // Each is smaller than the smallest of his neighbour's.
    for log in 0..3000 {
        world.row(&format!("racer/{log}.log"), 2, 4096);
    }
    world.row("neighbour/b.log", 15, LARGE);
    let ran = world.run();
    assert_eq!(world.count("neighbour"), 16, "{}", ran.said);
    let left = world.count("racer");
    assert!(
        left == 6000,
        "of each log the older archive went, and {left} files are left"
    );
}
