//! Which files the machine's programs have open for writing, looked up in `/proc`: one look through all of it serves many questions.
//!
//! Whoever owns a process decides how much there is to look at. So each look has an end by the clock, and no user but root may use
//! up more than his share of it; what was not looked at is known by its user.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::mounts;
use crate::facts::FileFacts;

/// So long a look may take.
const LIMIT: Duration = Duration::from_secs(1);
/// So much of it the processes of one user may take, root's aside.
const SHARE: Duration = Duration::from_millis(250);

/// Who has a file open for writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writers {
    Nobody,
    /// Some program; its name where it can be found, as it named itself (untrusted bytes).
    Found(Option<OsString>),
    /// It could not be found out: not all processes may be looked at.
    Unknown,
}

/// The last look, for whoever asks next.
static LAST: Mutex<Option<Arc<Look>>> = Mutex::new(None);

/// A look through all processes but this one.
#[derive(Debug)]
pub struct Look {
    began: Instant,
    /// The descriptors that may write, by their files' inodes: whether it is the file is asked when somebody wants to know.
    open: HashMap<u64, Vec<PathBuf>>,
    /// The users whose processes were not all looked at, since there was too much to see.
    unseen: HashSet<u32>,
    /// Some process may not be looked at.
    is_partial: bool,
}

impl Look {
    /// Looks now.
    #[must_use]
    pub fn now() -> Arc<Self> {
        let look = Arc::new(Self::through(Path::new("/proc"), LIMIT, SHARE));
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&look));
        look
    }

    /// Returns the last look of this run, and looks if there was none.
    #[must_use]
    pub fn last() -> Arc<Self> {
        Self::made().unwrap_or_else(Self::now)
    }

    /// Returns the last look, if it was begun after that moment.
    #[must_use]
    pub fn after(moment: Instant) -> Option<Arc<Self>> {
        Self::made().filter(|look| look.began >= moment)
    }

    fn made() -> Option<Arc<Self>> {
        LAST.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn through(proc: &Path, limit: Duration, share: Duration) -> Self {
        let mut look = Self {
            began: Instant::now(),
            open: HashMap::new(),
            unseen: HashSet::new(),
            is_partial: false,
        };
        let mut processes = processes(proc);
        look.is_partial = processes.is_empty();
        // Root's first: they are the ones that others cannot multiply.
        processes.sort_by_key(|(_, user)| *user != 0);
        let mut used: HashMap<u32, Duration> = HashMap::new();
        for (process, user) in processes {
            let before = Instant::now();
            let used = used.entry(user).or_default();
            let left = limit.saturating_sub(look.began.elapsed());
            let left = if user == 0 {
                left
            } else {
                left.min(share.saturating_sub(*used))
            };
            look.add(&process, user, before + left);
            *used += before.elapsed();
        }
        look
    }

    /// Adds what a process has open for writing, until the time is over.
    fn add(&mut self, process: &Path, user: u32, end: Instant) {
        let entries = match fs::read_dir(process.join("fdinfo")) {
            Ok(entries) => entries,
            Err(error) => {
                // Otherwise it ended meanwhile.
                self.is_partial |= error.kind() == ErrorKind::PermissionDenied;
                return;
            }
        };
        for entry in entries {
            if Instant::now() >= end {
                self.unseen.insert(user);
                return;
            }
            let Ok(entry) = entry else { return };
            let Ok(info) = fs::read_to_string(entry.path()) else {
                continue;
            };
            // The number alone: a file elsewhere may be on a server that does not answer, and is not asked.
            // What a user's own program shows can have any number, and need not answer; nothing in it is rotated.
            let is_foreign = field(&info, "mnt_id:", 10).is_some_and(mounts::is_foreign);
            if let Some(inode) = field(&info, "ino:", 10).filter(|_| writes(&info) && !is_foreign) {
                let file = process.join("fd").join(entry.file_name());
                self.open.entry(inode).or_default().push(file);
            }
        }
    }

    /// Answers who had the file open for writing, and has it still.
    #[must_use]
    pub fn writers(&self, file: &FileFacts) -> Writers {
        let is_it = |path: &&PathBuf| {
            fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (file.id.device, file.id.inode))
        };
        if let Some(found) = self.open.get(&file.id.inode).and_then(|paths| paths.iter().find(is_it)) {
            return Writers::Found(found.parent().and_then(Path::parent).and_then(program_name));
        }
        let is_unseen = |user| self.unseen.contains(user);
        // Who writes to a file is its owner, or root: what there was too much to see of costs that owner's files alone.
        if is_unseen(&file.user.0) || is_unseen(&0) {
            Writers::Found(None)
        } else if self.is_partial {
            Writers::Unknown
        } else {
            Writers::Nobody
        }
    }

    /// Returns the name of the program that writes to a file, where it is known.
    #[must_use]
    pub fn program(&self, file: &FileFacts) -> Option<String> {
        match self.writers(file) {
            Writers::Found(program) => program.map(|name| name.to_string_lossy().into_owned()),
            Writers::Nobody | Writers::Unknown => None,
        }
    }
}

