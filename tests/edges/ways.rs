//! Ways to a log: two paths to one log, users' links on them, links of procfs; and whose rights `su owner` means.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::support::{need, need_root, ours, shell};
use super::{Run, Scene};

/// Users who own links and directories; nobody is known by these numbers.
const USER: u32 = 61_234;
const OTHER: u32 = 61_236;

/// Makes a directory below the tree.
fn directory(scene: &Scene, path: &str, owner: u32, mode: u32) {
    let path = scene.root.join(path);
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    chown(path, Some(owner), Some(owner)).unwrap();
}

/// Makes a link below the tree, to another path below it.
fn link(scene: &Scene, path: &str, owner: u32, target: &str) {
    let path = scene.root.join(path);
    symlink(scene.root.join(target), &path).unwrap();
    lchown(path, Some(owner), Some(owner)).unwrap();
}

/// Writes a file below the tree.
fn file(scene: &Scene, path: &str) {
    fs::write(scene.root.join(path), "line\n").unwrap();
}

/// Tells which of these paths below the tree are there.
fn there<'p>(scene: &Scene, paths: &[&'p str]) -> Vec<&'p str> {
    paths
        .iter()
        .copied()
        .filter(|path| scene.root.join(path).exists())
        .collect()
}

/// Runs one of the program's other commands on the tree's configuration, and returns what it prints.
fn asked(scene: &Scene, words: &[&str]) -> String {
    let mut all = words.to_vec();
    all.push("conf");
    let output = shell(&scene.root, ours().to_str().unwrap(), &all).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A user's link in his home that leads to a directory of root's, which two stanzas name then: the homes' first.
fn homes_and_a_link(name: &str, homes: &str) -> Scene {
    let scene = Scene::new(name);
    directory(&scene, "home/evil", USER, 0o755);
    directory(&scene, "home/good/log", OTHER, 0o755);
    link(&scene, "home/evil/log", USER, "log");
    for path in ["log/a.log", "log/b.log", "home/good/log/g.log"] {
        file(&scene, path);
    }
    scene.configure(&format!(
        "@ROOT@/home/*/log/*.log {{\n size 1\n rotate 3\n{homes}\n}}\n@ROOT@/log/*.log {{\n size 1\n rotate 3\n create\n}}\n"
    ));
    scene
}

#[test]
fn a_link_to_anothers_directory_does_not_keep_its_logs_from_their_own_stanza() {
    if !need_root() {
        return;
    }
    for (name, homes) in [
        ("claims", ""),
        ("claims-su", "su :61236 :61236"),
        ("claims-su-of-the-owner", "su :61234 :61234"),
        ("claims-su-owner", "su owner"),
        ("claims-copying", "copytruncate\nsu :61234 :61234"),
    ] {
        let scene = homes_and_a_link(name, homes);
        let run = scene.run(&[]);
        assert_eq!(run.status, Some(1), "{name}: the link is told of: {}", run.said);
        assert_eq!(scene.read("a.log.1"), "line\n", "{name}: {}", run.said);
        assert_eq!(scene.read("b.log.1"), "line\n", "{name}: {}", run.said);
        assert!(!scene.log("a.log.2").exists(), "{name}: {}", run.said);
        let told = |line: &&str| line.starts_with("error: ") && line.contains("/home/evil/");
        assert_eq!(run.said.lines().filter(told).count(), 2, "{name}: {}", run.said);
    }
}

#[test]
fn the_stanza_that_has_a_log_is_the_one_that_is_explained_and_run_alone() {
    if !need_root() {
        return;
    }
    let scene = homes_and_a_link("claims-explained", "su :61234 :61234");
    let log = scene.log("a.log");
    let said = asked(&scene, &["--explain", log.to_str().unwrap(), "-s", "status"]);
    assert!(said.contains("conf:6"), "{said}");
    assert!(
        said.contains("by another path, by which it could not rotate it"),
        "{said}"
    );
    assert!(said.contains("a.log.1"), "{said}");
    scene.run(&["--only", log.to_str().unwrap()]).went_well();
    assert_eq!(there(&scene, &["log/a.log.1", "log/b.log.1"]), ["log/a.log.1"]);
}

#[test]
fn a_log_that_a_run_leaves_alone_keeps_its_entry_in_the_state_however_old_that_is() {
    let scene = Scene::new("claims-left-alone");
    for name in ["log/a.log", "log/b.log"] {
        file(&scene, name);
    }
    scene.configure("@ROOT@/log/a.log {\n size 1\n rotate 3\n}\n@ROOT@/log/b.log {\n size 1\n rotate 3\n}\n");
    scene.remember(&[("a.log", "2020-1-2-3:0:0"), ("b.log", "2020-1-2-3:0:0")]);
    let log = scene.log("a.log");
    scene.run(&["--only", log.to_str().unwrap()]).went_well();
    assert_eq!(there(&scene, &["log/a.log.1", "log/b.log.1"]), ["log/a.log.1"]);
    let state = fs::read_to_string(scene.root.join("status")).unwrap();
    assert!(state.contains("log/b.log\" 2020-1-2-3:0:0\n"), "{state}");
}

#[test]
fn of_two_paths_that_both_can_be_used_the_first_has_the_log() {
    if !need_root() {
        return;
    }
    let scene = Scene::new("claims-held");
    link(&scene, "alias", 0, "log");
    file(&scene, "log/a.log");
    for way in [
        "rotate 3",
        "copytruncate\nolddir @ROOT@/archive",
        "createolddir\nolddir @ROOT@/new",
    ] {
        fs::create_dir_all(scene.root.join("archive")).unwrap();
        scene.configure(&format!(
            "@ROOT@/alias/*.log {{\n size 1\n rotate 3\n{way}\n}}\n@ROOT@/log/*.log {{\n size 1\n rotate 9\n}}\n"
        ));
        let run = scene.run(&["-d"]);
        assert!(
            run.said.contains("/log/a.log is the same log as"),
            "{way}: {}",
            run.said
        );
        assert!(!run.said.contains("by which it is rotated"), "{way}: {}", run.said);
    }
}

#[test]
fn a_log_that_the_first_stanza_would_leave_alone_is_the_second_s() {
    if !need_root() {
        return;
    }
    for (name, mode, first, second) in [
        ("sticky", 0o1777, "su :61234 :61234", "su root root"),
        ("linked", 0o755, "", "allowhardlink"),
    ] {
        let scene = Scene::new(&format!("claims-{name}"));
        directory(&scene, "log", 0, mode);
        link(&scene, "alias", 0, "log");
        file(&scene, "log/a.log");
        if name == "linked" {
            fs::hard_link(scene.log("a.log"), scene.root.join("other")).unwrap();
        }
        scene.configure(&format!(
            "@ROOT@/alias/*.log {{\n size 1\n rotate 3\n{first}\n}}\n@ROOT@/log/*.log {{\n size 1\n rotate 3\n{second}\n}}\n"
        ));
        let run = scene.run(&[]);
        assert_eq!(scene.read("a.log.1"), "line\n", "{name}: {}", run.said);
    }
}

#[test]
fn a_log_named_again_by_the_path_that_lost_it_is_a_duplicate() {
    if !need_root() {
        return;
    }
    let scene = homes_and_a_link("claims-named-again", "");
    let text = fs::read_to_string(scene.root.join("conf")).unwrap();
    scene.configure(&format!("{text}@ROOT@/home/evil/log/a.log {{\n size 1\n}}\n"));
    let run = scene.run(&[]);
    assert!(run.said.contains("duplicate log entry for"), "{}", run.said);
    assert_eq!(scene.read("a.log.1"), "line\n", "{}", run.said);
}

#[test]
fn a_deployment_s_links_lead_to_its_own_logs() {
    if !need_root() {
        return;
    }
    for (name, way) in [
        ("deployed", "compress\ncopytruncate"),
        ("deployed-su", "su owner"),
        ("deployed-create", "create"),
    ] {
        let scene = Scene::new(name);
        for path in ["app", "app/releases", "app/releases/1", "app/shared", "app/shared/log"] {
            directory(&scene, path, USER, 0o755);
        }
        link(&scene, "app/current", USER, "app/releases/1");
        link(&scene, "app/releases/1/log", USER, "app/shared/log");
        file(&scene, "app/shared/log/production.log");
        chown(scene.root.join("app/shared/log/production.log"), Some(USER), Some(USER)).unwrap();
        scene.configure(&format!(
            "@ROOT@/app/current/log/*.log {{\n size 1\n rotate 7\n missingok\n{way}\n}}\n"
        ));
        assert!(asked(&scene, &["--check"]).contains("no problems found"));
        assert!(!asked(&scene, &["--status", "-s", "status"]).contains("symbolic link"));
        let run = scene.run(&[]);
        run.went_well();
        let archives = ["app/shared/log/production.log.1", "app/shared/log/production.log.1.gz"];
        assert_eq!(there(&scene, &archives).len(), 1, "{}", run.said);
    }
}

#[test]
fn a_user_s_link_leads_to_no_olddir_but_his_own() {
    if !need_root() {
        return;
    }
    for (name, target, ownership, is_fine) in [
        ("olddir-theirs", "theirs", "", true),
        ("olddir-roots", "roots", "", false),
        ("olddir-made", "theirs/new", "createolddir 755 :61234 :61234", true),
        ("olddir-made-for-root", "theirs/new", "createolddir 755", false),
    ] {
        let scene = Scene::new(name);
        directory(&scene, "theirs", USER, 0o755);
        directory(&scene, "roots", 0, 0o755);
        let (first, rest) = target.split_once('/').unwrap_or((target, ""));
        link(&scene, "link", USER, first);
        file(&scene, "log/a.log");
        scene.configure(&format!(
            "@ROOT@/log/a.log {{\n size 1\n rotate 7\n olddir @ROOT@/link/{rest}\n{ownership}\n}}\n"
        ));
        let foreseen = asked(&scene, &["--status", "-s", "status"]);
        let rehearsed = scene.run(&["-d"]);
        let run = scene.run(&[]);
        assert_eq!(run.status, Some(i32::from(!is_fine)), "{name}: {}", run.said);
        assert_eq!(rehearsed.status, run.status, "{name}: {}", rehearsed.said);
        assert_eq!(scene.root.join(target).join("a.log.1").exists(), is_fine, "{name}");
        assert_eq!(scene.log("a.log").exists(), !is_fine, "{name}");
        if rest.is_empty() {
            assert_eq!(foreseen.contains("symbolic link"), !is_fine, "{name}: {foreseen}");
            assert_eq!(asked(&scene, &["--check"]).contains("LR3033"), !is_fine, "{name}");
        } else {
            assert_eq!(
                there(&scene, &[target]).len(),
                usize::from(is_fine),
                "{name}: nothing is made for others"
            );
        }
    }
}

#[test]
fn a_log_behind_a_link_of_procfs_is_that_of_the_process() {
    if !need_root() || !need("unshare") {
        return;
    }
    let scene = Scene::new("procfs");
    file(&scene, "log/host.log");
    let log = scene.root.join("log");
    let script = "mount --make-rprivate / && mount -t tmpfs -o mode=755 none \"$1\" && echo inside >\"$1/host.log\" && echo && exec cat";
    let mut inside = Command::new("unshare")
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(&log)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Read::read_exact(inside.stdout.as_mut().unwrap(), &mut [0]).unwrap();
    let seen = format!("/proc/{}/root{}", inside.id(), log.display());
    scene.configure(&format!("{seen}/*.log {{\n size 1\n rotate 2\n}}\n"));
    let run = scene.run(&[]);
    let archive = fs::read_to_string(Path::new(&seen).join("host.log.1"));
    drop(inside.stdin.take());
    inside.wait().unwrap();
    run.went_well();
    assert_eq!(archive.unwrap(), "inside\n", "{}", run.said);
    assert_eq!(scene.read("host.log"), "line\n");
    assert!(!scene.log("host.log.1").exists());
}

#[test]
fn su_owner_counts_for_nothing_in_an_open_directory_of_root_s() {
    if !need_root() {
        return;
    }
    for (name, su, mode, is_fine) in [
        ("owner-is-root-0777", "su owner", 0o777, false),
        ("owner-is-root-1777", "su owner", 0o1777, false),
        ("owner-is-root-0755", "su owner", 0o755, true),
        ("root-is-named-0777", "su root root", 0o777, true),
    ] {
        let scene = Scene::new(name);
        directory(&scene, "log", 0, mode);
        file(&scene, "log/a.log");
        scene.configure(&format!("@ROOT@/log/*.log {{\n size 1\n rotate 2\n create\n{su}\n}}\n"));
        let status = asked(&scene, &["--status", "--json", "-s", "status"]);
        assert_eq!(!status.contains("insecure permissions"), is_fine, "{name}: {status}");
        let check = asked(&scene, &["--check"]);
        assert_eq!(!check.contains("LR3012"), is_fine, "{name}: {check}");
        let run: Run = scene.run(&[]);
        assert_eq!(run.status, Some(i32::from(!is_fine)), "{name}: {}", run.said);
        assert_eq!(scene.log("a.log.1").exists(), is_fine, "{name}: {}", run.said);
    }
}
