//! P1 to P7: an archive that cannot be compressed, mailed, removed or renamed costs its log nothing but an error.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::Attribute;
use super::interims::pass_at_midnight;
use crate::edges::{Run, Scene};
use crate::support::{ours, skip};

/// A scene whose log gets a line a day.
pub(super) struct Days {
    pub(super) scene: Scene,
    day: u32,
}

impl Days {
    pub(super) fn new(name: &str, directives: &str) -> Self {
        let scene = Scene::new(&format!("liveness-obstacles-{name}"));
        scene.write("a.log", "day 0\n");
        let scripts = scene.root.join("bin");
        fs::create_dir(scripts).unwrap();
        scene.configure(&format!("@ROOT@/log/a.log {{\n daily\n create\n{directives}}}\n"));
        Self { scene, day: 0 }
    }

    /// Makes a program of these lines in `bin`.
    pub(super) fn program(&self, name: &str, text: &str) {
        let path = self.scene.root.join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Rotates, and writes the next day's line.
    pub(super) fn pass(&mut self, options: &[&str]) -> Run {
        let run = self.scene.run(&[&["-f"], options].concat());
        assert_eq!(self.scene.read("a.log"), "", "the log is rotated: {}", run.said);
        self.day += 1;
        self.scene.write("a.log", &format!("day {}\n", self.day));
        run
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.scene.list().into_iter();
        names.map(|name| String::from_utf8(name).unwrap()).collect()
    }

    /// The days of which a line is in an archive, which are plain or packed by `gzip`.
    fn kept(&self) -> BTreeSet<u32> {
        let output = Command::new("sh")
            .current_dir(self.scene.root.join("log"))
            .args(["-c", "for f in a.log?*; do test -f $f && zcat -f $f; done"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("day "));
        lines.map(|number| number.parse().unwrap()).collect()
    }

    /// Asserts that of the last so many days nothing is missing.
    fn has_last(&self, days: u32) {
        let wanted: BTreeSet<u32> = (self.day - days..self.day).collect();
        let kept = self.kept();
        assert!(kept.is_superset(&wanted), "{wanted:?} are not all in {kept:?}");
    }
}

/// How often an error of a run says this.
pub(super) fn errors(run: &Run, what: &str) -> usize {
    let lines = run.said.lines();
    lines
        .filter(|line| line.starts_with("error: ") && line.contains(what))
        .count()
}

#[test]
fn p2_an_archive_that_cannot_be_compressed_moves_up_counts_and_is_tried_again() {
    for (name, more) in [("now", ""), ("delayed", " delaycompress\n")] {
        let mut days = Days::new(
            &format!("compress-{name}"),
            &format!(" rotate 3\n compress\n compresscmd /nowhere/packer\n{more}"),
        );
        for day in 0..8 {
            let run = days.pass(&[]);
            if day > 0 || more.is_empty() {
                assert_eq!(run.status, Some(1), "{}", run.said);
                assert!(
                    errors(&run, "cannot execute compress command '/nowhere/packer'") > 0,
                    "{}",
                    run.said
                );
                assert!(errors(&run, "stays plain") > 0, "{}", run.said);
            }
            assert!(days.names().len() <= 5, "{:?}", days.names());
        }
        days.has_last(3);
        days.scene.configure(&format!(
            "@ROOT@/log/a.log {{\n daily\n create\n rotate 3\n compress\n{more}}}\n"
        ));
        for _ in 0..2 {
            days.pass(&[]).went_well();
        }
        days.has_last(3);
        let plain = days.names().iter().filter(|name| !name.ends_with(".gz")).count();
        assert_eq!(plain, if more.is_empty() { 1 } else { 2 }, "{:?}", days.names());
    }
}

#[test]
fn p2_each_archive_that_stays_plain_is_told_once_a_run() {
    let mut days = Days::new("once", " rotate 5\n compress\n compresscmd /nowhere/packer\n");
    for _ in 0..4 {
        days.pass(&[]);
    }
    let run = days.pass(&[]);
    assert_eq!(
        errors(&run, "stays plain"),
        4,
        "the old .1 and the new one are one name: {}",
        run.said
    );
}

#[test]
fn p2_gzip_s_status_2_with_whole_output_is_a_warning() {
    let mut days = Days::new(
        "warning",
        " rotate 3
 compress
 compresscmd @ROOT@/bin/gzip
",
    );
    days.program("gzip", "/bin/gzip; echo 'gzip: something is odd' >&2; exit 2");
    let run = days.pass(&[]);
    run.went_well();
    assert!(run.said.contains("warning: Compressing program wrote"), "{}", run.said);
    assert_eq!(days.names(), ["a.log", "a.log.1.gz"]);
    days.program("gzip", "/bin/gzip | head -c 20; exit 2");
    assert_eq!(days.pass(&[]).status, Some(1));
    assert_eq!(days.names(), ["a.log", "a.log.1", "a.log.2.gz"]);
}

#[test]
fn p2_a_compressor_that_is_not_there_is_started_once_a_stanza() {
    let mut days = Days::new("started", " rotate 9\n compress\n compresscmd /nowhere/packer\n");
    for _ in 0..6 {
        days.pass(&[]);
    }
    let trace = days.scene.root.join("trace");
    let program = ours();
    let run = Command::new("strace")
        .current_dir(&days.scene.root)
        .args(["-f", "-e", "trace=execve,execveat", "-o"])
        .arg(&trace)
        .arg(program)
        .args(["-f", "-s", "status", "conf"])
        .status();
    if !run.is_ok_and(|status| status.code() == Some(1)) {
        return skip("strace");
    }
    let calls = fs::read_to_string(trace).unwrap();
    assert_eq!(calls.matches("execve(\"/nowhere/packer\"").count(), 1, "{calls}");
}

#[test]
fn p4_an_archive_that_may_not_go_moves_on_above_the_count() {
    let mut days = Days::new("preremove", " rotate 2\n preremove\n exit 1\n endscript\n");
    for day in 0..7 {
        let run = days.pass(&[]);
        assert_eq!(errors(&run, "Not removing this file") > 0, day >= 2, "{}", run.said);
        days.has_last(days.day);
    }
    days.scene
        .configure("@ROOT@/log/a.log {\n daily\n create\n rotate 2\n preremove\n exit 0\n endscript\n}\n");
    days.pass(&[]).went_well();
    assert_eq!(days.names(), ["a.log", "a.log.1", "a.log.2"]);
}

#[test]
fn p5_archives_wait_for_a_mailer_and_the_oldest_goes_unsent_when_too_many_do() {
    for (name, more) in [("plain", ""), ("packed", " compress\n")] {
        let mut days = Days::new(
            &format!("mail-{name}"),
            &format!(" rotate 2\n mail ops@example.com\n{more}"),
        );
        days.program("mail", "exit 1");
        let mailer = days.scene.root.join("bin/mail");
        let options = ["-m", mailer.to_str().unwrap()];
        let mut unsent = 0;
        for day in 0..16 {
            let run = days.pass(&options);
            assert_eq!(
                errors(&run, "it stays until it can be sent") > 0,
                day >= 2,
                "{day}: {}",
                run.said
            );
            unsent += errors(&run, "goes unsent");
            assert!(days.names().len() <= 1 + 2 + 7, "{:?}", days.names());
        }
        assert!((5..=7).contains(&unsent), "{unsent}: {:?}", days.names());
        days.has_last(9);
        days.program("mail", "cat >>sent");
        days.pass(&options).went_well();
        assert_eq!(days.names().len(), 3, "{:?}", days.names());
    }
}

#[test]
fn p6_what_is_no_archive_is_moved_aside_with_a_warning_and_the_status_stays() {
    for (name, style) in [
        ("numbered", " rotate 3\n"),
        ("dated", " rotate 3\n dateext\n dateformat .%Y\n"),
    ] {
        let mut days = Days::new(&format!("aside-{name}"), style);
        let archive = if name == "numbered" {
            "a.log.1".to_owned()
        } else {
            let year = Command::new("date").arg("+%Y").output().unwrap().stdout;
            format!("a.log.{}", String::from_utf8(year).unwrap().trim())
        };
        fs::create_dir(days.scene.log(&archive)).unwrap();
        let run = days.pass(&[]);
        run.went_well();
        assert!(run.said.contains("warning: destination"), "{}", run.said);
        assert_eq!(days.scene.read(&archive), "day 0\n");
        assert!(
            days.names().iter().any(|name| name.ends_with(".backup")),
            "{:?}",
            days.names()
        );
    }
}

#[test]
fn p6_a_link_moves_along_is_never_compressed_and_goes_unfollowed() {
    let mut days = Days::new("link", " rotate 3\n compress\n");
    days.pass(&[]).went_well();
    let target = days.scene.root.join("precious");
    fs::write(&target, "precious\n").unwrap();
    symlink(&target, days.scene.log("a.log.2.gz")).unwrap();
    days.pass(&[]).went_well();
    let links = |days: &Days| {
        let mut names = days.names();
        names.retain(|name| fs::symlink_metadata(days.scene.log(name)).is_ok_and(|link| link.is_symlink()));
        names
    };
    assert_eq!(links(&days), ["a.log.3.gz"]);
    days.pass(&[]).went_well();
    assert!(links(&days).is_empty(), "{:?}", days.names());
    assert_eq!(fs::read_to_string(target).unwrap(), "precious\n");
}

#[test]
fn p7_an_archive_that_cannot_be_renamed_keeps_its_number_and_the_others_pass_it_by() {
    let mut days = Days::new("immutable", " rotate 3\n");
    for _ in 0..3 {
        days.pass(&[]).went_well();
    }
    let archive = days.scene.log("a.log.2");
    let Some(attribute) = Attribute::set(&archive, "i") else {
        return skip("chattr +i");
    };
    let mut runs = Vec::new();
    let fixed = days.scene.read("a.log.2");
    for _ in 0..5 {
        runs.push(days.pass(&[]));
    }
    let names = days.names();
    let still = days.scene.read("a.log.2");
    drop(attribute);
    for run in runs {
        assert_eq!(errors(&run, "it keeps its number"), 1, "{}", run.said);
        assert_eq!(run.status, Some(1), "{}", run.said);
    }
    assert_eq!(names, ["a.log", "a.log.1", "a.log.2", "a.log.3", "a.log.4"]);
    assert_eq!(still, fixed);
    days.has_last(3);
}

#[test]
fn p7_a_directory_in_the_way_that_cannot_be_moved_aside_is_passed_by() {
    let mut days = Days::new("fixed-directory", " rotate 3\n");
    days.pass(&[]).went_well();
    let directory = days.scene.log("a.log.2");
    fs::create_dir(&directory).unwrap();
    let Some(attribute) = Attribute::set(&directory, "i") else {
        return skip("chattr +i");
    };
    let runs: Vec<Run> = (0..4).map(|_| days.pass(&[])).collect();
    drop(attribute);
    for run in runs {
        assert_eq!((run.status, errors(&run, "is immutable")), (Some(1), 1), "{}", run.said);
    }
    assert_eq!(days.names(), ["a.log", "a.log.1", "a.log.2", "a.log.3", "a.log.4"]);
    days.has_last(3);
}

#[test]
fn p8_what_concerns_the_whole_directory_stops_its_logs_and_is_not_recorded_as_done() {
    let days = Days::new("directory", " rotate 3\n");
    days.scene.remember(&[("a.log", "2020-1-1-0:0:0")]);
    let directory = days.scene.root.join("log");
    let Some(attribute) = Attribute::set(&directory, "i") else {
        return skip("chattr +i");
    };
    let run = days.scene.run(&[]);
    drop(attribute);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(days.names(), ["a.log"]);
    let state = fs::read_to_string(days.scene.root.join("status")).unwrap();
    assert!(state.contains("a.log\" 2020-1-1-0:0:0"), "{state}");
}

#[test]
fn p4_what_may_not_go_is_not_compressed_either_and_is_there_once() {
    for (name, more) in [("now", ""), ("delayed", " delaycompress\n")] {
        let script = " preremove\n test -e @ROOT@/ok\n endscript\n";
        let mut days = Days::new(
            &format!("twins-{name}"),
            &format!(" rotate 2\n compress\n{more}{script}"),
        );
        for _ in 0..6 {
            days.pass(&[]);
        }
        assert!(
            !days.names().iter().any(|name| name.contains(".gz")),
            "{:?}",
            days.names()
        );
        days.has_last(6);
        fs::write(days.scene.root.join("ok"), "").unwrap();
        for _ in 0..3 {
            days.pass(&[]);
        }
        days.pass(&[]).went_well();
        assert!(days.names().len() <= 4, "{:?}", days.names());
        days.has_last(2);
    }
}

#[test]
fn p3_a_row_of_dated_archives_with_rotate_0_that_cannot_be_compressed_does_not_grow() {
    let mut days = Days::new(
        "none",
        " rotate 0\n dateext\n dateformat .%s\n compress\n compresscmd /bin/false\n",
    );
    for _ in 0..3 {
        assert_eq!(days.pass(&[]).status, Some(1));
        assert!(days.names().len() <= 3, "{:?}", days.names());
        std::thread::sleep(std::time::Duration::from_millis(1001));
    }
}

#[test]
fn p6_a_link_that_falls_off_is_neither_sent_nor_overwritten() {
    for (name, more) in [("mail", " mail ops@example.com\n"), ("shred", " shred\n")] {
        let mut days = Days::new(&format!("farewell-{name}"), &format!(" rotate 1\n{more}"));
        days.program("mail", "cat >>sent");
        let target = days.scene.root.join("precious");
        fs::write(&target, "precious\n").unwrap();
        symlink(&target, days.scene.log("a.log.1")).unwrap();
        let mailer = days.scene.root.join("bin/mail");
        days.pass(&["-m", mailer.to_str().unwrap()]).went_well();
        assert_eq!(days.names(), ["a.log", "a.log.1"]);
        assert_eq!(days.scene.read("a.log.1"), "day 0\n");
        assert_eq!(fs::read_to_string(target).unwrap(), "precious\n");
    }
}

#[test]
fn what_was_to_go_at_once_and_stays_plain_is_sent_once() {
    let mut days = Days::new(
        "at-once",
        " rotate 0\n compress\n compresscmd /nonexistent/pack\n mail root\n",
    );
    days.program("mail", &format!("cat >>{}/sent", days.scene.root.display()));
    let mailer = days.scene.root.join("bin/mail");
    for day in 0..4 {
        let run = days.pass(&["-m", mailer.to_str().unwrap()]);
        assert_eq!(run.status, Some(1));
        assert!(!run.said.contains("gone already"), "day {day}: {}", run.said);
    }
    let sent = fs::read_to_string(days.scene.root.join("sent")).unwrap();
    assert_eq!(sent, "day 0\nday 1\nday 2\n", "each once, when it goes");
    assert!(days.kept().contains(&3));
}

#[test]
fn p3_a_plain_archive_that_falls_off_is_known_until_it_is_gone() {
    for (keep, more) in [(3, ""), (1, ""), (2, " mail root\n")] {
        let mut days = Days::new(
            &format!("falls-off-{keep}"),
            &format!(
                " rotate {keep}\n compress\n compresscmd @ROOT@/bin/squeeze\n{more} postrotate\n test -e @ROOT@/ok\n endscript\n"
            ),
        );
        let ok = days.scene.root.join("ok");
        days.program("mail", "cat >/dev/null");
        let mailer = days.scene.root.join("bin/mail");
        let options = ["-m", mailer.to_str().unwrap()];
        fs::write(&ok, "").unwrap();
        days.program("squeeze", "exit 1");
        for _ in 0..3 {
            days.pass(&options);
        }
        fs::remove_file(&ok).unwrap();
        for _ in 0..5 {
            days.pass(&options);
            assert!(days.names().len() <= keep + 2, "{:?}", days.names());
        }
        days.program("squeeze", "exec gzip");
        fs::write(&ok, "").unwrap();
        for _ in 0..2 {
            days.pass(&options).went_well();
        }
        let wanted = (1..=keep).map(|number| format!("a.log.{number}.gz"));
        let wanted: Vec<String> = std::iter::once("a.log".into()).chain(wanted).collect();
        assert_eq!(days.names(), wanted);
        days.has_last(u32::try_from(keep).unwrap());
    }
}

#[test]
fn p4_where_nothing_is_kept_what_could_not_go_goes_later() {
    for (name, more) in [
        ("plain", ""),
        ("packed", " compress\n"),
        ("delayed", " compress\n delaycompress\n"),
        ("copied", " renamecopy\n"),
    ] {
        let mut days = Days::new(
            &format!("nothing-{name}"),
            &format!(" rotate 0\n mail root\n{more} postrotate\n ! test -e @ROOT@/stop\n endscript\n"),
        );
        let mailer = days.scene.root.join("bin/mail");
        let options = ["-m", mailer.to_str().unwrap()];
        days.program("mail", "exit 1");
        for _ in 0..3 {
            assert_eq!(days.pass(&options).status, Some(1));
        }
        days.has_last(3);
        days.program("mail", &format!("cat >>{}/sent", days.scene.root.display()));
        let stop = days.scene.root.join("stop");
        fs::write(&stop, "").unwrap();
        days.pass(&options);
        fs::remove_file(stop).unwrap();
        days.pass(&options).went_well();
        assert_eq!(days.names(), ["a.log"], "{name}");
        let sent = fs::read_to_string(days.scene.root.join("sent")).unwrap();
        let mut sent: Vec<&str> = sent.lines().collect();
        sent.sort_unstable();
        assert_eq!(sent, ["day 0", "day 1", "day 2", "day 3", "day 4"], "{name}");
    }
}

#[test]
fn p4_what_preremove_kept_is_not_moved_aside_for_what_is_compressed() {
    let mut days = Days::new(
        "kept",
        " rotate 2\n compress\n preremove\n ! test -e @ROOT@/no\n endscript\n",
    );
    let no = days.scene.root.join("no");
    for _ in 0..3 {
        days.pass(&[]).went_well();
    }
    fs::write(&no, "").unwrap();
    for _ in 0..6 {
        let run = days.pass(&[]);
        assert!(!run.said.contains("backup"), "{}", run.said);
    }
    days.has_last(8);
    fs::remove_file(no).unwrap();
    for _ in 0..2 {
        days.pass(&[]).went_well();
    }
    assert_eq!(days.names(), ["a.log", "a.log.1.gz", "a.log.2.gz"]);
}

#[test]
fn p5_a_newest_archive_that_cannot_be_sent_is_tried_again_until_it_falls_off_unsent() {
    for (name, more) in [
        ("now", " compress\n"),
        ("delayed", " compress\n delaycompress\n"),
        ("plain", ""),
    ] {
        let mut days = Days::new(
            &format!("mailfirst-{name}"),
            &format!(" rotate 2\n mailfirst\n mail ops@example.com\n{more}"),
        );
        let sent = days.scene.root.join("sent");
        let well = format!("cat >>{}", sent.display());
        days.program("mail", "exit 1");
        let mailer = days.scene.root.join("bin/mail");
        let options = ["-m", mailer.to_str().unwrap()];
        for day in 0..5 {
            let run = days.pass(&options);
            assert_eq!(run.status, Some(1), "{}", run.said);
            // The one that was new the day before has the name of the one that is new now.
            let waiting = if day < 2 { 1 } else { 2 };
            assert_eq!(
                errors(&run, "it is tried again at each rotation"),
                waiting,
                "{}",
                run.said
            );
            assert_eq!(errors(&run, "goes unsent:"), usize::from(day >= 2), "{}", run.said);
        }
        assert_eq!(days.names().len(), 3, "{:?}", days.names());
        days.program("mail", &well);
        days.pass(&options).went_well();
        days.pass(&options).went_well();
        let sent = fs::read_to_string(&sent).unwrap();
        let lines: BTreeSet<&str> = sent.lines().collect();
        assert_eq!(lines, ["day 3", "day 4", "day 5", "day 6"].into(), "{name}");
        assert_eq!(sent.lines().count(), 4, "each once: {sent}");
    }
}

#[test]
fn p5_what_was_sent_and_cannot_be_removed_is_sent_once() {
    for (name, more) in [
        ("numbered", ""),
        ("dated", " dateext\n dateformat .%s\n"),
        ("packed", " compress\n"),
    ] {
        let script = " preremove\n  test -e @ROOT@/ok\n endscript\n";
        let mut days = Days::new(
            &format!("sent-{name}"),
            &format!(" rotate 2\n mail ops@example.com\n{more}{script}"),
        );
        if name == "packed" {
            // What compresses removes the plain archive: that is let go.
            days.scene.configure(&format!(
                "@ROOT@/log/a.log {{\n daily\n create\n rotate 2\n mail ops@example.com\n{more} preremove\n  \
                 case $1 in *.gz) test -e @ROOT@/ok;; esac\n endscript\n}}\n"
            ));
        }
        let sent = days.scene.root.join("sent");
        days.program("mail", &format!("cat >>{}", sent.display()));
        let mailer = days.scene.root.join("bin/mail");
        let options = ["-m", mailer.to_str().unwrap()];
        for day in 0..6 {
            if day == 5 {
                fs::write(days.scene.root.join("ok"), "").unwrap();
            }
            days.pass(&options);
            if name == "dated" {
                std::thread::sleep(std::time::Duration::from_millis(1001));
            }
        }
        assert_eq!(days.names().len(), 3, "{name}: {:?}", days.names());
        assert_eq!(
            fs::read_to_string(&sent).unwrap(),
            "day 0\nday 1\nday 2\nday 3\n",
            "{name}"
        );
    }
}

#[test]
fn p4_what_preremove_refuses_is_asked_about_and_told_once_a_run() {
    for (name, style) in [("numbered", ""), ("dated", " dateext\n")] {
        let scene = Scene::new(&format!("liveness-obstacles-asked-{name}"));
        scene.remember(&[("a.log", "2027-2-28-0:5:0")]);
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n daily\n create\n rotate 1\n compress\n delaycompress\n{style} preremove\n  \
             echo $1 >>@ROOT@/asked; exit 1\n endscript\n}}\n"
        ));
        for day in 1..6 {
            scene.write("a.log", &format!("day {day}\n"));
            let run = pass_at_midnight(&scene, day);
            assert_eq!(scene.read("a.log"), "", "{}", run.said);
            let asked = fs::read_to_string(scene.root.join("asked")).unwrap_or_default();
            let _ = fs::remove_file(scene.root.join("asked"));
            let each: BTreeSet<&str> = asked.lines().collect();
            assert_eq!(asked.lines().count(), each.len(), "{name}, day {day}: {asked}");
            assert_eq!(errors(&run, "preremove"), each.len(), "{name}, day {day}: {}", run.said);
        }
    }
}

