//! What a run did, collected as it happens: for the JSON report, the metrics and the summary line.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::text;
use super::words;
use crate::event::{Doing, Event, Listener, Summary};
use crate::schedule::Verdict;

/// A step that was begun (or would be).
#[derive(Clone, Debug)]
pub struct StepTaken {
    /// What kind, in one word.
    pub kind: &'static str,
    /// In words.
    pub text: String,
    /// When, from the run's beginning.
    pub at: Duration,
}

/// One log.
#[derive(Clone, Debug, Default)]
pub struct LogTally {
    /// Its path.
    pub path: PathBuf,
    /// `rotate`, `keep`, `skip` or `error`; empty while it is not known.
    pub verdict: &'static str,
    /// Why, in words.
    pub reason: String,
    /// Its size before, in bytes.
    pub bytes_before: Option<u64>,
    /// The newest archive's size after compression, in bytes.
    pub bytes_after: Option<u64>,
    /// The newest archive.
    pub archive: Option<PathBuf>,
    /// It was switched, and nothing failed after.
    pub rotated: bool,
    /// Its steps.
    pub steps: Vec<StepTaken>,
    /// What failed, or was complained of.
    pub errors: Vec<String>,
    /// From its turn to its end.
    pub took: Duration,
    begun: Option<Duration>,
}

/// One stanza.
#[derive(Clone, Debug, Default)]
pub struct SetTally {
    /// Its path list as written.
    pub pattern: String,
    /// Its file.
    pub file: PathBuf,
    /// Its line there.
    pub line: u32,
    /// Its logs.
    pub logs: Vec<LogTally>,
    /// What failed of the stanza as a whole.
    pub errors: Vec<String>,
}

/// A run.
#[derive(Clone, Debug)]
pub struct RunTally {
    /// When it began.
    pub began: SystemTime,
    /// How long it took so far.
    pub took: Duration,
    /// Nothing was changed.
    pub dry_run: bool,
    /// Its stanzas.
    pub sets: Vec<SetTally>,
    /// Errors that belong to no stanza: configuration, state.
    pub errors: Vec<String>,
    /// Warnings.
    pub warnings: Vec<String>,
}

impl RunTally {
    /// Returns the figures of the whole run.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let logs = || self.sets.iter().flat_map(|set| &set.logs);
        let is_failed = |log: &&LogTally| log.verdict == "error" || !log.errors.is_empty();
        let rotated = || logs().filter(|log| log.rotated);
        Summary {
            rotated: rotated().count(),
            failed: logs().filter(is_failed).count(),
            left: logs()
                .filter(|log| matches!(log.verdict, "keep" | "skip"))
                .filter(|log| !is_failed(log))
                .count(),
            before: rotated().filter_map(|log| log.bytes_before).sum(),
            after: rotated().filter_map(|log| log.bytes_after.or(log.bytes_before)).sum(),
            seconds: self.took.as_secs_f64(),
        }
    }
}

#[derive(Debug)]
struct Inner {
    run: RunTally,
    start: Instant,
    /// Which log of the last stanza it is about.
    current: Option<usize>,
}

/// Collects.
#[derive(Debug)]
pub struct Tally(Mutex<Inner>);

