//! Names made and recognised, in tables.

use super::*;
use crate::clock::tests::berlin;

fn naming(extension: &str, added: &str, format: &str) -> Naming {
    let given = |text: &str| (!text.is_empty()).then(|| OsString::from(text));
    Naming {
        style: NamingStyle::Dated {
            yesterday: false,
            hour_ago: false,
        },
        extension: given(extension),
        add_extension: given(added),
        date_format: given(format),
    }
}

fn names(base: &str, extension: &str, added: &str, format: &str) -> ArchiveNames {
    let gz = OsStr::new(".gz");
    ArchiveNames::new(
        base.as_ref(),
        &naming(extension, added, format),
        Criterion::Daily,
        Some(gz),
    )
    .unwrap()
}

#[test]
fn the_extension_stays_at_the_end() {
    // base, extension, addextension, the newest archive: all seen with the reference.
    for (base, extension, added, archive) in [
        ("a.log", "", "", "a.log.1.gz"),
        ("a.log", ".log", "", "a.1.log.gz"),
        ("a.txt", ".log", "", "a.txt.1.gz"),
        ("a.log", "", ".log", "a.1.log.gz"),
        ("a", "", ".log", "a.1.log.gz"),
        (".log", ".log", "", ".1.log.gz"),
        (".log", "", ".log", ".1.log.gz"),
        ("a.log", ".log", ".log", "a.1.log.gz"),
        ("a.b.c", ".b", ".c", "a.1.b.gz"),
        ("a.b.c", ".x", ".c", "a.b.1.c.gz"),
        ("a.c.b", ".c", ".b", "a.1.c.gz"),
    ] {
        let names = names(base, extension, added, "");
        assert_eq!(names.numbered_compressed(1), archive, "{base} {extension} {added}");
        assert_eq!(names.parse_numbered(archive.as_ref()), Some((1, true)), "{archive}");
    }
}

#[test]
fn a_numbered_archive_is_recognised_by_its_number() {
    let names = names("a*[x]", "", "", "");
    for (name, found) in [
        ("a*[x].1", Some((1, false))),
        ("a*[x].010", Some((10, false))),
        ("a*[x].0", Some((0, false))),
        ("a*[x].12.gz", Some((12, true))),
        ("a*[x].18446744073709551615", Some((u64::MAX, false))),
        ("a*[x].18446744073709551616", None),
        ("a*[x].9x", None),
        ("a*[x].+9", None),
        ("a*[x].", None),
        ("a*[x]", None),
        ("a*[x].1.gz.gz", None),
        ("a*[x].1.bz2", None),
        ("abx.1", None),
    ] {
        assert_eq!(names.parse_numbered(name.as_ref()), found, "{name}");
    }
}

#[test]
fn a_name_that_is_no_text_is_handled_as_bytes() {
    let base = OsStr::from_bytes(b"\xff\n.log");
    let names = ArchiveNames::new(base, &naming(".log", "", "-\u{e9}%Y"), Criterion::Daily, None).unwrap();
    let archive = names.dated(&berlin("2026-11-22 10:0:0")).unwrap();
    assert_eq!(archive.as_bytes(), b"\xff\n-\xc3\xa92026.log");
    assert!(names.parse_dated(&archive).is_some());
}

#[test]
fn the_default_format_follows_the_criterion() {
    let now = berlin("2026-11-22 10:7:0");
    for (criterion, archive) in [
        (Criterion::Daily, "a-20261122"),
        (Criterion::Size(1), "a-20261122"),
        (Criterion::Hourly, "a-2026112210"),
        (Criterion::Minutes(5), "a-202611221007"),
    ] {
        let names = ArchiveNames::new("a".as_ref(), &naming("", "", ""), criterion, None).unwrap();
        assert_eq!(names.dated(&now).unwrap(), archive, "{criterion:?}");
    }
}

