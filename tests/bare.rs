//! Bare places: a chroot or rescue system in which something is missing that is nearly always there.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::Command;

use crate::support::{fresh_dir, need, need_root, ours, shell};

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

/// What a container is: the root is read-only, and nobody in it is root or has a capability. Only `/mnt` can be written.
const CONTAINER: &str = "mount --bind \"$ROOT\" /mnt && mount -o remount,bind,ro / && cd / && \
                         exec setpriv --reuid=1000 --regid=1000 --clear-groups --bounding-set=-all --no-new-privs \"$@\"";

#[test]
fn in_a_container_with_a_read_only_root_a_user_without_rights_rotates_his_logs() {
    if !need_root() || !need("unshare") || !need("setpriv") {
        return;
    }
    let root = fresh_dir("bare-container");
    fs::copy(ours(), root.join("logrotate")).unwrap();
    for name in ["log", "data"] {
        fs::create_dir(root.join(name)).unwrap();
        chown(root.join(name), Some(1000), Some(1000)).unwrap();
    }
    fs::write(root.join("log/app.log"), "line\n").unwrap();
    chown(root.join("log/app.log"), Some(1000), Some(1000)).unwrap();
    fs::set_permissions(root.join("log/app.log"), fs::Permissions::from_mode(0o640)).unwrap();
    let scripts = "postrotate\n  echo \"$1\" >/mnt/data/said\nendscript";
    fs::write(
        root.join("conf"),
        format!("/mnt/log/*.log {{\n rotate 2\n compress\n create\n {scripts}\n}}\n"),
    )
    .unwrap();
    let words = [
        "--mount",
        "/bin/sh",
        "-c",
        CONTAINER,
        "sh",
        "/mnt/logrotate",
        "-f",
        "-s",
        "/mnt/data/state",
        "/mnt/conf",
    ];
    let run = shell(&root, "unshare", &words).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.is_empty(), "{said}");
    let mode = fs::metadata(root.join("log/app.log")).unwrap().permissions().mode();
    assert_eq!(
        (fs::read(root.join("log/app.log")).unwrap(), mode & 0o777),
        (Vec::new(), 0o640)
    );
    assert!(root.join("log/app.log.1.gz").exists() && root.join("data/state").exists());
    assert_eq!(
        fs::read_to_string(root.join("data/said")).unwrap(),
        "/mnt/log/app.log\n"
    );
}
