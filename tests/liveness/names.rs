//! P10: a dated name that is taken costs one rotation, and the next period has a name of its own.

use std::fs;

use crate::edges::{Run, Scene};
use crate::support::clock::stop_at;
use crate::support::ours;

fn run_at(scene: &Scene, now: &str) -> Run {
    let mut command = scene.command(&ours(), &[]);
    stop_at(&mut command, now, "UTC");
    Run::of(&command.output().unwrap())
}

#[test]
fn p10_a_dated_name_that_is_taken_is_an_error_once_and_the_next_month_is_rotated() {
    let scene = Scene::new("liveness-taken");
    scene.configure(
        "@ROOT@/log/a.log {\n monthly\n rotate 9\n dateext\n dateyesterday\n dateformat -%Y%m\n nocreate\n}\n",
    );
    scene.remember(&[("a.log", "2025-10-15-0:0:0")]);
    // Rotated late in November, the first of December names November again.
    let mut failed = Vec::new();
    for now in ["2025-11-03", "2025-12-01", "2025-12-02", "2026-01-01", "2026-02-01"] {
        let text = fs::read_to_string(scene.log("a.log")).unwrap_or_default();
        scene.write("a.log", &format!("{text}{now}\n"));
        let run = run_at(&scene, &format!("{now} 00:05:00"));
        if run.status != Some(0) {
            assert!(run.said.contains("already exists, skipping rotation"), "{}", run.said);
            failed.push(now);
        }
    }
    assert_eq!(failed, ["2025-12-01"]);
    assert_eq!(scene.read("a.log-202511"), "2025-11-03\n");
    assert_eq!(scene.read("a.log-202512"), "2025-12-01\n2025-12-02\n2026-01-01\n");
    assert_eq!(scene.read("a.log-202601"), "2026-02-01\n");
}
