//! Waiting for a child, hearing what it says, and ending it before its time.

use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ExitStatus};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::family::family_of;
use super::stranger::Trial;
use crate::fault::{ChildEnd, Ending, Op, SysError};
use crate::sys::signals;

/// What a program writes to stderr is kept up to here; the rest is dropped.
const STDERR_LIMIT: usize = 64 * 1024;
/// How many times its stderr is read, 4 KiB each, before something else is seen to.
const AT_ONCE: usize = 64;
/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);
/// How long a program that is watched is left alone, in milliseconds.
const OFTEN: u8 = 250;
/// How long a program is left alone whose end nothing tells of, in milliseconds.
const ASK_AGAIN: u8 = 20;

/// What a child is waited for with.
#[derive(Default)]
pub(super) struct Watch<'a> {
    /// How many seconds it may take.
    pub(super) limit: Option<u32>,
    /// Done a few times a second.
    pub(super) often: Option<&'a dyn Fn()>,
    /// How it gets on, where its time is bounded so.
    pub(super) trial: Option<Trial<'a>>,
}

/// Why a child is to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// A signal asks us to end.
    Signal,
    /// Its limit, in seconds.
    Limit(u32),
    /// Its trial.
    Trial(ChildEnd),
}

/// Waits for a child; a time limit or a signal that asks us to end is passed on to it.
pub(super) fn wait(child: &mut Child, limit: Option<u32>, program: &Path) -> Result<Ending, SysError> {
    let watch = Watch {
        limit,
        ..Watch::default()
    };
    wait_listening(child, program, &mut ChildOutput::default(), watch)
}

/// The same, with more to do meanwhile.
pub(super) fn wait_listening(
    child: &mut Child,
    program: &Path,
    output: &mut ChildOutput,
    mut how: Watch<'_>,
) -> Result<Ending, SysError> {
    let fail = |error: &std::io::Error| SysError::new(Op::Wait, program, error.raw_os_error().unwrap_or(0));
    let handle = pidfd(child);
    let why = watch(child, handle.as_ref(), output, &mut how);
    match why {
        None => {}
        Some(Why::Trial(_)) => end_at_once(child),
        Some(Why::Signal | Why::Limit(_)) => end_child(child, handle.as_ref()),
    }
    let Some(trial) = how.trial else {
        let status = child.wait().map_err(|error| fail(&error))?;
        return Ok(judged(why, end_of(status)));
    };
    // Of its own group nobody stays: it was to end with everything that it started. Without a handle its status is taken already,
    // and its number may be another's.
    if let (Some(pid), true) = (pid_of(child), handle.is_some()) {
        let _ = killpg(pid, Signal::SIGKILL);
    }
    let reaped = reap(child).map_err(|error| fail(&error))?;
    trial.end(reaped.is_none() || matches!(why, Some(Why::Trial(_))));
    Ok(judged(why, reaped.map_or(Err(ChildEnd::Withheld), end_of)))
}

/// Returns how a child ended that was ended for this reason.
fn judged(why: Option<Why>, end: Ending) -> Ending {
    match why {
        None => end,
        Some(Why::Limit(seconds)) => Err(ChildEnd::TimedOut(seconds)),
        Some(Why::Trial(end)) => Err(end),
        Some(Why::Signal) => end.and(Err(ChildEnd::Signal(libc::SIGTERM))),
    }
}

/// Takes the status of a child that has ended. Whoever traces it gets it first, and may keep it for ever: that is not waited for.
fn reap(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + GRACE;
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(u64::from(ASK_AGAIN)));
    }
}

fn end_of(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(ChildEnd::Status(code)),
        (None, signal) => Err(ChildEnd::Signal(signal.unwrap_or(0))),
    }
}

/// Returns when the child ended (`None`), or why it is to be ended. Without a handle that tells of its end it is asked for again
/// and again.
fn watch(child: &mut Child, handle: Option<&OwnedFd>, output: &mut ChildOutput, how: &mut Watch<'_>) -> Option<Why> {
    let limit = how
        .limit
        .map(|seconds| (Duration::from_secs(u64::from(seconds)), seconds));
    let deadline = limit.map(|(limit, seconds)| (Instant::now() + limit, seconds));
    loop {
        let mut timeout = match deadline {
            None if how.often.is_some() || how.trial.is_some() => PollTimeout::from(OFTEN),
            None => PollTimeout::NONE,
            Some((deadline, seconds)) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Some(Why::Limit(seconds));
                }
                PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
            }
        };
        if handle.is_none() {
            timeout = PollTimeout::from(ASK_AGAIN);
        }
        let mut fds: Vec<PollFd<'_>> = handle
            .map(|handle| PollFd::new(handle.as_fd(), PollFlags::POLLIN))
            .into_iter()
            .collect();
        fds.extend(signals::woken().map(|woken| PollFd::new(woken, PollFlags::POLLIN)));
        let pipe = output
            .pipe
            .as_ref()
            .map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN));
        fds.extend(pipe);
        if !matches!(poll(&mut fds, timeout), Ok(_) | Err(Errno::EINTR)) {
            // There is no memory for it, or no such call: no reason not to know when the child ends.
            std::thread::sleep(Duration::from_millis(u64::from(ASK_AGAIN)));
        }
        let told = handle.and_then(|_| fds.first()).and_then(PollFd::any);
        // What it said before it ended is in the pipe; what its own children may still say is not waited for.
        output.listen();
        if told.unwrap_or_else(|| has_ended(child)) {
            return None;
        }
        if signals::caught().is_some() {
            return Some(Why::Signal);
        }
        if let Some(tick) = how.often {
            tick();
        }
        let pid = pid_of(child);
        if let Some(end) = how.trial.as_mut().zip(pid).and_then(|(trial, pid)| trial.look(pid)) {
            return Some(Why::Trial(end));
        }
    }
}

