//! `--check`: every lint has a fixture that it fires on, and one with the line mended that is silent.
//!
//! `fixtures/lint/NAME` has `invalid.conf` and `valid.conf` (or directories `invalid` and `valid`), and `text`: all of the
//! text for the invalid one. With a `machine` beside them they are checked as on that machine, else `--offline`. `@ROOT@`
//! stands for the place of the fixture; with `UPDATE_FIXTURES` set, `text` is written anew.

mod costs;
mod machine;
mod offline;
mod timers;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use logrotate_rs::check::{self, Machine};
use logrotate_rs::cli::{CheckRequest, DEFAULT_MAIL, Format};
use logrotate_rs::lint::{Checked, LINTS};
use logrotate_rs::report::screen::Look;
use logrotate_rs::report::style::Colours;
use logrotate_rs::report::{check_github, check_json, check_sarif, check_text};
use serde_json::Value;

use super::support::{is_root, ours, project, skip};

fn fixtures() -> Vec<String> {
    let entries = fs::read_dir(project().join("fixtures/lint")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Copies a fixture to where its modes are known.
fn lay_out(from: &Path, to: &Path, root: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if let Ok(led_to) = fs::read_link(&path) {
            std::os::unix::fs::symlink(led_to, target).unwrap();
        } else if path.is_dir() {
            lay_out(&path, &target, root);
        } else {
            let text = fs::read_to_string(&path)
                .unwrap()
                .replace("@ROOT@", root.to_str().unwrap());
            fs::write(&target, text).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}

/// Checks one side of a fixture; `None` where it takes rights that are not there.
fn checked(name: &str, side: &str) -> Option<(Checked, String)> {
    let own = tempfile::tempdir().unwrap();
    let root = own.path().join("r");
    lay_out(&project().join("fixtures/lint").join(name), &root, &root);
    let mode = match name {
        "su-missing" => Some(0o777),
        "foreign-link" => Some(0o755),
        _ => None,
    };
    let as_root = mode.is_some();
    if let Some(mode) = mode {
        if !is_root() {
            return None;
        }
        fs::create_dir(root.join("logs")).unwrap();
        fs::set_permissions(root.join("logs"), fs::Permissions::from_mode(mode)).unwrap();
        symlink("logs", root.join("theirs")).unwrap();
        lchown(root.join("theirs"), Some(61_234), None).unwrap();
    }
    let machine = Machine {
        root: root.join("machine"),
        as_root,
    };
    let directory = root.join(side);
    let config = if directory.is_dir() {
        directory
    } else {
        root.join(format!("{side}.conf"))
    };
    let request = CheckRequest {
        configs: vec![config],
        strict: false,
        offline: !machine.root.is_dir(),
        format: Format::Text,
        color: Colours::Never,
        mail_program: DEFAULT_MAIL.into(),
    };
    let found = check::examine(&request, &machine);
    let text = without(
        &format!("{}/", root.display()),
        &check_text::text(&found, &Look::default()),
    );
    Some((found, text))
}

/// Takes the place of the fixture out of a text, and from under it as many carets.
fn without(root: &str, text: &str) -> String {
    let (mut out, mut shortened) = (String::new(), false);
    for line in text.lines() {
        let carets = line.matches('^').count();
        if shortened && carets > root.len() {
            out.push_str(&line[..line.len() - root.len()]);
        } else {
            out.push_str(&line.replace(root, ""));
        }
        shortened = line.contains(root);
        out.push('\n');
    }
    out
}

fn source(name: &str, side: &str) -> Vec<String> {
    let path = project().join("fixtures/lint").join(name);
    let directory = path.join(side);
    let files: Vec<PathBuf> = if directory.is_dir() {
        let mut files: Vec<PathBuf> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    } else {
        vec![path.join(format!("{side}.conf"))]
    };
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Tells whether another shell than Debian's would word its complaint differently, or have none.
fn is_other_shell(name: &str) -> bool {
    let shell = fs::canonicalize("/bin/sh").unwrap();
    let asked = [
        "script-refused",
        "script-for-bash",
        "script-swallows-a-stanza",
        "bash-only",
    ];
    asked.contains(&name) && !shell.ends_with("dash")
}

#[test]
fn every_lint_has_a_fixture_on_which_it_fires_alone() {
    for row in &LINTS {
        let Some((found, text)) = checked(row.name, "invalid") else {
            skip("root");
            continue;
        };
        if is_other_shell(row.name) {
            skip("dash as /bin/sh");
            continue;
        }
        let codes: BTreeSet<&str> = found.findings.iter().map(logrotate_rs::lint::Finding::code).collect();
        assert_eq!(codes, BTreeSet::from([row.code]), "{}:\n{text}", row.name);
    }
}

#[test]
fn the_whole_text_for_each_invalid_fixture_is_as_written_beside_it() {
    for name in fixtures() {
        let Some((_, text)) = checked(&name, "invalid") else {
            skip("root");
            continue;
        };
        let file = project().join("fixtures/lint").join(&name).join("text");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&file, &text).unwrap();
        }
        if is_other_shell(&name) {
            skip("dash as /bin/sh");
            continue;
        }
        assert_eq!(text, fs::read_to_string(&file).unwrap(), "{name}");
    }
}

#[test]
fn one_mended_line_silences_each_fixture() {
    for name in fixtures() {
        let (invalid, valid) = (source(&name, "invalid"), source(&name, "valid"));
        let same = |one: &String, other: &String| one == other;
        let before = invalid
            .iter()
            .zip(&valid)
            .take_while(|(one, other)| same(one, other))
            .count();
        let (bad, good) = (&invalid[before..], &valid[before..]);
        let after = bad
            .iter()
            .rev()
            .zip(good.iter().rev())
            .take_while(|(one, other)| same(one, other))
            .count();
        assert!(
            bad.len() - after <= 1 && good.len() - after <= 1,
            "{name}: more than a line differs"
        );
        match checked(&name, "valid") {
            Some((found, text)) => assert!(found.findings.is_empty(), "{name}:\n{text}"),
            None => skip("root"),
        }
    }
}

/// Returns what tells whether an object keeps to a schema of `fixtures/schema`.
fn validator(schema: &str) -> jsonschema::Validator {
    let schema = fs::read_to_string(project().join("fixtures/schema").join(schema)).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap()
}

#[test]
fn the_object_keeps_to_its_schema() {
    let validator = validator("check.json");
    for name in fixtures() {
        for side in ["invalid", "valid"] {
            let Some((found, _)) = checked(&name, side) else {
                continue;
            };
            let object: Value = serde_json::from_str(&check_json::text(&found)).unwrap();
            let wrong: Vec<String> = validator.iter_errors(&object).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{name}: {wrong:?}");
            assert_eq!(object["problems"].as_array().unwrap().len(), found.findings.len());
        }
    }
    assert!(
        !validator.is_valid(&serde_json::json!({ "problems": [] })),
        "the schema says nothing"
    );
}

#[test]
fn sarif_has_all_that_the_standard_requires() {
    let validator = validator("sarif.json");
    assert!(
        !validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })),
        "the schema says nothing"
    );
    for name in fixtures() {
        let Some((found, _)) = checked(&name, "invalid") else {
            continue;
        };
        let log: Value = serde_json::from_str(&check_sarif::text(&found)).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), found.findings.len());
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let region = &result["locations"][0]["physicalLocation"]["region"];
            assert!(region["endColumn"].as_u64().unwrap() >= region["startColumn"].as_u64().unwrap());
        }
    }
}

