//! From a path to a held directory, one component at a time.
//!
//! A symbolic link on the way is followed if root or the acting user owns it, or if its owner owns the directory that is reached in
//! the end as well, where they could do without the link whatever it lets them do: nobody can lead the work to another's place. What
//! is held in the end is what the kernel reaches by the same path. What the directory's own permissions must be is the caller's
//! question.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode as NixMode, fstat, fstatat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};

use super::denial::Refused;
use super::dir::{Dir, Lead, facts_of};
use super::mounts::{self, MountRefusal};
use crate::facts::Kind;
use crate::fault::{Fault, Insecure, Op, SysError};
use crate::unix::{LINK_LIMIT, UserId, components, split_path};

/// How directories on the way are held: to be gone through, not to be read.
const HELD: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// Opens the directory at `path`, whose log `log` is named in the error when the way is not safe.
///
/// # Errors
/// A failed call, or [`Fault::InsecureDirectory`] at a stranger's link that leads to a directory which is not that stranger's.
pub fn open_directory(path: &Path, log: &Path) -> Result<Dir, Fault> {
    mounts::can_enter(path).map_err(|shut| shut_out(shut, path, log))?;
    match fast_open(path) {
        Some(fd) => Ok(Dir::from_fd(fd, path.to_owned())),
        None => slow_open(None, path, log),
    }
}

/// Opens the directory at a relative path below one that is held. A stranger's link that led to that one counts on this way, too.
///
/// # Errors
/// As [`open_directory`].
pub fn open_directory_below(base: &Dir, path: &Path, log: &Path) -> Result<Dir, Fault> {
    let whole = base.path().join(path);
    mounts::can_enter(&whole).map_err(|shut| shut_out(shut, &whole, log))?;
    slow_open(Some(base), path, log)
}

/// Makes sure that a directory which is about to be made here for this owner, by default the one acting, may be used afterwards: where
/// a stranger's link led here, it has to be that stranger's.
///
/// # Errors
/// [`Fault::InsecureDirectory`] if it is not.
pub fn may_make(parent: &Dir, owner: Option<UserId>, log: &Path) -> Result<(), Fault> {
    let owner = owner.map_or_else(acting_user, |owner| owner.0);
    match parent.lead() {
        Some(lead) if lead.user != owner => Err(led_astray(lead, log)),
        _ => Ok(()),
    }
}

/// Opens a path that has no link in it at all, in one call; `None` leaves the answer to the slow way.
fn fast_open(path: &Path) -> Option<OwnedFd> {
    use nix::fcntl::{OpenHow, ResolveFlag, openat2};
    let how = OpenHow::new().flags(HELD).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    openat2(AT_FDCWD, path, how).ok()
}

fn slow_open(base: Option<&Dir>, path: &Path, log: &Path) -> Result<Dir, Fault> {
    let mut way = Way::begin(base.filter(|_| path.is_relative()), path, log)?;
    while let Some(name) = way.left.pop_front() {
        way.step(&name)?;
    }
    way.end()
}

/// How far a path was gone.
struct Way<'a> {
    base: Option<&'a Dir>,
    path: &'a Path,
    log: &'a Path,
    here: OwnedFd,
    /// The path of `here`, for messages.
    reached: PathBuf,
    /// The names that are still to be gone.
    left: VecDeque<OsString>,
    links: usize,
    lead: Option<Lead>,
}

impl<'a> Way<'a> {
    fn begin(base: Option<&'a Dir>, path: &'a Path, log: &'a Path) -> Result<Self, Fault> {
        let start = if path.is_absolute() { "/" } else { "." };
        let from = base.map_or(AT_FDCWD, AsFd::as_fd);
        let here = openat(from, start, HELD, NixMode::empty()).map_err(|errno| failed(path, errno))?;
        Ok(Self {
            base,
            path,
            log,
            here,
            reached: base.map_or_else(|| PathBuf::from(start), |base| base.path().to_owned()),
            left: components(path),
            links: 0,
            lead: base.and_then(Dir::lead).cloned(),
        })
    }

    fn fail(&self, errno: Errno) -> Fault {
        failed(self.path, errno)
    }

