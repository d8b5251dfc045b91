//! Names and reasons as they may be shown: no control character of somebody else's reaches a terminal or a journal.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::fault::ChildEnd;

/// Shows a path.
#[must_use]
pub fn path(path: &Path) -> String {
    bytes(path.as_os_str().as_bytes())
}

/// Shows a word.
#[must_use]
pub fn word(word: &OsStr) -> String {
    bytes(word.as_bytes())
}

/// Shows text: what is printable as it is, control characters and what is no UTF-8 as escapes.
#[must_use]
pub fn bytes(text: &[u8]) -> String {
    let mut shown = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            push(&mut shown, character);
        }
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
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

fn push(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\t' => shown.push_str("\\t"),
        '\r' => shown.push_str("\\r"),
        control if control.is_control() || is_invisible(control) => {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(control));
        }
        plain => shown.push(plain),
    }
}

/// Characters that break lines, turn the direction of text, or show nothing: Unicode's separators of lines and paragraphs, its
/// format characters but for the few that are signs of a script, and whatever else a display may leave out.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_as_escapes_and_letters_as_they_are() {
        for (raw, shown) in [
            (&b"/var/log/a b"[..], "/var/log/a b"),
            ("ログ".as_bytes(), "ログ"),
            (b"a\x1b[31mb", "a\\u{1b}[31mb"),
            (b"a\nb\tc", "a\\nb\\tc"),
            (b"\xff\xc3", "\\xff\\xc3"),
            ("a\u{202e}b\u{9b}".as_bytes(), "a\\u{202e}b\\u{9b}"),
        ] {
            assert_eq!(bytes(raw), shown);
        }
    }

    #[test]
    fn what_breaks_a_line_turns_it_or_is_not_seen_is_shown_as_an_escape() {
        for character in [
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{206f}',
            '\u{feff}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{e0001}',
            '\u{e007f}',
        ] {
            let name = format!("a{character}b");
            assert_eq!(bytes(name.as_bytes()), format!("a\\u{{{:x}}}b", u32::from(character)));
        }
        let seen = "\u{a0}é\u{600}\u{2027}\u{202f}\u{3000}\u{fffd}🗑";
        assert_eq!(bytes(seen.as_bytes()), seen);
    }

    #[test]
    fn a_path_list_is_shown_on_one_line() {
        assert_eq!(list(b"/var/log/a\n  /var/log/b\x1b\n"), "/var/log/a /var/log/b\\u{1b}");
    }

    #[test]
    fn a_script_keeps_its_lines_and_tabs_and_what_only_looks_like_one() {
        assert_eq!(lines(b"\tprintf 'a\\tb'\n\x1b"), "\tprintf 'a\\tb'\n\\u{1b}");
    }
}
