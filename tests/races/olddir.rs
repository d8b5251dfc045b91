//! The directory of the logs is swapped while `createolddir` makes the archives' directory in it.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::process::{Command, Stdio};

use super::racer::RACER;
use crate::interrupted::tracer::{self, Ending, Fate};
use crate::support;

/// Swaps the log's directory for a link when the run is about to make a directory for the so-manieth time.
fn swapped_at(number: usize) {
    let place = tempfile::Builder::new().prefix("logrotate-races-").tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(at("forbidden/log")).unwrap();
    for dir in ["home", "home/log"] {
        fs::create_dir(at(dir)).unwrap();
        chown(at(dir), Some(RACER), Some(RACER)).unwrap();
    }
    fs::write(at("home/log/a.log"), "a line\n").unwrap();
    let conf = "{\n rotate 3\n create\n olddir old/deep\n createolddir 0750\n}\n";
    fs::write(at("conf"), format!("{} {conf}", at("home/log/a.log").display())).unwrap();
    let mut run = Command::new(support::ours());
    run.arg("-f").arg("-s").arg(at("state")).arg(at("conf"));
    run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let made = Cell::new(0);
    let ending = tracer::run(&mut run, &mut |call| {
        if call.name() == "mkdirat" {
            made.set(made.get() + 1);
            if made.get() == number {
                fs::rename(at("home/log"), at("home/held")).unwrap();
                symlink(at("forbidden/log"), at("home/log")).unwrap();
                lchown(at("home/log"), Some(RACER), Some(RACER)).unwrap();
            }
        }
        Fate::Go
    });
    assert_eq!(made.get(), 2, "both directories were made");
    assert_eq!(ending, Ending::Exited(0), "swapped at directory {number}");
    assert_eq!(fs::read_dir(at("forbidden/log")).unwrap().count(), 0);
    assert_eq!(
        fs::read_to_string(at("home/held/old/deep/a.log.1")).unwrap(),
        "a line\n"
    );
}

#[test]
fn a_directory_that_is_swapped_while_olddir_is_made_leads_nothing_astray() {
    if support::need_root() {
        swapped_at(1);
        swapped_at(2);
    }
}
