//! Locks of whole files, flock(2). A lock is the open file's: it ends with the last descriptor of it, or when it is given back.

use std::fs::File;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::libc;

/// Waits until the file can be locked, or a signal comes.
pub(super) fn lock(file: &File) -> Result<(), Errno> {
    act(file, libc::LOCK_EX)
}

/// Locks the file; `EWOULDBLOCK` if another has it.
pub(super) fn try_lock(file: &File) -> Result<(), Errno> {
    act(file, libc::LOCK_EX | libc::LOCK_NB)
}

/// Gives the lock back.
pub(super) fn unlock(file: &File) -> Result<(), Errno> {
    act(file, libc::LOCK_UN)
}

#[expect(
    unsafe_code,
    reason = "nix's lock owns the file, and the standard library of older compilers has none"
)]
fn act(file: &File, how: libc::c_int) -> Result<(), Errno> {
    // SAFETY: the call takes two plain numbers; the file is borrowed and stays open during it.
    Errno::result(unsafe { libc::flock(file.as_raw_fd(), how) }).map(drop)
}
