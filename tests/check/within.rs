//! `--check --with MAIN DROP-IN`: a drop-in is checked against the defaults that it will meet, and for nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{fresh_dir, ours, project, skip};

const MAIN: &str =
    "weekly\nrotate 4\ncreate\ninclude logrotate.d\nrotate 0\n/var/log/wtmp {\n    create 0666 root utmp\n}\n";
const DROP_IN: &str = "/var/log/app.log {\n    delaycompress\n    minsize 1M\n}\n";

/// Checks offline and strictly; answers the exit status and the codes found, or the last line where none was.
fn checked(root: &Path, words: &[&str]) -> (Option<i32>, Vec<String>) {
    let output = Command::new(ours())
        .args(["--check", "--offline", "--strict"])
        .args(words)
        .current_dir(root)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let code = |line: &str| Some(line.split_once('[')?.1.split_once("]: ")?.0.to_owned());
    let codes: Vec<String> = said.lines().filter_map(code).collect();
    let said = if codes.is_empty() {
        said.lines().last().map(str::to_owned).into_iter().collect()
    } else {
        codes
    };
    (output.status.code(), said)
}

/// Lays out a main file, a drop-in in its place and one on a temporary path.
fn laid_out(name: &str, main: &str, drop_in: &str) -> PathBuf {
    let root = fresh_dir(name);
    for directory in ["etc/logrotate.d", "tmp"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    fs::write(root.join("etc/logrotate.conf"), main).unwrap();
    for path in ["etc/logrotate.d/app", "tmp/source"] {
        fs::write(root.join(path), drop_in).unwrap();
    }
    root
}

fn one(what: &str) -> (Option<i32>, Vec<String>) {
    (Some(i32::from(what.starts_with("LR"))), vec![what.to_owned()])
}

const FINE: &str = "1 stanza in 1 file: no problems found.";

#[test]
fn the_defaults_are_those_at_the_include_in_its_place_and_from_a_temporary_path() {
    let main = MAIN.replace("include logrotate.d", "compress\ninclude logrotate.d");
    let root = laid_out("within-include", &main, DROP_IN);
    for path in ["tmp/source", "etc/logrotate.d/app"] {
        assert_eq!(
            checked(&root, &["--with", "etc/logrotate.conf", path]),
            one(FINE),
            "{path}"
        );
    }
    assert_eq!(
        checked(&root, &["tmp/source"]).1,
        ["LR3010", "LR3002", "LR3027"],
        "alone it cries"
    );
}

#[test]
fn what_the_main_file_says_behind_the_include_or_lacks_is_not_met() {
    let root = laid_out("within-lacks", MAIN, DROP_IN);
    assert_eq!(
        checked(&root, &["--with", "etc/logrotate.conf", "tmp/source"]),
        one("LR3002")
    );
    let root = laid_out(
        "within-after",
        "include logrotate.d\nrotate 4\n",
        "/var/log/app.log {\n}\n",
    );
    assert_eq!(
        checked(&root, &["--with", "etc/logrotate.conf", "tmp/source"]),
        one("LR3010")
    );
}

#[test]
fn of_several_directories_its_own_counts_and_from_elsewhere_the_first() {
    let main = "rotate 4\ninclude logrotate.d\nrotate 0\ninclude other.d\n";
    let root = laid_out("within-several", main, "/var/log/app.log {\n    minrotate 3\n}\n");
    fs::create_dir(root.join("etc/other.d")).unwrap();
    fs::write(
        root.join("etc/other.d/app"),
        "/var/log/app.log {\n    maxtotalsize 1G\n}\n",
    )
    .unwrap();
    fs::write(root.join("tmp/source"), "/var/log/app.log {\n    maxtotalsize 1G\n}\n").unwrap();
    let with = |path| checked(&root, &["--with", "etc/logrotate.conf", path]).1;
    assert_eq!(with("etc/other.d/app"), ["LR3038"]);
    assert_eq!(with("tmp/source"), [FINE]);
}

#[test]
fn a_main_file_that_includes_no_directory_or_one_that_is_not_there_has_its_say_all_the_same() {
    for (name, main) in [
        ("none", "rotate 4\n"),
        ("gone", "rotate 4\ninclude /no/such/logrotate.d\nrotate 0\n"),
    ] {
        let root = laid_out(&format!("within-{name}"), main, "/var/log/app.log {\n}\n");
        for path in ["tmp/source", "etc/logrotate.d/app"] {
            assert_eq!(
                checked(&root, &["--with", "etc/logrotate.conf", path]),
                one(FINE),
                "{main}"
            );
        }
    }
}

#[test]
fn a_main_file_that_cannot_be_read_is_an_error() {
    let root = laid_out("within-unread", MAIN, DROP_IN);
    assert!(
        checked(&root, &["--with", "no-such-file", "tmp/source"])
            .1
            .contains(&"LR1001".to_owned())
    );
    assert_eq!(checked(&root, &["--with", "/dev/null", "tmp/source"]).0, Some(1));
    assert_eq!(
        checked(&root, &["--with", "etc/logrotate.conf", "/dev/null"]),
        one("LR1008")
    );
}

#[test]
fn a_log_of_the_main_file_is_named_twice_and_the_older_file_of_the_drop_in_is_not_read() {
    let root = laid_out("within-twice", MAIN, "/var/log/wtmp {\n}\n");
    assert_eq!(
        checked(&root, &["--with", "etc/logrotate.conf", "tmp/source"]),
        one("LR1403")
    );
}

#[test]
fn the_line_that_the_readme_has_for_ansible_refuses_a_misspelt_directive_and_an_unclosed_block() {
    let root = laid_out("within-ansible", MAIN, "/var/log/app.log {\n    dayly\n}\n");
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let line = readme
        .split_once("validate: /usr/sbin/logrotate ")
        .unwrap()
        .1
        .split_once('`')
        .unwrap()
        .0;
    let line = line
        .replace("/etc/logrotate.conf", "etc/logrotate.conf")
        .replace("%s", "tmp/source");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(checked(&root, &words[3..]), one("LR2001"), "{words:?}");
    assert_eq!(words[..3], ["--check", "--offline", "--strict"]);
    fs::write(root.join("tmp/source"), "/var/log/app.log {\n    daily\n").unwrap();
    assert_eq!(checked(&root, &words[3..]), one("LR3041"));
}

#[test]
fn a_fresh_debian_has_nothing_to_allow() {
    let packages = project().join("target/dropins/etc");
    let Ok(main) = fs::read_to_string(packages.join("logrotate/logrotate.conf")) else {
        return skip("Debian's drop-ins: run tests/dropins.sh");
    };
    let root = laid_out("within-debian", &main.replace("include /etc/", "include etc/"), "");
    for package in ["logrotate", "apt", "dpkg", "rsyslog", "exim4-base"] {
        for file in fs::read_dir(packages.join(package)).unwrap() {
            let file = file.unwrap();
            if file.file_name() != "logrotate.conf" {
                fs::copy(file.path(), root.join("etc/logrotate.d").join(file.file_name())).unwrap();
            }
        }
    }
    let (code, said) = checked(&root, &["etc/logrotate.conf"]);
    assert!(
        said[0].ends_with("no problems found.") && said[0].contains("9 files"),
        "{said:?}"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn what_is_allowed_is_left_out_and_counted() {
    let open = "create 0644 root root";
    let stanza =
        |before: &str, inside: &str| format!("{before}/var/log/app.log {{\n    rotate 4\n{inside}    {open}\n}}\n");
    let allow = "# logrotate-check: allow LR3014\n";
    let allowed = "1 stanza in 1 file: no problems found. Allowed: 1 finding.";
    for (text, words, found) in [
        (stanza("", ""), &[][..], "LR3014"),
        (stanza("", ""), &["--allow", "LR3014"], allowed),
        (stanza("", ""), &["--allow", "LR3010", "--allow=LR3014"], allowed),
        (stanza("", ""), &["--allow", "LR3010"], "LR3014"),
        (stanza("", allow), &[], allowed),
        (stanza("", &format!("{allow}    # for all\n\n")), &[], allowed),
        (stanza("", &allow.replace("LR", "LR3010, LR")), &[], allowed),
        (stanza(allow, ""), &[], "LR3014"),
        (stanza("", &format!("{allow}    weekly\n")), &[], "LR3014"),
        (stanza(&allow.replace("allow", "allow-file"), ""), &[], allowed),
        (stanza("", "") + "\n#logrotate-check: allow-file LR3014\n", &[], allowed),
    ] {
        let root = laid_out("within-allowed", MAIN, &text);
        assert_eq!(checked(&root, &[words, &["tmp/source"]].concat()), one(found), "{text}");
    }
}

#[test]
fn a_comment_in_a_script_allows_for_the_line_of_the_script_behind_it() {
    let script =
        "    postrotate\n        # logrotate-check: allow LR3025\n        [ -e /run/x ] && kill 1\n    endscript\n";
    let root = laid_out(
        "within-script",
        MAIN,
        &format!("/var/log/a {{\n    rotate 1\n{script}}}\n"),
    );
    assert!(checked(&root, &["tmp/source"]).1[0].ends_with("Allowed: 1 finding."));
}

#[test]
fn only_codes_of_warnings_can_be_allowed() {
    let root = laid_out("within-codes", MAIN, DROP_IN);
    for code in ["LR1203", "LR3012", "LR9999", "nothing-kept", "", "LR2004"] {
        assert_eq!(checked(&root, &["--allow", code, "tmp/source"]).0, Some(2), "{code}");
    }
    for code in logrotate_rs::diag::problem::WARNING_CODES {
        assert_eq!(checked(&root, &["--allow", code, "tmp/source"]).0, Some(1), "{code}");
    }
}
