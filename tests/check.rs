//! `--check`: every lint has a fixture that it fires on, and one with the line mended that is silent.
//!
//! `fixtures/lint/NAME.txt` has the sections `invalid.conf` and `valid.conf` (or files `invalid/…` and `valid/…`), and `text`: all
//! of the text for the invalid one. With files `machine/…` beside them they are checked as on that machine, else `--offline`.
//! `NAME -> TARGET` is a symbolic link, `@ROOT@` stands for the place of the fixture. `BLESS=1` writes `text` anew.

mod costs;
mod handed;
mod machine;
mod offline;
mod timers;
mod within;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::Path;
use std::process::{Command, Output};

use logrotate_rs::check::{self, Machine};
use logrotate_rs::cli::{CheckRequest, DEFAULT_MAIL, Format};
use logrotate_rs::lint::{Checked, LINTS};
use logrotate_rs::report::screen::Look;
use logrotate_rs::report::style::Colours;
use logrotate_rs::report::{check_github, check_json, check_sarif, check_text};
use serde_json::Value;

use super::support::sections::{self, Sections};
use super::support::{assert_nothing_is_wanted, is_root, ours, project, skip};

/// Tells what a fixture may consist of.
fn is_section(name: &str) -> bool {
    let files = ["invalid/", "valid/", "machine/", "logs/"];
    ["invalid.conf", "valid.conf", "text"].contains(&name) || files.iter().any(|dir| name.starts_with(dir))
}

fn fixtures() -> Vec<Sections> {
    let files = sections::files("lint");
    files.iter().map(|file| Sections::read(file, is_section)).collect()
}

/// Returns the path of a lint's fixture below the project's directory.
fn path(name: &str) -> String {
    format!("fixtures/lint/{name}.txt")
}

fn fixture(name: &str) -> Sections {
    Sections::read(Path::new(&path(name)), is_section)
}

