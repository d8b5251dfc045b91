//! `minfree`, on file systems in memory.

use std::fs;

use super::*;
use crate::support::mounts;

/// What the file systems hold, in K.
const DISK: usize = 1000;

/// Runs a test in a tree whose logs are on a file system of their own, of 1000 K.
fn with_disk(name: &str, test: impl FnOnce(&Scene) + Send) {
    let scene = Scene::new(name);
    mounts::with_own_mounts(|| {
        mounts::memory(&scene.root.join("log"), (DISK * K) as u64);
        test(&scene);
    });
}

const TWO: &str = "@ROOT@/log/a.log {\n rotate 9\n}\n@ROOT@/log/b.log {\n rotate 9\n}\n";

#[test]
fn a10_archives_go_until_enough_is_free_and_no_more() {
    with_disk("room-percent", |scene| {
        scene.row("a.log", &[100, 100, 100, 100]);
        scene.row("b.log", &[100, 100]);
        scene.configure(&format!("minfree 39%\n{TWO}"));
        assert_eq!(scene.run(&[]).went_well().removals(), [""; 0], "392 of 1000 are free");
        scene.configure(&format!("minfree 50%\n{TWO}"));
        let run = scene.run(&[]);
        let mount = scene.root.join("log");
        let said = format!(
            "removing old log {}/a.log.4 (108.0K short of 50% free on {}: minfree of conf:1)",
            mount.display(),
            mount.display()
        );
        assert!(run.went_well().said.contains(&said), "{said}\n{}", run.said);
        assert_eq!(scene.files(), "a.log a.log.1 a.log.2 b.log b.log.1 b.log.2");
    });
}

#[test]
fn a11_whoever_wants_more_gives_first() {
    with_disk("room-targets", |scene| {
        scene.row("debug.log", &[100, 100]);
        scene.row("plain.log", &[200, 200, 200]);
        let configuration = "@ROOT@/log/debug.log {\n rotate 9\n minfree 28%\n}\n\
                             @ROOT@/log/plain.log {\n rotate 9\n minfree 250k\n}\n";
        scene.configure(configuration);
        let run = scene.run(&[]);
        assert_eq!(
            scene.files(),
            "debug.log debug.log.1 plain.log plain.log.1 plain.log.2 plain.log.3"
        );
        run.went_well();
    });
}

#[test]
fn a12_what_delaycompress_left_is_compressed_before_anything_goes() {
    with_disk("room-squeezed", |scene| {
        scene.row("a.log", &[200, 200]);
        fs::write(scene.log("a.log.1"), "x".repeat(200 * K)).unwrap();
        fs::rename(scene.log("a.log.2"), scene.log("a.log.2.gz")).unwrap();
        scene.configure("minfree 70%\n@ROOT@/log/a.log {\n rotate 9\n compress\n delaycompress\n}\n");
        let run = scene.run(&[]);
        run.went_well();
        assert_eq!(scene.files(), "a.log a.log.1.gz a.log.2.gz");
        assert!(
            run.said
                .contains("a.log.1 (before its time: 104.0K short of 70% free on "),
            "{}",
            run.said
        );
        scene.run(&["-f"]).went_well();
        assert_eq!(scene.files(), "a.log.1 a.log.2.gz a.log.3.gz");
    });
}

#[test]
fn a13_what_somebody_reads_frees_nothing_and_is_passed_over() {
    with_disk("room-read", |scene| {
        scene.row("a.log", &[200, 200, 200]);
        let _reader = File::open(scene.log("a.log.3")).unwrap();
        scene.configure("minfree 50%\n@ROOT@/log/a.log {\n rotate 9\n}\n");
        scene.run(&[]).went_well();
        assert_eq!(scene.files(), "a.log a.log.1 a.log.3");
    });
}

#[test]
fn a14_where_nothing_is_gained_it_stops_after_what_was_missing_and_for_a_day_nothing_goes() {
    with_disk("room-held", |scene| {
        scene.row("a.log", &[100; 6]);
        fs::create_dir(scene.log("kept")).unwrap();
        scene.configure(
            "minfree 50%\n@ROOT@/log/a.log {\n rotate 9\n preremove\n  ln \"$1\" @ROOT@/log/kept/${1##*/}\n endscript\n}\n",
        );
        let run = scene.run(&[]);
        assert_eq!(run.status, Some(1), "{}", run.said);
        assert_eq!(
            scene.files(),
            "a.log a.log.1 a.log.2 a.log.3 a.log.4 kept",
            "108 K were missing"
        );
        let mount = scene.root.join("log").display().to_string();
        let words = format!(
            "error: removing 200.0K of archives on {mount} freed 0: snapshots, shared blocks or open files hold it; \
             minfree removes nothing more there until "
        );
        assert!(run.said.contains(&words), "{}", run.said);

        let run = scene.run(&[]);
        assert_eq!((run.status, run.removals().len()), (Some(1), 0), "{}", run.said);
        assert!(
            run.said.contains("minfree removes nothing more there until "),
            "{}",
            run.said
        );

        // Its end is in the journal.
        let journal = scene.root.join("status.journal");
        let text = fs::read_to_string(&journal).unwrap();
        let at = text.find("hold ").unwrap() + "hold ".len();
        let until: u64 = text[at..].split(' ').next().unwrap().parse().unwrap();
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        assert!((86_300..=86_400).contains(&(until - now)));
        fs::write(&journal, text.replace(&until.to_string(), &(now - 1).to_string())).unwrap();
        let run = scene.run(&[]);
        assert_eq!(run.removals().len(), 2, "{}", run.said);
    });
}

