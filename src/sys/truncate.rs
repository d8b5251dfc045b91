//! `copytruncate` that loses nothing: a log's content goes to its archive, and then out of the log.
//!
//! Two steps, so that nothing original goes before its copy is known to be on the disk: [`copy`] copies and flushes; the
//! caller gives the archive its name and makes that durable; [`Copied::cut`] takes the copied part out of the log.
//! After a crash between them, archive and log both hold it; at no time neither of them does.
//!
//! How the log is cut depends on who writes it (`CutWay`). Archive and log together hold every byte once and in order.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::stat::fstat;
use nix::sys::statfs::{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, fstatfs};
use nix::sys::uio::pread;
use nix::unistd::ftruncate;

use super::call::{CallError, Doing};
use super::copy::{Afterwards, copy_range};
use super::lease::{Excluding, Lease, is_written};
use super::stream::{as_off, flush, forget_pages, size_of};
use crate::unix::FileId;

/// How far before the end of the head a block boundary that ends a line is looked for.
const LINE_SEARCH: u64 = 64 << 10;

/// How often what came meanwhile is copied and flushed before the log is cut; every time there is less of it.
const FLUSHED_ROUNDS: usize = 4;

/// How often what came meanwhile is copied at last, without a flush, to find the moment when nothing came.
const LAST_ROUNDS: usize = 64;

/// How long a child of ours may have our descriptors before it runs its program.
const CHILD_START: Duration = Duration::from_millis(1);

/// How a log was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutWay {
    /// Nobody had it open at all, and nobody could open it meanwhile: the log is empty.
    Alone,
    /// Nobody had it open for writing: the log is empty.
    NoWriter,
    /// The copied blocks were taken off its front; what a program wrote meanwhile is still in the log.
    Collapsed,
    /// It was copied until nothing more came, and emptied at once. What was written in that last moment is lost.
    Recopied,
    /// Somebody else cut it after it was copied; what is in it now was never copied, and stays.
    ByAnother,
}

/// What a cut did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How.
    pub way: CutWay,
    /// How many bytes went to the archive and out of the log.
    pub moved: u64,
    /// How many were left in the log, at least: the next write goes there.
    pub kept: u64,
}

/// A log whose content, from its start, is in an archive and on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the log is not cut yet"]
pub struct Copied {
    log: FileId,
    /// The archive holds exactly the log's bytes before this offset.
    length: u64,
}

/// How to open the log once more, for reading and writing.
pub type Reopen<'a> = &'a dyn Fn() -> Result<OwnedFd, CallError>;

/// Copies the log's content, or as much of it as will be cut, to the empty file `archive`, and flushes that.
///
/// `log` is open for reading only, and nobody in this process has the log open for writing: otherwise it would be
/// taken for somebody else's. `reopen` is called to learn before the work that the log may be written, and must answer
/// the same file; [`reopen_by_descriptor`] will do where `/proc` is there.
///
/// `after` is about the archive's pages in memory: `Forget` unless it is read again soon, to be compressed.
pub fn copy(
    log: BorrowedFd<'_>,
    archive: BorrowedFd<'_>,
    after: Afterwards,
    reopen: Reopen<'_>,
) -> Result<Copied, CallError> {
    let id = id_of(log)?;
    drop(reopened(reopen, id)?);
    let written = is_really_written(log);
    let size = size_of(log)?;
    let head = if written { head_to_collapse(log, size)? } else { None };
    let length = copy_range(log, archive, 0, head.unwrap_or(u64::MAX), after)?;
    flush(archive)?;
    if after == Afterwards::Forget {
        forget_pages(archive);
    }
    Ok(Copied { log: id, length })
}

