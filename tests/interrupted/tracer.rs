//! Runs a command, its threads and its children under `ptrace`, and asks at every counted system call what shall happen.
//!
//! What is done at a call is the caller's choice; which calls are counted is `calls`'.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::calls::{self, Deed, Names, Row};

/// A process that stands at the door of a counted system call.
pub(crate) struct Call {
    /// The thread.
    pid: Pid,
    /// What the call is.
    row: Row,
    /// Its arguments.
    arguments: [u64; 6],
}

/// What is to happen at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is made.
    Go,
    /// Everything that was started dies here: the machine's end.
    KillAll,
    /// The process that calls dies here, the others live on.
    KillCaller,
    /// It is not made, and answers this error.
    Fail(Errno),
    /// It is made, and the command itself gets this signal.
    Tell(Signal),
}

/// How a traced command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With this status.
    Exited(i32),
    /// By a signal.
    Killed,
}

impl Call {
    /// Returns the call's name, without its prefix.
    pub(crate) fn name(&self) -> &'static str {
        self.row.name.trim_start_matches("SYS_")
    }

    /// Tells if the call changes a file.
    pub(crate) fn changes(&self) -> bool {
        self.row.deed == Deed::Change
    }

    /// Tells if the call makes a file without a name.
    pub(crate) fn makes_nameless(&self) -> bool {
        let nameless = libc::O_TMPFILE as u64;
        self.row.number == libc::SYS_openat && self.arguments[2] & nameless == nameless
    }

    /// Tells if the call names its file by a path.
    pub(crate) fn names_a_path(&self) -> bool {
        matches!(self.row.names, Names::Path(_) | Names::At(..))
    }

    /// Tells if the call begins or ends a process.
    pub(crate) fn is_process(&self) -> bool {
        self.row.deed == Deed::Process
    }

    /// Returns the path of the file that the call is about, as far as it can be known.
    pub(crate) fn target(&self) -> Option<PathBuf> {
        match self.row.names {
            Names::Fd(at) => self.descriptor(self.arguments[at]),
            Names::Path(at) => Some(self.link("cwd")?.join(self.text(self.arguments[at])?)),
            Names::At(dir, at) => {
                let below = self.directory(self.arguments[dir])?;
                match self.text(self.arguments[at]) {
                    Some(name) if !name.as_os_str().is_empty() => Some(below.join(name)),
                    _ => Some(below),
                }
            }
            Names::Nothing => None,
        }
    }

    /// Returns the most memory that the calling process has had so far, in KiB.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    /// Returns what a directory argument stands for.
    fn directory(&self, argument: u64) -> Option<PathBuf> {
        // NOTE: the kernel takes the low half of the register for the descriptor.
        if argument as i32 == libc::AT_FDCWD {
            self.link("cwd")
        } else {
            self.descriptor(argument)
        }
    }

    /// Returns what a descriptor stands for.
    fn descriptor(&self, argument: u64) -> Option<PathBuf> {
        self.link(&format!("fd/{}", argument as i32))
    }

    /// Reads a link of the thread's directory in `/proc`.
    fn link(&self, name: &str) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/{name}", self.pid)).ok()
    }

    /// Reads a text from the thread's memory.
    fn text(&self, address: u64) -> Option<PathBuf> {
        if address == 0 {
            return None;
        }
        let memory = File::open(format!("/proc/{}/mem", self.pid)).ok()?;
        let mut text = Vec::new();
        while text.len() < libc::PATH_MAX as usize {
            let mut part = [0_u8; 128];
            // A read may not cross into a page that is not there.
            let from = address + text.len() as u64;
            let room = (4096 - from % 4096).min(part.len() as u64) as usize;
            let got = memory.read_at(&mut part[..room], from).ok()?;
            match part[..got].iter().position(|byte| *byte == 0) {
                Some(end) => {
                    text.extend_from_slice(&part[..end]);
                    return Some(Path::new(OsStr::from_bytes(&text)).to_owned());
                }
                None if got == 0 => return None,
                None => text.extend_from_slice(&part[..got]),
            }
        }
        None
    }
}

/// Runs the command to its end and the ends of all that it started; `judge` is asked at every counted call.
pub(crate) fn run(command: &mut Command, judge: &mut dyn FnMut(&Call) -> Fate) -> Ending {
    #[expect(
        unsafe_code,
        reason = "a child can only ask to be traced between its fork and its exec"
    )]
    // SAFETY: between fork and exec only one system call is made, which allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(|| ptrace::traceme().map_err(Into::into));
    }
    #[expect(clippy::zombie_processes, reason = "the tracer's own loop waits for it")]
    let child = command.spawn().expect("the command starts");
    let first = Pid::from_raw(i32::try_from(child.id()).expect("a process id is small"));
    let mut herd = Herd {
        first,
        living: BTreeSet::from([first]),
        failing: BTreeMap::new(),
        ending: Ending::Killed,
    };
    assert!(
        matches!(wait_for(first), WaitStatus::Stopped(_, Signal::SIGTRAP)),
        "the command stops at its start"
    );
    let wanted = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::setoptions(first, wanted).expect("the command can be traced");
    herd.go_on(first, None);
    while let Some(status) = wait_any() {
        herd.meet(status, judge);
    }
    herd.ending
}

