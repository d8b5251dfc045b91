//! Is a compressed file whole, and does it hold what another file holds? So a finished compression is known by its content
//! where a run ended before it removed the original.

use std::io::{self, BufRead, ErrorKind, Read};
use std::os::fd::BorrowedFd;

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder;

use super::conditions::{Conditions, EngineError};
use crate::sys::call::CallError;
use crate::sys::stream::{Afterwards, Run, Source};

/// How much is read, or unpacked, at once.
const BUFFER: usize = 128 << 10;

/// Says whether `packed` is a whole gzip or zstd file and its content is, to the last byte, that of `plain`.
///
/// Memory use does not depend on the sizes. A damaged or cut-off file is no error: the answer is `false`.
pub fn same_content(
    packed: BorrowedFd<'_>,
    plain: BorrowedFd<'_>,
    conditions: Conditions<'_>,
) -> Result<bool, EngineError> {
    let mut plain = Reader::open(plain)?;
    let mut same = true;
    let whole = unpack(packed, conditions, |bytes| {
        same = plain.begins_with(bytes)?;
        Ok(same)
    })?;
    match plain.fill_buf() {
        Ok(rest) => Ok(whole && same && rest.is_empty()),
        Err(error) => unless_unreadable(error),
    }
}

/// Says whether `packed` is a whole gzip or zstd file: it unpacks, and its checksums are right.
pub fn is_whole(packed: BorrowedFd<'_>, conditions: Conditions<'_>) -> Result<bool, EngineError> {
    unpack(packed, conditions, |_| Ok(true))
}

/// Unpacks a file, and shows what is in it as long as more is wanted; `false` if it is neither gzip nor zstd, not whole, or no more
/// was wanted.
fn unpack(
    packed: BorrowedFd<'_>,
    conditions: Conditions<'_>,
    mut wants_more: impl FnMut(&[u8]) -> io::Result<bool>,
) -> Result<bool, EngineError> {
    let mut packed = Reader::open(packed)?;
    let result = packed.unpacker().and_then(|mut unpacker| {
        let mut output = vec![0; BUFFER];
        loop {
            if (conditions.stop)() {
                return Ok(Err(EngineError::Stopped));
            }
            let count = unpacker.read(&mut output)?;
            if count == 0 || !wants_more(&output[..count])? {
                return Ok(Ok(count == 0));
            }
        }
    });
    match result {
        Ok(answer) => answer,
        Err(error) => unless_unreadable(error),
    }
}

/// Answers `false` for a file that is damaged or cut off.
fn unless_unreadable(error: io::Error) -> Result<bool, EngineError> {
    match error.downcast::<CallError>() {
        Ok(failed) => Err(EngineError::Source(failed)),
        Err(_) => Ok(false),
    }
}

/// A file read through a buffer, its holes as zeros.
struct Reader<'fd> {
    source: Source<'fd>,
    buffer: Vec<u8>,
    /// Where in the buffer the bytes are that were not used yet.
    held: std::ops::Range<usize>,
    /// How much of a hole is still to be given out.
    hole: u64,
}

impl<'fd> Reader<'fd> {
    fn open(fd: BorrowedFd<'fd>) -> Result<Self, EngineError> {
        Ok(Self {
            source: Source::open(fd, Afterwards::Keep).map_err(EngineError::Source)?,
            buffer: vec![0; BUFFER],
            held: 0..0,
            hole: 0,
        })
    }