impl Copied {
    /// Returns how many bytes of the log are in the archive.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Takes what was copied out of the log; what came meanwhile is copied first where it cannot stay.
    ///
    /// `log`, `archive` and `reopen` are those that [`copy`] had. The archive should have its final name, durably. `log`
    /// is closed on the way: nobody else having the log open can be made sure of only if we do not have it open twice.
    ///
    /// # Errors
    ///
    /// The log is whole, and the archive holds its beginning, unless it was the flush after a `Recopied` cut that failed.
    pub fn cut(self, log: OwnedFd, archive: BorrowedFd<'_>, reopen: Reopen<'_>) -> Result<Cut, CallError> {
        // Asked before the log is opened for writing, which the kernel would count as a writer.
        let written = is_really_written(log.as_fd());
        let log = {
            let writable = reopened(reopen, self.log)?;
            drop(log);
            writable
        };
        let mut scene = Scene {
            log: log.as_fd(),
            archive,
            length: self.length,
        };
        let size = size_of(scene.log)?;
        if size < self.length {
            return Ok(Cut {
                way: CutWay::ByAnother,
                moved: self.length,
                kept: size,
            });
        }
        if let Ok(lease) = Lease::take(scene.log, Excluding::Everybody) {
            let cut = scene.empty(CutWay::Alone);
            drop(lease);
            return cut;
        }
        if !written {
            return scene.empty(CutWay::NoWriter);
        }
        match scene.collapse()? {
            Some(cut) => Ok(cut),
            None => scene.recopy(),
        }
    }
}

/// The files of a cut, and how much of the log the archive holds.
struct Scene<'fd> {
    log: BorrowedFd<'fd>,
    archive: BorrowedFd<'fd>,
    length: u64,
}

impl Scene<'_> {
    /// Copies what came since, and says whether anything had come.
    fn catch_up(&mut self) -> Result<bool, CallError> {
        if size_of(self.log)? <= self.length {
            return Ok(false);
        }
        self.length = copy_range(self.log, self.archive, self.length, u64::MAX, Afterwards::Keep)?;
        Ok(true)
    }

    /// Empties a log that nobody writes.
    fn empty(&mut self, way: CutWay) -> Result<Cut, CallError> {
        if self.catch_up()? {
            flush(self.archive)?;
        }
        self.truncate(way)
    }

    fn truncate(&self, way: CutWay) -> Result<Cut, CallError> {
        ftruncate(self.log, 0).map_err(CallError::when(Doing::Truncate))?;
        Ok(Cut {
            way,
            moved: self.length,
            kept: 0,
        })
    }

    /// Takes the copied head off the log's front; `None` where that cannot be done, and nothing was.
    fn collapse(&mut self) -> Result<Option<Cut>, CallError> {
        let size = size_of(self.log)?;
        let Some(head) = head_to_collapse(self.log, size.min(self.length.saturating_add(1)))? else {
            return Ok(None);
        };
        let before = self.length;
        if head != before {
            // What is copied but stays in the log must not be in the archive, and that must be on the disk first.
            ftruncate(self.archive, as_off(head)).map_err(CallError::when(Doing::Write))?;
            flush(self.archive)?;
            self.length = head;
        }
        let flags = FallocateFlags::FALLOC_FL_COLLAPSE_RANGE;
        loop {
            match fallocate(self.log, flags, 0, as_off(head)) {
                Ok(()) => break,
                Err(Errno::EINTR) => {}
                Err(Errno::EOPNOTSUPP | Errno::EINVAL | Errno::ENOSYS | Errno::ETXTBSY) => return Ok(None),
                Err(errno) => return Err(CallError::new(Doing::Truncate, errno)),
            }
        }
        Ok(Some(Cut {
            way: CutWay::Collapsed,
            moved: head,
            kept: size - head,
        }))
    }

    /// Copies until nothing more comes, and empties the log at once.
    fn recopy(&mut self) -> Result<Cut, CallError> {
        for _ in 0..FLUSHED_ROUNDS {
            if !self.catch_up()? {
                break;
            }
            flush(self.archive)?;
        }
        let mut unflushed = false;
        for _ in 0..LAST_ROUNDS {
            if !self.catch_up()? {
                break;
            }
            unflushed = true;
        }
        let cut = self.truncate(CutWay::Recopied)?;
        if unflushed {
            flush(self.archive)?;
        }
        Ok(cut)
    }
}

