//! The file that everything is written to besides stderr (`--log`).

use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode as NixMode, SFlag, fstat};

use super::dir::{Dir, facts_of};
use super::lock::error;
use super::walk::{self, Holder};
use super::{File, birth, process};
use crate::fault::{Fault, Op, Unfit};

/// A file that comes and goes is tried so often.
const TRIES: u32 = 16;

/// Opens the file, emptied, and puts it on descriptor 3 for scripts: one that is new, or the acting user's own with no other name,
/// or a character device. Nothing is waited for, and only links of root or the acting user are followed.
///
/// # Errors
/// It cannot be opened, or is another one's.
pub fn open(path: &Path) -> Result<File, Fault> {
    let file = match walk::open_holder(path).map_err(|fault| fault.of_named_file())? {
        Holder::Directory { dir, name } => open_own(&dir, &name, path)?,
        Holder::Descriptors { dir, name } => {
            // What the starter has open is written to as it is, behind what is there.
            let how = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
            let opened = openat(&dir, name.as_os_str(), how, NixMode::empty());
            File::from(opened.map_err(|errno| error(Op::Open, path, errno))?)
        }
    };
    process::offer_on_three(&file);
    Ok(file)
}

fn open_own(dir: &Dir, name: &std::ffi::OsStr, path: &Path) -> Result<File, Fault> {
    let fail = |errno| error(Op::Open, path, errno);
    let how = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    for _ in 0..TRIES {
        match openat(dir, name, how | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, NixMode::empty()) {
            Ok(fd) => {
                let file = File::from(fd);
                if check(&file, path)? {
                    nix::unistd::ftruncate(&file, 0).map_err(|errno| error(Op::Truncate, path, errno))?;
                }
                return Ok(file);
            }
            Err(Errno::ENOENT) => {}
            // What a FIFO without a reader and a directory answer.
            Err(Errno::ELOOP | Errno::ENXIO | Errno::EISDIR) => return Err(Fault::unfit(path, Unfit::NotRegular)),
            Err(errno) => return Err(fail(errno).into()),
        }
        match birth::named(dir, name, how) {
            Err(Errno::EEXIST) => {}
            made => return made.map_err(|errno| fail(errno).into()),
        }
    }
    Err(fail(Errno::EEXIST).into())
}

/// Answers whether a file is one that can be emptied.
fn check(file: &File, path: &Path) -> Result<bool, Fault> {
    let stat = fstat(file).map_err(|errno| error(Op::Stat, path, errno))?;
    let facts = facts_of(&stat);
    let why = match SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFCHR => return Ok(false),
        SFlag::S_IFREG if facts.user.0 != nix::unistd::geteuid().as_raw() => Unfit::Foreign { user: facts.user.0 },
        SFlag::S_IFREG if facts.links > 1 => Unfit::Linked,
        SFlag::S_IFREG => return Ok(true),
        _ => Unfit::NotRegular,
    };
    Err(Fault::unfit(path, why))
}
