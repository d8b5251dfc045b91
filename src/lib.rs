//! A log rotation utility that takes the place of logrotate.
//!
//! Layers, from the bottom up (a module imports only modules above it in this list; a test checks it):
//! words (`exit unix clock facts fault event diag`), language (`config`), meaning (`policy state naming`), decision
//! (`schedule plan`), kernel (`sys`), effects (`load discover observe store execute`), speech (`report`), story
//! (`session cli`).

pub mod clock;
pub mod config;
pub mod diag;
pub mod discover;
pub mod execute;
pub mod exit;
pub mod facts;
pub mod fault;
pub mod load;
pub mod naming;
pub mod policy;
pub mod report;
pub mod schedule;
pub mod state;
pub mod store;
pub mod sys;
pub mod unix;

/// Runs the program with the process's arguments and answers its exit status.
pub fn run_process() -> exit::Exit {
    exit::Exit::Failed
}
