//! `--status --orphans`, asked of the real binary: what lies about, why, and that what is said to end it does.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::support::{fresh_dir, need_root, ours, shell};
use super::view::valid;

/// A tree with a directory `log` and a configuration.
struct Scene {
    root: PathBuf,
}

impl Scene {
    /// Makes files, each with its age in days behind an `@`; in the configuration `@` is the directory `log`.
    fn new(name: &str, config: &str, files: &str) -> Self {
        let root = fresh_dir(&format!("orphans-{name}"));
        fs::create_dir(root.join("log")).unwrap();
        let scene = Self { root };
        let log = scene.root.join("log");
        fs::write(scene.root.join("conf"), config.replace('@', log.to_str().unwrap())).unwrap();
        scene.make(files);
        scene
    }

    fn make(&self, files: &str) {
        for file in files.split_whitespace() {
            let (name, days) = file.split_once('@').unwrap_or((file, "0"));
            let path = self.root.join("log").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            let then = SystemTime::now() - Duration::from_secs(days.parse::<u64>().unwrap() * 86_400);
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_modified(then)
                .unwrap();
        }
    }

    /// Writes a state in which these logs were rotated then.
    fn rotated(&self, logs: &[&str], then: &str) {
        let log = |name: &&str| format!("\"{}/log/{name}\" {then}\n", self.root.display());
        let entries: String = logs.iter().map(log).collect();
        fs::write(
            self.root.join("state"),
            format!("logrotate state -- version 2\n{entries}"),
        )
        .unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        let words: Vec<&str> = ["-s", "state", "conf"].iter().chain(words).copied().collect();
        shell(&self.root, ours().to_str().unwrap(), &words).output().unwrap()
    }

    fn text(&self) -> String {
        let output = self.run(&["--status", "--orphans"]);
        String::from_utf8(output.stdout).unwrap()
    }

    fn object(&self) -> Value {
        valid("orphans.json", &self.run(&["--status", "--orphans", "--json"]).stdout)
    }

