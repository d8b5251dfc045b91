//! The only mouth: what happens becomes sentences here, and goes to stderr, to a log file or to the system log.
//!
//! Nothing here can stop a rotation: a closed pipe or a full disk only makes it silent.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::event::{Event, Listener};
use crate::fault::SysError;
use crate::sys::File;
use crate::sys::syslog::{Priority, Syslog};

pub mod accounts;
pub mod cite;
pub mod fault;
pub mod state_text;
pub mod text;
pub mod words;

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

/// Writes a text to stdout; nobody need be listening.
pub fn show(text: &str) {
    drop(std::io::stdout().lock().write_all(text.as_bytes()));
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
    matches!(
        event,
        Event::Considering(_)
            | Event::NewState
            | Event::Times { .. }
            | Event::PassedOver { .. }
            | Event::Script { .. }
            | Event::Rotating { .. }
            | Event::Step(_)
            | Event::Set { .. }
    )
}
