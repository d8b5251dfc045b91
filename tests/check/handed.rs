//! `--check` answers for all that it was handed: pipes and the standard input are read, and nothing that was not read is called fine.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};

use crate::support::{fresh_dir, ours};

/// Checks, with a text on the standard input.
fn checked(root: &std::path::Path, words: &[&str], input: &str) -> (Option<i32>, String) {
    let mut command = Command::new(ours());
    command.arg("--check").args(words).current_dir(root);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // What is refused at once reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    answer(&child.wait_with_output().unwrap())
}

fn answer(output: &Output) -> (Option<i32>, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

const MISSPELT: &str = "# one\n/var/log/a.log {\n    rotate 3\n    dayly\n}\n";

#[test]
fn the_standard_input_is_read_as_a_dash_and_as_a_pipe() {
    let root = fresh_dir("check-handed-input");
    for name in ["-", "/dev/stdin", "/dev/fd/0"] {
        for mode in [&[][..], &["--offline"]] {
            let (code, said) = checked(&root, &[mode, &["--strict", name]].concat(), MISSPELT);
            assert!(said.contains(&format!(" --> {name}:4:5\n")), "{name}: {said}");
            assert!(
                said.contains("1 stanza in 1 file: 0 errors, 1 warning."),
                "{name}: {said}"
            );
            assert_eq!(code, Some(1), "{name}");
        }
    }
}

#[test]
fn a_pipe_that_is_filled_late_is_waited_for() {
    let root = fresh_dir("check-handed-late");
    let line = format!(
        "{} --check --offline <(sleep 0.3; printf '/var/log/a.log {{\\n rotate x\\n}}\\n')",
        ours().display()
    );
    let (code, said) = answer(
        &Command::new("bash")
            .args(["-c", &line])
            .current_dir(root)
            .output()
            .unwrap(),
    );
    assert!(said.contains("error[LR1203]") && said.contains(":2:9\n"), "{said}");
    assert_eq!(code, Some(1));
}

#[test]
fn what_was_named_and_not_read_is_an_error() {
    let root = fresh_dir("check-handed-nothing");
    for directory in ["empty", "taboo", "pipes"] {
        fs::create_dir(root.join(directory)).unwrap();
    }
    fs::write(root.join("taboo/app.bak"), MISSPELT).unwrap();
    nix::unistd::mkfifo(&root.join("pipes/p"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    symlink("/etc/passwd", root.join("link")).unwrap();
    let named = [
        "/dev/null",
        "/dev/zero",
        "empty",
        "taboo",
        "pipes",
        "pipes/p",
        "-",
        "/dev/stdin",
    ];
    for (name, mode) in named
        .map(|name| (name, &[][..]))
        .into_iter()
        .chain([("link", &["--offline"][..])])
    {
        let (code, said) = checked(&root, &[mode, &[name]].concat(), "");
        assert!(
            said.contains(&format!("error[LR1008]: nothing was read from {name}\n")),
            "{name}: {said}"
        );
        assert_eq!(code, Some(1), "{name}");
    }
}

#[test]
fn an_empty_file_that_is_named_is_read() {
    let root = fresh_dir("check-handed-empty");
    fs::write(root.join("off"), "").unwrap();
    let (code, said) = checked(&root, &["off"], "");
    assert_eq!((code, &*said), (Some(0), "0 stanzas in 1 file: no problems found.\n"));
}

#[test]
fn two_stanzas_with_many_logs_in_common_are_one_finding_with_a_count() {
    let root = fresh_dir("check-handed-pairs");
    for number in 0..18 {
        fs::write(root.join(format!("{number}.log")), "x").unwrap();
    }
    let stanza = |pattern: &str| format!("{}/{pattern} {{\n    rotate 1\n}}\n", root.display());
    fs::write(
        root.join("conf"),
        stanza("*.log") + &stanza("*.log") + &stanza("1*.log"),
    )
    .unwrap();
    let (code, said) = checked(&root, &["conf"], "");
    assert_eq!(said.matches("error[LR1403]").count(), 2, "{said}");
    assert!(
        said.contains("conf:1), and 17 more logs\n") && said.contains("conf:1), and 8 more logs\n"),
        "{said}"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn json_may_be_asked_for_as_of_the_other_looks_but_not_beside_another_format() {
    let root = fresh_dir("check-handed-json");
    let (code, said) = checked(&root, &["--offline", "--json", "-"], MISSPELT);
    assert!(said.starts_with('{') && said.contains("\"LR2001\""), "{said}");
    assert_eq!(code, Some(0));
    assert_eq!(
        checked(&root, &["--json", "--format", "sarif", "-"], MISSPELT).0,
        Some(2)
    );
}

#[test]
fn a_run_takes_none_of_it() {
    let root = fresh_dir("check-handed-run");
    for name in ["-", "/dev/stdin", "/dev/null"] {
        let mut command = Command::new(ours());
        let output = command
            .args(["-d", "-s", "/dev/null", name])
            .current_dir(&root)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("nothing was read"), "{name}: {said}");
        assert_eq!(output.status.code(), Some(i32::from(name == "-")), "{name}: {said}");
    }
}

#[test]
fn a_run_waits_for_no_input() {
    let line = format!("timeout 1 {} -d -s /dev/null - < <(sleep 2 >&2)", ours().display());
    let root = fresh_dir("check-handed-wait");
    let (code, _) = answer(
        &Command::new("bash")
            .args(["-c", &line])
            .current_dir(root)
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(1), "124 is a run that waits");
}
