//! Families of files that are on no disk: names and facts, and what is made of them.

use std::ffi::OsStr;

use super::*;
use crate::facts::Kind;
use crate::policy::{CompressWhen, Compression, Keep, NamingStyle, Policy};

/// The instant of the tests; files are so many days older.
pub(super) const NOW: i64 = 1_718_540_000;
/// The inode of what is a log by another path.
const LOG: u64 = 7;

/// A policy and former ways of these words: `rotate N`, `start N`, `compress`, `delay`, `date`, `format F`, `extension E`, `was-format F`,
/// `was-extension E`, `was-ending E`, `width N`.
pub(super) fn ways(words: &str) -> Ways {
    let mut policy = Policy::default();
    policy.retention.keep = Keep::Count(3);
    let mut former = Former::default();
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        let mut argument = || words.next().unwrap();
        match word {
            "rotate" => {
                policy.retention.keep = match argument() {
                    "-1" => Keep::All,
                    count => Keep::Count(count.parse().unwrap()),
                }
            }
            "start" => policy.retention.start = argument().parse().unwrap(),
            "compress" => policy.compression = Some(Compression::default()),
            "delay" => {
                policy.compression = Some(Compression {
                    when: CompressWhen::NextTime,
                    ..Compression::default()
                });
            }
            "date" => {
                policy.naming.style = NamingStyle::Dated {
                    yesterday: false,
                    hour_ago: false,
                };
            }
            "format" => policy.naming.date_format = Some(argument().into()),
            "extension" => policy.naming.extension = Some(argument().into()),
            "addextension" => policy.naming.add_extension = Some(argument().into()),
            "was-format" => former
                .formats
                .push(super::super::DateFormat::parse(argument().as_bytes()).unwrap()),
            "was-extension" => former.extensions.push(argument().into()),
            "was-ending" => former.endings.push(argument().into()),
            "width" => former.widths.push(argument().parse().unwrap()),
            other => panic!("{other}?"),
        }
    }
    Ways::of(&policy, &former).unwrap()
}

/// A regular file of one link, changed so many days before now.
pub(super) fn file(days: i64) -> FileFacts {
    FileFacts::sample(NOW - days * 86_400)
}

/// Reads `NAME@DAYS[:WORD]…`: what a name is, and how many days old.
fn thing(text: &str) -> (&str, Site, FileFacts) {
    let mut words = text.split(':');
    let (name, days) = words.next().unwrap().split_once('@').unwrap();
    let mut facts = file(days.parse().unwrap());
    let mut site = Site::Present;
    for word in words {
        match word {
            "dir" => facts.kind = Kind::Directory,
            "link" => facts.kind = Kind::Symlink,
            "fifo" => facts.kind = Kind::Special,
            "links" => facts.links = 2,
            "log" => facts.id.inode = LOG,
            "elsewhere" => site = Site::Other(0),
            other => panic!("{other}?"),
        }
    }
    (name, site, facts)
}

/// Says the family of `a.log`, the oldest first, and behind `;` who is a stranger; a log that is gone is `last: None` and not there.
fn judged(words: &str, last: Option<i64>, exists: bool, files: &str) -> String {
    let ways = ways(words);
    let log = OsStr::new("a.log");
    let things: Vec<_> = files.split_whitespace().map(thing).collect();
    let mut seen = Vec::new();
    for site in [Site::Present, Site::Other(0)] {
        let asker = Asker {
            log,
            ways: &ways,
            is_here: true,
            is_present: true,
        };
        let here = || things.iter().filter(|(_, other, _)| *other == site);
        let shared = by_log(&[asker], here().map(|(name, ..)| OsStr::new(*name)));
        for candidate in shared.into_iter().flat_map(|shared| shared.candidates) {
            let facts = here().find(|(name, ..)| candidate.name == *name).unwrap().2;
            seen.push(Sighting { candidate, site, facts });
        }
    }
    let known = Known {
        ways: &ways,
        exists,
        last: last.map(|days| NOW - days * 86_400),
        is_log: &|id| id.inode == LOG,
    };
    said(&family(&known, seen))
}

