//! Files that the command line names, in directories of others or with something odd in their place: `--metrics`, `--log`, `-s`.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::super::interrupted::tracer::{self, Ending, Fate};
use super::super::support::{need_root, ours};
use super::Scene;

/// Who is neither root nor the one acting.
const STRANGER: u32 = 61_237;

/// A log that is due, and a directory `out` for what is named.
fn scene(name: &str) -> Scene {
    let scene = Scene::new(name);
    scene.write("a.log", "text\n");
    scene.configure("@ROOT@/log/a.log {\n size 1\n rotate 3\n create\n}\n");
    fs::create_dir(scene.root.join("out")).unwrap();
    fs::write(scene.root.join("precious"), "precious\n").unwrap();
    scene
}

/// Runs with what is named, which must be refused, named in the message with these words, and not keep the log from its rotation.
fn refused(scene: &Scene, option: &str, file: &str, words: &str) {
    let run = scene.run(&[option, file]);
    let is_told = |line: &str| line.starts_with("error: ") && line.contains(words) && line.contains(file);
    assert!(run.said.lines().any(is_told), "{option} {file}: {}", run.said);
    assert_eq!(run.status, Some(1), "{option} {file}: {}", run.said);
    assert_eq!(scene.read("a.log.1"), "text\n", "{option} {file}");
    assert_eq!(fs::read_to_string(scene.root.join("precious")).unwrap(), "precious\n");
    fs::remove_file(scene.log("a.log.1")).unwrap();
    scene.write("a.log", "text\n");
}

#[test]
fn metrics_replace_nothing_but_a_regular_file_and_wait_for_none() {
    let scene = scene("metrics-odd");
    let out = scene.root.join("out/m.prom");
    mkfifo(&out, Mode::S_IRWXU).unwrap();
    refused(&scene, "--metrics", "out/m.prom", "is not a regular file");
    assert!(fs::metadata(&out).unwrap().file_type().is_fifo());
    fs::remove_file(&out).unwrap();
    for target in ["../precious", "/dev/zero", "nowhere"] {
        symlink(target, &out).unwrap();
        refused(&scene, "--metrics", "out/m.prom", "is not a regular file");
        assert_eq!(fs::read_link(&out).unwrap(), Path::new(target));
        fs::remove_file(&out).unwrap();
    }
    fs::create_dir(&out).unwrap();
    refused(&scene, "--metrics", "out/m.prom", "is not a regular file");
    assert_eq!(fs::read_dir(scene.root.join("out")).unwrap().count(), 1);
}

#[test]
fn of_the_earlier_metrics_no_more_is_read_than_can_be_ours() {
    let scene = scene("metrics-huge");
    let out = scene.root.join("out/m.prom");
    fs::File::create(&out).unwrap().set_len(1 << 40).unwrap();
    fs::write(scene.root.join("conf"), "nosuchlog {\n rotate 1\n}\n").unwrap();
    let run = scene.run(&["--metrics", "out/m.prom"]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains("logrotate_last_run_exit_status 1\n"), "{text}");
}

#[test]
fn metrics_are_not_written_where_others_write() {
    if !need_root() {
        return;
    }
    let scene = scene("metrics-others");
    let out = scene.root.join("out");
    for (mode, user, group) in [(0o1777, 0, 0), (0o775, 0, STRANGER), (0o755, STRANGER, 0)] {
        chown(&out, Some(user), Some(group)).unwrap();
        fs::set_permissions(&out, fs::Permissions::from_mode(mode)).unwrap();
        refused(&scene, "--metrics", "out/m.prom", "would not be yours");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
    }
    symlink(&scene.root, scene.root.join("link")).unwrap();
    lchown(scene.root.join("link"), Some(STRANGER), None).unwrap();
    refused(&scene, "--metrics", "link/m.prom", "symbolic link of user");
    assert!(!scene.root.join("m.prom").exists());
}

#[test]
fn what_a_run_that_died_left_of_its_metrics_does_not_stop_the_next() {
    let scene = scene("metrics-killed");
    let mut command = std::process::Command::new(ours());
    command
        .args(["-s", "status", "--metrics", "out/m.prom", "conf"])
        .current_dir(&scene.root);
    let out = scene.root.join("out");
    let ended = tracer::run(&mut command, &mut |call| {
        let is_last = call.name().starts_with("rename") && fs::read_dir(&out).unwrap().count() == 1;
        if is_last { Fate::KillAll } else { Fate::Go }
    });
    assert_eq!(ended, Ending::Killed);
    assert_eq!(
        fs::read_dir(&out).unwrap().count(),
        1,
        "the run died before the last step"
    );
    scene.run(&["--metrics", "out/m.prom"]).went_well();
    let names: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["m.prom"]);
}