#[test]
fn p6_what_has_a_dated_name_and_cannot_be_moved_aside_is_told_once_and_costs_no_more_than_it_must() {
    for (name, taken, more, is_rotated) in [
        ("packed", "a.log-20270302.gz", " compress\n", true),
        ("plain", "a.log-20270302", "", false),
    ] {
        let scene = Scene::new(&format!("liveness-obstacles-held-{name}"));
        scene.remember(&[("a.log", "2027-3-1-0:5:0")]);
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n daily\n create\n rotate 3\n dateext\n{more}}}\n"
        ));
        scene.write("a.log", "day 2\n");
        let taken = scene.log(taken);
        fs::create_dir(&taken).unwrap();
        let Some(attribute) = Attribute::set(&taken, "i") else {
            return skip("chattr +i");
        };
        let runs = [pass_at_midnight(&scene, 2), pass_at_midnight(&scene, 2)];
        let live = scene.read("a.log");
        scene.write("a.log", "day 3\n");
        let next = pass_at_midnight(&scene, 3);
        drop(attribute);
        let [first, again] = runs;
        assert_eq!(
            (first.status, errors(&first, "chattr -i")),
            (Some(1), 1),
            "{}",
            first.said
        );
        assert_eq!(errors(&first, "number"), 0, "{}", first.said);
        assert_eq!(live.is_empty(), is_rotated, "{}", first.said);
        again.went_well();
        assert_eq!(scene.read("a.log"), "", "{}", next.said);
    }
}

