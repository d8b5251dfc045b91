//! Mail: a program that sends it, and where the archive is compressed another one before it, with us between the two.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::waiting::{end_at_once, wait};
use super::{start, stdio};
use crate::fault::{ChildEnd, Ending, SysError};
use crate::sys::signals;

/// How much is passed on at once.
const PART: usize = 64 * 1024;

/// A letter.
#[derive(Debug)]
pub struct Letter<'a> {
    pub subject: &'a OsStr,
    pub address: &'a OsStr,
    /// Its text, or what is to be uncompressed.
    pub text: &'a File,
    /// The program that uncompresses, and how many bytes may come of it.
    pub uncompress: Option<(&'a Path, u64)>,
}

/// Runs the mail program as `PROGRAM -s SUBJECT ADDRESS` with the text as its input and its output closed to us.
///
/// # Errors
/// `Err` where a program cannot be started; how they ended is the value.
pub fn run_mail(program: &Path, letter: &Letter<'_>) -> Result<Ending, SysError> {
    let mut mail = Command::new(program);
    mail.arg("-s")
        .arg(letter.subject)
        .arg(letter.address)
        .stdout(Stdio::null());
    let Some((uncompress, most)) = letter.uncompress else {
        mail.stdin(stdio(letter.text, program)?);
        return wait(&mut start(&mut mail, program)?, None, program);
    };
    let mut first = Command::new(uncompress);
    first.stdin(stdio(letter.text, uncompress)?).stdout(Stdio::piped());
    let mut unpacker = start(&mut first, uncompress)?;
    drop(first);
    let unpacked = unpacker.stdout.take();
    mail.stdin(Stdio::piped());
    let mailed = start(&mut mail, program).and_then(|mut mailer| {
        let bounded = relay(unpacked, &mut mailer, most);
        if bounded.is_err() {
            end_at_once(&unpacker);
        }
        Ok((bounded, wait(&mut mailer, None, program)?))
    });
    let unpacked = wait(&mut unpacker, None, uncompress)?;
    let (bounded, mailed) = mailed?;
    Ok(bounded.and(mailed).and(unpacked))
}

/// Passes on what is unpacked, up to a bound. Where there is more the mailer is ended before it sees an end of its input, so that
/// half a letter is not sent; so where a signal asks us to end. The child keeps our end of its input until then.
fn relay(from: Option<ChildStdout>, mailer: &mut Child, most: u64) -> Ending {
    let (Some(mut from), Some(mut to)) = (from, mailer.stdin.take()) else {
        return Ok(());
    };
    let mut passed = 0_u64;
    let mut part = vec![0; PART];
    while let Some(count) = next(&mut from, &mut part) {
        passed = passed.saturating_add(count as u64);
        if passed > most {
            end_at_once(mailer);
            mailer.stdin = Some(to);
            return Err(ChildEnd::TooMuch(most));
        }
        if !pass_on(&mut to, &part[..count]) {
            break;
        }
    }
    if signals::caught().is_some() {
        mailer.stdin = Some(to);
    }
    Ok(())
}

/// Reads what is there next; nothing at the end, or where a signal asks us to end.
fn next(from: &mut ChildStdout, part: &mut [u8]) -> Option<usize> {
    loop {
        if !is_ready(from.as_fd(), PollFlags::POLLIN) {
            return None;
        }
        match from.read(part) {
            Ok(0) => return None,
            Ok(count) => return Some(count),
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(_) => return None,
        }
    }
}

/// Writes all of it; `false` where nobody reads on, or where a signal asks us to end.
fn pass_on(to: &mut ChildStdin, mut part: &[u8]) -> bool {
    // One who reads slowly must not keep us from hearing signals.
    let _ = fcntl(&*to, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
    while !part.is_empty() {
        if !is_ready(to.as_fd(), PollFlags::POLLOUT) {
            return false;
        }
        match to.write(part) {
            Ok(count) => part = &part[count..],
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Waits until a descriptor can be used; `false` where a signal asks us to end.
fn is_ready(fd: BorrowedFd<'_>, how: PollFlags) -> bool {
    let mut fds = vec![PollFd::new(fd, how)];
    fds.extend(signals::woken().map(|woken| PollFd::new(woken, PollFlags::POLLIN)));
    // Where it cannot be waited for, reading and writing wait.
    let _ = poll(&mut fds, PollTimeout::NONE);
    signals::caught().is_none()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Mails so many bytes, of which so many are allowed, by a program with this body; answers its end, and if it saw the letter's.
    fn mail(body: &str, bytes: usize, most: u64) -> (Ending, bool) {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("mailer");
        let seen = place.path().join("seen");
        std::fs::write(&program, format!("#!/bin/sh\n{body} >{}\n", seen.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let text = place.path().join("text");
        std::fs::write(&text, vec![b'x'; bytes]).unwrap();
        let letter = Letter {
            subject: OsStr::new("subject"),
            address: OsStr::new("address"),
            text: &File::open(&text).unwrap(),
            uncompress: Some((Path::new("/bin/cat"), most)),
        };
        let ended = run_mail(&program, &letter).unwrap();
        let seen = std::fs::read_to_string(&seen).unwrap_or_default();
        (ended, !seen.is_empty())
    }

    #[test]
    fn a_letter_of_the_largest_size_is_sent_and_one_byte_more_is_not() {
        for body in ["wc -c", "cat | wc -c", "trap '' TERM; wc -c"] {
            assert_eq!(mail(body, 1_000_000, 1_000_000), (Ok(()), true), "{body}");
            assert_eq!(
                mail(body, 1_000_001, 1_000_000),
                (Err(ChildEnd::TooMuch(1_000_000)), false),
                "{body}"
            );
        }
    }

    #[test]
    fn a_mailer_that_does_not_read_has_its_own_end() {
        assert_eq!(mail("exit 75", 10, 100).0, Err(ChildEnd::Status(75)));
        assert_eq!(mail("true", 10, 100).0, Ok(()));
        // What comes out of the archive finds nobody, which is the end of whatever unpacks it.
        assert_eq!(mail("true", 1_000_000, 2_000_000).0, Err(ChildEnd::Signal(13)));
    }
}
