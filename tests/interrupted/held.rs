//! An archive that a program still has open for writing: waited for a little, then left as it is until the next rotation.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::scene::{Place, Scene, Way, Writer};
use super::sweep::{KILL, disturb};
use super::tracer::Ending;
use super::verdict;
use crate::support;

/// What `delaycompress` put off is compressed by the rotation that these ways make.
const NUMBERED: Way = Way {
    name: "put off",
    conf: "@/logs/a.log {\n rotate 9\n compress\n delaycompress\n create\n}\n",
    seeds: &["logs/a.log", "logs/a.log.1", "logs/a.log.2.gz"],
    on_disk: false,
    writer: Writer::None,
};

/// A program that has a file open for writing until it is dropped.
struct Holder(Child);

impl Holder {
    /// Lets a program open a file of the scene.
    fn of(scene: &Scene, name: &str) -> Self {
        Self::open(&scene.dir.join("logs").join(name))
    }

    fn open(path: &Path) -> Self {
        // The command is dropped at once: it would have the file open, too.
        let file = OpenOptions::new().append(true).open(path).unwrap();
        Self(Command::new("sleep").arg("100").stdout(file).spawn().unwrap())
    }

    /// Writes a line where the program would.
    fn write(&self, line: &str) -> Vec<u8> {
        let mut file = OpenOptions::new()
            .append(true)
            .open(format!("/proc/{}/fd/1", self.0.id()))
            .unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
        line.as_bytes().to_vec()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A scene of a configuration.
fn scene(place: &Place, conf: &'static str, seeds: &'static [&'static str]) -> Scene {
    let way = Way {
        conf,
        seeds,
        ..NUMBERED
    };
    let mut scene = Scene::plan(&way, &place.path().join("scene"));
    scene.put_up();
    scene
}

/// Rotates with some more arguments, expects success, and returns what was said.
fn rotate_with(scene: &Scene, more: &[&str]) -> String {
    let output = scene
        .rotate(&support::ours())
        .args(more)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

fn rotate(scene: &Scene) -> String {
    rotate_with(scene, &[])
}

/// The names of logs and archives, in order.
fn names(scene: &Scene) -> String {
    let names = verdict::names(scene);
    let names = names.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "old").collect::<Vec<_>>().join(" ")
}

/// Nothing is lost, doubled, broken or left over.
fn assert_whole(scene: &Scene, left_over: &[&str]) {
    let verdict = verdict::judge(scene, false);
    let found = (verdict.lost, verdict.doubled, verdict.broken, verdict.left_over);
    let left_over: Vec<String> = left_over.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, (0, 0, Vec::new(), left_over));
}

/// No archive is waited for by a later rotation.
fn assert_nothing_to_remember(scene: &Scene) {
    let journal = scene.dir.join("state.journal");
    assert!(!journal.exists(), "there is nothing left to remember");
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn an_archive_that_is_still_written_is_left_plain_until_the_next_rotation() {
    let place = Place::new(false);
    let scene = scene(
        &place,
        "@/logs/a.log {\n rotate 9\n compress\n create\n}\n",
        &["logs/a.log", "logs/a.log.1.gz"],
    );
    let holder = Holder::of(&scene, "a.log");
    let begun = Instant::now();
    let said = rotate(&scene);
    assert!(
        begun.elapsed() > Duration::from_secs(4),
        "it was not waited for: {said}"
    );
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2.gz");
    assert!(said.contains("sleep"), "the program is not named: {said}");
    drop(holder);
    rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1.gz a.log.2.gz a.log.3.gz");
    assert_whole(&scene, &[]);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_put_off_archive_that_is_still_written_moves_up_plain_and_its_log_is_rotated() {
    let place = Place::new(false);
    let mut scene = scene(&place, NUMBERED.conf, NUMBERED.seeds);
    let holder = Holder::of(&scene, "a.log.1");
    let said = rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2 a.log.3.gz");
    let told = said.lines().filter(|line| line.contains("sleep")).count();
    assert_eq!(told, 1, "one line names the program: {said}");
    scene.lines.push(holder.write("written late"));
    // Held once more: it moves on.
    rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2.gz a.log.3 a.log.4.gz");
    drop(holder);
    rotate(&scene);
    assert_eq!(
        names(&scene),
        "a.log a.log.1 a.log.2.gz a.log.3.gz a.log.4.gz a.log.5.gz"
    );
    assert_whole(&scene, &[]);
    assert_nothing_to_remember(&scene);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_put_off_archive_that_is_let_go_within_the_wait_is_compressed_in_the_same_run() {
    let place = Place::new(false);
    let scene = scene(&place, NUMBERED.conf, NUMBERED.seeds);
    let said = rotate_while_let_go(&scene, "a.log.1");
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2.gz a.log.3.gz", "{said}");
    assert!(!said.contains("still written"), "{said}");
    assert_whole(&scene, &[]);
}

/// Rotates while a program has an archive open, and lets it go within the wait; returns what the run said.
fn rotate_while_let_go(scene: &Scene, archive: &str) -> String {
    let holder = Holder::of(scene, archive);
    let reader = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        drop(holder);
    });
    let said = rotate(scene);
    reader.join().unwrap();
    said
}

/// A scene that a run left which died in postrotate, before anything was compressed.
fn scene_of_a_dead_run(place: &Place) -> Scene {
    let scene = scene(
        place,
        "@/logs/a.log {\n rotate 9\n compress\n create\n postrotate\n  \
         test -e @/mails/told || { touch @/mails/told; kill -KILL $PPID; }\n endscript\n}\n",
        &["logs/a.log", "logs/a.log.1.gz"],
    );
    let died = scene.rotate(&support::ours()).status().unwrap();
    assert_eq!(died.code(), None, "it does not end by itself");
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2.gz");
    scene
}

#[test]
fn what_a_dead_run_left_is_compressed_when_it_is_let_go_before_its_log_is_rotated_again() {
    let place = Place::new(false);
    let scene = scene_of_a_dead_run(&place);
    let said = rotate_while_let_go(&scene, "a.log.1");
    assert_eq!(names(&scene), "a.log a.log.1.gz a.log.2.gz a.log.3.gz", "{said}");
    assert_whole(&scene, &[]);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn what_a_dead_run_left_moves_up_plain_while_it_is_written_and_its_log_is_rotated() {
    let place = Place::new(false);
    let scene = scene_of_a_dead_run(&place);
    let _holder = Holder::of(&scene, "a.log.1");
    let said = rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1.gz a.log.2 a.log.3.gz", "{said}");
    assert_whole(&scene, &["state.journal"]);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_dated_archive_that_is_still_written_keeps_its_name_and_its_log_is_rotated() {
    let place = Place::new(false);
    let mut scene = scene(
        &place,
        "@/logs/a.log {\n rotate 9\n dateext\n compress\n create\n}\n",
        &["logs/a.log", "logs/a.log-20200101.gz"],
    );
    let holder = Holder::of(&scene, "a.log");
    rotate(&scene);
    let newest = |scene: &Scene| names(scene).rsplit(' ').next().unwrap().to_owned();
    let held = newest(&scene);
    assert!(!held.ends_with(".gz"), "{held}");
    // A later archive is made, and this one is still held.
    let older = "a.log-20200102";
    fs::rename(scene.dir.join("logs").join(&held), scene.dir.join("logs").join(older)).unwrap();
    let journal = scene.dir.join("state.journal");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replace(&held, older)).unwrap();
    scene.lines.push(holder.write("written late"));
    let said = rotate(&scene);
    assert!(
        names(&scene).starts_with("a.log a.log-20200101.gz a.log-20200102 "),
        "{said}"
    );
    assert!(newest(&scene).ends_with(".gz"), "{}", names(&scene));
    scene.next_day(3);
    drop(holder);
    rotate(&scene);
    assert!(names(&scene).contains("a.log-20200102.gz"), "{}", names(&scene));
    assert_whole(&scene, &[]);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn one_archive_that_is_still_written_holds_up_no_log_of_its_set() {
    let place = Place::new(false);
    let scene = scene(
        &place,
        "@/logs/*.log {\n rotate 9\n compress\n delaycompress\n create\n sharedscripts\n postrotate\n  touch @/mails/told\n endscript\n}\n",
        &["logs/a.log", "logs/a.log.1", "logs/b.log", "logs/b.log.1"],
    );
    let _holder = Holder::of(&scene, "a.log.1");
    rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2 b.log b.log.1 b.log.2.gz");
    assert!(scene.dir.join("mails/told").exists());
    assert_whole(&scene, &["state.journal"]);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn an_archive_beyond_the_count_stays_while_it_is_written_and_goes_afterwards() {
    let place = Place::new(false);
    let scene = scene(
        &place,
        "@/logs/a.log {\n rotate 1\n compress\n delaycompress\n create\n}\n",
        &["logs/a.log", "logs/a.log.1"],
    );
    let holder = Holder::of(&scene, "a.log.1");
    rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2");
    assert_whole(&scene, &["state.journal"]);
    rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1 a.log.3");
    drop(holder);
    rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1");
    assert_nothing_to_remember(&scene);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn an_archive_that_is_too_old_stays_while_it_is_written() {
    for (conf, before, after) in [
        (
            "@/logs/a.log {\n rotate 9\n maxage 1\n compress\n delaycompress\n create\n}\n",
            "a.log.1",
            "a.log.2",
        ),
        (
            "@/logs/a.log {\n rotate 9\n maxage 1\n dateext\n compress\n delaycompress\n create\n}\n",
            "a.log-20200101",
            "a.log-20200101",
        ),
    ] {
        let place = Place::new(false);
        let scene = scene(&place, conf, &["logs/a.log"]);
        let old = scene.dir.join("logs").join(before);
        fs::write(&old, "old\n").unwrap();
        let holder = Holder::of(&scene, before);
        let long_ago = SystemTime::now() - Duration::from_secs(10 * 86_400);
        fs::File::open(&old).unwrap().set_modified(long_ago).unwrap();
        rotate(&scene);
        assert_eq!(
            fs::read(scene.dir.join("logs").join(after)).unwrap(),
            b"old\n",
            "{conf}"
        );
        drop(holder);
        scene.next_day(1);
        rotate(&scene);
        let left = names(&scene);
        assert!(!left.contains("20200101") && !left.contains("a.log.3"), "{left}");
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn what_nobody_counts_makes_room_for_an_archive_that_moves_up_plain() {
    let place = Place::new(false);
    let scene = scene(
        &place,
        NUMBERED.conf,
        &[
            "logs/a.log",
            "logs/a.log.1",
            "logs/a.log.2",
            "logs/a.log.3",
            "logs/a.log.2.gz",
        ],
    );
    let _holder = Holder::of(&scene, "a.log.1");
    rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2 a.log.3 a.log.3.gz a.log.4");
    assert_whole(&scene, &["state.journal"]);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_dry_run_knows_of_an_archive_that_is_still_written() {
    let place = Place::new(false);
    let scene = scene(&place, NUMBERED.conf, NUMBERED.seeds);
    let _holder = Holder::of(&scene, "a.log.1");
    let steps = |said: String| -> Vec<String> {
        let lines = said.lines().filter(|line| line.starts_with("renaming "));
        lines.map(str::to_owned).collect()
    };
    let announced = steps(rotate_with(&scene, &["-d"]));
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2.gz", "nothing was changed");
    assert_eq!(announced, steps(rotate_with(&scene, &["-v"])));
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn what_renamecopy_renamed_is_copied_only_when_nobody_writes_to_it() {
    let place = Place::new(false);
    let mut scene = scene(
        &place,
        "@/logs/a.log {\n rotate 9\n renamecopy\n compress\n create\n}\n",
        &["logs/a.log", "logs/a.log.1.gz"],
    );
    let holder = Holder::of(&scene, "a.log");
    let said = rotate(&scene);
    assert!(said.contains("sleep"), "the program is not named: {said}");
    assert_eq!(names(&scene), "a.log a.log.2.gz a.log.tmp");
    scene.lines.push(holder.write("written late"));
    drop(holder);
    rotate(&scene);
    assert_eq!(names(&scene), "a.log a.log.1.gz a.log.2.gz a.log.3.gz");
    assert_whole(&scene, &[]);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn an_archive_that_was_mailed_plain_is_not_mailed_again() {
    let place = Place::new(false);
    let scene = scene(
        &place,
        "@/logs/a.log {\n rotate 9\n compress\n create\n mail ops@localhost\n mailfirst\n}\n",
        &["logs/a.log"],
    );
    let holder = Holder::of(&scene, "a.log");
    rotate(&scene);
    drop(holder);
    rotate(&scene);
    let mails = fs::read_dir(scene.dir.join("mails")).unwrap().count();
    assert_eq!(mails, 2, "one a rotation");
}

/// Who is not the file's owner gets no lease on it, and looks through the processes instead.
#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn where_leases_are_refused_a_program_that_writes_is_found_among_the_processes() {
    const USER: u32 = 61_234;
    if !support::need_root() || !support::need("setpriv") {
        return;
    }
    let place = Place::new(false);
    let scene = scene(&place, NUMBERED.conf, NUMBERED.seeds);
    for dir in ["", "logs", "logs/old", "mails"] {
        chown(scene.dir.join(dir), Some(USER), Some(USER)).unwrap();
    }
    let as_user = ["--reuid", "61234", "--regid", "61234", "--clear-groups"];
    let archive = scene.dir.join("logs/a.log.1");
    let file = OpenOptions::new().append(true).open(&archive).unwrap();
    let mut holder = Command::new("setpriv");
    let holder = holder.args(as_user).args(["sleep", "100"]).stdout(file).spawn();
    let holder = Holder(holder.unwrap());
    // Root's own archive, and the user's log.
    chown(scene.dir.join("logs/a.log"), Some(USER), Some(USER)).unwrap();
    let program = place.path().join("logrotate");
    fs::copy(support::ours(), &program).unwrap();
    let rotate = || {
        let mut run = Command::new("setpriv");
        run.args(as_user).arg(&program).arg("-f").arg("-s");
        run.arg(scene.dir.join("state")).arg(scene.dir.join("conf"));
        let output = run.stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = rotate();
    assert!(said.contains("still written by sleep"), "{said}");
    assert_eq!(names(&scene), "a.log a.log.1 a.log.2 a.log.3.gz", "{said}");
    drop(holder);
}

/// Killed at every call while an archive is held; the next run, when it is not any more, finds all.
#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn killed_while_an_archive_is_still_written_the_next_run_loses_nothing() {
    let place = Place::new(false);
    let mut scene = Scene::plan(&NUMBERED, &place.path().join("scene"));
    let program = support::ours();
    let mut points = 0;
    for point in 0.. {
        scene.put_up();
        let held = scene.dir.join("logs/a.log.1");
        let (say, hear) = mpsc::channel();
        // The tracer waits for all children of its own thread.
        let holder = thread::spawn(move || {
            let holder = Holder::open(&held);
            say.send(()).unwrap();
            thread::sleep(Duration::from_millis(150));
            drop(holder);
        });
        hear.recv().unwrap();
        let struck = disturb(&program, &scene, point, &KILL);
        let at = struck.as_ref().map_or("no call at all", |struck| struck.at.as_str());
        holder.join().unwrap();
        for day in 1..=2 {
            scene.add_lines();
            scene.next_day(day);
            assert!(scene.rotate(&program).status().unwrap().success(), "{at}");
        }
        let verdict = verdict::judge(&scene, false);
        let plain = names(&scene).split(' ').filter(|name| !name.ends_with(".gz")).count();
        assert_eq!(
            (verdict.lost, verdict.broken, verdict.left_over, plain),
            (0, Vec::new(), Vec::new(), 2),
            "{at}: {}",
            names(&scene)
        );
        if let Err(ending) = struck {
            assert_eq!(ending, Ending::Exited(0));
            break;
        }
        points += 1;
    }
    println!("{points} kill points while an archive is held");
    assert!(points > 20, "only {points} kill points: the harness sees too little");
}
