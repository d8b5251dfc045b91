//! Paths of files that are named alike, as one: `app.log.{5..8}`, `app.log-*.bz2`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::words;

/// Longer numbers are dates or times: nobody wants to read each.
const MOST_DIGITS: usize = 4;

/// So many single numbers are written out.
const MOST_NUMBERS: usize = 6;

/// So many shapes of names are written out.
const MOST_SHAPES: usize = 3;

/// Writes paths as one, the first directory with them; names of several shapes stand one behind the other.
#[must_use]
pub(super) fn joined(paths: &[PathBuf]) -> String {
    let mut shapes: BTreeMap<(&Path, Vec<u8>), Vec<&[u8]>> = BTreeMap::new();
    for path in paths {
        let directory = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().unwrap_or_default().as_bytes();
        shapes.entry((directory, shape(name))).or_default().push(name);
    }
    let mut texts = Vec::new();
    let mut last = None;
    for ((directory, _), names) in shapes.iter().take(MOST_SHAPES) {
        let name = pattern(names);
        texts.push(if last == Some(*directory) {
            name
        } else {
            words::path(&directory.join(OsStr::new(""))) + &name
        });
        last = Some(*directory);
    }
    if shapes.len() > MOST_SHAPES {
        texts.push("\u{2026}".to_owned());
    }
    texts.join(" ")
}

/// Returns a name with each number in it as one sign.
fn shape(name: &[u8]) -> Vec<u8> {
    let mut shape = name.to_vec();
    shape
        .iter_mut()
        .filter(|byte| byte.is_ascii_digit())
        .for_each(|byte| *byte = 0);
    shape.dedup_by(|next, before| (*next, *before) == (0, 0));
    shape
}

/// Writes names of one shape as one.
fn pattern(names: &[&[u8]]) -> String {
    let [first, others @ ..] = names else {
        return String::new();
    };
    if others.is_empty() {
        return words::bytes(first);
    }
    let common = |from: &dyn Fn(&[u8], usize) -> Option<u8>| {
        let is_common = |at: &usize| others.iter().all(|name| from(name, *at) == from(first, *at));
        (0..first.len()).take_while(is_common).count()
    };
    let mut head = common(&|name, at| name.get(at).copied());
    let mut tail = common(&|name, at| name.get(name.len().checked_sub(at + 1)?).copied());
    // Numbers are whole.
    while head > 0 && first[head - 1].is_ascii_digit() {
        head -= 1;
    }
    while tail > 0 && first[first.len() - tail].is_ascii_digit() {
        tail -= 1;
    }
    let middles: Vec<&[u8]> = names
        .iter()
        .filter_map(|name| name.get(head..name.len() - tail))
        .collect();
    let (head, tail) = (words::bytes(&first[..head]), words::bytes(&first[first.len() - tail..]));
    format!("{head}{}{tail}", numbers(&middles).unwrap_or_else(|| "*".to_owned()))
}

/// Writes numbers as a shell would read them.
fn numbers(texts: &[&[u8]]) -> Option<String> {
    let read = |text: &&[u8]| {
        let is_plain = text.len() == 1 || text.first() != Some(&b'0');
        let is_short = (1..=MOST_DIGITS).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
        (is_plain && is_short).then(|| std::str::from_utf8(text).ok()?.parse::<u32>().ok())?
    };
    let mut numbers: Vec<u32> = texts.iter().map(read).collect::<Option<_>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    let (first, last) = (*numbers.first()?, *numbers.last()?);
    if numbers.len() > 2 && usize::try_from(last - first).ok()? + 1 == numbers.len() {
        return Some(format!("{{{first}..{last}}}"));
    }
    let written: Vec<String> = numbers.iter().map(u32::to_string).collect();
    (numbers.len() <= MOST_NUMBERS).then(|| format!("{{{}}}", written.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b11_names_of_one_shape_are_written_as_one() {
        for (names, expected) in [
            ("a.log.5", "/l/a.log.5"),
            ("a.log.1.gz a.log.2.gz", "/l/a.log.{1,2}.gz"),
            ("a.log.5 a.log.6 a.log.7 a.log.8", "/l/a.log.{5..8}"),
            ("a.log.8 a.log.10 a.log.9", "/l/a.log.{8..10}"),
            ("a.log.11 a.log.12", "/l/a.log.{11,12}"),
            ("a.log.5 a.log.7 a.log.9", "/l/a.log.{5,7,9}"),
            ("a.1 a.3 a.5 a.7 a.9 a.11 a.13", "/l/a.*"),
            ("a.log-20251130.bz2 a.log-20251201.bz2", "/l/a.log-*.bz2"),
            ("a-01-02-2026 a-01-03-2026", "/l/a-01-*-2026"),
            ("a.01 a.02", "/l/a.*"),
            ("a.log.5 a.log.6.gz", "/l/a.log.5 a.log.6.gz"),
            ("a.5 a.6 a.7.gz a.8.gz", "/l/a.{5,6} a.{7,8}.gz"),
            ("a.1 a.1.bz2 a.1.gz a.1.xz", "/l/a.1 a.1.bz2 a.1.gz \u{2026}"),
            ("a1.log.1 a2.log.1", "/l/a{1,2}.log.1"),
            ("a1.log.1 a2.log.2", "/l/a*"),
        ] {
            let paths: Vec<PathBuf> = names.split(' ').map(|name| Path::new("/l").join(name)).collect();
            assert_eq!(joined(&paths), expected, "{names}");
        }
        let apart = ["/a/x.1", "/b/x.1"].map(PathBuf::from);
        assert_eq!(joined(&apart), "/a/x.1 /b/x.1");
    }
}
