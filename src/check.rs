//! `--check`: all problems of a configuration at once; nothing is changed and nothing is run.

use crate::cli::CheckRequest;
use crate::exit::Exit;

/// Checks a configuration, and answers whether a run would refuse anything of it.
#[must_use]
pub fn run(request: &CheckRequest) -> Exit {
    let _ = request;
    Exit::Failed
}