fn said(family: &Family) -> String {
    let short = |name: &OsStr| name.to_string_lossy().trim_start_matches("a.log").to_owned();
    let members = family.members.iter().map(|member| {
        let class = match member.class {
            Class::Own => String::new(),
            Class::Kin(how) => format!("kin/{how:?}:").to_lowercase(),
            Class::Lone => "lone:".to_owned(),
        };
        class + &short(&member.name)
    });
    let strangers = family.strangers.iter();
    let strangers = strangers.map(|it| format!("{}:{}", format!("{:?}", it.why).to_lowercase(), short(&it.name)));
    let all = |list: Vec<String>| list.join(" ");
    format!("{} ; {}", all(members.collect()), all(strangers.collect()))
}

fn check(words: &str, files: &str, expected: &str) {
    assert_eq!(judged(words, Some(0), true, files), expected, "{words}: {files}");
}

#[test]
fn own_is_what_rotations_count_and_kin_what_they_never_meet_again() {
    for (words, files, expected) in [
        ("rotate 3", "a.log.1@1 a.log.2@2 a.log.3@3", ".3 .2 .1 ; "),
        ("rotate 2", "a.log.1@1 a.log.2@2 a.log.3@3", "kin/count:.3 .2 .1 ; "),
        ("rotate -1", "a.log.1@1 a.log.2@2 a.log.3@3", ".3 .2 .1 ; "),
        ("rotate 0", "a.log.1@1", "kin/count:.1 ; "),
        (
            "rotate 3 start 0",
            "a.log.0@1 a.log.1@2 a.log.3@3",
            "kin/count:.3 .1 .0 ; ",
        ),
        (
            "compress",
            "a.log.1.gz@1 a.log.2@2 a.log.3.gz@3",
            ".3.gz kin/ending:.2 .1.gz ; ",
        ),
        ("delay", "a.log.1@1 a.log.2.gz@2 a.log.3@3", "kin/ending:.3 .2.gz .1 ; "),
        ("", "a.log.1@1 a.log.2.gz@2", "kin/ending:.2.gz .1 ; "),
        (
            "compress",
            "a.log.1.gz@1 a.log.1.bz2@5 a.log.2.bz2@6",
            "kin/ending:.2.bz2 kin/ending:.1.bz2 .1.gz ; ",
        ),
        (
            "compress was-ending .gpg",
            "a.log.1.gz@1 a.log.1.gpg@5",
            "kin/ending:.1.gpg .1.gz ; ",
        ),
        (
            "date",
            "a.log-20240601@3 a.log-20240602.gz@2",
            "-20240601 kin/ending:-20240602.gz ; ",
        ),
        (
            "date",
            "a.log-20240602@3 a.log.1@4 a.log.2@5",
            "kin/style:.2 kin/style:.1 -20240602 ; ",
        ),
        ("", "a.log.1@3 a.log-2024060112@5", "kin/style:-2024060112 .1 ; "),
        (
            "date delay",
            "a.log-20240602@3 a.log-20240601.gz@4",
            "-20240601.gz -20240602 ; ",
        ),
        ("format -%d", "a.log.1@3 a.log-17@9", "kin/style:-17 .1 ; "),
        (
            "was-format .%d%m%Y",
            "a.log.1@3 a.log.01122023@9",
            "kin/style:.01122023 .1 ; ",
        ),
        ("extension .log", "a.1.log@1 a.log.1@4", "kin/extension:.1 a.1.log ; "),
        ("addextension .x", "a.log.1.x@1 a.log.1@4", "kin/extension:.1 .1.x ; "),
        (
            "was-extension .log",
            "a.log.1@1 a.1.log@4",
            "kin/extension:a.1.log .1 ; ",
        ),
        ("width 2", "a.log.1@1 a.log.02@4", "kin/style:.02 .1 ; "),
        ("", "a.log.1@1 a.log.1@4:elsewhere", "kin/site:.1 .1 ; "),
        (
            "",
            "a.log.1@1 a.log-2024060107.backup@4",
            "kin/style:-2024060107.backup .1 ; ",
        ),
    ] {
        check(words, files, expected);
    }
}