#[test]
fn p7_an_archive_that_can_be_neither_compressed_nor_renamed_is_told_once() {
    for (name, style) in [("numbered", ""), ("dated", " dateext\n")] {
        let scene = Scene::new(&format!("liveness-obstacles-both-{name}"));
        scene.remember(&[("a.log", "2027-2-28-0:5:0")]);
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n daily\n create\n rotate 1\n compress\n delaycompress\n{style}}}\n"
        ));
        scene.write("a.log", "day 1\n");
        pass_at_midnight(&scene, 1).went_well();
        let archive = scene.log(if name == "dated" { "a.log-20270301" } else { "a.log.1" });
        let Some(attribute) = Attribute::set(&archive, "i") else {
            return skip("chattr +i");
        };
        let runs: Vec<Run> = (2..6)
            .map(|day| {
                scene.write("a.log", &format!("day {day}\n"));
                pass_at_midnight(&scene, day)
            })
            .collect();
        drop(attribute);
        for run in runs {
            assert_eq!(
                (run.status, errors(&run, "chattr -i")),
                (Some(1), 1),
                "{name}: {}",
                run.said
            );
        }
    }
}

#[test]
fn each_obstacle_of_a_run_is_counted_by_its_kind_in_the_metrics() {
    let counts = |scene: &Scene, options: &[&str], path: &str| {
        let metrics = scene.root.join("metrics");
        let mut command = scene.command(
            &ours(),
            &[&["-f", "--metrics", metrics.to_str().unwrap()], options].concat(),
        );
        if !path.is_empty() {
            command.env("PATH", path);
        }
        command.output().unwrap();
        let text = fs::read_to_string(metrics).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("logrotate_obstacles{"));
        let kind = |line: &str| line.split("kind=").nth(1).unwrap().to_owned();
        lines.map(kind).collect::<Vec<_>>()
    };
    let new = |name: &str, directives: &str| {
        let scene = Scene::new(&format!("liveness-obstacles-counted-{name}"));
        scene.write("a.log", "day 1\n");
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n daily\n create\n rotate 1\n{directives}}}\n"
        ));
        scene
    };
    let scene = new("aside", "");
    fs::create_dir(scene.log("a.log.1")).unwrap();
    assert_eq!(counts(&scene, &[], ""), ["\"in-the-way\"} 1"]);
    let scene = new("mail", " mailfirst\n mail ops\n");
    assert_eq!(counts(&scene, &["-m", "/bin/false"], ""), ["\"not-mailed\"} 1"]);
    let scene = new("shred", " shred\n");
    scene.write("a.log.1", "day 0\n");
    let few = scene.root.join("path");
    fs::create_dir(&few).unwrap();
    symlink("/usr/bin/timeout", few.join("timeout")).unwrap();
    assert_eq!(counts(&scene, &[], few.to_str().unwrap()), ["\"not-shredded\"} 1"]);
    let scene = new("directory", "");
    let log = scene.root.join("log");
    let Some(attribute) = Attribute::set(&log, "i") else {
        return skip("chattr +i");
    };
    let kinds = counts(&scene, &[], "");
    drop(attribute);
    assert_eq!(kinds, ["\"not-writable\"} 1"]);
}