#[test]
fn messages_are_written_to_no_file_that_is_not_ours() {
    if !need_root() {
        return;
    }
    let scene = scene("log-odd");
    let out = scene.root.join("out");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o1777)).unwrap();
    let file = out.join("l");
    fs::hard_link(scene.root.join("precious"), &file).unwrap();
    refused(&scene, "--log", "out/l", "hard links");
    fs::remove_file(&file).unwrap();

    fs::write(&file, "theirs\n").unwrap();
    chown(&file, Some(STRANGER), None).unwrap();
    refused(&scene, "--log", "out/l", "belongs to user");
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs\n");
    fs::remove_file(&file).unwrap();

    for target in ["../precious", "nowhere"] {
        symlink(target, &file).unwrap();
        lchown(&file, Some(STRANGER), None).unwrap();
        refused(&scene, "--log", "out/l", "symbolic link of user");
        fs::remove_file(&file).unwrap();
    }
    symlink(&scene.root, out.join("d")).unwrap();
    lchown(out.join("d"), Some(STRANGER), None).unwrap();
    refused(&scene, "--log", "out/d/new", "symbolic link of user");
    assert!(!scene.root.join("new").exists() && !out.join("nowhere").exists());
}

#[test]
fn messages_wait_for_no_fifo_and_go_to_no_directory() {
    let scene = scene("log-fifo");
    let file = scene.root.join("out/l");
    mkfifo(&file, Mode::S_IRWXU).unwrap();
    refused(&scene, "--log", "out/l", "is not a regular file");
    // Opened for both, a FIFO waits for nobody, and this one is never read.
    let reader = fs::OpenOptions::new().read(true).write(true).open(&file).unwrap();
    refused(&scene, "--log", "out/l", "is not a regular file");
    drop(reader);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    refused(&scene, "--log", "out/l", "is not a regular file");
}

#[test]
fn messages_go_to_files_of_our_own_new_and_old_and_to_what_was_opened_for_us() {
    let scene = scene("log-own");
    let out = scene.root.join("out");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o1777)).unwrap();
    for before in [None, Some("long before\n".repeat(1000))] {
        if let Some(text) = before {
            fs::write(out.join("l"), text).unwrap();
        }
        scene.run(&["--log", "out/l"]).went_well();
        let text = fs::read_to_string(out.join("l")).unwrap();
        assert!(text.starts_with("reading config file conf"), "{text}");
    }
    assert_eq!(fs::metadata(out.join("l")).unwrap().mode() & 0o777, 0o600);
    symlink("l2", out.join("link")).unwrap();
    scene.run(&["--log", "out/link"]).went_well();
    assert!(fs::read_to_string(out.join("l2")).unwrap().starts_with("reading"));
    scene.run(&["--log", "/dev/null"]).went_well();
    for opened in ["/dev/stdout", "/proc/self/fd/1"] {
        let output = scene.command(&ours(), &["--log", opened]).output().unwrap();
        assert!(output.stdout.starts_with(b"reading config file conf"), "{opened}");
    }
    let shown = fs::File::options()
        .create(true)
        .append(true)
        .open(out.join("shown"))
        .unwrap();
    std::io::Write::write_all(&mut &shown, b"before\n").unwrap();
    scene
        .command(&ours(), &["--log", "/dev/stdout"])
        .stdout(shown)
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    let text = fs::read_to_string(out.join("shown")).unwrap();
    assert!(text.starts_with("before\nreading config file conf"), "{text}");
}

#[test]
fn a_state_file_whose_journal_could_have_no_name_rotates_nothing() {
    let scene = scene("state-long");
    let long = "s".repeat(248);
    let run = scene.run(&["-s", &long]);
    assert_eq!(run.status, Some(3), "{}", run.said);
    assert!(run.said.contains("name a shorter one with -s"), "{}", run.said);
    assert_eq!(scene.read("a.log"), "text\n");
    assert!(!scene.root.join(&long).exists());
}

#[test]
fn a_state_path_may_be_as_long_as_the_system_takes() {
    let scene = scene("state-deep");
    let mut path = scene.root.clone();
    // One byte more, and no call takes it.
    while path.as_os_str().len() + 1 + 100 + 1 + 100 < 4095 {
        path.push("d".repeat(100));
    }
    fs::create_dir_all(&path).unwrap();
    let state = path.join("s".repeat(4095 - path.as_os_str().len() - 1));
    assert_eq!(state.as_os_str().len(), 4095);
    scene.run(&["-s", state.to_str().unwrap()]).went_well();
    let text = fs::read_to_string(&state).unwrap();
    assert!(text.contains("/log/a.log\""), "{text}");
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
}
