//! `--status` and `--explain`: what the configuration manages, and why a log is or is not rotated; nothing is changed.
//!
//! `survey` looks at logs, `budgets` at what they may take up, `explain` gathers all about one, `settings` puts a policy back into directives, `orphans` finds what lies about,
//! `unmanaged` what no stanza takes.

use std::cell::RefCell;
use std::sync::Arc;

use crate::cli::{Sort, ViewRequest};
use crate::clock::Now;
use crate::diag::{Diagnostic, Severity};
use crate::discover::{self, ExpandedStanza, Lost};
use crate::event::{Event, Listener, What};
use crate::exit::Exit;
use crate::inventory::{Families, Programs};
use crate::load::{self, LoadOptions};
use crate::report::screen::Look;
use crate::report::status::Row;
use crate::report::{self, Reporter, cite, status, status_table};
use crate::schedule::NextDue;
use crate::state::record::Hold;
use crate::state::{StateProblem, StateTable};
use crate::store::Store;
use crate::sys::identity;

mod budgets;
mod explain;
mod managed;
mod orphans;
mod settings;
pub(crate) mod survey;
mod unmanaged;

use survey::Surveyor;

/// What a look begins with.
struct Read {
    stanzas: Vec<ExpandedStanza>,
    lost: Lost,
    complaints: Vec<Diagnostic>,
    table: StateTable,
    /// The file systems on which nothing is removed for a time.
    holds: Vec<Hold>,
    now: Now,
    exit: Exit,
}

/// Shows what was asked for.
#[must_use]
pub fn run(request: &ViewRequest) -> Exit {
    let read = read(request);
    match (&request.explain, &request.unmanaged) {
        (Some(log), _) => explain::show(request, log, read),
        (None, Some(directories)) => unmanaged::show(request, directories, read),
        (None, None) if request.orphans => orphans::show(request, read),
        (None, None) => show_status(request, read),
    }
}

/// Reads the configuration and the state; complaints are told on stderr.
fn read(request: &ViewRequest) -> Read {
    let reporter = RefCell::new(Vec::new());
    let speaker = Reporter::new(false, None, request.color);
    let mut hear = |diagnostic: Diagnostic| {
        speaker.hear(Event::of_run(What::Config(diagnostic.clone())));
        reporter.borrow_mut().push(diagnostic);
    };
    let options = LoadOptions {
        as_root: identity::is_root(),
        record_origins: request.explain.is_some() || request.orphans,
        ..LoadOptions::default()
    };
    let loaded = load::load(&request.configs, &options, &mut hear);
    let found = discover::discover(loaded.stanzas, &mut hear);
    let (mut exit, mut lost) = (Exit::Well, Lost::default());
    if loaded.failed || found.failed {
        exit = Exit::Failed;
        lost = Lost::of(&request.configs, options, &found.stanzas);
    }
    let now = Now::read();
    let logs = found.stanzas.iter().flat_map(|stanza| &stanza.logs);
    let wanted = if request.orphans {
        StateTable::of_all()
    } else {
        StateTable::of(logs.map(|log| Arc::clone(&log.path)))
    };
    let session = &request.session;
    let mut is_damaged = false;
    let mut tell = |problem: StateProblem| {
        is_damaged |= problem.severity() == Severity::Error;
        speaker.hear(Event::of_run(What::State(problem)));
    };
    let mut holds = Vec::new();
    let table = match Store::open(&session.state, session.lock, session.dry_run, &mut tell) {
        Ok(mut store) => {
            let table = store.read(wanted, &now, &mut tell);
            holds = store.take_holds();
            table
        }
        Err(error) => {
            speaker.hear(Event::of_run(What::NoState(error)));
            exit = Exit::Failed;
            StateTable::default()
        }
    };
    if is_damaged {
        exit = Exit::Failed;
    }
    Read {
        stanzas: found.stanzas,
        lost,
        complaints: reporter.into_inner(),
        table,
        holds,
        now,
        exit,
    }
}

/// Returns the errors among complaints, in words.
fn errors(complaints: &[Diagnostic]) -> Vec<String> {
    let errors = complaints.iter().filter(|one| one.severity == Severity::Error);
    errors.map(cite::entry).collect()
}

/// Returns what a run like this is told of programs.
fn programs(request: &ViewRequest) -> Programs<'_> {
    Programs {
        mail: &request.session.mail_program,
        external_compress: request.session.external_compress,
    }
}

fn show_status(request: &ViewRequest, read: Read) -> Exit {
    let families = Families::of(&read.stanzas, &read.lost);
    let mut surveyor = Surveyor::new(read.now, read.table, programs(request), families);
    let mut rows = Vec::new();
    for stanza in &read.stanzas {
        surveyor.set(stanza, &mut rows);
    }
    let budgets = surveyor.budgets(&read.stanzas, &read.holds);
    sort(&mut rows, request.sort);
    if request.json {
        report::show(&status::json(
            &rows,
            &budgets,
            read.now.local,
            &errors(&read.complaints),
        ));
    } else {
        let look = Look::of_stdout(request.color);
        let page = status_table::Page {
            columns: look.width,
            colours: look.colour,
            now: read.now.local,
        };
        report::show(&status_table::table(&rows, page));
        report::show(&report::budgets::paragraph(&budgets, look.colour));
    }
    read.exit
}

fn sort(rows: &mut [Row], by: Sort) {
    rows.sort_by(|one, other| one.log.cmp(&other.log));
    match by {
        Sort::Path => {}
        Sort::Size => rows.sort_by_key(|row| std::cmp::Reverse(row.size)),
        Sort::Last => rows.sort_by_key(|row| row.last),
        Sort::Next => rows.sort_by_key(soonness),
        Sort::Archives => rows.sort_by_key(|row| std::cmp::Reverse(row.archives.map(|archives| archives.all().bytes))),
    }
}

/// Orders by what comes soonest: now, then by time, then what waits for something, then what never comes.
fn soonness(row: &Row) -> (u8, Option<i64>) {
    match (&row.obstacle, row.next) {
        (Some(_), _) | (None, None) => (4, None),
        (None, Some(NextDue::Now)) => (0, None),
        (None, Some(NextDue::At(at))) => (1, Some(at.epoch)),
        (None, Some(NextDue::WhenSize(_))) => (2, None),
        (None, Some(NextDue::WhenFilled)) => (3, None),
    }
}
