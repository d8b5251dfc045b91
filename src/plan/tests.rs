//! Plans of rows of archives that are not on any disk: names, what was found out of them, and the steps that come of it.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::policy::settings::Settings;
use crate::policy::{CompressWhen, Compression, Mail, MailWhich};

/// What is at a name: a file, unless said otherwise by a word behind the name.
#[derive(Clone, Copy, Default)]
struct Thing {
    /// `dir`: no file.
    is_other: bool,
    /// `old`: too old for every `maxage`.
    is_old: bool,
    /// `kept`: cannot be removed; `unsent`: nor mailed.
    is_kept: bool,
    is_unsent: bool,
    /// `sent`: was sent, and could not be removed.
    is_sent: bool,
    /// `fixed`: cannot be renamed.
    is_fixed: bool,
    /// `written`, `stays`: is not compressed now.
    plain: Option<StaysPlain>,
}

/// A directory of names and facts.
struct FakeDir(BTreeMap<OsString, Thing>);

impl FakeDir {
    /// Reads `NAME[:WORD]…`, parted by blanks.
    fn of(text: &str) -> Self {
        let thing = |entry: &str| {
            let mut words = entry.split(':');
            let name = OsString::from(words.next().unwrap());
            let mut thing = Thing::default();
            for word in words {
                match word {
                    "dir" => thing.is_other = true,
                    "old" => thing.is_old = true,
                    "kept" => thing.is_kept = true,
                    "unsent" => (thing.is_kept, thing.is_unsent) = (true, true),
                    "sent" => thing.is_sent = true,
                    "fixed" => thing.is_fixed = true,
                    "written" => thing.plain = Some(StaysPlain::Written),
                    "stays" => thing.plain = Some(StaysPlain::NotCompressed),
                    other => panic!("{other}?"),
                }
            }
            (name, thing)
        };
        Self(text.split_whitespace().map(thing).collect())
    }

    fn thing(&self, name: &OsStr) -> Thing {
        self.0.get(name).copied().unwrap_or_default()
    }
}

impl Look for FakeDir {
    fn has(&mut self, name: &OsStr) -> Result<bool, SysError> {
        Ok(self.0.contains_key(name))
    }

    fn modified(&mut self, name: &OsStr) -> Result<Option<FileTime>, SysError> {
        let seconds = if self.thing(name).is_old { 0 } else { NOW };
        Ok(self.0.get(name).map(|_| FileTime {
            seconds,
            nanoseconds: 0,
        }))
    }

    fn starting_with(&mut self, prefix: &[u8]) -> Result<Vec<OsString>, SysError> {
        let names = self.0.keys().filter(|name| name.as_encoded_bytes().starts_with(prefix));
        Ok(names.cloned().collect())
    }

    fn is_file(&mut self, name: &OsStr) -> Result<bool, SysError> {
        Ok(self.0.get(name).is_some_and(|thing| !thing.is_other))
    }

    fn is_kept(&mut self, name: &OsStr) -> bool {
        self.thing(name).is_kept
    }

    fn is_unsent(&mut self, name: &OsStr) -> bool {
        self.thing(name).is_unsent
    }

    fn sent(&mut self) -> Vec<OsString> {
        let sent = self.0.iter().filter(|(_, thing)| thing.is_sent);
        sent.map(|(name, _)| name.clone()).collect()
    }

    fn fixed(&mut self, prefix: &[u8]) -> Vec<OsString> {
        let fixed = self.0.iter().filter(|(_, thing)| thing.is_fixed);
        let names = fixed.map(|(name, _)| name.clone());
        names
            .filter(|name| name.as_encoded_bytes().starts_with(prefix))
            .collect()
    }

    fn is_fixed(&mut self, name: &OsStr) -> bool {
        self.thing(name).is_fixed
    }

    fn stays_plain(&mut self, name: &OsStr) -> Option<StaysPlain> {
        self.thing(name).plain
    }
}

/// The instant of the plans: 2024-06-16.
const NOW: i64 = 1_718_540_000;