    /// Returns what lies about, a line a kind: the kind, the line that makes it so, the names, the oldest first.
    fn found(&self) -> Vec<String> {
        let object = self.object();
        let orphans = object["orphans"].as_array().unwrap().iter();
        let log = format!("{}/log/", self.root.display());
        let line = |one: &Value| {
            let paths = one["paths"].as_array().unwrap().iter();
            let names: Vec<&str> = paths
                .map(|path| path.as_str().unwrap().strip_prefix(&log).unwrap())
                .collect();
            let kind = one["kind"].as_str().unwrap();
            format!("{kind} {}: {}", one["place"]["line"], names.join(" "))
        };
        orphans.map(line).collect()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.join("log")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn b11_without_prune_it_says_what_lies_about_by_which_line_and_what_would_end_it() {
    let scene = Scene::new(
        "all",
        "@/app/app.log {\n  daily\n  rotate 3\n  compress\n}\n@/web/*.log {\n  rotate 4\n}\n@/db/db.log {\n  rotate 2\n}\n",
        "app/app.log app/app.log.1.gz@1 app/app.log.2.gz@2 app/app.log.3.gz@3 app/app.log.5.gz@5 app/app.log.6.gz@6 app/app.log.7.gz@7
         app/app.log.1.bz2@30 app/app.log.2.bz2@31 app/app.log-2020010203.backup@40 app/app.log.2024@50
         web/new.log web/old-site.log.1@80 web/old-site.log.2@81
         db/db.log db/db.log-02-02-2026@20 db/db.log-03-02-2026@19
         legacy.log.1.gz@90 legacy.log-20200101@91 legacy.log.txt",
    );
    scene.rotated(&["legacy.log", "gone.log", "web/older-site.log"], "2026-4-7-0:0:0");
    assert_eq!(
        scene.found(),
        [
            "beyond 3: app/app.log.7.gz app/app.log.6.gz app/app.log.5.gz",
            "compressor 4: app/app.log.2.bz2 app/app.log.1.bz2",
            "backup 1: app/app.log-2020010203.backup",
            "lone 6: web/old-site.log.2 web/old-site.log.1",
            "perhaps 1: app/app.log.2024",
            "perhaps 9: db/db.log-02-02-2026 db/db.log-03-02-2026",
            "unclaimed null: legacy.log-20200101 legacy.log.1.gz",
        ]
    );
    let text = scene.text().replace(&format!("{}/log/", scene.root.display()), "/log/");
    let (table, sum) = text.trim_end().rsplit_once('\n').unwrap();
    let what: Vec<&str> = table.lines().skip(1).filter_map(|line| line.get(26..)).collect();
    let command = "logrotate --prune --only /log/app/app.log -s state conf";
    let expected = [
        "/log/app/app.log.{5..7}.gz: beyond `rotate 3`  conf:3".to_owned(),
        format!("end it: `prune` there, or `{command}`"),
        "/log/app/app.log.{1,2}.bz2: compressed by another program  conf:4".to_owned(),
        "/log/app/app.log-2020010203.backup: moved out of the way by logrotate  conf:1".to_owned(),
        "/log/web/old-site.log.{1,2}: the log is gone  conf:6".to_owned(),
        "end it: `prune` and `maxage` there".to_owned(),
        "/log/app/app.log.2024: perhaps archives: its number is too far from that of any archive  conf:1".to_owned(),
        "/log/db/db.log-02-02-2026 \u{2026}: perhaps archives; `formerly dateformat -%d-%m-%Y` would tell  conf:9"
            .to_owned(),
        "/log/legacy.log-20200101 legacy.log.1.gz: no stanza has this log; last rotated 2026-04-07".to_owned(),
    ];
    assert_eq!(what, expected);
    assert!(
        sum.starts_with("13 files, ") && sum.ends_with("; 3 of them perhaps"),
        "{sum}"
    );
}

#[test]
fn b11_the_command_that_is_named_ends_it() {
    let scene = Scene::new(
        "ends",
        "@/a.log {\n  rotate 2\n}\n",
        "a.log a.log.1@1 a.log.2@2 a.log.4@4 a.log.5@5",
    );
    let remedy = scene.object()["orphans"][0]["remedy"].as_str().unwrap().to_owned();
    let command = remedy
        .split('`')
        .nth(3)
        .unwrap()
        .replacen("logrotate", ours().to_str().unwrap(), 1);
    let ran = shell(&scene.root, "sh", &["-c", &command]).status().unwrap();
    assert!(ran.success(), "{command}");
    assert_eq!(scene.names(), ["a.log", "a.log.1", "a.log.2"]);
    assert_eq!(scene.text(), "Nothing lies about.\n");
}

#[test]
fn b11_what_goes_only_in_time_is_not_said_to_go_at_once() {
    let scene = Scene::new("later", "@/a.log {\n  rotate 5\n}\n", "a.log a.log.1@1 a.log.1.bz2@3");
    let remedy = scene.object()["orphans"][0]["remedy"].as_str().unwrap().to_owned();
    assert_eq!(remedy, "`prune` there, which removes them as younger ones come");
    scene.make("a.log.2@2 a.log.3@2 a.log.4@2 a.log.2.bz2@4");
    let remedy = scene.object()["orphans"][0]["remedy"].as_str().unwrap().to_owned();
    assert!(remedy.ends_with(", which removes 1 of them at once"), "{remedy}");
}

#[test]
fn b11_under_prune_only_that_lies_about_which_it_keeps_for_ever() {
    let config = "@/*.log {\n  rotate 1\n  prune\n}\n";
    let files = "a.log a.log.1@1 a.log.3@3 b.log.1@1 b.log.2@2";
    let scene = Scene::new("pruned", config, files);
    assert_eq!(scene.found(), ["lone 1: b.log.1"]);
    assert_eq!(scene.object()["orphans"][0]["remedy"], "`maxage` there");
    let scene = Scene::new("aged", &config.replace("prune", "maxage 9\n  prune"), files);
    assert_eq!(scene.text(), "Nothing lies about.\n");
}

#[test]
fn b10_of_logs_that_no_stanza_has_only_what_was_rotated_once_is_shown() {
    let scene = Scene::new(
        "unclaimed",
        "@/a.log @/b*.log {\n  rotate 4\n}\n",
        "a.log a.log.1@1 a.log.1.1@2 b.log x.log x.log.1@1 y.log.1@1",
    );
    // An archive that was taken for a log once, a log that a pattern would have, one that is there, one without archives.
    scene.rotated(
        &["a.log.1", "bad.log", "x.log", "z.log", "nowhere/z.log"],
        "2026-4-7-0:0:0",
    );
    assert_eq!(scene.found(), ["unclaimed null: x.log.1"]);
}

#[test]
fn b11_where_no_run_works_it_says_so_and_names_no_remedy() {
    use std::os::unix::fs::PermissionsExt;

    if need_root() {
        return;
    }
    let files = "in/a.log in/a.log.1@1 in/a.log.3@3 b.log b.log.1@1 b.log.3@3";
    let scene = Scene::new("refused", "@/in/a.log @/b.log {\n  rotate 1\n}\n", files);
    fs::set_permissions(scene.root.join("log/in"), fs::Permissions::from_mode(0o777)).unwrap();
    let object = scene.object();
    let [one, other] = [0, 1].map(|at| &object["orphans"][at]);
    assert!(one["refused"].is_null() && one["remedy"].is_string(), "{object}");
    assert!(other["refused"].is_string() && other["remedy"].is_null(), "{object}");
    assert!(scene.text().contains("no run removes them: "));
}

#[test]
fn nothing_is_changed_and_no_state_is_made() {
    let scene = Scene::new(
        "reads",
        "@/*.log {\n  rotate 1\n}\n",
        "a.log a.log.1@1 a.log.3@3 b.log.1",
    );
    let before = scene.names();
    assert!(scene.run(&["--status", "--orphans"]).status.success());
    assert_eq!(scene.names(), before);
    assert!(!scene.root.join("state").exists());
}

#[test]
fn one_archive_in_a_row_of_two_logs_is_counted_once() {
    let scene = Scene::new(
        "shared",
        "@/one/a.log @/two/a.log {\n  rotate 1\n  olddir @/old\n}\n",
        "one/a.log two/a.log old/a.log.1@1 old/a.log.2@2 old/a.log.3@3",
    );
    assert_eq!(scene.found(), ["beyond 2: old/a.log.3 old/a.log.2"]);
}
