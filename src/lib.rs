//! A log rotation utility that takes the place of logrotate.
//!
//! Layers, from the bottom up (a module imports only modules above it in this list; a test checks it):
//! words (`exit unix clock facts fault event diag`), language (`config`), meaning (`policy state naming`), decision
//! (`schedule plan`), kernel (`sys`), effects (`load discover observe store execute`), speech (`report`), story
//! (`session`, with the command line in `cli`).

pub mod cli;
pub mod clock;
pub mod config;
pub mod diag;
pub mod discover;
pub mod event;
pub mod execute;
pub mod exit;
pub mod facts;
pub mod fault;
pub mod load;
pub mod naming;
pub mod observe;
pub mod plan;
pub mod policy;
pub mod report;
pub mod schedule;
pub mod session;
pub mod state;
pub mod store;
pub mod sys;
pub mod unix;

use std::sync::Arc;

use cli::Asked;
use event::{Event, Listener};
use exit::Exit;
use report::{Copy, Reporter};

/// Runs the program with the process's arguments and answers its exit status.
#[must_use]
pub fn run_process() -> Exit {
    sys::identity::note_starter();
    match cli::understand(std::env::args_os()) {
        Asked::Show(text) => {
            report::show(&text);
            Exit::Well
        }
        Asked::Refuse(text) => {
            report::complain(&text);
            Exit::Failed
        }
        Asked::BadOption(text) => {
            report::complain(&text);
            Exit::BadOption
        }
        Asked::Run(invocation) => run(&invocation),
    }
}

/// Runs what was asked for.
#[must_use]
pub fn run(invocation: &cli::Invocation) -> Exit {
    sys::signals::install();
    let (copy, refused) = match &invocation.log {
        None => (None, None),
        Some(path) => match Copy::open(path) {
            Ok(copy) => (Some(copy), None),
            Err(error) => (None, Some(error)),
        },
    };
    let listener: Arc<dyn Listener> = Arc::new(Reporter::new(invocation.verbose, copy));
    if let Some(error) = refused {
        listener.hear(Event::LogFileFailed(error));
    }
    if invocation.dry_run {
        listener.hear(Event::DryRun);
    }
    session::run(invocation, &listener)
}
