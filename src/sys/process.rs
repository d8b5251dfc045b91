//! Children: scripts, compressors, mail. Started without copying the parent's memory where the system allows it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Whence, lseek};

use super::signals;
use crate::fault::{ChildEnd, Op, SysError};
use crate::unix::Identity;

/// What a program writes to stderr is kept up to here; the rest is dropped.
const STDERR_LIMIT: usize = 64 * 1024;
/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How long a program that is watched is left alone, in milliseconds.
const OFTEN: u8 = 250;
/// How long a program is left alone whose end nothing tells of, in milliseconds.
const ASK_AGAIN: u8 = 20;

/// Runs a shell text as `/bin/sh -c TEXT logrotate_script ARG…` and waits for it.
///
/// # Errors
/// `Err` where the shell cannot be started; how the script ended is the value.
pub fn run_script(text: &[u8], args: &[&OsStr], limit: Option<u32>) -> Result<Result<(), ChildEnd>, SysError> {
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(OsStr::from_bytes(text))
        .arg("logrotate_script")
        .args(args);
    let mut child = start(&mut command, Path::new("/bin/sh"))?;
    wait(&mut child, limit, Path::new("/bin/sh"))
}

/// Has the shell read a text without running anything of it; answers what it said against it.
///
/// # Errors
/// The shell cannot be started.
pub fn read_script(text: &[u8]) -> Result<Option<String>, SysError> {
    let program = Path::new("/bin/sh");
    let mut command = Command::new(program);
    command.arg("-n").env("LC_ALL", "C");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = start(&mut command, program)?;
    if let Some(mut pipe) = child.stdin.take() {
        // The shell stops reading at the first error; what it thinks of that is in its answer.
        let _ = pipe.write_all(text);
    }
    let ended = child.wait_with_output().map_err(|error| start_error(program, &error))?;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    Ok((!ended.status.success()).then_some(said))
}

/// What a filter is run with besides its input and output.
#[derive(Debug)]
pub struct Filter<'a> {
    /// The program, looked up in `PATH`.
    pub program: &'a Path,
    /// Its arguments.
    pub args: Vec<&'a OsStr>,
    /// A variable for its environment.
    pub variable: Option<(&'static str, &'a OsStr)>,
    /// Whose rights it runs with, where they are not the process's own.
    pub identity: Option<Identity>,
}

/// How a filter ended and what it said on stderr.
#[derive(Debug)]
pub struct Filtered {
    /// How it ended.
    pub end: Result<(), ChildEnd>,
    /// What it said, cut at a limit.
    pub said: Vec<u8>,
}

/// Runs a program with one file as its input and another as its output. A few times a second `tick` is told how many
/// bytes of the input were read.
pub fn run_filter(filter: &Filter<'_>, input: &File, output: &File, tick: &dyn Fn(u64)) -> Result<Filtered, SysError> {
    let mut command = command_of(filter);
    command
        .stdin(stdio(input, filter.program)?)
        .stdout(stdio(output, filter.program)?)
        .stderr(Stdio::piped());
    let mut child = start(&mut command, filter.program)?;
    // NOTE: the command holds our copies of the descriptors until it is dropped.
    drop(command);
    let mut ear = Ear::new(child.stderr.take());
    let often = || tick(offset_of(input));
    let mut end = wait_listening(&mut child, None, filter.program, &mut ear, Some(&often))?;
    if let (Ok(()), Some(signal)) = (&end, signals::caught()) {
        // A part of it may have been ended by the same signal, and the rest have taken that for the end of its input.
        end = Err(ChildEnd::Signal(signal));
    }
    Ok(Filtered { end, said: ear.said })
}

/// Hears what a child says on stderr, while it is waited for.
#[derive(Debug, Default)]
struct Ear {
    pipe: Option<ChildStderr>,
    said: Vec<u8>,
}

