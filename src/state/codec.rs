//! The text of a state file, line by line.
//!
//! A line is a path and a date, two words as a shell would split them. What we write is read the same by the reference.

use std::borrow::Cow;
use std::io::Write;

use super::problem::{BadLine, StampField};
use crate::clock::Stamp;

/// The first line of the files we write, with its end.
pub const TOP_LINE: &[u8] = b"logrotate state -- version 2\n";

/// The first line of older files, with its end.
pub const OLD_TOP_LINE: &[u8] = b"logrotate state -- version 1\n";

/// The longest line that the reference reads, its end included.
pub const LONGEST_LINE: usize = 8206;

/// An entry as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub path: Cow<'a, [u8]>,
    /// When it was last rotated; a date that did not exist has rolled over.
    pub stamp: Stamp,
}

/// Reads a line, without its end; `None` for an empty one.
///
/// # Errors
/// What is wrong with it.
pub fn parse_line(line: &[u8]) -> Result<Option<Entry<'_>>, BadLine> {
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() >= LONGEST_LINE {
        return Err(BadLine::TooLong);
    }
    if let Some(entry) = parse_plain(line) {
        return Ok(Some(entry));
    }
    if line.contains(&0) {
        return Err(BadLine::TooLong);
    }
    let mut words = split_words(line)?.into_iter();
    let (Some(path), Some(date), None) = (words.next(), words.next(), words.next()) else {
        return Err(BadLine::Shape);
    };
    let path = unescape(&path);
    if path.is_empty() {
        return Err(BadLine::Shape);
    }
    let stamp = parse_date(&date, &path)?;
    Ok(Some(Entry {
        path: Cow::Owned(path),
        stamp,
    }))
}

/// Writes a line with its end; answers `false`, and writes nothing, where it would be longer than the reference reads.
pub fn write_line(out: &mut Vec<u8>, path: &[u8], stamp: Stamp) -> bool {
    let start = out.len();
    write_path(out, path);
    write_stamp(out, stamp);
    let fits = out.len() - start <= LONGEST_LINE;
    if !fits {
        out.truncate(start);
    }
    fits
}

/// Writes a blank, the stamp as [`Stamp::state_form`] has it, and the line's end. There may be a million of them.
fn write_stamp(out: &mut Vec<u8>, stamp: Stamp) {
    let fields = [stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second];
    let mut separators = b"--:: ".iter();
    let Ok(year @ 1000..=9999) = u32::try_from(stamp.year) else {
        let written = writeln!(out, " {}", stamp.state_form());
        debug_assert!(written.is_ok(), "writing to memory does not fail");
        return;
    };
    let digits = |out: &mut Vec<u8>, number: u32| {
        let small = |number: u32| b'0' + u8::try_from(number % 10).unwrap_or(0);
        for place in [1000, 100, 10] {
            if number >= place {
                out.push(small(number / place));
            }
        }
        out.push(small(number));
    };
    out.push(b' ');
    digits(out, year);
    out.push(b'-');
    for field in fields {
        digits(out, field);
        out.extend(separators.next());
    }
    out.pop();
    out.push(b'\n');
}

