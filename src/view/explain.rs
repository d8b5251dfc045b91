//! Gathers everything about one log: its stanza, those that lose it, the settings, the verdict, and the plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::orphans::strangers;
use super::survey::{Beside, Surveyor};
use super::{Read, errors, settings};
use crate::cli::ViewRequest;
use crate::clock::Now;
use crate::diag::{Diagnostic, Problem};
use crate::discover::{ExpandedStanza, FoundLog};
use crate::event::{Event, Listener, What};
use crate::exit::Exit;
use crate::facts::FileFacts;
use crate::inventory::Families;
use crate::naming::family::Site;
use crate::orphans::{self, Kind, Question};
use crate::policy::Policy;
use crate::report::explain::{Account, AlsoNamed, Heap, Plan, PlanLine, WhyNot};
use crate::report::screen::Look;
use crate::report::status::{Row, Sum};
use crate::report::{self, explain, text};
use crate::schedule::{Lack, NextDue};
use crate::session::{self, Stanzas};
use crate::unix::split_path;

/// Shows everything about one log.
pub(super) fn show(request: &ViewRequest, asked: &Path, read: Read) -> Exit {
    let Some((number, log)) = find(&read.stanzas, asked) else {
        report::complain(&explain::unknown(asked));
        return Exit::Failed;
    };
    let (now, stanza) = (read.now, &read.stanzas[number]);
    let families = Families::of(&read.stanzas, &read.lost);
    let mut surveyor = Surveyor::new(now, read.table, super::programs(request), families);
    let row = surveyor.log(stanza, &log);
    let archives = surveyor.heaps(&stanza.stanza.policy, &log);
    surveyor.leave_identity();
    let pool = surveyor.in_pool(&read.stanzas, number, &log);
    let room = surveyor.on_system(stanza, &log, &read.holds);
    let plan = row.obstacle.is_none().then(|| plan(request, stanza, &row, &now));
    let account = Account {
        written: stanza.stanza.written.to_vec(),
        also_named: also_named(&read.complaints, &log),
        settings: settings::effective(&stanza.stanza),
        pool,
        room,
        archives,
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

/// Finds the number of the stanza that has the log, or would have it if it were there, and the log's path as configured.
fn find(stanzas: &[ExpandedStanza], asked: &Path) -> Option<(usize, PathBuf)> {
    let absolute = std::path::absolute(asked).unwrap_or_else(|_| asked.to_owned());
    let logs = || {
        let numbered = stanzas.iter().enumerate();
        numbered.flat_map(|(number, stanza)| stanza.logs.iter().map(move |log| (number, &log.path)))
    };
    let exact = |wanted: &Path| {
        let found = logs().find(|(_, path)| path.as_os_str() == wanted.as_os_str());
        found.map(|(number, path)| (number, path.to_path_buf()))
    };
    let covered = |wanted: &Path| {
        let having = stanzas.iter().position(|stanza| stanza.word_for(wanted).is_some());
        having.map(|number| (number, wanted.to_owned()))
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
        same.next_back().map(|(number, path)| (number, path.to_path_buf()))
    };
    exact(asked)
        .or_else(|| exact(&absolute))
        .or_else(same)
        .or_else(|| covered(&absolute))
}

impl Surveyor<'_> {
    /// Finds what is named like a log's archives, what is alike taken together: those that rotations count come first.
    fn heaps(&mut self, policy: &Policy, log: &Path) -> Vec<Heap> {
        let Ok(Some(Beside { found, .. })) = self.beside(policy, log) else {
            return Vec::new();
        };
        let former: Vec<Site> = found.former_places().into_iter().map(|(site, _)| site).collect();
        let ways = self.families.ways_of(log);
        let question = Question {
            policy,
            members: &found.family.members,
            now: self.now.epoch,
            is_compressed: &|member| ways.is_some_and(|ways| ways.is_compressed(&member.name)),
            is_current: &|site| !former.contains(&site),
        };
        let mut heaps: BTreeMap<Option<Kind>, Sum> = BTreeMap::new();
        let mut add = |kind, facts: &FileFacts| {
            let sum = heaps.entry(kind).or_default();
            sum.files += 1;
            sum.bytes = sum.bytes.saturating_add(facts.allocated);
        };
        for member in &found.family.members {
            add(orphans::kind(&question, member), &member.facts);
        }
        for (stray, why) in strangers(&found) {
            add(Some(Kind::Strange(why)), &stray.facts);
        }
        let heap = |(kind, sum)| Heap { kind, sum };
        heaps.into_iter().map(heap).collect()
    }
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
