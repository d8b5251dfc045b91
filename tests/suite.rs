//! All tests that run the program or read the project's files, in one binary for quick links.
//!
//! A module a subject, beside this file; what several share is in `support`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on panics, and says on stderr why it was skipped"
)]
#![allow(dead_code, reason = "what `support` offers is there for every module to come")]

mod interrupted;
mod scenarios;
mod support;