    /// Goes to what the next name stands for; what a link says is left to be gone.
    fn step(&mut self, name: &OsStr) -> Result<(), Fault> {
        let stat = fstatat(&self.here, name, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(|errno| {
            let op = Op::OpenDirectory;
            let refused = Refused {
                dir: self.here.as_fd(),
                path: &self.reached,
                op,
                errno,
            };
            Fault::Call(SysError {
                denial: refused.of_way().map(Box::new),
                ..SysError::new(op, self.path, errno as i32)
            })
        })?;
        self.reached.push(name);
        if facts_of(&stat).kind == Kind::Symlink {
            return self.follow(name);
        }
        self.enter(name, OFlag::O_NOFOLLOW)
    }

    fn enter(&mut self, name: &OsStr, how: OFlag) -> Result<(), Fault> {
        self.here = openat(&self.here, name, HELD | how, NixMode::empty()).map_err(|errno| self.fail(errno))?;
        Ok(())
    }

    /// Takes a link in, which is opened first, so that its owner and its target belong to the same link.
    fn follow(&mut self, name: &OsStr) -> Result<(), Fault> {
        self.links += 1;
        if self.links > LINK_LIMIT {
            return Err(self.fail(Errno::ELOOP));
        }
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let link = openat(&self.here, name, flags, NixMode::empty()).map_err(|errno| self.fail(errno))?;
        let owner = fstat(&link).map_err(|errno| self.fail(errno))?.st_uid;
        self.note_owner(owner)?;
        if fstatfs(&link).is_ok_and(|found| found.filesystem_type() == PROC_SUPER_MAGIC) {
            // `/proc/PID/root` and its like stand for a directory itself: by their text another one may be reached, or none.
            return self.enter(name, OFlag::empty());
        }
        let target = nix::fcntl::readlinkat(&link, "").map_err(|errno| self.fail(errno))?;
        self.reached.pop();
        if target.as_bytes().first() == Some(&b'/') {
            self.here = openat(AT_FDCWD, "/", HELD, NixMode::empty()).map_err(|errno| self.fail(errno))?;
            self.reached = PathBuf::from("/");
        }
        for part in components(Path::new(&target)).into_iter().rev() {
            self.left.push_front(part);
        }
        Ok(())
    }

    /// Notes whose link was met. Two strangers cannot both own what is reached in the end.
    fn note_owner(&mut self, user: u32) -> Result<(), Fault> {
        if user == 0 || user == acting_user() {
            return Ok(());
        }
        let lead = Lead {
            user,
            link: self.reached.clone(),
        };
        match &self.lead {
            Some(first) if first.user == user => {}
            Some(_) => return Err(led_astray(&lead, self.log)),
            None => self.lead = Some(lead),
        }
        Ok(())
    }

    /// Hands out the directory that was reached, if it is the one that should be.
    fn end(self) -> Result<Dir, Fault> {
        let held = fstat(&self.here).map_err(|errno| self.fail(errno))?;
        if let Some(lead) = self.lead.as_ref().filter(|lead| lead.user != held.st_uid) {
            return Err(led_astray(lead, self.log));
        }
        let from = self.base.map_or(AT_FDCWD, AsFd::as_fd);
        let path = if self.path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            self.path
        };
        // The log was found by this path and the kernel's own way.
        let found = fstatat(from, path, AtFlags::empty()).map_err(|errno| self.fail(errno))?;
        let which = |stat: &FileStat| (stat.st_dev, stat.st_ino);
        if which(&found) != which(&held) {
            return Err(self.fail(Errno::ESTALE));
        }
        let shown = self
            .base
            .map_or_else(|| path.to_owned(), |base| base.path().join(self.path));
        Ok(Dir::led_to(self.here, shown, self.lead))
    }
}

fn failed(path: &Path, errno: Errno) -> Fault {
    Fault::Call(SysError::new(Op::OpenDirectory, path, errno as i32))
}

/// What a path's last name lies in.
pub(super) enum Holder {
    Directory {
        dir: Dir,
        /// The name, not that of a link.
        name: OsString,
    },
    /// What the system shows of a process's open files, such as `/proc/self/fd`: its links stand for the files themselves.
    Descriptors { dir: Dir, name: OsString },
}

/// Opens the directory of the file at `path`; links at its end are followed as those on the way.
///
/// # Errors
/// As [`open_directory`].
pub(super) fn open_holder(path: &Path) -> Result<Holder, Fault> {
    let fail = |errno: Errno| Fault::Call(SysError::new(Op::Open, path, errno as i32));
    let mut at = path.to_owned();
    for _ in 0..=LINK_LIMIT {
        let (directory, name) = split_path(&at).ok_or_else(|| fail(Errno::EISDIR))?;
        let (dir, name) = (open_directory(directory, path)?, name.to_owned());
        if !dir.look(&name)?.is_some_and(|facts| facts.kind == Kind::Symlink) {
            return Ok(Holder::Directory { dir, name });
        }
        if dir.is_of_processes() {
            return Ok(Holder::Descriptors { dir, name });
        }
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let link = openat(&dir, name.as_os_str(), flags, NixMode::empty()).map_err(fail)?;
        let user = fstat(&link).map_err(fail)?.st_uid;
        if user != 0 && user != acting_user() {
            return Err(led_astray(&Lead { user, link: at }, path));
        }
        at = directory.join(nix::fcntl::readlinkat(&link, "").map_err(fail)?);
    }
    Err(fail(Errno::ELOOP))
}

fn led_astray(lead: &Lead, log: &Path) -> Fault {
    Fault::InsecureDirectory {
        log: log.to_owned(),
        component: lead.link.clone(),
        why: Insecure::ForeignLink { user: lead.user },
    }
}

