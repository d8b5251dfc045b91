//! P14: a daemon that never opened its log anew is told of at each run, for as long as it writes to the archive.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use crate::edges::Scene;
use crate::support::{ours, shell};

/// A program that has a file open for writing.
struct Holder(Child);

impl Holder {
    fn of(scene: &Scene, name: &str) -> Self {
        let file = OpenOptions::new().append(true).open(scene.log(name)).unwrap();
        Self(Command::new("sleep").arg("1000").stdout(file).spawn().unwrap())
    }

    fn write(&self, line: &str) {
        let path = format!("/proc/{}/fd/1", self.0.id());
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn warning(said: &str) -> Option<&str> {
    said.lines().find(|line| line.contains("has not opened the log anew"))
}

fn asked(scene: &Scene, options: &[&str]) -> String {
    let program = ours();
    let words = [&[program.to_str().unwrap()], options, &["-s", "status", "conf"]].concat();
    let mut command = shell(&scene.root, "timeout", &[&["60"], &words[..]].concat());
    String::from_utf8(command.stderr(Stdio::null()).output().unwrap().stdout).unwrap()
}

#[test]
fn p14_a_program_that_never_opened_its_log_anew_is_told_of_at_each_run() {
    for (name, directives) in [
        ("numbered", " create\n"),
        ("none", " nocreate\n missingok\n"),
        ("dated", " create\n dateext\n"),
        ("empty", " create\n notifempty\n"),
        ("delayed", " create\n compress\n delaycompress\n"),
    ] {
        let scene = Scene::new(&format!("liveness-reopened-{name}"));
        scene.write("a.log", "line\n");
        scene.configure(&format!("@ROOT@/log/a.log {{\n daily\n rotate 5\n{directives}}}\n"));
        let holder = Holder::of(&scene, "a.log");
        scene.run(&["-f"]).went_well();
        for round in 0..3 {
            holder.write("another line\n");
            let run = scene.run(&[]);
            let told = warning(&run.went_well().said);
            let told = told.unwrap_or_else(|| panic!("{name}, {round}: {}", run.said));
            assert!(told.starts_with("warning: ") && told.contains("by sleep"), "{told}");
        }
        drop(holder);
        assert_eq!(warning(&scene.run(&[]).said), None, "{name}: it is over");
    }
}

#[test]
fn p14_a_log_that_is_empty_for_other_reasons_is_not_told_of() {
    let scene = Scene::new("liveness-reopened-not");
    scene.write("a.log", "line\n");
    scene.configure("@ROOT@/log/a.log {\n daily\n rotate 5\n create\n}\n");
    scene.run(&["-f"]).went_well();
    assert_eq!(warning(&scene.run(&[]).said), None);
    let holder = Holder::of(&scene, "a.log");
    holder.write("line\n");
    assert_eq!(warning(&scene.run(&[]).said), None, "it writes to the log");
}

#[test]
fn p14_status_explain_json_and_metrics_name_archive_size_and_program() {
    let scene = Scene::new("liveness-reopened-shown");
    scene.write("a.log", "line\n");
    scene.configure("@ROOT@/log/a.log {\n daily\n rotate 5\n create\n}\n");
    let _holder = Holder::of(&scene, "a.log");
    scene.run(&["-f"]).went_well();
    let log = scene.fill("@ROOT@/log/a.log");
    let archive = format!("{log}.1");
    let run: serde_json::Value = serde_json::from_str(&asked(&scene, &["--json", "--metrics", "metrics"])).unwrap();
    let status: serde_json::Value = serde_json::from_str(&asked(&scene, &["--status", "--json"])).unwrap();
    for obstacle in [
        &run["stanzas"][0]["logs"][0]["obstacles"][0],
        &status["logs"][0]["archive_obstacles"][0],
    ] {
        assert_eq!(obstacle["kind"], "not-reopened");
        assert_eq!(obstacle["archive"], archive.as_str());
        assert_eq!((&obstacle["bytes"], &obstacle["program"]), (&5.into(), &"sleep".into()));
    }
    for options in [&["--status"][..], &["--explain", &log]] {
        let said = asked(&scene, options);
        assert!(said.contains("is still written by sleep"), "{said}");
    }
    let metrics = std::fs::read_to_string(scene.root.join("metrics")).unwrap();
    let is_there = |line: &str| metrics.lines().any(|found| found == scene.fill(line));
    let stanza = "file=\"conf\",pattern=\"@ROOT@/log/a.log\"";
    assert!(
        is_there(&format!("logrotate_obstacles{{{stanza},kind=\"not-reopened\"}} 1")),
        "{metrics}"
    );
    assert!(
        is_there(&format!(
            "logrotate_written_archive_bytes{{{stanza},archive=\"@ROOT@/log/a.log.1\",program=\"sleep\"}} 5"
        )),
        "{metrics}"
    );
}
