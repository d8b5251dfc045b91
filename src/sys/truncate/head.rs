//! What is asked of a log before it is cut: what its file system can take off its front, and where its last line ends.

use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::sys::statfs::{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, fstatfs};
use nix::sys::uio::pread;

use crate::fault::Op;
use crate::sys::call::CallError;
use crate::sys::copy::read_at;
use crate::sys::stream::as_off;

/// How far back the end of a line is looked for: a log with longer ones is not one of lines.
const LONGEST_LINE: u64 = 1 << 20;

/// So much is read at once; mostly it is the last byte that answers.
const STEP: u64 = 4 << 10;

/// Returns where the last line ends of a log's first `size` bytes: their start, where the first line has no end yet. `None` where they
/// are not lines.
pub(super) fn line_end(log: BorrowedFd<'_>, size: u64) -> Result<Option<u64>, CallError> {
    let mut end = size;
    while end > 0 && size - end < LONGEST_LINE {
        let start = end.saturating_sub(STEP);
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or_default()];
        let found = read_at(log, &mut bytes, start)?;
        // A zero is in no text: what looks like a newline before it may be a part of a number.
        match memchr::memrchr2(b'\n', 0, &bytes[..found]) {
            Some(at) if bytes[at] == b'\n' => return Ok(Some(start + at as u64 + 1)),
            Some(_) => return Ok(None),
            None => end = start,
        }
    }
    Ok((end == 0).then_some(0))
}

/// Returns the size of the blocks that can be taken out of files here, where they can.
pub(super) fn collapsible_block(log: BorrowedFd<'_>) -> Option<u64> {
    let fs = fstatfs(log).ok()?;
    let kind = fs.filesystem_type();
    if kind != EXT4_SUPER_MAGIC && kind != XFS_SUPER_MAGIC {
        return None;
    }
    u64::try_from(fs.block_size()).ok().filter(|block| *block > 0)
}

/// Returns the byte at an offset, if there is one.
pub(super) fn byte_at(file: BorrowedFd<'_>, offset: u64) -> Result<Option<u8>, CallError> {
    let mut byte = [0];
    loop {
        match pread(file, &mut byte, as_off(offset)) {
            Ok(count) => return Ok((count == 1).then_some(byte[0])),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(CallError::new(Op::Read, errno)),
        }
    }
}
