//! Programs with another's rights. Whoever has them may trace such a program, stop it, and use whatever it has: so it has nothing
//! of ours but its files, and its time is bounded, whatever it seems to do with it.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::{Pid, Whence, lseek};

use super::begin::{become_wholly, kill_told};
use crate::fault::{ChildEnd, SysError};
use crate::sys::signals;
use crate::unix::Identity;

/// How long a user's programs may be without progress in a run, all together.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// No honest program takes longer to begin and to end.
const TO_BEGIN: Duration = Duration::from_secs(1);
/// No honest compressor is slower, in bytes a second.
const SLOWEST: u64 = 64 * 1024;
/// How often its progress is looked at. A longer time went by while the run itself was stopped, and does not count.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Of the time between two looks no more than this counts.
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// What the programs of other users may take of a run's time without being good for anything. One that was used up stays so: the
/// next program would only take as long again.
#[derive(Debug)]
pub struct Patience {
    whole: Duration,
    left: Mutex<HashMap<Identity, Duration>>,
}

impl Default for Patience {
    fn default() -> Self {
        Self::new(PATIENCE)
    }
}

impl Patience {
    /// Has so much patience with each user.
    #[must_use]
    pub fn new(whole: Duration) -> Self {
        Self {
            whole,
            left: Mutex::default(),
        }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Identity, Duration>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left_for(&self, who: Identity) -> Duration {
        self.table().get(&who).copied().unwrap_or(self.whole)
    }

    fn spend(&self, who: Identity, time: Duration) {
        let left = self.left_for(who).saturating_sub(time);
        self.table().insert(who, left);
    }
}

/// Whose rights a program runs with, and what of the run's time he may still take.
#[derive(Clone, Copy, Debug)]
pub struct Stranger<'a> {
    pub identity: Identity,
    pub patience: &'a Patience,
}

/// What shows that a program gets on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Signs {
    /// How far it has read and written, and how large its output is.
    files: [u64; 3],
    /// What it and its children used of the processors, in ticks.
    processor: u64,
}

/// A program of a stranger while it is waited for.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    stranger: Stranger<'a>,
    files: [Option<&'a File>; 2],
    /// What it may take in any case.
    fair: Duration,
    /// What it may take beyond that, and be without progress.
    left: Duration,
    took: Duration,
    idle: Duration,
    looked: Instant,
    signs: Signs,
}

impl<'a> Trial<'a> {
    /// Begins one; `passes` is how often the larger file is gone through. No program is to be started where patience is used up.
    pub(super) fn of(stranger: Stranger<'a>, files: [Option<&'a File>; 2], passes: u32) -> Result<Self, ChildEnd> {
        let left = stranger.patience.left_for(stranger.identity);
        if left.is_zero() {
            return Err(ChildEnd::NotStarted);
        }
        let allocated = |file: &File| file.metadata().map_or(0, |facts| facts.blocks().saturating_mul(512));
        let bytes = files.iter().flatten().map(|file| allocated(file)).max().unwrap_or(0);
        Ok(Self {
            stranger,
            files,
            fair: TO_BEGIN + Duration::from_secs(bytes.saturating_mul(u64::from(passes)) / SLOWEST),
            left,
            took: Duration::ZERO,
            idle: Duration::ZERO,
            looked: Instant::now(),
            signs: Signs::default(),
        })
    }

    /// Starts the program.
    ///
    /// # Errors
    /// It cannot be started. `Ok(Err)` where it had to be killed.
    pub(super) fn start(&mut self, mut command: Command, program: &Path) -> Result<Result<Child, ChildEnd>, SysError> {
        let failed = |error: std::io::Error| super::start_error(program, &error);
        let pid = become_wholly(&mut command, self.stranger.identity).map_err(|errno| failed(errno.into()))?;
        self.spawn(command, pid).map_err(failed)
    }

    /// Starts it, in a thread that is told when it has begun. It has the stranger's rights already before: stopped then, it would be
    /// waited for for ever.
    fn spawn(&mut self, mut command: Command, pid: OwnedFd) -> std::io::Result<Result<Child, ChildEnd>> {
        let (done, wait) = mpsc::channel();
        let (child, ended) = std::thread::scope(|scope| {
            let starting = std::thread::Builder::new().spawn_scoped(scope, move || {
                let child = command.spawn();
                let _ = done.send(());
                child
            })?;
            let ended = self.begun(&wait);
            if ended.is_some() {
                kill_told(pid);
            }
            let child = starting.join().unwrap_or_else(|_| Err(Errno::ECHILD.into()));
            child.map(|child| (child, ended))
        })?;
        self.looked = Instant::now();
        Ok(match ended {
            None => Ok(child),
            Some(end) => {
                self.end(matches!(end, ChildEnd::NoProgress(_)));
                Err(end)
            }
        })
    }

    /// Waits until the program has begun; answers why it is not waited for any more.
    fn begun(&mut self, wait: &mpsc::Receiver<()>) -> Option<ChildEnd> {
        loop {
            match wait.recv_timeout(LOOK_AGAIN) {
                Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            if let Some(signal) = signals::caught() {
                return Some(ChildEnd::Signal(signal));
            }
            let passed = self.looked.elapsed().min(LONGEST_STEP);
            self.looked = Instant::now();
            if let Some(end) = self.judge(passed, self.signs) {
                return Some(end);
            }
        }
    }

    /// Looks how the program gets on, now and then; answers why it is to be ended.
    pub(super) fn look(&mut self, pid: Pid) -> Option<ChildEnd> {
        let passed = self.looked.elapsed();
        if passed < LOOK_AGAIN {
            return None;
        }
        self.looked = Instant::now();
        let signs = self.signs(pid);
        self.judge(passed.min(LONGEST_STEP), signs)
    }

    /// Decides whether it had time enough. That it gets on is easily pretended: there is a limit for that, too.
    fn judge(&mut self, passed: Duration, signs: Signs) -> Option<ChildEnd> {
        self.took += passed;
        self.idle = if signs == self.signs {
            self.idle + passed
        } else {
            Duration::ZERO
        };
        self.signs = signs;
        if self.idle >= self.left {
            return Some(ChildEnd::NoProgress(self.idle.as_secs()));
        }
        (self.took >= self.fair.saturating_add(self.left)).then_some(ChildEnd::TooLong(self.took.as_secs()))
    }

    fn signs(&self, pid: Pid) -> Signs {
        let [input, output] = self.files;
        let size = output
            .and_then(|file| file.metadata().ok())
            .map_or(0, |facts| facts.len());
        let files = [input.map_or(0, offset_of), output.map_or(0, offset_of), size];
        let processor = if files == self.signs.files {
            super::family::family_of(pid).into_iter().map(ticks_of).sum()
        } else {
            self.signs.processor
        };
        Signs { files, processor }
    }

    /// Takes note of what it took beyond what was fair; all that was left, where somebody held it up.
    pub(super) fn end(&self, held_up: bool) {
        let beyond = if held_up {
            Duration::MAX
        } else {
            self.took.saturating_sub(self.fair)
        };
        self.stranger.patience.spend(self.stranger.identity, beyond);
    }
}