/// A policy of these words: `rotate N`, `compress`, `delay`, `mail`, `mailfirst`, `maxage`, `minretain`, `date`.
fn policy(words: &str) -> Policy {
    let mut policy = Settings::default().policy();
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "rotate" => policy.retention.keep = Keep::Count(words.next().unwrap().parse().unwrap()),
            "compress" | "delay" => {
                policy.compression = Some(Compression {
                    when: if word == "delay" {
                        CompressWhen::NextTime
                    } else {
                        CompressWhen::Now
                    },
                    command: "gzip".into(),
                    options: Vec::new(),
                    suffix: ".gz".into(),
                });
            }
            "mail" | "mailfirst" => {
                policy.mail = Some(Mail {
                    address: "ops@example.com".into(),
                    which: if word == "mail" {
                        MailWhich::Last
                    } else {
                        MailWhich::First
                    },
                });
            }
            "maxage" => policy.retention.max_age = 7,
            "minretain" => policy.retention.min_age = Some(7),
            "date" => {
                policy.naming.style = NamingStyle::Dated {
                    yesterday: false,
                    hour_ago: false,
                };
            }
            other => panic!("{other}?"),
        }
    }
    policy
}

/// Says a step in a word and the names without the log's.
fn said(step: &Step) -> Option<String> {
    let short = |name: &OsStr| name.to_string_lossy().trim_start_matches("a.log").to_owned();
    Some(match step {
        Step::Compress { from, .. } => format!("pack {}", short(from)),
        Step::Rename { from, to } if from.place == Where::Archive => {
            format!("{}>{}", short(&from.name), short(&to.name))
        }
        Step::MoveAside(what) => format!("aside {}", short(&what.name)),
        Step::GiveUpMail { what } => format!("unsent {}", short(what)),
        Step::Mail { what, .. } => format!("mail {}", short(what)),
        Step::Remove { what, .. } => format!("rm {}", short(&what.name)),
        _ => return None,
    })
}

/// Plans, and says the steps before the switch, `|`, those after it, and behind `;` what is noted.
fn planned(words: &str, before: Before, noted: &str, row: &str) -> String {
    let policy = policy(words);
    let names = ArchiveNames::of(&policy, OsStr::new("a.log")).unwrap();
    let now = Now::at_in(NOW, crate::clock::Zone::Utc);
    // `=NAME` is one that was passed by, `~NAME` one that could not be sent when it was new.
    let (unsent, noted): (Vec<&str>, Vec<&str>) = noted.split_whitespace().partition(|it| it.starts_with('~'));
    let (passed_by, left_plain): (Vec<&str>, Vec<&str>) = noted.into_iter().partition(|it| it.starts_with('='));
    let set = |names: &[&str]| -> BTreeSet<OsString> {
        names
            .iter()
            .map(|name| OsString::from(name.trim_start_matches(['=', '~'])))
            .collect()
    };
    let (left_plain, passed_by, unsent) = (set(&left_plain), set(&passed_by), set(&unsent));
    let question = Question {
        policy: &policy,
        log: OsStr::new("a.log"),
        interim: OsStr::new("a.log.tmp"),
        names: &names,
        now: &now,
        before,
        left_plain: &left_plain,
        passed_by: &passed_by,
        unsent: &unsent,
    };
    let rotation = plan(&question, &mut FakeDir::of(row)).unwrap();
    let steps = |steps: &[Step]| steps.iter().filter_map(said).collect::<Vec<_>>().join(" ");
    let left = rotation
        .left_plain
        .iter()
        .map(|name| name.to_string_lossy().replace("a.log", ""));
    let passed_by = rotation.passed_by.iter();
    let passed_by = passed_by.map(|name| name.to_string_lossy().replace("a.log", "="));
    let unsent = rotation.unsent.iter();
    let unsent = unsent.map(|name| name.to_string_lossy().replace("a.log", "~"));
    let left: Vec<String> = left.chain(passed_by).chain(unsent).collect();
    let text = format!(
        "{} | {} ; {}",
        steps(&rotation.prepare),
        steps(&rotation.finish),
        left.join(" ")
    );
    text.trim().to_owned()
}