    /// Chooses what unpacks the file: members one behind the other count together.
    fn unpacker(&mut self) -> io::Result<Box<dyn Read + '_>> {
        match self.fill_buf()? {
            [0x1f, 0x8b, ..] => Ok(Box::new(MultiGzDecoder::new(self))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Box::new(Decoder::with_buffer(self)?)),
            _ => Err(ErrorKind::InvalidData.into()),
        }
    }

    fn begins_with(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        while !bytes.is_empty() {
            let here = self.fill_buf()?;
            let count = here.len().min(bytes.len());
            if count == 0 || here[..count] != bytes[..count] {
                return Ok(false);
            }
            bytes = &bytes[count..];
            self.consume(count);
        }
        Ok(true)
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.held.is_empty() && self.hole == 0 {
            match self.source.read(&mut self.buffer).map_err(io::Error::other)? {
                Run::Data(count) => self.held = 0..count,
                Run::Hole(length) => self.hole = length,
                Run::End => {}
            }
        }
        if self.held.is_empty() && self.hole > 0 {
            let count = usize::try_from(self.hole).unwrap_or(BUFFER).min(BUFFER);
            self.buffer[..count].fill(0);
            self.hole -= count as u64;
            self.held = 0..count;
        }
        Ok(&self.buffer[self.held.clone()])
    }

    fn consume(&mut self, count: usize) {
        self.held.start += count;
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Seek, Write};
    use std::num::NonZero;
    use std::os::fd::AsFd;

    use super::*;
    use crate::execute::engine::{BuiltIn, compress, recognise};

    const CONDITIONS: Conditions<'static> = Conditions {
        threads: NonZero::<usize>::MIN,
        stop: &|| false,
        read: None,
        most: None,
    };

    fn holding(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn packed(with: BuiltIn, plain: &File) -> File {
        let to = tempfile::tempfile().unwrap();
        compress(with, plain.as_fd(), to.as_fd(), CONDITIONS).unwrap();
        to
    }

    fn same(packed: &File, plain: &File) -> bool {
        same_content(packed.as_fd(), plain.as_fd(), CONDITIONS).unwrap()
    }

    fn both() -> [BuiltIn; 2] {
        ["gzip", "zstd"].map(|name| recognise(name.as_ref(), &[]).unwrap())
    }

    #[test]
    fn what_was_packed_is_recognised_and_nothing_else_is() {
        let text: Vec<u8> = (0..400_000_u32).flat_map(|number| (number / 3).to_le_bytes()).collect();
        for with in both() {
            for content in [&text[..], b"", b"x", &vec![0; 3_000_000]] {
                let plain = holding(content);
                let packed = packed(with, &plain);
                assert!(same(&packed, &plain) && is_whole(packed.as_fd(), CONDITIONS).unwrap());
                let mut longer = content.to_vec();
                longer.push(0);
                assert!(!same(&packed, &holding(&longer)));
                if let Some((last, shorter)) = content.split_last() {
                    assert!(!same(&packed, &holding(shorter)));
                    let mut other = shorter.to_vec();
                    other.push(last ^ 1);
                    assert!(!same(&packed, &holding(&other)));
                }
            }
        }
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_not_whole() {
        let plain = holding(b"line 1\nline 2\nline 3\n");
        for with in both() {
            let packed = packed(with, &plain);
            for length in 0..packed.metadata().unwrap().len() {
                packed.set_len(packed.metadata().unwrap().len().min(length)).unwrap();
                assert!(!is_whole(packed.as_fd(), CONDITIONS).unwrap());
                let fresh = self::packed(with, &plain);
                fresh.set_len(length).unwrap();
                assert!(
                    !is_whole(fresh.as_fd(), CONDITIONS).unwrap() && !same(&fresh, &plain),
                    "{with:?} {length}"
                );
            }
        }
    }

    #[test]
    fn members_one_behind_the_other_count_together() {
        let plain = holding(b"onetwo");
        for with in both() {
            let mut first = packed(with, &holding(b"one"));
            let mut second = packed(with, &holding(b"two"));
            first.seek(std::io::SeekFrom::End(0)).unwrap();
            second.rewind().unwrap();
            std::io::copy(&mut second, &mut first).unwrap();
            assert!(same(&first, &plain));
            first.write_all(b"garbage").unwrap();
            assert!(!same(&first, &plain));
        }
    }

    #[test]
    fn a_plain_file_is_not_a_packed_one() {
        let plain = holding(b"text");
        assert!(!same(&plain, &plain));
    }
}