impl Ear {
    fn new(pipe: Option<ChildStderr>) -> Self {
        if let Some(pipe) = &pipe {
            // Where this fails the child is only heard less promptly.
            let _ = nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK));
        }
        Self { pipe, said: Vec::new() }
    }

    /// Takes in what is there; beyond the limit it is dropped, so that the child never waits for us.
    fn listen(&mut self) {
        let mut part = [0_u8; 4096];
        while let Some(pipe) = &mut self.pipe {
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

/// Runs the mail program as `PROGRAM -s SUBJECT ADDRESS` with `text` as its input and its output closed to us;
/// with an uncompressor, `text` goes through that first.
pub fn run_mail(
    program: &Path,
    subject: &OsStr,
    address: &OsStr,
    text: &File,
    uncompress: Option<&Path>,
) -> Result<Result<(), ChildEnd>, SysError> {
    let mut mail = Command::new(program);
    mail.arg("-s").arg(subject).arg(address).stdout(Stdio::null());
    let Some(uncompress) = uncompress else {
        mail.stdin(stdio(text, program)?);
        return wait(&mut start(&mut mail, program)?, None, program);
    };
    let mut first = Command::new(uncompress);
    first.stdin(stdio(text, uncompress)?).stdout(Stdio::piped());
    let mut first_child = start(&mut first, uncompress)?;
    drop(first);
    if let Some(pipe) = first_child.stdout.take() {
        mail.stdin(Stdio::from(pipe));
    }
    let started = start(&mut mail, program);
    drop(mail);
    let mailed = started.and_then(|mut child| wait(&mut child, None, program));
    let unpacked = wait(&mut first_child, None, uncompress)?;
    Ok(mailed?.and(unpacked))
}

/// Runs `shred -u [-n CYCLES] -` with the file as its output, which is the file that is overwritten.
pub fn run_shred(file: &File, cycles: u32, identity: Option<Identity>) -> Result<Filtered, SysError> {
    let number = cycles.to_string();
    let mut args: Vec<&OsStr> = vec![OsStr::new("-u")];
    if cycles > 0 {
        args.extend([OsStr::new("-n"), OsStr::new(&number)]);
    }
    args.push(OsStr::new("-"));
    let filter = Filter {
        program: Path::new("shred"),
        args,
        variable: None,
        identity,
    };
    let mut command = command_of(&filter);
    command.stdin(Stdio::null()).stdout(stdio(file, filter.program)?);
    let mut child = start(&mut command, filter.program)?;
    let end = wait(&mut child, None, filter.program)?;
    Ok(Filtered { end, said: Vec::new() })
}

fn command_of(filter: &Filter<'_>) -> Command {
    let mut command = Command::new(filter.program);
    command.args(&filter.args);
    if let Some((name, value)) = filter.variable {
        command.env(name, value);
    }
    if let Some(identity) = filter.identity {
        become_wholly(&mut command, identity);
    }
    command
}

/// In the child: real, effective and saved ids are the identity's, and the working directory is `/`.
fn become_wholly(command: &mut Command, identity: Identity) {
    let enter = move || {
        use nix::unistd::{Gid, Uid, setresgid, setresuid};
        let (user, group) = (Uid::from_raw(identity.user.0), Gid::from_raw(identity.group.0));
        // The parent acts with these effective ids already: root is needed once more to give it up wholly.
        let root = Uid::from_raw(0);
        let keep = Uid::from_raw(u32::MAX);
        let _ = setresuid(keep, root, keep);
        setresgid(group, group, group)?;
        setresuid(user, user, user)?;
        Ok(())
    };
    command.current_dir("/");
    #[expect(unsafe_code, reason = "the ids change between fork and exec")]
    // SAFETY: the closure makes only system calls and touches no memory of the parent.
    unsafe {
        command.pre_exec(enter);
    }
}

fn stdio(file: &File, program: &Path) -> Result<Stdio, SysError> {
    let copy = file.try_clone().map_err(|error| start_error(program, &error))?;
    Ok(Stdio::from(copy))
}

fn start_error(program: &Path, error: &std::io::Error) -> SysError {
    SysError::new(Op::Start, program, error.raw_os_error().unwrap_or(libc::ENOEXEC))
}

fn start(command: &mut Command, program: &Path) -> Result<Child, SysError> {
    command.spawn().map_err(|error| start_error(program, &error))
}

/// Waits for a child; a time limit or a signal that asks us to end is passed on to it.
fn wait(child: &mut Child, limit: Option<u32>, program: &Path) -> Result<Result<(), ChildEnd>, SysError> {
    wait_listening(child, limit, program, &mut Ear::default(), None)
}

fn wait_listening(
    child: &mut Child,
    limit: Option<u32>,
    program: &Path,
    ear: &mut Ear,
    often: Option<&dyn Fn()>,
) -> Result<Result<(), ChildEnd>, SysError> {
    let fail = |error: &std::io::Error| SysError::new(Op::Wait, program, error.raw_os_error().unwrap_or(0));
    let handle = pidfd(child);
    if let Some(seconds) = watch(child, handle.as_ref(), limit, ear, often) {
        end_child(child, handle.as_ref());
        let status = child.wait().map_err(|error| fail(&error))?;
        return Ok(Err(seconds.map_or_else(
            || end_of(status).err().unwrap_or(ChildEnd::Signal(libc::SIGTERM)),
            ChildEnd::TimedOut,
        )));
    }
    child.wait().map(end_of).map_err(|error| fail(&error))
}

fn end_of(status: ExitStatus) -> Result<(), ChildEnd> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(ChildEnd::Status(code)),
        (None, signal) => Err(ChildEnd::Signal(signal.unwrap_or(0))),
    }
}

