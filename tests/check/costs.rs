//! What a check cannot see: stanzas behind an error outside of braces, which a run does not read, and what a drop-in alone leaves open.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use logrotate_rs::check::{self, Machine};
use logrotate_rs::cli::{CheckRequest, DEFAULT_MAIL, Format};
use logrotate_rs::load::{self, LoadOptions};
use logrotate_rs::report::style::Colours;

use crate::support::ours;

/// Files by name, the main one first.
type Files<'t> = Vec<(&'t str, String)>;

/// Three stanzas.
const THREE: &str = "/var/log/a {\nrotate 1\n}\n/var/log/b {\nrotate 1\n}\n/var/log/c {\nrotate 1\n}\n";

/// Writes the files of a table's row, `@` standing for their directory; the first is the main one.
fn lay_out(root: &Path, files: &[(&str, &str)]) -> PathBuf {
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace('@', root.to_str().unwrap())).unwrap();
    }
    root.join(files[0].0)
}

/// Counts the stanzas, those that a check calls left out, and those that a run would handle.
fn counted(files: &[(&str, &str)]) -> (usize, usize, usize) {
    let own = tempfile::tempdir().unwrap();
    let main = lay_out(own.path(), files);
    let options = LoadOptions {
        offline: true,
        ..LoadOptions::default()
    };
    let run = load::load(std::slice::from_ref(&main), &options, &mut |_| {});
    let request = CheckRequest {
        configs: vec![main],
        with: None,
        allow: Vec::new(),
        strict: false,
        offline: true,
        format: Format::Text,
        color: Colours::Never,
        mail_program: DEFAULT_MAIL.into(),
    };
    let checked = check::examine(&request, &Machine::this());
    (checked.stanzas, checked.broken, run.stanzas.len())
}

#[test]
fn what_a_check_calls_left_out_is_what_a_run_does_not_handle() {
    let at = |before: &str, error: &str, behind: &str| format!("{before}{error}\n{behind}");
    let table: [(&str, Files<'_>, usize, usize); 12] = [
        ("nothing wrong", vec![("m", THREE.to_owned())], 3, 0),
        ("before all", vec![("m", at("", "rotate x", THREE))], 3, 3),
        ("behind all", vec![("m", at(THREE, "rotate x", ""))], 3, 0),
        ("twice", vec![("m", at("", "rotate x\nrotate y", THREE))], 3, 3),
        (
            "in a stanza",
            vec![("m", at(THREE, "/var/log/d {\nrotate x\n}", ""))],
            4,
            1,
        ),
        ("a brace too many", vec![("m", at("", "}", THREE))], 3, 3),
        (
            "no endscript",
            vec![("m", at("/var/log/d {\npostrotate\n", "x", THREE))],
            4,
            4,
        ),
        (
            "a word that is no path",
            vec![("m", at("", "var/log/d {\nrotate 1\n}", THREE))],
            4,
            4,
        ),
        ("line ends of Windows", vec![("m", at("weekly\n", "\r", THREE))], 3, 3),
        (
            "before an include",
            vec![("m", "rotate x\ninclude @/d\n".to_owned()), ("d/one", THREE.to_owned())],
            3,
            3,
        ),
        (
            "in an included file",
            vec![
                ("m", at("include @/d", "", "/var/log/e {\nrotate 1\n}\n")),
                ("d/one", at("", "rotate x", THREE)),
                ("d/two", "/var/log/f {\nrotate 1\n}\n".to_owned()),
            ],
            5,
            3,
        ),
        (
            "in both",
            vec![
                ("m", at("rotate x", "", "include @/d\n")),
                ("d/one", at("/var/log/d {\nrotate 1\n}\n", "rotate x", THREE)),
            ],
            4,
            4,
        ),
    ];
    for (what, files, stanzas, left_out) in table {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(counted(&files), (stanzas, left_out, stanzas - left_out), "{what}");
    }
}

#[test]
fn an_error_outside_of_braces_says_what_is_not_handled_until_it_is_mended() {
    let table = [
        (
            "rotate x\ninclude @/d\n",
            "Until then nothing of this file and of what it includes is handled: 3 stanzas.\n",
        ),
        (
            "/var/log/z {\nrotate 1\n}\nrotate x\n/var/log/y {\nrotate 1\n}\n",
            "Until then nothing more of this file and of what it includes is handled: 1 stanza.\n",
        ),
        (
            "rotate x\n",
            "Until then nothing of this file and of what it includes is handled.\n",
        ),
    ];
    for (text, cost) in table {
        let own = tempfile::tempdir().unwrap();
        let main = lay_out(own.path(), &[("m", text), ("d/one", THREE)]);
        let output = Command::new(ours())
            .args(["--check", "--offline"])
            .arg(main)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(cost), "{said}");
    }
}

#[test]
fn of_drop_ins_alone_nothing_is_asked_that_only_a_main_configuration_can_say() {
    let own = tempfile::tempdir().unwrap();
    let stanza = "/var/log/a {\ndelaycompress\ndateyesterday\nminsize 1M\n}\n";
    let main = lay_out(own.path(), &[("main", "include @/logs.d\n"), ("logs.d/a", stanza)]);
    let codes = |path: &Path| {
        let output = Command::new(ours())
            .args(["--check", "--offline"])
            .arg(path)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let codes = said
            .lines()
            .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()));
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes(&main), ["LR3010", "LR3002", "LR3003", "LR3027"]);
    assert_eq!(codes(&own.path().join("logs.d")), [""; 0]);
    assert_eq!(codes(&own.path().join("logs.d/a")), [""; 0]);
}