impl Default for Tally {
    fn default() -> Self {
        let run = RunTally {
            began: SystemTime::now(),
            took: Duration::ZERO,
            dry_run: false,
            sets: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        Self(Mutex::new(Inner {
            run,
            start: Instant::now(),
            current: None,
        }))
    }
}

impl Tally {
    /// Returns what was collected so far.
    #[must_use]
    pub fn run(&self) -> RunTally {
        let inner = self.inner();
        RunTally {
            took: inner.start.elapsed(),
            ..inner.run.clone()
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Tally {
    fn hear(&self, event: Event) {
        self.hear_late(event, Instant::now());
    }

    fn hear_late(&self, event: Event, at: Instant) {
        let mut inner = self.inner();
        let at = at.saturating_duration_since(inner.start);
        inner.note(&event, at);
    }
}

impl Inner {
    fn log(&mut self) -> Option<&mut LogTally> {
        let current = self.current?;
        self.run.sets.last_mut()?.logs.get_mut(current)
    }

    fn turn_to(&mut self, path: &PathBuf, at: Duration) {
        let Some(set) = self.run.sets.last_mut() else { return };
        // The logs come in order: the last one is the one asked for, most of the time.
        let found = match self.current {
            Some(current) if set.logs.get(current).is_some_and(|log| log.path == *path) => Some(current),
            Some(current) if set.logs.get(current + 1).is_some_and(|log| log.path == *path) => Some(current + 1),
            _ => set.logs.iter().position(|log| log.path == *path),
        };
        let index = found.unwrap_or_else(|| {
            set.logs.push(LogTally {
                path: path.clone(),
                ..LogTally::default()
            });
            set.logs.len() - 1
        });
        self.current = Some(index);
        set.logs[index].begun.get_or_insert(at);
    }

    fn note(&mut self, event: &Event, at: Duration) {
        match event {
            Event::DryRun => self.run.dry_run = true,
            Event::Set { written, place, .. } => {
                let (file, line) = (place.0.to_path_buf(), place.1);
                self.run.sets.push(SetTally {
                    pattern: words::list(written),
                    file,
                    line,
                    ..SetTally::default()
                });
                self.current = None;
            }
            Event::Considering(path) => {
                if let Some(set) = self.run.sets.last_mut() {
                    set.logs.push(LogTally {
                        path: path.clone(),
                        ..LogTally::default()
                    });
                    self.current = Some(set.logs.len() - 1);
                }
            }
            Event::Turn(path) => self.turn_to(path, at),
            Event::Decided { verdict, size, .. } => self.decide(verdict, *size),
            Event::PassedOver { .. } => {
                let reason = text::entry(event)
                    .map(|(_, text)| text.trim().to_owned())
                    .unwrap_or_default();
                if let Some(log) = self.log() {
                    (log.verdict, log.reason) = ("skip", reason);
                }
            }
            Event::Step(doing) => self.step(doing, event, at),
            Event::Switched { archive, .. } => {
                if let Some(log) = self.log() {
                    log.archive = Some(archive.clone());
                    log.rotated = true;
                    log.took = at.saturating_sub(log.begun.unwrap_or(at));
                }
            }
            Event::Compressed { to, path, .. } => self.compressed(path, *to),
            Event::Rotated { failed, .. } => {
                if let Some(log) = self.log() {
                    log.rotated &= !failed;
                    log.took = at.saturating_sub(log.begun.unwrap_or(at));
                }
            }
            _ => self.complaint(event),
        }
    }

    fn decide(&mut self, verdict: &Verdict, size: u64) {
        let (word, reason) = match verdict {
            Verdict::Rotate(cause) => ("rotate", text::cause(*cause).to_owned()),
            Verdict::Keep(why) => ("keep", text::kept(*why)),
        };
        if let Some(log) = self.log() {
            (log.verdict, log.reason, log.bytes_before) = (word, reason, Some(size));
        }
    }

    fn step(&mut self, doing: &Doing, event: &Event, at: Duration) {
        let text = text::entry(event).map(|(_, text)| text).unwrap_or_default();
        if let Some(log) = self.log() {
            log.steps.push(StepTaken {
                kind: kind(doing),
                text,
                at,
            });
        }
    }

    fn compressed(&mut self, path: &std::path::Path, bytes: u64) {
        if let Some(log) = self.log()
            && let Some(archive) = &log.archive
            && path.as_os_str().len() > archive.as_os_str().len()
            && path.to_string_lossy().starts_with(&*archive.to_string_lossy())
        {
            log.bytes_after = Some(bytes);
            log.archive = Some(path.to_owned());
        }
    }

    fn complaint(&mut self, event: &Event) {
        let Some((weight, text)) = text::entry(event) else {
            return;
        };
        match weight {
            text::Weight::Note => {}
            text::Weight::Warning => self.run.warnings.push(text),
            text::Weight::Error => {
                let is_failure = matches!(event, Event::Failed(_));
                if matches!(event, Event::State(_) | Event::Config(_) | Event::NoState(_)) {
                    self.run.errors.push(text);
                } else if let Some(log) = self.log() {
                    if is_failure && log.verdict.is_empty() {
                        log.verdict = "error";
                    }
                    log.errors.push(text);
                } else if let Some(set) = self.run.sets.last_mut() {
                    set.errors.push(text);
                } else {
                    self.run.errors.push(text);
                }
            }
        }
    }
}

fn kind(doing: &Doing) -> &'static str {
    match doing {
        Doing::MakeDir(_) => "mkdir",
        Doing::Compress { .. } => "compress",
        Doing::Rename { .. } => "rename",
        Doing::Copy { .. } => "copy",
        Doing::SkipCopy { .. } => "skip-copy",
        Doing::Truncate(_) => "truncate",
        Doing::LeaveUncut(_) => "leave",
        Doing::Create { .. } => "create",
        Doing::Mail { .. } => "mail",
        Doing::Remove(_) | Doing::RemoveInterim(_) => "remove",
    }
}
