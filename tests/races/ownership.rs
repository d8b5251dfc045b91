//! A file of root's in a directory of another user's, who puts it where his log was: its content stays root's.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::process::{Command, Stdio};

use super::racer::RACER;
use crate::interrupted::tracer::{self, Ending, Fate};
use crate::support;

/// Rotates in this way, while the user swaps his log for root's secret right before the first call of this name about it.
fn swapped_before(call_name: &str, way: &str) {
    let place = tempfile::Builder::new().prefix("logrotate-races-").tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(at("log")).unwrap();
    fs::write(at("log/a.log"), "a line\n").unwrap();
    for path in ["log", "log/a.log"] {
        chown(at(path), Some(RACER), Some(RACER)).unwrap();
    }
    let secret = "the secret\n".repeat(1000);
    fs::write(at("log/secret"), &secret).unwrap();
    fs::set_permissions(at("log/secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let conf = format!("{} {{\n rotate 3\n{way}\n}}\n", at("log/a.log").display());
    fs::write(at("conf"), conf).unwrap();
    let mut run = Command::new(support::ours());
    run.arg("-f").arg("-s").arg(at("state")).arg(at("conf"));
    run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut swapped = false;
    let ending = tracer::run(&mut run, &mut |call| {
        let is_ours = call.target().is_some_and(|path| path.starts_with(at("log")));
        if !swapped && is_ours && call.name() == call_name {
            fs::rename(at("log/secret"), at("log/a.log")).unwrap();
            swapped = true;
        }
        Fate::Go
    });
    assert!(swapped && matches!(ending, Ending::Exited(0 | 1)), "{way}: {ending:?}");
    for entry in fs::read_dir(at("log")).unwrap().map(Result::unwrap) {
        let facts = entry.metadata().unwrap();
        // Whoever is not root finds nothing that is larger than his own line.
        let can_read = facts.uid() != 0 || facts.mode() & 0o077 != 0;
        assert!(
            !can_read || facts.len() < 30,
            "{way}: {:?} is readable by others",
            entry.file_name()
        );
    }
}

#[test]
fn what_root_owns_is_given_to_nobody_when_it_lies_where_a_log_was() {
    if !support::need_root() {
        return;
    }
    for way in [
        "",
        " compress",
        " compress\n create",
        " compress\n compresscmd /bin/gzip\n compressoptions -1",
    ] {
        swapped_before("renameat2", way);
    }
    for way in [" copy", " copytruncate\n compress", " copy\n compress"] {
        swapped_before("openat", way);
    }
}
