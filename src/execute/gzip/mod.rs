//! Compression as gzip does it, in process: one member, readable by everything that reads gzip.
//!
//! `level` has the promise of size, `serial` and `parallel` the two ways, `zeros` what both do with holes.

mod level;
mod parallel;
mod serial;
mod zeros;

use std::sync::{Mutex, MutexGuard, TryLockError};

use flate2::{Compress, Compression, Crc};

use super::conditions::{Conditions, EngineError};
use crate::sys::stream::{Sink, Source};
pub use level::Level;

/// From this size on a file is compressed by several threads, if there are several.
const PARALLEL_FROM: u64 = 64 << 20;

/// How much of a file is compressed with one setting, and by one thread at a time.
const BLOCK: usize = 1 << 20;

/// How far back a deflate stream can point.
const WINDOW: usize = 32 << 10;

/// Compresses all of `source` into one gzip member.
pub fn compress(
    level: Level,
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
    conditions: Conditions<'_>,
) -> Result<(), EngineError> {
    let header = header(level, source.modified());
    if source.size() >= PARALLEL_FROM && conditions.threads.get() > 1 {
        if let Some(_only) = take_the_threads() {
            return parallel::compress(level, header, source, sink, conditions);
        }
    }
    serial::compress(level, header, source, sink, conditions)
}

