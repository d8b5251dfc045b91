//! File systems that a server or a program stands behind. One that does not answer holds whoever touches it, for good and against
//! every signal: each is asked before it is entered, by a child that can be left behind. One that a user stands behind is in that
//! user's hands, and who owns what in it is only what it says.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::signals;
use crate::unix::{LINK_LIMIT, components};

/// So long a file system may take to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// An answer counts for so long.
const FRESH: Duration = Duration::from_secs(10);
/// How often a child that asks is looked at.
const OFTEN: Duration = Duration::from_millis(2);

/// Kinds of file systems that a server stands behind, or, for `autofs`, whatever is mounted when they are entered.
const REMOTE: [&[u8]; 14] = [
    b"9p",
    b"afs",
    b"autofs",
    b"beegfs",
    b"ceph",
    b"cifs",
    b"coda",
    b"glusterfs",
    b"gpfs",
    b"lustre",
    b"nfs",
    b"nfs4",
    b"smb3",
    b"virtiofs",
];

/// Why a file system is not entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MountRefusal {
    /// It does not answer.
    Silent,
    /// A user stands behind it who is not the one acting.
    Foreign {
        /// Where it is mounted.
        at: PathBuf,
        /// Who.
        user: u32,
    },
}

impl MountRefusal {
    /// Returns the system's reason that comes closest.
    pub(super) fn errno(&self) -> Errno {
        match self {
            Self::Silent => Errno::ETIMEDOUT,
            Self::Foreign { .. } => Errno::EPERM,
        }
    }
}

/// The file systems of the machine that may not answer.
#[derive(Debug, Default)]
struct Mounts {
    at: HashMap<PathBuf, Mount>,
    /// The numbers of those that a user stands behind.
    foreign: HashSet<u64>,
}

#[derive(Debug, Default)]
struct Mount {
    /// The user who stands behind it.
    user: u32,
    /// Others may enter it; else the kernel keeps even root out, and asks nobody.
    is_open: bool,
    /// When it was asked last, and whether it answered.
    asked: Mutex<Option<(Instant, bool)>>,
}

/// As they were when something was looked at first.
fn mounts() -> &'static Mounts {
    static MOUNTS: OnceLock<Mounts> = OnceLock::new();
    MOUNTS.get_or_init(|| Mounts::read(&std::fs::read("/proc/self/mountinfo").unwrap_or_default()))
}

/// Answers whether what lies on the way to a path, links followed, can be entered; may wait for that, but not for ever.
///
/// # Errors
/// Why it is not to be touched.
pub(super) fn can_enter(path: &Path) -> Result<(), MountRefusal> {
    mounts().go(path, &|at, mount| mount.enter(at))
}

/// Tells whether a mount, by its number, is one that a user stands behind.
pub(super) fn is_foreign(number: u64) -> bool {
    mounts().foreign.contains(&number)
}

impl Mounts {
    /// Reads the text of `/proc/PID/mountinfo`.
    fn read(text: &[u8]) -> Self {
        let mut mounts = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
            let Some(dash) = words.iter().position(|word| *word == b"-") else {
                continue;
            };
            let (Some(at), Some(kind), options) = (words.get(4), words.get(dash + 1), words.get(dash + 3)) else {
                continue;
            };
            let at = unescaped(at);
            // What was mounted over another one hides it.
            mounts.at.remove(&at);
            let is_fuse = kind.starts_with(b"fuse.") || *kind == b"fuse";
            if !is_fuse && !REMOTE.contains(kind) {
                continue;
            }
            let mount = Mount::with(options.filter(|_| is_fuse).copied().unwrap_or_default());
            if mount.user != 0 {
                mounts.foreign.extend(number::<u64>(words[0]));
            }
            mounts.at.insert(at, mount);
        }
        mounts
    }

    /// Goes to a path by names alone, and has `enter` answer for each of the file systems that are entered.
    fn go(&self, path: &Path, enter: &dyn Fn(&Path, &Mount) -> Result<(), MountRefusal>) -> Result<(), MountRefusal> {
        if self.at.is_empty() {
            return Ok(());
        }
        let mut reached = if path.is_absolute() {
            PathBuf::from("/")
        } else {
            std::env::current_dir().unwrap_or_default()
        };
        let mut left = components(path);
        let mut links = 0;
        while let Some(name) = left.pop_front() {
            if name == ".." {
                reached.pop();
                continue;
            }
            reached.push(name);
            if let Some(mount) = self.at.get(&reached) {
                enter(&reached, mount)?;
            }
            if let Ok(target) = std::fs::read_link(&reached) {
                links += 1;
                if links > LINK_LIMIT {
                    // The kernel says so, too.
                    return Ok(());
                }
                reached.pop();
                reached.push(if target.is_absolute() { "/" } else { "" });
                put_in_front(&mut left, &target);
            }
        }
        Ok(())
    }
}

impl Mount {
    /// Takes it from the options of a FUSE file system.
    fn with(options: &[u8]) -> Self {
        let mut mount = Self::default();
        for option in options.split(|byte| *byte == b',') {
            if let Some(user) = option.strip_prefix(b"user_id=") {
                mount.user = number(user).unwrap_or(0);
            }
            mount.is_open |= option == b"allow_other";
        }
        mount
    }