/// Lists all processes but this one, each with its user.
fn processes(proc: &Path) -> Vec<(PathBuf, u32)> {
    let own = std::process::id().to_string();
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let numbered = entries.filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().iter().all(u8::is_ascii_digit) && name.to_str() != Some(&own)
    });
    numbered
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.uid())))
        .collect()
}

fn program_name(process: &Path) -> Option<OsString> {
    let mut name = fs::read(process.join("comm")).ok()?;
    if name.last() == Some(&b'\n') {
        name.pop();
    }
    Some(OsString::from_vec(name))
}

/// Says whether a descriptor, described as in `/proc/PID/fdinfo`, may write.
fn writes(info: &str) -> bool {
    field(info, "flags:", 8).is_some_and(|flags| flags & 3 != 0)
}

fn field(info: &str, name: &str, radix: u32) -> Option<u64> {
    let value = info.lines().find_map(|line| line.strip_prefix(name))?;
    u64::from_str_radix(value.trim(), radix).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::sys::dir::facts_of_open;
    use crate::sys::lease::tests::writer;

    fn facts(path: &Path) -> FileFacts {
        facts_of_open(&File::open(path).unwrap(), path).unwrap()
    }

    #[test]
    fn a_program_that_has_a_file_open_for_writing_is_named_as_long_as_it_does() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let _reader = File::open(&path).unwrap();
        let is_held = |look: &Look| matches!(look.writers(&facts(&path)), Writers::Found(_));
        assert!(!is_held(&Look::now()), "readers do not count");
        let writer = writer(&path);
        let look = Look::now();
        assert_eq!(look.writers(&facts(&path)), Writers::Found(Some("cat".into())));
        drop(writer);
        assert!(!is_held(&look));
    }

    #[test]
    fn a_look_serves_questions_about_moments_before_it() {
        let before = Instant::now();
        let look = Look::now();
        assert!(Look::after(before).is_some());
        assert!(Look::after(look.began + LIMIT * 60).is_none());
        assert!(Look::last().began >= look.began);
    }

    #[test]
    fn what_there_was_too_much_to_see_of_costs_the_files_of_its_user_alone() {
        let look = |unseen: &[u32], is_partial| Look {
            began: Instant::now(),
            open: HashMap::new(),
            unseen: unseen.iter().copied().collect(),
            is_partial,
        };
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let of = |user| FileFacts {
            user: crate::unix::UserId(user),
            ..facts(&path)
        };
        let held = Writers::Found(None);
        for (unseen, is_partial, owner, expected) in [
            (&[][..], false, 1000, Writers::Nobody),
            (&[1000], false, 1000, held.clone()),
            (&[1000], false, 1001, Writers::Nobody),
            (&[0], false, 1000, held),
            (&[], true, 1000, Writers::Unknown),
        ] {
            let found = look(unseen, is_partial).writers(&of(owner));
            assert_eq!(found, expected, "{unseen:?} {is_partial} {owner}");
        }
    }

    #[test]
    fn a_look_ends_when_its_time_is_over_and_knows_of_whom_it_saw_too_little() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let _writer = writer(&path);
        let look = Look::through(Path::new("/proc"), Duration::ZERO, Duration::ZERO);
        assert!(look.open.is_empty());
        assert_eq!(look.writers(&facts(&path)), Writers::Found(None));
    }
}