#[test]
fn an_annotation_is_one_line_a_finding() {
    let validator = validator("github.json");
    assert!(
        !validator.is_valid(&Value::from("::error a:b")),
        "the schema says nothing"
    );
    for name in fixtures() {
        let Some((found, _)) = checked(&name, "invalid") else {
            continue;
        };
        let text = check_github::text(&found);
        assert_eq!(text.lines().count(), found.findings.len(), "{text}");
        for (line, finding) in text.lines().zip(&found.findings) {
            assert!(line.contains(&format!("title={}::", finding.code())), "{line}");
            assert!(validator.is_valid(&Value::from(line)), "{line}");
        }
    }
}

/// Runs the program with a fixture's file.
fn run(args: &[&str], file: &str) -> Output {
    let path = project().join("fixtures/lint").join(file);
    Command::new(ours())
        .arg("--check")
        .args(args)
        .arg(path)
        .output()
        .unwrap()
}

#[test]
fn the_status_is_1_for_errors_and_with_strict_for_warnings() {
    let status = |args: &[&str], file| run(args, file).status.code();
    let (clean, warned, wrong) = (
        "create-open/valid.conf",
        "create-open/invalid.conf",
        "comment-after-a-number/invalid.conf",
    );
    let table = [
        (&["--offline"][..], clean, 0),
        (&["--offline", "--strict"], clean, 0),
        (&["--offline"], warned, 0),
        (&["--offline", "--strict"], warned, 1),
        (&["--offline"], wrong, 1),
        (&["--offline", "--format", "json"], wrong, 1),
        (&["--offline", "--format", "github"], warned, 0),
    ];
    for (args, file, code) in table {
        assert_eq!(status(args, file), Some(code), "{args:?} {file}");
    }
}

