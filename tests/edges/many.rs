//! Much of something: many logs that a dead run left, sizes whose sum no number holds.
//!
//! What is too many for a list that is searched for each takes much longer than these tests have patience.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::super::support::{mounts, ours};
use super::{Run, Scene};

/// So many logs are there, and so many have vanished.
const LOGS: usize = 10_000;

/// Writes a journal in which these logs were begun, and no more.
pub(super) fn begin(scene: &Scene, logs: &[String]) {
    let mut text = String::from("logrotate-rs journal -- version 1\n");
    for log in logs {
        let path = scene.log(log);
        text += &format!("begin 2024-3-11-6:25:0 8:1 \"{}\" \"{log}.1\"\n", path.display());
    }
    let journal = scene.root.join("status.journal");
    fs::write(&journal, text).unwrap();
    fs::set_permissions(journal, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_run_after_one_that_died_looks_at_each_of_many_logs_once() {
    let scene = Scene::new("many-vanished");
    let names = |kind: &str| {
        (0..LOGS)
            .map(|number| format!("{number}-{kind}.log"))
            .collect::<Vec<_>>()
    };
    names("there").iter().for_each(|name| scene.write(name, ""));
    let mut gone = names("gone");
    begin(&scene, &gone);
    // One of them has become its archive: its rotation is finished.
    scene.write(&format!("{}.1", gone[7]), "text\n");
    scene.configure("@ROOT@/log/*.log {\n create\n missingok\n}\n");
    let run = scene.run(&[]);
    run.went_well();
    let finished = format!("finished the rotation of {}", scene.log(&gone.remove(7)).display());
    assert_eq!(run.said.matches("finished the rotation of ").count(), 1);
    assert!(run.said.contains(&finished), "{finished}");
}

#[test]
fn a_pattern_is_no_missing_log_where_its_logs_vanished_and_a_log_that_looks_like_a_pattern_stays_one() {
    let scene = Scene::new("vanished-pattern");
    scene.write("a[b].log", "text\n");
    begin(&scene, &["ab.log".to_owned(), "c.err".to_owned()]);
    for name in ["ab.log.1", "c.err.1"] {
        scene.write(name, "text\n");
    }
    scene.configure("@ROOT@/log/*.log @ROOT@/log/*.err {\n rotate 2\n}\n");
    let run = scene.run(&[]);
    run.went_well();
    for name in ["ab.log", "c.err"] {
        let finished = format!("finished the rotation of {}", scene.log(name).display());
        assert!(run.said.contains(&finished), "{}", run.said);
    }
    let considered = format!("considering log {}\n", scene.log("a[b].log").display());
    assert!(run.said.contains(&considered), "{}", run.said);
}

#[test]
fn logs_larger_than_any_sum_are_counted_up_to_the_largest_number() {
    let scene = Scene::new("sums");
    mounts::with_own_mounts(|| {
        mounts::memory(&scene.root.join("log"), 16 << 20);
        scene.configure("@ROOT@/log/*.log {\n rotate 2\n}\n");
        for options in [
            &["-f"][..],
            &["-f", "--json"],
            &["-f", "--metrics", "m.prom"],
            &["-f", "-d", "--json"],
            &["--status"],
            &["--explain", scene.log("1.log").to_str().unwrap()],
        ] {
            for name in ["1.log", "2.log", "3.log"] {
                let log = fs::File::create(scene.log(name)).unwrap();
                log.set_len(i64::MAX.unsigned_abs()).unwrap();
            }
            let output = scene.command(&ours(), options).output().unwrap();
            let run = Run::of(&output);
            run.went_well();
            if options.contains(&"-f") && !options.contains(&"-d") {
                assert!(
                    run.said.contains("3 rotated, 0 failed, 0 not due; 16.0E before"),
                    "{}",
                    run.said
                );
            }
        }
        let metrics = fs::read_to_string(scene.root.join("m.prom")).unwrap();
        let is_sum = |line: &str| line.starts_with("logrotate_rotated_bytes{") && line.ends_with(&u64::MAX.to_string());
        assert!(metrics.lines().any(is_sum), "{metrics}");
    });
}
