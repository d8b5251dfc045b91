//! `maxtotalsize`.

use std::fs;
use std::os::unix::fs::{chown, symlink};

use super::*;
use crate::support::need_root;

#[test]
fn a1_stanzas_that_have_the_limit_from_one_line_share_it_and_one_of_its_own_is_apart() {
    let scene = Scene::new("budget-pool");
    for log in ["a.log", "b.log", "own.log", "none.log"] {
        scene.row(log, &[40, 40]);
    }
    scene.configure(
        "maxtotalsize 140k\n@ROOT@/log/a.log {\n rotate 9\n}\n@ROOT@/log/b.log {\n rotate 9\n}\n\
         @ROOT@/log/own.log {\n rotate 9\n maxtotalsize 100k\n}\n@ROOT@/log/none.log {\n rotate 9\n maxtotalsize 0\n}\n",
    );
    scene.run(&[]).went_well();
    let left = "a.log a.log.1 b.log b.log.1 b.log.2 none.log none.log.1 none.log.2 own.log own.log.1 own.log.2";
    assert_eq!(scene.files(), left);
}

#[test]
fn a1_a_line_that_several_stanzas_include_is_one_pool() {
    let scene = Scene::new("budget-included");
    scene.row("a.log", &[40, 40]);
    scene.row("b.log", &[40, 40]);
    let part = scene.root.join("part");
    fs::write(&part, "maxtotalsize 140k\nrotate 9\n").unwrap();
    scene.configure("@ROOT@/log/a.log {\n include @ROOT@/part\n}\n@ROOT@/log/b.log {\n include @ROOT@/part\n}\n");
    let run = scene.run(&[]);
    run.went_well();
    assert_eq!(run.removals().len(), 1, "{}", run.said);
}

#[test]
fn a2_what_counts_is_what_the_disk_gave_and_what_has_two_names_neither_counts_nor_goes() {
    let scene = Scene::new("budget-counted");
    scene.row("a.log", &[40, 40, 40]);
    let hollow = File::options().write(true).open(scene.log("a.log.1")).unwrap();
    hollow.set_len(1 << 30).unwrap();
    fs::hard_link(scene.log("a.log.3"), scene.root.join("other")).unwrap();
    scene.configure("maxtotalsize 84k\n@ROOT@/log/a.log {\n rotate 9\n}\n");
    let run = scene.run(&[]);
    assert_eq!(run.went_well().removals(), [""; 0]);
    scene.configure("maxtotalsize 83k\n@ROOT@/log/a.log {\n rotate 9\n}\n");
    scene.run(&[]).went_well();
    assert_eq!(scene.files(), "a.log a.log.1 a.log.3");
}

#[test]
fn a2_archives_in_olddir_and_of_logs_that_are_gone_count_and_go() {
    let scene = Scene::new("budget-olddir");
    scene.row("a.log", &[]);
    fs::create_dir(scene.log("old")).unwrap();
    for (name, days) in [("a.log.1", 1), ("a.log.2", 2), ("gone.log.1", 10), ("gone.log.2", 20)] {
        put(&scene.log(&format!("old/{name}")), 40, days);
    }
    scene.configure("maxtotalsize 90k\n@ROOT@/log/*.log {\n rotate 9\n olddir old\n}\n");
    let run = scene.run(&[]);
    let limit = scene.fill("of 90.0K over: maxtotalsize of conf:1)");
    let expected = [format!("a.log.2 (74.0K {limit}"), format!("gone.log.2 (34.0K {limit}")];
    let mut removals = run
        .went_well()
        .said
        .lines()
        .filter_map(|line| line.strip_prefix("removing old log "));
    for wanted in expected {
        let said = removals.next().unwrap();
        assert!(said.ends_with(&wanted), "{said}: {wanted}");
    }
    assert_eq!(removals.next(), None);
}

#[test]
fn a3_what_a_program_writes_to_stays_and_what_it_reads_goes() {
    let scene = Scene::new("budget-written");
    scene.row("a.log", &[40, 40, 40, 40]);
    let _writer = File::options().append(true).open(scene.log("a.log.4")).unwrap();
    let _reader = File::open(scene.log("a.log.3")).unwrap();
    scene.configure("maxtotalsize 130k\n@ROOT@/log/a.log {\n rotate 9\n}\n");
    let run = scene.run(&[]);
    run.went_well();
    assert_eq!(scene.files(), "a.log a.log.1 a.log.2 a.log.4");
    assert!(run.said.contains("a.log.4: "), "{}", run.said);
}