#[test]
fn offline_an_unknown_user_is_no_error() {
    assert_eq!(run(&["--offline"], "unknown-user/invalid.conf").status.code(), Some(0));
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let output = run(&["--offline"], "no-such-file");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("error[LR1001]: cannot stat "));
}

#[test]
fn what_is_wrong_with_a_file_as_a_whole_is_shown_at_that_file() {
    let sarif = run(&["--offline", "--format", "sarif"], "no-such-file").stdout;
    let log: Value = serde_json::from_slice(&sarif).unwrap();
    assert!(validator("sarif.json").is_valid(&log), "{log}");
    let uri = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert!(
        uri.as_str()
            .is_some_and(|uri| uri.ends_with("fixtures/lint/no-such-file")),
        "{log}"
    );
    let line = String::from_utf8(run(&["--offline", "--format", "github"], "no-such-file").stdout).unwrap();
    assert!(
        validator("github.json").is_valid(&Value::from(line.trim_end())),
        "{line}"
    );
    assert!(line.contains("fixtures/lint/no-such-file,title=LR1001::"), "{line}");
}

#[test]
fn an_error_does_not_hide_those_behind_it() {
    let own = tempfile::tempdir().unwrap();
    let file = own.path().join("c");
    fs::write(
        &file,
        "rotate x\nmaxage y\n/var/log/a {\n\tminage z\n\tmaxsize q\n}\nstart w\n",
    )
    .unwrap();
    let output = Command::new(ours())
        .args(["--check", "--offline"])
        .arg(&file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("--> ")?.1.split(':').nth(1))
        .collect();
    assert_eq!(lines, ["1", "2", "4", "5", "7"], "{text}");
}

#[test]
fn a_check_runs_and_changes_nothing() {
    let own = tempfile::tempdir().unwrap();
    let root = own.path();
    let text = format!(
        "{0}/*.log {{\n\trotate 1\n\tolddir {0}/old\n\tcreateolddir\n\tfirstaction\n\t\ttouch {0}/ran\n\tendscript\n}}\n",
        root.display()
    );
    fs::write(root.join("c"), text).unwrap();
    fs::write(root.join("a.log"), "x").unwrap();
    let output = Command::new(ours())
        .arg("--check")
        .arg(root.join("c"))
        .output()
        .unwrap();
    let mut names: Vec<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["a.log", "c"], "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let plain = run(&["--offline"], "create-open/invalid.conf").stdout;
    let coloured = run(&["--offline", "--color", "always"], "create-open/invalid.conf").stdout;
    assert!(!plain.contains(&0x1b) && coloured.contains(&0x1b));
}

#[test]
fn every_lint_and_every_member_is_in_the_manuals() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(project().join("fixtures/schema/check.json")).unwrap()).unwrap();
    let members = |object: &Value| {
        object["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut words = [&schema, &schema["$defs"]["problem"], &schema["$defs"]["place"]]
        .map(members)
        .concat();
    words.extend(LINTS.iter().map(|row| row.code.to_owned()));
    for path in ["man/logrotate.8", "man/ja/logrotate.8"] {
        let manual = fs::read_to_string(project().join(path)).unwrap();
        for word in &words {
            assert!(manual.contains(word.as_str()), "{path} does not explain {word}");
        }
    }
}

#[test]
fn of_the_drop_ins_of_debian_only_two_have_a_warning_that_a_reader_agrees_with() {
    let root = project().join("target/dropins/etc");
    let Ok(packages) = fs::read_dir(&root) else {
        return skip("Debian's drop-ins: run tests/dropins.sh");
    };
    let mut found = Vec::new();
    for package in packages {
        for file in fs::read_dir(package.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            // The main file would read the drop-ins of this machine.
            if path.file_name().is_some_and(|name| name == "logrotate.conf") {
                continue;
            }
            let request = CheckRequest {
                configs: vec![path.clone()],
                strict: true,
                offline: true,
                format: Format::Text,
                color: Colours::Never,
                mail_program: DEFAULT_MAIL.into(),
            };
            for finding in check::examine(&request, &Machine::this()).findings {
                found.push((path.file_name().unwrap().to_str().unwrap().to_owned(), finding.code()));
            }
        }
    }
    found.sort();
    // Both logs are readable by all, and need not be.
    assert_eq!(
        found,
        [("alternatives".to_owned(), "LR3014"), ("dpkg".to_owned(), "LR3014")]
    );
}
