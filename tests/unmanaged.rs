//! `--status --unmanaged`, asked of the real binary: what no stanza takes, and the stanzas that would do.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::support::{fresh_dir, is_root, need, need_root, ours, shell};
use super::view::valid;

const MIB: usize = 1 << 20;

/// A tree with a directory `log` and a configuration.
struct Scene {
    root: PathBuf,
}

impl Scene {
    fn new(name: &str, config: &str) -> Self {
        let root = fresh_dir(&format!("unmanaged-{name}"));
        fs::create_dir(root.join("log")).unwrap();
        let scene = Self { root };
        scene.configure(config);
        scene
    }

    /// Writes the configuration; `@` is the directory `log`.
    fn configure(&self, config: &str) {
        let log = self.root.join("log");
        fs::write(self.root.join("conf"), config.replace('@', log.to_str().unwrap())).unwrap();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.join("log").join(name)
    }

    /// Writes a file of so many bytes.
    fn write(&self, name: &str, bytes: usize) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), vec![b'x'; bytes]).unwrap();
    }

    /// Has a file be written last so many days ago.
    fn age(&self, name: &str, days: u64) {
        let then = SystemTime::now() - Duration::from_secs(days * 86_400);
        File::options()
            .write(true)
            .open(self.at(name))
            .unwrap()
            .set_modified(then)
            .unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        let words: Vec<&str> = ["-s", "state", "conf"].iter().chain(words).copied().collect();
        shell(&self.root, ours().to_str().unwrap(), &words).output().unwrap()
    }

    fn object(&self) -> Value {
        let output = self.run(&["--status", "--json", "--unmanaged", "log"]);
        valid("unmanaged.json", &output.stdout)
    }

    /// Returns the names of what is shown, in order.
    fn shown(&self) -> Vec<String> {
        names(&self.object(), &self.root.join("log"))
    }

    fn text(&self) -> String {
        let output = self.run(&["--status", "--unmanaged", "log"]);
        String::from_utf8(output.stdout).unwrap()
    }
}

fn names(object: &Value, below: &Path) -> Vec<String> {
    let rows = object["unmanaged"].as_array().unwrap().iter();
    rows.map(|row| {
        let path = Path::new(row["path"].as_str().unwrap());
        path.strip_prefix(below).unwrap().display().to_string()
    })
    .collect()
}

#[test]
fn b13_what_no_stanza_takes_is_shown_the_largest_first_and_small_files_are_counted() {
    let scene = Scene::new("shown", "@/app.log {\n}\n");
    for (name, bytes) in [
        ("app.log", 3 * MIB),
        ("b.log", MIB),
        ("deep/er/c.out", 2 * MIB),
        ("small", 100),
        ("smaller", 100),
    ] {
        scene.write(name, bytes);
    }
    let object = scene.object();
    assert_eq!(names(&object, &scene.root.join("log")), ["deep/er/c.out", "b.log"]);
    assert_eq!(object["smaller"]["files"], 2);
    let row = &object["unmanaged"][0];
    assert_eq!((&row["files"], &row["pattern"]), (&1.into(), &Value::Null));
    assert!(row["age"].as_i64().unwrap() < 100);
    assert!(
        row["stanza"]
            .as_str()
            .unwrap()
            .starts_with(scene.at("deep/er/c.out").to_str().unwrap())
    );
    let text = scene.text();
    assert!(
        text.ends_with("2 smaller files are unmanaged, too: 8.0K in all.\n"),
        "{text}"
    );
}

#[test]
fn b13_archives_journals_and_accounts_are_left_out_and_strangers_are_not() {
    let scene = Scene::new(
        "left-out",
        "@/app.log {\n rotate 3\n compress\n}\n@/old/*.log {\n missingok\n rotate 3\n}\n@/none.log {\n missingok\n olddir @/archive\n}\n",
    );
    for name in [
        "app.log",
        "app.log.1",
        "app.log.2.bz2",
        "app.log.2024",
        "old/gone.log.1",
        "old/gone.log.old",
        "archive/plain",
        "lastlog",
        "wtmp",
        "journal/user.journal",
    ] {
        scene.write(name, MIB);
    }
    scene.age("app.log.2.bz2", 9);
    let mut journal = b"LPKSHHRH".to_vec();
    journal.resize(MIB, 0);
    fs::write(scene.at("journal/user.journal"), journal).unwrap();
    scene.write("false/user.journal", MIB);
    symlink("wtmp", scene.at("link")).unwrap();
    symlink(".", scene.at("loop")).unwrap();
    assert_eq!(
        scene.shown(),
        [
            "app.log.2024",
            "archive/plain",
            "false/user.journal",
            "old/gone.log.old",
            "wtmp"
        ]
    );
}

