//! What is shown of budgets, and of what went: `--status`, `--explain`, `--json` and `--metrics`.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::*;
use crate::support::{mounts, ours, shell};
use crate::view::valid;

/// Two stanzas share 200 K, and a third has 100 K of its own.
const POOLS: &str = "maxtotalsize 200k\n@ROOT@/log/a.log {\n rotate 9\n minretain 15\n}\n@ROOT@/log/b.log {\n rotate 9\n}\n\
                     @ROOT@/log/c*.log {\n rotate 9\n maxtotalsize 100k\n}\n";

/// Makes a tree of two pools: the first is too full.
fn pools(name: &str) -> Scene {
    let scene = Scene::new(name);
    scene.row("a.log", &[40, 40, 40, 40]);
    scene.row("b.log", &[80]);
    scene.row("c.log", &[20]);
    put(&scene.log("c-gone.log.1"), 8, 30);
    scene.configure(POOLS);
    scene
}

impl Scene {
    fn output(&self, options: &[&str]) -> Output {
        self.command(&ours(), options).output().unwrap()
    }

    fn shown(&self, options: &[&str]) -> String {
        String::from_utf8(self.output(options).stdout).unwrap()
    }

    fn object(&self, schema: &str, options: &[&str]) -> Value {
        valid(schema, &self.output(options).stdout)
    }

    /// Returns what a metrics file says of these metrics.
    fn metrics(&self, names: &[&str]) -> Vec<String> {
        let metrics = fs::read_to_string(self.root.join("m.prom")).unwrap();
        let is_wanted = |line: &&str| names.iter().any(|name| line.starts_with(name));
        metrics.lines().filter(is_wanted).map(str::to_owned).collect()
    }
}

#[test]
fn h_status_ends_with_a_line_for_each_budget() {
    let scene = pools("shown-status");
    let shown = scene.shown(&["--status"]);
    let (_, budgets) = shown.split_once("\n\nBudgets\n").unwrap();
    let expected = "  not met  maxtotalsize 200.0K  conf:1: 2 logs take up 248.0K\n  \
                    met      maxtotalsize 100.0K  conf:11: 2 logs take up 32.0K\n";
    assert_eq!(budgets, expected);
    scene.configure("@ROOT@/log/*.log {\n rotate 9\n}\n");
    assert!(!scene.shown(&["--status"]).contains("Budgets"));
}

#[test]
fn h_status_as_json_has_every_pool() {
    let scene = pools("shown-status-json");
    let object = scene.object("status.json", &["--status", "--json"]);
    let pool = |line, limit: usize, used: usize, met| json!({ "file": "conf", "line": line, "limit": limit * K, "used": used * K, "logs": 2, "met": met });
    assert_eq!(
        object["pools"],
        json!([pool(1, 200, 248, false), pool(11, 100, 32, true)])
    );
    assert_eq!(object["filesystems"], json!([]));
}

#[test]
fn h_status_and_the_run_count_the_same() {
    let scene = pools("shown-agree");
    let before = scene.object("run.json", &["--json"]);
    let after = scene.object("status.json", &["--status", "--json"]);
    assert_eq!(before["housekeeping"]["pools"], after["pools"]);
}

#[test]
fn h_status_has_what_is_free_on_a_file_system_and_what_is_wanted() {
    let scene = Scene::new("shown-room");
    mounts::with_own_mounts(|| {
        mounts::memory(&scene.root.join("log"), (1000 * K) as u64);
        scene.row("a.log", &[100, 100]);
        scene.row("b.log", &[100]);
        scene.configure("minfree 70%\n@ROOT@/log/a.log {\n}\n@ROOT@/log/b.log {\n minfree 100k\n}\n");
        let mount = scene.root.join("log").display().to_string();
        let object = scene.object("status.json", &["--status", "--json"]);
        let room = json!({ "mount": mount, "free": 692 * K, "wanted": 700 * K, "met": false, "held_until": null });
        assert_eq!(object["filesystems"], json!([room]));
        let line = format!("  not met  minfree 70% (700.0K)  conf:1: 692.0K free on {mount}\n");
        assert!(scene.shown(&["--status"]).ends_with(&line));
        let explained = scene.shown(&["--explain", &format!("{mount}/b.log")]);
        let budgets = format!(
            "\nBudgets\n  minfree 100.0K  conf:5: 692.0K free on {mount}\n    may give: nothing; protected: 1 by minrotate\n"
        );
        assert!(explained.contains(&budgets), "{explained}");
        scene.run(&["--metrics", "m.prom"]).went_well();
        let labels = format!("{{mount=\"{mount}\"}}");
        let expected = [
            format!("logrotate_filesystem_wanted_bytes{labels} {}", 700 * K),
            format!("logrotate_filesystem_free_bytes{labels} {}", 792 * K),
            format!("logrotate_budget_met{labels} 1"),
        ];
        assert_eq!(
            scene.metrics(&["logrotate_filesystem", "logrotate_budget_met"]),
            expected
        );
    });
}

