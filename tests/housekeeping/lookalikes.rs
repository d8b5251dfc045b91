//! What only looks like an archive stays, however much `prune` and budgets would like it to go.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use super::home::Home;

/// Wants everything to go that may.
const GREEDY: &str = "@/a.log @/a.log.1.log @/b.log {\n daily\n rotate 0\n prune\n create\n maxage 1\n}\n";

/// Plants one of everything that no run may remove; answers the names.
fn plant_strangers(home: &Home) -> BTreeSet<String> {
    let logs = home.logs();
    // The logs themselves, of which one is named as an archive of another would be.
    for log in ["a.log", "a.log.1.log", "b.log"] {
        home.plant(log, -60, log.as_bytes());
        home.note(log, 0);
    }
    // Copies that were made by hand, numbers that a program counts with, and words behind a log's name.
    for name in [
        "a.log.2024",
        "a.log.old",
        "a.log.bak",
        "a.log~",
        "a.log.1~",
        "a.log.01x",
        "a.log.1.gz.tmp",
        "a.log-2026",
        "a.log-20269999",
        "core.1234",
        "db.000001",
        "a.1",
        "a.logger.1",
        "xa.log.1",
        "a.log.-1",
        "a.log.+1",
        "a.log.1.orig",
        "a.log.1.1.1",
        ".a.log.1",
    ] {
        home.plant(name, -60, name.as_bytes());
    }
    // What is no file, or has a name more.
    symlink("b.log", logs.join("a.log.1")).expect("a link is made");
    symlink("nowhere", logs.join("a.log.2")).expect("a link is made");
    nix::unistd::mkfifo(&logs.join("a.log.3"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe is made");
    fs::create_dir(logs.join("a.log.4")).expect("a directory is made");
    home.plant("a.log.5", -60, b"two names");
    fs::hard_link(logs.join("a.log.5"), logs.join("elsewhere")).expect("a link is made");
    home.names()
}

#[test]
fn b_look_alikes_of_every_kind_stay() {
    let home = Home::new(GREEDY);
    let strangers = plant_strangers(&home);
    home.plant("b.log.1", -40, b"goes");
    home.plant("b.log.2.gz", -40, b"goes");
    home.plant("b.log-20260101", -50, b"goes");
    let ran = home.run(0, &["--prune"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(home.names(), strangers, "{}", ran.said);
    assert!(home.logs().join("a.log.4").is_dir());
    assert_eq!(ran.removed(&home).len(), 3, "{}", ran.said);
}

#[test]
fn b_look_alikes_of_every_kind_stay_under_a_budget() {
    let home = Home::new(&GREEDY.replace(" prune\n", " maxtotalsize 1\n minrotate 0\n"));
    let strangers = plant_strangers(&home);
    home.plant("b.log.1", -40, b"goes");
    home.plant("b.log.2.gz", -40, b"goes");
    let ran = home.run(0, &[]);
    assert_eq!(home.names(), strangers, "{}", ran.said);
    assert_eq!(ran.removed(&home).len(), 2, "{}", ran.said);
}

#[test]
fn b_a_programs_own_numbers_beside_our_dates_stay() {
    let home = Home::new("@/a.log {\n daily\n rotate 2\n dateext\n prune\n create\n}\n");
    home.plant("a.log", 0, b"a line\n");
    home.note("a.log", -1);
    for day in -6_i64..0 {
        let date = super::home::time_of(day)[..10].replace('-', "");
        home.plant(&format!("a.log-{date}"), day, b"ours");
        // The program that writes the log rolls it, too: the newest number is as young as our newest date.
        home.plant(&format!("a.log.{}", -day), day, b"the program's");
    }
    let ran = home.run(0, &["--prune"]);
    let numbers = (1..=6).filter(|number| home.logs().join(format!("a.log.{number}")).exists());
    assert_eq!(numbers.count(), 6, "{}", ran.said);
    assert_eq!(ran.removed(&home).len(), 4, "{}", ran.said);
}

#[test]
fn b_a_log_with_the_longer_name_has_its_archives() {
    let home = Home::new("@/a.log {\n daily\n rotate 0\n prune\n}\n@/a.log.1 {\n daily\n rotate 5\n prune\n}\n");
    for log in ["a.log", "a.log.1"] {
        home.plant(log, 0, log.as_bytes());
        home.note(log, 0);
    }
    for name in ["a.log.1.1", "a.log.1.2", "a.log.2"] {
        home.plant(name, -9, name.as_bytes());
    }
    let ran = home.run(0, &[]);
    let gone = BTreeSet::from(["a.log.2".to_owned()]);
    assert_eq!(ran.removed(&home), gone, "{}", ran.said);
    assert!(home.logs().join("a.log.1").exists() && home.logs().join("a.log.1.2").exists());
}
