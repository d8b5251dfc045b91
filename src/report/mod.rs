//! The only mouth: what happens becomes sentences here, and goes to stderr, to a log file or to the system log.
//!
//! Nothing here can stop a rotation: a closed pipe or a full disk only makes it silent.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use crate::diag::Severity;
use crate::event::{Event, Listener};
use crate::exit::Exit;
use crate::fault::SysError;
use crate::schedule::{Cause, Verdict};
use crate::sys::File;
use crate::sys::syslog::{Priority, Syslog};

pub mod accounts;
pub mod advice;
pub mod check_github;
pub mod check_json;
pub mod check_sarif;
pub mod check_text;
pub mod cite;
pub mod fault;
pub mod json;
pub mod metrics;
pub mod screen;
pub mod state_text;
pub mod tally;
pub mod text;
pub mod words;

use metrics::Held;
use tally::{RunTally, Tally};
use text::Weight;

/// Where everything is written besides stderr (`--log`).
#[derive(Debug)]
pub enum Copy {
    /// To a file.
    File(File),
    /// To the system log.
    Syslog(Syslog),
}

impl Copy {
    /// Opens what `--log` names: a file, emptied, which scripts find on descriptor 3; or the system log.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, SysError> {
        if path == Path::new("syslog") {
            return Ok(Self::Syslog(Syslog::open()));
        }
        crate::sys::logfile::open(path).map(Self::File)
    }
}

/// The reporter, and the tally where one is kept.
#[derive(Debug)]
pub struct Speakers {
    /// Tells in words.
    pub reporter: Reporter,
    /// Collects.
    pub tally: Option<Arc<Tally>>,
}

impl Listener for Speakers {
    fn hear(&self, event: Event) {
        self.hear_late(event, Instant::now());
    }

    fn hear_late(&self, event: Event, at: Instant) {
        if let Some(tally) = &self.tally {
            tally.hear_late(event.clone(), at);
        }
        self.reporter.hear(event);
    }
}

/// Writes the metrics of a run, atomically: a reader sees the old file or the new one, never half of it.
///
/// # Errors
/// The file cannot be written; the old one stays.
pub fn write_metrics(file: &Path, tally: &RunTally, exit: Exit, held: &[Held]) -> Result<(), SysError> {
    let earlier = crate::sys::textfile::read(file);
    let began = tally
        .began
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let last = if exit == Exit::Well {
        Some(began)
    } else {
        metrics::last_success(&earlier)
    };
    crate::sys::textfile::replace(file, metrics::text(tally, exit, last, held).as_bytes())
}

/// Writes a text to stdout; nobody need be listening.
pub fn show(text: &str) {
    drop(std::io::stdout().lock().write_all(text.as_bytes()));
}

/// Writes a text to a file that was standard output; nobody need be listening.
pub fn show_on(mut stdout: &File, text: &str) {
    drop(stdout.write_all(text.as_bytes()));
}

/// Writes a text to stderr; nobody need be listening.
pub fn complain(text: &str) {
    drop(std::io::stderr().lock().write_all(text.as_bytes()));
}

/// Tells what happens, in words.
#[derive(Debug)]
pub struct Reporter {
    verbose: bool,
    copy: Option<Mutex<Copy>>,
}

impl Reporter {
    /// Tells errors and warnings on stderr, and the rest where it is verbose; the copy gets all.
    #[must_use]
    pub fn new(verbose: bool, copy: Option<Copy>) -> Self {
        Self {
            verbose,
            copy: copy.map(Mutex::new),
        }
    }
}

impl Listener for Reporter {
    fn hear(&self, event: Event) {
        if !self.verbose && self.copy.is_none() && is_note(&event) {
            return;
        }
        let Some((weight, text)) = text::entry(&event) else {
            return;
        };
        let line = match weight {
            Weight::Note => format!("{text}\n"),
            Weight::Warning => format!("warning: {text}\n"),
            Weight::Error => format!("error: {text}\n"),
        };
        if self.verbose || weight > Weight::Note {
            // Nobody may be listening any more; the work goes on.
            drop(std::io::stderr().lock().write_all(line.as_bytes()));
        }
        if let Some(copy) = &self.copy {
            match &mut *copy.lock().unwrap_or_else(PoisonError::into_inner) {
                Copy::File(file) => drop(file.write_all(line.as_bytes())),
                Copy::Syslog(syslog) => syslog.send(priority(weight), &text),
            }
        }
    }
}

fn priority(weight: Weight) -> Priority {
    match weight {
        Weight::Note => Priority::Debug,
        Weight::Warning => Priority::Warning,
        Weight::Error => Priority::Error,
    }
}

/// Events that are told only when somebody wants to know all: no words need to be made for them otherwise.
fn is_note(event: &Event) -> bool {
    match event {
        Event::Config(diagnostic) => diagnostic.severity == Severity::Note,
        Event::Decided { verdict, .. } => !matches!(verdict, Verdict::Rotate(Cause::Future)),
        other => is_always_note(other),
    }
}

fn is_always_note(event: &Event) -> bool {
    matches!(
        event,
        Event::Considering(_)
            | Event::NewState
            | Event::Times { .. }
            | Event::PassedOver { .. }
            | Event::Script { .. }
            | Event::Rotating { .. }
            | Event::Step(_)
            | Event::Turn(_)
            | Event::Switched { .. }
            | Event::Rotated { .. }
            | Event::Set { .. }
            | Event::NoLogs
            | Event::Handling(_)
            | Event::ScriptNotNeeded(_)
    )
}
