//! Other people's rights: `su` to a user made for the test, runs by somebody who is not root, access lists.
//!
//! The user is known only to the run: `/etc/passwd` and `/etc/group` are covered in a mount namespace of its own.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Output};

use super::super::support::{need, need_root, ours, shell};
use super::{PATIENCE, Run, Scene};

/// The throw-away user, a member of `readers`.
pub(super) const USER: u32 = 61_234;
pub(super) const READERS: u32 = 61_235;

/// Covers the lists of users and groups, then runs the program.
const COVER: &str = "mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec \"$@\"";

pub(super) fn scene(name: &str) -> Scene {
    let scene = Scene::new(name);
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let group = fs::read_to_string("/etc/group").unwrap();
    let passwd = format!("{passwd}thrown:x:{USER}:{USER}::/nonexistent:/bin/sh\n");
    let group = format!("{group}thrown:x:{USER}:\nreaders:x:{READERS}:thrown\n");
    fs::write(scene.root.join("passwd"), passwd).unwrap();
    fs::write(scene.root.join("group"), group).unwrap();
    for (program, text) in [
        (
            "packer",
            "#!/bin/sh\n(id -ru; id -u; id -rg; id -g; id -G; pwd) >@ROOT@/open/packer\nexec gzip\n",
        ),
        (
            "mailer",
            "#!/bin/sh\n(id -ru; id -u; id -G; pwd) >@ROOT@/open/mailer\ncat >/dev/null\n",
        ),
    ] {
        let path = scene.root.join(program);
        fs::write(&path, scene.fill(text)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::create_dir(scene.root.join("open")).unwrap();
    fs::set_permissions(scene.root.join("open"), fs::Permissions::from_mode(0o777)).unwrap();
    scene
}

/// Runs ours where the throw-away user is known.
pub(super) fn run(scene: &Scene, options: &[&str]) -> Run {
    let binary = ours();
    let mut words = vec![
        "-m",
        "/bin/sh",
        "-c",
        COVER,
        "sh",
        "timeout",
        PATIENCE,
        binary.to_str().unwrap(),
    ];
    words.extend(["-v", "-s", "status"]);
    words.extend(options);
    words.push("conf");
    Run::of(&shell(&scene.root, "unshare", &words).output().unwrap())
}

pub(super) fn can_run() -> bool {
    need_root() && need("unshare")
}

#[test]
fn under_su_files_are_handled_with_the_user_s_rights_and_groups_and_scripts_are_not() {
    if !can_run() {
        return;
    }
    let scene = scene("su");
    // Only members of `readers` may make files here.
    let dir = scene.root.join("log");
    chown(&dir, Some(0), Some(READERS)).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o770)).unwrap();
    scene.write("app.log", "text\n");
    scene.write("app.log.1.gz", "old\n");
    chown(scene.log("app.log"), Some(USER), Some(USER)).unwrap();
    chown(scene.log("app.log.1.gz"), Some(USER), Some(USER)).unwrap();
    scene.configure(
        "@ROOT@/log/app.log {
            size 1
            rotate 1
            su thrown thrown
            create 0640 root root
            compress
            compresscmd @ROOT@/packer
            uncompresscmd /bin/cat
            mail somebody
            prerotate
                (id -ru; id -u; pwd) >@ROOT@/open/script
            endscript
        }",
    );
    run(&scene, &["-m", &scene.fill("@ROOT@/mailer")]).went_well();
    let read = |name: &str| fs::read_to_string(scene.root.join("open").join(name)).unwrap();
    let here = scene.root.display();
    assert_eq!(read("script"), format!("0\n0\n{here}\n"));
    assert!(read("mailer").starts_with("0\n0\n"), "{}", read("mailer"));
    assert!(read("mailer").ends_with(&format!("\n{here}\n")), "{}", read("mailer"));
    assert_eq!(
        read("packer"),
        format!("{USER}\n{USER}\n{USER}\n{USER}\n{USER} {READERS}\n/\n")
    );
    for name in ["app.log", "app.log.1.gz"] {
        let facts = fs::metadata(scene.log(name)).unwrap();
        assert_eq!((facts.uid(), facts.gid()), (USER, USER), "{name}");
    }
    // The state is the starter's.
    assert_eq!(fs::metadata(scene.root.join("status")).unwrap().uid(), 0);
}

