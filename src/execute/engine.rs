//! The compressors that are built in: which command lines they may stand in for, and how one is run.
//!
//! From one descriptor to another; files' names, and what happens to them, are not known here.

use std::ffi::{OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::conditions::{Conditions, EngineError};
use super::{gzip, zstd};
use crate::sys::stream::{Afterwards, Sink, Source};

/// A compressor that is built in, with its setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    Gzip(gzip::Level),
    Zstd(zstd::Setting),
}

/// What a compression did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compressed {
    /// How many bytes were read: the original must still have this size before it goes.
    pub read: u64,
    pub written: u64,
}

/// Compresses all of `from` into the empty file `to`. Nothing is flushed, and no pages are dropped, after the last byte.
pub fn compress(
    with: BuiltIn,
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    conditions: Conditions<'_>,
) -> Result<Compressed, EngineError> {
    let mut source = Source::open(from, Afterwards::Forget)
        .map_err(EngineError::Source)?
        .watched_by(conditions.read);
    let mut sink = Sink::new(to, Afterwards::Forget).limited_to(conditions.most);
    let done = match with {
        BuiltIn::Gzip(level) => gzip::compress(level, &mut source, &mut sink, conditions),
        BuiltIn::Zstd(setting) => zstd::compress(setting, &mut source, &mut sink, conditions),
    };
    done.map_err(|error| if sink.is_full() { EngineError::TooLarge } else { error })?;
    Ok(Compressed {
        read: source.offset(),
        written: sink.offset(),
    })
}

/// Decides whether a built-in compressor may stand in for this command line, its result being what the program's
/// would be, decompressed. `None` where that is not known for sure: options that are not understood, a program at an
/// unusual place, or options that the environment adds.
#[must_use]
pub fn recognise(command: &Path, options: &[OsString]) -> Option<BuiltIn> {
    let set = |names: &[&str]| names.iter().any(|name| std::env::var_os(name).is_some());
    let built_in = stands_in(command, options)?;
    let changed = match built_in {
        BuiltIn::Gzip(_) => set(&["GZIP"]),
        BuiltIn::Zstd(_) => set(&["ZSTD_CLEVEL", "ZSTD_NBTHREADS"]),
    };
    (!changed).then_some(built_in)
}

/// Tells whether a program is gzip, or takes its place, wherever it lies.
#[must_use]
pub fn is_gzip(command: &Path) -> bool {
    let name = command.file_name().map(OsStr::as_bytes);
    matches!(name, None | Some(b"gzip" | b"pigz"))
}

/// As [`recognise`], in an environment that says nothing.
fn stands_in(command: &Path, options: &[OsString]) -> Option<BuiltIn> {
    let options: Vec<&[u8]> = options.iter().map(|option| OsStr::as_bytes(option)).collect();
    match command.as_os_str().as_bytes() {
        b"" | b"gzip" | b"/bin/gzip" | b"/usr/bin/gzip" => gzip::Level::from_options(&options).map(BuiltIn::Gzip),
        b"zstd" | b"/bin/zstd" | b"/usr/bin/zstd" => zstd::Setting::from_options(&options).map(BuiltIn::Zstd),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognised(line: &str) -> Option<BuiltIn> {
        let mut words = line.split_whitespace().map(OsString::from);
        let command = words.next().unwrap_or_default();
        stands_in(Path::new(&command), &words.collect::<Vec<_>>())
    }

    #[test]
    fn gzip_is_stood_in_for_where_its_options_are_levels() {
        for (line, level) in [
            ("/bin/gzip", 6),
            ("gzip", 6),
            ("/usr/bin/gzip -9", 9),
            ("gzip --best", 9),
            ("gzip --fast", 1),
            ("gzip -9 -4", 4),
            ("gzip -c -n -7", 7),
            ("gzip --no-name --stdout --quiet", 6),
        ] {
            assert_eq!(recognised(line), gzip::Level::new(level).map(BuiltIn::Gzip), "{line}");
        }
    }

    #[test]
    fn whatever_is_not_known_for_sure_is_left_to_the_program() {
        for line in [
            "/opt/bin/gzip",
            "pigz",
            "/bin/bzip2",
            "gzip -d",
            "gzip -0",
            "gzip -10",
            "gzip -v",
            "gzip --rsyncable",
            "gzip file",
            "zstd -d",
            "zstd --long",
            "zstd -20",
            "zstd -0",
            "zstd --adapt",
        ] {
            assert_eq!(recognised(line), None, "{line}");
        }
    }

    #[test]
    fn zstd_is_stood_in_for_where_its_options_are_a_level_or_threads() {
        for line in [
            "zstd",
            "zstd -1",
            "/usr/bin/zstd -9",
            "zstd -T0",
            "zstd -3 -T2",
            "zstd --threads=1 -q",
        ] {
            assert!(matches!(recognised(line), Some(BuiltIn::Zstd(_))), "{line}");
        }
    }
}
