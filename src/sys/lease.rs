//! Who has a file open for writing: asked by a lease, which the kernel grants only where nobody does, or looked up in `/proc`.
//!
//! A lease is held for the moment of the question only, except by `truncate`.

use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::libc;
use nix::sys::stat::fstat;

use crate::unix::FileId;

/// `fcntl`'s command for the signal of a broken lease (`F_SETSIG` of the kernel's own headers).
const F_SETSIG: libc::c_int = 10;

/// Who has a file open for writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writers {
    /// Nobody.
    Nobody,
    /// Some program; its name where it can be found, as it named itself (untrusted bytes).
    Held(Option<OsString>),
    /// It could not be found out: leases are not allowed here, and not all processes could be looked at.
    Unknown,
}

/// What a lease excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excluding {
    /// Writers; the descriptor must be open for reading only.
    Writers,
    /// Everybody but the descriptor itself.
    Everybody,
}

/// A lease that was granted, until it is dropped. Whoever wants to open the file meanwhile waits for it.
#[derive(Debug)]
pub(crate) struct Lease<'fd>(BorrowedFd<'fd>);

impl<'fd> Lease<'fd> {
    /// Takes a lease on `fd`. `EAGAIN` says that somebody has the file open; other errors that it cannot be asked.
    pub(crate) fn take(fd: BorrowedFd<'fd>, excluding: Excluding) -> Result<Self, Errno> {
        // A broken lease is told by SIGIO, which would kill us; SIGURG does nothing unless somebody wants it.
        control(fd, F_SETSIG, libc::SIGURG)?;
        let kind = match excluding {
            Excluding::Writers => libc::F_RDLCK,
            Excluding::Everybody => libc::F_WRLCK,
        };
        control(fd, libc::F_SETLEASE, kind)?;
        Ok(Self(fd))
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // Giving back what one has does not fail; closing the descriptor would give it back, too.
        let _given_back = control(self.0, libc::F_SETLEASE, libc::F_UNLCK);
    }
}

