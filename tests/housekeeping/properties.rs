//! What holds for `prune` whatever lies about in a directory.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::home::Home;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    File,
    Link,
    Pipe,
    Directory,
    TwoNames,
}

/// Something that lies about.
#[derive(Clone, Debug)]
struct Thing {
    name: String,
    what: What,
    /// On which day it was written; today is day 0.
    day: i64,
}

/// How a log is rotated.
#[derive(Clone, Debug)]
struct Way {
    rotate: i32,
    maxage: u32,
    minretain: Option<u32>,
    dates: bool,
    compress: bool,
    olddir: bool,
    has_log: bool,
}

impl Way {
    fn stanza(&self, more: &str) -> String {
        let mut text = format!("@/a.log {{\n daily\n missingok\n create\n rotate {}\n", self.rotate);
        let mut say = |when: bool, what: &str| {
            if when {
                text += what;
            }
        };
        say(self.maxage > 0, &format!(" maxage {}\n", self.maxage));
        let days = self.minretain.unwrap_or(0);
        say(self.minretain.is_some(), &format!(" minretain {days}\n"));
        say(self.dates, " dateext\n");
        say(self.compress, " compress\n");
        say(self.olddir, " olddir old\n");
        text + more + "}\n"
    }

    /// Tells if a name is such as rotations give today, and count.
    fn is_own(&self, name: &str) -> bool {
        let Some(name) = name.strip_prefix(if self.olddir { "old/" } else { "" }) else {
            return false;
        };
        let middle = match self.compress {
            true => name.strip_suffix(".gz"),
            false => Some(name),
        };
        let middle = middle.and_then(|it| it.strip_prefix("a.log"));
        middle.is_some_and(|middle| match self.dates {
            true => middle.len() == 9 && middle.starts_with('-'),
            false => {
                let number = middle.strip_prefix('.');
                let number = number.and_then(|it| it.parse::<i32>().ok());
                number.is_some_and(|it| it > 0 && (self.rotate < 0 || it <= self.rotate))
            }
        })
    }
}

fn way() -> impl Strategy<Value = Way> {
    let days = prop_oneof![2 => Just(0_u32), 1 => 1_u32..40];
    let flags = any::<(bool, bool, bool)>();
    let minretain = prop::option::of(0_u32..20);
    (-1_i32..5, days, minretain, flags, prop::bool::weighted(0.9)).prop_map(
        |(rotate, maxage, minretain, (dates, compress, olddir), has_log)| Way {
            rotate,
            maxage,
            minretain,
            dates,
            compress,
            olddir,
            has_log,
        },
    )
}

/// What lies about: mostly a row as rotations leave it, older the higher the number, and then whatever else.
fn things() -> impl Strategy<Value = Vec<Thing>> {
    let base =
        prop_oneof![12 => Just("a.log"), 1 => Just("a"), 1 => Just("a.log.1"), 1 => Just("b.log"), 1 => Just("aa.log")];
    let middle = prop_oneof![
        8 => (0_i64..9).prop_map(|number| (format!(".{number}"), -number)),
        6 => (1_i64..27).prop_map(|day| (format!("-202602{day:02}"), day - 37)),
        1 => Just((".2024".to_owned(), -50)),
        1 => Just((".1.1".to_owned(), -3)),
        1 => Just(("-2026-02-01".to_owned(), -37)),
    ];
    let ending = prop_oneof![4 => Just(""), 3 => Just(".gz"), 1 => Just(".bz2"), 1 => Just(".tmp")];
    let what = prop_oneof![
        16 => Just(What::File), 1 => Just(What::Link), 1 => Just(What::Pipe), 1 => Just(What::Directory), 1 => Just(What::TwoNames)
    ];
    let off = prop_oneof![6 => Just(0_i64), 1 => -30_i64..30];
    let thing = (prop::bool::weighted(0.3), base, middle, ending, what, off);
    let thing = thing.prop_map(|(is_old, base, (middle, day), ending, what, off)| Thing {
        name: format!("{}{base}{middle}{ending}", if is_old { "old/" } else { "" }),
        what,
        day: day + off,
    });
    prop::collection::vec(thing, 0..16)
}

