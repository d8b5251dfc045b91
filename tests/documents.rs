//! What the documents say is what the program does: manuals, README and units against the tables and the binary.
//!
//! Here, too, is whether they are well-formed. What the program does is tested elsewhere.

mod manuals;
mod readme;
mod transcripts;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{assert_nothing_is_wanted, fresh_dir, need, ours, project};

/// The manuals of the configuration, in all languages.
const CONF_MANUALS: [&str; 2] = ["man/logrotate.conf.5", "man/ja/logrotate.conf.5"];
/// The manuals of the program, in all languages.
const PROGRAM_MANUALS: [&str; 2] = ["man/logrotate.8", "man/ja/logrotate.8"];

fn read(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the blocks of a manual that are shown as they are.
fn examples(manual: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    for line in manual.lines() {
        match line {
            ".Bd -literal -offset indent" | ".EX" => block = Some(String::new()),
            ".Ed" | ".EE" => found.extend(block.take()),
            _ => {
                if let Some(block) = &mut block {
                    block.push_str(line);
                    block.push('\n');
                }
            }
        }
    }
    found
}

/// Asks the binary what it thinks of a configuration; `/var/log` and the like are somewhere else for it.
fn assert_is_read_without_complaint(name: &str, config: &str) {
    let dir = fresh_dir(&format!("documents-{}", name.replace('/', "-")));
    let root = dir.to_str().unwrap();
    fs::create_dir_all(dir.join("logrotate.d")).unwrap();
    let moved = config
        .replace("/var/log/", &format!("{root}/var/log/"))
        .replace("/etc/logrotate.d", &format!("{root}/logrotate.d"));
    let file = dir.join("config");
    fs::write(&file, format!("missingok\n{moved}")).unwrap();
    fs::create_dir_all(dir.join("var/log")).unwrap();
    let run = Command::new(ours())
        .args(["-d", "-s", "/dev/null"])
        .arg(&file)
        .env("HOME", root)
        .output()
        .unwrap();
    let says = String::from_utf8_lossy(&run.stderr);
    let complaints: Vec<&str> = says
        .lines()
        .filter(|line| line.starts_with("error:") || (line.starts_with("warning:") && line.contains(root)))
        .collect();
    assert!(complaints.is_empty(), "{name}: {complaints:#?}\n{config}");
    assert!(run.status.success(), "{name}: {says}\n{config}");
}

#[test]
fn the_examples_of_the_manuals_are_read_without_complaint() {
    for path in CONF_MANUALS {
        let manual = read(path);
        let all = examples(&manual);
        assert!(all.len() > 12, "{path} has examples");
        // The last one of the Japanese manual is a unit's.
        for (number, example) in all.iter().enumerate().filter(|(_, text)| !text.starts_with("[Timer]")) {
            let known = example.replace("nomissingok", "missingok").replace("\\e", "\\");
            assert_is_read_without_complaint(&format!("{path}-{number}"), &known);
        }
    }
}

#[test]
fn the_configuration_of_the_packages_is_read_without_complaint() {
    for path in [
        "systemd/etc/logrotate.conf",
        "systemd/etc/logrotate.d/btmp",
        "systemd/etc/logrotate.d/wtmp",
    ] {
        assert_is_read_without_complaint(path, &read(path));
    }
}

/// Gathers the names of all members of a JSON value.
fn members(value: &serde_json::Value, names: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (name, inner) in object {
                names.insert(name.clone());
                members(inner, names);
            }
        }
        serde_json::Value::Array(array) => array.iter().for_each(|inner| members(inner, names)),
        _ => {}
    }
}

#[test]
fn what_programs_read_is_in_the_manuals() {
    let dir = fresh_dir("documents-json");
    let log = dir.join("app.log");
    fs::write(&log, "line\n").unwrap();
    let config = dir.join("config");
    fs::write(&config, format!("{} {{\n rotate 2\n compress\n}}\n", log.display())).unwrap();
    let metrics = dir.join("metrics.prom");
    let run = Command::new(ours())
        .args(["-f", "--json", "-s"])
        .arg(dir.join("state"))
        .arg("--metrics")
        .arg(&metrics)
        .arg(&config)
        .output()
        .unwrap();
    let mut names = BTreeSet::new();
    members(&serde_json::from_slice(&run.stdout).unwrap(), &mut names);
    assert!(names.contains("archive"), "the run was reported: {names:?}");
    for line in fs::read_to_string(&metrics).unwrap().lines() {
        names.extend(
            line.strip_prefix("# TYPE ")
                .map(|rest| rest.split(' ').next().unwrap().to_owned()),
        );
    }
    let mut wants = Vec::new();
    for path in PROGRAM_MANUALS {
        let manual = read(path);
        let missing = names.iter().filter(|name| !manual.contains(name.as_str()));
        wants.extend(missing.map(|name| {
            let what = if name.starts_with("logrotate_") {
                "metric"
            } else {
                "member of --json"
            };
            format!("{path} does not name the {what} `{name}`: add it to the list of those, with what it is")
        }));
    }
    assert_nothing_is_wanted(&wants);
}

