//! How much can be taken off the front of a log: whole blocks, on file systems that can do it, and best up to the end of a line.

use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::sys::statfs::{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, fstatfs};
use nix::sys::uio::pread;

use crate::fault::Op;
use crate::sys::call::CallError;
use crate::sys::stream::as_off;

/// How far before the end of the head a block boundary that ends a line is looked for.
const LINE_SEARCH: u64 = 64 << 10;

/// Decides how many bytes can be taken off the front of a log of `size` bytes: whole blocks, not all of it, and up to the
/// end of a line if there is one to be had; `None` where the file system cannot, or there is not a block.
pub(super) fn head_to_collapse(log: BorrowedFd<'_>, size: u64) -> Result<Option<u64>, CallError> {
    let Some(block) = collapsible_block(log) else {
        return Ok(None);
    };
    let last = size.saturating_sub(1) / block * block;
    if last == 0 {
        return Ok(None);
    }
    let mut boundary = last;
    while boundary > 0 && last - boundary < LINE_SEARCH {
        if byte_at(log, boundary - 1)? == Some(b'\n') {
            return Ok(Some(boundary));
        }
        boundary -= block;
    }
    Ok(Some(last))
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