fn shut_out(shut: MountRefusal, path: &Path, log: &Path) -> Fault {
    match shut {
        MountRefusal::Silent => failed(path, shut.errno()),
        MountRefusal::Foreign { at, user } => Fault::InsecureDirectory {
            log: log.to_owned(),
            component: at,
            why: Insecure::ForeignMount { user },
        },
    }
}

fn acting_user() -> u32 {
    nix::unistd::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::create_dir_all;
    use std::os::unix::fs::{chown, lchown, symlink};

    /// Nobody has these numbers.
    const THEM: u32 = 12_345;
    const OTHERS: u32 = 12_346;

    /// Opens the directory at a path below a fresh one with `mine/deep` (the acting user's), `theirs/deep` and `others/deep`, and
    /// these links, each with its owner and its target; tells the owner of what was reached.
    fn opened(links: &[(&str, u32, &str)], path: &str) -> Result<u32, Fault> {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for (name, owner) in [("mine", None), ("theirs", Some(THEM)), ("others", Some(OTHERS))] {
            create_dir_all(at(name).join("deep")).unwrap();
            if acting_user() == 0 {
                chown(at(name).join("deep"), owner, None).unwrap();
                chown(at(name), owner, None).unwrap();
            }
        }
        for (name, owner, target) in links {
            symlink(target, at(name)).unwrap();
            lchown(at(name), Some(*owner), None).unwrap();
        }
        let dir = open_directory(&at(path), Path::new("log"))?;
        Ok(dir.facts()?.user.0)
    }

    fn is_refused(links: &[(&str, u32, &str)], path: &str) -> bool {
        matches!(opened(links, path), Err(Fault::InsecureDirectory { .. }))
    }

    #[test]
    fn a_link_of_our_own_is_followed() {
        let me = acting_user();
        assert_eq!(opened(&[("link", me, "mine")], "link/deep").unwrap(), me);
        assert_eq!(opened(&[("link", me, "mine/../mine/deep")], "link").unwrap(), me);
    }

    #[test]
    fn a_strangers_link_is_followed_to_a_directory_of_theirs_and_to_no_other() {
        if acting_user() != 0 {
            return;
        }
        let link = |target| [("link", THEM, target)];
        assert_eq!(opened(&link("theirs"), "link/deep").unwrap(), THEM);
        assert!(is_refused(&link("mine"), "link/deep"));
        assert!(is_refused(&link("others"), "link/deep"));
        assert!(is_refused(&link("theirs"), "link/.."));
        assert_eq!(opened(&link("others"), "link/../theirs").unwrap(), THEM);
    }

    #[test]
    fn two_strangers_cannot_lead_to_one_place() {
        if acting_user() != 0 {
            return;
        }
        let links = |second| [("one", THEM, "two"), ("two", second, "theirs")];
        assert_eq!(opened(&links(THEM), "one").unwrap(), THEM);
        assert_eq!(opened(&links(0), "one").unwrap(), THEM);
        assert!(is_refused(&links(OTHERS), "one"));
    }

    #[test]
    fn what_is_reached_below_a_strangers_directory_is_theirs_too() {
        if acting_user() != 0 {
            return;
        }
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        create_dir_all(at("theirs/ours")).unwrap();
        create_dir_all(at("theirs/own")).unwrap();
        for name in ["theirs", "theirs/own"] {
            chown(at(name), Some(THEM), None).unwrap();
        }
        symlink("theirs", at("link")).unwrap();
        lchown(at("link"), Some(THEM), None).unwrap();
        let log = Path::new("log");
        let below = |base: &str, path: &str| {
            let base = open_directory(&at(base), log).unwrap();
            open_directory_below(&base, Path::new(path), log).is_ok()
        };
        assert!(below("link", "own"));
        assert!(!below("link", "ours"));
        assert!(!below("link", ".."));
        assert!(below("theirs", "ours") && below("theirs", ".."));
        let led = open_directory(&at("link"), log).unwrap();
        assert!(may_make(&led, Some(UserId(THEM)), log).is_ok());
        assert!(may_make(&led, None, log).is_err());
    }

    #[test]
    fn a_link_of_procfs_leads_where_the_kernel_goes() {
        let root = tempfile::tempdir().unwrap();
        create_dir_all(root.path().join("old/deep")).unwrap();
        let held = std::fs::File::open(root.path().join("old")).unwrap();
        std::fs::rename(root.path().join("old"), root.path().join("new")).unwrap();
        create_dir_all(root.path().join("old/deep")).unwrap();
        let link = format!("/proc/self/fd/{}/deep", std::os::fd::AsRawFd::as_raw_fd(&held));
        let log = Path::new("log");
        let reached = open_directory(Path::new(&link), log).unwrap().facts().unwrap();
        let moved = open_directory(&root.path().join("new/deep"), log)
            .unwrap()
            .facts()
            .unwrap();
        assert_eq!(reached.id, moved.id);
    }
}
