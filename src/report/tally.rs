//! What a run did, collected as it happens: for the JSON report, the metrics and the summary line.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::text;
use super::words;
use crate::diag::Severity;
use crate::event::{Doing, Event, Listener};
use crate::schedule::Verdict;

mod run;
#[cfg(test)]
mod tests;

pub use run::{Decision, Fate, LogTally, RunTally, SetTally, StepTaken};

#[derive(Debug)]
struct Inner {
    run: RunTally,
    start: Instant,
    /// Where each log is: its stanza, and its place there. One stanza's logs are finished while the next one's turn has come.
    places: HashMap<Arc<Path>, Spot>,
    /// What it is about.
    about: About,
    /// What it was about before the turn of a log whose work is only told of.
    before: About,
}

/// A stanza and a log of it, by their numbers.
type Spot = (usize, usize);

/// What events are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Run,
    /// The last stanza as a whole.
    Set,
    /// A log.
    Log(Spot),
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
            places: HashMap::new(),
            about: About::Run,
            before: About::Run,
        }))
    }
}

impl Tally {
    /// Shows what was collected so far.
    pub fn show<T>(&self, to: impl FnOnce(&RunTally) -> T) -> T {
        let mut inner = self.inner();
        inner.run.took = inner.start.elapsed();
        to(&inner.run)
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
        match self.about {
            About::Log((set, at)) => self.run.sets.get_mut(set)?.logs.get_mut(at),
            _ => None,
        }
    }

    /// Goes over to a log, which is entered into the last stanza if it was not met before.
    fn turn_to(&mut self, path: &Path) {
        self.before = self.about;
        // A log has many events in a row.
        if self.log().is_some_and(|log| log.path.as_os_str() == path.as_os_str()) {
            return;
        }
        if let Some(spot) = self.places.get(path) {
            self.about = About::Log(*spot);
            return;
        }
        let last = self.run.sets.len().saturating_sub(1);
        let Some(set) = self.run.sets.last_mut() else { return };
        let (path, spot) = (Arc::from(path), (last, set.logs.len()));
        set.logs.push(LogTally::of(Arc::clone(&path)));
        self.places.insert(path, spot);
        self.about = About::Log(spot);
    }

    fn note(&mut self, event: &Event, at: Duration) {
        match event {
            Event::DryRun => self.run.dry_run = true,
            Event::Set { written, place, .. } => {
                let (file, line) = (place.file.to_path_buf(), place.line);
                self.run.sets.push(SetTally {
                    pattern: words::list(written),
                    file,
                    line,
                    ..SetTally::default()
                });
                self.about = About::Set;
            }
            Event::Considering(path) => self.turn_to(path),
            Event::Turn(path) => {
                self.turn_to(path);
                if let Some(log) = self.log() {
                    log.begun.get_or_insert(at);
                }
            }
            Event::TurnOfSet => self.about = About::Set,
            Event::TurnOfRun => self.about = About::Run,
            Event::Decided { verdict, size, .. } => self.decide(verdict, *size),
            Event::PassedOver { .. } => {
                let reason = text::entry(event)
                    .map(|(_, text)| text.trim().to_owned())
                    .unwrap_or_default();
                if let Some(log) = self.log() {
                    (log.decision, log.reason) = (Decision::Skip, reason);
                }
            }
            Event::Step(doing) => self.step(doing, event, at),
            Event::Switched { archive, .. } => {
                if let Some(log) = self.log() {
                    log.archive = Some(archive.clone());
                    log.switched = true;
                    log.took = at.saturating_sub(log.begun.unwrap_or(at));
                }
            }
            Event::Compressed { to, path, .. } => self.compressed(path, *to),
            Event::Rotated { failed, .. } => {
                if let Some(log) = self.log() {
                    log.broke_off |= failed;
                    log.took = at.saturating_sub(log.begun.unwrap_or(at));
                }
                self.about = self.before;
            }
            Event::Recovered(path) => self.recovered(path, event),
            Event::Obstacle(obstacle) => {
                if let Some(log) = self.log() {
                    log.broke_off |= obstacle.what.is_error();
                    log.obstacles.push(obstacle.clone());
                }
            }
            _ => {}
        }
        self.complaint(event);
    }

    /// A rotation that an earlier run had begun is finished: of a log that has not come back, or is looked at later, that is all.
    fn recovered(&mut self, path: &Path, event: &Event) {
        self.turn_to(path);
        let reason = text::entry(event).map(|(_, text)| text).unwrap_or_default();
        if let Some(log) = self.log().filter(|log| log.decision == Decision::None) {
            (log.decision, log.reason, log.switched) = (Decision::Rotate, reason, true);
        }
    }

    fn decide(&mut self, verdict: &Verdict, size: u64) {
        let (decision, reason) = match verdict {
            Verdict::Rotate(cause) => (Decision::Rotate, text::cause(*cause).to_owned()),
            Verdict::Keep(why) => (Decision::Keep, text::kept(*why)),
        };
        if let Some(log) = self.log() {
            (log.decision, log.reason, log.bytes_before) = (decision, reason, Some(size));
            log.switched = false;
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
        if super::is_note(event) {
            return;
        }
        let Some((severity, text)) = text::entry(event) else {
            return;
        };
        match severity {
            Severity::Note => {}
            Severity::Warning => self.run.warnings.push(text),
            Severity::Error => self.errors(event).push(text),
        }
    }

    /// Returns the errors of what an event is about.
    fn errors(&mut self, event: &Event) -> &mut Vec<String> {
        let is_of_run = matches!(
            event,
            Event::State(_) | Event::Config(_) | Event::NoState(_) | Event::Ending(_)
        );
        let about = if is_of_run { About::Run } else { self.about };
        let run = &mut self.run;
        match (about, run.sets.len().checked_sub(1)) {
            (About::Log((set, log)), _) => &mut run.sets[set].logs[log].errors,
            (About::Set, Some(last)) => &mut run.sets[last].errors,
            _ => &mut run.errors,
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
        Doing::MoveAside(_) => "aside",
        Doing::GiveUpMail(_) => "give-up-mail",
        Doing::Remove(_) | Doing::RemoveInterim(_) => "remove",
    }
}
