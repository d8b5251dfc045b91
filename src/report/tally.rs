//! What a run did, collected as it happens: for the JSON report, the metrics and the summary line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::text;
use super::words;
use crate::diag::Severity;
use crate::event::{About, Doing, Event, Reason, What};
use crate::schedule::Verdict;

mod run;
#[cfg(test)]
mod tests;

pub use run::{Decision, Fate, Files, Handled, HouseTally, LogTally, RunTally, StanzaTally, StepTaken};

#[derive(Debug)]
struct Inner {
    run: RunTally,
    start: Instant,
    /// Where each log is. One stanza's logs are finished while the next one's turn has come.
    places: HashMap<Arc<Path>, LogIndex>,
    /// The log that was found last.
    latest: Option<(Arc<Path>, LogIndex)>,
    /// Housekeeping has begun: it meets logs that are gone, and are no stanza's to rotate.
    keeps_house: bool,
    /// The archive that is being compressed before its time.
    squeezed: Option<(PathBuf, Reason)>,
}

/// Where a log is: its stanza's number, and its own there.
#[derive(Clone, Copy, Debug)]
struct LogIndex {
    stanza: usize,
    log: usize,
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
            stanzas: Vec::new(),
            rotated_out: Files::default(),
            house: HouseTally::default(),
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        Self(Mutex::new(Inner {
            run,
            start: Instant::now(),
            places: HashMap::new(),
            latest: None,
            keeps_house: false,
            squeezed: None,
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

    /// Takes note of what happened then.
    pub fn note(&self, event: &Event, at: Instant) {
        let mut inner = self.inner();
        let at = at.saturating_duration_since(inner.start);
        inner.note(event, at);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn note(&mut self, event: &Event, at: Duration) {
        match (&event.about, &event.what) {
            (_, What::DryRun) => self.run.dry_run = true,
            (_, What::KeepingHouse) => self.keeps_house = true,
            (_, What::Budgets(budgets)) => self.run.house.budgets = Arc::clone(budgets),
            (About::Stanza(place), What::Stanza { written, .. }) => self.run.stanzas.push(StanzaTally {
                pattern: words::list(written),
                place: place.clone(),
                logs: Vec::new(),
                errors: Vec::new(),
            }),
            (About::Log(path), what) => {
                self.note_house(path, what);
                if let Some(LogIndex { stanza, log }) = self.place_of(path) {
                    self.run.stanzas[stanza].logs[log].note(event, at);
                }
            }
            _ => {}
        }
        let complaints = match event.severity() {
            Severity::Note => return,
            Severity::Warning => &mut self.run.warnings,
            Severity::Error => self.errors(&event.about),
        };
        complaints.extend(text::entry(event));
    }

    /// Takes note of archives that go, and of those that are compressed before their time.
    fn note_house(&mut self, log: &Arc<Path>, what: &What) {
        let handled = |path: &Path, bytes, reason: &Reason| Handled {
            path: path.to_owned(),
            bytes,
            reason: reason.clone(),
            log: Arc::clone(log),
        };
        let house = &mut self.run.house;
        match what {
            What::Removed { bytes } => self.run.rotated_out.add(*bytes),
            What::Discarded { path, bytes, reason } => house.removed.push(handled(path, Some(*bytes), reason)),
            What::Step(Doing::Compress {
                path,
                before_its_time: Some(reason),
                ..
            }) if self.run.dry_run => house.compressed.push(handled(path, None, reason)),
            What::Step(Doing::Compress {
                path, before_its_time, ..
            }) => self.squeezed = before_its_time.clone().map(|reason| (path.clone(), reason)),
            What::Compressed { bytes, .. } => {
                let squeezed = self.squeezed.take_if(|_| self.keeps_house);
                house
                    .compressed
                    .extend(squeezed.map(|(path, reason)| handled(&path, Some(*bytes), &reason)));
            }
            _ => {}
        }
    }

    /// Finds a log, which is entered into the last stanza if it was not met before and its turn may have come.
    fn place_of(&mut self, path: &Arc<Path>) -> Option<LogIndex> {
        // A log has many events in a row.
        if let Some((log, place)) = &self.latest
            && Arc::ptr_eq(log, path)
        {
            return Some(*place);
        }
        let place = match self.places.get(path) {
            Some(place) => *place,
            None if self.keeps_house => return None,
            None => {
                let stanza = self.run.stanzas.len().checked_sub(1)?;
                let logs = &mut self.run.stanzas[stanza].logs;
                let place = LogIndex {
                    stanza,
                    log: logs.len(),
                };
                logs.push(LogTally::of(Arc::clone(path)));
                self.places.insert(Arc::clone(path), place);
                place
            }
        };
        self.latest = Some((Arc::clone(path), place));
        Some(place)
    }

    /// Returns the errors of the run, of a stanza or of a log.
    fn errors(&mut self, about: &About) -> &mut Vec<String> {
        let place = match about {
            About::Log(path) => self.place_of(path),
            About::Run | About::Stanza(_) => None,
        };
        let run = &mut self.run;
        match (about, place) {
            (_, Some(LogIndex { stanza, log })) => &mut run.stanzas[stanza].logs[log].errors,
            (About::Stanza(place), _) => {
                let stanza = run.stanzas.iter_mut().rfind(|stanza| stanza.place == *place);
                stanza.map_or(&mut run.errors, |stanza| &mut stanza.errors)
            }
            _ => &mut run.errors,
        }
    }
}

impl LogTally {
    fn note(&mut self, event: &Event, at: Duration) {
        let text = || text::entry(event).unwrap_or_default();
        self.obstacle_kinds.extend(event.what.obstacle_kind());
        match &event.what {
            What::Decided { verdict, size } => {
                (self.decision, self.reason) = match verdict {
                    Verdict::Rotate(cause) => (Decision::Rotate, text::cause(*cause).to_owned()),
                    Verdict::Keep(why) => (Decision::Keep, text::kept(*why)),
                };
                (self.bytes_before, self.switched) = (Some(*size), false);
            }
            What::PassedOver(_) => (self.decision, self.reason) = (Decision::Skip, text().trim().to_owned()),
            What::Script { .. } | What::Rotating(_) => _ = self.begun.get_or_insert(at),
            What::Step(doing) => {
                self.begun.get_or_insert(at);
                self.steps.push(StepTaken {
                    kind: kind(doing),
                    text: text(),
                    at,
                });
            }
            What::Switched(archive) => {
                (self.archive, self.switched) = (Some(archive.clone()), true);
                self.took = at.saturating_sub(self.begun.unwrap_or(at));
            }
            // What an earlier run had begun, or left, is compressed before the log is switched.
            What::Compressed {
                path,
                is_newest: true,
                bytes,
            } if self.archive.is_some() => {
                (self.archive, self.bytes_after) = (Some(path.clone()), Some(*bytes));
            }
            What::Rotated { failed } => {
                self.broke_off |= failed;
                self.took = at.saturating_sub(self.begun.unwrap_or(at));
            }
            // Of a log that has not come back, or is looked at later, that is all.
            What::Recovered if self.decision == Decision::None => {
                (self.decision, self.reason, self.switched) = (Decision::Rotate, text(), true);
            }
            What::Obstacle(obstacle) => self.obstacles.push(obstacle.clone()),
            _ => {}
        }
    }
}

fn kind(doing: &Doing) -> &'static str {
    match doing {
        Doing::MakeDir(_) => "mkdir",
        Doing::Compress { .. } => "compress",
        Doing::Rename { .. } => "rename",
        Doing::Copy { .. } => "copy",
        Doing::SkipCopy(_) => "skip-copy",
        Doing::Truncate => "truncate",
        Doing::LeaveUncut => "leave",
        Doing::Create { .. } => "create",
        Doing::Mail { .. } => "mail",
        Doing::MoveAside(_) => "aside",
        Doing::GiveUpMail(_) => "give-up-mail",
        Doing::Remove(_) | Doing::Discard { .. } | Doing::RemoveInterim(_) => "remove",
    }
}