fn control(fd: BorrowedFd<'_>, command: libc::c_int, argument: libc::c_int) -> Result<(), Errno> {
    loop {
        #[expect(unsafe_code, reason = "nix knows neither F_SETLEASE nor F_SETSIG")]
        // SAFETY: both commands take a plain number; the descriptor is borrowed and stays open during the call.
        let answer = unsafe { libc::fcntl(fd.as_raw_fd(), command, argument) };
        match Errno::result(answer) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Asks by a lease alone whether anybody has the file open for writing; `None` where leases are not allowed.
///
/// `fd` must be open for reading only, and nobody in this process may have the file open for writing. Three short
/// system calls; good for ten thousand files.
#[must_use]
pub fn is_written(fd: BorrowedFd<'_>) -> Option<bool> {
    match Lease::take(fd, Excluding::Writers) {
        Ok(_lease) => Some(false),
        Err(Errno::EAGAIN) => Some(true),
        Err(_) => None,
    }
}

/// Asks whether anybody has the file open for writing: by a lease, and only where leases are not allowed in `/proc`, which takes long.
/// Where neither can tell, nobody is taken to.
#[must_use]
pub fn is_held(fd: BorrowedFd<'_>) -> bool {
    is_written(fd).unwrap_or_else(|| matches!(who_writes(fd), Writers::Held(_)))
}

/// Asks who has the file open for writing: by a lease, and for the name, or where leases are not allowed, in `/proc`.
///
/// The same holds for `fd` as for [`is_written`]. Descriptors of this process do not count where `/proc` is asked.
#[must_use]
pub fn who_writes(fd: BorrowedFd<'_>) -> Writers {
    let written = is_written(fd);
    if written == Some(false) {
        return Writers::Nobody;
    }
    let found = fstat(fd.as_fd()).ok().map(|stat| {
        search(FileId {
            device: stat.st_dev,
            inode: stat.st_ino,
        })
    });
    match (written, found) {
        (_, Some(Found { name: Some(name), .. })) => Writers::Held(Some(name)),
        (Some(true), _) => Writers::Held(None),
        (_, Some(Found { all_seen: true, .. })) => Writers::Nobody,
        _ => Writers::Unknown,
    }
}

/// What a search of `/proc` found.
struct Found {
    /// The first program that has the file open for writing.
    name: Option<OsString>,
    /// Every process could be looked at.
    all_seen: bool,
}

fn search(id: FileId) -> Found {
    let mut found = Found {
        name: None,
        all_seen: true,
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        found.all_seen = false;
        return found;
    };
    let own = std::process::id().to_string();
    for process in processes.flatten() {
        let name = process.file_name();
        if !name.as_encoded_bytes().iter().all(u8::is_ascii_digit) || name.to_str() == Some(&own) {
            continue;
        }
        match has_open(&process.path(), id) {
            Some(true) => {
                let mut name = fs::read(process.path().join("comm")).unwrap_or_default();
                name.pop_if(|last| *last == b'\n');
                found.name = Some(OsString::from_vec(name));
                return found;
            }
            Some(false) => {}
            None => found.all_seen = false,
        }
    }
    found
}

/// Says whether a process has the file open for writing; `None` if its descriptors cannot be seen.
fn has_open(process: &Path, id: FileId) -> Option<bool> {
    let entries = match fs::read_dir(process.join("fdinfo")) {
        Ok(entries) => entries,
        // It ended meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(false),
        Err(_) => return None,
    };
    for entry in entries {
        let Ok(entry) = entry else { return None };
        let Ok(info) = fs::read_to_string(entry.path()) else {
            continue;
        };
        // The number first: a file elsewhere may be on a server that does not answer, and is not asked.
        if field(&info, "ino:", 10).is_some_and(|inode| inode != id.inode) || !writes(&info) {
            continue;
        }
        let file = process.join("fd").join(entry.file_name());
        if fs::metadata(file).is_ok_and(|facts| facts.ino() == id.inode && facts.dev() == id.device) {
            return Some(true);
        }
    }
    Some(false)
}

/// Says whether a descriptor, described as in `/proc/PID/fdinfo`, may write.
fn writes(info: &str) -> bool {
    field(info, "flags:", 8).is_some_and(|flags| flags & 3 != 0)
}

fn field(info: &str, name: &str, radix: u32) -> Option<u64> {
    let value = info.lines().find_map(|line| line.strip_prefix(name))?;
    u64::from_str_radix(value.trim(), radix).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::process::{Command, Stdio};

    use super::*;

    struct Writer(std::process::Child);

    impl Drop for Writer {
        fn drop(&mut self) {
            drop(self.0.stdin.take());
            self.0.wait().unwrap();
        }
    }

    /// Starts a program that has `path` open for writing until the value is dropped.
    fn writer(path: &Path) -> Writer {
        let file = OpenOptions::new().append(true).open(path).unwrap();
        let child = Command::new("cat").stdin(Stdio::piped()).stdout(file).spawn().unwrap();
        Writer(child)
    }

    fn log() -> (tempfile::TempPath, File) {
        let (file, path) = tempfile::NamedTempFile::new().unwrap().into_parts();
        drop(file);
        let file = File::open(&path).unwrap();
        (path, file)
    }

    #[test]
    fn a_file_that_nobody_has_open_is_written_by_nobody() {
        let (_path, file) = log();
        assert_eq!(is_written(file.as_fd()), Some(false));
        assert_eq!(who_writes(file.as_fd()), Writers::Nobody);
    }

    #[test]
    fn readers_are_not_writers() {
        let (path, file) = log();
        let _reader = File::open(&path).unwrap();
        assert_eq!(who_writes(file.as_fd()), Writers::Nobody);
    }

    #[test]
    fn a_program_that_has_the_file_open_for_writing_is_named() {
        let (path, file) = log();
        let writer = writer(&path);
        assert_eq!(is_written(file.as_fd()), Some(true));
        assert_eq!(who_writes(file.as_fd()), Writers::Held(Some("cat".into())));
        drop(writer);
        assert_eq!(who_writes(file.as_fd()), Writers::Nobody);
    }

    #[test]
    fn the_search_alone_finds_the_writer_too() {
        let (path, file) = log();
        let stat = fstat(&file).unwrap();
        let id = FileId {
            device: stat.st_dev,
            inode: stat.st_ino,
        };
        assert_eq!(search(id).name, None);
        let _writer = writer(&path);
        assert_eq!(search(id).name, Some("cat".into()));
    }

    #[test]
    fn a_lease_broken_by_a_writer_does_not_kill_us() {
        let (path, file) = log();
        let lease = Lease::take(file.as_fd(), Excluding::Writers).unwrap();
        let opened = std::os::unix::fs::OpenOptionsExt::custom_flags(OpenOptions::new().append(true), libc::O_NONBLOCK)
            .open(&path);
        assert_eq!(opened.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        drop(lease);
        OpenOptions::new().append(true).open(&path).unwrap();
    }
}
