//! What failed is said once: messages, exit status, sums, metrics and JSON agree, whatever goes wrong.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::support::{need_root, ours};
use super::many::begin;
use super::{Run, Scene};

/// Some trouble: what it is called, the configuration, what is done before the run, and how many logs fail.
struct Trouble {
    name: &'static str,
    conf: &'static str,
    before: &'static str,
    failed: u64,
}

const fn trouble(name: &'static str, conf: &'static str, before: &'static str, failed: u64) -> Trouble {
    Trouble {
        name,
        conf,
        before,
        failed,
    }
}

/// There are two logs, `a.log` and `b.log`, and the run is forced.
const TROUBLES: [Trouble; 31] = [
    trouble("none", "@LOGS@ {\n}\n", "", 0),
    trouble("empty", "@LOGS@ {\n notifempty\n}\n", ": >log/a.log", 0),
    trouble(
        "moved aside",
        "@LOG@ {\n compress\n delaycompress\n rotate 2\n}\n",
        "echo >log/a.log.1; echo >log/a.log.1.gz",
        0,
    ),
    trouble(
        "gone",
        "@LOG@ {\n rotate 1\n preremove\n rm $1\n endscript\n}\n",
        "echo >log/a.log.1",
        0,
    ),
    trouble(
        "no shred",
        "@LOG@ {\n rotate 1\n shred\n}\n",
        "echo >log/a.log.1; ln -sf /bin/false bin/shred",
        0,
    ),
    trouble(
        "future",
        "@LOG@ {\n}\n",
        "printf 'logrotate state -- version 2\\n\"%s\" 2099-1-1-0:0:0\\n' $PWD/log/a.log >status; chmod 640 status",
        0,
    ),
    trouble("a word", "@LOG@ {\n compress\n compresscmd @ROOT@/bin/talk\n}\n", "", 0),
    trouble(
        "a bad word",
        "@LOGS@ {\n compress\n compresscmd @ROOT@/bin/fail\n}\n",
        "",
        2,
    ),
    trouble("firstaction", "@LOGS@ {\n firstaction\n exit 1\n endscript\n}\n", "", 2),
    trouble(
        "prerotate",
        "@LOGS@ {\n prerotate\n case $1 in *a.log) exit 1; esac\n endscript\n}\n",
        "",
        1,
    ),
    trouble(
        "shared prerotate",
        "@LOGS@ {\n sharedscripts\n prerotate\n exit 1\n endscript\n}\n",
        "",
        2,
    ),
    trouble(
        "postrotate",
        "@LOGS@ {\n postrotate\n case $1 in *a.log) exit 1; esac\n endscript\n}\n",
        "",
        1,
    ),
    trouble(
        "shared postrotate",
        "@LOGS@ {\n sharedscripts\n postrotate\n exit 1\n endscript\n}\n",
        "",
        0,
    ),
    trouble(
        "preremove",
        "@LOG@ {\n rotate 1\n preremove\n exit 1\n endscript\n}\n",
        "echo >log/a.log.1",
        1,
    ),
    trouble("lastaction", "@LOGS@ {\n lastaction\n exit 1\n endscript\n}\n", "", 0),
    trouble("missing", "@ROOT@/log/c.log @LOG@ {\n}\n", "", 1),
    trouble(
        "a set with one missing",
        "@ROOT@/log/c.log @LOG@ {\n sharedscripts\n postrotate\n endscript\n}\n",
        "",
        2,
    ),
    trouble("open directory", "@LOGS@ {\n}\n", "chmod 0777 log", 2),
    trouble(
        "in the way",
        "@LOGS@ {\n dateext\n dateformat -x%Y\n}\n",
        "echo >log/a.log-x$(date +%Y)",
        1,
    ),
    trouble("mail", "@LOG@ {\n rotate 1\n mail root\n}\n", "echo >log/a.log.1", 1),
    trouble("other rights", "@LOGS@ {\n su nobody nogroup\n}\n", "", 2),
    trouble("text after a brace", "@LOG@ {\n} what\n", "", 0),
    trouble("no argument", "tabooext\n@LOG@ {\n}\n", "", 0),
    trouble("unknown word", "what\n@LOG@ {\n}\n", "", 0),
    trouble("broken stanza", "@ROOT@/log/b.log {\n rotate x\n}\n@LOG@ {\n}\n", "", 0),
    trouble("named twice", "@LOG@ {\n}\n@LOGS@ {\n}\n", "", 0),
    trouble("delay alone", "@LOG@ {\n delaycompress\n}\n", "", 0),
    trouble(
        "damaged state",
        "@LOG@ {\n}\n",
        "printf 'logrotate state -- version 2\\nx\\n' >status; chmod 640 status",
        0,
    ),
    trouble(
        "open state",
        "@LOG@ {\n}\n",
        "echo 'logrotate state -- version 2' >status; chmod 644 status",
        0,
    ),
    trouble(
        "a signal before the last",
        "@LOGS@ {\n postrotate\n kill $PPID\n endscript\n}\n",
        "",
        2,
    ),
    trouble(
        "a signal at the end",
        "@LOGS@ {\n lastaction\n kill $PPID\n endscript\n}\n",
        "",
        0,
    ),
];

