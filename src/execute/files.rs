//! Where the files of a step lie, and whether a program writes to one.

use std::os::fd::BorrowedFd;

use super::work::LogWork;
use crate::fault::{Fault, Op, SysError};
use crate::plan::{Spot, Where};
use crate::sys::call::Errno;
use crate::sys::dir::Dir;
use crate::sys::lease;

/// Returns the directory that a spot lies in.
pub(super) fn dir_of<'a>(work: &'a LogWork, spot: &Spot) -> Result<&'a Dir, Fault> {
    match spot.place {
        Where::Log => Ok(&work.log_dir),
        Where::Archive => archive_dir(work),
    }
}

/// Returns the archives' directory; only a rehearsal can be without.
pub(super) fn archive_dir(work: &LogWork) -> Result<&Dir, Fault> {
    work.archive_dir.as_deref().ok_or_else(|| {
        let path = work.archive_path.clone();
        Fault::Call(SysError::new(Op::OpenDirectory, path, Errno::ENOENT as i32))
    })
}

/// Tells whether a program still writes to a file. Of a log that was just switched that is not known where leases are not allowed
/// and nobody has looked since: it counts as written then.
pub(super) fn is_held(work: &LogWork, file: BorrowedFd<'_>) -> bool {
    match work.switched.get() {
        None => lease::is_held(file),
        Some(moment) => lease::is_held_after(file, *moment).unwrap_or(true),
    }
}
