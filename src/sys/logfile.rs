//! The file that everything is written to besides stderr (`--log`).

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use super::{File, process};
use crate::fault::{Op, SysError};

/// Opens the file, emptied, and puts it on descriptor 3 for scripts. A link is not followed, a FIFO not waited for.
///
/// # Errors
/// It cannot be opened, or is no regular file.
pub fn open(path: &Path) -> Result<File, SysError> {
    let fail = |errno: i32| SysError::new(Op::Open, path, errno);
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits());
    let file = options
        .open(path)
        .map_err(|error| fail(error.raw_os_error().unwrap_or(0)))?;
    if file.metadata().is_ok_and(|data| data.is_file()) {
        file.set_len(0)
            .map_err(|error| fail(error.raw_os_error().unwrap_or(0)))?;
    }
    process::offer_on_three(&file);
    Ok(file)
}
