//! Copies content from one descriptor to another: holes stay holes, blocks are shared where the file system can.
//!
//! Memory use does not depend on the size. Nothing is flushed here.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, copy_file_range, fallocate};
use nix::sys::stat::fstat;
use nix::sys::statfs::{BTRFS_SUPER_MAGIC, EXT4_SUPER_MAGIC, TMPFS_MAGIC, fstatfs};
use nix::sys::uio::pread;
use nix::unistd::{Whence, ftruncate, lseek64};

use super::call::CallError;
pub use super::stream::Afterwards;
use super::stream::{Run, Sink, Source, as_off, size_of};
use crate::fault::Op;

/// The buffer for copies by hand: more gains nothing, and this much stays in the processor's cache.
const BUFFER: usize = 256 << 10;

/// How much the kernel copies in one call: a shared gigabyte takes no time, and a copied one is not too late for a signal.
const KERNEL_STEP: usize = 1 << 30;

/// Copies all of `from`, from its start to where it ends when the end is reached, to the empty file `to`.
///
/// Answers how many bytes that is, holes included. What a program appends meanwhile may be in the copy or not. `after` is
/// about the copy's pages in memory.
///
/// # Errors
///
/// `Read` is about `from`, `Write` about `to` (a full disk, a quota).
pub fn copy_contents(from: BorrowedFd<'_>, to: BorrowedFd<'_>, after: Afterwards) -> Result<u64, CallError> {
    copy_part(from, to, Part::from(0), after)
}

/// Tells whether two files have the same content.
///
/// # Errors
///
/// `Stat` and `Read` are about either.
pub fn same_contents(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> Result<bool, CallError> {
    let size = size_of(one)?;
    if size != size_of(other)? {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; BUFFER], vec![0; BUFFER]);
    let mut at = 0;
    loop {
        // What is a hole in both is alike, and a hole may be as long as it likes.
        at = next_data(one, at).min(next_data(other, at)).min(size);
        let count = read_at(one, &mut left, at)?;
        let found = read_at(other, &mut right, at)?;
        if left[..count] != right[..found] {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
        at += count as u64;
    }
}

/// Tells whether the copy of a part of a file, not longer than the buffer for copies, has the same bytes.
pub(super) fn is_copy_of_part(from: BorrowedFd<'_>, to: BorrowedFd<'_>, part: Part) -> Result<bool, CallError> {
    let length = usize::try_from(part.end - part.start).unwrap_or(BUFFER).min(BUFFER);
    let (mut left, mut right) = (vec![0; length], vec![0; length]);
    let count = read_at(from, &mut left, part.start)?;
    let found = read_at(to, &mut right, part.start - part.skipped)?;
    Ok(count == length && left[..count] == right[..found])
}

/// Returns where the next data begin; the offset itself where that cannot be asked.
fn next_data(fd: BorrowedFd<'_>, at: u64) -> u64 {
    match lseek64(fd, as_off(at), Whence::SeekData) {
        Ok(data) => data.unsigned_abs(),
        Err(Errno::ENXIO) => u64::MAX,
        Err(_) => at,
    }
}

/// Fills the buffer from an offset on, as far as the file goes.
pub(super) fn read_at(fd: BorrowedFd<'_>, buffer: &mut [u8], at: u64) -> Result<usize, CallError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match pread(fd, &mut buffer[filled..], as_off(at + filled as u64)) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(CallError::new(Op::Read, errno)),
        }
    }
    Ok(filled)
}

/// A part of a file, and where its copy goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) start: u64,
    /// Not more than up to here is copied.
    pub(super) end: u64,
    /// So many bytes before it have no copy: what follows lies that much further to the front in the copy.
    pub(super) skipped: u64,
}

impl Part {
    /// All from an offset on, to the same place.
    pub(super) fn from(start: u64) -> Self {
        Self {
            start,
            end: u64::MAX,
            skipped: 0,
        }
    }
}

