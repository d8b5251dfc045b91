//! `--check --offline`: nothing of this machine is looked up, so that a configuration can be checked on another one.

use std::fs;
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