/// Programs that the troubles use.
const PROGRAMS: &str = "mkdir bin; printf '#!/bin/sh\\necho a word >&2; exec cat\\n' >bin/talk; \
                        printf '#!/bin/sh\\necho a word >&2; exit 1\\n' >bin/fail; chmod 755 bin/*; \
                        for log in a b; do echo text >log/$log.log; done;";

/// Runs a scene's configuration with all that tells of failures, and answers the messages and the JSON.
fn run(scene: &Scene, options: &[&str]) -> (Run, Value) {
    let all = [&["-f", "--json", "-m", "/bin/false", "--jobs", "3"], options].concat();
    let mut command = scene.command(&ours(), &all);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", scene.root.join("bin").display()));
    let output = command.output().unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (Run::of(&output), json)
}

fn scene(name: &str, conf: &str, before: &str) -> Scene {
    let scene = Scene::new(&format!("fates/{}", name.replace(' ', "-")));
    let script = format!("{PROGRAMS} {before}");
    let done = super::super::support::shell(&scene.root, "/bin/sh", &["-c", &script]).status();
    assert!(done.unwrap().success(), "{name}");
    let logs = "@ROOT@/log/a.log @ROOT@/log/b.log";
    scene.configure(&conf.replace("@LOGS@", logs).replace("@LOG@", "@ROOT@/log/a.log"));
    scene
}

/// Adds up the metric of failed logs.
fn failed_in_metrics(file: &Path) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let failed = text.lines().filter(|line| line.starts_with("logrotate_failed_logs{"));
    failed
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

/// Counts the failed logs of a run as JSON.
fn failed_in_json(run: &Value) -> u64 {
    let stanzas = run["stanzas"].as_array().unwrap().iter();
    let logs = stanzas.flat_map(|stanza| stanza["logs"].as_array().unwrap());
    logs.filter(|log| log["failed"] == true).count() as u64
}

/// Reads how many logs failed from the last line of `-v`.
fn failed_in_sums(said: &str) -> u64 {
    let sums = said.lines().rfind(|line| line.contains(" not due; ")).expect(said);
    let failed = sums.split(", ").find_map(|part| part.strip_suffix(" failed"));
    failed.unwrap().parse().unwrap()
}

/// An error is a line that begins so: what a script or a compressor says itself does not count.
fn has_error(said: &str) -> bool {
    said.lines().any(|line| line.starts_with("error: "))
}

#[test]
fn an_error_is_status_1_and_all_who_count_failed_logs_count_the_same() {
    if !need_root() {
        return;
    }
    for Trouble {
        name,
        conf,
        before,
        failed,
    } in TROUBLES
    {
        let scene = scene(name, conf, before);
        let (run, json) = run(&scene, &["--metrics", "m.prom"]);
        assert_eq!(
            has_error(&run.said),
            run.status != Some(0),
            "{name}: {:?}\n{}",
            run.status,
            run.said
        );
        assert_eq!(json["exit_status"].as_i64(), run.status.map(i64::from), "{name}");
        let counted = [
            failed_in_sums(&run.said),
            failed_in_metrics(&scene.root.join("m.prom")),
            failed_in_json(&json),
        ];
        assert_eq!(counted, [failed; 3], "{name}\n{}\n{json:#}", run.said);
        assert!(failed == 0 || run.status == Some(1), "{name}: {:?}", run.status);
    }
}

#[test]
fn a_log_that_is_finished_late_is_told_of_in_its_own_stanza_and_once() {
    let scene = scene(
        "late",
        "@LOG@ {\n compress\n rotate 1\n}\n@ROOT@/log/b.log {\n compress\n rotate 1\n}\n",
        "",
    );
    let (_, json) = run(&scene, &[]);
    let stanzas = json["stanzas"].as_array().unwrap();
    for (stanza, name) in stanzas.iter().zip(["a.log", "b.log"]) {
        let logs = stanza["logs"].as_array().unwrap();
        assert_eq!(logs.len(), 1, "{json:#}");
        assert_eq!(logs[0]["path"], scene.log(name).to_str().unwrap());
        assert!(
            logs[0]["bytes_after"].is_u64() && logs[0]["rotated"] == true,
            "{json:#}"
        );
    }
}

#[test]
fn a_script_that_fails_when_a_dead_run_s_rotation_is_finished_fails_for_its_own_log() {
    let scene = scene(
        "finished",
        "@LOGS@ {\n create\n missingok\n postrotate\n case $1 in *a.log) exit 1; esac\n endscript\n}\n",
        "for log in a b; do mv log/$log.log log/$log.log.1; done",
    );
    begin(&scene, &["a.log".to_owned(), "b.log".to_owned()]);
    let (_, json) = run(&scene, &[]);
    let logs = json["stanzas"][0]["logs"].as_array().unwrap().iter();
    let failed: Vec<_> = logs
        .map(|log| (log["path"].as_str().unwrap(), &log["failed"]))
        .collect();
    let [a, b] = ["a.log", "b.log"].map(|name| scene.log(name));
    let wanted = [
        (a.to_str().unwrap(), &Value::Bool(true)),
        (b.to_str().unwrap(), &Value::Bool(false)),
    ];
    assert_eq!(failed, wanted, "{json:#}");
}
