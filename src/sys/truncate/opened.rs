//! The log as it is open: the same file opened once more, and whether anybody else may have it open for writing.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::stat::fstat;

use crate::fault::Op;
use crate::sys::call::CallError;
use crate::sys::lease::is_written;
use crate::unix::FileId;

/// How long a child of ours may have our descriptors before it runs its program.
const CHILD_START: Duration = Duration::from_millis(1);

/// How to open the log once more, for reading and writing.
pub type Reopen<'a> = &'a dyn Fn() -> Result<OwnedFd, CallError>;

/// Says whether somebody may have the log open for writing. A child of ours that is just being started has our own
/// descriptors for a moment, and looks like a writer: hence more than one question.
pub(super) fn is_really_written(log: BorrowedFd<'_>) -> bool {
    for _ in 0..2 {
        match is_written(log) {
            Some(false) => return false,
            Some(true) => std::thread::sleep(CHILD_START),
            None => return true,
        }
    }
    is_written(log) != Some(false)
}

/// Opens the log once more, and makes sure that it is the same.
pub(super) fn reopened(reopen: Reopen<'_>, id: FileId) -> Result<OwnedFd, CallError> {
    let file = reopen()?;
    if id_of(file.as_fd())? != id {
        return Err(CallError::new(Op::Open, Errno::ESTALE));
    }
    Ok(file)
}

/// Returns which file it is.
pub(super) fn id_of(fd: BorrowedFd<'_>) -> Result<FileId, CallError> {
    let stat = fstat(fd).map_err(CallError::when(Op::Stat))?;
    Ok(FileId {
        device: stat.st_dev,
        inode: stat.st_ino,
    })
}
