//! Rights that are lent for the work on a log: each log has those that are its own, and nothing is reached or made with another's.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};

use super::super::support::need_root;
use super::Scene;
use super::rights::{READERS, USER, scene};

#[test]
fn under_su_owner_each_log_of_a_stanza_is_handled_with_the_rights_of_its_own_directory_s_owner() {
    if !need_root() {
        return;
    }
    for (name, scripts) in [("each", ""), ("shared", "sharedscripts\n postrotate\n :\n endscript")] {
        let scene = Scene::new(&format!("su-owners-{name}"));
        let owners = [("one", USER), ("two", READERS)];
        for (user, id) in owners {
            let log = format!("{user}/app.log");
            fs::create_dir(scene.log(user)).unwrap();
            scene.write(&log, "text\n");
            for path in [scene.log(user), scene.log(&log)] {
                chown(path, Some(id), Some(id)).unwrap();
            }
            fs::set_permissions(scene.log(user), fs::Permissions::from_mode(0o700)).unwrap();
        }
        scene.configure(&format!(
            "@ROOT@/log/one/app.log @ROOT@/log/two/app.log {{\n size 1\n rotate 2\n su owner\n create\n compress\n {scripts}\n}}\n"
        ));
        scene.run(&[]).went_well();
        for (user, id) in owners {
            for file in ["app.log", "app.log.1.gz"] {
                let facts = fs::metadata(scene.log(&format!("{user}/{file}"))).unwrap();
                assert_eq!(facts.uid(), id, "{name}: {user}/{file}");
            }
        }
    }
}

#[test]
fn a_directory_that_was_opened_with_other_rights_is_reached_anew() {
    if !need_root() {
        return;
    }
    // Root may enter what is closed; what a user's link leads to is for that user alone.
    for (name, first, second, says) in [
        ("entering", "", "su :61234 :61234", "Permission denied"),
        ("leaving", "su :61234 :61234", "", "insecure"),
    ] {
        let scene = Scene::new(&format!("su-anew-{name}"));
        fs::create_dir_all(scene.log("closed/dir")).unwrap();
        for log in ["a.log", "b.log"] {
            scene.write(&format!("closed/dir/{log}"), "text\n");
            chown(scene.log(&format!("closed/dir/{log}")), Some(USER), Some(USER)).unwrap();
        }
        let is_entering = name == "entering";
        let (closed, links, theirs) = if is_entering {
            (0o700, 0, USER)
        } else {
            (0o755, USER, READERS)
        };
        chown(scene.log("closed/dir"), Some(theirs), Some(theirs)).unwrap();
        fs::set_permissions(scene.log("closed"), fs::Permissions::from_mode(closed)).unwrap();
        symlink(scene.log("closed/dir"), scene.log("link")).unwrap();
        lchown(scene.log("link"), Some(links), Some(links)).unwrap();
        scene.configure(&format!(
            "size 1\nrotate 2\n@ROOT@/log/link/a.log {{\n {first}\n}}\n@ROOT@/log/link/b.log {{\n {second}\n}}\n"
        ));
        let run = scene.run(&[]);
        assert_eq!(
            scene.log("closed/dir/a.log.1").exists(),
            is_entering,
            "{name}: {}",
            run.said
        );
        assert_eq!(run.status, Some(1), "{name}: {}", run.said);
        assert!(run.said.contains(says), "{name}: {}", run.said);
        assert_eq!(scene.read("closed/dir/b.log"), "text\n", "{name}: {}", run.said);
    }
}

#[test]
fn under_su_what_may_not_be_overwritten_is_not_compressed() {
    if !need_root() {
        return;
    }
    let scene = scene("su-shred");
    chown(scene.root.join("log"), Some(USER), Some(USER)).unwrap();
    scene.write("app.log", "today\n");
    scene.write("app.log.1", "yesterday\n");
    chown(scene.log("app.log"), Some(USER), Some(USER)).unwrap();
    // Whoever has the directory may read this archive, rename and remove it, and not write to it.
    scene.configure(
        "@ROOT@/log/app.log {\n size 1\n rotate 3\n su :61234 :61234\n create\n shred\n compress\n delaycompress\n}\n",
    );
    let run = scene.run(&[]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    assert_eq!(scene.read("app.log.2"), "yesterday\n", "{}", run.said);
    assert_eq!(
        scene.list(),
        [b"app.log".as_slice(), b"app.log.1", b"app.log.2"],
        "{}",
        run.said
    );
}

#[test]
fn a_new_log_has_none_of_the_old_one_s_special_bits() {
    if !need_root() {
        return;
    }
    for (name, directives) in [("plain", "create"), ("owner", "create root root")] {
        let scene = Scene::new(&format!("special-bits-{name}"));
        scene.write("app.log", "text\n");
        fs::set_permissions(scene.log("app.log"), fs::Permissions::from_mode(0o6751)).unwrap();
        scene.configure(&format!(
            "@ROOT@/log/app.log {{\n size 1\n rotate 1\n {directives}\n}}\n"
        ));
        scene.run(&[]).went_well();
        let mode = fs::metadata(scene.log("app.log")).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o751, "{name}");
    }
}
