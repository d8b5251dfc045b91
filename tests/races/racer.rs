//! The one who races: a thread with the rights of an ordinary user, who swaps his own files for links as fast as he can.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

/// The user and group of the racer.
pub(super) const RACER: u32 = 61234;

/// What is swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swapped {
    /// The log's directory, all the time.
    Directory,
    /// The log's directory, right after something changed in it.
    DirectoryWhenItChanges,
    /// The directory above it.
    Parent,
    /// The log.
    Log,
    /// The newest archive, plain or compressed.
    Archive,
    /// Whatever else appears in the directory.
    Temporary,
}

impl Swapped {
    /// Tells if swaps wait for the other side, so that their number says nothing.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::DirectoryWhenItChanges)
    }
}

/// The racing thread.
pub(super) struct Racer {
    /// Set when it is to end.
    end: Arc<AtomicBool>,
    /// How often it swapped.
    swaps: Arc<AtomicU64>,
    /// Set when it is to rest, and answered by the same.
    rest: Arc<[AtomicBool; 2]>,
    /// The thread.
    thread: JoinHandle<()>,
}

impl Racer {
    /// Starts to swap.
    pub(super) fn start(spot: Swapped, home: PathBuf) -> Self {
        let (end, swaps) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let rest = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let (ended, counted, resting) = (Arc::clone(&end), Arc::clone(&swaps), Arc::clone(&rest));
        let thread = thread::spawn(move || {
            as_racer(|| {
                let mut step = steps(spot, &home);
                while !ended.load(Ordering::Relaxed) {
                    let wanted = resting[0].load(Ordering::SeqCst);
                    resting[1].store(wanted, Ordering::SeqCst);
                    if wanted {
                        thread::yield_now();
                    } else {
                        counted.fetch_add(step(), Ordering::Relaxed);
                    }
                }
            });
        });
        Self {
            end,
            swaps,
            rest,
            thread,
        }
    }

    /// Does something while nothing is swapped.
    pub(super) fn resting<T>(&self, work: impl FnOnce() -> T) -> T {
        self.rest[0].store(true, Ordering::SeqCst);
        while !self.rest[1].load(Ordering::SeqCst) {
            thread::yield_now();
        }
        let answer = work();
        self.rest[0].store(false, Ordering::SeqCst);
        answer
    }

    /// Returns how often was swapped so far.
    pub(super) fn swaps(&self) -> u64 {
        self.swaps.load(Ordering::Relaxed)
    }

    /// Ends it, and returns how often was swapped.
    pub(super) fn stop(self) -> u64 {
        self.end.store(true, Ordering::Relaxed);
        self.thread.join().expect("the racer does not fail");
        self.swaps.load(Ordering::Relaxed)
    }
}

/// Does something with the racer's rights on files; they are this thread's alone.
pub(super) fn as_racer(work: impl FnOnce()) {
    setfsgid(Gid::from_raw(RACER));
    setfsuid(Uid::from_raw(RACER));
    work();
    setfsuid(Uid::from_raw(0));
    setfsgid(Gid::from_raw(0));
}

/// Returns what is done over and over in a spot; it tells how many swaps it made.
fn steps(spot: Swapped, home: &Path) -> Box<dyn FnMut() -> u64> {
    let log = home.join("parent/log");
    let goal = home.parent().expect("a home is somewhere").join("forbidden/log/a.log");
    match spot {
        Swapped::Directory => exchanging(log, home.join("parent/log.evil")),
        Swapped::Parent => exchanging(home.join("parent"), home.join("parent.evil")),
        Swapped::Log => renewing(vec![log.join("a.log")], log.join("evil"), goal),
        Swapped::Archive => renewing(
            vec![log.join("a.log.1"), log.join("a.log.1.gz")],
            log.join("evil"),
            goal,
        ),
        Swapped::DirectoryWhenItChanges => waiting(log, home.join("parent/log.evil")),
        Swapped::Temporary => usurping(log, goal),
    }
}

/// Exchanges two names once; what is not there at the moment cannot be exchanged.
fn exchange(one: &Path, other: &Path) -> u64 {
    u64::from(renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE).is_ok())
}

/// Exchanges two names all the time.
fn exchanging(one: PathBuf, other: PathBuf) -> Box<dyn FnMut() -> u64> {
    Box::new(move || exchange(&one, &other))
}

/// Exchanges files for a link all the time; when the link was rotated away, there is soon a new one.
fn renewing(files: Vec<PathBuf>, link: PathBuf, goal: PathBuf) -> Box<dyn FnMut() -> u64> {
    let mut turn = 0_u64;
    Box::new(move || {
        turn += 1;
        let mut places = files.iter().chain([&link]);
        if turn % 50 == 0 && !places.any(|path| path.is_symlink()) {
            drop(fs::remove_file(&link));
            drop(symlink(&goal, &link));
        }
        files.iter().map(|file| exchange(file, &link)).sum()
    })
}

/// Exchanges a directory for a link when something changed in it, and puts it back a little later.
fn waiting(dir: PathBuf, link: PathBuf) -> Box<dyn FnMut() -> u64> {
    let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).expect("changes can be watched");
    let kinds = AddWatchFlags::IN_MOVE | AddWatchFlags::IN_CREATE | AddWatchFlags::IN_DELETE;
    inotify.add_watch(&dir, kinds).expect("the directory can be watched");
    Box::new(move || {
        if inotify.read_events().is_err() {
            thread::yield_now();
            return 0;
        }
        let mut swaps = exchange(&dir, &link);
        thread::sleep(Duration::from_millis(1));
        swaps += exchange(&dir, &link);
        // What changed meanwhile is the past.
        while inotify.read_events().is_ok() {}
        swaps
    })
}

/// Puts a link in the place of every file that nobody knows, as soon as it is there.
fn usurping(dir: PathBuf, goal: PathBuf) -> Box<dyn FnMut() -> u64> {
    let known = ["a.log", "a.log.1", "fresh.a.log", "fresh.a.log.1", "evil", "stolen"];
    Box::new(move || {
        let mut swaps = 1;
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            if known.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if fs::rename(entry.path(), dir.join("stolen")).is_ok() && symlink(&goal, entry.path()).is_ok() {
                swaps += 1;
            }
        }
        swaps
    })
}