fn expect(cases: &[(&str, &str, &str, &str)]) {
    for (words, noted, row, wanted) in cases {
        assert_eq!(
            planned(words, Before::Clean, noted, row),
            *wanted,
            "{words}: {row}; noted {noted}"
        );
    }
}

#[test]
fn archives_move_up_oldest_first_and_the_last_falls_off() {
    expect(&[
        ("rotate 2", "", "", "|  ;"),
        ("rotate 2", "", "a.log.1 a.log.2", ".2>.3 .1>.2 | rm .3 ;"),
        ("rotate 3", "", "a.log.1 a.log.3", ".3>.4 .1>.2 | rm .4 ;"),
        // What goes by its age takes no other one along a second time.
        (
            "rotate 2 mail maxage",
            "",
            "a.log.2:old a.log.3",
            "mail .3 rm .3 mail .2 rm .2 |  ;",
        ),
        (
            "rotate 2 mail",
            "",
            "a.log.1 a.log.2 a.log.3",
            "mail .3 rm .3 .2>.3 .1>.2 | mail .3 rm .3 ;",
        ),
        (
            "rotate 2 compress",
            "",
            "a.log.1.gz a.log.2.gz",
            ".2.gz>.3.gz .1.gz>.2.gz | pack .1 rm .3.gz ;",
        ),
        (
            "rotate 2 delay",
            "",
            "a.log.1 a.log.2.gz",
            "pack .1 .2.gz>.3.gz .1.gz>.2.gz | rm .3.gz ;",
        ),
        ("rotate 9 maxage", "", "a.log.1 a.log.2:old", "rm .2 .1>.2 |  ;"),
    ]);
}

#[test]
fn a9_what_is_younger_than_minretain_moves_on_beyond_the_count_and_goes_when_it_is_old_enough() {
    expect(&[
        ("rotate 2 minretain", "", "a.log.1 a.log.2", ".2>.3 .1>.2 |  ;"),
        (
            "rotate 2 minretain",
            "",
            "a.log.1 a.log.2 a.log.3 a.log.4:old",
            ".4>.5 .3>.4 .2>.3 .1>.2 | rm .5 ;",
        ),
        ("rotate 2 minretain", "", "a.log.1 a.log.2:old", ".2>.3 .1>.2 | rm .3 ;"),
        (
            "rotate 2 minretain",
            "",
            "a.log.1 a.log.2 a.log.3:old a.log.4:old a.log.5:old a.log.9:old",
            "rm .4 rm .5 .3>.4 .2>.3 .1>.2 | rm .4 ;",
        ),
        (
            "rotate 2 minretain compress",
            "",
            "a.log.1.gz a.log.2.gz a.log.3.gz:old a.log.4.gz:old",
            "rm .4.gz .3.gz>.4.gz .2.gz>.3.gz .1.gz>.2.gz | pack .1 rm .4.gz ;",
        ),
        (
            "rotate 2 minretain maxage",
            "",
            "a.log.1 a.log.2:old a.log.3:old",
            "rm .3 rm .2 .1>.2 |  ;",
        ),
        ("rotate 0 minretain", "", "a.log.1", ".1>.2 | rm .1 ;"),
        (
            "rotate 2 minretain date",
            "",
            "a.log-20240610 a.log-20240611 a.log-20240612",
            "|  ;",
        ),
        (
            "rotate 2 minretain date",
            "",
            "a.log-20240609:old a.log-20240610:old a.log-20240611 a.log-20240612",
            "rm -20240609 | rm -20240610 ;",
        ),
        (
            "rotate 2 minretain mail",
            "",
            "a.log.1 a.log.2:old a.log.3:old",
            "mail .3 rm .3 .2>.3 .1>.2 | mail .3 rm .3 ;",
        ),
    ]);
}

