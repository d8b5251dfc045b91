//! What is written to a log in the moment in which it is emptied: the page in which it ended is held, and read afterwards.

use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::unistd::{SysconfVar, pipe2, read, sysconf};

use crate::sys::stream::as_off;

/// A line that comes late is to find so much room in the page.
const ROOM: usize = 256;

/// The page of the log in which it ends. It lives on, with what was written to it last, when the log is emptied.
#[derive(Debug)]
pub(super) struct LastPage {
    /// A pipe that holds the page itself, and not a copy.
    pipe: OwnedFd,
    size: usize,
    /// The log ended here in it.
    from: usize,
}

impl LastPage {
    /// Holds the last page of a log of so many bytes; `None` where that cannot be, as where there is little room in it.
    pub(super) fn hold(log: BorrowedFd<'_>, length: u64) -> Option<Self> {
        let size = usize::try_from(sysconf(SysconfVar::PAGE_SIZE).ok()??).ok()?;
        let from = usize::try_from(length % size as u64).ok()?;
        if from == 0 || size - from < ROOM {
            return None;
        }
        let (pipe, into) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).ok()?;
        let start = as_off(length - from as u64);
        #[expect(unsafe_code, reason = "a page is named to the kernel by its address only")]
        // SAFETY: the mapping is new, nothing in this process reads or writes it, and it goes at the end of the block; the kernel
        // takes hold of the page and answers an error where it has gone.
        let held = unsafe {
            let page = mmap(
                None,
                NonZeroUsize::new(size)?,
                ProtFlags::PROT_READ,
                MapFlags::MAP_SHARED,
                log,
                start,
            )
            .ok()?;
            let part = libc::iovec {
                iov_base: page.as_ptr(),
                iov_len: size,
            };
            let held = libc::vmsplice(into.as_raw_fd(), &raw const part, 1, libc::SPLICE_F_NONBLOCK);
            munmap(page, size).ok()?;
            held
        };
        (usize::try_from(held) == Ok(size)).then_some(Self { pipe, size, from })
    }

    /// Returns what was written behind the end since, as far as it is in the page.
    pub(super) fn late(self) -> Vec<u8> {
        let (mut page, mut filled) = (vec![0; self.size], 0);
        while filled < self.size {
            match read(&self.pipe, &mut page[filled..]) {
                Ok(count) if count > 0 => filled += count,
                _ => break,
            }
        }
        // Behind the end of a file its last page is zeros.
        let end = page.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        page.get(self.from..end.max(self.from)).unwrap_or_default().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn what_is_written_until_the_log_is_emptied_is_found_again() {
        let mut log = tempfile::tempfile().unwrap();
        log.write_all(b"old\n").unwrap();
        let page = LastPage::hold(log.as_fd(), 4).unwrap();
        log.write_all(b"late\n").unwrap();
        log.set_len(0).unwrap();
        log.write_all(b"later, in another page\n").unwrap();
        assert_eq!(page.late(), b"late\n");
    }

    #[test]
    fn nothing_late_is_nothing() {
        let mut log = tempfile::tempfile().unwrap();
        log.write_all(&[b'x'; 5000]).unwrap();
        let page = LastPage::hold(log.as_fd(), 5000).unwrap();
        log.set_len(0).unwrap();
        assert_eq!(page.late(), b"");
        log.write_all(&[b'x'; 4096]).unwrap();
        assert!(LastPage::hold(log.as_fd(), 4096).is_none());
    }
}
