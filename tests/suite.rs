//! All tests that run the program or read the project's files, in one binary for quick links.
//!
//! A module a subject, beside this file; what several share is in `support`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that cannot go on panics, says why it was skipped, and what it measured"
)]
#![allow(dead_code, reason = "what `support` offers is there for every module to come")]

mod attacks;
mod bare;
mod budget;
mod check;
mod compression;
mod config;
mod documents;
mod dropins;
mod edges;
mod explain;
mod housekeeping;
mod interrupted;
mod layers;
mod liveness;
mod messages;
mod obstacles;
mod orphans;
mod peer;
mod races;
mod rehearsal;
mod scenarios;
mod shells;
mod state_peer;
mod store;
mod support;
mod unmanaged;
mod view;
mod writers;