#[test]
fn su_takes_ids_that_belong_to_nobody() {
    if !need_root() {
        return;
    }
    let scene = scene("su-numbers");
    chown(scene.root.join("log"), Some(USER), Some(USER)).unwrap();
    scene.write("app.log", "text\n");
    chown(scene.log("app.log"), Some(USER), Some(READERS)).unwrap();
    scene.configure("@ROOT@/log/app.log {\n size 1\n rotate 1\n su :61234 :61235\n create\n}\n");
    scene.run(&[]).went_well();
    let facts = fs::metadata(scene.log("app.log")).unwrap();
    assert_eq!((facts.uid(), facts.gid()), (USER, READERS));
    assert_eq!(scene.read("app.log.1"), "text\n");
}

#[test]
fn under_su_owner_a_directory_is_listed_with_its_owner_s_rights() {
    if !need_root() {
        return;
    }
    let scene = scene("su-owner");
    let dir = scene.root.join("log");
    chown(&dir, Some(USER), Some(READERS)).unwrap();
    scene.write("app.log", "text\n");
    chown(scene.log("app.log"), Some(USER), Some(READERS)).unwrap();
    scene.configure("@ROOT@/log/*.log {\n size 1\n rotate 1\n su owner\n create\n}\n");
    // Root could list it, its owner cannot.
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o300)).unwrap();
    assert_eq!(scene.run(&[]).status, Some(1));
    assert!(!scene.log("app.log.1").exists());
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    scene.run(&[]).went_well();
    assert_eq!(scene.read("app.log.1"), "text\n");
}

#[test]
fn su_to_root_switches_nothing_but_the_check_of_the_directory_off() {
    if !can_run() {
        return;
    }
    let scene = scene("su-root");
    fs::set_permissions(scene.root.join("log"), fs::Permissions::from_mode(0o777)).unwrap();
    scene.write("app.log", "text\n");
    scene.configure("@ROOT@/log/app.log {\n size 1\n rotate 1\n su root root\n create 0640 thrown readers\n}\n");
    run(&scene, &[]).went_well();
    let facts = fs::metadata(scene.log("app.log")).unwrap();
    assert_eq!(
        (facts.uid(), facts.gid()),
        (USER, READERS),
        "the owner asked for is given"
    );
}

/// Runs ours as the throw-away user, with nothing of root's left.
pub(super) fn run_as_user(scene: &Scene, setting: &str, words: &[&str]) -> Output {
    let binary = ours();
    let mut all = vec![
        "--reuid",
        "61234",
        "--regid",
        "61234",
        "--clear-groups",
        "timeout",
        PATIENCE,
    ];
    all.extend([binary.to_str().unwrap(), "-v"]);
    all.extend(words);
    let mut command: Command = shell(&scene.root, "setpriv", &all);
    if let Some((name, value)) = setting.split_once('=') {
        command.env(name, value);
    }
    command.output().unwrap()
}

/// A tree all of which is the throw-away user's, on a way that everybody may go.
fn users_scene(name: &str) -> Scene {
    let scene = scene(name);
    for path in [scene.root.clone(), scene.root.join("log")] {
        chown(path, Some(USER), Some(USER)).unwrap();
    }
    scene.write("app.log", "text\n");
    chown(scene.log("app.log"), Some(USER), Some(USER)).unwrap();
    scene
}

/// Tells if the user can come to the program at all: build directories are closed now and then.
fn user_can_run(scene: &Scene) -> bool {
    need_root() && need("setpriv") && {
        let can = run_as_user(scene, "", &["--version"]).status.success();
        if !can {
            super::super::support::skip("a build directory that other users may enter");
        }
        can
    }
}

#[test]
fn a_user_s_state_is_kept_where_theirs_belongs_in_directories_made_for_it() {
    if !need_root() {
        return;
    }
    for (setting, place) in [
        ("XDG_STATE_HOME=@ROOT@/mine/state", "mine/state"),
        ("HOME=@ROOT@/home", "home/.local/state"),
    ] {
        let scene = users_scene("user-state");
        if !user_can_run(&scene) {
            return;
        }
        scene.configure("@ROOT@/log/app.log {\n size 1\n rotate 1\n create\n}\n");
        let output = run_as_user(&scene, &scene.fill(setting), &["conf"]);
        Run::of(&output).went_well();
        assert_eq!(scene.read("app.log.1"), "text\n");
        let base = scene.root.join(place);
        let state = fs::read_to_string(base.join("logrotate/status")).unwrap();
        assert!(state.contains("/log/app.log\""), "{state}");
        for dir in [base.join("logrotate"), base.clone(), base.parent().unwrap().to_owned()] {
            let facts = fs::metadata(&dir).unwrap();
            assert_eq!((facts.mode() & 0o7777, facts.uid()), (0o700, USER), "{}", dir.display());
        }
    }
}

