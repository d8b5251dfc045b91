//! Families on disk.

use std::fs;

use super::*;
use crate::policy::Keep;

fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.retention.keep = Keep::Count(5);
    policy
}

/// Makes files in a directory, and says which of them belong to `a.log` there, while the others are configured, too.
fn members(files: &[&str], others: &[&str], prepare: impl FnOnce(&Path)) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    for name in files {
        fs::write(root.path().join(name), "12345").unwrap();
    }
    prepare(root.path());
    let path = |name: &&str| -> Arc<Path> { root.path().join(name).into() };
    let others = others.iter().map(path).collect();
    let lost = Lost {
        logs: others,
        ..Lost::default()
    };
    let mut families = Families::of(&[], &lost);
    let mut directories = Directories::default();
    let family = families.family(&policy(), &path(&"a.log"), None, &mut directories);
    let members = family.unwrap().members;
    members
        .into_iter()
        .map(|member| member.name.into_string().unwrap())
        .collect()
}

#[test]
fn archives_are_found_by_their_names_and_nothing_else_is() {
    let files = ["a.log", "a.log.1", "a.log.2", "a.log.x", "b.log.1"];
    assert_eq!(members(&files, &[], |_| {}), ["a.log.2", "a.log.1"]);
}

#[test]
fn y2_a_log_is_no_archive_by_whatever_path_its_directory_is_named() {
    let files = ["a.log", "a.log.1", "a.log.2"];
    let link = |root: &Path| std::os::unix::fs::symlink(".", root.join("link")).unwrap();
    assert_eq!(members(&files, &["link/a.log.2"], link), ["a.log.1"]);
}

#[test]
fn y3_a_log_that_is_not_handled_keeps_its_archives() {
    let files = ["a.log", "a.log.1", "a.log.1.1", "a.log.2"];
    assert_eq!(members(&files, &["a.log.1"], |_| {}), ["a.log.2"]);
}

#[test]
fn of_a_log_that_is_gone_only_what_is_named_as_today_is_found() {
    let files = ["a.log.1", "a.log-20260101"];
    assert_eq!(members(&files, &[], |_| {}), ["a.log.1"]);
}
