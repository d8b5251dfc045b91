//! Files whose names go: the room they took is given back by a thread of its own.
//!
//! On some disks that waits for the device (a discard for each file). A file lives on while it is held, so its name can go at once,
//! and the last hand lets go beside the other work, whoever the process acts as meanwhile. Few files are not worth a thread.

use std::ffi::OsStr;
use std::mem;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use super::dir::Dir;
use super::room;
use crate::fault::SysError;

/// So many files go at once before any is held.
const FEW: usize = 64;
/// So many are handed over together, or as many as descriptors allow; as many wait, and as many are let go.
const BATCH: usize = 32;
/// A batch may hold this part of the open files allowed.
const BATCH_PART: usize = 64;

/// Removes files.
#[derive(Debug, Default)]
pub struct Release {
    state: Mutex<State>,
    inline: bool,
}

#[derive(Debug, Default)]
struct State {
    removed: usize,
    held: Vec<OwnedFd>,
    helper: Option<Helper>,
}

#[derive(Debug)]
struct Helper {
    batches: SyncSender<Vec<OwnedFd>>,
    thread: JoinHandle<()>,
}

impl Release {
    /// Removes files with a thread's help, or all `inline`.
    #[must_use]
    pub fn new(inline: bool) -> Self {
        Self {
            state: Mutex::default(),
            inline,
        }
    }

    /// Removes an entry that is not a directory; its name is gone when this returns.
    pub fn unlink(&self, dir: &Dir, name: &OsStr) -> Result<(), SysError> {
        let held = if self.is_worth_it() { dir.hold(name) } else { None };
        dir.unlink(name)?;
        if let Some(held) = held {
            self.let_go(held);
        }
        Ok(())
    }

    /// Counts one more, and tells whether it is one of many.
    fn is_worth_it(&self) -> bool {
        if self.inline {
            return false;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.removed += 1;
        state.removed > FEW
    }

    fn let_go(&self, held: OwnedFd) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.held.push(held);
        if state.held.len() < room::share(BATCH_PART, BATCH) {
            return;
        }
        let batch = mem::take(&mut state.held);
        if state.helper.is_none() {
            state.helper = Helper::start();
        }
        if let Some(helper) = &state.helper {
            // Without a helper they are let go here.
            drop(helper.batches.send(batch));
        }
    }
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
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Helper { batches, thread }) = state.helper.take() {
            drop(batches);
            // A helper that panicked has been reported by its own message.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::sys::walk;

    #[test]
    fn many_files_go_at_once_and_give_their_room_back_at_the_end() {
        let root = tempfile::tempdir().unwrap();
        let dir = walk::open_directory(root.path(), root.path()).unwrap();
        let release = Release::new(false);
        let names: Vec<String> = (0..FEW + 3 * BATCH + 1).map(|number| number.to_string()).collect();
        for name in &names {
            fs::write(root.path().join(name), "line").unwrap();
        }
        let witness = fs::File::open(root.path().join(&names[0])).unwrap();
        for name in &names {
            release.unlink(&dir, OsStr::new(name)).unwrap();
            assert!(!root.path().join(name).exists(), "{name} is gone");
        }
        assert_eq!(witness.metadata().unwrap().nlink(), 0);
        let absent = release.unlink(&dir, OsStr::new("0")).unwrap_err();
        assert!(absent.is_absence());
        drop(release);
        let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
        let targets = open.filter_map(|entry| fs::read_link(entry.path()).ok());
        let held =
            targets.filter(|path| path.starts_with(root.path()) && path.to_string_lossy().ends_with("(deleted)"));
        assert_eq!(held.count(), 1, "only the witness's");
    }
}
