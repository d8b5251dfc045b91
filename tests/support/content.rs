//! The contents of a file as text in a manifest: lines, one escaped line, or a repeated piece.
//!
//! `| text` is a line, `= text` the whole content without a final newline, `& 1000 text` a piece a thousand times over.

/// Pieces longer than this are not looked for when a content is written down.
const LONGEST_PIECE: usize = 64;
/// Contents longer than this are written as a repeated piece where they are one.
const SHORT: usize = 600;

/// Reads the content lines that follow a file's line in a manifest.
pub(crate) fn read(lines: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        let text = line.get(2..).unwrap_or("");
        match line.as_bytes()[0] {
            b'|' => {
                bytes.extend(unescape(text));
                bytes.push(b'\n');
            }
            b'=' => bytes.extend(unescape(text)),
            b'&' => {
                let (count, piece) = text.split_once(' ').expect("& COUNT PIECE");
                bytes.extend(unescape(piece).repeat(count.parse().expect("a count")));
            }
            other => panic!("{} does not open a line of content: {line}", char::from(other)),
        }
    }
    bytes
}

/// Writes a content down as lines of a manifest.
pub(crate) fn write(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    if let Some(period) = period(bytes) {
        return format!("& {} {}\n", bytes.len() / period, escape(&bytes[..period]));
    }
    match bytes.strip_suffix(b"\n") {
        Some(text) => text
            .split(|&byte| byte == b'\n')
            .map(|line| format!("| {}\n", escape(line)))
            .collect(),
        None => format!("= {}\n", escape(bytes)),
    }
}

/// Returns the length of the piece of which a long content is made.
fn period(bytes: &[u8]) -> Option<usize> {
    let fits = |length: &usize| bytes.len() % length == 0 && bytes[*length..] == bytes[..bytes.len() - length];
    (bytes.len() > SHORT).then(|| (1..=LONGEST_PIECE).find(fits)).flatten()
}

/// Writes bytes as text: what is not printable ASCII or UTF-8 as `\n`, `\t` or `\xNN`, a backslash twice.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                control if control.is_control() => text.push_str(&format!("\\x{:02x}", u32::from(control))),
                plain => text.push(plain),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Reads what `escape` wrote.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'\\' {
            bytes.push(first);
            continue;
        }
        let (kind, tail) = rest.split_first().expect("something after a backslash");
        rest = tail;
        match kind {
            b'n' => bytes.push(b'\n'),
            b't' => bytes.push(b'\t'),
            b'x' => {
                let digits = std::str::from_utf8(&rest[..2]).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &rest[2..];
            }
            other => bytes.push(*other),
        }
    }
    bytes
}

#[test]
fn what_is_written_down_reads_back() {
    let many = b"abc\n".repeat(1000);
    for bytes in [&b"two\nlines\n"[..], b"no end", b"\x00\xff\\ \t", b"\n", b"", &many] {
        let text = write(bytes);
        assert_eq!(read(&text.lines().collect::<Vec<_>>()), bytes, "{text}");
    }
}
