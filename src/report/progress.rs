//! The lines at the bottom of a terminal, one for each log whose compression takes long. indicatif draws them.
//!
//! There are none where stderr is no terminal, or one that cannot go back in a line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{style, words};
use crate::event::Pacing;
use crate::sys::terminal;

/// What a line shows: indicatif cuts the name so that it stays one line.
const LINE: &str = "compressing {wide_msg} {bar:20} {percent:>3}% of {prefix}, {eta} left";

/// The lines that are shown.
#[derive(Debug)]
pub(super) struct Bars {
    screen: MultiProgress,
    lines: Mutex<HashMap<PathBuf, ProgressBar>>,
}

impl Bars {
    /// Returns `None` where nobody could see it.
    pub(super) fn of_stderr() -> Option<Self> {
        let is_clever = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
        (is_clever && terminal::is_terminal(&std::io::stderr())).then(|| Self {
            screen: MultiProgress::new(),
            lines: Mutex::default(),
        })
    }

    /// Shows how far a compression is; takes its line away at the end.
    pub(super) fn show(&self, pacing: Pacing<'_>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        match pacing.read {
            None => {
                if let Some(line) = lines.remove(pacing.path) {
                    line.finish_and_clear();
                    self.screen.remove(&line);
                }
            }
            Some(read) => {
                if let Some(line) = lines.get(pacing.path) {
                    line.set_position(read);
                } else {
                    let line = self.screen.add(line(pacing.path, pacing.size));
                    line.set_position(read);
                    lines.insert(pacing.path.to_owned(), line);
                }
            }
        }
    }

    /// Has something written above the lines.
    pub(super) fn above(&self, write: impl FnOnce()) {
        let is_empty = self.lines.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if is_empty { write() } else { self.screen.suspend(write) }
    }
}

fn line(path: &Path, size: u64) -> ProgressBar {
    let look = ProgressStyle::with_template(LINE).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(size)
        .with_style(look.progress_chars("=> "))
        .with_prefix(style::size(size))
        .with_message(words::path(&end_of(path)))
}

/// Returns the last two parts of a path: the line is cut at its end, where the name is.
fn end_of(path: &Path) -> PathBuf {
    let parts: Vec<_> = path.components().rev().take(2).collect();
    parts.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_log_and_its_directory() {
        for (path, shown) in [
            ("/var/log/nginx/a.log.1", "nginx/a.log.1"),
            ("/a.log", "/a.log"),
            ("a.log", "a.log"),
        ] {
            assert_eq!(end_of(Path::new(path)), Path::new(shown));
        }
    }

    #[test]
    fn the_line_is_one_that_indicatif_understands() {
        ProgressStyle::with_template(LINE).unwrap();
    }
}
