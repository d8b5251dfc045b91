//! Bare places: a chroot or rescue system in which something is missing that is nearly always there.

use std::fs;
use std::process::Command;

use crate::support::{fresh_dir, need, need_root, ours};

#[test]
fn without_proc_a_log_is_rotated_compressed_and_made_anew() {
    if !need_root() || !need("unshare") {
        return;
    }
    let dir = fresh_dir("bare-without-proc");
    let log = dir.join("app.log");
    fs::write(&log, "line\n").unwrap();
    let config = dir.join("config");
    fs::write(
        &config,
        format!("{} {{\n rotate 2\n compress\n create\n}}\n", log.display()),
    )
    .unwrap();
    let run = Command::new("unshare")
        .args(["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"])
        .arg(ours())
        .args(["-f", "-s"])
        .arg(dir.join("state"))
        .arg(&config)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(fs::read(&log).unwrap(), b"", "the new log is empty");
    assert!(
        dir.join("app.log.1.gz").exists() && !dir.join("app.log.1").exists(),
        "the archive is compressed"
    );
}
