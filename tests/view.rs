//! `--status`, `--explain` and the reports of a run, asked of the real binary; JSON is held against `fixtures/schema`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use logrotate_rs::report::style::width;
use serde_json::Value;

use super::support::terminal::InTerminal;
use super::support::{clock, fresh_dir, need_root, ours, project, shell};

/// A small tree: a log that is due, one that is not, an empty one, a link, and one that is missing.
struct Scene {
    root: PathBuf,
}

impl Scene {
    fn new(name: &str) -> Self {
        let root = fresh_dir(name);
        fs::create_dir(root.join("log")).unwrap();
        let write = |name: &str, text: &str| fs::write(root.join(name), text).unwrap();
        write("log/due.log", "0123456789");
        write("log/due.log.1", "12345");
        write("log/\u{30ed}\u{30b0}.log", "x");
        write("log/empty.log", "");
        symlink("due.log", root.join("log/link.log")).unwrap();
        let at = root.display().to_string();
        write(
            "conf",
            &format!(
                "rotate 3\nweekly 7\n{at}/log/due.log {at}/log/gone.log {{\n  daily\n  compress\n  create\n}}\n{at}/log/*.log {{\n  notifempty\n  ignoreduplicates\n}}\n"
            ),
        );
        write(
            "state",
            &format!("logrotate state -- version 2\n\"{at}/log/due.log\" 2020-1-1-0:0:0\n"),
        );
        Self { root }
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut all = vec!["-s", "state"];
        all.extend(words);
        all.push("conf");
        shell(&self.root, ours().to_str().unwrap(), &all).output().unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.root.join(name).display().to_string()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Parses an output, which must be one object that its schema allows.
pub(super) fn valid(schema: &str, output: &[u8]) -> Value {
    let path = project().join("fixtures/schema").join(schema);
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let object: Value = serde_json::from_slice(output).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(&object)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{}\n{object}", wrong.join("\n"));
    object
}

/// Finds the log of this name in a status.
fn log<'v>(object: &'v Value, name: &str) -> &'v Value {
    let logs = object["logs"].as_array().unwrap();
    let found = logs.iter().find(|log| log["path"].as_str().unwrap().ends_with(name));
    found.unwrap_or_else(|| panic!("no {name} in {object}"))
}

#[test]
fn status_as_json_tells_of_every_log_and_is_as_its_schema_says() {
    let scene = Scene::new("view-status-json");
    let output = scene.run(&["--status", "--json"]);
    let object = valid("status.json", &output.stdout);
    assert_eq!(object["logs"].as_array().unwrap().len(), 5);
    let due = log(&object, "due.log");
    assert_eq!(
        (&due["verdict"], &due["next"]["kind"], &due["size"]),
        (&"rotate".into(), &"now".into(), &10.into())
    );
    assert_eq!((&due["last"], &due["line"]), (&"2020-01-01T00:00:00".into(), &3.into()));
    assert_eq!(due["archives"]["files"], 1);
    let other = log(&object, "\u{30ed}\u{30b0}.log");
    assert_eq!(
        (&other["verdict"], &other["next"]["kind"], &other["last"]),
        (&"keep".into(), &"at".into(), &Value::Null)
    );
    assert!(
        log(&object, "empty.log")["reason"]
            .as_str()
            .unwrap()
            .contains("notifempty")
    );
    assert!(
        log(&object, "link.log")["obstacle"]
            .as_str()
            .unwrap()
            .contains("symbolic link")
    );
    assert!(
        log(&object, "gone.log")["obstacle"]
            .as_str()
            .unwrap()
            .contains("does not exist")
    );
}

#[test]
fn status_is_a_table_with_a_line_a_log_and_sorts_as_asked() {
    let scene = Scene::new("view-status-table");
    let order = |key: &str| -> Vec<String> {
        let table = text(&scene.run(&["--status", "--sort", key]).stdout);
        let names = table
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().next().unwrap().to_owned());
        names.map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
    };
    let japanese = "\u{30ed}\u{30b0}.log";
    assert_eq!(
        order("path"),
        ["due.log", "empty.log", "gone.log", "link.log", japanese]
    );
    assert_eq!(order("size")[0], "due.log");
    assert_eq!(order("size")[4], "gone.log");
    assert_eq!(order("next")[0], "due.log");
    assert_eq!(order("archives")[0], "due.log");
    assert_eq!(order("last")[4], "due.log");
}

