//! Reading one file from its start to its end, and writing another, without throwing the page cache out.
//!
//! Both keep their own position (`pread`, `pwrite`), so that a descriptor's shared offset is neither used nor moved.
//! What to do with the bytes is not known here.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use nix::sys::stat::{FileStat, fstat};
use nix::sys::uio::{pread, pwrite};
use nix::unistd::{Whence, lseek64};

use super::call::CallError;
use crate::fault::Op;

/// How much is read before what was read leaves the page cache.
const DROP_STEP: u64 = 8 << 20;

/// How much is written before its way to the disk is started; small enough that the last flush finds little to do.
const WRITE_OUT_STEP: u64 = 16 << 20;

/// What becomes of a file's pages in memory once they were read, or written and on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// Nobody will read them soon, or the file is about to be removed: they make room at once.
    Forget,
    /// They may be wanted.
    Keep,
}

/// The next thing in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// That many bytes were put into the buffer.
    Data(usize),
    /// A hole of that many bytes; nothing was put into the buffer.
    Hole(u64),
    /// The file ends here, for now.
    End,
}

/// A file that is read from its start.
#[derive(Debug)]
pub struct Source<'fd> {
    fd: BorrowedFd<'fd>,
    stat: FileStat,
    offset: u64,
    /// Where the known run of data ends; `None` where the file has no holes, or none that can be asked for.
    data_end: Option<u64>,
    forgotten: u64,
    after: Afterwards,
    /// Where a watcher sees how far it was read, in bytes.
    watched: Option<&'fd AtomicU64>,
}

impl<'fd> Source<'fd> {
    /// Begins at the start of `fd`, which must be a regular file open for reading.
    pub fn open(fd: BorrowedFd<'fd>, after: Afterwards) -> Result<Self, CallError> {
        Self::open_at(fd, 0, after)
    }

    /// Begins at `offset`.
    pub fn open_at(fd: BorrowedFd<'fd>, offset: u64, after: Afterwards) -> Result<Self, CallError> {
        let stat = fstat(fd).map_err(CallError::when(Op::Stat))?;
        let allocated = stat.st_blocks.saturating_mul(512);
        if stat.st_size > 1 << 20 {
            advise(fd, 0, 0, PosixFadviseAdvice::POSIX_FADV_SEQUENTIAL);
        }
        Ok(Self {
            fd,
            stat,
            offset,
            data_end: (allocated < stat.st_size).then_some(0),
            forgotten: offset,
            after,
            watched: None,
        })
    }

    /// Keeps `counter` at how far it was read, for whoever watches.
    #[must_use]
    pub fn watched_by(mut self, counter: Option<&'fd AtomicU64>) -> Self {
        self.watched = counter;
        self
    }

    /// Returns the size that the file had when it was opened here.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.stat.st_size.unsigned_abs()
    }

    /// Returns the time of its last change when it was opened here, in seconds since 1970.
    #[must_use]
    pub fn modified(&self) -> i64 {
        self.stat.st_mtime
    }

    /// Returns how far it was read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads until `buffer` is full, a hole begins, or the file ends; a hole is told whole and not read.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Run, CallError> {
        let mut room = buffer.len();
        if let Some(end) = self.data_end {
            let mut end = end;
            if self.offset >= end {
                match self.next_data()? {
                    (0, until) => end = until,
                    (hole, _) => return Ok(Run::Hole(hole)),
                }
            }
            room = room.min(usize::try_from(end.saturating_sub(self.offset)).unwrap_or(usize::MAX));
        }
        let mut filled = 0;
        while filled < room {
            match pread(self.fd, &mut buffer[filled..room], as_off(self.offset)) {
                Ok(0) => break,
                Ok(count) => {
                    filled += count;
                    self.offset += count as u64;
                }
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(CallError::new(Op::Read, errno)),
            }
        }
        if let Some(counter) = self.watched {
            counter.store(self.offset, Ordering::Relaxed);
        }
        self.forget();
        Ok(if filled == 0 { Run::End } else { Run::Data(filled) })
    }

    /// Looks for data from here on: how long the hole before it is (it is skipped), and where the data ends.
    fn next_data(&mut self) -> Result<(u64, u64), CallError> {
        let data = match lseek64(self.fd, as_off(self.offset), Whence::SeekData) {
            Ok(at) => at.unsigned_abs(),
            Err(Errno::ENXIO) => {
                let size = size_of(self.fd)?;
                self.data_end = Some(size);
                size.max(self.offset)
            }
            Err(_) => {
                self.data_end = None;
                return Ok((0, u64::MAX));
            }
        };
        let hole = data - self.offset;
        if hole == 0 {
            let end = lseek64(self.fd, as_off(self.offset), Whence::SeekHole);
            let end = end.map_or(u64::MAX, |at| at.unsigned_abs().max(self.offset));
            self.data_end = Some(end);
            return Ok((0, end));
        }
        self.offset = data;
        Ok((hole, data))
    }

    fn forget(&mut self) {
        if self.after == Afterwards::Forget && self.offset - self.forgotten >= DROP_STEP {
            advise(
                self.fd,
                self.forgotten,
                self.offset - self.forgotten,
                PosixFadviseAdvice::POSIX_FADV_DONTNEED,
            );
            self.forgotten = self.offset;
        }
    }
}