/// Writes a fixture's files to where their modes are known.
fn lay_out(fixture: &Sections, root: &Path) {
    for (name, text) in fixture.all().filter(|(name, _)| *name != "text") {
        let (name, target) = name
            .split_once(" -> ")
            .map_or((name, None), |(name, to)| (name, Some(to)));
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        for dir in path.ancestors().skip(1).take_while(|dir| dir.starts_with(root)) {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        }
        if let Some(target) = target {
            symlink(target, path).unwrap();
            continue;
        }
        let text = std::str::from_utf8(text).unwrap();
        fs::write(&path, text.replace("@ROOT@", root.to_str().unwrap())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
}

/// Checks one side of a fixture; `None` where it takes rights that are not there.
fn checked(fixture: &Sections, side: &str) -> Option<(Checked, String)> {
    let own = tempfile::tempdir().unwrap();
    let root = own.path().join("r");
    lay_out(fixture, &root);
    let mode = match fixture.name() {
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
        acts: false,
    };
    let directory = root.join(side);
    let config = if directory.is_dir() {
        directory
    } else {
        root.join(format!("{side}.conf"))
    };
    let request = CheckRequest {
        configs: vec![config],
        with: None,
        allow: Vec::new(),
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

/// Returns the lines of one side of a fixture.
fn source(fixture: &Sections, side: &str) -> Vec<String> {
    let of_side = |name: &str| name == format!("{side}.conf") || name.starts_with(&format!("{side}/"));
    let texts = fixture.all().filter(|(name, _)| of_side(name));
    texts
        .flat_map(|(_, text)| std::str::from_utf8(text).unwrap().lines().map(str::to_owned))
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
    let missing = LINTS.iter().filter(|row| !project().join(path(row.name)).exists());
    let wants: Vec<String> = missing
        .map(|row| {
            format!(
                "{} ({}) has no fixture: write {} with a configuration on which it fires under `== invalid.conf`, and the same with \
                 one line mended under `== valid.conf`; BLESS=1 adds `== text`",
                row.code,
                row.name,
                path(row.name)
            )
        })
        .collect();
    assert_nothing_is_wanted(&wants);
    for row in &LINTS {
        let Some((found, text)) = checked(&fixture(row.name), "invalid") else {
            skip("root");
            continue;
        };
        if is_other_shell(row.name) {
            skip("dash as /bin/sh");
            continue;
        }
        let codes: BTreeSet<&str> = found.findings.iter().map(logrotate_rs::lint::Finding::code).collect();
        let wanted = BTreeSet::from([row.code]);
        assert_eq!(
            codes,
            wanted,
            "`invalid.conf` of {} is to have that alone:\n{text}",
            path(row.name)
        );
    }
}

#[test]
fn the_whole_text_for_each_invalid_fixture_is_as_written_beside_it() {
    let mut wrong = Vec::new();
    for mut fixture in fixtures() {
        let Some((_, text)) = checked(&fixture, "invalid") else {
            skip("root");
            continue;
        };
        if is_other_shell(fixture.name()) {
            skip("dash as /bin/sh");
            continue;
        }
        wrong.extend(fixture.complaint("text", &text));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_mended_line_silences_each_fixture() {
    for fixture in fixtures() {
        let name = &fixture.path;
        let (invalid, valid) = (source(&fixture, "invalid"), source(&fixture, "valid"));
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
            "{name}: `valid.conf` is to be `invalid.conf` with one line mended, added or removed"
        );
        match checked(&fixture, "valid") {
            Some((found, text)) => assert!(
                found.findings.is_empty(),
                "{name}: `valid.conf` is to have no finding:\n{text}"
            ),
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
    for fixture in fixtures() {
        for side in ["invalid", "valid"] {
            let Some((found, _)) = checked(&fixture, side) else {
                continue;
            };
            let object: Value = serde_json::from_str(&check_json::text(&found)).unwrap();
            let wrong: Vec<String> = validator.iter_errors(&object).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", fixture.path);
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
    for fixture in fixtures() {
        let Some((found, _)) = checked(&fixture, "invalid") else {
            continue;
        };
        let log: Value = serde_json::from_str(&check_sarif::text(&found)).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", fixture.path);
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
    for fixture in fixtures() {
        let Some((found, _)) = checked(&fixture, "invalid") else {
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

/// Runs the program with one side of a fixture, `NAME/SIDE.conf`, or with a file that is not there.
fn run(args: &[&str], file: &str) -> Output {
    let own = tempfile::tempdir().unwrap();
    let mut path = own.path().join(file);
    if let Some((name, side)) = file.split_once('/') {
        lay_out(&fixture(name), own.path());
        path = own.path().join(side);
    }
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
    assert!(uri.as_str().is_some_and(|uri| uri.ends_with("/no-such-file")), "{log}");
    let line = String::from_utf8(run(&["--offline", "--format", "github"], "no-such-file").stdout).unwrap();
    assert!(
        validator("github.json").is_valid(&Value::from(line.trim_end())),
        "{line}"
    );
    assert!(line.contains("/no-such-file,title=LR1001::"), "{line}");
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
fn floors_and_budgets_for_all_are_no_mistake_of_a_stanza_that_keeps_less() {
    let own = tempfile::tempdir().unwrap();
    let defaults = "rotate 4\nmaxtotalsize 20G\nminfree 5%\nminrotate 2\nminretain 30\nprune\n";
    let stanzas = [
        "rotate 1",
        "rotate 0",
        "maxage 7",
        "rotate 9\nmaxtotalsize 0\nminfree 0",
        "rotate 3\nminrotate -1",
    ];
    for stanza in stanzas {
        let file = own.path().join("c");
        fs::write(&file, format!("{defaults}/var/log/*.log {{\n{stanza}\n}}\n")).unwrap();
        let check = [OsStr::new("--check"), OsStr::new("--offline"), file.as_os_str()];
        let output = Command::new(ours()).args(check).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.ends_with("no problems found.\n"), "{stanza}: {text}");
    }
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
    let mut wants = Vec::new();
    for path in ["man/logrotate.8", "man/ja/logrotate.8"] {
        let manual = fs::read_to_string(project().join(path)).unwrap();
        for word in words.iter().filter(|word| !manual.contains(word.as_str())) {
            let lint = LINTS.iter().find(|row| row.code == word);
            let what = lint.map_or_else(
                || "a member of its JSON".to_owned(),
                |row| format!("the lint {}", row.name),
            );
            wants.push(format!(
                "{path} does not name `{word}` ({what}): add it to the table of those of --check, with what it means"
            ));
        }
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn of_the_drop_ins_of_debian_none_has_a_warning() {
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
                with: None,
                allow: Vec::new(),
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
    assert_eq!(found, []);
}