/// Returns when the child ended (`None`), or why it is to be ended: its limit in seconds, or a signal (`Some(None)`). Without a
/// handle that tells of its end it is asked for again and again.
fn watch(
    child: &mut Child,
    handle: Option<&OwnedFd>,
    limit: Option<u32>,
    ear: &mut Ear,
    often: Option<&dyn Fn()>,
) -> Option<Option<u32>> {
    let deadline = limit.map(|seconds| Instant::now() + Duration::from_secs(u64::from(seconds)));
    loop {
        let mut timeout = match deadline {
            None if often.is_some() => PollTimeout::from(OFTEN),
            None => PollTimeout::NONE,
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Some(limit);
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
        let pipe = ear
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
        ear.listen();
        if told.unwrap_or_else(|| has_ended(child)) {
            return None;
        }
        if signals::caught().is_some() {
            return Some(None);
        }
        if let Some(tick) = often {
            tick();
        }
    }
}

/// Asks whether a child has ended; one that cannot be asked for has.
fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

/// Returns how far a program that has the file as its input has read.
fn offset_of(input: &File) -> u64 {
    lseek(input, 0, Whence::SeekCur).map_or(0, i64::unsigned_abs)
}

/// Ends a child and what it started: a shell does not pass a signal on to the program that it waits for.
fn end_child(child: &mut Child, handle: Option<&OwnedFd>) {
    let Ok(pid) = i32::try_from(child.id()).map(Pid::from_raw) else {
        return;
    };
    let mut family = vec![pid];
    add_descendants(pid, &mut family);
    let tell = |signal| {
        for pid in &family {
            let _ = kill(*pid, signal);
        }
    };
    tell(Signal::SIGTERM);
    if !ends_in_time(child, handle) {
        tell(Signal::SIGKILL);
    }
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

/// Adds a process's children, and theirs; where the kernel does not list them, there are none.
fn add_descendants(pid: Pid, family: &mut Vec<Pid>) {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    for child in listed.split_ascii_whitespace().filter_map(|word| word.parse().ok()) {
        let child = Pid::from_raw(child);
        if !family.contains(&child) {
            family.push(child);
            add_descendants(child, family);
        }
    }
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

/// Keeps standard output for ourselves: children write to standard error instead. Returns what was standard output.
#[must_use]
pub fn take_stdout() -> Option<File> {
    let kept = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
    nix::unistd::dup2_stdout(std::io::stderr()).ok()?;
    Some(File::from(kept))
}

/// Puts a file on descriptor 3, where scripts find the run's log; every child inherits it.
pub fn offer_on_three(file: &File) {
    if file.as_raw_fd() == 3 {
        let _ = nix::fcntl::fcntl(file, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()));
        return;
    }
    #[expect(unsafe_code, reason = "a fixed descriptor number is what scripts rely on")]
    // SAFETY: called once at the start, before any other file is open on 3.
    unsafe {
        libc::dup2(file.as_raw_fd(), 3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts a shell, and waits for it where the kernel has no handle for a process.
    fn without_handle(text: &str, limit: Option<u32>) -> (Option<Option<u32>>, Vec<u8>, Child) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", text]).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut ear = Ear::new(child.stderr.take());
        let why = watch(&mut child, None, limit, &mut ear, None);
        (why, ear.said, child)
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
        assert_eq!(why, Some(Some(1)));
        end_child(&mut child, None);
        assert_eq!(
            end_of(child.wait().unwrap()),
            Err(ChildEnd::Signal(Signal::SIGTERM as i32))
        );
    }
}
