//! Runs a program under a faked clock and says how it ended; knows nothing of cases.
//!
//! The clock is Debian's `faketime` library, preloaded; file times stay real (`NO_FAKE_STAT`), `tree` takes care of them.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// How long a run may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// The circumstances of a run.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Path,
    pub(crate) args: &'a [String],
    /// The faked instant, in seconds since 1970; the clock stands still there.
    pub(crate) at: i64,
    pub(crate) zone: &'a str,
    pub(crate) umask: &'a str,
    /// Where the run's messages go.
    pub(crate) messages: &'a Path,
    pub(crate) clock: &'a Clock,
    /// The working directory.
    pub(crate) dir: &'a Path,
}

/// The status that stands for a run that hung.
pub(crate) const HUNG: i32 = -2;

/// How a run ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// The exit status; -1 for a signal, `HUNG` for a run that hung.
    pub(crate) code: i32,
    /// What it wrote to its standard error.
    pub(crate) messages: String,
}

/// Finds the preloaded library of the Debian package `faketime`.
pub(crate) fn faketime() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let mut dirs: Vec<_> = fs::read_dir("/usr/lib")
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        dirs.push(PathBuf::from("/usr/lib"));
        dirs.into_iter()
            .map(|dir| dir.join("faketime/libfaketime.so.1"))
            .find(|library| library.exists())
    };
    LIBRARY.get_or_init(find).as_deref()
}

/// What the processes of `faketime` share, made once and open to every user, since `su` changes who they are.
pub(crate) struct Clock {
    /// The names of its semaphore and of its memory.
    names: String,
    /// The semaphore as it is while nobody holds it.
    free: Vec<u8>,
}

impl Clock {
    /// Lets a process that calls `exec` leave its shared memory behind, and opens it to all.
    pub(crate) fn new() -> Self {
        let mut child = Command::new("/bin/sh")
            .args(["-c", "exec /bin/true"])
            .env("LD_PRELOAD", faketime().expect("faketime is installed"))
            .spawn()
            .expect("a shell starts");
        child.wait().expect("it ends");
        let names = format!("/faketime_sem_{0} /faketime_shm_{0}", child.id());
        let mut clock = Self {
            names,
            free: Vec::new(),
        };
        for file in clock.files() {
            fs::set_permissions(file, fs::Permissions::from_mode(0o666)).expect("it is ours");
        }
        clock.free = fs::read(&clock.files()[0]).expect("the semaphore is read");
        clock
    }

    /// Lets go what a process held that ended while it asked for the time: the next one would wait for ever.
    fn let_go(&self) {
        let file = File::options().write(true).open(&self.files()[0]);
        file.and_then(|mut file| file.write_all(&self.free))
            .expect("the semaphore is written");
    }

    fn files(&self) -> [PathBuf; 2] {
        let process = self.names.rsplit('_').next().expect("it ends in a number");
        [format!("sem.faketime_sem_{process}"), format!("faketime_shm_{process}")]
            .map(|name| Path::new("/dev/shm").join(name))
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        for file in self.files() {
            fs::remove_file(file).expect("it is ours");
        }
    }
}

/// Runs the program and waits for its end.
pub(crate) fn run(run: &Run<'_>) -> Ending {
    let messages = File::create(run.messages).expect("the messages have a file");
    let library = faketime().expect("faketime is installed");
    run.clock.let_go();
    let mut child = Command::new("/bin/sh")
        .args([
            "-c",
            "umask \"$UMASK\"; unset UMASK; export LD_PRELOAD=\"$CLOCK\"; unset CLOCK; exec \"$0\" \"$@\"",
        ])
        .arg(run.program)
        .args(run.args)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/nonexistent")
        .env("LC_ALL", "C")
        .env("TZ", run.zone)
        .env("UMASK", run.umask)
        .env("CLOCK", library)
        .env("FAKETIME", run.at.to_string())
        .env("FAKETIME_FMT", "%s")
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("NO_FAKE_STAT", "1")
        .env("FAKETIME_SHARED", &run.clock.names)
        .current_dir(run.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(messages)
        .spawn()
        .expect("a shell starts");
    let status = wait(&mut child);
    let messages = fs::read(run.messages).expect("the messages are read");
    let code = status.map_or(HUNG, |status| status.code().unwrap_or(-1));
    Ending {
        code,
        messages: String::from_utf8_lossy(&messages).into_owned(),
    }
}

/// Waits for the end; `None` if it did not come in time and the process was killed.
fn wait(child: &mut std::process::Child) -> Option<ExitStatus> {
    // Pauses are counted, not the time of day: a test that was stopped for a while goes on as if nothing had been.
    let mut paused = Duration::ZERO;
    let mut pause = Duration::from_micros(500);
    while paused < PATIENCE {
        if let Some(status) = child.try_wait().expect("a child is waited for") {
            return Some(status);
        }
        std::thread::sleep(pause);
        paused += pause;
        pause = (pause * 5 / 4).min(Duration::from_millis(5));
    }
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    None
}
