//! Compression as zstd does it, in process.

use std::num::NonZero;

use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation, OutBuffer};

use super::conditions::{Conditions, EngineError};
use crate::sys::stream::{Run, Sink, Source};

/// How much is read at once.
const INPUT: usize = 256 << 10;

/// How much output is gathered before it is written.
const OUTPUT: usize = 128 << 10;

/// The highest level that is done in process: above it the compressor takes more memory than a run may.
const HIGHEST: i32 = 12;

/// A level and a number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    level: i32,
    threads: Threads,
}

/// How many threads are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Threads {
    /// As many as there are processors.
    All,
    /// So many.
    Count(u32),
}

impl Setting {
    /// Reads the program's options; `None` if one of them is not known for sure to be a level or a number of threads.
    #[must_use]
    pub fn from_options(options: &[&[u8]]) -> Option<Self> {
        let mut setting = Self {
            level: 3,
            threads: Threads::Count(1),
        };
        for option in options {
            match *option {
                b"-q" | b"--quiet" | b"-c" | b"--stdout" => {}
                [b'-', b'T', number @ ..] => setting.threads = threads(number)?,
                [b'-', b'-', b't', b'h', b'r', b'e', b'a', b'd', b's', b'=', number @ ..] => {
                    setting.threads = threads(number)?;
                }
                [b'-', number @ ..] => setting.level = level(number)?,
                _ => return None,
            }
        }
        Some(setting)
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    (digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

fn threads(digits: &[u8]) -> Option<Threads> {
    number(digits).map(|count| if count > 0 { Threads::Count(count) } else { Threads::All })
}

fn level(digits: &[u8]) -> Option<i32> {
    let level = i32::try_from(number(digits)?).ok()?;
    (1..=HIGHEST).contains(&level).then_some(level)
}

/// Compresses all of `source` into one frame with a checksum.
pub fn compress(
    setting: Setting,
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
    conditions: Conditions<'_>,
) -> Result<(), EngineError> {
    let mut encoder = encoder(setting, conditions.threads)?;
    let mut input = vec![0; INPUT];
    let mut output = vec![0; OUTPUT];
    loop {
        if (conditions.stop)() {
            return Err(EngineError::Stopped);
        }
        match source.read(&mut input).map_err(EngineError::Source)? {
            Run::Data(count) => feed(&mut encoder, &input[..count], &mut output, sink)?,
            Run::Hole(length) => {
                input.fill(0);
                let mut left = length;
                while left > 0 {
                    if (conditions.stop)() {
                        return Err(EngineError::Stopped);
                    }
                    let count = usize::try_from(left).unwrap_or(INPUT).min(INPUT);
                    feed(&mut encoder, &input[..count], &mut output, sink)?;
                    left -= count as u64;
                }
            }
            Run::End => break,
        }
    }
    loop {
        let mut out = OutBuffer::around(&mut output[..]);
        let left = encoder.finish(&mut out, true).map_err(failed)?;
        sink.write(out.as_slice()).map_err(EngineError::Sink)?;
        if left == 0 {
            return Ok(());
        }
    }
}

fn encoder(setting: Setting, available: NonZero<usize>) -> Result<Encoder<'static>, EngineError> {
    let mut encoder = Encoder::new(setting.level).map_err(failed)?;
    encoder.set_parameter(CParameter::ChecksumFlag(true)).map_err(failed)?;
    let available = u32::try_from(available.get()).unwrap_or(1);
    let threads = match setting.threads {
        Threads::All => available,
        Threads::Count(count) => count.min(available),
    };
    if threads > 1 {
        encoder.set_parameter(CParameter::NbWorkers(threads)).map_err(failed)?;
    }
    Ok(encoder)
}

fn feed(encoder: &mut Encoder<'_>, input: &[u8], output: &mut [u8], sink: &mut Sink<'_>) -> Result<(), EngineError> {
    let mut input = InBuffer::around(input);
    while input.pos() < input.src.len() {
        let mut out = OutBuffer::around(&mut *output);
        encoder.run(&mut input, &mut out).map_err(failed)?;
        sink.write(out.as_slice()).map_err(EngineError::Sink)?;
    }
    Ok(())
}

fn failed(error: std::io::Error) -> EngineError {
    EngineError::Engine(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek};
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::sys::stream::Afterwards;

    #[test]
    fn what_goes_in_comes_out_at_every_level_with_and_without_threads() {
        let plain = tempfile::tempfile().unwrap();
        let text: Vec<u8> = (0..300_000_u32).flat_map(|number| (number / 5).to_le_bytes()).collect();
        plain.write_all_at(&text, 0).unwrap();
        plain.write_all_at(&text, 9 << 20).unwrap();
        plain.set_len(11 << 20).unwrap();
        let mut want = Vec::new();
        (&plain).rewind().unwrap();
        (&plain).read_to_end(&mut want).unwrap();
        for options in [&b"-1"[..], b"-3", b"-12", b"-T2", b"-T0"] {
            let setting = Setting::from_options(&[options]).unwrap();
            assert!(unpacked(&packed(setting, &plain)) == want, "{setting:?}");
        }
    }

    #[test]
    fn an_empty_file_is_a_frame() {
        let packed = packed(Setting::from_options(&[]).unwrap(), &tempfile::tempfile().unwrap());
        assert!(packed.metadata().unwrap().len() > 0);
        assert!(unpacked(&packed).is_empty());
    }

    fn packed(setting: Setting, plain: &File) -> File {
        let to = tempfile::tempfile().unwrap();
        let mut source = Source::open(plain.as_fd(), Afterwards::Keep).unwrap();
        let conditions = Conditions {
            threads: NonZero::new(2).unwrap(),
            stop: &|| false,
            read: None,
            most: None,
        };
        compress(
            setting,
            &mut source,
            &mut Sink::new(to.as_fd(), Afterwards::Keep),
            conditions,
        )
        .unwrap();
        to
    }

    fn unpacked(mut packed: &File) -> Vec<u8> {
        packed.rewind().unwrap();
        zstd::stream::decode_all(packed).unwrap()
    }
}