/// A file that is written from its start, or from an offset.
#[derive(Debug)]
pub struct Sink<'fd> {
    fd: BorrowedFd<'fd>,
    offset: u64,
    started: u64,
    forgotten: u64,
    after: Afterwards,
    /// Not more than so much is written.
    limit: Option<u64>,
    is_full: bool,
}

impl<'fd> Sink<'fd> {
    /// Begins at the start of `fd`, which must be a regular file open for writing, and not for appending.
    #[must_use]
    pub fn new(fd: BorrowedFd<'fd>, after: Afterwards) -> Self {
        Self::at(fd, 0, after)
    }

    /// Begins at `offset`.
    #[must_use]
    pub fn at(fd: BorrowedFd<'fd>, offset: u64, after: Afterwards) -> Self {
        Self {
            fd,
            offset,
            started: offset,
            forgotten: offset,
            after,
            limit: None,
            is_full: false,
        }
    }

    /// Refuses to take more than so many bytes in all.
    #[must_use]
    pub fn limited_to(self, limit: Option<u64>) -> Self {
        Self { limit, ..self }
    }

    /// Tells whether more was to be written than the limit allows.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Returns where the next byte goes: how much was written so far, for one that began at 0.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Writes all of `bytes`, and starts the way to the disk of what was written, a step at a time.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), CallError> {
        self.is_full |= (self.limit).is_some_and(|limit| self.offset.saturating_add(bytes.len() as u64) > limit);
        if self.is_full {
            return Err(CallError::new(Op::Write, Errno::EFBIG));
        }
        while !bytes.is_empty() {
            match pwrite(self.fd, bytes, as_off(self.offset)) {
                Ok(0) => return Err(CallError::new(Op::Write, Errno::EIO)),
                Ok(count) => {
                    self.offset += count as u64;
                    bytes = &bytes[count..];
                }
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(CallError::new(Op::Write, errno)),
            }
        }
        self.write_out();
        Ok(())
    }

    /// Leaves a hole of `length` bytes.
    pub fn skip(&mut self, length: u64) {
        self.offset += length;
        self.started = self.offset;
    }

    /// Starts write-out of whole steps; of the step before, which has most likely arrived, the pages make room.
    fn write_out(&mut self) {
        let ready = self.offset - self.started;
        if ready >= WRITE_OUT_STEP {
            start_write_out(self.fd, self.started, ready);
            if self.after == Afterwards::Forget && self.started > self.forgotten {
                let length = self.started - self.forgotten;
                advise(self.fd, self.forgotten, length, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
                self.forgotten = self.started;
            }
            self.started = self.offset;
        }
    }
}

/// Starts the way to the disk of a range (`length` 0: to the end) without waiting for it, so that many files' flushes,
/// one after another, find most of their work done. A failure shows itself in the flush.
pub fn start_write_out(fd: BorrowedFd<'_>, offset: u64, length: u64) {
    #[expect(unsafe_code, reason = "nix has no sync_file_range")]
    // SAFETY: the descriptor is borrowed and stays open during the call, which takes no pointer.
    let _started = unsafe {
        nix::libc::sync_file_range(
            fd.as_raw_fd(),
            as_off(offset),
            as_off(length),
            nix::libc::SYNC_FILE_RANGE_WRITE,
        )
    };
}

/// Lets go of a file's pages in memory, those that are on the disk: after the flush of a big file nobody will read soon.
pub fn forget_pages(fd: BorrowedFd<'_>) {
    advise(fd, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
}

/// Gets all of a file to the disk.
pub fn flush(fd: BorrowedFd<'_>) -> Result<(), CallError> {
    loop {
        match nix::unistd::fsync(fd) {
            Ok(()) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(CallError::new(Op::Flush, errno)),
        }
    }
}

/// Tells whether a file has holes, as the file system tells it. Its offset is at its start afterwards, where a program that gets it
/// as its input begins.
#[must_use]
pub fn has_holes(fd: BorrowedFd<'_>, size: u64) -> bool {
    let hole = lseek64(fd, 0, Whence::SeekHole);
    // Going back to the start of a regular file does not fail.
    let _ = lseek64(fd, 0, Whence::SeekSet);
    hole.is_ok_and(|hole| hole.unsigned_abs() < size)
}

/// Asks for a file's size.
pub fn size_of(fd: BorrowedFd<'_>) -> Result<u64, CallError> {
    let stat = fstat(fd).map_err(CallError::when(Op::Stat))?;
    Ok(stat.st_size.unsigned_abs())
}

/// A wish, not an order: where it cannot be met nothing is lost.
pub(crate) fn advise(fd: BorrowedFd<'_>, offset: u64, length: u64, advice: PosixFadviseAdvice) {
    let _wish = posix_fadvise(fd, as_off(offset), as_off(length), advice);
}

/// Offsets come from the kernel, which has none above `i64::MAX`.
pub(crate) fn as_off(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