/// Writes a path in quotes, with what is special in it escaped.
pub fn write_path(out: &mut Vec<u8>, path: &[u8]) {
    out.push(b'"');
    let mut rest = path;
    while let Some(at) = memchr::memchr3(b'"', b'\\', b'\n', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            _ => b"\\n",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Reads a line of the kind we write, without escapes, quickly; `None` for any other.
fn parse_plain(line: &[u8]) -> Option<Entry<'_>> {
    let rest = line.strip_prefix(b"\"")?;
    let end = memchr::memchr3(b'"', b'\\', 0, rest)?;
    let date = rest[end..].strip_prefix(b"\" ")?;
    let path = rest.get(..end).filter(|path| !path.is_empty())?;
    let mut at = 0;
    let mut number = |after: u8, most: u32| {
        let start = at;
        let mut number = 0_u32;
        while let Some(digit) = date.get(at).filter(|byte| byte.is_ascii_digit()) {
            number = number * 10 + u32::from(digit - b'0');
            at += 1;
            if at - start > 4 {
                return None;
            }
        }
        let ended = if after == 0 {
            at == date.len()
        } else {
            date.get(at) == Some(&after)
        };
        at += 1;
        (ended && at - start > 1 && number <= most).then_some(number)
    };
    let year = number(b'-', 2100).filter(|year| *year >= 1970)?;
    // A day that some months have not is left to the slow way, which knows how dates roll over.
    let month = number(b'-', 12).filter(|month| *month >= 1)?;
    let day = number(b'-', 28).filter(|day| *day >= 1);
    let stamp = match day {
        Some(day) => Stamp {
            year: i32::try_from(year).ok()?,
            month,
            day,
            hour: number(b':', 23)?,
            minute: number(b':', 59)?,
            second: number(0, 59)?,
        },
        None => parse_date(date, path).ok()?,
    };
    Some(Entry {
        path: Cow::Borrowed(path),
        stamp,
    })
}

/// Splits a line into words as the reference's shell-like splitter does: blanks outside quotes, `"` and `'`, backslashes.
fn split_words(line: &[u8]) -> Result<Vec<Vec<u8>>, BadLine> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut word: Vec<u8> = Vec::new();
    let mut quote = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            // Within quotes a backslash stays unless it stands before the quote.
            (Some(open), b'\\') => {
                let next = bytes.next().ok_or(BadLine::Shape)?;
                if next != open {
                    word.push(b'\\');
                }
                word.push(next);
            }
            (Some(_), _) => word.push(byte),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'\\') => word.push(bytes.next().ok_or(BadLine::Shape)?),
            (None, b' ' | b'\t' | b'\r' | 0x0b | 0x0c) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (None, _) => word.push(byte),
        }
    }
    if quote.is_some() {
        return Err(BadLine::Shape);
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// Undoes the escapes of a path; a backslash that begins none stands for itself.
fn unescape(word: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(word.len());
    let mut bytes = word.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let meant = match (byte, bytes.peek()) {
            (b'\\', Some(b'n')) => Some(b'\n'),
            (b'\\', Some(b'\\')) => Some(b'\\'),
            _ => None,
        };
        if meant.is_some() {
            bytes.next();
        }
        path.push(meant.unwrap_or(byte));
    }
    path
}

/// Reads a date as C's `sscanf("%d-%d-%d-%d:%d:%d")` does: what follows the day may be missing or garbage.
fn parse_date(word: &[u8], path: &[u8]) -> Result<Stamp, BadLine> {
    let mut rest = word;
    let mut numbers = [None; 6];
    let separators = [0, b'-', b'-', b'-', b':', b':'];
    for (slot, separator) in numbers.iter_mut().zip(separators) {
        if separator != 0 {
            let Some(after) = rest.strip_prefix(&[separator]) else {
                break;
            };
            rest = after;
        }
        let Some((number, after)) = scan_number(rest) else {
            break;
        };
        *slot = Some(number);
        rest = after;
    }
    let [Some(year), Some(month), Some(day), hour, minute, second] = numbers else {
        return Err(BadLine::Shape);
    };
    let (hour, minute, second) = (hour.unwrap_or(0), minute.unwrap_or(0), second.unwrap_or(0));
    let fields = [
        (StampField::Year, year, 1970, 2100),
        (StampField::Month, month, 1, 12),
        (StampField::Day, day, 0, 31),
        (StampField::Hour, hour, 0, 23),
        (StampField::Minute, minute, 0, 59),
        (StampField::Second, second, 0, 59),
    ];
    for (field, number, least, most) in fields {
        let let_through = field == StampField::Year && number == 1900;
        if !(least..=most).contains(&number) && !let_through {
            let path = path.to_vec();
            return Err(BadLine::Field { field, number, path });
        }
    }
    // The day before the first that is let through could be written, and not read again.
    let day = if month == 1 && (year == 1970 || year == 1900) {
        day.max(1)
    } else {
        day
    };
    let small = |number: i64| u32::try_from(number).unwrap_or(0);
    let year = i32::try_from(year).map_err(|_| BadLine::Shape)?;
    Stamp::rolled(
        year,
        small(month),
        small(day),
        small(hour),
        small(minute),
        small(second),
    )
    .ok_or(BadLine::Shape)
}

/// Reads a number with an optional sign; one too large to be held stays as large as can be.
fn scan_number(text: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let (digits, rest) = digits.split_at(count);
    let number = digits.iter().fold(0_i64, |number, digit| {
        number.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    Some((if negative { -number } else { number }, rest))
}

#[cfg(test)]
mod tests;