#[test]
fn status_parts_the_archives_by_what_they_are_to_their_log() {
    let scene = Scene::new("view-family");
    let at = scene.root.display().to_string();
    let write = |name: &str| fs::write(scene.root.join("log").join(name), "x").unwrap();
    fs::create_dir(scene.root.join("log/old")).unwrap();
    // A log with a longer base, the archives of both, and what is nobody's.
    for name in [
        "app.log",
        "app.log.1",
        "app.log.1.1",
        "app.log.2",
        "app.log.3",
        "app.log.2024",
        "app.log.txt",
    ] {
        write(name);
    }
    symlink("app.log.2", scene.root.join("log/app.log.4")).unwrap();
    for name in [
        "linked",
        "app.log-20200101.bz2",
        "old/moved.log.1",
        "moved.log",
        "moved.log.1",
        "gone.log.1",
    ] {
        write(name);
    }
    fs::hard_link(scene.root.join("log/linked"), scene.root.join("log/app.log.5")).unwrap();
    let ago = |name: &str, days: u64| {
        let time = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
        let file = fs::File::open(scene.root.join("log").join(name)).unwrap();
        file.set_modified(time).unwrap();
    };
    ago("app.log-20200101.bz2", 30);
    ago("moved.log.1", 30);
    fs::write(
        scene.root.join("conf"),
        format!("rotate 2\n{at}/log/app.log {at}/log/app.log.1 {{\n}}\n{at}/log/moved.log {at}/log/gone.log {{\n missingok\n olddir old\n}}\n"),
    )
    .unwrap();
    // Under an olddir what is beside the log is kin, if it is older; of a log that is gone it proves nothing.
    let object = valid("status.json", &scene.run(&["--status", "--json"]).stdout);
    let counts = |name: &str| {
        let family = &log(&object, name)["family"];
        let count = |class: &str| family[class]["files"].as_u64().unwrap();
        (count("own"), count("kin"), count("lone"))
    };
    assert_eq!(counts("/app.log"), (1, 2, 0));
    assert_eq!(counts("/app.log.1"), (1, 0, 0));
    assert_eq!(counts("/moved.log"), (1, 1, 0));
    assert_eq!(counts("/gone.log"), (0, 0, 0));
    assert_eq!(log(&object, "/app.log")["archives"]["files"], 3);
    let explained = text(&scene.run(&["--explain", &format!("{at}/log/app.log")]).stdout);
    let archives = explained.split_once("\nArchives\n  3, ").map(|(_, rest)| rest);
    assert!(
        archives.is_some_and(|rest| rest.contains(": 1 own, 2 kin (")),
        "{explained}"
    );
}

