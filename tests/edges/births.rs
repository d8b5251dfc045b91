//! What the owner of a directory tries to inherit: his default ACL is in the directory, and no new file may have it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;

use super::super::interrupted::tracer::{self, Ending, Fate};
use super::super::support::{need_root, ours};
use super::Scene;

/// Who owns the directories, and wants to read what is in them.
const OWNER: u32 = 61_236;

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// Makes an access control list as the kernel keeps it: the owner of the directories may do `his`, all others what is usual.
fn list(his: u16) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    let rows = [
        (1, 6, NOBODY),
        (2, his, OWNER),
        (4, 4, NOBODY),
        (0x10, his | 4, NOBODY),
        (0x20, 0, NOBODY),
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (kind, may, who) in rows {
        let row: [&[u8]; 3] = [&u16::to_le_bytes(kind), &u16::to_le_bytes(may), &u32::to_le_bytes(who)];
        bytes.extend(row.concat());
    }
    bytes
}

/// A way in which files are made: directives, options, and whether the new log is to be like the old one in its list, too.
type Way = (&'static str, &'static [&'static str], bool);

/// The ways with root's rights.
const WAYS: [Way; 13] = [
    ("create", &[], true),
    ("create 0640", &[], false),
    ("create 0640 root root", &[], false),
    ("compress\n create", &[], true),
    ("compress\n nocreate", &["--external-compress"], true),
    ("compress\n compresscmd /usr/bin/zstd\n compressext .zst", &[], true),
    ("copy", &[], true),
    ("copy\n compress", &[], true),
    ("copytruncate", &[], true),
    ("copytruncate\n compress", &[], true),
    ("copytruncate\n compress", &["--external-compress"], true),
    ("renamecopy", &[], true),
    ("renamecopy\n create\n compress", &[], true),
];

/// The way with the owner's rights.
const HIS: Way = ("su :61236 root\n create 0640\n compress", &[], false);

/// A log in a directory of somebody else's, who gave it a default ACL.
fn scene(name: &str, way: &str, is_listed: bool) -> Scene {
    let scene = Scene::new(name);
    let owner = if way.starts_with("su") { OWNER } else { 0 };
    fs::write(scene.log("a.log"), "a secret\n".repeat(500)).unwrap();
    fs::set_permissions(scene.log("a.log"), fs::Permissions::from_mode(0o640)).unwrap();
    chown(scene.log("a.log"), Some(owner), Some(0)).unwrap();
    if is_listed {
        xattr::set(scene.log("a.log"), ACCESS, &list(4)).unwrap();
    }
    fs::create_dir(scene.root.join("old")).unwrap();
    for dir in ["log", "old"].map(|dir| scene.root.join(dir)) {
        xattr::set(&dir, DEFAULT, &list(6)).unwrap();
        chown(dir, Some(OWNER), Some(OWNER)).unwrap();
    }
    scene.configure(&format!("@ROOT@/log/a.log {{\n rotate 3\n {way}\n}}\n"));
    scene
}

/// Returns all that is below a directory.
fn below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

fn list_of(path: &Path) -> Option<Vec<u8>> {
    xattr::get(path, ACCESS).unwrap()
}

/// Asserts of all files that were made that they have their model's list, and none where that had none.
fn check(scene: &Scene, is_listed: bool, is_log_alike: bool, at: &str) {
    let files = [below(&scene.root.join("log")), below(&scene.root.join("old"))].concat();
    assert!(
        files.iter().any(|path| path.to_str().unwrap().contains("a.log.1")),
        "{at}: {files:?}"
    );
    for path in files {
        let is_new_log = path == scene.log("a.log");
        let wanted = (is_listed && (is_log_alike || !is_new_log)).then(|| list(4));
        assert_eq!(list_of(&path), wanted, "{at}: {}", path.display());
        assert_eq!(
            fs::metadata(&path).unwrap().mode() & 0o777,
            0o640,
            "{at}: {}",
            path.display()
        );
    }
}

/// Makes the command that runs ours, with nothing between it and a tracer.
fn traced(scene: &Scene, options: &[&str]) -> Command {
    let mut command = Command::new(ours());
    command.args(["-s", "status"]).args(options).arg("conf");
    command.current_dir(&scene.root);
    command
}

/// Rotates in every way, into each of two directories, logs with and without a list of their own.
fn rotate_all(name: &str, ways: &[Way], mut run: impl FnMut(&mut Command) -> Option<i32>) {
    for &(way, options, is_log_alike) in ways {
        for place in ["", "\n olddir ../old"] {
            for is_listed in [false, true] {
                let at = format!("{way} {options:?}{place}, listed: {is_listed}");
                let scene = scene(name, way, is_listed);
                let text = format!("@ROOT@/log/a.log {{\n rotate 3\n {way}{place}\n}}\n");
                scene.configure(&text);
                let mut words = vec!["-f"];
                words.extend(options);
                let status = run(&mut traced(&scene, &words));
                assert_eq!(status, Some(0), "{at}");
                check(&scene, is_listed, is_log_alike, &at);
            }
        }
    }
}

#[test]
fn what_a_default_acl_gives_is_in_no_file_that_is_made() {
    if need_root() {
        let run = |command: &mut Command| command.status().unwrap().code();
        rotate_all("births", &[&WAYS[..], &[HIS]].concat(), run);
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn what_a_default_acl_gives_is_in_no_file_that_is_made_with_a_name() {
    if !need_root() {
        return;
    }
    // The tracer does not know the signals by which all threads change their rights.
    rotate_all("births-named", &WAYS, |command| {
        let mut nameless = 0;
        let ended = tracer::run(command, &mut |call| {
            if !call.makes_nameless() {
                return Fate::Go;
            }
            nameless += 1;
            Fate::Fail(Errno::EOPNOTSUPP)
        });
        assert!(nameless > 0, "no file was to be made");
        match ended {
            Ending::Exited(status) => Some(status),
            Ending::Killed => None,
        }
    });
}

#[test]
fn a_directory_that_is_made_hands_on_nothing_and_neither_does_what_is_made_in_it() {
    if !need_root() {
        return;
    }
    let scene = scene("births-olddir", "create", false);
    scene.configure("@ROOT@/log/a.log {\n rotate 3\n create\n olddir new/deep\n createolddir 0750\n}\n");
    scene.run(&["-f"]).went_well();
    for dir in ["log/new", "log/new/deep"].map(|dir| scene.root.join(dir)) {
        assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o750);
        assert_eq!(xattr::get(&dir, DEFAULT).unwrap(), None, "{}", dir.display());
    }
    let made = below(&scene.root.join("log"));
    assert_eq!(made.len(), 4, "{made:?}");
    for path in made {
        assert_eq!(list_of(&path), None, "{}", path.display());
    }
}

#[test]
fn state_journal_metrics_and_messages_inherit_nothing() {
    if !need_root() {
        return;
    }
    let scene = scene("births-own", "create", false);
    let own = scene.root.join("own");
    fs::create_dir(&own).unwrap();
    xattr::set(&own, DEFAULT, &list(6)).unwrap();
    let configure = |script: &str| {
        let text = format!("@ROOT@/log/a.log {{\n rotate 3\n create\n{script}}}\n");
        scene.configure(&text);
    };
    configure("");
    let options = ["-f", "-s", "own/s", "--metrics", "own/m.prom", "--log", "own/messages"];
    scene.run(&options).went_well();
    let names: Vec<_> = below(&own)
        .into_iter()
        .map(|path| (list_of(&path), path.file_name().unwrap().to_owned()))
        .collect();
    assert_eq!(names, ["m.prom", "messages", "s"].map(|name| (None, name.into())));
    for (name, mode) in [("m.prom", 0o644), ("messages", 0o600), ("s", 0o640)] {
        assert_eq!(fs::metadata(own.join(name)).unwrap().mode() & 0o777, mode, "{name}");
    }
    // A run that dies leaves its journal.
    configure(" postrotate\n kill -KILL $PPID\n endscript\n");
    scene.run(&options);
    assert_eq!(list_of(&own.join("s.journal")), None);
    assert_eq!(fs::metadata(own.join("s.journal")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_new_log_takes_nothing_from_what_was_put_in_the_place_of_the_old_one() {
    if !need_root() {
        return;
    }
    let scene = scene("births-swapped", "create", false);
    // Between the rename and the birth of the new log, as the owner of the directory could.
    let swap = |scene: &Scene| {
        let archive = scene.log("a.log.1");
        fs::rename(&archive, scene.log("kept")).unwrap();
        fs::write(&archive, "").unwrap();
        xattr::set(&archive, ACCESS, &list(6)).unwrap();
    };
    scene.configure("@ROOT@/log/a.log {\n rotate 3\n create\n}\n");
    let ended = tracer::run(&mut traced(&scene, &["-f"]), &mut |call| {
        if call.makes_nameless() && scene.log("a.log.1").exists() && !scene.log("kept").exists() {
            swap(&scene);
        }
        Fate::Go
    });
    assert_eq!(ended, Ending::Exited(0));
    assert!(scene.log("kept").exists());
    assert_eq!(list_of(&scene.log("a.log")), None);
}

#[test]
fn a_default_acl_that_comes_in_the_middle_of_a_run_is_in_no_later_log() {
    if !need_root() {
        return;
    }
    let scene = scene("births-late", "create", false);
    xattr::remove(scene.root.join("log"), DEFAULT).unwrap();
    let names = ["a.log", "b.log", "c.log"];
    for name in names {
        scene.write(name, "text\n");
        fs::set_permissions(scene.log(name), fs::Permissions::from_mode(0o640)).unwrap();
    }
    scene.configure("@ROOT@/log/*.log {\n rotate 3\n create\n}\n");
    let ended = tracer::run(&mut traced(&scene, &["-f"]), &mut |_| {
        // The first new log is there: what was found out of the directory is known.
        if scene.log("a.log.1").exists() && scene.log("a.log").exists() {
            xattr::set(scene.root.join("log"), DEFAULT, &list(6)).unwrap();
        }
        Fate::Go
    });
    assert_eq!(ended, Ending::Exited(0));
    for name in names {
        assert_eq!(list_of(&scene.log(name)), None, "{name}");
    }
}