/// Returns how far a program that has the file as its input or output has come.
pub(super) fn offset_of(file: &File) -> u64 {
    lseek(file, 0, Whence::SeekCur).map_or(0, i64::unsigned_abs)
}

/// Returns what a process, and those of its children that it has waited for, used of the processors.
fn ticks_of(pid: Pid) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field is the program's name, in parentheses, and may hold anything; the times are fields 14 to 17.
    let after_name = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    after_name
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::getpid;

    use super::*;
    use crate::unix::{GroupId, UserId};

    const SECOND: Duration = Duration::from_secs(1);
    const WHO: Identity = Identity {
        user: UserId(1),
        group: GroupId(1),
    };

    fn trial(patience: &Patience, bytes: u64) -> Trial<'_> {
        let stranger = Stranger {
            identity: WHO,
            patience,
        };
        let mut trial = Trial::of(stranger, [None, None], 1).unwrap();
        trial.fair += Duration::from_secs(bytes / SLOWEST);
        trial
    }

    /// Answers after how many seconds a program is ended that shows these signs, second after second.
    fn ended(trial: &mut Trial<'_>, signs: impl Fn(u64) -> Signs) -> Option<(u64, ChildEnd)> {
        (1..10_000).find_map(|second| Some((second, trial.judge(SECOND, signs(second))?)))
    }

    fn working(second: u64) -> Signs {
        Signs {
            files: [0; 3],
            processor: second,
        }
    }

    #[test]
    fn one_that_does_nothing_is_ended_and_no_other_of_that_user_is_started() {
        let patience = Patience::new(300 * SECOND);
        let mut idle = trial(&patience, 0);
        assert_eq!(
            ended(&mut idle, |_| Signs::default()),
            Some((300, ChildEnd::NoProgress(300)))
        );
        idle.end(true);
        let stranger = Stranger {
            identity: WHO,
            patience: &patience,
        };
        assert_eq!(Trial::of(stranger, [None, None], 1).err(), Some(ChildEnd::NotStarted));
    }

    #[test]
    fn one_that_is_stopped_before_it_begins_is_killed() {
        let patience = Patience::new(Duration::from_millis(200));
        let stranger = Stranger {
            identity: crate::sys::identity::current(),
            patience: &patience,
        };
        let mut trial = Trial::of(stranger, [None, None], 1).unwrap();
        let mut command = Command::new("/bin/true");
        let pid = become_wholly(&mut command, stranger.identity).unwrap();
        #[expect(unsafe_code, reason = "it is stopped between fork and exec")]
        // SAFETY: the closure makes one system call.
        unsafe {
            command.pre_exec(|| Ok(kill(getpid(), Signal::SIGSTOP)?));
        }
        let started = trial.spawn(command, pid).unwrap();
        assert!(matches!(started, Err(ChildEnd::NoProgress(_))), "{started:?}");
    }

    #[test]
    fn one_that_only_pretends_to_work_is_ended_when_the_slowest_would_be_done() {
        let patience = Patience::new(300 * SECOND);
        let mut busy = trial(&patience, 100 * SLOWEST);
        assert_eq!(ended(&mut busy, working), Some((401, ChildEnd::TooLong(401))));
    }

    #[test]
    fn one_that_works_long_between_reads_is_left_alone() {
        let patience = Patience::new(300 * SECOND);
        assert_eq!(ended(&mut trial(&patience, 100_000 * SLOWEST), working), None);
        let reading = |second| Signs {
            files: [second / 299, 0, 0],
            processor: 0,
        };
        assert_eq!(ended(&mut trial(&patience, 100_000 * SLOWEST), reading), None);
    }

    #[test]
    fn what_one_takes_beyond_what_is_fair_the_next_does_not_have() {
        let patience = Patience::new(300 * SECOND);
        let mut slow = trial(&patience, 0);
        for second in 1..=101 {
            assert_eq!(slow.judge(SECOND, working(second)), None);
        }
        slow.end(false);
        assert_eq!(patience.left_for(WHO), 200 * SECOND);
    }
}