    fn enter(&self, at: &Path) -> Result<(), MountRefusal> {
        let acting = nix::unistd::geteuid().as_raw();
        if self.user != 0 && self.user != acting {
            let foreign = MountRefusal::Foreign {
                at: at.to_owned(),
                user: self.user,
            };
            return if self.is_open { Err(foreign) } else { Ok(()) };
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = match *asked {
            // What was silent once costs no more time.
            Some((_, false)) => false,
            Some((when, true)) if when.elapsed() < FRESH => true,
            _ => {
                let answers = answers(Command::new("stat").arg("-f").arg(at), LIMIT);
                *asked = Some((Instant::now(), answers));
                answers
            }
        };
        if answers { Ok(()) } else { Err(MountRefusal::Silent) }
    }
}

/// Answers whether a child ends in time; one that does not is left behind, since not even its death need come. Where none can be
/// started nothing is known.
fn answers(command: &mut Command, limit: Duration) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else {
        return true;
    };
    let end = Instant::now() + limit;
    while is_running(&mut child) {
        if Instant::now() >= end || signals::caught().is_some() {
            let _ = child.kill();
            return false;
        }
        std::thread::sleep(OFTEN);
    }
    true
}

fn is_running(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(None))
}

fn put_in_front(left: &mut VecDeque<OsString>, target: &Path) {
    for part in components(target).into_iter().rev() {
        left.push_front(part);
    }
}

fn number<N: FromStr>(word: &[u8]) -> Option<N> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// Undoes the escapes of mountinfo: a backslash and three octal digits.
fn unescaped(word: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..3).filter(|_| *first == b'\\').map(OsStr::from_bytes);
        let escaped = digits
            .and_then(OsStr::to_str)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &behind[3..] } else { behind };
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::os::unix::fs::symlink;

    use super::*;

    fn fuse(at: &Path, options: &str) -> String {
        let at = at.to_str().unwrap().replace(' ', "\\040");
        format!("36 35 0:40 / {at} rw,nosuid - fuse.sshfs host: rw,{options}\n")
    }

    #[test]
    fn those_that_may_not_answer_are_known_with_who_stands_behind_them() {
        let text = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                    40 22 0:50 / /srv/my\\040logs rw shared:1 - nfs4 server:/x rw,vers=4.2\n\
                    41 22 0:51 / /home/u/mnt rw - fuse.sshfs host: rw,user_id=1000,group_id=1000,allow_other\n\
                    42 22 0:52 / /sys/fs/fuse/connections rw - fusectl fusectl rw\n\
                    43 22 0:53 / /mnt/hidden rw - nfs server:/y rw\n\
                    44 43 8:2 / /mnt/hidden rw - xfs /dev/sdb1 rw\n";
        let mounts = Mounts::read(text.as_bytes());
        let mut found: Vec<_> = mounts
            .at
            .iter()
            .map(|(at, mount)| (at.to_str().unwrap(), mount.user))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [("/home/u/mnt", 1000), ("/srv/my logs", 0)]);
        assert_eq!(mounts.foreign, HashSet::from([41]));
    }

    #[test]
    fn those_on_the_way_are_found_whatever_links_lead_to_them() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let mount = root.join("a b");
        std::fs::create_dir_all(mount.join("deep")).unwrap();
        symlink("a b/deep", root.join("link")).unwrap();
        symlink(root.join("link"), root.join("far")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let mounts = Mounts::read(fuse(&mount, "user_id=0").as_bytes());
        for (path, entered) in [
            ("a b/x.log", 1),
            ("./a b/../a b", 2),
            ("link/x.log", 1),
            ("far/x.log", 1),
            ("loop/x.log", 0),
            ("a", 0),
            ("other/../a b/deep", 1),
            ("nothing/x.log", 0),
        ] {
            let seen = RefCell::new(0);
            let count = |_: &Path, _: &Mount| {
                *seen.borrow_mut() += 1;
                Ok(())
            };
            mounts.go(&root.join(path), &count).unwrap();
            assert_eq!(seen.into_inner(), entered, "{path}");
        }
    }

    #[test]
    fn what_does_not_answer_in_time_is_silent() {
        let asked =
            |program: &str, argument: &str| answers(Command::new(program).arg(argument), Duration::from_millis(500));
        assert!(asked("true", ""));
        assert!(asked("false", ""));
        assert!(asked("/no/such/program", ""));
        assert!(!asked("sleep", "1000"));
    }

    #[test]
    fn what_another_user_stands_behind_is_not_even_asked() {
        let mounts = Mounts::read(fuse(Path::new("/nowhere"), "user_id=61234,allow_other").as_bytes());
        let shut = MountRefusal::Foreign {
            at: PathBuf::from("/nowhere"),
            user: 61234,
        };
        assert_eq!(
            mounts.go(Path::new("/nowhere/x"), &|at, mount| mount.enter(at)),
            Err(shut)
        );
    }
}