#[test]
fn a15_seven_days_stay_by_default_and_a_person_is_told_which_logs_are_the_largest() {
    with_disk("room-young", |scene| {
        scene.row("a.log", &[100, 100, 100]);
        put(&scene.log("a.log"), 300, 0);
        age(&scene.log("a.log.2"), 6);
        scene.configure("minfree 90%\n@ROOT@/log/a.log {\n rotate 9\n}\n");
        let run = scene.run(&[]);
        assert_eq!(run.status, Some(1));
        assert_eq!(scene.files(), "a.log a.log.1 a.log.2");
        let log = scene.log("a.log").display().to_string();
        for words in [
            "error: only 500.0K free on ",
            ", 90% (900.0K) wanted by minfree: all archives that are left are in use or protected (minrotate 1, minretain 7, the default); ",
            &format!("the largest logs are {log} 300.0K"),
        ] {
            assert!(run.said.contains(words), "{words}\n{}", run.said);
        }
    });
}

#[test]
fn a17_what_maxtotalsize_removes_counts_for_minfree() {
    with_disk("room-both", |scene| {
        scene.row("a.log", &[100, 100, 100, 100]);
        scene.configure("minfree 70%\nmaxtotalsize 250k\n@ROOT@/log/a.log {\n rotate 9\n}\n");
        let run = scene.run(&[]);
        let removals = run.went_well().removals();
        assert!(
            removals.len() == 2 && run.said.matches("maxtotalsize of conf:2").count() == 2,
            "{}",
            run.said
        );
    });
}

#[test]
fn z10_a_dry_run_names_what_goes_for_room() {
    with_disk("room-rehearsed", |scene| {
        scene.row("a.log", &[100, 100, 100, 100]);
        scene.row("b.log", &[100, 100]);
        scene.configure(&format!("minfree 60%\nmaxtotalsize 550k\n{TWO}"));
        let before = scene.files();
        let rehearsed = scene.run(&["-d"]);
        assert_eq!(scene.files(), before);
        let run = scene.run(&[]);
        assert_eq!(rehearsed.removals(), run.removals());
        assert!(
            run.said.contains("minfree of conf:1") && run.said.contains("maxtotalsize of conf:2"),
            "{}",
            run.said
        );
    });
}

/// A log of 300 K, and archives of 150 K that are compressed, on a disk with room for less than another 300 K.
fn nearly_full(scene: &Scene) {
    put(&scene.log("a.log"), 300, 0);
    for (number, days) in [(1, 10), (2, 20), (3, 30)] {
        put(&scene.log(&format!("a.log.{number}.gz")), 150, days);
    }
}

#[test]
fn a19_what_has_no_room_to_be_compressed_is_compressed_when_room_was_made() {
    with_disk("room-compress", |scene| {
        nearly_full(scene);
        scene.configure("minfree 1k\n@ROOT@/log/a.log {\n rotate 9\n compress\n}\n");
        let run = scene.run(&["-f"]);
        run.went_well();
        assert_eq!(scene.files(), "a.log.1.gz a.log.2.gz a.log.3.gz", "{}", run.said);
        let said = "a.log.4.gz (a rotation needs 56.0K more on ";
        assert!(run.removals().len() == 1 && run.said.contains(said), "{}", run.said);
    });
}

#[test]
fn a19_what_has_no_room_to_be_copied_is_copied_when_room_was_made() {
    with_disk("room-copy", |scene| {
        nearly_full(scene);
        let text = fs::read(scene.log("a.log")).unwrap();
        for (name, directive) in [
            ("copytruncate", "copytruncate\n nocompress"),
            ("copy", "copy\n nocompress"),
        ] {
            scene.configure(&format!(
                "minfree 1k\n@ROOT@/log/a.log {{\n rotate 9\n compressext .gz\n {directive}\n postrotate\n  echo x >>@ROOT@/told\n endscript\n}}\n"
            ));
            let run = scene.run(&["-f"]);
            run.went_well();
            assert_eq!(fs::read(scene.log("a.log.1")).unwrap(), text, "{name}: {}", run.said);
            assert_eq!(fs::read_to_string(scene.root.join("told")).unwrap(), "x\n", "{name}");
            for file in fs::read_dir(scene.root.join("log")).unwrap() {
                fs::remove_file(file.unwrap().path()).unwrap();
            }
            fs::remove_file(scene.root.join("told")).unwrap();
            nearly_full(scene);
        }
    });
}