#[test]
fn a3_floors_keep_the_newest_and_the_youngest_and_a_pool_that_is_not_met_is_only_warned_of() {
    let scene = Scene::new("budget-floors");
    scene.row("a.log", &[40, 40, 40, 40]);
    scene.configure("maxtotalsize 10k\n@ROOT@/log/a.log {\n rotate 9\n minrotate 2\n}\n");
    let run = scene.run(&[]);
    run.went_well();
    assert_eq!(scene.files(), "a.log a.log.1 a.log.2");
    let words = "warning: conf:1 logs take up 84.0K of 10.0K (maxtotalsize): what is left is protected by minrotate, minretain, or in use";
    assert!(run.said.contains(words), "{}", run.said);
    scene.row("a.log", &[40, 40, 40, 40]);
    scene.configure("maxtotalsize 10k\n@ROOT@/log/a.log {\n rotate 9\n minretain 35\n}\n");
    scene.run(&[]).went_well();
    assert_eq!(scene.files(), "a.log a.log.1 a.log.2 a.log.3");
    scene.configure("maxtotalsize 10k\n@ROOT@/log/a.log {\n rotate 9\n minrotate -1\n}\n");
    scene.run(&[]).went_well();
    assert_eq!(scene.files(), "a.log a.log.1 a.log.2 a.log.3");
}

