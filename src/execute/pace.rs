//! How a long compression gets on, for whoever watches; a short one says nothing.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::event::{Listener, Pacing};

/// Before so much time nobody wonders.
const SHORT: Duration = Duration::from_secs(1);
/// So often it is said again.
const AGAIN: Duration = Duration::from_millis(250);

/// One compression under way.
pub(super) struct Pace<'a> {
    path: &'a Path,
    size: u64,
    read: AtomicU64,
    watcher: &'a dyn Listener,
    begun: Instant,
    /// When it was said last, in milliseconds from the beginning; 0 is never.
    said: AtomicU64,
}

impl<'a> Pace<'a> {
    pub(super) fn new(path: &'a Path, size: u64, watcher: &'a dyn Listener) -> Self {
        Self {
            path,
            size,
            read: AtomicU64::new(0),
            watcher,
            begun: Instant::now(),
            said: AtomicU64::new(0),
        }
    }

    /// Returns where is kept how many bytes were read.
    pub(super) fn read(&self) -> &AtomicU64 {
        &self.read
    }

    /// Says how far it is, if it is time to.
    pub(super) fn tick(&self) {
        let elapsed = self.begun.elapsed();
        let said = Duration::from_millis(self.said.load(Ordering::Relaxed));
        if elapsed < SHORT || elapsed < said + AGAIN {
            return;
        }
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.said.store(now, Ordering::Relaxed);
        self.tell(Some(self.read.load(Ordering::Relaxed)));
    }

    fn tell(&self, read: Option<u64>) {
        self.watcher.pace(Pacing {
            path: self.path,
            size: self.size,
            read,
        });
    }
}

impl Drop for Pace<'_> {
    fn drop(&mut self) {
        if self.said.load(Ordering::Relaxed) > 0 {
            self.tell(None);
        }
    }
}

impl fmt::Debug for Pace<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pace")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
