//! Archives were named in one way, and are named in another one since: exactly those go that `rotate` does not keep.

use std::collections::BTreeSet;

use super::home::Home;

/// A way of naming archives.
struct Naming {
    name: &'static str,
    /// What it says in the stanza.
    says: &'static str,
    /// What tells of it once it is another one.
    formerly: &'static str,
}

const NAMINGS: &[Naming] = &[
    Naming {
        name: "numbers",
        says: "",
        formerly: "",
    },
    Naming {
        name: "dates",
        says: " dateext\n",
        formerly: "",
    },
    Naming {
        name: "dates of their own",
        says: " dateext\n dateformat _%d-%m-%Y\n",
        formerly: " formerly dateformat _%d-%m-%Y\n",
    },
    Naming {
        name: "compressed",
        says: " compress\n",
        formerly: "",
    },
    Naming {
        name: "compressed but for the last",
        says: " compress\n delaycompress\n dateext\n",
        formerly: "",
    },
    Naming {
        name: "compressed otherwise",
        says: " compress\n compresscmd /bin/gzip\n compressext .packed\n",
        formerly: " formerly compressext .packed\n",
    },
    Naming {
        name: "the extension behind",
        says: " extension .log\n",
        formerly: " formerly extension .log\n",
    },
    Naming {
        name: "an extension more",
        says: " addextension .done\n dateext\n",
        formerly: " formerly addextension .done\n",
    },
    Naming {
        name: "elsewhere",
        says: " olddir old\n",
        formerly: " formerly olddir old\n",
    },
];

/// What lies beside the archives, and is none of them.
const STRANGERS: [&str; 5] = ["a.log.2024", "core.1234", "db.000001", "a.log.orig", "a.log.1.1"];

fn stanza(naming: &Naming, more: &str) -> String {
    format!("@/a.log {{\n daily\n create\n{}{more}}}\n", naming.says)
}

/// Lets six days go by under a way of naming.
fn week(naming: &Naming) -> Home {
    let home = Home::new(&stanza(naming, " rotate 9\n"));
    home.note("a.log", -1);
    for day in 0..6 {
        home.plant("a.log", day, format!("day {day}\n").as_bytes());
        let ran = home.run(day, &["-f"]);
        assert_eq!(ran.code, Some(0), "{}: {}", naming.name, ran.said);
    }
    for name in STRANGERS {
        home.plant(name, 2, format!("{name}\n").as_bytes());
    }
    home
}

fn texts(days: &[i64]) -> BTreeSet<String> {
    let strangers = STRANGERS.iter().map(|name| format!("{name}\n"));
    let days = days.iter().map(|day| format!("day {day}\n"));
    strangers.chain(days).collect()
}

/// Changes a way of naming; answers what is wrong after the next run.
fn change(week: &Home, before: &Naming, now: &Naming) -> Vec<String> {
    let conf = stanza(now, &format!("{} rotate 3\n prune\n", before.formerly));
    let mut wrong = Vec::new();
    let mut look = |home: &Home, when: &str, said: &str, wanted: &BTreeSet<String>| {
        let found: BTreeSet<String> = home.contents().into_iter().filter(|text| !text.is_empty()).collect();
        if found != *wanted {
            wrong.push(format!(
                "{} to {}, {when}: {:?}\n{said}",
                before.name,
                now.name,
                home.names()
            ));
        }
    };
    // Nothing is due, so that there is no archive of the new kind yet.
    let home = week.copy(&conf);
    let ran = home.run(5, &[]);
    look(&home, "not due", &ran.said, &texts(&[3, 4, 5]));
    // There is one.
    let home = week.copy(&conf);
    home.plant("a.log", 6, b"day 6\n");
    let ran = home.run(6, &["-f"]);
    look(&home, "rotated", &ran.said, &texts(&[4, 5, 6]));
    wrong
}

fn all_changes(namings: &[Naming]) -> Vec<String> {
    let mut wrong = Vec::new();
    for before in namings {
        let week = week(before);
        for now in namings.iter().filter(|now| now.name != before.name) {
            wrong.extend(change(&week, before, now));
        }
    }
    wrong
}

#[test]
fn b_after_numbers_became_dates_and_back_exactly_the_oldest_go() {
    let wrong = all_changes(&NAMINGS[..2]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn b_after_any_change_of_naming_exactly_the_oldest_go() {
    let wrong = all_changes(NAMINGS);
    assert!(wrong.is_empty(), "{} changes:\n{}", wrong.len(), wrong.join("\n"));
}
