//! A file that is written anew beside the old one and takes its place in one step.
//!
//! A crash leaves either the old file or the new one under the name, whole; and perhaps the half-made one under its
//! temporary name, which the next replacement clears.
//!
//! A file that is a mount of its own cannot be replaced: the new one, whole, then gets a name that says so, and is copied over
//! the old one. After a crash in between it is copied again ([`resume`]).

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::dir::{Access, Dir, facts_of_open};
use super::lock::{Locking, StateFile, errno_of, error};
use super::{attributes, birth, context};
use crate::fault::{Op, SysError};
use crate::unix::Mode;

/// How much is written at once.
const BLOCK: usize = 256 * 1024;

/// The bit that lets everybody read.
const OTHERS_READ: u32 = 0o004;

/// A file that is to take another's place; dropped without [`Replacement::commit`] it is gone.
#[derive(Debug)]
pub struct Replacement<'a> {
    dir: &'a Dir,
    target: &'a OsStr,
    temporary: OsString,
    path: PathBuf,
    file: Option<BufWriter<File>>,
    model: Option<&'a StateFile>,
}

/// How a file got its new content.
#[derive(Debug)]
pub enum Committed {
    /// This one has its place.
    Replaced(StateFile),
    /// The old one was written anew, since nothing else can be put there.
    InPlace,
}

impl<'a> Replacement<'a> {
    /// Begins a file beside `target`, named `target` and `.tmp`; one left behind under that name is removed first.
    ///
    /// Owner, mode (save that everybody may read), ACL and security context are those of `model`; without one it is its maker's
    /// alone.
    pub fn begin(dir: &'a Dir, target: &'a OsStr, model: Option<&'a StateFile>) -> Result<Self, SysError> {
        let mut temporary = target.to_owned();
        temporary.push(".tmp");
        match dir.unlink(&temporary) {
            Err(failed) if failed.errno != Errno::ENOENT as i32 => return Err(failed),
            _ => {}
        }
        let path = dir.path_of(&temporary);
        let make = || birth::named(dir, &temporary, OFlag::O_RDWR);
        let file =
            context::born_like(model.map(StateFile::file), make).map_err(|errno| error(Op::Create, &path, errno))?;
        let replacement = Self {
            dir,
            target,
            temporary,
            path,
            file: Some(BufWriter::with_capacity(BLOCK, file)),
            model,
        };
        if let Some(model) = model {
            replacement.resemble(model)?;
        }
        Ok(replacement)
    }

