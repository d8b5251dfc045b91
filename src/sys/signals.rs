//! SIGTERM, SIGINT and SIGHUP: noted, never acted on in the middle of a step.

use std::os::fd::{BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// The first descriptor that means nothing to a shell.
const LOWEST: RawFd = 10;

/// The signal that came, 0 for none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);
/// The writing end of a pipe that wakes whoever waits for a child.
static WAKE: AtomicI32 = AtomicI32::new(-1);
/// Its reading end.
static WOKEN: AtomicI32 = AtomicI32::new(-1);

extern "C" fn note(signal: libc::c_int) {
    CAUGHT.store(signal, Ordering::SeqCst);
    let fd: RawFd = WAKE.load(Ordering::SeqCst);
    if fd >= 0 {
        #[expect(unsafe_code, reason = "only write(2) may be called in a signal handler")]
        // SAFETY: the descriptor is never closed once it is published, and the buffer is one static byte.
        unsafe {
            libc::write(fd, b"!".as_ptr().cast(), 1);
        }
    }
}

extern "C" fn pass_over(_: libc::c_int) {}

/// From here on SIGTERM, SIGINT and SIGHUP are noted, a file that becomes too large is an error and not the run's end, and an ignored
/// SIGCHLD is not passed on to children.
///
/// A signal that the run was started with as ignored stays ignored (`nohup`).
pub fn install() {
    if let Ok((read, write)) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC | nix::fcntl::OFlag::O_NONBLOCK) {
        WOKEN.store(out_of_the_way(read), Ordering::SeqCst);
        WAKE.store(out_of_the_way(write), Ordering::SeqCst);
    }
    let noted = SigAction::new(SigHandler::Handler(note), SaFlags::empty(), SigSet::empty());
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        set(signal, &noted, true);
    }
    // A handler, and not to be ignored: that children would inherit.
    let passed_over = SigAction::new(SigHandler::Handler(pass_over), SaFlags::SA_RESTART, SigSet::empty());
    set(Signal::SIGXFSZ, &passed_over, true);
    set(Signal::SIGCHLD, &default, false);
}

/// Moves a descriptor above those with a meaning to scripts: 3 is the run's log, which takes that number from whoever has it.
fn out_of_the_way(fd: OwnedFd) -> RawFd {
    match fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(LOWEST)) {
        Ok(moved) => moved,
        Err(_) => fd.into_raw_fd(),
    }
}

fn set(signal: Signal, action: &SigAction, keep_ignored: bool) {
    #[expect(unsafe_code, reason = "installing a handler has no safe form")]
    // SAFETY: the handlers store to an atomic and call write(2), both async-signal-safe, or do nothing.
    let before = unsafe { sigaction(signal, action) };
    if let Ok(before) = before {
        if keep_ignored && matches!(before.handler(), SigHandler::SigIgn) {
            #[expect(unsafe_code, reason = "putting back what was there has no safe form either")]
            // SAFETY: the action is the one that was in force a moment ago.
            let _ = unsafe { sigaction(signal, &before) };
        }
    }
}

/// Returns the signal that asks the run to end, once there was one.
#[must_use]
pub fn caught() -> Option<i32> {
    match CAUGHT.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(signal),
    }
}

/// Returns a descriptor that becomes readable, and stays so, when a signal came.
pub(super) fn woken() -> Option<BorrowedFd<'static>> {
    let fd = WOKEN.load(Ordering::SeqCst);
    if fd < 0 {
        return None;
    }
    #[expect(unsafe_code, reason = "the descriptor lives in an atomic, for the handler's sake")]
    // SAFETY: it was made by `install` and is never closed.
    Some(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// Does nothing for so long, or until a signal asks the run to end.
pub fn pause(time: Duration) {
    let mut woken: Vec<PollFd<'_>> = woken()
        .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
        .into_iter()
        .collect();
    let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
    // An early end of the pause does no harm.
    let _ = poll(&mut woken, time);
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn the_pipe_that_wakes_is_not_where_scripts_find_the_log() {
        install();
        assert!(woken().is_some_and(|pipe| pipe.as_raw_fd() >= LOWEST));
        assert!(WAKE.load(Ordering::SeqCst) >= LOWEST);
    }
}
