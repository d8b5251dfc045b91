//! How a long compression gets on, for whoever watches; a short one says nothing.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::event::{Listener, Pacing};
use crate::sys::File;
use crate::sys::dir::facts_of_open;

/// Before so much time nobody wonders.
const SHORT: Duration = Duration::from_secs(1);
/// So often it is said again.
const AGAIN: Duration = Duration::from_millis(250);

/// One compression under way.
pub(super) struct Pace<'a> {
    path: &'a Path,
    size: u64,
    output: &'a File,
    watcher: &'a dyn Listener,
    begun: Instant,
    /// When it was said last, in milliseconds from the beginning; 0 is never.
    said: AtomicU64,
}

impl<'a> Pace<'a> {
    pub(super) fn new(path: &'a Path, size: u64, output: &'a File, watcher: &'a dyn Listener) -> Self {
        Self {
            path,
            size,
            output,
            watcher,
            begun: Instant::now(),
            said: AtomicU64::new(0),
        }
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
        let written = facts_of_open(self.output, self.path).map_or(0, |facts| facts.size);
        self.watcher.pace(Some(Pacing {
            path: self.path,
            size: self.size,
            written,
            elapsed,
        }));
    }
}

impl Drop for Pace<'_> {
    fn drop(&mut self) {
        if self.said.load(Ordering::Relaxed) > 0 {
            self.watcher.pace(None);
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
