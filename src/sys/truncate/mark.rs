//! The line of blanks with which a log begins that was cut in the middle of a block: what was there is in an archive.
//!
//! Blocks are all that can be taken off a log, and lines do not end where blocks do. What is left of the last block is one line of
//! blanks, which is no content: it is not archived, and does not count for the log's size. It is known by how it ends, so that nothing
//! needs to be noted elsewhere and nothing can disagree with the log: whoever cut, replaced or restored it meanwhile took the mark
//! along or away. A program that writes such a line itself has a line of blanks less in its archive.

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, BorrowedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::facts::{FileFacts, Kind};
use crate::fault::Op;
use crate::sys::call::CallError;
use crate::sys::copy::read_at;
use crate::sys::dir::{Access, Dir};

/// How the line ends: blanks and tabs in an order that no program writes by chance.
const END: &[u8] = b"\t \t\t  \t \t   \t\t \n";

/// The shortest line that is known again.
pub(super) const SHORTEST: u64 = END.len() as u64;

/// The longest: a block of the largest size that a file system has, and what is needed to know it.
const LONGEST: u64 = (64 << 10) + SHORTEST;

/// As much of a log tells mostly that it begins with something else.
const FIRST: usize = 64;

/// Makes a line of so many bytes; one that is too short to be known again is a line of blanks all the same.
pub(super) fn line(length: u64) -> Vec<u8> {
    let length = usize::try_from(length).unwrap_or_default();
    let mut line = vec![b' '; length];
    let known = END.len().min(length);
    line[length - known..].copy_from_slice(&END[END.len() - known..]);
    line
}

/// Returns how many bytes of the log, from its start, are the mark of an earlier cut: none, mostly.
pub(super) fn length_of(log: BorrowedFd<'_>) -> Result<u64, CallError> {
    let mut head = vec![0; FIRST];
    for most in [FIRST, usize::try_from(LONGEST).unwrap_or(FIRST)] {
        head.resize(most, 0);
        let found = read_at(log, &mut head, 0)?;
        let text = head[..found].iter().position(|byte| !matches!(byte, b' ' | b'\t'));
        match text {
            Some(at) if head[at] == b'\n' && head[..=at].ends_with(END) => return Ok(at as u64 + 1),
            Some(_) => return Ok(0),
            None => {}
        }
    }
    Ok(0)
}

/// Returns how many bytes of a log are no content, by its name and what was seen of it. Large logs are not asked: it makes no
/// difference there.
#[must_use]
pub fn mark_in(dir: &Dir, name: &OsStr, facts: &FileFacts) -> u64 {
    if facts.kind != Kind::Regular || !(SHORTEST..=LONGEST).contains(&facts.size) {
        return 0;
    }
    let length = || {
        let (log, now) = dir.open_plain(name, Access::Read, Op::Open).ok()?;
        // A look is no access, where the process may say so.
        let _wish = fcntl(&log, FcntlArg::F_SETFL(OFlag::O_NOATIME));
        let length = length_of(log.as_fd()).ok();
        length.filter(|length| now.id == facts.id && *length <= facts.size)
    };
    // What cannot be read is what it looks like.
    length().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;
    use std::os::fd::AsFd as _;

    use super::*;

    fn length_in(content: &[u8]) -> u64 {
        let mut file: File = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        length_of(file.as_fd()).unwrap()
    }

    #[test]
    fn a_mark_is_known_again_and_nothing_else_is_one() {
        for length in [SHORTEST, SHORTEST + 1, 63, 64, 65, 4095, LONGEST] {
            assert_eq!(length_in(&line(length)), length);
            assert_eq!(length_in(&[&line(length)[..], b" \na line\n"].concat()), length);
        }
        let long = line(LONGEST + 1);
        let x_in_it = [b"x", &line(100)[..]].concat();
        for other in [
            &b""[..],
            b"\n",
            b"    \n",
            b" \t \t",
            b"a line\n",
            &line(SHORTEST - 1),
            &x_in_it,
            &long,
        ] {
            assert_eq!(length_in(other), 0, "{other:?}");
        }
    }
}