/// Copies a part of a file, as far as it goes; answers the offset in `from` where the copy ends.
pub(super) fn copy_part(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    part: Part,
    after: Afterwards,
) -> Result<u64, CallError> {
    let stat = fstat(from).map_err(CallError::when(Op::Stat))?;
    let end_now = stat.st_size.unsigned_abs().min(part.end);
    let sparse = stat.st_blocks.saturating_mul(512) < stat.st_size;
    let mut at = part.start;
    if shares_blocks(to) && end_now > at {
        let now = Part { end: end_now, ..part };
        at = if sparse {
            share_runs(from, to, now)?
        } else {
            share(from, to, now)?
        };
    }
    // What is left: all of it, or what came meanwhile, or a tail that the kernel would not copy.
    if at < part.end {
        if !sparse && end_now > at {
            make_room(to, at - part.skipped, end_now - at)?;
        }
        at = copy_by_hand(from, to, Part { start: at, ..part }, after)?;
    }
    if size_of(to)? != at - part.skipped {
        ftruncate(to, as_off(at - part.skipped)).map_err(CallError::when(Op::Write))?;
    }
    Ok(at)
}

/// Says whether it is worth asking the kernel to share blocks. On ext4 and tmpfs, its copy is slower than one by hand.
fn shares_blocks(to: BorrowedFd<'_>) -> bool {
    fstatfs(to).is_ok_and(|fs| fs.filesystem_type() != EXT4_SUPER_MAGIC && fs.filesystem_type() != TMPFS_MAGIC)
}

/// Says whether `fd` lies on btrfs, where a new file's room is better not asked for: it would not be compressed.
fn room_is_unwanted(fd: BorrowedFd<'_>) -> bool {
    fstatfs(fd).is_ok_and(|fs| fs.filesystem_type() == BTRFS_SUPER_MAGIC)
}

/// Asks for the room at once, so that a full disk shows itself before the work and the blocks lie together.
fn make_room(to: BorrowedFd<'_>, offset: u64, length: u64) -> Result<(), CallError> {
    if length < BUFFER as u64 || room_is_unwanted(to) {
        return Ok(());
    }
    loop {
        match fallocate(to, FallocateFlags::FALLOC_FL_KEEP_SIZE, as_off(offset), as_off(length)) {
            Err(Errno::EINTR) => {}
            Err(errno @ (Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG | Errno::EIO)) => {
                return Err(CallError::new(Op::Write, errno));
            }
            _ => return Ok(()),
        }
    }
}

/// Has the kernel copy a range; answers how far it came. Where it cannot, it came nowhere.
fn share(from: BorrowedFd<'_>, to: BorrowedFd<'_>, part: Part) -> Result<u64, CallError> {
    let (mut source, mut target) = (as_off(part.start), as_off(part.start - part.skipped));
    while source < as_off(part.end) {
        let length = usize::try_from(as_off(part.end) - source)
            .unwrap_or(KERNEL_STEP)
            .min(KERNEL_STEP);
        match copy_file_range(from, Some(&mut source), to, Some(&mut target), length) {
            Ok(0) => break,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno @ (Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG)) => {
                return Err(CallError::new(Op::Write, errno));
            }
            // An I/O error may be either file's: the copy by hand finds out which.
            Err(_) => break,
        }
    }
    Ok(source.unsigned_abs())
}

/// Has the kernel copy the runs of data, and leaves out the holes; answers how far it came.
fn share_runs(from: BorrowedFd<'_>, to: BorrowedFd<'_>, part: Part) -> Result<u64, CallError> {
    let (mut at, end) = (part.start, part.end);
    while at < end {
        let Ok(data) = lseek64(from, as_off(at), Whence::SeekData) else {
            return Ok(at);
        };
        let data = data.unsigned_abs().min(end);
        let hole = lseek64(from, as_off(data), Whence::SeekHole).map_or(end, |hole| hole.unsigned_abs().min(end));
        let run = Part {
            start: data,
            end: hole,
            ..part
        };
        let reached = share(from, to, run)?;
        if reached < hole {
            return Ok(if reached == data { at } else { reached });
        }
        at = hole;
    }
    Ok(at)
}