#[test]
fn a19_where_no_room_can_be_made_it_is_that_log_s_failure_told_once() {
    with_disk("room-none", |scene| {
        for directive in ["compress", "copytruncate"] {
            nearly_full(scene);
            let rule = format!("@ROOT@/log/a.log {{\n rotate 9\n minrotate -1\n {directive}\n}}\n");
            scene.configure(&format!("minfree 1k\n{rule}"));
            let run = scene.run(&["-f"]);
            assert_eq!(run.status, Some(1), "{}", run.said);
            assert_eq!(run.said.matches("error: ").count(), 1, "{directive}: {}", run.said);
            assert!(run.removals().is_empty(), "{}", run.said);
            for file in fs::read_dir(scene.root.join("log")).unwrap() {
                fs::remove_file(file.unwrap().path()).unwrap();
            }
        }
    });
}

#[test]
fn a19_a_log_for_which_no_room_could_be_made_gives_again_as_soon_as_it_may() {
    with_disk("room-later", |scene| {
        nearly_full(scene);
        let rule =
            |floor| format!("minfree 1k\n@ROOT@/log/a.log {{\n rotate 9\n minrotate {floor}\n copytruncate\n}}\n");
        scene.configure(&rule(-1));
        assert_eq!(scene.run(&["-f"]).status, Some(1));
        scene.configure(&rule(1));
        let run = scene.run(&["-f"]);
        run.went_well();
        assert!(!run.removals().is_empty(), "{}", run.said);
    });
}

#[test]
fn a19_where_nothing_may_be_removed_what_had_no_room_is_tried_again_and_told() {
    with_disk("room-unread", |scene| {
        for directive in ["compress", "copytruncate"] {
            nearly_full(scene);
            scene.configure(&format!(
                "minfree 1k\ninclude @ROOT@/none\n@ROOT@/log/a.log {{\n rotate 9\n {directive}\n}}\n"
            ));
            let run = scene.run(&["-f"]);
            assert!(
                run.said.contains("No space left on device"),
                "{directive}: {}",
                run.said
            );
            assert!(run.removals().is_empty(), "{directive}: {}", run.said);
            for file in fs::read_dir(scene.root.join("log")).unwrap() {
                fs::remove_file(file.unwrap().path()).unwrap();
            }
        }
    });
}

#[test]
fn a10_archives_of_logs_that_are_all_gone_give_too() {
    with_disk("room-gone", |scene| {
        for (number, days) in [(1, 10), (2, 20), (3, 30)] {
            put(&scene.log(&format!("a.log.{number}")), 250, days);
        }
        scene.configure("minfree 400k\n@ROOT@/lo*/a.log {\n monthly\n rotate 9\n missingok\n}\n");
        let run = scene.run(&[]);
        run.went_well();
        assert_eq!(scene.files(), "a.log.1 a.log.2", "{}", run.said);
    });
}

#[test]
fn a19_nothing_goes_for_a_rotation_where_all_that_may_go_is_not_enough() {
    with_disk("room-vain", |scene| {
        nearly_full(scene);
        // The one archive that may go is smaller than what a copy of this log lacks.
        put(&scene.log("a.log"), 400, 0);
        let rule = "@ROOT@/log/a.log {\n rotate 9\n minrotate 2\n copytruncate\n}\n";
        scene.configure(&format!("minfree 1k\n{rule}"));
        let run = scene.run(&["-f"]);
        assert_eq!(run.status, Some(1), "{}", run.said);
        assert!(run.removals().is_empty(), "{}", run.said);
    });
}

#[test]
fn a19_what_has_room_to_be_copied_and_none_to_be_compressed_is_an_archive_all_the_same() {
    with_disk("room-half", |scene| {
        nearly_full(scene);
        let text = fs::read(scene.log("a.log")).unwrap();
        scene.configure("minfree 1k\n@ROOT@/log/a.log {\n rotate 9\n copy\n compress\n}\n");
        let run = scene.run(&["-f"]);
        assert_eq!(run.status, Some(1), "{}", run.said);
        assert_eq!(run.said.matches("error: ").count(), 1, "{}", run.said);
        assert_eq!(fs::read(scene.log("a.log.1")).unwrap(), text, "{}", run.said);
        fs::remove_file(scene.log("a.log.2.gz")).unwrap();
        let run = scene.run(&[]);
        assert!(!run.said.contains("earlier run had begun"), "{}", run.said);
    });
}