#[test]
fn h_explain_says_what_a_log_takes_up_in_its_pool_and_may_give() {
    let scene = pools("shown-explain");
    let explained = scene.shown(&["--explain", scene.log("a.log").to_str().unwrap()]);
    let expected = "\nBudgets\n  maxtotalsize 200.0K  conf:1: 2 logs of 2 stanzas take up 248.0K; this log 164.0K, its stanza \
                    164.0K, a share is 100.0K\n    may give: 3 archives, 120.0K; protected: 1 by minrotate\n";
    assert!(explained.contains(expected), "{explained}");
    scene.configure(&POOLS.replace("minretain 15", "minretain 25"));
    let explained = scene.shown(&["--explain", scene.log("a.log").to_str().unwrap()]);
    let expected = "may give: 2 archives, 80.0K; protected: 1 by minretain, 1 by minrotate\n";
    assert!(explained.contains(expected), "{explained}");
}

#[test]
fn h_explain_says_what_lies_beside_a_log_and_how_it_differs() {
    let scene = Scene::new("shown-archives");
    scene.row("a.log", &[4, 4, 4, 4, 4]);
    put(&scene.log("a.log.1.bz2"), 8, 90);
    put(&scene.log("a.log.2024"), 4, 50);
    scene.configure("@ROOT@/log/a.log {\n rotate 3\n}\n");
    let explained = scene.shown(&["--explain", scene.log("a.log").to_str().unwrap()]);
    let expected = "\nArchives\n  6, 28.0K: 3 own, 3 kin (2 beyond `rotate 3`, 1 compressed, under `nocompress`)\n  \
                    1, 4.0K: perhaps archives: its number is too far from that of any archive\n";
    assert!(explained.contains(expected), "{explained}");
    assert!(!explained.contains("\nBudgets\n"), "{explained}");
}

#[test]
fn h_a_run_as_json_tells_what_went_why_and_for_which_line() {
    let scene = pools("shown-run");
    scene.row("d.log", &[4, 4]);
    put(&scene.log("d.log.3.gz"), 4, 12);
    scene.configure(
        "maxtotalsize 100k\n@ROOT@/log/a.log {\n rotate 9\n}\n@ROOT@/log/d.log {\n rotate 1\n maxage 15\n prune\n maxtotalsize 0\n}\n",
    );
    let path = |name: &str| scene.log(name).display().to_string();
    let gone = |name: &str, size: usize, why: &str, line: u32, log: &str| {
        let place = json!({ "file": "conf", "line": line });
        json!({ "path": path(name), "bytes": size * K, "why": why, "place": place, "log": path(log) })
    };
    let expected = json!([
        gone("d.log.2", 4, "maxage", 5, "d.log"),
        gone("d.log.3.gz", 4, "prune", 5, "d.log"),
        gone("a.log.4", 40, "maxtotalsize", 1, "a.log"),
        gone("a.log.3", 40, "maxtotalsize", 1, "a.log"),
    ]);
    for options in [&["-d", "--json"][..], &["--json", "--metrics", "m.prom"]] {
        let house = scene.object("run.json", options)["housekeeping"].clone();
        assert_eq!(house["removed"], expected, "{options:?}");
        assert_eq!(house["compressed"], json!([]));
        assert_eq!(
            house["pools"],
            json!([{ "file": "conf", "line": 1, "limit": 100 * K, "used": 84 * K, "logs": 1, "met": true }])
        );
    }
    let expected = [
        "logrotate_removed_files{why=\"rotate\"} 0",
        "logrotate_removed_files{why=\"prune\"} 1",
        "logrotate_removed_files{why=\"maxage\"} 1",
        "logrotate_removed_files{why=\"maxtotalsize\"} 2",
        "logrotate_removed_files{why=\"minfree\"} 0",
        "logrotate_removed_bytes{why=\"rotate\"} 0",
        "logrotate_removed_bytes{why=\"prune\"} 4096",
        "logrotate_removed_bytes{why=\"maxage\"} 4096",
        "logrotate_removed_bytes{why=\"maxtotalsize\"} 81920",
        "logrotate_removed_bytes{why=\"minfree\"} 0",
        "logrotate_pool_limit_bytes{file=\"conf\",line=\"1\"} 102400",
        "logrotate_pool_used_bytes{file=\"conf\",line=\"1\"} 86016",
        "logrotate_budget_met{file=\"conf\",line=\"1\"} 1",
    ];
    let names = ["logrotate_removed", "logrotate_pool", "logrotate_budget_met"];
    assert_eq!(scene.metrics(&names), expected);
}

