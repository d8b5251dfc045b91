//! P13: what the next rotation will meet in the way of its archives is named before it happens, however that is asked.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::Attribute;
use crate::edges::Scene;
use crate::support::{need_root, ours, shell, skip};

/// What kind of thing a JSON object must tell of, at which path, and a part of the sentence.
#[derive(Clone, Copy)]
struct Wanted<'w> {
    kind: &'w str,
    at: &'w str,
    says: &'w str,
}

/// A program that has a file open for writing.
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A scene with a log that is due and has content.
fn scene(name: &str, directives: &str) -> Scene {
    let scene = Scene::new(&format!("liveness-foreseen-{name}"));
    scene.write("a.log", "day 0\n");
    scene.remember(&[("a.log", "2020-1-1-0:0:0")]);
    scene.configure(&format!("@ROOT@/log/a.log {{\n daily\n create\n{directives}}}\n"));
    scene
}

/// Asks the program, and returns what it says on stdout and on stderr, and its exit status.
fn ask(scene: &Scene, options: &[&str]) -> (String, String, Option<i32>) {
    let program = ours();
    let words = [&["60", program.to_str().unwrap()], options].concat();
    let output = shell(&scene.root, "timeout", &words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// Asks for JSON.
fn ask_json(scene: &Scene, options: &[&str]) -> Value {
    let (said, complained, _) = ask(scene, &[options, &["--json", "-s", "status", "conf"]].concat());
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{complained}"))
}

/// Asks a dry run.
fn dry(scene: &Scene, wanted: Wanted<'_>) {
    let before = scene.list();
    let (_, said, status) = ask(scene, &["-d", "-s", "status", "conf"]);
    assert_eq!(status, Some(0), "{said}");
    let line = said.lines().find(|line| line.contains(wanted.says));
    let line = line.unwrap_or_else(|| panic!("{}: {said}", wanted.says));
    assert!(line.starts_with("warning: ") && line.contains(wanted.at), "{line}");
    let run = ask_json(scene, &["-d"]);
    is_named(&run["stanzas"][0]["logs"][0]["obstacles"], wanted);
    assert_eq!(scene.list(), before, "nothing is changed");
}

/// Asks `--status` and `--explain`.
fn look(scene: &Scene, wanted: Wanted<'_>) {
    let log = scene.fill("@ROOT@/log/a.log");
    for options in [&["--status"][..], &["--explain", &log]] {
        let (said, ..) = ask(scene, &[options, &["-s", "status", "conf"]].concat());
        assert!(said.contains(wanted.says) && said.contains(wanted.at), "{said}");
    }
    let status = ask_json(scene, &["--status"]);
    is_named(&status["logs"][0]["archive_obstacles"], wanted);
    let account = ask_json(scene, &["--explain", &log]);
    is_named(&account["log"]["archive_obstacles"], wanted);
}

/// Asks `--check`, which says as much with this code, and nothing with `--offline`.
fn check(scene: &Scene, code: &str, says: &str) {
    let (said, ..) = ask(scene, &["--check", "conf"]);
    let title = format!("warning[{code}]");
    let line = said.lines().find(|line| line.starts_with(&title));
    assert!(line.is_some_and(|line| line.contains(says)), "{says}: {said}");
    let (said, ..) = ask(scene, &["--check", "--offline", "conf"]);
    assert!(!said.contains("LR3032") && !said.contains("LR3034"), "{said}");
}

/// Asserts that a list of obstacles names this one, once.
fn is_named(obstacles: &Value, wanted: Wanted<'_>) {
    let of_kind = |one: &&Value| {
        one["kind"] == wanted.kind
            && one["archive"].as_str().unwrap().ends_with(wanted.at)
            && one["text"].as_str().unwrap().contains(wanted.says)
    };
    let found = obstacles.as_array().unwrap().iter().filter(of_kind);
    assert_eq!(found.count(), 1, "{}: {obstacles:#}", wanted.says);
}

/// Asks in each way.
fn ask_all(scene: &Scene, code: &str, wanted: Wanted<'_>) {
    dry(scene, wanted);
    look(scene, wanted);
    check(scene, code, if code == "LR3032" { "not there" } else { wanted.says });
}

#[test]
fn p13_a_compressor_that_is_not_there_is_named_before_it_is_needed_and_stops_no_log() {
    let scene = scene(
        "compressor",
        " rotate 3\n compress\n compresscmd /usr/bin/not-installed\n compressext .bz2\n",
    );
    let wanted = Wanted {
        kind: "no-program",
        at: "/log/a.log.1",
        says: "will stay plain: /usr/bin/not-installed is not there",
    };
    for day in 1..5 {
        ask_all(&scene, "LR3032", wanted);
        let (said, _, _) = ask(&scene, &["--check", "conf"]);
        assert!(!said.contains("LR3034"), "it is told once: {said}");
        let run = scene.run(&["-f"]);
        assert_eq!(
            (run.status, scene.read("a.log").as_str()),
            (Some(1), ""),
            "{}",
            run.said
        );
        assert!(
            !run.said.contains("will stay plain"),
            "a run tells what it meets: {}",
            run.said
        );
        scene.write("a.log", &format!("day {day}\n"));
    }
    for (name, text) in [("a.log.1", "day 3\n"), ("a.log.2", "day 2\n"), ("a.log.3", "day 1\n")] {
        assert_eq!(scene.read(name), text);
    }
}

#[test]
fn p13_a_mailer_a_decompressor_or_a_shred_that_is_not_there_is_named() {
    let mailer = scene("mailer", " rotate 3\n mail ops@example.com\n");
    let options = ["-m", "/nowhere/mail", "-s", "status", "conf"];
    let says = "will not be mailed: /nowhere/mail is not there";
    let (_, said, status) = ask(&mailer, &[&["-d"], &options[..]].concat());
    assert!(
        said.contains(&format!("warning: {}/a.log.1 {says}", mailer.fill("@ROOT@/log"))),
        "{said}"
    );
    assert_eq!(status, Some(0), "{said}");
    let log = mailer.fill("@ROOT@/log/a.log");
    for way in [&["--status"][..], &["--explain", &log]] {
        let (said, ..) = ask(&mailer, &[way, &options].concat());
        assert!(said.contains(says), "{said}");
    }
    let (said, ..) = ask(&mailer, &["--check", "-m", "/nowhere/mail", "conf"]);
    assert!(said.contains("warning[LR3032]: `mail` needs /nowhere/mail"), "{said}");

    for number in 1..4 {
        mailer.write(&format!("a.log.{number}"), "older\n");
    }
    let (_, said, _) = ask(&mailer, &[&["-d"], &options[..]].concat());
    let goes = format!("warning: {}/a.log.3 will not be mailed", mailer.fill("@ROOT@/log"));
    assert!(said.contains(&goes), "what goes is not sent: {said}");

    let packed = " rotate 3\n compress\n mail ops@example.com\n uncompresscmd /nowhere/unpack\n";
    let wanted = Wanted {
        kind: "no-program",
        at: "/log/a.log.1",
        says: "will not be mailed: /nowhere/unpack is not there",
    };
    ask_all(&scene("unpack", packed), "LR3032", wanted);

    let shred = scene("shred", " rotate 3\n shred\n");
    let program = ours();
    let says = "will be unlinked without being overwritten: shred is not there";
    for way in [&["-d"][..], &["--status"], &["--explain", "log/a.log"], &["--check"]] {
        let rest: &[&str] = if way == ["--check"] {
            &["conf"]
        } else {
            &["-s", "status", "conf"]
        };
        let mut command = Command::new(&program);
        let output = command
            .current_dir(&shred.root)
            .env("PATH", "/nowhere")
            .args(way)
            .args(rest)
            .output();
        let output = output.unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let says = if way == ["--check"] {
            "warning[LR3032]: `shred` needs shred"
        } else {
            says
        };
        assert!(said.contains(says), "{way:?}: {said}");
    }
}

#[test]
fn p13_programs_that_need_not_be_there_are_not_missed() {
    let scene = scene(
        "built-in",
        " rotate 3\n compress\n compresscmd /bin/gzip\n mail a@b\n nomail\n",
    );
    let mut command = Command::new(ours());
    let output = command.current_dir(&scene.root).env("PATH", "/nowhere");
    let output = output.args(["-d", "-s", "status", "conf"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("is not there"), "{said}");
    // What is left to a program is asked for.
    let own = self::scene("external", " rotate 3\n compress\n compresscmd zstd\n");
    for (options, is_needed) in [(&["-d"][..], false), (&["-d", "--external-compress"], true)] {
        let mut command = Command::new(ours());
        let output = command.current_dir(&own.root).env("PATH", "/nowhere").args(options);
        let output = output.args(["-s", "status", "conf"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.contains("will stay plain: zstd is not there"), is_needed, "{said}");
    }
}

#[test]
fn p13_what_is_no_archive_and_has_the_name_that_an_archive_gets_next_is_named() {
    for (name, directives, at) in [
        ("newest", " rotate 3\n", "/log/a.log.1"),
        ("packed", " rotate 3\n compress\n", "/log/a.log.1.gz"),
        (
            "dated",
            " rotate 3\n dateext\n dateformat .archive\n",
            "/log/a.log.archive",
        ),
    ] {
        let scene = scene(&format!("way-{name}"), directives);
        fs::create_dir(scene.root.join(&at[1..])).unwrap();
        let says = "is a directory, and will be moved aside";
        ask_all(
            &scene,
            "LR3034",
            Wanted {
                kind: "in-the-way",
                at,
                says,
            },
        );
    }
    let scene = scene("way-pipe", " rotate 3\n");
    scene.write("a.log.1", "day -1\n");
    assert!(
        Command::new("mkfifo")
            .arg(scene.log("a.log.2"))
            .status()
            .unwrap()
            .success()
    );
    let wanted = Wanted {
        kind: "in-the-way",
        at: "/log/a.log.2",
        says: "is a pipe, socket or device",
    };
    ask_all(&scene, "LR3034", wanted);
}

/// The ways of naming archives, with an archive that is there already.
const WAYS: [(&str, &str, &str); 3] = [
    ("numbered", " rotate 3\n", "a.log.1"),
    ("dated", " rotate 3\n dateext\n", "a.log-20200101"),
    ("packed", " rotate 3\n compress\n", "a.log.2.gz"),
];

#[test]
fn p13_an_archive_with_an_attribute_that_keeps_it_is_named() {
    for (letter, says) in [("i", "is immutable, and cannot"), ("a", "is append-only, and cannot")] {
        for (name, directives, archive) in WAYS {
            let scene = scene(&format!("fixed-{letter}-{name}"), directives);
            scene.write(archive, "day -1\n");
            let file = scene.log(archive);
            let Some(_attribute) = Attribute::set(&file, letter) else {
                return skip("chattr");
            };
            let at = format!("/log/{archive}");
            ask_all(
                &scene,
                "LR3034",
                Wanted {
                    kind: "fixed",
                    at: &at,
                    says,
                },
            );
        }
    }
}

#[test]
fn p13_a_directory_in_which_who_rotates_may_not_change_names_is_named() {
    if !need_root() {
        return;
    }
    let says = "may not write to ";
    let stranger = scene("closed", " rotate 3\n su nobody nogroup\n olddir @ROOT@/log/old\n");
    fs::create_dir(stranger.log("old")).unwrap();
    chown(stranger.log(""), Some(65_534), None).unwrap();
    chown(stranger.log("a.log"), Some(65_534), None).unwrap();
    fs::set_permissions(stranger.log("old"), Permissions::from_mode(0o755)).unwrap();
    not_writable(&stranger, "/log/old", says);
    for letter in ["i", "a"] {
        let scene = scene(&format!("closed-{letter}"), " rotate 3\n");
        let directory = scene.root.join("log");
        let Some(_attribute) = Attribute::set(&directory, letter) else {
            return skip("chattr");
        };
        not_writable(&scene, "/log", "root may not write to ");
    }
}

/// Asks about a directory: `--status` and `--explain` have it as what keeps the log itself from being rotated.
fn not_writable(scene: &Scene, at: &str, says: &str) {
    let (_, said, _) = ask(scene, &["-d", "-s", "status", "conf"]);
    let is_warning = |line: &str| line.starts_with("warning: ") && line.contains(says) && line.contains(at);
    assert!(said.lines().any(is_warning), "{said}");
    let run = ask_json(scene, &["-d"]);
    let kind = "not-writable";
    is_named(&run["stanzas"][0]["logs"][0]["obstacles"], Wanted { kind, at, says });
    let status = ask_json(scene, &["--status"]);
    assert!(
        status["logs"][0]["obstacle"].as_str().unwrap().contains(says),
        "{status:#}"
    );
    assert_eq!(
        status["logs"][0]["archive_obstacles"],
        Value::Array(Vec::new()),
        "it is told once"
    );
    let log = scene.fill("@ROOT@/log/a.log");
    for options in [&["--status"][..], &["--explain", &log]] {
        let (said, ..) = ask(scene, &[options, &["-s", "status", "conf"]].concat());
        assert!(said.contains(says), "{said}");
    }
    check(scene, "LR3034", says);
}

#[test]
fn p13_an_archive_that_a_program_still_writes_to_is_named() {
    for (name, directives, archive) in &WAYS[..2] {
        let directives = format!("{directives} compress\n delaycompress\n");
        let scene = scene(&format!("written-{name}"), &directives);
        scene.write(archive, "day -1\n");
        let file = OpenOptions::new().append(true).open(scene.log(archive)).unwrap();
        let _holder = Holder(Command::new("sleep").arg("1000").stdout(file).spawn().unwrap());
        let at = format!("/log/{archive}");
        let says = "is still written by sleep";
        ask_all(
            &scene,
            "LR3034",
            Wanted {
                kind: "written",
                at: &at,
                says,
            },
        );
        // A daemon that never opened its log anew is told as such, and once.
        scene.write("a.log", "");
        let says = "has not opened the log anew";
        ask_all(
            &scene,
            "LR3034",
            Wanted {
                kind: "not-reopened",
                at: &at,
                says,
            },
        );
    }
}

#[test]
fn p13_nothing_is_said_where_nothing_is_wrong_and_a_run_looks_at_nothing_ahead() {
    let scene = scene("well", " rotate 3\n compress\n delaycompress\n shred\n");
    scene.write("a.log.1", "day -1\n");
    scene.write("a.log.2.gz", "");
    let (_, said, _) = ask(&scene, &["-d", "-s", "status", "conf"]);
    let warnings = said.lines().filter(|line| line.starts_with("warning: "));
    assert_eq!(warnings.count(), 1, "that it is a dry run: {said}");
    let status = ask_json(&scene, &["--status"]);
    assert_eq!(status["logs"][0]["archive_obstacles"], Value::Array(Vec::new()));
    let (said, ..) = ask(&scene, &["--check", "conf"]);
    assert!(!said.contains("LR3032") && !said.contains("LR3034"), "{said}");
    for (options, looks) in [(&["-d"][..], true), (&[], false)] {
        let trace = scene.root.join("trace");
        let mut command = Command::new("strace");
        let command = command.current_dir(&scene.root).args(["-f", "-e", "trace=statx", "-o"]);
        let command = command
            .arg(&trace)
            .arg(ours())
            .args(options)
            .args(["-s", "status", "conf"]);
        let traced = command.stderr(Stdio::null()).status();
        if !traced.is_ok_and(|status| status.success()) {
            return skip("strace");
        }
        let calls = fs::read_to_string(trace).unwrap();
        let asks = |line: &str| line.contains("\"a.log.2.gz\"") && line.contains("AT_NO_AUTOMOUNT");
        assert_eq!(calls.lines().any(asks), looks, "{options:?}: {calls}");
    }
}