#[test]
fn a4_what_preremove_refuses_is_passed_over_and_told_once() {
    let scene = Scene::new("budget-refused");
    scene.row("a.log", &[40, 40, 40]);
    scene.configure(
        "maxtotalsize 90k\n@ROOT@/log/a.log {\n rotate 9\n preremove\n  case $1 in *.3) exit 1;; esac\n endscript\n}\n",
    );
    let run = scene.run(&[]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(scene.files(), "a.log a.log.1 a.log.3");
    assert_eq!(run.said.matches("error: ").count(), 1, "{}", run.said);
}

#[test]
fn a4_what_cannot_be_mailed_stays_and_the_next_one_goes() {
    let scene = Scene::new("budget-mailed");
    scene.row("a.log", &[40, 40, 40]);
    let mailer = scene.root.join("mailer");
    fs::write(&mailer, "#!/bin/sh\ncase $2 in *.3) exit 1;; esac\ncat >/dev/null\n").unwrap();
    fs::set_permissions(&mailer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    scene.configure("maxtotalsize 90k\n@ROOT@/log/a.log {\n rotate 9\n mail root\n}\n");
    let run = scene.run(&["-m", mailer.to_str().unwrap()]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(scene.files(), "a.log a.log.1 a.log.3");
}

#[test]
fn z9_links_fifos_and_what_only_looks_like_an_archive_stay() {
    let scene = Scene::new("budget-planted");
    scene.row("a.log", &[40, 40]);
    symlink(scene.root.join("conf"), scene.log("a.log.3")).unwrap();
    nix::unistd::mkfifo(&scene.log("a.log.4"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    put(&scene.log("a.log.2024"), 40, 400);
    scene.configure("maxtotalsize 1k\n@ROOT@/log/a.log {\n rotate 9\n}\n");
    scene.run(&[]).went_well();
    assert_eq!(scene.files(), "a.log a.log.1 a.log.2024 a.log.3 a.log.4");
}

#[test]
fn z10_a_dry_run_names_what_the_run_removes() {
    let scene = Scene::new("budget-rehearsed");
    scene.row("a.log", &[40, 40, 40, 40]);
    scene.row("b.log", &[40, 40, 40]);
    scene.configure("maxtotalsize 150k\n@ROOT@/log/a.log {\n rotate 9\n}\n@ROOT@/log/b.log {\n rotate 9\n}\n");
    let before = scene.files();
    let rehearsed = scene.run(&["-d"]);
    assert_eq!(scene.files(), before);
    let run = scene.run(&[]);
    assert_eq!(rehearsed.removals(), run.removals());
    assert_eq!(run.removals().len(), 4, "{}", run.said);
}

#[test]
fn z10_where_sizes_are_not_known_yet_a_dry_run_says_so() {
    let scene = Scene::new("budget-guessed");
    scene.row("a.log", &[40, 40]);
    fs::write(scene.log("a.log"), "x".repeat(40 * K)).unwrap();
    scene.configure("maxtotalsize 90k\n@ROOT@/log/a.log {\n rotate 9\n compress\n}\n");
    let rehearsed = scene.run(&["-d", "-f"]);
    let removals = rehearsed.went_well().removals();
    assert!(
        !removals.is_empty() && removals.iter().all(|line| line.ends_with(") (at most)")),
        "{removals:?}"
    );
    assert_eq!(scene.run(&["-f"]).went_well().removals(), [""; 0]);
}

#[test]
fn a_hundred_logs_of_one_directory_share_a_budget() {
    let scene = Scene::new("budget-many");
    for number in 0..100 {
        scene.row(&format!("{number}.log"), &[8, 8]);
    }
    scene.configure("maxtotalsize 1600k\n@ROOT@/log/*.log {\n rotate 9\n}\n");
    let run = scene.run(&[]);
    assert_eq!(run.went_well().removals().len(), 50, "{}", run.said);
}

#[test]
fn z6_with_only_a_pool_that_reaches_beyond_what_is_selected_is_left_alone() {
    let scene = Scene::new("budget-only");
    scene.row("a.log", &[40, 40]);
    scene.row("b.log", &[40, 40]);
    scene.configure(
        "maxtotalsize 10k\n@ROOT@/log/a.log {\n rotate 9\n}\n@ROOT@/log/b.log {\n rotate 9\n maxtotalsize 50k\n}\n\
         @ROOT@/log/c.log {\n missingok\n}\n",
    );
    for (only, removed) in [("a.log", 0), ("b.log", 1), ("[ac].log", 0)] {
        let pattern = scene.log(only).display().to_string();
        let run = scene.run(&["--only", &pattern]);
        assert_eq!(run.went_well().removals().len(), removed, "{only}: {}", run.said);
    }
}

#[test]
fn a21_each_removal_is_done_with_the_rights_of_its_own_stanza() {
    if !need_root() {
        return;
    }
    let scene = Scene::new("budget-su");
    let nobody = Some(65534);
    for directory in ["own", "alien"] {
        fs::create_dir(scene.log(directory)).unwrap();
        for number in 0..3 {
            let name = if number == 0 {
                "a.log".to_owned()
            } else {
                format!("a.log.{number}")
            };
            let path = scene.log(&format!("{directory}/{name}"));
            put(&path, 40, number);
            chown(&path, nobody, nobody).unwrap();
        }
    }
    chown(scene.log("own"), nobody, nobody).unwrap();
    scene.configure(
        "maxtotalsize 90k\nsu 65534 65534\n@ROOT@/log/own/a.log {\n rotate 9\n}\n@ROOT@/log/alien/a.log {\n rotate 9\n}\n",
    );
    let run = scene.run(&[]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    let is_there = |name: &str| scene.log(name).exists();
    assert!(
        !is_there("own/a.log.2") && is_there("alien/a.log.2") && is_there("alien/a.log.1"),
        "{}",
        run.said
    );
    assert_eq!(run.said.matches("error: ").count(), 1, "{}", run.said);
}

#[test]
fn z8_killed_after_each_removal_the_next_run_counts_anew_what_it_finds() {
    let scene = Scene::new("budget-killed");
    scene.row("a.log", &[40, 40, 40, 40, 40]);
    scene.configure(
        "maxtotalsize 90k\n@ROOT@/log/a.log {\n rotate 9\n preremove\n  [ -e @ROOT@/met${1##*/} ] && exit 0\n  \
         touch @ROOT@/met${1##*/}; kill -9 $PPID\n endscript\n}\n",
    );
    for left in ["5", "4", "3"] {
        let run = scene.run(&[]);
        assert_ne!(run.status, Some(0), "{}", run.said);
        assert!(scene.files().ends_with(left), "{}", scene.files());
    }
    scene.run(&[]).went_well();
    assert_eq!(scene.files(), "a.log a.log.1 a.log.2");
}

#[test]
fn z6_a_run_that_is_asked_to_end_ends_what_is_in_hand_and_begins_no_more() {
    let scene = Scene::new("budget-ended");
    scene.row("a.log", &[40, 40, 40, 40]);
    scene.configure("maxtotalsize 10k\n@ROOT@/log/a.log {\n rotate 9\n preremove\n  kill -TERM $PPID\n endscript\n}\n");
    let run = scene.run(&[]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(run.removals().len(), 1, "{}", run.said);
    assert!(!run.said.contains("what is left is protected"), "{}", run.said);
}

#[test]
fn b8_what_a_stanza_in_error_names_counts_and_does_not_go_by_the_floors_of_another() {
    let scene = Scene::new("budget-error");
    scene.row("audit.log", &[40, 40, 40]);
    scene.row("app.log", &[40, 40, 40]);
    scene.configure(
        "maxtotalsize 10k\n@ROOT@/log/audit.log {\n minrotate -1\n rotate 9\n minsize x\n}\n@ROOT@/log/*.log {\n rotate 9\n}\n",
    );
    let run = scene.run(&[]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(
        scene.files(),
        "app.log app.log.1 audit.log audit.log.1 audit.log.2 audit.log.3",
        "{}",
        run.said
    );
}
