//! Gathers everything about one log: its stanza, those that lose it, the settings, the verdict, and the plan.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::survey::Surveyor;
use super::{Read, errors, settings};
use crate::cli::ViewRequest;
use crate::clock::Now;
use crate::diag::{Diagnostic, Problem};
use crate::discover::{ExpandedStanza, FoundLog};
use crate::event::{Event, Listener, What};
use crate::exit::Exit;
use crate::inventory::Families;
use crate::report::explain::{Account, AlsoNamed, Plan, PlanLine, WhyNot};
use crate::report::screen::Look;
use crate::report::status::Row;
use crate::report::{self, explain, text};
use crate::schedule::{Lack, NextDue};
use crate::session::{self, Stanzas};
use crate::unix::split_path;

/// Shows everything about one log.
pub(super) fn show(request: &ViewRequest, asked: &Path, read: Read) -> Exit {
    let Some((stanza, log)) = find(&read.stanzas, asked) else {
        report::complain(&explain::unknown(asked));
        return Exit::Failed;
    };
    let now = read.now;
    let families = Families::of(&read.stanzas, &read.lost);
    let mut surveyor = Surveyor::new(now, read.table, super::programs(request), families);
    let row = surveyor.log(stanza, &log);
    surveyor.leave_identity();
    let plan = row.obstacle.is_none().then(|| plan(request, stanza, &row, &now));
    let account = Account {
        written: stanza.stanza.written.to_vec(),
        also_named: also_named(&read.complaints, &log),
        settings: settings::effective(&stanza.stanza),
        plan,
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
fn find<'s>(stanzas: &'s [ExpandedStanza], asked: &Path) -> Option<(&'s ExpandedStanza, PathBuf)> {
    let absolute = std::path::absolute(asked).unwrap_or_else(|_| asked.to_owned());
    let logs = || {
        stanzas
            .iter()
            .flat_map(|stanza| stanza.logs.iter().map(move |log| (stanza, &log.path)))
    };
    let exact = |wanted: &Path| {
        let found = logs().find(|(_, path)| path.as_os_str() == wanted.as_os_str());
        found.map(|(stanza, path)| (stanza, path.to_path_buf()))
    };
    let covered = |wanted: &Path| {
        let mut having = stanzas.iter().filter(|stanza| stanza.word_for(wanted).is_some());
        having.next().map(|stanza| (stanza, wanted.to_owned()))
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
        same.next_back().map(|(stanza, path)| (stanza, path.to_path_buf()))
    };
    exact(asked)
        .or_else(|| exact(&absolute))
        .or_else(same)
        .or_else(|| covered(&absolute))
}

/// Finds the stanzas that name the log and do not have it, by what was complained of.
fn also_named(complaints: &[Diagnostic], log: &Path) -> Vec<AlsoNamed> {
    let mut also_named = Vec::new();
    for one in complaints {
        let why = match &one.problem {
            Problem::DuplicateLog { path, .. } if path == log => WhyNot::Refused,
            Problem::DuplicateIgnored(path) if path == log => WhyNot::Allowed,
            Problem::SameLog { first, .. } if first == log => WhyNot::ByAnotherPath,
            Problem::LeftToOther { other, .. } if other == log => WhyNot::CouldNot,
            _ => continue,
        };
        let place = one.place.clone();
        also_named.push(AlsoNamed { place, why });
    }
    also_named
}

/// Plans the rotation for the moment at which the log will be due, or for now under `-f`.
fn plan(request: &ViewRequest, stanza: &ExpandedStanza, row: &Row, now: &Now) -> Plan {
    // A forced run asks for no size, and leaves empty logs alone.
    let is_left = row.size == Some(0) && !stanza.stanza.policy.if_empty;
    let (at, lacks) = match row.next {
        _ if request.force => (*now, is_left.then_some(Lack::Content)),
        Some(NextDue::At(moment)) => (Now::at_in(moment.epoch, now.zone), row.lacks),
        _ => (*now, row.lacks),
    };
    Plan {
        at: at.local,
        is_forced: request.force,
        lacks,
        lines: rehearse(&request.session, stanza, &row.log, at),
    }
}

/// Rehearses the log's rotation at a time, as if it were due then and had content, and keeps what is said.
fn rehearse(options: &session::Options, stanza: &ExpandedStanza, log: &Path, at: Now) -> Vec<PlanLine> {
    let mut stanza = ExpandedStanza {
        stanza: stanza.stanza.clone(),
        logs: vec![FoundLog {
            path: log.into(),
            word: 0,
        }],
    };
    // What an empty log will be by then is a log with content.
    Arc::make_mut(&mut stanza.stanza.policy).if_empty = true;
    let alone = Stanzas::one(stanza);
    let kept = Arc::new(Kept::default());
    let listener: Arc<dyn Listener> = kept.clone();
    if let Ok(mut session) = session::open(options, &alone, &listener) {
        session.pass(alone, at, true);
        let _ = session.close();
    }
    std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Keeps the steps of a rehearsal.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<PlanLine>>);

impl Listener for Kept {
    fn hear(&self, mut event: Event) {
        let kind = match &mut event.what {
            What::Step(_) => "step",
            What::Script { rehearsed, .. } => {
                // What a script says is in the configuration; that it runs is the step.
                *rehearsed = None;
                "script"
            }
            What::Failed(_) => "error",
            _ => return,
        };
        if let Some(text) = text::entry(&event) {
            let line = PlanLine { kind, text };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}