#[test]
fn y1_only_regular_files_with_one_link_are_in_a_family() {
    for word in ["dir", "link", "fifo", "links"] {
        check("", &format!("a.log.1@1 a.log.2@2:{word} a.log.3@3"), ".3 .1 ; ");
    }
    // What is no archive leads to no further one.
    check("rotate -1", "a.log.1@1 a.log.4@2:dir a.log.6@3", ".1 ; unreachable:.6");
}

#[test]
fn y2_a_log_of_any_stanza_is_no_archive() {
    // By its inode, under whatever path it is a log.
    check("", "a.log.1@1 a.log.2@2:log", ".1 ; ");
    // By its name.
    assert_eq!(
        shared("a.log a.log.1", "a.log a.log.1 a.log.2 a.log.1.1"),
        "a.log: a.log.2; a.log.1: a.log.1.1"
    );
}

/// Shares names out among numbered logs of one directory; those that end in `/` only look for archives there.
fn shared(logs: &str, names: &str) -> String {
    let ways = ways("");
    let logs: Vec<&str> = logs.split_whitespace().collect();
    let askers: Vec<Asker<'_>> = logs
        .iter()
        .map(|log| Asker {
            log: OsStr::new(log.trim_end_matches('/')),
            ways: &ways,
            is_here: !log.ends_with('/'),
            is_present: true,
        })
        .collect();
    let shares = by_log(&askers, names.split_whitespace().map(OsStr::new));
    let text = |names: Vec<&OsString>| {
        names
            .iter()
            .map(|name| name.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let shares = logs.iter().zip(&shares).map(|(log, shared)| {
        let candidates = text(shared.candidates.iter().map(|it| &it.name).collect());
        match text(shared.others.iter().collect()) {
            others if others.is_empty() => format!("{log}: {candidates}"),
            others => format!("{log}: {candidates} not {others}"),
        }
    });
    shares.collect::<Vec<_>>().join("; ")
}

#[test]
fn y3_the_longest_base_wins() {
    for (logs, names, expected) in [
        ("a a.1", "a.1 a.2 a.1.1 a.1.2.gz", "a: a.2; a.1: a.1.1 a.1.2.gz"),
        // One that has the longer base, and whose archive it cannot be, does not keep it from the other.
        ("a a.1", "a.10", "a: a.10; a.1: "),
        ("a a-", "a-20240601 a--20240601", "a: a-20240601; a-: a--20240601"),
        (
            "a ab abc",
            "a.1 ab.1 abc.1 abcd.1",
            "a: a.1; ab: ab.1; abc: abc.1 not abcd.1",
        ),
        ("a b", "c.1", "a: ; b: "),
        // A log elsewhere has its archives here, and its name is free for one.
        ("a a.1/", "a.1 a.1.1", "a: a.1; a.1/: a.1.1"),
        // Logs of one name with one directory for archives share a row.
        ("a/ a/", "a.1", "a/: a.1; a/: a.1"),
    ] {
        assert_eq!(shared(logs, names), expected, "{logs}: {names}");
    }
}

#[test]
fn a_stranger_begins_like_an_archive_and_is_read_as_none() {
    assert_eq!(
        shared(
            "a.log",
            "a.logs a.log.bak a.log.01 a.log-20241301 a.log-20240230 a.log.1.gz.gz core.1234 a.log.1.txt"
        ),
        "a.log:  not a.log-20240230 a.log-20241301 a.log.01 a.log.1.gz.gz a.log.1.txt a.log.bak a.logs"
    );
}

#[test]
fn y4_a_gap_of_more_than_three_numbers_ends_the_row() {
    for (words, numbers, expected) in [
        (
            "rotate 3",
            "1 2 3 5 6 7 8",
            "kin/count:.8 kin/count:.7 kin/count:.6 kin/count:.5 .3 .2 .1 ; ",
        ),
        ("rotate 3", "1 2 3 7", "kin/count:.7 .3 .2 .1 ; "),
        ("rotate 3", "1 2 3 8 9", ".3 .2 .1 ; unreachable:.8 unreachable:.9"),
        ("rotate 9", "4", ".4 ; "),
        ("rotate 9", "5", " ; unreachable:.5"),
        ("rotate -1", "1 2024", ".1 ; unreachable:.2024"),
        ("rotate 9 start 5", "4 5 6", ".6 .5 ; unreachable:.4"),
        (
            "rotate 3",
            "18446744073709551615",
            " ; unreachable:.18446744073709551615",
        ),
    ] {
        let files: Vec<String> = numbers.split(' ').map(|number| format!("a.log.{number}@1")).collect();
        check(words, &files.join(" "), expected);
    }
    // The plain one and the compressed one are in one row; what another program compressed has its own.
    check("delay", "a.log.1@1 a.log.2.gz@2 a.log.3.gz@3", ".3.gz .2.gz .1 ; ");
    check(
        "compress",
        "a.log.1.gz@1 a.log.2.gz@2 a.log.6.zip@3",
        ".2.gz .1.gz ; unreachable:.6.zip",
    );
}

#[test]
fn y4_what_no_number_leads_to_may_be_a_date() {
    check(
        "was-format .%Y%m%d",
        "a.log.1@1 a.log.20240101@9",
        "kin/style:.20240101 .1 ; ",
    );
    check("format .%Y%m%d date", "a.log.20240101@1", ".20240101 ; ");
}

#[test]
fn y5_another_style_must_lie_in_the_past() {
    for (words, last, files, expected) in [
        // One of them is newer than the oldest of ours: all of them are somebody's.
        (
            "date",
            Some(0),
            "a.log-20240602@9 a.log.1@8 a.log.2@20",
            " ; stillmade:.1 stillmade:.2",
        ),
        (
            "",
            Some(0),
            "a.log.1@3 a.log.2@9 a.log-20240610@8 a.log-20240601@20",
            ".2 .1 ; stillmade:-20240601 stillmade:-20240610",
        ),
        // Each style for itself.
        (
            "",
            Some(0),
            "a.log.1@3 a.log-20240610@2 a.log-2024060110@20",
            "kin/style:-2024060110 .1 ; stillmade:-20240610",
        ),
        // Nothing is ours yet: the last rotation tells.
        ("date", Some(5), "a.log.1@5 a.log.2@6", "kin/style:.2 kin/style:.1 ; "),
        ("date", Some(5), "a.log.1@4 a.log.2@6", " ; stillmade:.1 stillmade:.2"),
        ("date", None, "a.log.1@4", " ; unproven:.1"),
        // Without a state ours do.
        ("date", None, "a.log-20240602@3 a.log.1@3", "kin/style:.1 -20240602 ; "),
        // What is no member proves nothing.
        (
            "date",
            Some(0),
            "a.log-20240602@9 a.log.1@10 a.log.2024@1",
            "kin/style:.1 -20240602 ; unreachable:.2024",
        ),
        (
            "date",
            Some(0),
            "a.log-20240602@9 a.log.1@10 a.log.2@1:links",
            "kin/style:.1 -20240602 ; ",
        ),
    ] {
        let expected = if expected.starts_with(' ') && words == "date" && last == Some(0) {
            format!("-20240602{expected}")
        } else {
            expected.to_owned()
        };
        assert_eq!(judged(words, last, true, files), expected, "{words} {last:?}: {files}");
    }
}

#[test]
fn y5_so_must_another_ending_another_extension_and_another_directory() {
    check("compress", "a.log.1.gz@3 a.log.1.zip@2", ".1.gz ; stillmade:.1.zip");
    check("extension .log", "a.1.log@3 a.log.1@2", "a.1.log ; stillmade:.1");
    check("", "a.log.1@3 a.log.1@2:elsewhere", ".1 ; stillmade:.1");
    // Plain and compressed as today are no other style, whoever compressed it.
    check("", "a.log.1@3 a.log.2.gz@2 a.log.3@9", ".3 .1 kin/ending:.2.gz ; ");
}

#[test]
fn an_archive_is_lone_where_its_log_is_gone_and_nothing_else_is_its_then() {
    let lone = judged(
        "compress",
        None,
        false,
        "a.log.1.gz@3 a.log.2@4 a.log-20240101@9 a.log.1.bz2@9",
    );
    assert_eq!(lone, "lone:.2 lone:.1.gz ; unproven:-20240101 unproven:.1.bz2");
}

#[test]
fn logs_that_are_gone_are_found_by_their_archives() {
    for (words, names, expected) in [
        ("", "a.log a.log.1 b.log.1 b.log.2 c.log.01 d.log-20240101", "b.log"),
        ("compress", "b.log.1.gz c.log.2 d.log.1.bz2", "b.log c.log"),
        ("date", "b.log-20240101 b.log-20240101.gz c.log-20241301", "b.log"),
        ("extension .log", "b.1.log c.log.1 d.1", "b.log d"),
        ("addextension .x", "b.1.x c.1", "b b.x"),
    ] {
        let files = || names.split(' ').map(OsStr::new);
        let is_there = |log: &OsStr| files().any(|name| name == log);
        let found = lone_logs(&ways(words), |_| true, is_there, files());
        let found: Vec<_> = found.iter().map(|log| log.to_string_lossy()).collect();
        assert_eq!(found.join(" "), expected, "{words}: {names}");
    }
    let none = lone_logs(&ways(""), |name| name != "b.log", |_| false, [OsStr::new("b.log.1")]);
    assert!(none.is_empty());
}

#[test]
fn what_is_not_counted_for_its_ending_keeps_its_number_and_is_ordered_by_time() {
    check(
        "rotate 5 compress",
        "a.log.1.gz@1 a.log.2.gz@2 a.log.3.gz@3 a.log.2@102 a.log.3@103",
        "kin/ending:.3 kin/ending:.2 .3.gz .2.gz .1.gz ; ",
    );
}

#[test]
fn a_family_is_ordered_by_date_by_number_and_otherwise_by_time() {
    for (words, files, expected) in [
        // Numbers tell it, whatever the times say.
        ("", "a.log.1@9 a.log.2@1 a.log.3@5", ".3 .2 .1 ; "),
        // Dates do, too, of several formats and endings.
        (
            "date",
            "a.log-20240603@1 a.log-20240602@5 a.log-20240601@3",
            "-20240601 -20240602 -20240603 ; ",
        ),
        (
            "date",
            "a.log-20240603@1 a.log-2024060212@8 a.log-20240602@8 a.log-20240601.bz2@9",
            "kin/ending:-20240601.bz2 -20240602 kin/style:-2024060212 -20240603 ; ",
        ),
        // A date without a year says nothing of one with a year.
        (
            "format -%d date",
            "a.log-02@1 a.log-03@2 a.log-20240601@9",
            "kin/style:-20240601 -02 -03 ; ",
        ),
        // Two of one number: the time.
        ("delay", "a.log.1@1 a.log.1.gz@2 a.log.2.gz@3", ".2.gz .1.gz .1 ; "),
        // Numbers of another row are no older for being larger.
        (
            "compress",
            "a.log.1.gz@1 a.log.2.gz@2 a.log.1.bz2@8 a.log.2.bz2@9",
            "kin/ending:.2.bz2 kin/ending:.1.bz2 .2.gz .1.gz ; ",
        ),
        // Of one time: what is ours is the younger.
        (
            "date",
            "a.log-20240601@5 a.log.1@5 a.log.2@5",
            "kin/style:.2 kin/style:.1 -20240601 ; ",
        ),
    ] {
        check(words, files, expected);
    }
}

#[test]
fn a_log_that_is_all_extension_has_a_family_and_no_stranger() {
    let ways = ways("extension .log");
    let asker = Asker {
        log: OsStr::new(".log"),
        ways: &ways,
        is_here: true,
        is_present: true,
    };
    let shared = by_log(&[asker], [".1.log", ".log", "b.log"].map(OsStr::new)).remove(0);
    assert_eq!(shared.candidates[0].name, ".1.log");
    assert_eq!((shared.candidates.len(), shared.others.len()), (1, 0));
}