#[test]
fn p2_what_stays_plain_moves_up_and_counts() {
    expect(&[
        ("rotate 3 delay", "", "a.log.1:stays", ".1>.2 |  ; .2"),
        (
            "rotate 3 delay",
            "a.log.2",
            "a.log.1:stays a.log.2:stays",
            ".2>.3 .1>.2 |  ; .2 .3",
        ),
        (
            "rotate 2 delay",
            "a.log.2",
            "a.log.1:stays a.log.2:stays",
            ".2>.3 .1>.2 | rm .3 ; .2 .3",
        ),
        (
            "rotate 2 delay",
            "a.log.2 a.log.3",
            "a.log.1:stays a.log.2:stays a.log.3:stays",
            "rm .3 .2>.3 .1>.2 | rm .3 ; .2 .3",
        ),
        ("rotate 3 delay", "", "a.log.1:written", ".1>.2 | pack .2 ; .2"),
        (
            "rotate 3 compress date",
            "a.log-20240615",
            "a.log-20240615:stays",
            "| pack -20240616 ; -20240615",
        ),
        (
            "rotate 2 compress date",
            "a.log-20240614 a.log-20240615",
            "a.log-20240614:stays a.log-20240615:stays",
            "| pack -20240616 rm -20240614 ; -20240615 -20240614",
        ),
    ]);
}

#[test]
fn p3_what_falls_off_plain_is_known_until_it_is_gone() {
    expect(&[
        // Behind a run that did not come to its end: it goes first, compressed or not.
        (
            "rotate 2 compress",
            "a.log.2 a.log.3 a.log.4",
            "a.log.1.gz a.log.2 a.log.3 a.log.4:stays",
            "pack .2 pack .3 rm .3.gz rm .4 .2.gz>.3.gz .1.gz>.2.gz | pack .1 rm .3.gz ;",
        ),
        // What could not be removed when it was compressed is found by that name.
        ("rotate 2 compress", "a.log.5", "a.log.5.gz:kept", "| pack .1 ; .5.gz"),
    ]);
}

#[test]
fn p4_what_cannot_go_makes_no_way_for_what_is_compressed() {
    expect(&[
        (
            "rotate 2 compress",
            "a.log.3 a.log.3.gz",
            "a.log.2.gz a.log.3 a.log.3.gz",
            "rm .3.gz rm .3 .2.gz>.3.gz | pack .1 rm .3.gz ;",
        ),
        (
            "rotate 2 compress",
            "a.log.3 a.log.3.gz",
            "a.log.3:kept a.log.3.gz:kept",
            ".3>.4 | pack .1 ; .4 .3.gz",
        ),
        // Nobody gave this one up.
        (
            "rotate 2 compress",
            "a.log.2",
            "a.log.2 a.log.2.gz",
            "pack .2 .2.gz>.3.gz | pack .1 rm .3.gz ;",
        ),
    ]);
}

#[test]
fn p4_where_nothing_is_kept_what_should_have_gone_goes_next_time() {
    expect(&[
        ("rotate 0", "", "a.log.1", ".1>.2 | rm .1 ;"),
        ("rotate 0", "a.log.1", "a.log.1", "rm .1 | rm .1 ;"),
        ("rotate 0", "a.log.1", "a.log.1:kept", ".1>.2 | rm .1 ; .2"),
        ("rotate 0", "a.log.2", "a.log.2", "rm .2 | rm .1 ;"),
        (
            "rotate 0",
            "a.log.1 a.log.2",
            "a.log.1:kept a.log.2:kept",
            ".2>.3 .1>.2 | rm .1 ; .2 .3",
        ),
        (
            "rotate 0 compress",
            "a.log.1",
            "a.log.1",
            "pack .1 rm .1.gz | pack .1 rm .1.gz ;",
        ),
        (
            "rotate 0 compress",
            "a.log.1",
            "a.log.1.gz:kept",
            ".1.gz>.2.gz | pack .1 rm .1.gz ; .2.gz",
        ),
        ("rotate 0 date", "", "a.log-20240615", "| rm -20240616 ;"),
        (
            "rotate 0 date",
            "a.log-20240615",
            "a.log-20240615",
            "rm -20240615 | rm -20240616 ;",
        ),
        (
            "rotate 0 date",
            "a.log-20240615",
            "a.log-20240615:kept",
            "| rm -20240616 ; -20240615",
        ),
        (
            "rotate 0 compress date",
            "a.log-20240615",
            "a.log-20240615",
            "pack -20240615 rm -20240615.gz | pack -20240616 rm -20240616.gz ;",
        ),
    ]);
}

