//! Programs that run with another's rights: whoever has them may trace such a program, and stop it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::super::support::{need, need_root, ours, shell};
use super::Scene;

/// The throw-away user.
const USER: u32 = 61_234;

/// A program that says who it is to its terminal, and which descriptors are open in what it starts.
const ASKED: &str = "#!/bin/sh
read pid name state parent group session terminal rest </proc/$$/stat
echo \"$((session - pid)) $((group - pid)) $terminal\" >@ROOT@/open/@NAME@
ls -l /proc/self/fd >@ROOT@/open/@NAME@.fds
echo complaint >&2
exec cat
";

/// Traces a process from now on, and never asks how it ended.
const TRACER: &str = "import ctypes, signal, sys
ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0)
signal.pause()
";

fn scene(name: &str) -> Scene {
    let scene = Scene::new(name);
    for (dir, mode) in [("open", 0o777), ("bin", 0o755)] {
        fs::create_dir(scene.root.join(dir)).unwrap();
        fs::set_permissions(scene.root.join(dir), fs::Permissions::from_mode(mode)).unwrap();
    }
    chown(scene.log(""), Some(USER), Some(USER)).unwrap();
    scene
}

fn program(scene: &Scene, name: &str, text: &str) {
    let path = scene.root.join("bin").join(name);
    fs::write(&path, scene.fill(text).replace("@NAME@", name)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Writes a log of the throw-away user's.
fn write(scene: &Scene, name: &str) {
    scene.write(name, "text\n");
    chown(scene.log(name), Some(USER), Some(USER)).unwrap();
}

/// Makes the command that runs ours in the foreground, with the scene's programs found first.
fn run(scene: &Scene, options: &[&str]) -> Command {
    let binary = ours();
    let mut words = vec![
        "-c",
        "exec 7>seven; exec \"$@\"",
        "sh",
        binary.to_str().unwrap(),
        "-v",
        "-s",
        "status",
    ];
    words.extend(options);
    words.push("conf");
    let mut command = shell(&scene.root, "/bin/sh", &words);
    command.env("PATH", format!("{}/bin:/usr/bin:/bin", scene.root.display()));
    command
}

/// Waits until a program has written its number, and returns that.
fn number(scene: &Scene, name: &str, run: &mut Child) -> Pid {
    loop {
        if let Ok(text) = fs::read_to_string(scene.root.join("open").join(name)) {
            if text.ends_with('\n') {
                return Pid::from_raw(text.trim().parse().unwrap());
            }
        }
        assert!(
            run.try_wait().unwrap().is_none(),
            "the run ended before {name} was there"
        );
        std::thread::yield_now();
    }
}

/// Tells if a process still runs; one that nobody has asked how it ended does not.
fn runs(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

#[test]
fn a_program_with_another_s_rights_has_no_terminal_and_nothing_of_ours_but_its_files() {
    if !need_root() {
        return;
    }
    let scene = scene("strangers-nothing");
    program(&scene, "packer", ASKED);
    program(&scene, "shred", ASKED);
    write(&scene, "app.log");
    scene.configure("@ROOT@/log/app.log {\n su :61234 :61234\n rotate 1\n compress\n compresscmd packer\n shred\n}\n");
    let output = run(&scene, &["-f", "--log", "run.log"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for name in ["packer", "shred"] {
        let read = |name: String| fs::read_to_string(scene.root.join("open").join(name)).unwrap();
        assert_eq!(read(name.to_owned()), "0 0 0\n", "{name}: session, group, terminal");
        let open = read(format!("{name}.fds"));
        assert!(!open.contains("run.log") && !open.contains("seven"), "{name}: {open}");
    }
    // What it says comes by a pipe of ours.
    let words = "when compressing log @ROOT@/log/app.log.1:\ncomplaint\n";
    assert!(said.contains(&scene.fill(words)), "{said}");
}

#[test]
fn what_shred_says_is_passed_on_where_it_fails() {
    if !need_root() {
        return;
    }
    let scene = scene("strangers-shred");
    program(&scene, "shred", "#!/bin/sh\necho cannot >&2\nexit 1\n");
    write(&scene, "app.log");
    write(&scene, "app.log.1");
    scene.configure("@ROOT@/log/app.log {\n su :61234 :61234\n rotate 1\n shred\n}\n");
    let output = run(&scene, &["-f"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let words = "warning: failed to shred @ROOT@/log/app.log.2: it was unlinked all the same; it said:\ncannot\n";
    assert!(said.contains(&scene.fill(words)), "{said}");
}

/// Tells whether the tests' own process, and so what it starts, ignores a signal.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() >> (signal as u64 - 1) & 1 == 1
}

#[test]
fn asked_to_end_a_run_takes_a_program_with_another_s_rights_along_and_all_that_it_started() {
    if !need_root() {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if is_ignored(signal) {
            // A run that inherits that, as under `nohup`, is not ended by it.
            continue;
        }
        let scene = scene("strangers-ended");
        // The helper has lost its parent: only the group tells whose it is.
        let text = "#!/bin/sh\n(sleep 100 >&2 & echo $! >@ROOT@/open/helper)\necho $$ >@ROOT@/open/packer\nsleep 100\n";
        program(&scene, "packer", text);
        write(&scene, "app.log");
        scene.configure("@ROOT@/log/app.log {\n su :61234 :61234\n rotate 1\n compress\n compresscmd packer\n}\n");
        let mut command = run(&scene, &["-f"]);
        let mut run = command.spawn().unwrap();
        let (packer, helper) = (number(&scene, "packer", &mut run), number(&scene, "helper", &mut run));
        kill(Pid::from_raw(i32::try_from(run.id()).unwrap()), signal).unwrap();
        assert_eq!(run.wait().unwrap().code(), Some(1), "{signal}");
        while runs(packer) || runs(helper) {
            std::thread::yield_now();
        }
        assert_eq!(scene.read("app.log.1"), "text\n");
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_program_whose_end_is_kept_from_us_by_who_traces_it_does_not_hang_the_run() {
    if !need_root() || !need("python3") {
        return;
    }
    let scene = scene("strangers-traced");
    program(
        &scene,
        "packer",
        "#!/bin/sh\necho $$ >@ROOT@/open/packer\nexec sleep 100\n",
    );
    write(&scene, "app.log");
    write(&scene, "b.log");
    scene.configure("@ROOT@/log/*.log {\n su :61234 :61234\n rotate 1\n compress\n compresscmd packer\n}\n");
    let mut run = run(&scene, &["-f", "--jobs", "1"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let packer = number(&scene, "packer", &mut run);
    let mut tracer = Command::new("python3")
        .args(["-c", TRACER, &packer.to_string()])
        .spawn()
        .unwrap();
    let is_traced = || {
        let status = fs::read_to_string(format!("/proc/{packer}/status")).unwrap();
        !status.contains("TracerPid:\t0\n")
    };
    while !is_traced() {
        std::thread::yield_now();
    }
    kill(packer, Signal::SIGKILL).unwrap();
    let output = run.wait_with_output().unwrap();
    tracer.kill().unwrap();
    tracer.wait().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("a process that traces it keeps it from ending"), "{said}");
    assert!(said.contains("b.log.1: child was not started"), "{said}");
    assert_eq!(scene.read("app.log.1"), "text\n");
}

#[test]
fn stanzas_that_run_programs_with_another_s_rights_take_their_turn_behind_the_others() {
    if !need_root() {
        return;
    }
    let scene = scene("strangers-order");
    program(&scene, "packer", "#!/bin/sh\nexec cat\n");
    let stanzas = [
        ("outside", "su :61234 :61234\n compress\n compresscmd packer"),
        ("built-in", "su :61234 :61234\n compress"),
        ("overwritten", "su :61234 :61234\n shred"),
        ("root", "su root root\n compress\n compresscmd packer"),
        ("owner", "su owner\n compress\n compresscmd packer"),
        ("plain", "compress"),
    ];
    let text = stanzas.map(|(name, directives)| {
        write(&scene, &format!("{name}.log"));
        format!("@ROOT@/log/{name}.log {{\n rotate 1\n {directives}\n}}\n")
    });
    scene.configure(&text.concat());
    chown(scene.log(""), Some(USER), Some(USER)).unwrap();
    let order = |options: &[&str]| {
        let output = run(&scene, options).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let logs = said.lines().filter_map(|line| line.strip_prefix("considering log "));
        let names = logs.map(|log| log.rsplit('/').next().unwrap().trim_end_matches(".log").to_owned());
        names.collect::<Vec<_>>()
    };
    let wanted = ["built-in", "root", "plain", "outside", "overwritten", "owner"];
    assert_eq!(order(&["-d"]), wanted);
    assert_eq!(order(&[]), wanted);
    // As was asked for, nothing is built in now.
    let wanted = ["root", "plain", "outside", "built-in", "overwritten", "owner"];
    assert_eq!(order(&["--external-compress"]), wanted);
}

#[test]
fn metrics_belong_to_their_stanzas_whatever_the_order() {
    if !need_root() {
        return;
    }
    let scene = scene("strangers-metrics");
    program(&scene, "packer", "#!/bin/sh\nexec cat\n");
    for name in ["late.log", "early.log", "early.log.1", "early.log.2"] {
        write(&scene, name);
    }
    scene.configure(
        "@ROOT@/log/late.log {\n su :61234 :61234\n rotate 9\n compress\n compresscmd packer\n}\n\
         @ROOT@/log/early.log {\n rotate 9\n}\n",
    );
    let output = run(&scene, &["--metrics", "metrics"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = fs::read_to_string(scene.root.join("metrics")).unwrap();
    let files = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with("logrotate_archive_files") && line.contains(name));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(
        (files("late.log").as_str(), files("early.log").as_str()),
        ("0", "2"),
        "{text}"
    );
}
