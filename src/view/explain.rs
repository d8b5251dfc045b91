//! Gathers everything about one log: its stanza, those that lose it, the settings, the verdict, and the plan.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::survey::Surveyor;
use super::{Read, errors, settings};
use crate::cli::{DEFAULT_MAIL, Invocation, ViewRequest};
use crate::diag::{Diagnostic, Problem};
use crate::discover::{ExpandedSet, expand};
use crate::event::{Event, Listener};
use crate::exit::Exit;
use crate::report::explain::{Account, Loser, Loses, PlanLine};
use crate::report::screen::Look;
use crate::report::{self, explain, text};
use crate::schedule::Verdict;
use crate::session;
use crate::store::LockMode;
use crate::unix::split_path;

/// Shows everything about one log.
pub(super) fn show(request: &ViewRequest, asked: &Path, read: Read) -> Exit {
    let Some((set, log)) = find(&read.sets, asked) else {
        report::complain(&explain::unknown(asked));
        return Exit::Failed;
    };
    let mut surveyor = Surveyor::new(read.now, read.table);
    let row = surveyor.log(set, &log);
    surveyor.leave_identity();
    let is_due = matches!(row.verdict, Some(Verdict::Rotate(_)));
    let forced = request.force || !is_due;
    let plan = if row.size.is_some() {
        plan(request, &log, forced)
    } else {
        Vec::new()
    };
    let account = Account {
        written: set.set.written.to_vec(),
        losers: losers(&read.complaints, &log),
        settings: settings::effective(&set.set),
        plan,
        forced,
        row,
    };
    if request.json {
        report::show(&explain::json(&account, &errors(&read.complaints)));
    } else {
        report::show(&explain::text(&account, Look::of_stdout(request.color).colour));
    }
    read.exit
}

/// Finds the stanza that has the log, or would have it if it were there, and the log's path as configured.
fn find<'s>(sets: &'s [ExpandedSet], asked: &Path) -> Option<(&'s ExpandedSet, PathBuf)> {
    let absolute = std::path::absolute(asked).unwrap_or_else(|_| asked.to_owned());
    let logs = || {
        sets.iter()
            .flat_map(|set| set.logs.iter().map(move |log| (set, &log.path)))
    };
    let exact = |wanted: &Path| {
        let found = logs().find(|(_, path)| path.as_os_str() == wanted.as_os_str());
        found.map(|(set, path)| (set, path.to_path_buf()))
    };
    let covered = |wanted: &Path| {
        let wanted_bytes = wanted.as_os_str().as_bytes();
        let covers = |set: &&ExpandedSet| {
            set.set
                .patterns
                .iter()
                .any(|word| expand::covers(word.as_bytes(), wanted_bytes))
        };
        sets.iter().find(covers).map(|set| (set, wanted.to_owned()))
    };
    let same = || {
        let spot = |path: &Path| {
            let (directory, name) = split_path(path)?;
            Some((
                crate::sys::walk::open_directory(directory, path).ok()?.facts().ok()?.id,
                name.to_owned(),
            ))
        };
        let wanted = spot(&absolute)?;
        let named = logs().filter(|(_, path)| path.file_name() == Some(wanted.1.as_os_str()));
        // Of several the last one has it: those before it could not rotate it.
        let mut same = named.filter(|(_, path)| spot(path).as_ref() == Some(&wanted));
        same.next_back().map(|(set, path)| (set, path.to_path_buf()))
    };
    exact(asked)
        .or_else(|| exact(&absolute))
        .or_else(same)
        .or_else(|| covered(&absolute))
}

/// Finds the stanzas that name the log and do not have it, by what was complained of.
fn losers(complaints: &[Diagnostic], log: &Path) -> Vec<Loser> {
    let mut losers = Vec::new();
    for one in complaints {
        let why = match &one.problem {
            Problem::DuplicateLog { path, .. } if path == log => Loses::Refused,
            Problem::DuplicateIgnored(path) if path == log => Loses::Allowed,
            Problem::SameLog { first, .. } if first == log => Loses::ByAnotherPath,
            Problem::LeftToOther { other, .. } if other == log => Loses::CouldNot,
            _ => continue,
        };
        let place = one.place.clone();
        losers.push(Loser { place, why });
    }
    losers
}

/// Rehearses the log's rotation and keeps what it says.
fn plan(request: &ViewRequest, log: &Path, force: bool) -> Vec<PlanLine> {
    let invocation = Invocation {
        configs: request.configs.clone(),
        dry_run: true,
        force,
        verbose: true,
        mail_program: DEFAULT_MAIL.into(),
        state: request.state.clone(),
        is_own_state: false,
        lock: LockMode::Skip,
        log: None,
        jobs: std::num::NonZero::new(1),
        external_compress: false,
        only: vec![literal(log)],
        json: false,
        metrics: None,
        color: request.color,
    };
    let kept = Arc::new(Kept::default());
    let listener: Arc<dyn Listener> = kept.clone();
    let _ = session::run(&invocation, &listener);
    std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Writes a path so that as a pattern it means itself.
fn literal(path: &Path) -> OsString {
    let mut word = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            word.push(b'\\');
        }
        word.push(*byte);
    }
    OsString::from_vec(word)
}

/// Keeps the steps of a rehearsal.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<PlanLine>>);

impl Listener for Kept {
    fn hear(&self, event: Event) {
        let kind = match &event {
            Event::Step(_) => "step",
            Event::Script { .. } => "script",
            Event::Failed(_) => "error",
            _ => return,
        };
        // What a script says is in the configuration; that it runs is the step.
        let event = match event {
            Event::Script { hook, .. } => Event::Script { hook, rehearsed: None },
            other => other,
        };
        if let Some((_, text)) = text::entry(&event) {
            let line = PlanLine { kind, text };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_the_characters_of_patterns_means_itself() {
        let path = Path::new("/var/log/a[1]*\\?.log");
        let word = literal(path);
        assert!(expand::covers(word.as_bytes(), path.as_os_str().as_bytes()));
        assert!(!expand::covers(word.as_bytes(), b"/var/log/a1x\\y.log"));
    }
}
