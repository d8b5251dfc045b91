//! Children: scripts, compressors, mail. Started without copying the parent's memory where the system allows it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::libc;

use super::signals;
use crate::fault::{ChildEnd, Ending, Op, SysError};

mod begin;
mod family;
mod mail;
mod stranger;
mod waiting;

pub use mail::{Letter, run_mail};
pub use stranger::{Patience, Stranger};

use stranger::{Trial, offset_of};
use waiting::{ChildOutput, Watch, wait, wait_listening};

/// How often `shred` overwrites a file where nothing else is asked for.
const USUAL_CYCLES: u32 = 3;

/// Runs a shell text as `/bin/sh -c TEXT logrotate_script ARG…` and waits for it.
///
/// # Errors
/// `Err` where the shell cannot be started; how the script ended is the value.
pub fn run_script(text: &[u8], args: &[&OsStr], limit: Option<u32>) -> Result<Ending, SysError> {
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
    pub stranger: Option<Stranger<'a>>,
    /// How large its output may become, in bytes.
    pub most: Option<u64>,
}

/// How a filter ended and what it said on stderr.
#[derive(Debug)]
pub struct Filtered {
    /// How it ended.
    pub end: Ending,
    /// What it said, cut at a limit.
    pub said: Vec<u8>,
}

impl Filtered {
    fn unheard(end: ChildEnd) -> Self {
        Self {
            end: Err(end),
            said: Vec::new(),
        }
    }
}

/// Runs a program with one file as its input and another as its output. A few times a second `tick` is told how many
/// bytes of the input were read.
///
/// # Errors
/// The program cannot be started.
pub fn run_filter(filter: &Filter<'_>, input: &File, output: &File, tick: &dyn Fn(u64)) -> Result<Filtered, SysError> {
    run(filter, [Some(input), Some(output)], 1, Some(&|| tick(offset_of(input))))
}

/// Runs a program with these files as its input and output; it goes through the larger one so often.
fn run(
    filter: &Filter<'_>,
    files: [Option<&File>; 2],
    passes: u32,
    often: Option<&dyn Fn()>,
) -> Result<Filtered, SysError> {
    let mut trial = match filter
        .stranger
        .map(|stranger| Trial::of(stranger, files, passes))
        .transpose()
    {
        Ok(trial) => trial,
        Err(end) => return Ok(Filtered::unheard(end)),
    };
    let mut command = command_of(filter);
    let file = |file: Option<&File>| file.map_or_else(|| Ok(Stdio::null()), |file| stdio(file, filter.program));
    command
        .stdin(file(files[0])?)
        .stdout(file(files[1])?)
        .stderr(Stdio::piped());
    if let Some(most) = filter.most {
        begin::limit_output(&mut command, most);
    }
    // NOTE: the command holds our copies of the descriptors until it is dropped.
    let started = match &mut trial {
        Some(trial) => trial.start(command, filter.program)?,
        None => Ok(start(&mut { command }, filter.program)?),
    };
    let mut child = match started {
        Ok(child) => child,
        Err(end) => return Ok(Filtered::unheard(end)),
    };
    let mut output = ChildOutput::new(child.stderr.take());
    let watch = Watch {
        limit: None,
        often,
        trial,
    };
    let mut end = wait_listening(&mut child, filter.program, &mut output, watch)?;
    if let (Ok(()), Some(signal)) = (&end, signals::caught()) {
        // A part of it may have been ended by the same signal, and the rest have taken that for the end of its input.
        end = Err(ChildEnd::Signal(signal));
    }
    Ok(Filtered { end, said: output.said })
}

/// Runs `shred -u [-n CYCLES] -` with the file as its output, which is the file that is overwritten.
///
/// # Errors
/// The program cannot be started.
pub fn run_shred(file: &File, cycles: u32, stranger: Option<Stranger<'_>>) -> Result<Filtered, SysError> {
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
        stranger,
        most: None,
    };
    run(&filter, [None, Some(file)], cycles.max(USUAL_CYCLES), None)
}

fn command_of(filter: &Filter<'_>) -> Command {
    let mut command = Command::new(filter.program);
    command.args(&filter.args);
    if let Some((name, value)) = filter.variable {
        command.env(name, value);
    }
    command
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
    use std::time::Duration;

    use super::*;
    use crate::sys::identity;

    /// Runs a shell text as a filter with the rights of somebody who is ourselves, on an empty file.
    fn run_for_a_stranger(text: &str, patience: &Patience) -> Filtered {
        let filter = Filter {
            program: Path::new("/bin/sh"),
            args: vec![OsStr::new("-c"), OsStr::new(text)],
            variable: None,
            most: None,
            stranger: Some(Stranger {
                identity: identity::current(),
                patience,
            }),
        };
        let file = || tempfile::tempfile().unwrap();
        run_filter(&filter, &file(), &file(), &|_| ()).unwrap()
    }

    #[test]
    fn a_stopped_program_is_killed_and_so_is_what_it_began_and_the_next_is_not_started() {
        let patience = Patience::new(Duration::from_millis(200));
        let done = run_for_a_stranger("sleep 100 >&2 & echo $! >&2; kill -STOP $$", &patience);
        assert!(matches!(done.end, Err(ChildEnd::NoProgress(_))), "{done:?}");
        let helper = String::from_utf8(done.said).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", helper.trim())).unwrap_or_default();
        // Its status is whoever's it was given to; it only must not run.
        while state().contains(") S") {
            std::thread::yield_now();
        }
        assert_eq!(run_for_a_stranger("", &patience).end, Err(ChildEnd::NotStarted));
    }

    #[test]
    fn a_helper_that_keeps_stderr_open_is_not_waited_for_and_ends_with_its_program() {
        let done = run_for_a_stranger("(sleep 100 & echo $!) >&2", &Patience::default());
        assert_eq!(done.end, Ok(()));
        let helper = String::from_utf8(done.said).unwrap();
        while std::fs::read_to_string(format!("/proc/{}/stat", helper.trim())).is_ok_and(|stat| stat.contains(") S")) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn one_that_never_stops_talking_is_ended_in_time() {
        let patience = Patience::new(Duration::from_millis(200));
        let done = run_for_a_stranger("yes >&2 & yes >&2", &patience);
        // It is at work all the time, which is beyond what is fair after a second and its patience; on a machine that is busy with other
        // things it may have none for so long.
        assert!(
            matches!(done.end, Err(ChildEnd::TooLong(_) | ChildEnd::NoProgress(_))),
            "{:?}",
            done.end
        );
    }
}