#[test]
fn b13_a_series_is_one_line_with_its_number_and_its_newest_file() {
    let scene = Scene::new("series", "");
    for (day, age) in [(1, 40), (2, 35), (3, 0)] {
        let name = format!("db-2026010{day}.log");
        scene.write(&name, MIB);
        scene.age(&name, age);
    }
    let row = &scene.object()["unmanaged"][0];
    assert_eq!((&row["files"], &row["bytes"]), (&3.into(), &(3 * MIB).into()));
    assert!(row["path"].as_str().unwrap().ends_with("/db-20260103.log"));
    let text = scene.text();
    let expected = "    # 3 files, newest db-20260103.log: this stanza removes what was not written to for 30 days (a run with -f: all):\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn b13_the_stanza_for_a_series_removes_what_is_old_and_nothing_else() {
    let scene = Scene::new("series-runs", "");
    for (name, age) in [("db-1.log", 40), ("db-2.log", 20), ("db-3.log", 0)] {
        scene.write(name, MIB);
        scene.age(name, age);
    }
    let stanza = scene.object()["unmanaged"][0]["stanza"].as_str().unwrap().to_owned();
    // A limit that holds for all does not make it remove what is young.
    scene.configure(&format!("maxsize 1k\nsize 1k\n{stanza}"));
    let path = |name| scene.at(name).display().to_string();
    let state: String = ["db-1.log", "db-2.log", "db-3.log"]
        .map(|name| format!("\"{}\" 2020-1-1-0:0:0\n", path(name)))
        .concat();
    fs::write(
        scene.root.join("state"),
        format!("logrotate state -- version 2\n{state}"),
    )
    .unwrap();
    fs::set_permissions(scene.root.join("state"), Permissions::from_mode(0o600)).unwrap();
    let output = scene.run(&[]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let left: Vec<_> = fs::read_dir(scene.root.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(!scene.at("db-1.log").exists());
}

#[test]
fn b13_the_stanzas_can_be_copied_as_they_are_and_then_take_the_files() {
    let scene = Scene::new("copied", "");
    for name in [
        "a b.log",
        "c'd.log",
        "e#f",
        "g*h",
        "i~,j",
        "\u{30ed}\u{30b0}.log",
        "s1.log",
        "s22.log",
        "k.tar.gz",
    ] {
        scene.write(name, MIB);
    }
    scene.write("open/l.log", MIB);
    fs::set_permissions(scene.at("open"), Permissions::from_mode(0o777)).unwrap();
    let object = scene.object();
    let stanzas = object["unmanaged"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["stanza"].as_str().unwrap());
    let config: String = stanzas.collect();
    assert_eq!(config.matches(" su ").count(), usize::from(is_root()), "{config}");
    scene.configure(&config);
    let check = scene.run(&["--check", "--strict"]);
    assert!(
        check.status.success(),
        "{config}{}",
        String::from_utf8_lossy(&check.stdout)
    );
    assert_eq!(scene.shown(), Vec::<String>::new());
    assert_eq!(scene.text(), "No file of 1.0M or more is unmanaged.\n");
    let status = String::from_utf8(scene.run(&["--status"]).stdout).unwrap();
    assert!(!status.contains("never  /") && !status.contains("insecure"), "{status}");
}

#[test]
fn b13_a_name_that_no_stanza_can_have_is_shown_escaped_and_without_one() {
    let scene = Scene::new("odd", "");
    scene.write("a\x1b[31m\nb", MIB);
    scene.write("two", MIB);
    fs::hard_link(scene.at("two"), scene.root.join("other")).unwrap();
    let text = scene.text();
    assert!(
        text.contains("/log/a\\u{1b}[31m\\nb\n") && !text.contains('\x1b'),
        "{text}"
    );
    assert_eq!(text.matches("no stanza would do").count(), 2, "{text}");
}

#[test]
fn b13_a_program_that_has_the_file_open_is_named_and_its_log_is_cut_off_in_place() {
    let scene = Scene::new("open", "");
    scene.write("app.out", MIB);
    let file = File::options().append(true).open(scene.at("app.out")).unwrap();
    let mut program = Command::new("sleep")
        .arg("60")
        .stdout(file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let object = scene.object();
    program.kill().unwrap();
    program.wait().unwrap();
    let row = &object["unmanaged"][0];
    assert_eq!((&row["writer"], &row["program"]), (&"program".into(), &"sleep".into()));
    assert!(row["stanza"].as_str().unwrap().contains("\n    copytruncate\n"));
}

#[test]
fn b13_nothing_is_changed_and_no_lock_is_taken() {
    let scene = Scene::new("unchanged", "@/app.log {\n}\n");
    scene.write("app.log", MIB);
    scene.write("b.log", MIB);
    let before = fs::metadata(scene.at("")).unwrap().modified().unwrap();
    let output = scene.run(&["--status", "--unmanaged", "log"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(fs::metadata(scene.at("")).unwrap().modified().unwrap(), before);
    assert!(!scene.root.join("state").exists());
}

#[test]
fn b13_without_a_directory_those_of_logs_and_archives_are_looked_into_and_not_what_is_below() {
    let scene = Scene::new("usual", "@/app.log {\n olddir archive\n}\n");
    for name in ["app.log", "b.log", "archive/c", "below/d"] {
        scene.write(name, MIB);
    }
    let output = scene.run(&["--status", "--json", "--unmanaged"]);
    let object = valid("unmanaged.json", &output.stdout);
    let paths = object["unmanaged"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["path"].as_str().unwrap());
    let log = scene.at("");
    let found: Vec<_> = paths
        .filter_map(|path| Path::new(path).strip_prefix(&log).ok())
        .collect();
    assert_eq!(found, [Path::new("archive/c"), Path::new("b.log")]);
}

#[test]
fn b13_a_directory_that_is_named_twice_or_within_another_is_looked_into_once() {
    let scene = Scene::new("twice", "");
    scene.write("in/a.log", MIB);
    let output = scene.run(&["--status", "--json", "--unmanaged", "log/in", "log", "log/in"]);
    let object = valid("unmanaged.json", &output.stdout);
    assert_eq!(names(&object, &scene.root.join("log")), ["in/a.log"]);
}

#[test]
fn b13_a_directory_that_is_named_and_not_there_is_an_error_and_the_rest_is_shown() {
    let scene = Scene::new("absent", "");
    scene.write("a.log", MIB);
    let output = scene.run(&["--status", "--unmanaged", "nowhere", "log"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.contains("/log/a.log\n") && text.contains("Not looked into: "),
        "{text}"
    );
}

#[test]
fn b13_a_user_sees_what_he_may_read_and_is_told_once_of_what_he_may_not() {
    if !need_root() || !need("setpriv") {
        return;
    }
    let scene = Scene::new("user", "@/app.log {\n}\n@/shut/x.log {\n missingok\n}\n");
    for name in ["app.log", "b.log", "shut/secret.log"] {
        scene.write(name, MIB);
    }
    chown(scene.at("shut"), Some(12_345), None).unwrap();
    fs::set_permissions(scene.at("shut"), Permissions::from_mode(0o700)).unwrap();
    let words = [
        "--reuid=1000",
        "--regid=1000",
        "--clear-groups",
        ours().to_str().unwrap(),
    ]
    .map(str::to_owned);
    let more = ["-s", "state", "conf", "--status", "--unmanaged", "log"].map(str::to_owned);
    let words: Vec<&str> = words.iter().chain(&more).map(String::as_str).collect();
    let output = shell(&scene.root, "setpriv", &words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("/log/b.log\n") && !text.contains("secret"), "{text}");
    assert_eq!(text.matches("/log/shut").count(), 1, "{text}");
}
