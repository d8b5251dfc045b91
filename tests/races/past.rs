//! Holes that the reference once had, each tried as it was used: names that are commands, locks that anyone can hold,
//! files that are open to all for a moment.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::interrupted::tracer::{self, Fate};
use crate::support;

/// Makes a directory for a test that root's logs may lie in.
fn place() -> tempfile::TempDir {
    let place = tempfile::Builder::new().prefix("logrotate-past-").tempdir().unwrap();
    set_mode(place.path(), 0o755);
    place
}

/// Sets the permission bits of a file.
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Returns the command that rotates what `conf` says in this directory; `@` is its path.
fn rotate(dir: &Path, conf: &str) -> Command {
    fs::write(dir.join("conf"), conf.replace('@', &dir.display().to_string())).unwrap();
    let mut command = Command::new(support::ours());
    command.arg("-f").arg("-s").arg(dir.join("state")).arg(dir.join("conf"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// CVE-2011-1098: what only its owner may read is open to nobody else, at no moment of the rotation.
#[test]
fn nothing_is_readable_by_others_for_a_moment() {
    for way in [
        "create 0600",
        "compress\ncreate",
        "copytruncate\ncompress",
        "renamecopy\ncompress\ncreate",
    ] {
        let place = place();
        let dir = place.path().join("logs");
        fs::create_dir(&dir).unwrap();
        set_mode(&dir, 0o755);
        fs::write(dir.join("a.log"), b"for my eyes only\n".repeat(500)).unwrap();
        set_mode(&dir.join("a.log"), 0o600);
        let mut looks = 0;
        let look = || {
            for entry in fs::read_dir(&dir).unwrap().flatten() {
                // A file that has just gone is no danger.
                let Ok(facts) = entry.metadata() else { continue };
                let mode = facts.permissions().mode();
                assert_eq!(mode & 0o077, 0, "{way}: {:?} has the mode {mode:o}", entry.file_name());
            }
        };
        tracer::run(
            &mut rotate(place.path(), &format!("@/logs/a.log {{\nrotate 3\n{way}\n}}\n")),
            &mut |call| {
                looks += usize::from(call.changes());
                look();
                Fate::Go
            },
        );
        look();
        assert!(
            dir.join("a.log.1").exists() || dir.join("a.log.1.gz").exists(),
            "{way}: nothing was rotated"
        );
        assert!(looks > 5, "{way}: only {looks} looks");
    }
}

/// CVE-2011-1154: a log's name is never read by a shell.
#[test]
fn a_name_that_is_a_command_is_only_a_name() {
    let place = place();
    let dir = place.path();
    fs::create_dir(dir.join("logs")).unwrap();
    set_mode(&dir.join("logs"), 0o755);
    let name = "$(touch owned); touch owned `touch owned` & .log";
    fs::write(dir.join("logs").join(name), "a line\n").unwrap();
    fs::write(dir.join("logs").join(format!("{name}.1")), "an old line\n").unwrap();
    let conf = "@/logs/*.log {\nrotate 1\ncompress\nshred\npostrotate\ntrue\nendscript\n}\n";
    for _ in 0..3 {
        let status = rotate(dir, conf).current_dir(dir).status().unwrap();
        assert_eq!(status.code(), Some(0));
        fs::write(dir.join("logs").join(name), "a line\n").unwrap();
    }
    assert!(dir.join("logs").join(format!("{name}.1.gz")).exists());
    assert!(!dir.join("owned").exists(), "the name was taken for a command");
}

/// CVE-2011-1155: a newline or a backslash in a log's name does not spoil the state.
#[test]
fn a_name_with_a_newline_and_a_backslash_is_kept_by_the_state() {
    let place = place();
    let dir = place.path();
    fs::create_dir(dir.join("logs")).unwrap();
    set_mode(&dir.join("logs"), 0o755);
    for name in ["a\nb.log", "c\\d.log", "e\"f.log"] {
        fs::write(dir.join("logs").join(name), "a line\n").unwrap();
    }
    let conf = "@/logs/*.log {\nrotate 5\ndaily\ncreate\n}\n";
    assert_eq!(rotate(dir, conf).status().unwrap().code(), Some(0));
    // Not forced, the second run leaves them alone: it found all three in the state.
    let mut again = Command::new(support::ours());
    again.arg("-s").arg(dir.join("state")).arg(dir.join("conf"));
    assert_eq!(again.status().unwrap().code(), Some(0));
    let names: Vec<_> = fs::read_dir(dir.join("logs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let first = names
        .iter()
        .filter(|name| name.to_string_lossy().ends_with(".1"))
        .count();
    assert_eq!((names.len(), first), (6, 3), "{names:?}");
}

/// CVE-2022-1348: a new state file is not for everybody, and one that is stops nobody.
#[test]
fn a_lock_that_anyone_could_hold_stops_nothing() {
    let place = place();
    let dir = place.path();
    fs::create_dir(dir.join("logs")).unwrap();
    set_mode(&dir.join("logs"), 0o755);
    fs::write(dir.join("logs/a.log"), "a line\n").unwrap();
    let conf = "@/logs/a.log {\nrotate 5\ncreate\n}\n";
    assert_eq!(rotate(dir, conf).status().unwrap().code(), Some(0));
    let mode = || fs::metadata(dir.join("state")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode() & 0o007, 0, "{:o}", mode());
    set_mode(&dir.join("state"), 0o644);
    let lock = File::open(dir.join("state")).unwrap();
    lock.lock().unwrap();
    assert_eq!(rotate(dir, conf).status().unwrap().code(), Some(0));
    assert!(dir.join("logs/a.log.2").exists());
    assert_eq!(mode() & 0o007, 0, "{:o}", mode());
}
