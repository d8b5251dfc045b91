//! Formats against tables and against the C library's `strftime`.

use proptest::prelude::*;

use super::*;
use crate::clock::Zone;
use crate::clock::tests::berlin;

fn applied(format: &str, now: &str) -> String {
    let suffix = DateFormat::parse(format.as_bytes())
        .unwrap()
        .apply(&berlin(now).moment());
    String::from_utf8(suffix.unwrap()).unwrap()
}

#[test]
fn what_is_no_specifier_stands_for_itself() {
    for (format, suffix) in [
        ("-%Y%m%d", "-20261118"),
        ("%%Y", "%2026"),
        ("%%", "%%"),
        ("%", "%"),
        ("%q%%%d", "%q%%18"),
        (" \t-%Y ", "-2026 "),
        ("-%s%z", "-1794996400+0100"),
        ("%A%B%c%D%e%F%I%l%p%Z%n%t", "%A%B%c%D%e%F%I%l%p%Z%n%t"),
    ] {
        assert_eq!(applied(format, "2026-11-18 11:6:40"), suffix, "{format}");
    }
}

#[test]
fn a_format_is_too_long_where_the_reference_finds_it_so() {
    for (format, fits) in [
        ("------%Y%Y%Y%Y%Y%Y", true),
        ("-------%Y%Y%Y%Y%Y%Y", false),
        ("------%Y%Y%Y%Y%Y%m%d", true),
        ("-------%s%s%Y", false),
        ("------%s%s%Y", true),
        ("----------------%s%s%d", true),
        ("-----------------%s%s%d", false),
        // A plain character at the end goes one further.
        ("-%Y-%Y-%Y-%Y-%Y-%Y-", true),
        ("-%Y-%Y-%Y-%Y-%Y-%Y--", false),
        ("-%s%s%Y%q%qxx", true),
        ("-------%s%s%Y%", false),
        ("%Y%m%d%H%M%S%s%z", false),
    ] {
        assert_eq!(DateFormat::parse(format.as_bytes()).is_ok(), fits, "{format}");
    }
}

#[test]
fn a_suffix_has_less_than_64_bytes() {
    let moment = berlin("2026-11-18 11:6:40").moment();
    for (length, fits) in [(63, true), (64, false)] {
        let format = DateFormat::parse(&vec![b'-'; length]).unwrap();
        assert_eq!(format.apply(&moment).is_ok(), fits, "{length}");
    }
}

/// Formats by the C library, in UTC.
fn by_the_c_library(format: &str, epoch: i64) -> String {
    let format = std::ffi::CString::new(format).unwrap();
    let mut text = [0_u8; 256];
    #[expect(unsafe_code, reason = "the C library is the oracle of this test")]
    // SAFETY: tm is plain data that gmtime_r fills; both pointers live until the calls are over; the length is the array's.
    let length = unsafe {
        let mut tm = std::mem::zeroed();
        nix::libc::gmtime_r(&epoch, &raw mut tm);
        nix::libc::strftime(text.as_mut_ptr().cast(), text.len(), format.as_ptr(), &raw const tm)
    };
    String::from_utf8(text[..length].to_vec()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// From 2001-09-09, where `%s` has got its tenth digit, to 2286, where it gets one more.
    #[test]
    fn every_specifier_is_written_as_by_strftime(epoch in 1_000_000_000_i64..9_999_999_999) {
        let moment = Zone::Utc.moment(epoch);
        for (letter, field, width, ..) in FIELDS {
            let format = format!("%{}", char::from(letter));
            // strftime's %s takes its fields for local time, so it is no oracle.
            let expected = if field == Field::Epoch { epoch.to_string() } else { by_the_c_library(&format, epoch) };
            let suffix = DateFormat::parse(format.as_bytes()).unwrap().apply(&moment).unwrap();
            prop_assert_eq!(String::from_utf8(suffix.clone()).unwrap(), expected);
            prop_assert_eq!(suffix.len(), width);
        }
    }

    #[test]
    fn what_was_written_is_read_back_in_order(
        // Before 2069, where a year of two digits turns over.
        first in 1_000_000_000_i64..2_700_000_000,
        later in 0_i64..400_000_000,
        format in prop::sample::select(vec![
            ("%d.%m.%Y %S%M%H", 1), ("%s", 1), ("%j-%Y", DAY_SECONDS), ("%u%V%G", DAY_SECONDS), ("%V-%G", 7 * DAY_SECONDS),
            ("%w%U%Y", DAY_SECONDS), ("%w%W%Y", DAY_SECONDS), ("%V%g", 7 * DAY_SECONDS), ("%d%m%y", DAY_SECONDS),
        ]),
    ) {
        let (format, step) = format;
        let format = DateFormat::parse(format.as_bytes()).unwrap();
        let read = |epoch| format.read(&format.apply(&Zone::Utc.moment(epoch)).unwrap()).unwrap();
        let (one, other) = (read(first), read(first + later));
        prop_assert!(one <= other);
        prop_assert!(later < step || one < other);
    }

    #[test]
    fn no_name_is_too_odd_to_be_read(format in prop::collection::vec(any::<u8>(), 0..40), name in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(format) = DateFormat::parse(&format) {
            let _odd = format.read(&name);
        }
    }
}
