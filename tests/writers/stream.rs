//! A program that writes numbered lines to a log it keeps open, and a reader that counts them over log and archives.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;

/// The program that writes.
pub(super) struct Writer(JoinHandle<u64>);

impl Writer {
    /// Starts to write lines of 32 bytes to a log, one `write` a line, for this long.
    pub(super) fn start(log: &Path, time: Duration) -> Self {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(log)
            .expect("the log can be made");
        Self(std::thread::spawn(move || {
            let begun = Instant::now();
            let mut number = 0_u64;
            let mut line = *b"000000000000 xxxxxxxxxxxxxxxxxx\n";
            while number % 64 != 0 || begun.elapsed() < time {
                file.write_all(&line).expect("the log can be written");
                number += 1;
                count_up(&mut line[..12]);
            }
            number
        }))
    }

    /// Tells if it has not come to its end.
    pub(super) fn is_writing(&self) -> bool {
        !self.0.is_finished()
    }

    /// Waits for its end, and returns how many lines it wrote.
    pub(super) fn finish(self) -> u64 {
        self.0.join().expect("the writer does not fail")
    }
}

/// Adds one to a decimal number; this is quick, and the writer is to be quick.
fn count_up(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            break;
        }
        *digit = b'0';
    }
}

/// What became of the lines.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How many were written.
    pub(super) written: u64,
    /// How many are nowhere.
    pub(super) lost: u64,
    /// How many come again, or too late.
    pub(super) doubled: u64,
    /// How many are no whole lines.
    pub(super) torn: u64,
}

impl Tally {
    /// Reads the archives, oldest first, and the log; each holds whole lines.
    pub(super) fn count(log: &Path, written: u64) -> Self {
        let mut tally = Self {
            written,
            ..Self::default()
        };
        let (mut line, mut next) = (Vec::new(), 0);
        for file in in_order(log) {
            let mut lines = BufReader::with_capacity(1 << 20, open(&file));
            while lines.read_until(b'\n', &mut line).expect("an archive can be read") > 0 {
                match number(&line) {
                    // What is left of a block at the head of the log.
                    None if file == log && line.trim_ascii().is_empty() && line.ends_with(b"\n") => {}
                    None => tally.torn += 1,
                    Some(number) if number < next => tally.doubled += 1,
                    Some(number) => {
                        tally.lost += number - next;
                        next = number + 1;
                    }
                }
                line.clear();
            }
        }
        tally.lost += written.saturating_sub(next);
        tally
    }

    /// Returns how many lines are not as they were written.
    pub(super) fn wrong(&self) -> u64 {
        self.lost + self.doubled + self.torn
    }
}

/// Returns the number of a whole line.
fn number(line: &[u8]) -> Option<u64> {
    let whole = line.len() == 32 && line.ends_with(b" xxxxxxxxxxxxxxxxxx\n");
    whole.then(|| std::str::from_utf8(&line[..12]).ok()?.parse().ok())?
}

/// Lists the archives of a log, oldest first, and the log.
fn in_order(log: &Path) -> Vec<PathBuf> {
    let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut archives: Vec<(u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(log.parent().expect("a log has a directory"))
        .expect("it can be read")
        .flatten()
    {
        let found = entry.file_name().to_string_lossy().into_owned();
        if let Some(rest) = found.strip_prefix(&format!("{name}.")) {
            let number = rest
                .trim_end_matches(".gz")
                .parse()
                .unwrap_or_else(|_| panic!("{found} was left over"));
            archives.push((number, entry.path()));
        }
    }
    archives.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    archives
        .into_iter()
        .map(|(_, path)| path)
        .chain([log.to_owned()])
        .collect()
}

/// Opens an archive to be read, uncompressed.
fn open(path: &Path) -> Box<dyn Read> {
    let file = File::open(path).expect("an archive can be read");
    if path.extension().is_some_and(|extension| extension == "gz") {
        Box::new(MultiGzDecoder::new(BufReader::new(file)))
    } else {
        Box::new(file)
    }
}