#[test]
fn a_dated_archive_is_recognised_by_its_shape() {
    let names = names("a*", "", "", "-%Y*%j%z");
    for (name, found) in [
        ("a*-2026*001+0100", Some(false)),
        ("a*-2026*001-0100.gz", Some(true)),
        ("a*-2026*999-0100", Some(false)),
        ("a*-2026x001+0100", None),
        ("ab-2026*001+0100", None),
        ("a*-2026*01+0100", None),
        ("a*-2026*001 0100", None),
        ("a*-2026*001+0100.gz.gz", None),
        ("a*-202\u{e9}*01+0100", None),
    ] {
        let compressed = names.parse_dated(name.as_ref()).map(|archive| archive.compressed);
        assert_eq!(compressed, found, "{name}");
    }
}

/// Each line is in order, the oldest first.
#[test]
fn dated_archives_are_ordered_by_the_date_that_they_say() {
    for (format, names_in_order) in [
        // No format: spelling.
        ("", vec!["-20260101", "-20261301", "-20269999", "-99999999"]),
        ("-%d%m%Y", vec!["-31122025", "-01012026", "-02012026", "-01022026"]),
        ("-%d%m", vec!["-0101", "-3101", "-0102", "-3112"]),
        (
            "-%Y%m%d",
            vec!["-20269999", "-20260101", "-20260230", "-20260302", "-99999999"],
        ),
        ("-%Y%m%d", vec!["-20260302", "-20260302.gz"]),
        ("-%y%m%d", vec!["-700101", "-990101", "-200101", "-680101"]),
        ("-%V-%G", vec!["-50-2025", "-01-2026", "-53-2026", "-01-2027"]),
        ("-%V-%g", vec!["-50-25", "-01-26", "-53-26", "-01-27"]),
        ("-%U-%Y", vec!["-51-2025", "-00-2026", "-52-2026"]),
        ("-%W-%Y", vec!["-51-2025", "-00-2026", "-52-2026"]),
        ("-%u-%V-%G", vec!["-7-50-2025", "-1-51-2025", "-7-51-2025"]),
        ("-%w-%W-%Y", vec!["-0-50-2025", "-1-51-2025", "-0-51-2025"]),
        ("-%w-%U-%Y", vec!["-0-50-2025", "-6-50-2025", "-0-51-2025"]),
        ("-%j-%Y", vec!["-365-2025", "-001-2026", "-366-2026"]),
        ("-%s", vec!["-0999999999", "-1795000000"]),
        ("-%M%H%d%m%Y", vec!["-590301012026", "-000401012026"]),
        (
            "-%H%d%m%Y%z",
            vec!["-0225102026+0200", "-0225102026+0100", "-0325102026+0100"],
        ),
        ("-%d%m%Y%z", vec!["-29032026+0100", "-29032026+0200"]),
        // Nothing of a date: spelling.
        ("-%q", vec!["-%q", "-%q.gz"]),
    ] {
        let names = names("a", "", "", format);
        let all: Vec<OsString> = names_in_order
            .iter()
            .map(|suffix| format!("a{suffix}").into())
            .collect();
        for pair in all.windows(2) {
            assert!(
                pair.iter().all(|name| names.parse_dated(name).is_some()),
                "{format} {pair:?}"
            );
            assert_eq!(
                names.order_dated(&pair[0], &pair[1]),
                Ordering::Less,
                "{format} {pair:?}"
            );
            assert_eq!(
                names.order_dated(&pair[1], &pair[0]),
                Ordering::Greater,
                "{format} {pair:?}"
            );
        }
    }
}

#[test]
fn a_slash_is_refused_since_names_stay_in_their_directory() {
    let slashed = |extension, added, format| {
        let naming = naming(extension, added, format);
        ArchiveNames::new("a.x/y".as_ref(), &naming, Criterion::Daily, None).is_err()
    };
    assert!(slashed("", "", "-%Y/%m"));
    assert!(slashed("", "x/y", ""));
    assert!(!slashed("", ".y", "-%Y"));
    let suffix = Some(OsStr::new("/gz"));
    assert!(ArchiveNames::new("a".as_ref(), &naming("", "", ""), Criterion::Daily, suffix).is_err());
}
