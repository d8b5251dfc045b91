//! Names and reasons as they may be shown: no control character of somebody else's reaches a terminal or a journal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::clock::Stamp;
use crate::diag::Place;
use crate::fault::ChildEnd;
pub use crate::shown::bytes;

/// Shows a path.
#[must_use]
pub fn path(path: &Path) -> String {
    bytes(path.as_os_str().as_bytes())
}

/// Shows the line that a place is in.
#[must_use]
pub fn place(place: &Place) -> String {
    format!("{}:{}", path(&place.file), place.line)
}

/// Says how many there are of something.
pub(super) fn counted(count: impl TryInto<u64>, what: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

/// Names a program, as it named itself.
pub(super) fn program(name: Option<&str>) -> String {
    name.map_or_else(|| "a program".to_owned(), |name| bytes(name.as_bytes()))
}

/// Shows a word.
#[must_use]
pub fn word(word: &OsStr) -> String {
    bytes(word.as_bytes())
}

/// Writes a word as a shell reads it; `None` where it cannot be shown as it is.
#[must_use]
pub fn shell_word(text: &OsStr) -> Option<String> {
    let shown = word(text);
    if shown.as_bytes() != text.as_bytes() {
        return None;
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%+,-./:=@_".contains(&byte);
    if !shown.is_empty() && shown.bytes().all(is_plain) {
        return Some(shown);
    }
    Some(format!("'{}'", shown.replace('\'', "'\\''")))
}

/// Shows a path list, which may stand on several lines, on one.
#[must_use]
pub fn list(text: &[u8]) -> String {
    let parts = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).map(bytes).collect();
    parts.join(" ")
}

/// Shows text of several lines, such as a script: line ends and tabs stay.
#[must_use]
pub fn lines(text: &[u8]) -> String {
    let kept: Vec<String> = text
        .split(|byte| *byte == b'\n')
        .map(|line| {
            line.split(|byte| *byte == b'\t')
                .map(bytes)
                .collect::<Vec<_>>()
                .join("\t")
        })
        .collect();
    kept.join("\n")
}

/// Returns the kernel's words for an error number.
#[must_use]
pub fn reason(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Says how a child ended, in the reference's words.
#[must_use]
pub fn end(end: ChildEnd) -> String {
    match end {
        ChildEnd::Status(code) => format!("child did not exit with status 0 (but {code})"),
        ChildEnd::Signal(signal) => format!("child did not terminate normally (signal {signal})"),
        ChildEnd::TimedOut(limit) => {
            format!("child did not terminate normally (it was ended after {limit} seconds, its scripttimeout)")
        }
        ChildEnd::NoProgress(seconds) => format!(
            "child did not terminate normally (it was killed, since it made no progress for {seconds} seconds; see what the user \
             whose rights it had has stopped)"
        ),
        ChildEnd::TooLong(seconds) => format!(
            "child did not terminate normally (it was killed after {seconds} seconds, in which the slowest would have been done)"
        ),
        ChildEnd::NotStarted => "child was not started (programs with the rights of that user have held up this run \
                                 for long enough); the next run tries again"
            .to_owned(),
        ChildEnd::Withheld => {
            "child did not terminate normally (a process that traces it keeps it from ending)".to_owned()
        }
        ChildEnd::TooMuch(limit) => format!(
            "child did not terminate normally (it unpacks to more than {}, which no mail may have: nothing was sent, and it stays; \
             see what it is, and take it away by hand)",
            super::style::size(limit)
        ),
        ChildEnd::WroteNothing => {
            "child exited with status 0, but wrote nothing; try the compresscmd and its options by hand".to_owned()
        }
    }
}

/// Writes a local time as ISO 8601 has it, without a zone.
pub(super) fn iso(stamp: Stamp) -> String {
    let Stamp {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = stamp;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_list_is_shown_on_one_line() {
        assert_eq!(list(b"/var/log/a\n  /var/log/b\x1b\n"), "/var/log/a /var/log/b\\u{1b}");
    }

    #[test]
    fn a_script_keeps_its_lines_and_tabs_and_what_only_looks_like_one() {
        assert_eq!(lines(b"\tprintf 'a\\tb'\n\x1b"), "\tprintf 'a\\tb'\n\\u{1b}");
    }
}