#[test]
fn p4_what_cannot_go_moves_on_above_the_count_and_is_tried_again() {
    expect(&[
        (
            "rotate 2",
            "a.log.3",
            "a.log.1 a.log.2 a.log.3",
            "rm .3 .2>.3 .1>.2 | rm .3 ;",
        ),
        (
            "rotate 2",
            "a.log.3",
            "a.log.1 a.log.2 a.log.3:kept",
            ".3>.4 .2>.3 .1>.2 | rm .3 ; .4",
        ),
        (
            "rotate 2",
            "a.log.3 a.log.4",
            "a.log.1 a.log.2 a.log.3:kept a.log.4:kept",
            ".3>.5 .2>.3 .1>.2 | rm .3 ; .4 .5",
        ),
        ("rotate 2 maxage", "", "a.log.1:old:kept", ".1>.2 |  ;"),
        (
            "rotate 1 date",
            "",
            "a.log-20240614:kept a.log-20240615",
            "| rm -20240615 ; -20240614",
        ),
    ]);
}

#[test]
fn p5_what_was_sent_and_could_not_be_removed_is_not_sent_again() {
    expect(&[
        (
            "rotate 1 mail",
            "a.log.2",
            "a.log.1 a.log.2:sent",
            "rm .2 .1>.2 | mail .2 rm .2 ;",
        ),
        (
            "rotate 1 mail date",
            "",
            "a.log-20240613:sent a.log-20240614",
            "rm -20240613 | mail -20240614 rm -20240614 ;",
        ),
    ]);
}

#[test]
fn p5_what_could_not_be_sent_when_it_was_new_is_followed_and_goes_unsent() {
    expect(&[
        (
            "rotate 3 mailfirst",
            "~a.log.1",
            "a.log.1 a.log.2",
            ".2>.3 .1>.2 | mail .1 ; ~.2",
        ),
        (
            "rotate 2 mailfirst",
            "~a.log.2",
            "a.log.1 a.log.2",
            ".2>.3 .1>.2 | mail .1 unsent .3 rm .3 ; ~.3",
        ),
        (
            "rotate 2 mailfirst delay",
            "~a.log.1",
            "a.log.1 a.log.2.gz",
            "pack .1 .2.gz>.3.gz .1.gz>.2.gz | mail .1 rm .3.gz ; ~.2.gz",
        ),
        (
            "rotate 2 mailfirst maxage",
            "~a.log.2",
            "a.log.1 a.log.2:old",
            "unsent .2 rm .2 .1>.2 | mail .1 ;",
        ),
        (
            "rotate 1 mailfirst date",
            "~a.log-20240615",
            "a.log-20240615",
            "| mail -20240616 unsent -20240615 rm -20240615 ; ~-20240615",
        ),
    ]);
}

#[test]
fn p5_the_oldest_goes_unsent_where_more_wait_than_are_kept() {
    let numbers = 3..12;
    let waiting: Vec<String> = numbers.clone().map(|number| format!("a.log.{number}")).collect();
    let row: Vec<String> = waiting.iter().map(|name| format!("{name}:unsent")).collect();
    let plan = planned("rotate 2 mail", Before::Clean, &waiting.join(" "), &row.join(" "));
    assert_eq!(plan.matches("unsent").count(), 2, "{plan}");
    let plain: Vec<String> = row.iter().map(|name| format!("{name}:stays")).collect();
    let plan = planned(
        "rotate 2 mail compress",
        Before::Clean,
        &waiting.join(" "),
        &plain.join(" "),
    );
    assert_eq!(plan.matches("unsent").count(), 2, "{plan}");
    let plan = planned("rotate 9 mail", Before::Clean, &waiting.join(" "), &row.join(" "));
    assert_eq!(plan.matches("unsent").count(), 0, "{plan}");
}