/// Copies through memory; holes are skipped over.
fn copy_by_hand(from: BorrowedFd<'_>, to: BorrowedFd<'_>, part: Part, after: Afterwards) -> Result<u64, CallError> {
    let mut source = Source::open_at(from, part.start, Afterwards::Keep)?;
    let mut sink = Sink::at(to.as_fd(), part.start - part.skipped, after);
    let end = part.end - part.skipped;
    let mut buffer = vec![0; BUFFER];
    loop {
        let room = usize::try_from(end - sink.offset()).unwrap_or(BUFFER).min(BUFFER);
        if room == 0 {
            break;
        }
        match source.read(&mut buffer[..room])? {
            Run::Data(count) => sink.write(&buffer[..count])?,
            Run::Hole(length) => sink.skip(length.min(end - sink.offset())),
            Run::End => break,
        }
    }
    Ok(sink.offset() + part.skipped)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom, Write};
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;

    use proptest::prelude::*;

    use super::*;

    fn content(file: &mut File) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn copied(from: &File) -> File {
        let to = tempfile::tempfile().unwrap();
        let length = copy_contents(from.as_fd(), to.as_fd(), Afterwards::Keep).unwrap();
        assert_eq!(length, from.metadata().unwrap().len());
        assert_eq!(length, to.metadata().unwrap().len());
        to
    }

    #[test]
    fn an_empty_file_is_copied_as_an_empty_file() {
        assert_eq!(content(&mut copied(&tempfile::tempfile().unwrap())), b"");
    }

    #[test]
    fn a_copy_of_a_hole_takes_no_room() {
        let mut from = tempfile::tempfile().unwrap();
        from.write_all(b"head").unwrap();
        from.set_len(1 << 30).unwrap();
        from.seek(SeekFrom::End(0)).unwrap();
        from.write_all(b"tail").unwrap();
        from.set_len((1 << 30) + (1 << 20)).unwrap();
        let to = copied(&from);
        assert!(to.metadata().unwrap().blocks() <= from.metadata().unwrap().blocks() + 64);
        let mut tail = [0; 5];
        std::os::unix::fs::FileExt::read_exact_at(&to, &mut tail, (1 << 30) - 1).unwrap();
        assert_eq!(&tail, b"\0tail");
    }

    #[test]
    fn a_range_lands_where_it_was() {
        let mut from = tempfile::tempfile().unwrap();
        from.write_all(b"0123456789").unwrap();
        let mut to = tempfile::tempfile().unwrap();
        let target = to.try_clone().unwrap();
        let copy = |start, end, skipped| {
            let part = Part { start, end, skipped };
            copy_part(from.as_fd(), target.as_fd(), part, Afterwards::Keep)
        };
        assert_eq!(copy(0, 4, 0), Ok(4));
        assert_eq!(content(&mut to), b"0123");
        assert_eq!(copy(4, u64::MAX, 0), Ok(10));
        assert_eq!(content(&mut to), b"0123456789");
        assert_eq!(copy(6, 8, 6), Ok(8));
        assert_eq!(content(&mut to), b"67");
    }

    #[test]
    fn a_full_disk_is_an_error_of_writing() {
        let mut from = tempfile::tempfile().unwrap();
        from.write_all(&[b'x'; 4096]).unwrap();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = copy_contents(from.as_fd(), full.as_fd(), Afterwards::Keep).unwrap_err();
        assert_eq!(error, CallError::new(Op::Write, Errno::ENOSPC));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_of_reading() {
        let directory = File::open(".").unwrap();
        let to = tempfile::tempfile().unwrap();
        let error = copy_contents(directory.as_fd(), to.as_fd(), Afterwards::Keep).unwrap_err();
        assert_eq!(error, CallError::new(Op::Read, Errno::EISDIR));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn a_copy_has_the_same_bytes(runs in prop::collection::vec((any::<bool>(), 1_usize..300_000, any::<u8>()), 0..6)) {
            let mut from = tempfile::tempfile().unwrap();
            for (hole, length, byte) in runs {
                if hole {
                    let end = from.metadata().unwrap().len() + length as u64;
                    from.set_len(end).unwrap();
                    from.seek(SeekFrom::Start(end)).unwrap();
                } else {
                    from.write_all(&vec![byte; length]).unwrap();
                }
            }
            let mut to = copied(&from);
            prop_assert!(content(&mut from) == content(&mut to));
        }
    }
}