/// Waits for one child.
fn wait_for(pid: Pid) -> WaitStatus {
    waitpid(pid, Some(WaitPidFlag::__WALL)).expect("the child is there")
}

/// Waits for any child of this thread (never for one of another test's thread); `None` when there is none left.
fn wait_any() -> Option<WaitStatus> {
    loop {
        match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
            Ok(status) => return Some(status),
            Err(Errno::EINTR) => {}
            Err(Errno::ECHILD) => return None,
            Err(error) => panic!("waiting for the traced command: {error}"),
        }
    }
}

/// What is traced.
struct Herd {
    /// The command itself.
    first: Pid,
    /// All threads that were seen and not yet buried.
    living: BTreeSet<Pid>,
    /// Those whose present call is to answer an error.
    failing: BTreeMap<Pid, Errno>,
    /// How the command ended.
    ending: Ending,
}

impl Herd {
    /// Deals with one message of the kernel.
    fn meet(&mut self, status: WaitStatus, judge: &mut dyn FnMut(&Call) -> Fate) {
        match status {
            WaitStatus::Exited(pid, code) => self.bury(pid, Ending::Exited(code)),
            WaitStatus::Signaled(pid, ..) => self.bury(pid, Ending::Killed),
            WaitStatus::PtraceSyscall(pid) => self.at_the_door(pid, judge),
            WaitStatus::PtraceEvent(pid, ..) => self.go_on(pid, None),
            // A new thread begins with a stop that nobody sent.
            WaitStatus::Stopped(pid, Signal::SIGSTOP) if self.living.insert(pid) => self.go_on(pid, None),
            WaitStatus::Stopped(pid, Signal::SIGTRAP) => self.go_on(pid, None),
            WaitStatus::Stopped(pid, signal) => self.go_on(pid, Some(signal)),
            WaitStatus::Continued(_) | WaitStatus::StillAlive => {}
        }
    }

    /// Lets a thread run to its next stop; one that is dying is past help.
    fn go_on(&mut self, pid: Pid, signal: Option<Signal>) {
        match ptrace::syscall(pid, signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("going on with {pid}: {error}"),
        }
    }

    /// Takes a dead thread from the books.
    fn bury(&mut self, pid: Pid, ending: Ending) {
        self.living.remove(&pid);
        if pid == self.first {
            self.ending = ending;
        }
    }

    /// A thread stands at the entry or at the exit of a system call.
    fn at_the_door(&mut self, pid: Pid, judge: &mut dyn FnMut(&Call) -> Fate) {
        self.living.insert(pid);
        if let Some(error) = self.failing.remove(&pid) {
            answer(pid, error);
        } else if let Some(call) = entered(pid) {
            match judge(&call) {
                Fate::Go => {}
                Fate::KillAll => self.living.iter().for_each(|pid| tell(*pid, Signal::SIGKILL)),
                Fate::KillCaller => tell(pid, Signal::SIGKILL),
                Fate::Tell(word) => tell(self.first, word),
                Fate::Fail(error) => {
                    // The kernel closes a descriptor whatever it answers.
                    if call.name() != "close" {
                        skip(pid);
                    }
                    self.failing.insert(pid, error);
                }
            }
        }
        self.go_on(pid, None);
    }
}

/// Sends a signal; a process that is dead already cannot hear it.
fn tell(pid: Pid, word: Signal) {
    match signal::kill(pid, word) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => panic!("sending {word} to {pid}: {error}"),
    }
}

/// Returns the counted call that a thread is about to make; `None` at an exit and for all other calls.
fn entered(pid: Pid) -> Option<Call> {
    let info = ptrace::syscall_info(pid).ok()?;
    if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return None;
    }
    // SAFETY: the kernel filled the union's `entry`, as `op` says.
    #[expect(unsafe_code, reason = "the kernel's answer is a union")]
    let entry = unsafe { info.u.entry };
    let row = calls::find(entry.nr, &entry.args)?;
    Some(Call {
        pid,
        row,
        arguments: entry.args,
    })
}

/// Puts a call that does not exist in the place of the one that is about to be made.
#[cfg(target_arch = "x86_64")]
fn skip(pid: Pid) {
    if let Ok(mut registers) = ptrace::getregs(pid) {
        registers.orig_rax = u64::MAX;
        ptrace::setregs(pid, registers).expect("a stopped thread has registers");
    }
}

/// Makes the call that was skipped answer an error.
#[cfg(target_arch = "x86_64")]
fn answer(pid: Pid, error: Errno) {
    if let Ok(mut registers) = ptrace::getregs(pid) {
        registers.rax = i64::from(-(error as i32)) as u64;
        ptrace::setregs(pid, registers).expect("a stopped thread has registers");
    }
}

/// Faults can be made on x86 only.
#[cfg(not(target_arch = "x86_64"))]
fn skip(_: Pid) {
    unimplemented!("faults are injected on x86_64 only");
}

/// Faults can be made on x86 only.
#[cfg(not(target_arch = "x86_64"))]
fn answer(_: Pid, _: Errno) {
    unimplemented!("faults are injected on x86_64 only");
}