#[test]
fn a_user_who_cannot_become_another_skips_the_set_and_does_not_remember_it() {
    if !need_root() {
        return;
    }
    let scene = users_scene("su-refused");
    if !user_can_run(&scene) {
        return;
    }
    scene.write("other.log", "text\n");
    chown(scene.log("other.log"), Some(USER), Some(USER)).unwrap();
    scene.configure(
        "@ROOT@/log/app.log {\n size 1\n rotate 1\n su root root\n}\n@ROOT@/log/other.log {\n size 1\n rotate 1\n}\n",
    );
    let output = run_as_user(&scene, "", &["-s", "status", "conf"]);
    let run = Run::of(&output);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert!(run.said.contains("error: error switching euid"), "{}", run.said);
    assert_eq!(
        (scene.read("app.log").as_str(), scene.read("other.log.1").as_str()),
        ("text\n", "text\n")
    );
    let state = fs::read_to_string(scene.root.join("status")).unwrap();
    assert!(!state.contains("app.log") && state.contains("other.log"), "{state}");
}

fn access_list(path: &Path) -> String {
    let output = Command::new("getfacl")
        .args(["-ncp", "--omit-header"])
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn set_access_list(path: &Path, list: &str) {
    let status = Command::new("setfacl").args(["-m", list]).arg(path).status().unwrap();
    assert!(status.success(), "the file system of the tests keeps access lists");
}

#[test]
fn access_lists_are_kept_by_new_logs_copies_packed_files_and_the_state() {
    if !need("setfacl") {
        return;
    }
    let scene = Scene::new("access-lists");
    let mut lists = Vec::new();
    for (name, directives) in [
        ("created", "create"),
        ("owned", "create root root"),
        ("copied", "copytruncate"),
        ("packed", "compress"),
        ("outside", "compress\n compresscmd /bin/gzip\n compressoptions -1"),
        ("moded", "create 0604"),
    ] {
        scene.write(name, "text\n");
        fs::set_permissions(scene.log(name), fs::Permissions::from_mode(0o640)).unwrap();
        set_access_list(&scene.log(name), "u:8:rw,g:4:r");
        lists.push(format!("@ROOT@/log/{name} {{\n size 1\n rotate 1\n {directives}\n}}\n"));
    }
    let wanted = access_list(&scene.log("created"));
    assert!(wanted.contains("user:8:rw-"), "{wanted}");
    scene.remember(&[]);
    set_access_list(&scene.root.join("status"), "u:8:r");
    let state = access_list(&scene.root.join("status"));
    scene.configure(&lists.concat());
    scene.run(&[]).went_well();
    for name in ["created", "owned", "copied", "copied.1", "packed.1.gz", "outside.1.gz"] {
        assert_eq!(access_list(&scene.log(name)), wanted, "{name}");
    }
    assert_eq!(access_list(&scene.root.join("status")), state);
    assert_eq!(
        access_list(&scene.log("moded")),
        "user::rw-\ngroup::---\nother::r--\n\n"
    );
}

#[test]
fn an_access_list_that_gives_no_more_than_the_mode_is_kept_by_a_new_log_too() {
    if !need("setfacl") {
        return;
    }
    let scene = Scene::new("access-list-narrow");
    // How a directory makes files is known when the first log was made.
    for name in ["app.log", "first.log"] {
        scene.write(name, "text\n");
        fs::set_permissions(scene.log(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    set_access_list(&scene.log("app.log"), "u:8:r,g::-");
    let wanted = access_list(&scene.log("app.log"));
    scene.configure("@ROOT@/log/first.log @ROOT@/log/app.log {\n size 1\n rotate 1\n create\n}\n");
    scene.run(&[]).went_well();
    assert_eq!(access_list(&scene.log("app.log")), wanted);
}

#[test]
fn an_access_list_is_kept_by_a_new_log_wherever_renamecopy_renamed_the_old_one_to() {
    if !need("setfacl") {
        return;
    }
    let scene = Scene::new("access-list-interim");
    // An earlier log could not be archived yet, and has the name that this one would get.
    scene.write("app.log.tmp", "earlier\n");
    let _busy = fs::File::options().append(true).open(scene.log("app.log.tmp")).unwrap();
    scene.write("app.log", "text\n");
    set_access_list(&scene.log("app.log"), "u:8:rw,g:4:r");
    let wanted = access_list(&scene.log("app.log"));
    scene.configure("@ROOT@/log/app.log {\n size 1\n rotate 3\n renamecopy\n create\n}\n");
    scene.run(&[]).went_well();
    let texts = ["app.log.tmp", "app.log.1"].map(|name| scene.read(name));
    assert_eq!(texts, ["earlier\n", "text\n"]);
    assert_eq!(access_list(&scene.log("app.log")), wanted);
}