fn plant(home: &Home, way: &Way, things: &[Thing]) {
    if way.has_log {
        home.plant("a.log", 0, b"the log\n");
    }
    home.note("a.log", 0);
    for (number, thing) in things.iter().enumerate() {
        let path = home.logs().join(&thing.name);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match thing.what {
            What::File | What::TwoNames => home.plant(&thing.name, thing.day, format!("{number}\n").as_bytes()),
            What::Link => symlink("../conf", &path).unwrap(),
            What::Pipe => nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap(),
            What::Directory => fs::create_dir(&path).unwrap(),
        }
        if thing.what == What::TwoNames {
            fs::hard_link(&path, home.path().join(format!("second.{number}"))).unwrap();
        }
    }
}

/// All names, with those of directories, and what tells whether a file was changed.
fn facts(home: &Home) -> BTreeSet<(String, u64, i64, u64)> {
    let mut all = BTreeSet::new();
    for sub in ["", "old/"] {
        for entry in fs::read_dir(home.logs().join(sub)).unwrap().map(Result::unwrap) {
            let facts = entry.path().symlink_metadata().unwrap();
            let name = format!("{sub}{}", entry.file_name().to_string_lossy());
            let (time, size) = match facts.is_dir() {
                true => (0, 0),
                false => (facts.mtime(), facts.len()),
            };
            all.insert((name, facts.ino(), time, size));
        }
    }
    all
}

fn holds(way: &Way, things: &[Thing]) -> Result<(), TestCaseError> {
    let home = Home::new(&way.stanza(" prune\n"));
    plant(&home, way, things);
    let (rotated, before) = (home.copy(&way.stanza("")), facts(&home));
    let is_there = |name: &str| home.logs().join(name).symlink_metadata().is_ok();

    let rehearsed = home.run(0, &["-d"]);
    prop_assert_eq!(
        &facts(&home),
        &before,
        "a dry run changed something: {}",
        rehearsed.said
    );
    let ran = home.run(0, &[]);
    prop_assert_eq!(ran.code, Some(0), "{}", ran.said);
    let after = facts(&home);
    prop_assert!(after.is_subset(&before), "something was changed: {}", ran.said);
    let gone: BTreeSet<String> = before.difference(&after).map(|(name, ..)| name.clone()).collect();
    prop_assert_eq!(
        &ran.removed(&home),
        &gone,
        "what was said is not what went: {}",
        &ran.said
    );
    prop_assert_eq!(&rehearsed.removed(&home), &gone, "-d announced: {}", &rehearsed.said);

    prop_assert!(!way.has_log || is_there("a.log"));
    for name in &gone {
        let thing = things.iter().find(|thing| thing.name == *name).expect("planted");
        prop_assert_eq!(thing.what, What::File, "{} is no file of one name", name);
        prop_assert!(thing.name.trim_start_matches("old/").starts_with("a.log"), "{}", name);
    }

    // What was left alone because it is newer than our oldest archive may be older than our oldest one that is left.
    if !ran.said.contains("newer than our oldest") {
        let again = home.run(0, &[]);
        prop_assert_eq!(facts(&home), after, "the second run removed more: {}", again.said);
    }

    // What the next rotation would keep of those that it counts. With `rotate 0` it counts none, and moves on what it finds.
    let is_own = |name: &&String| way.is_own(name);
    let own: Vec<&String> = gone.iter().filter(is_own).collect();
    let texts: Vec<String> = own
        .iter()
        .map(|name| super::home::read(&rotated.logs().join(name)))
        .collect();
    if way.has_log && way.rotate != 0 {
        let turned = rotated.run(1, &["-f"]);
        for (name, text) in own.iter().zip(texts) {
            prop_assert!(
                !rotated.contents().contains(&text),
                "{} went, and the next rotation would keep it: {}\n{}",
                name,
                ran.said,
                turned.said
            );
        }
    }
    Ok(())
}

fn hold(cases: u32) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let ran = runner.run(&(way(), things()), |(way, things)| holds(&way, &things));
    if let Err(error) = ran {
        panic!("{error}");
    }
}

#[test]
fn b_whatever_lies_about_prune_does_what_it_says_and_ends() {
    hold(5);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn b_whatever_lies_about_in_many_directories_prune_does_what_it_says_and_ends() {
    hold(80);
}