/// Asks whether a child has ended; one that cannot be asked for has.
fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

/// Ends a child and what it started: a shell does not pass a signal on to the program that it waits for.
fn end_child(child: &mut Child, handle: Option<&OwnedFd>) {
    let Some(pid) = pid_of(child) else { return };
    let family = family_of(pid);
    tell(&family, Signal::SIGTERM);
    if !ends_in_time(child, handle) {
        tell(&family, Signal::SIGKILL);
    }
}

/// Ends a child and what it started before any of them does another thing: one that is stopped does not go on, and none sees that
/// another is gone.
pub(super) fn end_at_once(child: &Child) {
    let Some(pid) = pid_of(child) else { return };
    tell(&family_of(pid), Signal::SIGSTOP);
    // What was started in between; what is stopped starts nothing.
    let family = family_of(pid);
    tell(&family, Signal::SIGSTOP);
    tell(&family, Signal::SIGKILL);
}

fn tell(family: &[Pid], signal: Signal) {
    for pid in family {
        let _ = kill(*pid, signal);
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).map(Pid::from_raw).ok()
}

/// Waits a little for a child that was asked to end; answers whether it did.
fn ends_in_time(child: &mut Child, handle: Option<&OwnedFd>) -> bool {
    if let Some(handle) = handle {
        let mut fds = [PollFd::new(handle.as_fd(), PollFlags::POLLIN)];
        let grace = PollTimeout::try_from(GRACE).unwrap_or(PollTimeout::MAX);
        return matches!(poll(&mut fds, grace), Ok(ready) if ready > 0);
    }
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline {
        if has_ended(child) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(u64::from(ASK_AGAIN)));
    }
    false
}

/// A descriptor that becomes readable when the child ends; `None` on kernels that do not know it (before 5.3).
fn pidfd(child: &Child) -> Option<OwnedFd> {
    #[expect(unsafe_code, reason = "nix has no pidfd_open")]
    // SAFETY: the call takes two numbers; a result that is not negative is a new descriptor of ours.
    unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, child.id(), 0);
        i32::try_from(fd)
            .ok()
            .filter(|fd| *fd >= 0)
            .map(|fd| OwnedFd::from_raw_fd(fd))
    }
}

/// Hears what a child says on stderr, while it is waited for.
#[derive(Debug, Default)]
pub(super) struct ChildOutput {
    pipe: Option<ChildStderr>,
    /// What it said, cut at a limit.
    pub(super) said: Vec<u8>,
}

impl ChildOutput {
    pub(super) fn new(pipe: Option<ChildStderr>) -> Self {
        if let Some(pipe) = &pipe {
            // Where this fails the child is only heard less promptly.
            let _ = nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK));
        }
        Self { pipe, said: Vec::new() }
    }

    /// Takes in what is there; beyond the limit it is dropped, so that the child never waits for us. One that says more and more is
    /// not listened to for ever: something else may be heard in between.
    fn listen(&mut self) {
        let mut part = [0_u8; 4096];
        for _ in 0..AT_ONCE {
            let Some(pipe) = &mut self.pipe else { return };
            match pipe.read(&mut part) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    let room = STDERR_LIMIT.saturating_sub(self.said.len()).min(count);
                    self.said.extend_from_slice(&part[..room]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // A broken pipe only shortens what is passed on.
                Err(_) => self.pipe = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// Starts a shell, and waits for it where the kernel has no handle for a process.
    fn without_handle(text: &str, limit: Option<u32>) -> (Option<Why>, Vec<u8>, Child) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", text]).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = ChildOutput::new(child.stderr.take());
        let mut how = Watch {
            limit,
            ..Watch::default()
        };
        let why = watch(&mut child, None, &mut output, &mut how);
        (why, output.said, child)
    }

    #[test]
    fn without_a_handle_a_childs_end_is_seen_and_its_words_are_heard() {
        let (why, said, mut child) = without_handle("head -c 200000 /dev/zero >&2; echo >&2; exit 3", None);
        assert_eq!((why, said.len()), (None, STDERR_LIMIT));
        assert_eq!(end_of(child.wait().unwrap()), Err(ChildEnd::Status(3)));
    }

    #[test]
    fn without_a_handle_a_limit_holds_and_the_child_is_ended() {
        let (why, _, mut child) = without_handle("sleep 100", Some(1));
        assert_eq!(why, Some(Why::Limit(1)));
        end_child(&mut child, None);
        assert_eq!(
            end_of(child.wait().unwrap()),
            Err(ChildEnd::Signal(Signal::SIGTERM as i32))
        );
    }
}
