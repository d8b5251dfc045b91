//! A tree of directories, gone through once by held descriptors: no link is followed, and nothing that is mounted on the way is entered.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{Mode, fstat};

use super::dir::{Access, Dir};
use crate::facts::{FileFacts, Kind};
use crate::fault::{Op, SysError};

/// So many directories are gone down, each of which is held open meanwhile: who may make directories decides how deep they are.
const DEEPEST: usize = 100;

const HELD: OFlag = OFlag::O_PATH
    .union(OFlag::O_DIRECTORY)
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

/// A directory that was reached, and what it holds.
#[derive(Debug)]
pub struct Place {
    pub dir: Dir,
    pub facts: FileFacts,
    /// Its regular files.
    pub files: Vec<OsString>,
    directories: Vec<OsString>,
}

/// Whether the directories in a directory are gone into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descend {
    Yes,
    No,
}

impl Place {
    /// Lists a directory.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn list(dir: Dir) -> Result<Self, SysError> {
        let facts = dir.facts()?;
        let mut place = Self {
            facts,
            files: Vec::new(),
            directories: Vec::new(),
            dir,
        };
        let mut entries = Vec::new();
        place.dir.list(|name, kind| entries.push((name.to_owned(), kind)))?;
        for (name, kind) in entries {
            let kind = kind.or_else(|| Some(place.dir.look(&name).ok()??.kind));
            match kind {
                Some(Kind::Regular) => place.files.push(name),
                Some(Kind::Directory) => place.directories.push(name),
                _ => {}
            }
        }
        place.directories.sort_unstable_by(|one, other| other.cmp(one));
        Ok(place)
    }
}

/// Goes through a tree; `visit` gets each directory, or why it could not be read, and says whether to go on below it.
pub fn go_through(root: Dir, visit: &mut dyn FnMut(Result<&Place, SysError>) -> Descend) {
    let mut way = Vec::new();
    enter(root, &mut way, visit);
    while let Some(here) = way.last_mut() {
        let Some(name) = here.directories.pop() else {
            way.pop();
            continue;
        };
        match open_below(here, &name) {
            Ok(Some(dir)) => enter(dir, &mut way, visit),
            Ok(None) => {}
            Err(error) => {
                visit(Err(error));
            }
        }
    }
}

fn enter(dir: Dir, way: &mut Vec<Place>, visit: &mut dyn FnMut(Result<&Place, SysError>) -> Descend) {
    if way.len() >= DEEPEST {
        visit(Err(SysError::new(Op::List, dir.path(), Errno::ENAMETOOLONG as i32)));
        return;
    }
    match Place::list(dir) {
        Ok(mut place) => {
            if visit(Ok(&place)) == Descend::Yes {
                place.files = Vec::new();
                way.push(place);
            }
        }
        Err(error) => {
            visit(Err(error));
        }
    }
}

/// Opens a directory in another one; `None` where something is mounted there, or it is gone or no directory any more.
fn open_below(place: &Place, name: &OsStr) -> Result<Option<Dir>, SysError> {
    let how = OpenHow::new()
        .flags(HELD)
        .resolve(ResolveFlag::RESOLVE_NO_XDEV | ResolveFlag::RESOLVE_NO_SYMLINKS);
    let opened = match openat2(&place.dir, name, how) {
        // An old kernel, or one that is kept from us: what is mounted there is told by its device.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let is_here = place
                .dir
                .look(name)?
                .is_some_and(|facts| facts.kind == Kind::Directory && facts.id.device == place.facts.id.device);
            if !is_here {
                return Ok(None);
            }
            openat(&place.dir, name, HELD, Mode::empty()).and_then(|fd| {
                let is_same = fstat(&fd)?.st_dev == place.facts.id.device;
                if is_same { Ok(fd) } else { Err(Errno::EXDEV) }
            })
        }
        opened => opened,
    };
    match opened {
        Ok(fd) => Ok(Some(Dir::from_fd(fd, place.dir.path_of(name)))),
        Err(Errno::EXDEV | Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => Ok(None),
        Err(errno) => Err(place.dir.error(Op::OpenDirectory, name, errno)),
    }
}

/// Answers whether a file begins with these bytes; `None` where it cannot be read.
#[must_use]
pub fn begins_with(dir: &Dir, name: &OsStr, magic: &[u8]) -> Option<bool> {
    let (file, _): (File, _) = dir.open_plain(name, Access::Read, Op::Open).ok()?;
    let mut begin = Vec::with_capacity(magic.len());
    file.take(magic.len() as u64).read_to_end(&mut begin).ok()?;
    Some(begin == magic)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;
    use crate::sys::walk;

    /// The paths of all directories and files that are met.
    fn met(root: &Path) -> (Vec<String>, usize) {
        let (mut seen, mut errors) = (Vec::new(), 0);
        let dir = walk::open_directory(root, root).unwrap();
        go_through(dir, &mut |place| {
            match place {
                Ok(place) => {
                    let path = |name: &OsString| place.dir.path_of(name);
                    let below = |path: std::path::PathBuf| path.strip_prefix(root).unwrap().display().to_string();
                    seen.extend(place.files.iter().map(path).map(below));
                }
                Err(_) => errors += 1,
            }
            Descend::Yes
        });
        seen.sort();
        (seen, errors)
    }

    #[test]
    fn b13_each_file_is_met_once_and_no_link_is_followed() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        for name in ["x", "a/y", "a/b/z"] {
            fs::write(root.path().join(name), "").unwrap();
        }
        symlink("..", root.path().join("a/up")).unwrap();
        symlink("x", root.path().join("a/link")).unwrap();
        let all = ["a/b/z", "a/y", "x"].map(str::to_owned).to_vec();
        assert_eq!(met(root.path()), (all, 0));
    }

    #[test]
    fn b13_a_tree_that_is_too_deep_is_left_at_its_depth() {
        let root = tempfile::tempdir().unwrap();
        let deep: std::path::PathBuf = std::iter::repeat_n("d", DEEPEST + 50).collect();
        fs::create_dir_all(root.path().join(&deep)).unwrap();
        fs::write(root.path().join(&deep).join("x"), "").unwrap();
        assert_eq!(met(root.path()), (vec![], 1));
    }

    #[test]
    fn b13_what_is_mounted_on_the_way_is_not_entered() {
        let is_met = |path: &str| {
            let mut found = false;
            let dir = walk::open_directory(Path::new("/"), Path::new("/")).unwrap();
            go_through(dir, &mut |place| {
                let Ok(place) = place else { return Descend::No };
                found |= place.dir.path() == Path::new(path);
                if place.dir.path() == Path::new("/") {
                    Descend::Yes
                } else {
                    Descend::No
                }
            });
            found
        };
        assert!(is_met("/usr") && !is_met("/proc"));
    }
}