#[test]
fn h_what_is_compressed_before_its_time_is_told_with_what_is_left_of_it() {
    let scene = Scene::new("shown-squeezed");
    mounts::with_own_mounts(|| {
        mounts::memory(&scene.root.join("log"), (1000 * K) as u64);
        put(&scene.log("a.log"), 4, 0);
        fs::write(scene.log("a.log.1"), vec![b'x'; 300 * K]).unwrap();
        scene.configure("minfree 90%\n@ROOT@/log/a.log {\n rotate 9\n compress\n delaycompress\n}\n");
        for (options, is_known) in [(&["-d", "--json"][..], false), (&["--json"], true)] {
            let house = scene.object("run.json", options)["housekeeping"].clone();
            let [squeezed] = &house["compressed"].as_array().unwrap()[..] else {
                panic!("{house}")
            };
            assert_eq!(squeezed["why"], "minfree");
            assert_eq!(squeezed["path"], scene.log("a.log.1").display().to_string());
            assert_eq!(squeezed["bytes"].is_u64(), is_known, "{squeezed}");
        }
    });
}

#[test]
fn h_a_rotation_s_removals_are_counted_and_what_no_rotation_meets_is_measured() {
    let scene = Scene::new("shown-rotated");
    scene.row("a.log", &[4, 8]);
    put(&scene.log("a.log.4.bz2"), 12, 200);
    scene.configure("@ROOT@/log/a.log {\n rotate 2\n create\n}\n");
    scene.run(&["-f", "--metrics", "m.prom"]).went_well();
    assert_eq!(scene.files(), "a.log a.log.1 a.log.2 a.log.4.bz2");
    let removed = scene.metrics(&[
        "logrotate_removed_files{why=\"rotate\"}",
        "logrotate_removed_bytes{why=\"rotate\"}",
    ]);
    assert_eq!(
        removed,
        [
            "logrotate_removed_files{why=\"rotate\"} 1",
            "logrotate_removed_bytes{why=\"rotate\"} 8192"
        ]
    );
    let orphans = scene.metrics(&["logrotate_orphan_bytes"]);
    assert!(orphans[0].ends_with(" 12288"), "{orphans:?}");
}

#[test]
fn h_a_log_that_is_gone_and_loses_archives_is_no_log_that_failed() {
    let scene = Scene::new("shown-lone");
    scene.row("here.log", &[]);
    for number in 1..=3 {
        put(&scene.log(&format!("gone.log.{number}")), 4, 10 * number);
    }
    scene.configure("@ROOT@/log/*.log {\n rotate 1\n prune\n}\n");
    let object = scene.object("run.json", &["--json", "--metrics", "m.prom"]);
    assert_eq!(object["housekeeping"]["removed"].as_array().unwrap().len(), 2);
    assert_eq!(object["stanzas"][0]["logs"].as_array().unwrap().len(), 1, "{object}");
    let failed = scene.metrics(&["logrotate_failed_logs"]);
    assert!(failed[0].ends_with(" 0"), "{failed:?}");
}

/// Counts the calls of `--status` that read directories or look at files.
fn looks(scene: &Scene) -> usize {
    let calls = "trace=getdents64,newfstatat,statx,openat,openat2,fstatfs";
    let words = [
        "-f",
        "-e",
        calls,
        "-o",
        "calls",
        ours().to_str().unwrap(),
        "-s",
        "status",
        "--status",
        "conf",
    ]
    .map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = shell(&scene.root, "strace", &words).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    fs::read_to_string(scene.root.join("calls")).unwrap().lines().count()
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn h_without_budgets_status_looks_at_no_more_than_with_archives_alone() {
    if Command::new("strace").arg("-V").output().is_err() {
        return;
    }
    let scene = Scene::new("shown-cost");
    for number in 0..1000 {
        scene.write(&format!("{number}.log"), "x");
        scene.write(&format!("{number}.log.1"), "x");
    }
    scene.configure("@ROOT@/log/*.log {\n rotate 9\n}\n");
    let without = looks(&scene);
    scene.configure("minfree 1\n@ROOT@/log/*.log {\n rotate 9\n}\n");
    let with = looks(&scene);
    assert!(with <= without + 20, "{without} without budgets, {with} with minfree");
}

#[test]
fn h_where_removals_did_not_help_status_says_until_when_nothing_goes() {
    let scene = Scene::new("shown-held");
    mounts::with_own_mounts(|| {
        mounts::memory(&scene.root.join("log"), (1000 * K) as u64);
        scene.row("a.log", &[100; 6]);
        fs::create_dir(scene.log("kept")).unwrap();
        scene.configure(
            "minfree 50%\n@ROOT@/log/a.log {\n rotate 9\n preremove\n  ln \"$1\" @ROOT@/log/kept/${1##*/}\n endscript\n}\n",
        );
        let run = scene.object("run.json", &["--json"]);
        let until = &run["housekeeping"]["filesystems"][0]["held_until"];
        assert!(until.is_string(), "{run}");
        let status = scene.object("status.json", &["--status", "--json"]);
        assert_eq!(status["filesystems"][0]["held_until"], *until);
        let shown = scene.shown(&["--status"]);
        assert!(
            shown.contains(" nothing is removed there, since what was freed too little\n"),
            "{shown}"
        );
    });
}