    /// Writes on.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SysError> {
        let written = match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Ok(()),
        };
        written.map_err(|failed| error(Op::Write, &self.path, errno_of(&failed)))
    }

    /// Sets who may read it, in place of its maker alone.
    pub fn set_mode(&self, mode: Mode) -> Result<(), SysError> {
        match &self.file {
            Some(file) => attributes::set_mode(file.get_ref(), &self.path, mode),
            None => Ok(()),
        }
    }

    /// Gets everything to the disk and takes the target's place. With `lock` the file is locked before it has the name,
    /// so that there is no moment at which the file at the target is not locked.
    pub fn commit(mut self, lock: bool) -> Result<Committed, SysError> {
        let Some(writer) = self.file.take() else {
            return Err(error(Op::Write, &self.path, Errno::EBADF));
        };
        let file = writer
            .into_inner()
            .map_err(|failed| error(Op::Write, &self.path, errno_of(failed.error())))?;
        nix::unistd::fsync(&file).map_err(|errno| error(Op::Flush, &self.path, errno))?;
        self.check_name(&file)?;
        let target = self.dir.path_of(self.target);
        let mut state = StateFile::new(file, &target);
        if lock {
            // Nobody else knows the file yet. Where it is locked all the same, the name changes without the lock.
            state = match state.try_lock()? {
                Locking::Locked(state) | Locking::Busy(state) => state,
                Locking::Interrupted => return Err(error(Op::Open, &self.path, Errno::EINTR)),
            };
        }
        match (self.rename(self.target), self.model) {
            (Ok(()), _) => Ok(Committed::Replaced(state)),
            (Err(failed), Some(old)) if is_fixed(&failed) => {
                let whole = whole_name(self.target);
                self.rename(&whole)?;
                old.overwrite(state.file())?;
                self.dir.unlink(&whole)?;
                Ok(Committed::InPlace)
            }
            (Err(failed), _) => Err(failed),
        }
    }

    /// Gives the file this name for good.
    fn rename(&mut self, name: &OsStr) -> Result<(), SysError> {
        nix::fcntl::renameat(self.dir, self.temporary.as_os_str(), self.dir, name).map_err(|errno| SysError {
            other: Some(self.dir.path_of(name)),
            ..self.dir.error(Op::Rename, &self.temporary, errno)
        })?;
        self.temporary.clear();
        // What goes after this must not be gone where the old file is still there.
        self.dir.keep_order()
    }

    /// Makes sure that the temporary name is this file's still. Where no lock keeps another run from replacing the same target, that
    /// one has cleared it and perhaps half written its own.
    fn check_name(&mut self, file: &File) -> Result<(), SysError> {
        let own = facts_of_open(file, &self.path)?.id;
        let named = self.dir.look(&self.temporary)?;
        if named.is_some_and(|named| named.id == own) {
            return Ok(());
        }
        self.temporary.clear();
        Err(error(Op::Rename, &self.path, Errno::EBUSY))
    }

    /// Takes on the model's owner, permissions and context.
    fn resemble(&self, model: &StateFile) -> Result<(), SysError> {
        let Some(file) = self.file.as_ref().map(BufWriter::get_ref) else {
            return Ok(());
        };
        let facts = model.facts()?;
        attributes::set_owner(file, &self.path, facts.user, facts.group)?;
        attributes::copy_permissions(model.file(), &facts, file, &self.path)?;
        context::copy_context(model.file(), file, &self.path)?;
        if facts.mode.0 & OTHERS_READ != 0 {
            attributes::set_mode(file, &self.path, Mode(facts.mode.0 & 0o777 & !OTHERS_READ))?;
        }
        Ok(())
    }
}

/// Tells whether a name cannot change hands: a file is mounted there.
fn is_fixed(failed: &SysError) -> bool {
    failed.errno == Errno::EBUSY as i32 || failed.errno == Errno::EXDEV as i32
}

/// Returns the name under which a new file is whole, and is being copied over the old one.
fn whole_name(target: &OsStr) -> OsString {
    let mut name = target.to_owned();
    name.push(".new");
    name
}

/// Opens the new file that a crash kept from being copied; one that is not plainly this user's is none.
fn left_whole(dir: &Dir, target: &OsStr) -> Option<File> {
    let (file, facts) = dir.open_plain(&whole_name(target), Access::Read, Op::Open).ok()?;
    let is_own = facts.user.0 == nix::unistd::geteuid().as_raw() && facts.links == 1;
    is_own.then_some(file)
}

/// Ends what a crash kept from being copied over the file at `target`.
pub fn resume(dir: &Dir, target: &OsStr, old: &StateFile) -> Result<(), SysError> {
    let Some(whole) = left_whole(dir, target) else {
        return Ok(());
    };
    old.overwrite(&whole)?;
    dir.unlink(&whole_name(target))
}

/// Returns, for reading, the content that a crash kept from being copied over the file at `target`.
#[must_use]
pub fn pending(dir: &Dir, target: &OsStr) -> Option<StateFile> {
    left_whole(dir, target).map(|file| StateFile::new(file, &dir.path_of(target)))
}

impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        if !self.temporary.is_empty() {
            // There is nothing more to be done about one that stays.
            let _gone = self.dir.unlink(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::lock::directory_of;

    #[test]
    fn of_two_that_replace_the_same_file_at_once_the_later_one_does_and_it_is_whole() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("target");
        let (dir, name) = directory_of(&target).unwrap();
        let mut first = Replacement::begin(&dir, &name, None).unwrap();
        first.write(b"first").unwrap();
        let mut second = Replacement::begin(&dir, &name, None).unwrap();
        second.write(b"sec").unwrap();
        let refused = first.commit(false).unwrap_err();
        assert_eq!(refused.errno, Errno::EBUSY as i32);
        assert!(!target.exists());
        second.write(b"ond").unwrap();
        second.commit(false).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