#[test]
fn status_changes_nothing_and_needs_no_lock() {
    let scene = Scene::new("view-status-quiet");
    let before = fs::read(scene.root.join("state")).unwrap();
    let locked = fs::File::open(scene.root.join("state")).unwrap();
    locked.lock().unwrap();
    let output = scene.run(&["--status"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    assert_eq!(fs::read(scene.root.join("state")).unwrap(), before);
    assert_eq!(fs::read_dir(&scene.root).unwrap().count(), 3);
}

#[test]
fn a_directory_that_others_can_write_to_is_an_obstacle() {
    if !need_root() {
        return;
    }
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new("view-insecure");
    fs::set_permissions(scene.root.join("log"), fs::Permissions::from_mode(0o777)).unwrap();
    let object = valid("status.json", &scene.run(&["--status", "--json"]).stdout);
    assert!(
        log(&object, "due.log")["obstacle"]
            .as_str()
            .unwrap()
            .contains("insecure permissions")
    );
}

#[test]
fn explain_names_the_line_of_each_setting_and_the_plan() {
    let scene = Scene::new("view-explain");
    let output = scene.run(&["--explain", "log/due.log"]);
    let told = text(&output.stdout).replace(&scene.path(""), "@/");
    let has = |line: &str| {
        assert!(
            told.lines()
                .any(|one| one.split_whitespace().eq(line.split_whitespace())),
            "{line}\n{told}"
        )
    };
    has("@/log/due.log");
    has("daily conf:4");
    has("compress conf:5");
    has("create conf:6");
    has("rotate 3 conf:1");
    has("ifempty default");
    has("conf:8 names it, too: the first stanza has it, and ignoreduplicates allows that");
    has("it is due: its period has gone by");
    has("2. renaming @/log/due.log.1.gz to @/log/due.log.2.gz");
    assert!(told.contains("renaming @/log/due.log to @/log/due.log.1"), "{told}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn explain_as_json_is_as_its_schema_says() {
    let scene = Scene::new("view-explain-json");
    for name in [
        "log/due.log",
        "log/\u{30ed}\u{30b0}.log",
        "log/empty.log",
        "log/gone.log",
        "log/link.log",
        "log/new.log",
    ] {
        let output = scene.run(&["--explain", name, "--json"]);
        let object = valid("explain.json", &output.stdout);
        assert!(object["log"]["path"].as_str().unwrap().ends_with(name), "{name}");
        assert_eq!(object["forced"], name != "log/due.log", "{name}");
    }
}

#[test]
fn a_log_that_no_stanza_names_is_an_error() {
    let scene = Scene::new("view-explain-nothing");
    let output = scene.run(&["--explain", "/nowhere/x.log"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "error: no stanza names /nowhere/x.log\n");
}

#[test]
fn a_run_as_json_is_as_its_schema_says_dry_and_real() {
    let scene = Scene::new("view-run-json");
    for words in [&["-d", "--json"][..], &["--json"], &["--json", "--only", "/none"]] {
        let object = valid("run.json", &scene.run(words).stdout);
        assert_eq!(object["dry_run"], words.contains(&"-d"));
        if words.len() == 3 {
            continue;
        }
        // The missing log is an error, and stays one.
        assert_eq!(object["exit_status"], 1);
        let logs = object["stanzas"][0]["logs"].as_array().unwrap();
        assert_eq!(
            (&logs[0]["verdict"], &logs[0]["bytes_before"]),
            (&"rotate".into(), &10.into())
        );
        assert_eq!(logs[1]["verdict"], "error");
    }
}

#[test]
fn a_verbose_run_ends_with_its_sums() {
    let scene = Scene::new("view-summary");
    let told = text(&scene.run(&["-v"]).stderr);
    let last = told.lines().last().unwrap();
    assert!(
        last.starts_with("1 rotated, 1 failed, 3 not due; 10 before, "),
        "{last}"
    );
    assert!(last.ends_with(" seconds"), "{last}");
    let quiet = Scene::new("view-no-summary");
    for words in [&["-d"][..], &[]] {
        assert!(!text(&quiet.run(words).stderr).contains(" failed, "), "{words:?}");
    }
}

#[test]
fn the_journal_gets_the_priority_of_every_line() {
    use std::os::unix::fs::MetadataExt as _;
    let scene = Scene::new("view-journal");
    let file = fs::File::create(scene.root.join("journal")).unwrap();
    let it = file.metadata().unwrap();
    let run = |stream: String| {
        file.set_len(0).unwrap();
        let file = fs::OpenOptions::new()
            .append(true)
            .open(scene.root.join("journal"))
            .unwrap();
        let mut command = shell(&scene.root, ours().to_str().unwrap(), &["-d", "-s", "state", "conf"]);
        command
            .env("JOURNAL_STREAM", stream)
            .stderr(Stdio::from(file))
            .status()
            .unwrap();
        fs::read_to_string(scene.root.join("journal")).unwrap()
    };
    let told = run(format!("{}:{}", it.dev(), it.ino()));
    assert!(
        told.lines()
            .all(|line| ["<3>", "<4>", "<6>"].iter().any(|one| line.starts_with(one))),
        "{told}"
    );
    assert!(
        told.lines().any(|line| line.starts_with("<3>error: stat of ")),
        "{told}"
    );
    assert!(
        told.lines()
            .any(|line| line.starts_with("<4>warning: this is a dry run")),
        "{told}"
    );
    assert!(
        told.lines().any(|line| line.starts_with("<6>reading config file")),
        "{told}"
    );
    let elsewhere = run(format!("{}:{}", it.dev(), it.ino() + 1));
    assert!(elsewhere.lines().all(|line| !line.starts_with('<')), "{elsewhere}");
}

#[test]
fn colours_are_for_terminals_or_where_they_are_asked_for() {
    let scene = Scene::new("view-colours");
    let plain = scene.run(&["-d"]);
    assert!(!text(&plain.stderr).contains('\x1b'));
    let coloured = scene.run(&["-d", "--color", "always"]);
    assert!(text(&coloured.stderr).contains("\x1b[1;31merror:\x1b[0m stat of "));
    assert!(text(&scene.run(&["--status", "--color=always"]).stdout).contains("\x1b[32mnow"));
    assert!(!text(&scene.run(&["--status"]).stdout).contains('\x1b'));
}

/// Returns a metrics file without its times.
fn timeless(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let without = |line: &str| match line.split_once(' ') {
        Some((name, _)) if name.ends_with("_seconds") => format!("{name} T\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(without).collect()
}

fn small(name: &str) -> PathBuf {
    let root = fresh_dir(name);
    fs::create_dir(root.join("log")).unwrap();
    fs::write(root.join("log/a.log"), "0123456789").unwrap();
    fs::write(root.join("log/b.log"), "").unwrap();
    let at = root.display();
    fs::write(
        root.join("conf"),
        format!("{at}/log/*.log {{\n  size 1\n  rotate 2\n}}\n"),
    )
    .unwrap();
    root
}

fn with_metrics(root: &Path) -> Output {
    let words = ["-s", "state", "--metrics", "m.prom", "conf"];
    shell(root, ours().to_str().unwrap(), &words).output().unwrap()
}

#[test]
fn metrics_of_a_small_tree_are_these() {
    let root = small("view-metrics");
    assert_eq!(with_metrics(&root).status.code(), Some(0));
    let archive = fs::metadata(root.join("log/a.log.1")).unwrap();
    let held = std::os::unix::fs::MetadataExt::blocks(&archive) * 512;
    let labels = format!("{{stanza=\"conf:1\",pattern=\"{}/log/*.log\"}}", root.display());
    let expected = format!(
        "\
# HELP logrotate_last_run_timestamp_seconds When the last run began.
# TYPE logrotate_last_run_timestamp_seconds gauge
logrotate_last_run_timestamp_seconds T
# HELP logrotate_last_run_exit_status The exit status of the last run: 0 is well.
# TYPE logrotate_last_run_exit_status gauge
logrotate_last_run_exit_status 0
# HELP logrotate_last_run_duration_seconds How long the last run took.
# TYPE logrotate_last_run_duration_seconds gauge
logrotate_last_run_duration_seconds T
# HELP logrotate_last_success_timestamp_seconds When the last run that went well began.
# TYPE logrotate_last_success_timestamp_seconds gauge
logrotate_last_success_timestamp_seconds T
# HELP logrotate_rotated_logs Logs that the last run rotated.
# TYPE logrotate_rotated_logs gauge
logrotate_rotated_logs{labels} 1
# HELP logrotate_failed_logs Logs that the last run failed to look at or to rotate.
# TYPE logrotate_failed_logs gauge
logrotate_failed_logs{labels} 0
# HELP logrotate_rotated_bytes Bytes that were in the logs that the last run rotated.
# TYPE logrotate_rotated_bytes gauge
logrotate_rotated_bytes{labels} 10
# HELP logrotate_obstacles Archives that something is wrong with, and what is in the way of logs, by kind.
# TYPE logrotate_obstacles gauge
# HELP logrotate_written_archive_bytes Size of an archive that a program still writes to, since it has not opened its log anew.
# TYPE logrotate_written_archive_bytes gauge
# HELP logrotate_archive_files Archives on disk after the last run.
# TYPE logrotate_archive_files gauge
logrotate_archive_files{labels} 1
# HELP logrotate_archive_bytes Disk held by archives after the last run.
# TYPE logrotate_archive_bytes gauge
logrotate_archive_bytes{labels} {held}
# HELP logrotate_orphan_bytes Disk held by archives that no rotation meets.
# TYPE logrotate_orphan_bytes gauge
logrotate_orphan_bytes{labels} 0
# HELP logrotate_removed_files Archives that the last run removed, by what they went for.
# TYPE logrotate_removed_files gauge
logrotate_removed_files{{why=\"rotate\"}} 0
logrotate_removed_files{{why=\"prune\"}} 0
logrotate_removed_files{{why=\"maxage\"}} 0
logrotate_removed_files{{why=\"maxtotalsize\"}} 0
logrotate_removed_files{{why=\"minfree\"}} 0
# HELP logrotate_removed_bytes Bytes that were in the archives that the last run removed.
# TYPE logrotate_removed_bytes gauge
logrotate_removed_bytes{{why=\"rotate\"}} 0
logrotate_removed_bytes{{why=\"prune\"}} 0
logrotate_removed_bytes{{why=\"maxage\"}} 0
logrotate_removed_bytes{{why=\"maxtotalsize\"}} 0
logrotate_removed_bytes{{why=\"minfree\"}} 0
# HELP logrotate_pool_limit_bytes What the logs that share a maxtotalsize may take up.
# TYPE logrotate_pool_limit_bytes gauge
# HELP logrotate_pool_used_bytes What they and their archives took up after the last run.
# TYPE logrotate_pool_used_bytes gauge
# HELP logrotate_filesystem_wanted_bytes What minfree wants to be free on a file system.
# TYPE logrotate_filesystem_wanted_bytes gauge
# HELP logrotate_filesystem_free_bytes What was free there after the last run.
# TYPE logrotate_filesystem_free_bytes gauge
# HELP logrotate_budget_met Whether the last run kept to a budget: 1 is well.
# TYPE logrotate_budget_met gauge
"
    );
    assert_eq!(timeless(&root.join("m.prom")), expected);
}

#[test]
fn a_failed_run_keeps_the_time_of_the_last_that_went_well() {
    let root = small("view-metrics-failed");
    fs::write(
        root.join("m.prom"),
        "logrotate_last_success_timestamp_seconds 1234567\n",
    )
    .unwrap();
    fs::write(root.join("log/a.log.2"), "").unwrap();
    let conf = fs::read_to_string(root.join("conf")).unwrap();
    fs::write(
        root.join("conf"),
        conf.replace("rotate 2", "rotate 2\n  prerotate\n    exit 1\n  endscript"),
    )
    .unwrap();
    assert_eq!(with_metrics(&root).status.code(), Some(1));
    let told = fs::read_to_string(root.join("m.prom")).unwrap();
    for line in [
        "logrotate_last_success_timestamp_seconds 1234567",
        "logrotate_last_run_exit_status 1",
    ] {
        assert!(told.lines().any(|one| one == line), "{line}\n{told}");
    }
    assert!(
        told.lines()
            .any(|one| one.starts_with("logrotate_failed_logs{") && one.ends_with(" 1")),
        "{told}"
    );
}

#[test]
fn metrics_are_replaced_as_a_whole_and_a_dry_run_writes_none() {
    use std::os::unix::fs::MetadataExt as _;
    let root = small("view-metrics-whole");
    fs::write(root.join("m.prom"), "old\n").unwrap();
    let old = fs::File::open(root.join("m.prom")).unwrap();
    let words = ["-d", "-s", "state", "--metrics", "m.prom", "conf"];
    shell(&root, ours().to_str().unwrap(), &words).output().unwrap();
    assert_eq!(fs::read_to_string(root.join("m.prom")).unwrap(), "old\n");
    with_metrics(&root);
    // Whoever has the old file open still reads the old text.
    assert_eq!(std::io::read_to_string(&old).unwrap(), "old\n");
    assert_ne!(
        old.metadata().unwrap().ino(),
        fs::metadata(root.join("m.prom")).unwrap().ino()
    );
    assert_eq!(fs::read_dir(&root).unwrap().count(), 4);
    assert_eq!(fs::metadata(root.join("m.prom")).unwrap().mode() & 0o777, 0o644);
}

/// Runs a rotation with a compression of several ticks, in which time flies; returns what was written to the terminal, and
/// what to a file in its place.
fn long_compression(name: &str, term: &str) -> (String, String) {
    let root = fresh_dir(name);
    let lines: String = (0..400_000_u32)
        .map(|n| format!("{} {n}\n", n.wrapping_mul(2_654_435_761)))
        .collect();
    fs::write(root.join("\u{30ed}\u{30b0}.log"), lines).unwrap();
    let conf = format!(
        "{}/*.log {{\n  rotate 9\n  start 1\n  compress\n  compressoptions -9\n}}\n",
        root.display()
    );
    fs::write(root.join("conf"), conf).unwrap();
    let command = || {
        let mut command = shell(&root, ours().to_str().unwrap(), &["-f", "-s", "state", "conf"]);
        clock::stop_at(&mut command, "2026-11-23 00:00:00", "UTC");
        command.env("TEST_HASTE", "1000").env("TERM", term);
        command
    };
    let seen = InTerminal::start(command(), 80).finish();
    assert!(root.join("\u{30ed}\u{30b0}.log.1.gz").exists(), "{seen}");
    fs::rename(root.join("\u{30ed}\u{30b0}.log.1.gz"), root.join("kept")).unwrap();
    let again = Command::new("gzip")
        .args(["-dc", "kept"])
        .current_dir(&root)
        .output()
        .unwrap();
    fs::write(root.join("\u{30ed}\u{30b0}.log"), again.stdout).unwrap();
    let output = command().output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    (seen, text(&output.stderr))
}

#[test]
fn a_long_compression_has_a_line_at_the_bottom_of_a_terminal_that_goes_when_it_is_done() {
    let (seen, written) = long_compression("view-line", "xterm");
    let mut passing: Vec<&str> = seen.split("\r\x1b[2K").collect();
    let rest = passing.pop();
    assert!(passing.iter().any(|line| !line.is_empty()), "there is a line: {seen:?}");
    for line in passing {
        let is_named = line.starts_with("compressing ") && line.contains("/\u{30ed}\u{30b0}.log.1 ");
        assert!(line.is_empty() || is_named, "{line:?}");
        assert!(!line.contains('\n') && width(line) <= 80, "{line:?}");
    }
    assert_eq!(rest, Some(""), "nothing is left of it: {seen:?}");
    assert_eq!(written, "", "a file has none of it");
}

#[test]
fn a_long_compression_by_a_program_has_that_line_too() {
    let root = fresh_dir("view-passing-line-of-a-program");
    fs::write(root.join("a.log"), "line\n").unwrap();
    nix::unistd::mkfifo(&root.join("go"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::write(root.join("slow"), "#!/bin/sh\ncat\ncat \"$ROOT/go\" >&2\n").unwrap();
    fs::set_permissions(root.join("slow"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let at = root.display();
    let conf = format!("{at}/*.log {{\n  rotate 9\n  compress\n  compresscmd {at}/slow\n  compressext .slow\n}}\n");
    fs::write(root.join("conf"), conf).unwrap();
    let mut command = shell(&root, ours().to_str().unwrap(), &["-f", "-s", "state", "conf"]);
    clock::stop_at(&mut command, "2026-11-23 00:00:00", "UTC");
    command.env("TEST_HASTE", "1000").env("TERM", "xterm");
    let mut terminal = InTerminal::start(command, 80);
    let first = terminal.read_until("compressing ");
    assert!(first.starts_with("compressing "), "{first:?}");
    fs::write(root.join("go"), "").unwrap();
    let rest = terminal.finish();
    assert!(rest.ends_with("\r\x1b[2K"), "nothing is left of it: {rest:?}");
    assert_eq!(fs::read(root.join("a.log.1.slow")).unwrap(), b"line\n");
}

#[test]
fn a_terminal_that_cannot_empty_a_line_has_no_passing_line() {
    assert_eq!(long_compression("view-dumb-terminal", "dumb").0, "");
}

/// Returns the completions for a shell.
pub(crate) fn completions(shell: &str) -> String {
    let output = Command::new(ours()).args(["--completions", shell]).output().unwrap();
    assert!(output.status.success());
    text(&output.stdout)
}
