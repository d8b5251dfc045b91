//! What holds for all families, whatever lies about in a directory.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use proptest::prelude::*;

use super::tests::{NOW, file, ways};
use super::*;
use crate::facts::Kind;

const LOG: &str = "a.log";

/// A name that is much like an archive's.
fn name() -> impl Strategy<Value = String> {
    let base = prop_oneof![8 => Just("a.log"), 1 => Just("a"), 1 => Just("a.log.1"), 1 => Just("b")];
    let middle = prop_oneof![
        8 => (0_u64..14).prop_map(|number| format!(".{number}")),
        1 => Just(".2024".to_owned()),
        4 => (1_u32..31).prop_map(|day| format!("-202405{day:02}")),
        1 => (0_u32..24).prop_map(|hour| format!("-20240601{hour:02}")),
        1 => "[.0-9a-z-]{0,6}",
    ];
    let extension = prop_oneof![8 => Just(""), 1 => Just(".log")];
    let ending = prop_oneof![4 => Just(""), 4 => Just(".gz"), 1 => Just(".bz2"), 1 => Just(".zip")];
    (base, middle, extension, ending)
        .prop_map(|(base, middle, extension, ending)| format!("{base}{middle}{extension}{ending}"))
}

/// What a name is: mostly a file.
fn facts() -> impl Strategy<Value = FileFacts> {
    let kind = prop_oneof![9 => Just(Kind::Regular), 1 => Just(Kind::Symlink)];
    let links = prop_oneof![9 => Just(1_u64), 1 => Just(2)];
    let inode = prop_oneof![9 => Just(1_u64), 1 => Just(7)];
    (0_i64..40, kind, links, inode).prop_map(|(days, kind, links, inode)| {
        let mut facts = file(days);
        (facts.kind, facts.links, facts.id.inode) = (kind, links, inode);
        facts
    })
}

fn words() -> impl Strategy<Value = String> {
    let count = prop_oneof![Just("rotate 0"), Just("rotate 5"), Just("rotate -1 start 0")];
    let ending = prop_oneof![Just(""), Just("compress"), Just("delay")];
    let style = prop_oneof![2 => Just(""), 2 => Just("date"), 1 => Just("date format -%d")];
    let extension = prop_oneof![3 => Just(""), 1 => Just("extension .log")];
    (count, ending, style, extension)
        .prop_map(|(count, ending, style, extension)| format!("{count} {ending} {style} {extension}"))
}

/// Names and facts of a directory.
type Lying = Vec<(String, FileFacts)>;

fn lying() -> impl Strategy<Value = Lying> {
    prop::collection::btree_map(name(), facts(), 0..30).prop_map(|map| map.into_iter().collect())
}

fn judged(ways: &Ways, lying: &Lying, last: Option<i64>, exists: bool) -> (Vec<Sighting>, Family) {
    let asker = Asker {
        log: OsStr::new(LOG),
        ways,
        is_here: true,
        is_present: true,
    };
    let names = lying.iter().map(|(name, _)| OsStr::new(name.as_str()));
    let candidates = by_log(&[asker], names).remove(0).candidates;
    let facts = |name: &OsStr| lying.iter().find(|(other, _)| name == other.as_str()).unwrap().1;
    let seen: Vec<Sighting> = candidates
        .into_iter()
        .map(|candidate| Sighting {
            facts: facts(&candidate.name),
            site: Site::Present,
            candidate,
        })
        .collect();
    let known = Known {
        ways,
        exists,
        last: last.map(|days| NOW - days * 86_400),
        is_log: &|id| id.inode == 7,
    };
    (seen.clone(), family(&known, seen))
}

fn number(name: &OsStr) -> Option<u64> {
    name.to_str()?
        .strip_prefix("a.log.")?
        .trim_end_matches(".gz")
        .parse()
        .ok()
}

