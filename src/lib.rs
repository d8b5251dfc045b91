//! A log rotation utility that takes the place of logrotate.
//!
//! Layers, from the bottom up (a module imports only modules above it in this list; a test checks it):
//! words (`exit unix clock facts fault diag shown`), language (`config`), meaning (`policy state naming`), decision
//! (`schedule plan obstacle prune budget orphans unmanaged`), kernel (`sys`), effects (`event load lint discover observe inventory store execute`), speech (`report`), story
//! (`session`, `check`, `view`, `completions`, with the command line in `cli`).

pub mod budget;
pub mod check;
pub mod cli;
pub mod clock;
pub mod completions;
pub mod config;
pub mod diag;
pub mod discover;
pub mod event;
pub mod execute;
pub mod exit;
pub mod facts;
pub mod fault;
pub mod inventory;
pub mod lint;
pub mod load;
pub mod naming;
pub mod observe;
pub mod obstacle;
pub mod orphans;
pub mod plan;
pub mod policy;
pub mod prune;
pub mod report;
pub mod schedule;
pub mod session;
pub mod shown;
pub mod state;
pub mod store;
pub mod sys;
pub mod unix;
pub mod unmanaged;
pub mod view;

use std::sync::Arc;

use cli::Asked;
use event::{Event, Listener, What};
use exit::Exit;
use report::tally::{RunTally, Tally};
use report::{Copy, Reporter, Speakers};

/// Runs the program with the process's arguments and answers its exit status.
#[must_use]
pub fn run_process() -> Exit {
    sys::identity::note_starter();
    match cli::understand(std::env::args_os()) {
        Ok(asked) => carry_out(asked),
        Err(error) => {
            report::complain(&error.to_string());
            cli::exit_after(&error)
        }
    }
}

fn carry_out(asked: Asked) -> Exit {
    match asked {
        Asked::Run(invocation) => run(&invocation),
        Asked::Check(request) => check::run(&request),
        Asked::View(request) => view::run(&request),
        Asked::Completions(shell) => show(&completions::script(shell)),
        Asked::Show(text) => show(&text),
    }
}

fn show(text: &str) -> Exit {
    report::show(text);
    Exit::Well
}

/// Runs what was asked for.
#[must_use]
pub fn run(invocation: &cli::Invocation) -> Exit {
    sys::signals::install();
    let dry_run = invocation.run.options.dry_run;
    let (copy, refused) = match &invocation.log {
        None => (None, None),
        Some(path) => match Copy::open(path) {
            Ok(copy) => (Some(copy), None),
            Err(error) => (None, Some(error)),
        },
    };
    let reporter = Reporter::new(invocation.verbose, copy, invocation.color);
    let summed = invocation.verbose && !dry_run;
    let wanted = invocation.json || invocation.metrics.is_some() || summed;
    let tally = wanted.then(|| Arc::new(Tally::default()));
    let listener: Arc<dyn Listener> = Arc::new(Speakers {
        reporter,
        tally: tally.clone(),
    });
    // One that cannot be opened changes no status, as with logrotate; one that it would have spoilt does.
    let is_unfit = matches!(refused, Some(fault::Fault::Unfit { .. }));
    if let Some(fault) = refused {
        listener.hear(Event::of_run(What::LogFileFailed(fault)));
    }
    if dry_run {
        listener.hear(Event::of_run(What::DryRun));
    }
    // Scripts' words must not stand in the middle of the object.
    let stdout = if invocation.json {
        sys::process::take_stdout()
    } else {
        None
    };
    let session::Ran {
        mut exit,
        held,
        removed,
    } = session::run(&invocation.run, &listener);
    if is_unfit {
        exit.worsen(Exit::Failed);
    }
    if invocation.run.prune && !invocation.json {
        report::show(&report::housekeeping::sum(&removed, dry_run));
    }
    let Some(tally) = tally else { return exit };
    if summed {
        listener.hear(Event::of_run(What::Summary(tally.show(RunTally::summary))));
    }
    if let Some(file) = &invocation.metrics
        && !dry_run
        && let Err(error) = tally.show(|run| report::write_metrics(file, run, exit, &held))
    {
        listener.hear(Event::of_run(What::Failed(error)));
        exit.worsen(Exit::Failed);
    }
    if let Some(stdout) = stdout {
        report::show_on(&stdout, &tally.show(|run| report::json::run(run, exit)));
    }
    exit
}
