//! The figures of a run, in the last line of `-v`, the JSON and the metrics: what was rotated counts, and nothing else.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use super::super::support::ours;
use super::meanwhile::program;
use super::{Run, Scene};

/// Runs with all that tells of figures; answers the messages, the JSON and the metrics.
fn run(scene: &Scene) -> (Run, Value, String) {
    let output = scene
        .command(&ours(), &["--json", "--metrics", "m.prom"])
        .output()
        .unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap();
    let metrics = fs::read_to_string(scene.root.join("m.prom")).unwrap();
    (Run::of(&output), json, metrics)
}

/// Finds a log of this name in the JSON.
fn log<'v>(json: &'v Value, name: &str) -> &'v Value {
    let stanzas = json["stanzas"].as_array().unwrap().iter();
    let mut logs = stanzas.flat_map(|stanza| stanza["logs"].as_array().unwrap());
    logs.find(|log| log["path"].as_str().unwrap().ends_with(name)).unwrap()
}

/// Reads the value of a metric for the stanzas, in their order.
fn values(metrics: &str, name: &str) -> Vec<u64> {
    let lines = metrics.lines().filter(|line| line.starts_with(&format!("{name}{{")));
    lines
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn sums_are_of_the_logs_that_were_rotated_in_all_stanzas_and_of_their_newest_archives() {
    let scene = Scene::new("sums");
    for (name, size) in [("packed", 400), ("plain", 100), ("fails", 30), ("kept", 7)] {
        scene.write(&format!("{name}.log"), &"x".repeat(size));
    }
    symlink("plain.log", scene.log("link.log")).unwrap();
    scene.configure(
        "rotate 2\nsize 10\n\
         @ROOT@/log/packed.log {\n compress\n}\n\
         @ROOT@/log/plain.log @ROOT@/log/kept.log @ROOT@/log/link.log @ROOT@/log/gone.log {\n missingok\n}\n\
         @ROOT@/log/fails.log {\n prerotate\n exit 1\n endscript\n}\n",
    );
    let (run, json, metrics) = run(&scene);
    let packed = fs::metadata(scene.log("packed.log.1.gz")).unwrap().len();
    let wanted = format!("2 rotated, 1 failed, 3 not due; 500 before, {} after; ", 100 + packed);
    let last = run.said.lines().last().unwrap();
    assert!(last.starts_with(&wanted), "{wanted}\n{last}");
    assert_eq!(values(&metrics, "logrotate_rotated_bytes"), [400, 100, 0], "{metrics}");
    assert_eq!(values(&metrics, "logrotate_rotated_logs"), [1, 1, 0], "{metrics}");
    let sizes = |name: &str| ["bytes_before", "bytes_after"].map(|key| log(&json, name)[key].as_u64());
    assert_eq!(sizes("packed.log"), [Some(400), Some(packed)]);
    assert_eq!(sizes("plain.log"), [Some(100), None]);
}

#[test]
fn the_size_of_an_older_archive_that_is_compressed_last_is_not_that_of_the_newest() {
    let scene = Scene::new("sums-older");
    program(
        &scene,
        "packer",
        "gzip\ntest -e @ROOT@/done || echo late >>\"$it\"\n: >@ROOT@/done",
    );
    scene.write("a.log", &"x".repeat(400));
    scene.write("a.log.1", "old\n");
    scene.configure(
        "@ROOT@/log/a.log {\n size 10\n rotate 3\n compress\n delaycompress\n compressext .gz\n compresscmd @ROOT@/packer\n}\n",
    );
    let (run, json, _) = run(&scene);
    assert!(scene.log("a.log.2.gz").exists(), "{}", run.said);
    assert_eq!(log(&json, "a.log")["bytes_after"], Value::Null);
    let last = run.said.lines().last().unwrap();
    assert!(last.contains("; 400 before, 400 after; "), "{last}");
}
