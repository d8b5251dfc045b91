//! Any bytes as a log's name, a date format and extensions: what we name we recognise, and the order is one.

#![no_main]

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use libfuzzer_sys::fuzz_target;
use logrotate_rs::clock::{Now, Zone};
use logrotate_rs::naming::ArchiveNames;
use logrotate_rs::policy::{Naming, NamingStyle, Criterion};

fuzz_target!(|data: &[u8]| {
    let Some((head, rest)) = data.split_at_checked(10) else { return };
    let mut parts = rest.split(|byte| *byte == 0).map(OsStr::from_bytes);
    let mut part = || parts.next().unwrap_or_default();
    let flag = |bit: u8| head[0] & (1 << bit) != 0;
    let number = u64::from_le_bytes(head[2..10].try_into().expect("eight bytes are eight"));
    let naming = Naming {
        style: if flag(0) {
            NamingStyle::Dated { yesterday: flag(1), hour_ago: flag(2) }
        } else {
            NamingStyle::Numbered
        },
        extension: flag(3).then(|| part().to_owned()),
        add_extension: flag(4).then(|| part().to_owned()),
        date_format: flag(5).then(|| part().to_owned()),
    };
    let suffix: Option<OsString> = flag(6).then(|| part().to_owned());
    let criterion = if flag(7) { Criterion::Hourly } else { Criterion::Daily };
    let (base, one, other) = (part(), part(), part());
    let Ok(names) = ArchiveNames::new(base, &naming, criterion, suffix.as_deref()) else { return };

    let made = names.numbered(number);
    let read = names.parse_numbered(&made);
    // A compress extension of digits only cannot be told from a number's end.
    let is_clear = suffix.is_none_or(|suffix| !suffix.as_bytes().iter().all(u8::is_ascii_digit) || suffix.is_empty());
    assert!(!is_clear || read.is_some_and(|(found, _)| found == number), "{made:?} was not recognised");

    // Years that a clock may have, late 2001 to 2200: before, the seconds since 1970 have fewer than ten digits.
    let seconds = 1_001_000_000 + number % 6_257_118_400;
    let now = Now::at_in(i64::try_from(seconds).expect("seconds are few"), Zone::Utc);
    if let Ok(made) = names.dated(&now) {
        assert!(names.parse_dated(&made).is_some(), "{made:?} was not recognised");
        assert_eq!(names.order_dated(&made, &made), Ordering::Equal);
    }
    assert_eq!(names.order_dated(one, other), names.order_dated(other, one).reverse(), "{one:?} {other:?}");
});