/// Returns the names of this binary's tests.
fn tests() -> Vec<String> {
    let list = Command::new(std::env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    list.lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

/// Tells whether this is a test beside the code, or a module with such tests.
fn is_unit_test(name: &str) -> bool {
    let (module, test) = name.split_once("::tests::").unwrap_or((name, ""));
    let stem = format!("src/{}", module.replace("::", "/"));
    ["{}.rs", "{}/mod.rs", "{}/tests.rs"].iter().any(|place| {
        let text = fs::read_to_string(project().join(place.replace("{}", &stem))).unwrap_or_default();
        text.contains("#[test]") && text.contains(&format!("fn {test}"))
    })
}

/// Returns what a README says on security.
fn security(path: &str) -> String {
    let text = read(path);
    let section = text
        .split_once("\n## Security\n")
        .and_then(|(_, rest)| rest.split("\n## ").next());
    section
        .unwrap_or_else(|| panic!("{path} has no section on security"))
        .to_owned()
}

#[test]
fn the_tests_that_the_readmes_name_on_security_exist() {
    let tests = tests();
    let is_test = |name: &str| {
        let below = format!("{name}::");
        tests.iter().any(|test| test == name || test.starts_with(&below)) || is_unit_test(name)
    };
    let mut wants = Vec::new();
    for path in ["README.md", "tests/README.md"] {
        let security = security(path);
        let named = security
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.contains("::"));
        let named: BTreeSet<&str> = named.collect();
        assert!(!named.is_empty(), "{path}, Security, names tests");
        let missing = named.iter().filter(|name| !is_test(name));
        wants.extend(
            missing.map(|name| format!("{path}, Security, names the test {name}, which is not there: mend the name")),
        );
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn each_rule_of_security_names_a_test() {
    let mut wants = Vec::new();
    for (path, heading) in [
        ("README.md", "| a user | at most | shown by |"),
        ("tests/README.md", "| rule | shown by |"),
    ] {
        let security = security(path);
        let (_, rows) = security
            .split_once(heading)
            .unwrap_or_else(|| panic!("{path} has no table {heading}"));
        let bare = rows
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .filter(|row| !row.contains("::") && !row.contains("`races`") && !row.contains("fixtures/scenarios/"));
        wants.extend(bare.map(|row| format!("{path}, Security, has a row without a test: {row}")));
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn the_bounds_that_the_readme_of_the_tests_names_are_those_of_the_code() {
    let path = "tests/README.md";
    let readme = read(path);
    let rows = readme.split("| bound | | constant |\n|---|---|---|\n").nth(1).unwrap();
    let mut wants = Vec::new();
    for row in rows.lines().take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (value, unit) = cells[2].split_once(' ').unwrap();
        let value = match unit {
            "s" => format!("Duration::from_secs({value})"),
            "ms" => format!("Duration::from_millis({value})"),
            "min" => format!("Duration::from_secs({value} * 60)"),
            "KiB/s" => format!("{value} * 1024"),
            "MiB" => format!("{value} << 20"),
            "GiB" => format!("{value} << 30"),
            "logs" => value.to_owned(),
            other => panic!("{path} has the unit {other}"),
        };
        let words: Vec<&str> = cells[3].split('`').collect();
        let is_it =
            |line: &str| line.contains(&format!("const {}: ", words[1])) && line.ends_with(&format!("= {value};"));
        if !read(words[3]).lines().any(is_it) {
            wants.push(format!("{path} says what {} has not: mend the row: {row}", words[3]));
        }
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn the_manuals_are_well_formed() {
    if !need("mandoc") {
        return;
    }
    for path in CONF_MANUALS.iter().chain(&PROGRAM_MANUALS) {
        let lint = Command::new("mandoc")
            .args(["-T", "lint"])
            .arg(project().join(path))
            .output()
            .unwrap();
        let says = String::from_utf8_lossy(&lint.stdout);
        // Which manuals a machine has is no matter of ours; without a name of ours the pages carry that of BSD.
        let wanted = ["referenced manual not found", "operating system explicitly specified"];
        let faults: Vec<&str> = says
            .lines()
            .filter(|line| !wanted.iter().any(|words| line.contains(words)))
            .collect();
        assert!(faults.is_empty(), "{path}: {faults:#?}");
    }
}

#[test]
fn the_manuals_carry_our_name() {
    if !need("man") {
        return;
    }
    for path in CONF_MANUALS.iter().chain(&PROGRAM_MANUALS) {
        let shown = Command::new("man")
            .env("LC_ALL", "C.UTF-8")
            .arg("--local-file")
            .arg(project().join(path))
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout);
        let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
        let (first, last) = (lines[0], lines[lines.len() - 1]);
        assert!(last.contains("logrotate-rs"), "{path}: {last}");
        assert!(
            !first.contains("BSD") && !last.contains("BSD"),
            "{path}: {first} … {last}"
        );
    }
}

#[test]
fn the_units_are_in_order() {
    if !need("systemd-analyze") {
        return;
    }
    // The program is not installed where the test runs: another one stands for it.
    let dir = fresh_dir("documents-units");
    let service = read("systemd/logrotate.service").replace("/usr/sbin/logrotate", "/bin/true");
    fs::write(dir.join("logrotate.service"), service).unwrap();
    fs::write(dir.join("logrotate.timer"), read("systemd/logrotate.timer")).unwrap();
    let drop_in = dir.join("logrotate.timer.d");
    fs::create_dir(&drop_in).unwrap();
    fs::write(drop_in.join("hourly.conf"), read("systemd/hourly.conf")).unwrap();
    assert_systemd_analyze(
        &dir,
        &[
            "verify",
            "--man=no",
            "--recursive-errors=yes",
            "logrotate.service",
            "logrotate.timer",
        ],
    );
    // 100 is a unit without any protection; the usual unit of the reference has 65.
    assert_systemd_analyze(
        &dir,
        &["security", "--offline=true", "--threshold=50", "logrotate.service"],
    );
}

fn assert_systemd_analyze(dir: &Path, arguments: &[&str]) {
    let run = Command::new("systemd-analyze")
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    let says = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "systemd-analyze {arguments:?}: {says}");
}
