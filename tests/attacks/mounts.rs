//! File systems that do not answer, or answer what a user likes, change under a run, or are full for one user: they cost the logs that are on them.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, Instant};

use super::{USER, give, users_directory};
use crate::edges::{Run, Scene};
use crate::support::mounts::{attach, detach, make, memory, silent, with_own_mounts};
use crate::support::{need, need_root, ours, shell};

/// A run asks a file system for ten seconds; with one that does not answer it takes no longer than that, however often it is named.
const ASKED_FOR: Duration = Duration::from_secs(15);

/// A good log, and others on a file system with these options, whose program answers nothing; four stanzas lead there, by four ways.
fn scene_with_silent(name: &str, options: &str, test: impl FnOnce(&Scene) + Send) {
    with_own_mounts(|| {
        let scene = Scene::new(name);
        for directory in ["good/log", "dead/log"] {
            fs::create_dir_all(scene.log(directory)).unwrap();
        }
        scene.write("good/log/x.log", "line\n");
        scene.write("last.log", "line\n");
        symlink("dead/log", scene.log("link")).unwrap();
        scene.configure(
            "@ROOT@/log/dead/log/a.log {\n rotate 2\n}\n@ROOT@/log/*/log/*.log {\n rotate 2\n}\n\
             @ROOT@/log/link/b.log {\n rotate 2\n missingok\n}\n@ROOT@/log/dead/log/*.log {\n rotate 2\n}\n\
             @ROOT@/log/last.log {\n rotate 2\n olddir @ROOT@/log/dead/log\n copy\n}\n",
        );
        let Some(_daemon) = silent(&scene.log("dead"), options) else {
            return;
        };
        test(&scene);
        detach(&scene.log("dead"));
    });
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn a_file_system_that_does_not_answer_costs_its_own_logs_and_ten_seconds() {
    scene_with_silent("attacks-mounts-silent", "user_id=0,group_id=0,allow_other", |scene| {
        // What an earlier run left there is not looked after, and not forgotten.
        let journal = scene.fill(
            "logrotate-rs journal -- version 1\n\
             begin 2024-3-11-6:25:0 8:1 \"@ROOT@/log/dead/log/a.log\" \"a.log.1\"\n\
             plain \"@ROOT@/log/dead/log/a.log\" \"a.log.2\" \"@ROOT@/log/dead/log\"\n",
        );
        let at = scene.root.join("status.journal");
        fs::write(&at, &journal).unwrap();
        fs::set_permissions(&at, fs::Permissions::from_mode(0o600)).unwrap();
        for options in [&["-f", "--metrics", "metrics"][..], &["--status"], &["--check"]] {
            let began = Instant::now();
            let run = scene.run(options);
            assert!(began.elapsed() < ASKED_FOR, "{options:?}: {:?}", began.elapsed());
            assert_ne!(run.status, Some(124), "{options:?}: {}", run.said);
            if options[0] == "-f" {
                assert_eq!(scene.read("good/log/x.log.1"), "line\n", "{}", run.said);
                assert_eq!(scene.read("last.log"), "line\n", "{}", run.said);
                assert_eq!(run.status, Some(1), "{}", run.said);
                assert!(run.said.contains("the file system does not answer"), "{}", run.said);
                assert!(run.said.contains("dead/log: Connection timed out"), "{}", run.said);
                assert_eq!(fs::read_to_string(&at).unwrap(), journal, "{}", run.said);
            }
        }
    });
}

#[test]
fn a_file_system_that_a_users_program_stands_behind_is_not_entered() {
    let options = format!("user_id={USER},group_id={USER},allow_other");
    scene_with_silent("attacks-mounts-foreign", &options, |scene| {
        let run = scene.run(&["-f"]);
        assert_eq!(scene.read("good/log/x.log.1"), "line\n", "{}", run.said);
        assert_eq!(run.status, Some(1), "{}", run.said);
        let says = format!("a program of user {USER} says who owns what there");
        assert!(run.said.contains(&says), "{}", run.said);
        assert!(run.said.contains("dead/log: Operation not permitted"), "{}", run.said);
    });
}

/// What a program does with a mount while a run goes on: a script of an earlier stanza stands for it.
const FIRST: &str = "@ROOT@/log/first.log {\n postrotate\n  SCRIPT\n endscript\n}\n";

#[test]
fn a_file_system_that_becomes_read_only_during_a_run_costs_its_own_logs_and_keeps_them() {
    with_own_mounts(|| {
        for (number, method) in ["create", "copytruncate", "copy", "renamecopy", "compress"]
            .iter()
            .enumerate()
        {
            let scene = Scene::new(&format!("attacks-mounts-read-only-{number}"));
            let disk = scene.log("disk");
            fs::create_dir(&disk).unwrap();
            memory(&disk, 1 << 20);
            scene.write("first.log", "line\n");
            scene.write("disk/x.log", "line\n");
            scene.write("last.log", "line\n");
            scene.configure(&format!(
                "{}@ROOT@/log/disk/x.log {{\n rotate 2\n {method}\n}}\n@ROOT@/log/last.log {{\n rotate 2\n}}\n",
                FIRST.replace("SCRIPT", "mount -o remount,ro @ROOT@/log/disk")
            ));
            let run = scene.run(&["-f"]);
            assert_eq!(run.status, Some(1), "{method}: {}", run.said);
            assert!(
                run.said.contains("the file system is read-only"),
                "{method}: {}",
                run.said
            );
            assert_eq!(scene.read("disk/x.log"), "line\n", "{method}");
            assert_eq!(fs::read_dir(&disk).unwrap().count(), 1, "{method}");
            assert_eq!(scene.read("last.log.1"), "line\n", "{method}: {}", run.said);
            let state = fs::read_to_string(scene.root.join("status")).unwrap();
            assert!(state.contains("last.log"), "{method}: {state}");
            // Once it can be written to again all goes on.
            shell(&scene.root, "mount", &["-o", "remount,rw", disk.to_str().unwrap()])
                .status()
                .unwrap();
            scene.configure(&format!("@ROOT@/log/disk/x.log {{\n rotate 2\n {method}\n}}\n"));
            scene.run(&["-f"]).went_well();
            detach(&disk);
        }
    });
}

#[test]
fn a_used_up_quota_costs_the_logs_that_it_is_for_and_keeps_them() {
    with_own_mounts(|| {
        if !need("btrfs") || !need("chattr") {
            return;
        }
        let scene = Scene::new("attacks-mounts-quota");
        let (image, disk) = (scene.root.join("image"), scene.log("disk"));
        fs::create_dir(&disk).unwrap();
        if !make("btrfs", &image, 256 << 20) || !attach(&image, &disk, "") {
            return;
        }
        let btrfs = |words: &str| {
            let done = shell(
                &scene.root,
                "sh",
                &["-c", &scene.fill(&format!("btrfs {words} >/dev/null"))],
            )
            .status();
            assert!(done.unwrap().success(), "btrfs {words}");
        };
        btrfs("subvolume create @ROOT@/log/disk/theirs");
        btrfs("quota enable @ROOT@/log/disk");
        scene.write("last.log", "line\n");
        let text = noise(6 << 20);
        for method in ["compress", "copytruncate", "copy", "compress\n create"] {
            let log = scene.log("disk/theirs/x.log");
            fs::write(&log, "").unwrap();
            // So that no copy can share its blocks.
            let marked = shell(&scene.root, "chattr", &["+C", log.to_str().unwrap()]).status();
            assert!(marked.unwrap().success());
            fs::write(&log, &text).unwrap();
            btrfs("filesystem sync @ROOT@/log/disk");
            btrfs("qgroup limit 8M @ROOT@/log/disk/theirs");
            scene.configure(&format!(
                "@ROOT@/log/disk/theirs/x.log {{\n rotate 5\n {method}\n}}\n@ROOT@/log/last.log {{\n rotate 9\n create\n}}\n"
            ));
            fs::write(scene.log("last.log"), "line\n").unwrap();
            let run = scene.run(&["-f"]);
            assert_eq!(run.status, Some(1), "{method}: {}", run.said);
            assert!(run.said.contains("quota is used up"), "{method}: {}", run.said);
            assert_eq!(scene.read("last.log.1"), "line\n", "{method}: {}", run.said);
            let left = ["x.log", "x.log.1"]
                .map(|name| fs::read(scene.log(&format!("disk/theirs/{name}"))).unwrap_or_default());
            assert!(left.contains(&text), "{method}: {}", run.said);
            btrfs("qgroup limit none @ROOT@/log/disk/theirs");
            if !log.exists() {
                fs::write(&log, "").unwrap();
            }
            scene.run(&["-f"]).went_well();
            for name in fs::read_dir(scene.log("disk/theirs")).unwrap() {
                fs::remove_file(name.unwrap().path()).unwrap();
            }
        }
        detach(&disk);
    });
}

#[test]
fn logs_whose_owner_has_no_number_here_are_an_error_and_stay() {
    if !need_root() || !need("unshare") {
        return;
    }
    for method in ["create", "copytruncate", "compress", "su owner"] {
        let scene = Scene::new(&format!("attacks-mounts-unmapped-{}", method.replace(' ', "-")));
        users_directory(&scene.log("theirs"));
        fs::create_dir(scene.log("good")).unwrap();
        scene.write("theirs/x.log", "line\n");
        give(&scene.log("theirs/x.log"));
        scene.write("good/x.log", "line\n");
        scene.configure(&format!("@ROOT@/log/*/x.log {{\n rotate 2\n {method}\n}}\n"));
        // All owners but root are `nobody` there, and root has no rights over what is theirs.
        let words = ["-U", "-r", ours().to_str().unwrap(), "-f", "-s", "status", "conf"].map(str::to_owned);
        let run = Run::of(
            &shell(&scene.root, "unshare", &words.each_ref().map(String::as_str))
                .output()
                .unwrap(),
        );
        assert_eq!(run.status, Some(1), "{method}: {}", run.said);
        assert!(
            scene.log("good/x.log.1").exists() || scene.log("good/x.log.1.gz").exists(),
            "{method}: {}",
            run.said
        );
        assert_eq!(scene.read("theirs/x.log"), "line\n", "{method}: {}", run.said);
        assert_eq!(fs::read_dir(scene.log("theirs")).unwrap().count(), 1, "{method}");
    }
}

/// Text that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut seed = 88_172_645_463_325_252_u64;
    let next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}
