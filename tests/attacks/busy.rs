//! Archives that a program keeps open: what waits for it costs no descriptors, no processor and no disk, and nobody else's time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::{Holder, give, users_directory};
use crate::edges::{Run, Scene};
use crate::interrupted::tracer::{self, Call, Ending, Fate};
use crate::support::{need, need_root, ours, shell};

/// Counts the calls of a run that fit, while programs have files open.
fn count_calls(scene: &Scene, held: Vec<PathBuf>, fits: &[&dyn Fn(&Call) -> bool]) -> Vec<usize> {
    let (say, hear) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    // The tracer waits for all children of its own thread.
    let holder = thread::spawn(move || {
        let holder = Holder::of(held.iter().map(PathBuf::as_path));
        say.send(()).unwrap();
        let _ended = ended.recv();
        drop(holder);
    });
    hear.recv().unwrap();
    let mut counts = vec![0; fits.len()];
    let mut command = scene.command(&ours(), &["-f"]);
    let ending = tracer::run(command.stdout(Stdio::null()).stderr(Stdio::null()), &mut |call| {
        for (count, fits) in counts.iter_mut().zip(fits) {
            *count += usize::from(fits(call));
        }
        Fate::Go
    });
    drop(end);
    holder.join().unwrap();
    assert_eq!(ending, Ending::Exited(0));
    counts
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn as_many_directories_as_there_are_descriptors_with_a_busy_archive_each_stop_nobody_else() {
    if !need_root() || !need("bash") {
        return;
    }
    let scene = Scene::new("attacks-descriptors");
    let logs: Vec<PathBuf> = (0..300).map(|at| scene.log(&format!("{at}/busy.log"))).collect();
    for log in &logs {
        fs::create_dir(log.parent().unwrap()).unwrap();
        fs::write(log, "line\n").unwrap();
    }
    scene.write("other.log", "line\n");
    scene.configure("@ROOT@/log/*/busy.log {\n rotate 3\n compress\n}\n@ROOT@/log/other.log {\n rotate 2\n}\n");
    let _holder = Holder::of(logs.iter().map(PathBuf::as_path));
    let run = "ulimit -n 200; exec \"$@\"";
    let program = ours();
    let words = ["-c", run, "sh", program.to_str().unwrap(), "-f", "-s", "status", "conf"];
    let output = shell(&scene.root, "/bin/sh", &words).output().unwrap();
    let run = Run::of(&output);
    run.went_well();
    assert_eq!(scene.read("other.log.1"), "line\n");
    let told = run.said.lines().filter(|line| line.contains("still written by sleep"));
    assert_eq!(told.count(), 300, "{}", run.said);
    assert!(logs.iter().all(|log| log.with_extension("log.1").exists()));
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn who_writes_to_busy_archives_is_looked_up_once_for_all_of_them() {
    if !need_root() || !need("bash") {
        return;
    }
    let scene = Scene::new("attacks-lookups");
    let logs: Vec<PathBuf> = (0..60).map(|at| scene.log(&format!("{at}.log"))).collect();
    logs.iter().for_each(|log| fs::write(log, "line\n").unwrap());
    scene.configure("@ROOT@/log/*.log {\n rotate 3\n compress\n}\n");
    let lists_processes = |call: &Call| call.name() == "openat" && call.target().as_deref() == Some(Path::new("/proc"));
    let looks = count_calls(&scene, logs, &[&lists_processes]);
    // On a slow machine their patience ends at different times; a look serves for five seconds.
    assert!((1..=6).contains(&looks[0]), "{looks:?} looks for 60 archives");
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn busy_archives_of_one_log_are_noted_once_and_their_log_is_planned_twice() {
    if !need_root() || !need("bash") {
        return;
    }
    let scene = Scene::new("attacks-notes");
    scene.write("a.log", "line\n");
    let archives: Vec<PathBuf> = (0..200)
        .map(|at| scene.log(&format!("a.log-1990{:02}{:02}", at / 28 % 12 + 1, at % 28 + 1)))
        .collect();
    archives.iter().for_each(|archive| fs::write(archive, "old\n").unwrap());
    scene.configure("@ROOT@/log/a.log {\n rotate 3\n dateext\n compress\n delaycompress\n}\n");
    let is_of_journal = |call: &Call| {
        let target = call.target();
        target.is_some_and(|path| path.ends_with("status.journal"))
    };
    let flushes = |call: &Call| call.name() == "fdatasync" && is_of_journal(call);
    let writes = |call: &Call| call.name() == "write" && is_of_journal(call);
    let counts = count_calls(&scene, archives, &[&flushes, &writes]);
    assert!(
        counts[0] <= 3 && counts[1] <= 8,
        "flushes and writes of the journal: {counts:?}"
    );
    let journal = fs::read_to_string(scene.root.join("status.journal")).unwrap();
    assert_eq!(journal.lines().filter(|line| line.starts_with("plain ")).count(), 200);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn what_is_gone_is_not_remembered() {
    let scene = Scene::new("attacks-gone");
    scene.write("a.log", "line\n");
    scene.configure("@ROOT@/log/*.log {\n rotate 3\n compress\n missingok\n}\n");
    let holder = Holder::of_one(&scene.log("a.log"));
    scene.run(&["-f"]).went_well();
    drop(holder);
    let journal = scene.root.join("status.journal");
    let text = fs::read_to_string(&journal).unwrap();
    assert!(text.contains("plain "), "{text}");
    fs::remove_file(scene.log("a.log.1")).unwrap();
    scene.run(&[]).went_well();
    assert!(!journal.exists(), "there is nothing left to remember");
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn an_archive_that_is_never_let_go_takes_nothing_of_the_time_of_another() {
    if !need_root() {
        return;
    }
    let scene = Scene::new("attacks-patience");
    users_directory(&scene.log("theirs"));
    for name in ["theirs/a.log", "b.log"] {
        scene.write(name, "line\n");
    }
    give(&scene.log("theirs/a.log"));
    scene.configure(
        "@ROOT@/log/theirs/*.log {\n rotate 3\n compress\n su :61234 :61234\n}\n@ROOT@/log/b.log {\n rotate 3\n compress\n}\n",
    );
    let _never_let_go = Holder::of_one(&scene.log("theirs/a.log"));
    let let_go_soon = Holder::of_one(&scene.log("b.log"));
    let soon = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1_500));
        drop(let_go_soon);
    });
    scene.run(&["-f"]).went_well();
    soon.join().unwrap();
    assert_eq!(scene.read("theirs/a.log.1"), "line\n");
    assert!(scene.log("b.log.1.gz").exists(), "the other was not waited for");
}

/// Leases are for a file's owner and for `CAP_LEASE`, which containers do not have: then `/proc` is asked, once a round.
#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn where_leases_are_refused_all_archives_are_looked_up_at_once_and_a_busy_one_is_noticed() {
    if !need_root() || !need("setpriv") || !need("bash") {
        return;
    }
    let scene = Scene::new("attacks-no-leases");
    users_directory(&scene.log("theirs"));
    for at in 0..40 {
        let name = format!("theirs/{at}.log");
        scene.write(&name, "line\n");
        give(&scene.log(&name));
    }
    scene.configure("@ROOT@/log/theirs/*.log {\n rotate 3\n compress\n}\n");
    let busy = scene.log("theirs/7.log");
    let (say, hear) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let holder = thread::spawn(move || {
        let holder = Holder::of_one(&busy);
        say.send(()).unwrap();
        let _ended = ended.recv();
        drop(holder);
    });
    hear.recv().unwrap();
    let program = ours();
    let words = [
        "--bounding-set",
        "-lease",
        program.to_str().unwrap(),
        "-f",
        "-s",
        "status",
        "conf",
    ];
    let mut looks = 0;
    let mut command = shell(&scene.root, "setpriv", &words);
    let ending = tracer::run(command.stderr(Stdio::null()), &mut |call| {
        looks += usize::from(call.name() == "openat" && call.target().as_deref() == Some(Path::new("/proc")));
        Fate::Go
    });
    drop(end);
    holder.join().unwrap();
    assert_eq!(ending, Ending::Exited(0));
    let packed = (0..40).filter(|at| scene.log(&format!("theirs/{at}.log.1.gz")).exists());
    assert_eq!(packed.count(), 39);
    assert_eq!(scene.read("theirs/7.log.1"), "line\n");
    assert!((1..=16).contains(&looks), "{looks} looks through the processes");
}
