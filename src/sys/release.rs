//! Small files whose names go: the room they took is given back by a thread of its own.
//!
//! On ext4 that may wait for the device, a discard a file, at the last close. A file lives on while it is held, so its name goes at
//! once, and the hand that held it lets go beside the other work. What is held at a time is bounded in number and in size, and
//! [`Release::finish`] waits until nothing is.

use std::ffi::OsStr;
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use nix::sys::stat::fstat;

use super::descriptors;
use super::dir::Dir;
use crate::fault::SysError;

/// So many files are removed without help: a thread is not worth it yet.
const FEW: usize = 64;
/// So many are handed over together, or as many as descriptors allow; as many wait, and as many are let go.
const BATCH: usize = 32;
/// A batch may hold this part of the open files allowed.
const BATCH_PART: usize = 64;
/// Larger files give their room back at once, in bytes: what is held meanwhile is some 6 MiB at most.
const SMALL: i64 = 64 << 10;

/// Removes files.
#[derive(Debug)]
pub struct Release {
    help: Help,
    removed: AtomicUsize,
    state: Mutex<State>,
}

/// Whether a thread helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Help {
    /// Where there are many files.
    ForMany,
    /// Never: everything is done in order.
    Never,
}

#[derive(Debug, Default)]
struct State {
    held: Vec<OwnedFd>,
    helper: Option<Helper>,
}

#[derive(Debug)]
struct Helper {
    batches: SyncSender<Vec<OwnedFd>>,
    thread: JoinHandle<()>,
}

impl Release {
    /// Removes files with a thread's help or without.
    #[must_use]
    pub fn new(help: Help) -> Self {
        Self {
            help,
            removed: AtomicUsize::new(0),
            state: Mutex::default(),
        }
    }

    /// Removes an entry that is not a directory; its name is gone when this returns.
    pub fn unlink(&self, dir: &Dir, name: &OsStr) -> Result<(), SysError> {
        let is_one_of_many = self.help == Help::ForMany && self.removed.fetch_add(1, Ordering::Relaxed) >= FEW;
        let held = if is_one_of_many { hold(dir, name) } else { None };
        dir.unlink(name)?;
        if let Some(held) = held {
            self.let_go(held);
        }
        Ok(())
    }

    /// Waits until the room of all that was removed is given back.
    pub fn finish(&self) {
        let State { held, helper } = mem::take(&mut *self.lock());
        drop(held);
        if let Some(Helper { batches, thread }) = helper {
            drop(batches);
            // A helper that panicked has been reported by its own message.
            drop(thread.join());
        }
    }

    /// Hands a file over with others. Where the helper lags behind, this waits, and whoever removes next does, too.
    fn let_go(&self, held: OwnedFd) {
        let mut state = self.lock();
        state.held.push(held);
        if state.held.len() < descriptors::share(BATCH_PART, BATCH) {
            return;
        }
        let batch = mem::take(&mut state.held);
        if state.helper.is_none() {
            state.helper = Helper::start();
        }
        // Where no helper could be started, or it is dead, the batch is let go here.
        if let Some(helper) = &state.helper {
            drop(helper.batches.send(batch));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds a file if that is of use: it is small, and closing it may take long.
fn hold(dir: &Dir, name: &OsStr) -> Option<OwnedFd> {
    if !dir.closes_slowly() {
        return None;
    }
    let held = dir.hold(name)?;
    fstat(&held).is_ok_and(|facts| facts.st_size <= SMALL).then_some(held)
}

impl Helper {
    fn start() -> Option<Self> {
        let (batches, waiting) = mpsc::sync_channel::<Vec<OwnedFd>>(1);
        let serve = move || waiting.into_iter().for_each(drop);
        let thread = std::thread::Builder::new().name("release".into()).spawn(serve).ok()?;
        Some(Self { batches, thread })
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::sys::walk;

    /// A directory of files; the first is held open by the test.
    struct Scene {
        root: tempfile::TempDir,
        dir: Arc<Dir>,
        _witness: File,
    }

    impl Scene {
        fn new(files: usize) -> Self {
            let root = tempfile::tempdir().unwrap();
            for number in 0..files {
                fs::write(root.path().join(number.to_string()), "line").unwrap();
            }
            Self {
                dir: Arc::new(walk::open_directory(root.path(), root.path()).unwrap()),
                _witness: File::open(root.path().join("0")).unwrap(),
                root,
            }
        }

        fn remove(&self, release: &Release, numbers: std::ops::Range<usize>) {
            for number in numbers {
                let name = number.to_string();
                release.unlink(&self.dir, OsStr::new(&name)).unwrap();
                assert!(!self.root.path().join(&name).exists(), "{name} is gone");
            }
        }

        /// How many removed files are still open; the witness sees that they are counted.
        fn open(&self) -> usize {
            let is_removed =
                |path: &Path| path.starts_with(self.root.path()) && path.to_string_lossy().ends_with("(deleted)");
            let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
            open.filter_map(|entry| fs::read_link(entry.path()).ok())
                .filter(|path| is_removed(path))
                .count()
        }
    }

    #[test]
    fn few_files_are_let_go_at_once() {
        let scene = Scene::new(FEW);
        let release = Release::new(Help::ForMany);
        scene.remove(&release, 0..FEW);
        assert_eq!(scene.open(), 1, "the witness's");
    }

    #[test]
    fn of_many_small_files_the_last_are_held_until_the_end() {
        let scene = Scene::new(FEW + 3 * BATCH + 1);
        let release = Release::new(Help::ForMany);
        scene.remove(&release, 0..FEW + 1);
        let held = usize::from(scene.dir.closes_slowly());
        assert_eq!(scene.open(), 1 + held);
        scene.remove(&release, FEW + 1..FEW + 3 * BATCH + 1);
        assert!(scene.open() > held);
        release.finish();
        assert_eq!(scene.open(), 1, "the witness's");
    }

    #[test]
    fn a_large_file_is_never_held() {
        let scene = Scene::new(FEW + 1);
        let large = File::create(scene.root.path().join("large")).unwrap();
        large.set_len(SMALL.unsigned_abs() + 1).unwrap();
        drop(large);
        let release = Release::new(Help::ForMany);
        scene.remove(&release, 0..FEW);
        release.unlink(&scene.dir, OsStr::new("large")).unwrap();
        assert_eq!(scene.open(), 1, "the witness's");
    }

    #[test]
    fn without_help_nothing_is_held() {
        let scene = Scene::new(FEW + BATCH);
        let release = Release::new(Help::Never);
        scene.remove(&release, 0..FEW + BATCH);
        assert_eq!(scene.open(), 1, "the witness's");
    }

    #[test]
    fn what_is_not_there_cannot_be_removed_with_help_either() {
        let scene = Scene::new(FEW + 1);
        let release = Release::new(Help::ForMany);
        scene.remove(&release, 0..FEW + 1);
        assert!(release.unlink(&scene.dir, OsStr::new("0")).unwrap_err().is_absence());
    }
}