/// Takes the right to use more than one thread: one big file at a time, so that threads and memory stay bounded where
/// several workers each have one.
fn take_the_threads() -> Option<MutexGuard<'static, ()>> {
    static THREADS: Mutex<()> = Mutex::new(());
    match THREADS.try_lock() {
        Ok(taken) => Some(taken),
        Err(TryLockError::Poisoned(taken)) => Some(taken.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Makes the header that the program makes of a file on its standard input: no name, the file's time.
fn header(level: Level, modified: i64) -> [u8; 10] {
    let [a, b, c, d] = u32::try_from(modified).unwrap_or(0).to_le_bytes();
    [0x1f, 0x8b, 8, 0, a, b, c, d, level.header_flag(), 3]
}

/// Makes the end of a member: the checksum, and the length as far as it fits.
fn trailer(crc: &Crc, length: u64) -> [u8; 8] {
    let [a, b, c, d] = crc.sum().to_le_bytes();
    let [e, f, g, h, ..] = length.to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

/// Begins a stream anew behind bytes that are out already, with this setting. (In the middle of a stream the compressor changes only
/// between settings of one algorithm.)
fn begin_anew(deflate: &mut Compress, setting: Compression, before: &[u8]) -> Result<(), EngineError> {
    deflate.reset();
    deflate.set_level(setting).map_err(|error| engine_failed(&error))?;
    if !before.is_empty() {
        let primed = deflate.set_dictionary(window(before));
        primed.map_err(|error| engine_failed(&error))?;
    }
    Ok(())
}

/// Returns the last bytes, as far back as what follows may point.
fn window(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.len().saturating_sub(WINDOW)..]
}

fn engine_failed(error: &flate2::CompressError) -> EngineError {
    EngineError::Engine(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom, Write};
    use std::num::NonZero;
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileExt;

    use proptest::prelude::*;

    use super::*;
    use crate::sys::stream::Afterwards;

    type Way = fn(Level, [u8; 10], &mut Source<'_>, &mut Sink<'_>, Conditions<'_>) -> Result<(), EngineError>;

    fn conditions(threads: usize) -> Conditions<'static> {
        Conditions {
            threads: NonZero::new(threads).unwrap(),
            stop: &|| false,
            read: None,
            most: None,
        }
    }

    fn compressed(way: Way, level: u8, threads: usize, from: &File) -> File {
        let to = tempfile::tempfile().unwrap();
        let mut source = Source::open(from.as_fd(), Afterwards::Keep).unwrap();
        let mut sink = Sink::new(to.as_fd(), Afterwards::Forget);
        let level = Level::new(level).unwrap();
        way(level, header(level, 0), &mut source, &mut sink, conditions(threads)).unwrap();
        assert_eq!(source.offset(), from.metadata().unwrap().len());
        assert_eq!(sink.offset(), to.metadata().unwrap().len());
        to
    }

    fn holding(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// Says whether `packed` is one member, and its content that of `plain`.
    fn unpacks_to(mut packed: File, plain: &File) -> bool {
        packed.seek(SeekFrom::Start(0)).unwrap();
        let mut decoder = flate2::bufread::GzDecoder::new(std::io::BufReader::new(packed));
        let (mut got, mut want) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        let mut at = 0;
        loop {
            let count = decoder.read(&mut got).unwrap();
            if count == 0 {
                let mut rest = decoder.into_inner();
                return at == plain.metadata().unwrap().len() && rest.read(&mut got).unwrap() == 0;
            }
            plain.read_exact_at(&mut want[..count], at).unwrap();
            if got[..count] != want[..count] {
                return false;
            }
            at += count as u64;
        }
    }

    /// Says whether the content is kept: by one thread, and by several.
    fn kept(level: u8, threads: usize, plain: &File) -> [bool; 2] {
        [(serial::compress as Way, 1), (parallel::compress, threads)]
            .map(|(way, threads)| unpacks_to(compressed(way, level, threads, plain), plain))
    }

    fn lines(count: usize) -> Vec<u8> {
        let mut text = Vec::new();
        for line in 0..count {
            writeln!(
                text,
                "Nov 22 10:{:02} host app[{}]: request {} took {} ms",
                line % 60,
                line % 977,
                line * 7919,
                line % 131
            )
            .unwrap();
        }
        text
    }

    fn noise(count: usize) -> Vec<u8> {
        let mut state = 88_172_645_463_325_252_u64;
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn both_ways_keep_the_content_of_files_of_every_kind() {
        let contents = [
            vec![],
            vec![b'x'],
            vec![0; 3 << 20],
            noise(2_500_000),
            noise(BLOCK),
            lines(40_000),
            lines(120_000)[..6 * BLOCK].to_vec(),
            lines(120_000)[..4 * BLOCK].to_vec(),
            lines(120_000)[..=4 * BLOCK].to_vec(),
        ];
        for (number, content) in contents.iter().enumerate() {
            let plain = holding(content);
            for level in [1, 3, 6, 9] {
                assert_eq!(kept(level, 3, &plain), [true, true], "{number} -{level}");
            }
        }
    }

    #[test]
    fn both_ways_keep_holes_as_zeros() {
        let plain = tempfile::tempfile().unwrap();
        for (offset, text) in [
            (0, lines(1000)),
            (5 << 20, lines(3000)),
            ((40 << 20) + 12_345, noise(700_000)),
        ] {
            plain.write_all_at(&text, offset).unwrap();
        }
        plain.set_len((100 << 20) + 77).unwrap();
        assert_eq!(kept(6, 2, &plain), [true, true]);
    }

    #[test]
    fn both_ways_keep_holes_where_the_setting_changes() {
        let plain = tempfile::tempfile().unwrap();
        let text = lines(60_000);
        for (offset, length) in [
            (0, 1 << 20),
            // Across the borders of two blocks, behind holes shorter than a block.
            ((2 << 20) - 8192, 1 << 20),
            ((4 << 20) - 8192, 20_000),
            // From the border of a block on, and just behind one.
            (6 << 20, 100),
            ((9 << 20) + 4096, 2 << 20),
            ((14 << 20) - 4096, 4096),
        ] {
            plain.write_all_at(&text[..length], offset).unwrap();
        }
        plain.set_len(19 << 20).unwrap();
        for level in [6, 9] {
            assert_eq!(kept(level, 2, &plain), [true, true], "-{level}");
        }
    }

    #[test]
    fn a_big_file_is_compressed_by_several_threads_into_one_member() {
        let plain = holding(&lines(1_200_000));
        assert!(plain.metadata().unwrap().len() > PARALLEL_FROM);
        assert!(unpacks_to(compressed(compress_any, 1, 2, &plain), &plain));
    }

    fn compress_any(
        level: Level,
        _: [u8; 10],
        source: &mut Source<'_>,
        sink: &mut Sink<'_>,
        conditions: Conditions<'_>,
    ) -> Result<(), EngineError> {
        compress(level, source, sink, conditions)
    }

    #[test]
    fn a_hole_costs_little_more_than_its_blocks() {
        let plain = tempfile::tempfile().unwrap();
        plain.set_len(1 << 30).unwrap();
        let packed = compressed(serial::compress, 6, 1, &plain).metadata().unwrap().len();
        assert!(packed < 1_200_000, "{packed}");
    }

    #[test]
    fn a_compressor_that_failed_serves_the_next_file_as_if_new() {
        let plain = holding(&noise(600_000));
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        for way in [serial::compress as Way, parallel::compress] {
            let mut source = Source::open(plain.as_fd(), Afterwards::Keep).unwrap();
            let failed = way(
                Level::default(),
                [0; 10],
                &mut source,
                &mut Sink::new(full.as_fd(), Afterwards::Forget),
                conditions(2),
            );
            assert!(matches!(failed, Err(EngineError::Sink(error)) if error.errno == crate::sys::call::Errno::ENOSPC));
            assert!(unpacks_to(compressed(way, 6, 2, &plain), &plain));
        }
    }

    #[test]
    fn a_compression_that_is_told_to_stop_stops() {
        let plain = holding(b"text");
        let stopped = Conditions {
            stop: &|| true,
            ..conditions(2)
        };
        for way in [serial::compress as Way, parallel::compress] {
            let to = tempfile::tempfile().unwrap();
            let mut source = Source::open(plain.as_fd(), Afterwards::Keep).unwrap();
            let ended = way(
                Level::default(),
                [0; 10],
                &mut source,
                &mut Sink::new(to.as_fd(), Afterwards::Forget),
                stopped,
            );
            assert_eq!(ended, Err(EngineError::Stopped));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn whatever_goes_in_comes_out(
            runs in prop::collection::vec((0_usize..400_000, any::<bool>(), any::<u8>()), 0..5),
            level in 1_u8..=9,
        ) {
            let mut bytes = Vec::new();
            for (length, random, byte) in runs {
                if random {
                    bytes.extend(noise(length).into_iter().map(|noise| noise ^ byte));
                } else {
                    bytes.resize(bytes.len() + length, byte);
                }
            }
            let plain = holding(&bytes);
            prop_assert_eq!(kept(level, 2, &plain), [true, true]);
        }
    }
}