/// Decides how many bytes can be taken off the front of a log of `size` bytes: whole blocks, not all of it, and up to the
/// end of a line if there is one to be had; `None` where the file system cannot, or there is not a block.
fn head_to_collapse(log: BorrowedFd<'_>, size: u64) -> Result<Option<u64>, CallError> {
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
fn collapsible_block(log: BorrowedFd<'_>) -> Option<u64> {
    let fs = fstatfs(log).ok()?;
    let kind = fs.filesystem_type();
    if kind != EXT4_SUPER_MAGIC && kind != XFS_SUPER_MAGIC {
        return None;
    }
    u64::try_from(fs.block_size()).ok().filter(|block| *block > 0)
}

/// Says whether somebody may have the log open for writing. A child of ours that is just being started has our own
/// descriptors for a moment, and looks like a writer: hence more than one question.
fn is_really_written(log: BorrowedFd<'_>) -> bool {
    for _ in 0..2 {
        match is_written(log) {
            Some(false) => return false,
            Some(true) => std::thread::sleep(CHILD_START),
            None => return true,
        }
    }
    is_written(log) != Some(false)
}

fn byte_at(file: BorrowedFd<'_>, offset: u64) -> Result<Option<u8>, CallError> {
    let mut byte = [0];
    loop {
        match pread(file, &mut byte, as_off(offset)) {
            Ok(count) => return Ok((count == 1).then_some(byte[0])),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(CallError::new(Doing::Read, errno)),
        }
    }
}

/// Cuts a log off without keeping anything of it.
pub fn empty(log: BorrowedFd<'_>) -> Result<(), CallError> {
    nix::unistd::ftruncate(log, 0).map_err(CallError::when(Doing::Truncate))
}

/// Says whether a program went on writing, after a cut, at the place where the log had ended: it does not append, and
/// left a hole. Worth asking some time after the cut, when the program has written.
#[must_use]
pub fn grew_a_hole(log: BorrowedFd<'_>, cut: &Cut) -> bool {
    cut.moved > 0 && matches!(byte_at(log, cut.kept), Ok(Some(0)))
}

/// Opens the file behind a descriptor once more, for reading and writing.
pub fn reopen_by_descriptor(fd: BorrowedFd<'_>) -> Result<OwnedFd, CallError> {
    use std::os::fd::AsRawFd;

    use nix::fcntl::{OFlag, open};
    use nix::sys::stat::Mode;
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    open(path.as_str(), flags, Mode::empty()).map_err(CallError::when(Doing::Open))
}

fn reopened(reopen: Reopen<'_>, id: FileId) -> Result<OwnedFd, CallError> {
    let file = reopen()?;
    if id_of(file.as_fd())? != id {
        return Err(CallError::new(Doing::Open, Errno::ESTALE));
    }
    Ok(file)
}

fn id_of(fd: BorrowedFd<'_>) -> Result<FileId, CallError> {
    let stat = fstat(fd).map_err(CallError::when(Doing::Stat))?;
    Ok(FileId {
        device: stat.st_dev,
        inode: stat.st_ino,
    })
}

impl fmt::Display for CutWay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Alone | Self::NoWriter => "emptied, nobody writes it",
            Self::Collapsed => "copied blocks taken off its front",
            Self::ByAnother => "cut by somebody else",
            Self::Recopied => "copied until nothing more came, and emptied",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::io::{Read, Write};
    use std::os::unix::fs::FileExt;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct Place {
        _dir: tempfile::TempDir,
        log: std::path::PathBuf,
    }

    impl Place {
        fn new(content: &[u8]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let log = dir.path().join("log");
            std::fs::write(&log, content).unwrap();
            Self { _dir: dir, log }
        }

        fn appender(&self) -> File {
            OpenOptions::new().append(true).open(&self.log).unwrap()
        }

        fn content(&self) -> Vec<u8> {
            std::fs::read(&self.log).unwrap()
        }

        /// Copies and cuts, with `meanwhile` done between; answers the cut and the archive's content.
        fn cut(&self, meanwhile: impl FnOnce()) -> (Cut, Vec<u8>) {
            let log = OwnedFd::from(File::open(&self.log).unwrap());
            let reopen = || open_both_ways(&self.log);
            let mut archive = tempfile::tempfile().unwrap();
            let copied = copy(log.as_fd(), archive.as_fd(), Afterwards::Forget, &reopen).unwrap();
            meanwhile();
            let cut = copied.cut(log, archive.as_fd(), &reopen).unwrap();
            let mut bytes = Vec::new();
            std::io::Seek::rewind(&mut archive).unwrap();
            archive.read_to_end(&mut bytes).unwrap();
            assert_eq!(cut.moved, bytes.len() as u64);
            (cut, bytes)
        }

        fn collapses(&self) -> bool {
            collapsible_block(File::open(&self.log).unwrap().as_fd()).is_some()
        }
    }

    fn open_both_ways(path: &Path) -> Result<OwnedFd, CallError> {
        Ok(OpenOptions::new().read(true).write(true).open(path).unwrap().into())
    }

    fn lines(range: std::ops::Range<usize>) -> Vec<u8> {
        range
            .flat_map(|number| format!("line {number:012}\n").into_bytes())
            .collect()
    }

    /// Other tests start programs, which have our descriptors for a moment: nobody is ever quite alone here.
    fn emptied(cut: &Cut) -> bool {
        matches!(cut.way, CutWay::Alone | CutWay::NoWriter) && cut.kept == 0
    }

    #[test]
    fn a_log_that_nobody_has_open_is_cut_while_nobody_can_open_it() {
        let mut ways = (0..100).map(|_| Place::new(b"line\n").cut(|| ()).0.way);
        assert!(ways.any(|way| way == CutWay::Alone));
    }

    #[test]
    fn a_log_that_nobody_has_open_ends_empty() {
        let place = Place::new(&lines(0..5000));
        let (cut, archive) = place.cut(|| ());
        assert!(emptied(&cut), "{cut:?}");
        assert!(archive == lines(0..5000) && place.content().is_empty());
    }

    #[test]
    fn what_a_program_left_between_copy_and_cut_is_archived() {
        let place = Place::new(&lines(0..5000));
        let (cut, archive) = place.cut(|| place.appender().write_all(&lines(5000..5003)).unwrap());
        assert!(emptied(&cut), "{cut:?}");
        assert!(archive == lines(0..5003) && place.content().is_empty());
    }

    #[test]
    fn a_reader_does_not_keep_a_log_from_being_emptied() {
        let place = Place::new(&lines(0..5000));
        let _reader = File::open(&place.log).unwrap();
        let (cut, archive) = place.cut(|| ());
        assert!(emptied(&cut), "{cut:?}");
        assert!(archive == lines(0..5000) && place.content().is_empty());
    }

    #[test]
    fn under_a_writer_archive_and_log_hold_every_line_once() {
        let place = Place::new(&lines(0..5000));
        let mut writer = place.appender();
        let (cut, archive) = place.cut(|| writer.write_all(&lines(5000..5100)).unwrap());
        let way = if place.collapses() {
            CutWay::Collapsed
        } else {
            CutWay::Recopied
        };
        assert_eq!(cut.way, way);
        assert_eq!([archive, place.content()].concat(), lines(0..5100));
        writer.write_all(b"x").unwrap();
        let grown = File::open(&place.log).unwrap();
        assert!(!grew_a_hole(grown.as_fd(), &cut));
    }

    #[test]
    fn a_writer_that_comes_after_the_copy_keeps_what_it_wrote_in_the_log() {
        let place = Place::new(&lines(0..5000));
        let mut writer = None;
        let (_, archive) = place.cut(|| writer.insert(place.appender()).write_all(&lines(5000..5002)).unwrap());
        assert_eq!([archive, place.content()].concat(), lines(0..5002));
    }

    #[test]
    fn a_cut_at_a_block_that_ends_a_line_is_preferred() {
        let mut content = vec![b'x'; 3 * 4096];
        content[2 * 4096 - 1] = b'\n';
        content.extend(lines(0..100));
        let place = Place::new(&content);
        let _writer = place.appender();
        let (cut, archive) = place.cut(|| ());
        if place.collapses() {
            assert_eq!((cut.way, archive.last()), (CutWay::Collapsed, Some(&b'\n')));
            assert_eq!(cut.moved, 2 * 4096);
        }
        assert_eq!([archive, place.content()].concat(), content);
    }

    #[test]
    fn a_log_under_one_block_is_emptied_under_a_writer() {
        let place = Place::new(b"short\n");
        let mut writer = place.appender();
        let (cut, archive) = place.cut(|| writer.write_all(b"more\n").unwrap());
        assert_eq!((cut.way, &archive[..]), (CutWay::Recopied, &b"short\nmore\n"[..]));
        assert_eq!(place.content(), b"");
    }

    #[test]
    fn an_empty_log_stays_empty() {
        let place = Place::new(b"");
        let (cut, archive) = place.cut(|| ());
        assert!(emptied(&cut), "{cut:?}");
        assert!(archive.is_empty() && place.content().is_empty());
    }

    #[test]
    fn a_log_that_another_cut_meanwhile_is_left_alone() {
        let place = Place::new(&lines(0..5000));
        let (cut, _) = place.cut(|| std::fs::write(&place.log, b"new\n").unwrap());
        assert_eq!((cut.way, place.content()), (CutWay::ByAnother, b"new\n".to_vec()));
    }

    #[test]
    fn a_writer_that_does_not_append_is_noticed() {
        let place = Place::new(&lines(0..5000));
        let writer = OpenOptions::new().write(true).open(&place.log).unwrap();
        let (cut, _) = place.cut(|| ());
        let log = File::open(&place.log).unwrap();
        assert!(!grew_a_hole(log.as_fd(), &cut));
        writer.write_all_at(b"on\n", lines(0..5000).len() as u64).unwrap();
        assert!(grew_a_hole(log.as_fd(), &cut));
    }

    #[test]
    fn a_log_that_was_swapped_is_not_cut() {
        let (place, other) = (Place::new(b"log\n"), Place::new(b"other\n"));
        let log = OwnedFd::from(File::open(&place.log).unwrap());
        let archive = tempfile::tempfile().unwrap();
        let copied = copy(log.as_fd(), archive.as_fd(), Afterwards::Keep, &|| {
            open_both_ways(&place.log)
        })
        .unwrap();
        let error = copied
            .cut(log, archive.as_fd(), &|| open_both_ways(&other.log))
            .unwrap_err();
        assert_eq!(error, CallError::new(Doing::Open, Errno::ESTALE));
        assert_eq!(
            (place.content(), other.content()),
            (b"log\n".to_vec(), b"other\n".to_vec())
        );
    }

    #[test]
    fn a_writer_at_full_speed_loses_nothing_where_blocks_can_be_taken_out() {
        let place = Place::new(&lines(0..2000));
        if !place.collapses() {
            println!("skipped: needs ext4 or xfs");
            return;
        }
        let stop = AtomicBool::new(false);
        let (mut archived, mut ways) = (Vec::new(), Vec::new());
        let written = std::thread::scope(|scope| {
            let mut writer = place.appender();
            let count = scope.spawn({
                let stop = &stop;
                move || {
                    let mut next = 2000;
                    while !stop.load(Ordering::Relaxed) {
                        writer.write_all(&lines(next..next + 1)).unwrap();
                        next += 1;
                    }
                    next
                }
            });
            for _ in 0..20 {
                // Under one block there is nothing to take out.
                while std::fs::metadata(&place.log).unwrap().len() < 16384 {
                    std::thread::yield_now();
                }
                let (cut, archive) = place.cut(|| ());
                ways.push(cut.way);
                archived.extend(archive);
            }
            stop.store(true, Ordering::Relaxed);
            count.join().unwrap()
        });
        archived.extend(place.content());
        assert_eq!(ways, [CutWay::Collapsed; 20]);
        assert!(archived == lines(0..written));
    }
}
