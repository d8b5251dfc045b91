//! `--status` and `--explain`: what the configuration manages, and why a log is or is not rotated; nothing is changed.

use crate::cli::ViewRequest;
use crate::exit::Exit;

/// Shows what was asked for.
#[must_use]
pub fn run(request: &ViewRequest) -> Exit {
    let _ = request;
    Exit::Failed
}
