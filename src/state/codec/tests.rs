//! Lines as the reference read and wrote them, in tables.

use proptest::prelude::*;

use super::*;
use crate::clock::tests::stamp;

/// Reads a line and writes what was read, or says what is wrong.
fn reread(line: &[u8]) -> String {
    match parse_line(line) {
        Ok(None) => "empty".into(),
        Ok(Some(entry)) => {
            let mut out = Vec::new();
            write_line(&mut out, &entry.path, entry.stamp);
            String::from_utf8_lossy(&out).trim_end().into()
        }
        Err(BadLine::Shape) => "bad".into(),
        Err(BadLine::TooLong) => "long".into(),
        Err(BadLine::Field { field, number, .. }) => format!("{} {number}", field.name()),
    }
}

/// The right column is what the reference's next state file has, or its complaint.
#[test]
fn a_line_is_read_as_the_reference_reads_it() {
    for (line, read) in [
        (&br#""/a" 2026-1-2"#[..], r#""/a" 2026-1-2-0:0:0"#),
        (br#""/a" 1970-1-0"#, r#""/a" 1970-1-1-0:0:0"#),
        (br#""/a" 1900-1-0-3:0:0"#, r#""/a" 1900-1-1-3:0:0"#),
        (br#""/a" 2026-1-2foo"#, r#""/a" 2026-1-2-0:0:0"#),
        (br#""/a" 2026-1-2-5"#, r#""/a" 2026-1-2-5:0:0"#),
        (br#""/a" 2026-1-2-5:x"#, r#""/a" 2026-1-2-5:0:0"#),
        (br#""/a" 2026-1-2-5:6:7junk"#, r#""/a" 2026-1-2-5:6:7"#),
        (br#""/a" 2026-1-2-5:6:7junk more"#, "bad"),
        (br"/a 2026-1-2", r#""/a" 2026-1-2-0:0:0"#),
        (br"/a\ b 2026-1-2", r#""/a b" 2026-1-2-0:0:0"#),
        (br"'/a x' 2026-1-2", r#""/a x" 2026-1-2-0:0:0"#),
        (br#""/a\nb\"c\\d" 2026-1-2"#, r#""/a\nb\"c\\d" 2026-1-2-0:0:0"#),
        (br#""/a\xb" 2026-1-2"#, r#""/a\\xb" 2026-1-2-0:0:0"#),
        (br#"  "/a"   2026-1-2"#, r#""/a" 2026-1-2-0:0:0"#),
        (b"\"/a\"\t2026-1-2\r", r#""/a" 2026-1-2-0:0:0"#),
        (br#""/a"2026-1-2"#, "bad"),
        (br#""/a""b" 2026-1-2"#, r#""/ab" 2026-1-2-0:0:0"#),
        (br#""/a"b 2026-1-2"#, r#""/ab" 2026-1-2-0:0:0"#),
        (br#""a" 2026-1-2"#, r#""a" 2026-1-2-0:0:0"#),
        (br#""/a" 2026-01-02-03:04:05"#, r#""/a" 2026-1-2-3:4:5"#),
        (br#""/a" 2026-2-31"#, r#""/a" 2026-3-3-0:0:0"#),
        (br#""/a" 2026-2-29-1:2:3"#, r#""/a" 2026-3-1-1:2:3"#),
        (br#""/a" 2026-1-31-1:2:3"#, r#""/a" 2026-1-31-1:2:3"#),
        (br#""/a" 2026-3-0-1:1:1"#, r#""/a" 2026-2-28-1:1:1"#),
        (br#""/a" 1900-1-1"#, r#""/a" 1900-1-1-0:0:0"#),
        (br#""/a" +2026-+1-1"#, r#""/a" 2026-1-1-0:0:0"#),
        (br#""/a" 1969-1-1"#, "year 1969"),
        (br#""/a" 2101-1-1-1:1:1"#, "year 2101"),
        (br#""/a" 2026-13-1-1:1:1"#, "month 13"),
        (br#""/a" 2026-0-1-1:1:1"#, "month 0"),
        (br#""/a" 2026--1-2"#, "month -1"),
        (br#""/a" 2026-1-32-1:1:1"#, "day 32"),
        (br#""/a" 2026-1-1-24:0:0"#, "hour 24"),
        (br#""/a" 2026-1-1-23:60:0"#, "minute 60"),
        (br#""/a" 2026-1-1-23:59:60"#, "second 60"),
        (br#""/a" 99999999999999999999-1-1"#, "year 9223372036854775807"),
        (br#""/a" 2026- 1- 2"#, "bad"),
        (br#""/a" 2026-1"#, "bad"),
        (br#""/a" 2026-1-2-3 4"#, "bad"),
        (br#""/a b" x"#, "bad"),
        (br#""/a"  "#, "bad"),
        (br#""/a"#, "bad"),
        (br#""/a\" 2026-1-2"#, "bad"),
        (br#""" 2026-1-2"#, "bad"),
        (br#""" 2026-1-2-1:1:1"#, "bad"),
        (b"   ", "bad"),
        (b"", "empty"),
        (b"\"/a\0b\" 2026-1-2-1:1:1", "long"),
        (b"\"/a\x01\" 2026-1-2-1:1:1", "\"/a\x01\" 2026-1-2-1:1:1"),
    ] {
        assert_eq!(reread(line), read, "{}", line.escape_ascii());
    }
}

#[test]
fn a_line_is_as_long_as_the_reference_reads_it() {
    for (length, read) in [(8193, true), (8194, false)] {
        let line = [b"\"/", vec![b'x'; length].as_slice(), b"\" 2026-1-2"].concat();
        assert_eq!(parse_line(&line).is_ok(), read, "{length}");
    }
    let mut out = b"before".to_vec();
    assert!(!write_line(&mut out, &vec![b'\n'; 4096], stamp("2026-11-22 10:10:10")));
    assert_eq!(out, b"before");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read_back(
        path in prop::collection::vec(prop_oneof![1_u8..=255, prop::sample::select(b"\\\"n' \n\r\t".to_vec())], 1..60),
        year in 1970_i32..=2100, month in 1_u32..=12, day in 1_u32..=28,
        hour in 0_u32..24, minute in 0_u32..60, second in 0_u32..60,
    ) {
        let stamp = Stamp { year, month, day, hour, minute, second };
        let mut line = Vec::new();
        prop_assert!(write_line(&mut line, &path, stamp));
        prop_assert_eq!(line.pop(), Some(b'\n'));
        prop_assert!(!line.contains(&b'\n'));
        let entry = parse_line(&line).unwrap().unwrap();
        prop_assert_eq!((entry.path.as_ref(), entry.stamp), (path.as_slice(), stamp));
    }

    #[test]
    fn no_line_is_too_odd_to_be_read(line in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\\\"'0123456789-: /a".to_vec())], 0..60)) {
        let _odd = parse_line(&line);
    }

    /// The quick way and the exact way agree: a blank in front makes every line take the exact one.
    #[test]
    fn the_quick_way_reads_what_the_exact_way_reads(date in "[0-9]{1,5}-[0-9]{1,3}-[0-9]{1,3}(-[0-9]{1,3}(:[0-9]{1,3}(:[0-9]{1,3}x?)?)?)?") {
        let line = format!("\"/a\" {date}");
        let exact = format!(" {line}");
        prop_assert_eq!(parse_line(line.as_bytes()), parse_line(exact.as_bytes()));
    }
}