#[test]
fn p6_what_is_no_archive_and_in_the_way_is_moved_aside_and_nothing_else_is() {
    expect(&[
        ("rotate 3", "", "a.log.1:dir", "aside .1 |  ;"),
        ("rotate 3", "", "a.log.1 a.log.2:dir", "aside .2 .1>.2 |  ;"),
        ("rotate 3", "", "a.log.1 a.log.3:dir", ".1>.2 |  ;"),
        ("rotate 2", "", "a.log.1 a.log.3:dir", ".1>.2 |  ;"),
        ("rotate 3 date", "", "a.log-20240616:dir", "aside -20240616 |  ;"),
        (
            "rotate 1 date",
            "",
            "a.log-20240601:dir a.log-20240615",
            "| rm -20240615 ;",
        ),
    ]);
}

#[test]
fn p7_what_cannot_be_renamed_keeps_its_number_and_does_not_count() {
    expect(&[
        ("rotate 3", "", "a.log.1 a.log.2:fixed a.log.3", ".3>.4 .1>.3 |  ; =.2"),
        (
            "rotate 2",
            "",
            "a.log.1 a.log.2:fixed a.log.3",
            ".3>.4 .1>.3 | rm .4 ; =.2",
        ),
        (
            "rotate 2 delay",
            "a.log.2",
            "a.log.1:fixed:stays a.log.2",
            "pack .2 .2.gz>.3.gz |  ; .2 =.1",
        ),
        (
            "rotate 3 delay",
            "a.log.2",
            "a.log.1 a.log.2:fixed:stays",
            "pack .1 .1.gz>.3.gz |  ; =.2",
        ),
    ]);
    let largest = planned("rotate 4294967295", Before::Clean, "", "a.log.1 a.log.2:fixed");
    assert_eq!(largest, ".1>.3 |  ; =.2", "a count is not counted out");
    let policy_of_one = planned("rotate 2", Before::Clean, "", "a.log.1:fixed a.log.2");
    assert_eq!(
        policy_of_one, ".2>.3 |  ; =.1",
        "the newest is the first number that is free"
    );
}

#[test]
fn p7_what_was_passed_by_goes_when_as_many_younger_ones_are_there_as_are_kept() {
    expect(&[
        // Nothing is removed that was to make way for what cannot be renamed today, either.
        (
            "rotate 2",
            "=a.log.1 =a.log.2",
            "a.log.1:fixed a.log.2:fixed a.log.3 a.log.4",
            ".4>.5 .3>.4 | rm .5 ; =.1 =.2",
        ),
        ("rotate 2", "=a.log.1", "a.log.1:old a.log.2", ".2>.3 |  ; =.1"),
        ("rotate 2", "=a.log.1", "a.log.1:old a.log.2 a.log.3", "rm .1 | rm .3 ;"),
        (
            "rotate 3",
            "=a.log.2",
            "a.log.1 a.log.2:old a.log.3 a.log.4",
            "rm .2 .1>.2 | rm .4 ;",
        ),
        (
            "rotate 2",
            "=a.log.1 =a.log.2",
            "a.log.1:old a.log.2:old a.log.3 a.log.4",
            "rm .1 | rm .4 ; =.2",
        ),
        (
            "rotate 2 delay",
            "=a.log.1 a.log.2",
            "a.log.1:old a.log.2 a.log.3.gz",
            "rm .1 pack .2 | rm .3.gz ;",
        ),
        (
            "rotate 2",
            "=a.log.1",
            "a.log.1:old a.log.2 a.log.3 a.log.4",
            "rm .1 rm .4 | rm .3 ;",
        ),
        // What was taken away by hand leaves a gap as well.
        ("rotate 3", "=a.log.2", "a.log.1 a.log.3 a.log.4", ".1>.2 | rm .4 ;"),
        ("rotate 2", "=a.log.1 =a.log.2", "a.log.3 a.log.4", "| rm .4 ; =.2"),
        (
            "rotate 2",
            "=a.log.1",
            "a.log.1:old:kept a.log.2 a.log.3",
            ".3>.4 .2>.3 | rm .4 ; =.1",
        ),
    ]);
}

#[test]
fn a_gap_that_a_dead_run_left_is_not_moved_again() {
    for (before, wanted) in [(Before::Clean, ".3>.4 .1>.2 |  ;"), (Before::Shifting, ".1>.2 |  ;")] {
        assert_eq!(planned("rotate 5", before, "", "a.log.1 a.log.3"), wanted, "{before:?}");
    }
}
