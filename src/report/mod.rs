//! The only mouth: what happens becomes sentences here, and goes to stderr, to a log file or to the system log.
//!
//! Nothing here can stop a rotation: a closed pipe or a full disk only makes it silent.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use crate::diag::Severity;
use crate::event::{Event, Listener, Pacing};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::sys::File;
use crate::sys::syslog::Syslog;
use crate::sys::terminal;

pub mod accounts;
pub mod advice;
pub mod budgets;
pub mod check_github;
pub mod check_json;
pub mod check_sarif;
pub mod check_text;
pub mod cite;
pub mod explain;
pub mod fault;
mod foreseen;
pub mod housekeeping;
mod joined;
pub mod json;
pub mod metrics;
pub mod orphans;
mod progress;
pub mod screen;
pub mod state_text;
pub mod status;
pub mod status_table;
pub mod style;
pub mod tally;
pub mod text;
pub mod unmanaged;
pub mod usage;
pub mod words;

use metrics::ArchiveSums;
use progress::Bars;
use style::{Colours, Tone, paint};
use tally::{RunTally, Tally};

/// Where everything is written besides stderr (`--log`).
#[derive(Debug)]
pub enum Copy {
    File(File),
    Syslog(Syslog),
}

impl Copy {
    /// Opens what `--log` names: a file, emptied, which scripts find on descriptor 3; or the system log.
    ///
    /// # Errors
    /// The file cannot be opened, or is not one to write to.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        if path == Path::new("syslog") {
            return Ok(Self::Syslog(Syslog::open()));
        }
        crate::sys::logfile::open(path).map(Self::File)
    }
}

/// The reporter, and the tally where one is kept.
#[derive(Debug)]
pub struct Speakers {
    pub reporter: Reporter,
    pub tally: Option<Arc<Tally>>,
}

impl Speakers {
    fn tell(&self, event: Event, at: impl FnOnce() -> Instant) {
        if let Some(tally) = &self.tally {
            tally.note(&event, at());
        }
        self.reporter.hear(event);
    }
}

impl Listener for Speakers {
    fn hear(&self, event: Event) {
        self.tell(event, Instant::now);
    }

    fn hear_late(&self, event: Event, at: Instant) {
        self.tell(event, || at);
    }

    fn hears_notes(&self) -> bool {
        self.tally.is_some() || self.reporter.hears_notes()
    }

    fn pace(&self, pacing: Pacing<'_>) {
        self.reporter.pace(pacing);
    }
}

/// Writes the metrics of a run, atomically: a reader sees the old file or the new one, never half of it.
///
/// # Errors
/// The file cannot be written, or is not one to write; the old one stays.
pub fn write_metrics(file: &Path, tally: &RunTally, exit: Exit, held: &[ArchiveSums]) -> Result<(), Fault> {
    let began = tally
        .began
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    crate::sys::textfile::replace(file, |earlier| {
        let last = if exit == Exit::Well {
            Some(began)
        } else {
            metrics::last_success(&String::from_utf8_lossy(earlier))
        };
        metrics::text(tally, exit, last, held)
    })
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

/// How lines look on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    /// As they are.
    Plain,
    /// `error:` and `warning:` in colour.
    Coloured,
    /// Each line after its priority, for the journal.
    Journal,
}

impl Voice {
    /// Looks at stderr: systemd names in `JOURNAL_STREAM` which file its journal reads.
    fn of_stderr(colours: Colours) -> Self {
        let stderr = std::io::stderr();
        let stream = std::env::var("JOURNAL_STREAM");
        if stream.is_ok_and(|name| terminal::is_named(&stderr, &name)) {
            Self::Journal
        } else if colours.are_wanted(terminal::is_terminal(&stderr)) {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    /// Returns an entry as it is written.
    fn line(self, severity: Severity, text: &str) -> String {
        let (word, tone, priority) = match severity {
            Severity::Note => ("", None, 6),
            Severity::Warning => ("warning: ", Some(Tone::Odd), 4),
            Severity::Error => ("error: ", Some(Tone::Bad), 3),
        };
        match (self, tone) {
            (Self::Coloured, Some(tone)) => format!("{} {text}\n", paint(word.trim_end(), tone, true)),
            (Self::Plain | Self::Coloured, _) => format!("{word}{text}\n"),
            (Self::Journal, _) => {
                let entry = format!("{word}{text}");
                let lines = entry.lines().filter(|line| !line.trim().is_empty());
                lines.map(|line| format!("<{priority}>{line}\n")).collect()
            }
        }
    }
}

/// Tells what happens, in words.
#[derive(Debug)]
pub struct Reporter {
    verbose: bool,
    copy: Option<Mutex<Copy>>,
    voice: Voice,
    /// Shows how long compressions get on, where somebody sees it.
    progress: Option<Bars>,
}

impl Reporter {
    /// Tells errors and warnings on stderr, and the rest where it is verbose; the copy gets all.
    #[must_use]
    pub fn new(verbose: bool, copy: Option<Copy>, colours: Colours) -> Self {
        Self {
            verbose,
            copy: copy.map(Mutex::new),
            voice: Voice::of_stderr(colours),
            progress: Bars::of_stderr(),
        }
    }

    /// Writes to stderr, above the lines that show progress. Nobody may be listening any more; the work goes on.
    fn write(&self, text: &str) {
        let write = || drop(std::io::stderr().lock().write_all(text.as_bytes()));
        match &self.progress {
            Some(progress) => progress.above(write),
            None => write(),
        }
    }
}

impl Listener for Reporter {
    fn hear(&self, event: Event) {
        let severity = event.severity();
        if severity == Severity::Note && !self.hears_notes() {
            return;
        }
        let Some(text) = text::entry(&event) else { return };
        if self.verbose || severity > Severity::Note {
            self.write(&self.voice.line(severity, &text));
        }
        if let Some(copy) = &self.copy {
            match &mut *copy.lock().unwrap_or_else(PoisonError::into_inner) {
                Copy::File(file) => drop(file.write_all(Voice::Plain.line(severity, &text).as_bytes())),
                Copy::Syslog(syslog) => syslog.send(severity, &text),
            }
        }
    }

    fn hears_notes(&self) -> bool {
        self.verbose || self.copy.is_some()
    }

    fn pace(&self, pacing: Pacing<'_>) {
        if let Some(progress) = &self.progress {
            progress.show(pacing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_priority_where_the_journal_listens() {
        let line = |severity, text| Voice::Journal.line(severity, text);
        assert_eq!(line(Severity::Note, "\nHandling 1 logs"), "<6>Handling 1 logs\n");
        assert_eq!(line(Severity::Warning, "one\ntwo\n"), "<4>warning: one\n<4>two\n");
        assert_eq!(line(Severity::Error, "bad"), "<3>error: bad\n");
    }

    #[test]
    fn only_the_word_is_coloured() {
        let line = |severity| Voice::Coloured.line(severity, "x");
        assert_eq!(line(Severity::Note), "x\n");
        assert_eq!(line(Severity::Warning), "\x1b[1;33mwarning:\x1b[0m x\n");
        assert_eq!(line(Severity::Error), "\x1b[1;31merror:\x1b[0m x\n");
    }
}
