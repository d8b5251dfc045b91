//! One user's directory in a set with shared scripts: it costs his own log, and nobody else's.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::{give, users_directory};
use crate::edges::Scene;
use crate::support::need_root;

/// What a user does in his directory, by name.
type Deed = (&'static str, fn(&Path));

const DEEDS: &[Deed] = &[
    ("lets everybody write to it", |dir| {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o777)).unwrap();
    }),
    ("has a full directory in the archives' way", |dir| {
        fs::create_dir_all(dir.join("x.log.1/full")).unwrap();
    }),
    ("makes his log a link", |dir| {
        fs::remove_file(dir.join("x.log")).unwrap();
        symlink("/etc/passwd", dir.join("x.log")).unwrap();
    }),
    ("gives his log a second name", |dir| {
        fs::hard_link(dir.join("x.log"), dir.join("other")).unwrap();
    }),
    ("makes his log a directory", |dir| {
        fs::remove_file(dir.join("x.log")).unwrap();
        fs::create_dir(dir.join("x.log")).unwrap();
    }),
];

#[test]
fn one_users_directory_keeps_no_other_log_of_a_shared_set_from_being_rotated() {
    if !need_root() {
        return;
    }
    for (number, (what, deed)) in DEEDS.iter().enumerate() {
        for method in ["create", "copytruncate"] {
            let scene = Scene::new(&format!("attacks-shared-{number}-{method}"));
            for user in ["theirs", "good"] {
                users_directory(&scene.log(user));
                scene.write(&format!("{user}/x.log"), "line\n");
                give(&scene.log(&format!("{user}/x.log")));
            }
            deed(&scene.log("theirs"));
            scene.configure(&format!(
                "@ROOT@/log/*/x.log {{\n rotate 2\n sharedscripts\n {method}\n postrotate\n  echo told >>@ROOT@/told\n endscript\n}}\n"
            ));
            let run = scene.run(&["-f"]);
            assert_eq!(scene.read("good/x.log.1"), "line\n", "{what}, {method}: {}", run.said);
            assert_eq!(
                fs::read_to_string(scene.root.join("told")).unwrap(),
                "told\n",
                "{what}, {method}"
            );
        }
    }
}
