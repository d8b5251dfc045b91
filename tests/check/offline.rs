//! `--check --offline`: nothing of this machine is looked up, so that a configuration can be checked on another one.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::{fresh_dir, need, ours};

/// Names a home directory, a user, a group, a directory, and logs by pattern.
const CONF: &str = "~nobody/x.log /nowhere/*.log {
    su no-such-user no-such-group
    create 0640 no-such-user no-such-group
    olddir /nowhere/else
    rotate 3
}
";

#[test]
fn users_logs_and_directories_are_not_looked_for() {
    if !need("strace") {
        return;
    }
    let root = fresh_dir("check-offline");
    fs::write(root.join("conf"), CONF).unwrap();
    let calls = |words: &[&str]| {
        let mut command = Command::new("strace");
        command.args(["-f", "-e", "trace=file,network"]).arg(ours()).args(words);
        let output = command.arg("conf").current_dir(&root).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let looked = |calls: &str| {
        let places = ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/nowhere", "socket("];
        places
            .into_iter()
            .filter(|place| calls.contains(place))
            .collect::<Vec<_>>()
    };
    let offline = calls(&["--check", "--offline"]);
    assert!(offline.contains("\"conf\""), "the configuration is read: {offline}");
    assert_eq!(looked(&offline), [""; 0], "{offline}");
    assert!(!looked(&calls(&["--check"])).is_empty(), "without it they are");
}

/// Checks what is named in a tree of a repository and, outside of it, a secret; answers whether that is fine, and what is said.
fn checked(name: &str, lay_out: impl FnOnce(&std::path::Path), words: &[&str]) -> (bool, String) {
    let root = fresh_dir(name);
    fs::create_dir_all(root.join("repository/d")).unwrap();
    fs::write(root.join("secret"), "root:secret:1::\n").unwrap();
    lay_out(&root.join("repository"));
    let output = Command::new(ours())
        .args(["--check", "--offline"])
        .args(words)
        .current_dir(root.join("repository"))
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn an_include_shows_nothing_from_outside_of_what_was_named() {
    let outside = [
        "../secret",
        "/etc/logrotate.d",
        "/no/such/directory",
        "d/../../secret",
        "d/link",
    ];
    for (number, include) in outside.into_iter().enumerate() {
        let lay_out = |repository: &std::path::Path| {
            symlink("../../secret", repository.join("d/link")).unwrap();
            let text = format!("include {include}\n/var/log/a.log {{\n    rotate 3\n    dayly\n}}\n");
            fs::write(repository.join("conf"), text).unwrap();
        };
        let (is_fine, said) = checked(&format!("offline-include-{number}"), lay_out, &["conf"]);
        assert!(!said.contains("root:secret"), "{include}: {said}");
        assert!(
            said.contains(&format!("note[LR2004]: {include} is left out")),
            "{include}: {said}"
        );
        assert!(said.contains("Did you mean `daily`?"), "the check goes on: {said}");
        assert!(is_fine, "{include}: {said}");
    }
}

#[test]
fn a_link_among_drop_ins_or_in_place_of_what_was_named_leads_nowhere_else() {
    for (number, (link, target)) in [("d/app", "../../secret"), ("conf", "../secret"), ("conf", "..")]
        .into_iter()
        .enumerate()
    {
        let lay_out = |repository: &std::path::Path| symlink(target, repository.join(link)).unwrap();
        let (is_fine, said) = checked(
            &format!("offline-link-{number}"),
            lay_out,
            &[link.split('/').next().unwrap()],
        );
        assert!(
            said.contains("LR2004") && !said.contains("root:secret"),
            "{link} -> {target}: {said}"
        );
        assert!(
            !is_fine && said.contains("LR1008"),
            "nothing was read: {link} -> {target}: {said}"
        );
    }
}

#[test]
fn what_lies_beside_is_included_and_what_is_left_out_is_not_counted() {
    let lay_out = |repository: &std::path::Path| {
        fs::write(repository.join("conf"), "include d\ninclude /etc/logrotate.d\n").unwrap();
        fs::write(repository.join("d/app"), "/var/log/a.log {\n    rotate 3\n}\n").unwrap();
        symlink("app", repository.join("d/other")).unwrap();
        symlink(repository.join("d"), repository.join("e")).unwrap();
    };
    let (is_fine, said) = checked("offline-beside", lay_out, &["--strict", "conf"]);
    assert!(said.contains("in 3 files") && said.matches("LR").count() == 2, "{said}");
    assert!(said.contains("LR1403"), "the link is read: {said}");
    assert!(!is_fine);
    let lay_out = |repository: &std::path::Path| {
        fs::write(repository.join("conf"), "include d\ninclude /etc/logrotate.d\n").unwrap();
        fs::write(repository.join("d/app"), "/var/log/a.log {\n    rotate 3\n}\n").unwrap();
    };
    let (is_fine, said) = checked("offline-strict", lay_out, &["--strict", "conf"]);
    assert!(
        is_fine && said.ends_with("1 stanza in 2 files: no problems found.\n"),
        "{said}"
    );
    for (format, word) in [
        ("json", "\"severity\": \"note\""),
        ("sarif", "\"level\": \"note\""),
        ("github", "::notice file=conf,line=2"),
    ] {
        let (_, said) = checked("offline-formats", lay_out, &["--format", format, "conf"]);
        assert!(said.contains(word), "{format}: {said}");
    }
}
