//! Is a compressed file whole, and does it hold what another file holds? So a finished compression is known by its content
//! where a run ended before it removed the original.

use std::os::fd::BorrowedFd;

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::means::{EngineError, Means};
use crate::sys::stream::{Afterwards, Run, Source};

/// How much is read, or unpacked, at once.
const BUFFER: usize = 128 << 10;

/// Says whether `packed` is a whole gzip or zstd file and its content is, to the last byte, that of `plain`.
///
/// Memory use does not depend on the sizes. A damaged or cut-off file is no error: the answer is `false`.
pub fn same_content(packed: BorrowedFd<'_>, plain: BorrowedFd<'_>, means: Means<'_>) -> Result<bool, EngineError> {
    let mut plain = Reader::open(plain)?;
    let mut same = true;
    let whole = unpack(packed, means, &mut |bytes| {
        same = plain.begins_with(bytes)?;
        Ok(same)
    })?;
    Ok(whole && same && plain.is_at_end()?)
}

/// Says whether `packed` is a whole gzip or zstd file: it unpacks, and its checksums are right.
pub fn is_whole(packed: BorrowedFd<'_>, means: Means<'_>) -> Result<bool, EngineError> {
    unpack(packed, means, &mut |_| Ok(true))
}

/// Takes unpacked bytes; answers whether it wants more.
type Taker<'a> = &'a mut dyn FnMut(&[u8]) -> Result<bool, EngineError>;

/// Unpacks a file; `false` if it is neither gzip nor zstd, not whole, or no more was wanted.
fn unpack(packed: BorrowedFd<'_>, means: Means<'_>, take: Taker<'_>) -> Result<bool, EngineError> {
    let mut packed = Reader::open(packed)?;
    let mut kind: Option<Box<dyn Unpacker>> = match packed.more()? {
        [0x1f, 0x8b, ..] => Some(Box::new(Gzip(Decompress::new_gzip(15)))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Decoder::new().ok().map(|decoder| Box::new(Zstd(decoder)) as _),
        _ => None,
    };
    let Some(unpacker) = &mut kind else {
        return Ok(false);
    };
    let mut output = vec![0; BUFFER];
    let mut ended = false;
    loop {
        if (means.stop)() {
            return Err(EngineError::Stopped);
        }
        let input = packed.more()?;
        if input.is_empty() && ended {
            return Ok(true);
        }
        if ended {
            // Another member follows, as in files put one behind the other.
            unpacker.begin_again();
        }
        let Some(step) = unpacker.step(input, &mut output) else {
            return Ok(false);
        };
        packed.used(step.read);
        ended = step.ended;
        if step.read == 0 && step.written == 0 && !ended {
            return Ok(false);
        }
        if !take(&output[..step.written])? {
            return Ok(false);
        }
    }
}

/// What one call of an unpacker did.
struct Step {
    read: usize,
    written: usize,
    ended: bool,
}

trait Unpacker {
    /// Unpacks some; `None` if the input is damaged.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step>;

    /// Makes ready for another member.
    fn begin_again(&mut self);
}

struct Gzip(Decompress);

impl Unpacker for Gzip {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step> {
        let (read, written) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, output, FlushDecompress::None).ok()?;
        Some(Step {
            read: usize::try_from(self.0.total_in() - read).ok()?,
            written: usize::try_from(self.0.total_out() - written).ok()?,
            ended: status == Status::StreamEnd,
        })
    }

    fn begin_again(&mut self) {
        self.0 = Decompress::new_gzip(15);
    }
}

struct Zstd(Decoder<'static>);

impl Unpacker for Zstd {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step> {
        let mut from = InBuffer::around(input);
        let mut to = OutBuffer::around(output);
        let left = self.0.run(&mut from, &mut to).ok()?;
        Some(Step {
            read: from.pos(),
            written: to.pos(),
            ended: left == 0,
        })
    }

    fn begin_again(&mut self) {}
}

/// A file read through a buffer.
struct Reader<'fd> {
    source: Source<'fd>,
    buffer: Vec<u8>,
    /// Where in the buffer the bytes are that were not used yet.
    held: std::ops::Range<usize>,
    /// How much of a hole is still to be given out as zeros.
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

    /// Returns what comes next; nothing at the end.
    fn more(&mut self) -> Result<&[u8], EngineError> {
        if self.held.is_empty() && self.hole == 0 {
            self.held = match self.source.read(&mut self.buffer).map_err(EngineError::Source)? {
                Run::Data(count) => 0..count,
                Run::Hole(length) => {
                    self.hole = length;
                    0..0
                }
                Run::End => 0..0,
            };
        }
        if self.held.is_empty() && self.hole > 0 {
            let count = usize::try_from(self.hole).unwrap_or(BUFFER).min(BUFFER);
            self.buffer[..count].fill(0);
            self.hole -= count as u64;
            self.held = 0..count;
        }
        Ok(&self.buffer[self.held.clone()])
    }

    fn used(&mut self, count: usize) {
        self.held.start += count;
    }

    fn begins_with(&mut self, mut bytes: &[u8]) -> Result<bool, EngineError> {
        while !bytes.is_empty() {
            let here = self.more()?;
            let count = here.len().min(bytes.len());
            if count == 0 || here[..count] != bytes[..count] {
                return Ok(false);
            }
            bytes = &bytes[count..];
            self.used(count);
        }
        Ok(true)
    }

    fn is_at_end(&mut self) -> Result<bool, EngineError> {
        Ok(self.more()?.is_empty())
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

    const MEANS: Means<'static> = Means {
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
        compress(with, plain.as_fd(), to.as_fd(), MEANS).unwrap();
        to
    }

    fn same(packed: &File, plain: &File) -> bool {
        same_content(packed.as_fd(), plain.as_fd(), MEANS).unwrap()
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
                assert!(same(&packed, &plain) && is_whole(packed.as_fd(), MEANS).unwrap());
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
                assert!(!is_whole(packed.as_fd(), MEANS).unwrap());
                let fresh = self::packed(with, &plain);
                fresh.set_len(length).unwrap();
                assert!(
                    !is_whole(fresh.as_fd(), MEANS).unwrap() && !same(&fresh, &plain),
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