proptest! {
    #[test]
    fn y1_y2_no_member_is_a_log_or_no_file_or_has_several_links(
        words in words(), lying in lying(), last in prop::option::of(0_i64..40), exists: bool,
    ) {
        let (_, family) = judged(&ways(&words), &lying, last, exists);
        for member in &family.members {
            let FileFacts { kind, links, id, .. } = member.facts;
            prop_assert!(kind == Kind::Regular && links == 1 && id.inode != 7 && member.name != LOG, "{member:?}");
        }
    }

    #[test]
    fn y3_nobody_with_a_longer_base_could_have_had_an_archive(names in prop::collection::btree_set(name(), 0..40)) {
        let ways = ways("compress");
        // Every third name is that of a log.
        let logs: Vec<&OsStr> = names.iter().step_by(3).map(OsStr::new).collect();
        let askers: Vec<_> = logs.iter().map(|log| Asker { log, ways: &ways, is_here: true, is_present: true }).collect();
        let shares = by_log(&askers, names.iter().map(OsStr::new));
        for (log, share) in logs.iter().zip(&shares) {
            for Candidate { name, .. } in &share.candidates {
                prop_assert!(!logs.contains(&name.as_os_str()));
                let rival = logs.iter().filter(|other| other.len() > log.len()).find(|other| {
                    let rest = name.as_bytes().strip_prefix(other.as_bytes());
                    rest.is_some_and(|rest| ways.read(rest, b"", 0).is_some())
                });
                prop_assert_eq!(rival, None, "{:?} of {:?}", name, log);
            }
        }
    }

    #[test]
    fn y4_in_a_row_no_more_than_three_numbers_are_missing(lying in lying()) {
        let (_, family) = judged(&ways("rotate -1 compress"), &lying, Some(0), true);
        let counted = family.members.iter().filter(|member| !member.name.as_bytes().ends_with(b".bz2"));
        let numbers: BTreeSet<u64> = counted.filter_map(|member| number(&member.name)).collect();
        let mut end = 0;
        for number in numbers {
            prop_assert!(number > end && number - end <= 4, "{number} behind {end}");
            end = number;
        }
    }

    #[test]
    fn y5_no_kin_of_another_style_is_newer_than_what_rotations_made(lying in lying(), last in 0_i64..40) {
        let (_, family) = judged(&ways("rotate -1"), &lying, Some(last), true);
        let style = |member: &&Member| member.class == Class::Kin(Differs::Style);
        let numbered = family.members.iter().filter(|member| number(&member.name).is_some());
        let oldest = numbered.map(|member| member.facts.modified).min();
        for member in family.members.iter().filter(style) {
            prop_assert!(oldest.is_none_or(|oldest| member.facts.modified <= oldest));
            prop_assert!(member.facts.modified.seconds <= NOW - last * 86_400);
        }
    }

    #[test]
    fn a_family_is_the_same_in_whatever_order_it_is_seen(
        words in words(), shuffled in lying().prop_flat_map(|lying| (Just(lying.clone()), Just(lying).prop_shuffle())),
    ) {
        let ways = ways(&words);
        let (mut seen, family) = judged(&ways, &shuffled.0, Some(3), true);
        prop_assert_eq!(&judged(&ways, &shuffled.1, Some(3), true).1, &family);
        seen.reverse();
        let known = Known { ways: &ways, exists: true, last: Some(NOW - 3 * 86_400), is_log: &|id| id.inode == 7 };
        prop_assert_eq!(&super::family(&known, seen), &family);
    }

    #[test]
    fn every_file_that_is_seen_is_a_member_or_a_stranger_once(words in words(), lying in lying()) {
        let (seen, family) = judged(&ways(&words), &lying, Some(3), true);
        let members = family.members.iter().map(|member| &member.name);
        let mut all: Vec<_> = members.chain(family.strangers.iter().map(|it| &it.name)).collect();
        all.sort_unstable();
        let fits = |it: &&Sighting| it.facts.kind == Kind::Regular && it.facts.links == 1 && it.facts.id.inode != 7;
        let mut expected: Vec<_> = seen.iter().filter(fits).map(|it| &it.candidate.name).collect();
        expected.sort_unstable();
        prop_assert_eq!(all, expected);
    }

    #[test]
    fn what_is_numbered_today_is_ordered_by_its_numbers(lying in lying()) {
        let (_, family) = judged(&ways("rotate 5 compress"), &lying, Some(0), true);
        let own = family.members.iter().filter(|member| member.class == Class::Own);
        let numbers: Vec<u64> = own.filter_map(|member| number(&member.name)).collect();
        prop_assert!(numbers.is_sorted_by(|one, other| one >= other), "{numbers:?}");
    }
}

#[test]
fn each_of_many_logs_gets_its_own_of_the_names_of_one_directory() {
    let ways = ways("compress");
    let logs: Vec<String> = (0..2000).map(|log| format!("app{log}.log")).collect();
    let askers = logs.iter().map(|log| Asker {
        log: OsStr::new(log),
        ways: &ways,
        is_here: true,
        is_present: true,
    });
    let archives = |log: &String| (1..=10).map(|number| format!("{log}.{number}.gz")).collect::<Vec<_>>();
    let names: Vec<String> = logs.iter().flat_map(archives).chain(logs.clone()).collect();
    let shares = by_log(&askers.collect::<Vec<_>>(), names.iter().map(OsStr::new));
    assert!(
        shares
            .iter()
            .all(|share| share.candidates.len() == 10 && share.others.is_empty())
    );
}
