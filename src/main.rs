//! The door: everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(logrotate_rs::run_process().code())
}
