//! What a refusal is told with: its cause, by name, and what helps against that cause.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::Command;

use super::super::support::{need, skip};
use super::rights::{USER, can_run, run, run_as_user, scene};
use super::{Run, Scene};

/// Asserts that a run failed and said this, `@` standing for the tree's directory of logs.
fn assert_advised(scene: &Scene, run: &Run, advice: &str) {
    let advice = advice.replace('@', scene.root.join("log").to_str().unwrap());
    assert!(run.said.contains(&advice), "{advice}\n{}", run.said);
    assert_eq!(run.status, Some(1), "{}", run.said);
}

#[test]
fn who_is_not_root_and_asks_for_su_is_told_that_only_root_can() {
    if !can_run() || !need("setpriv") {
        return;
    }
    let scene = scene("advice-su");
    scene.write("app.log", "text\n");
    scene.configure("@ROOT@/log/app.log {\n\tsize 1\n\trotate 1\n\tsu root root\n}\n");
    let run = Run::of(&run_as_user(&scene, "", &["-s", "open/status", "conf"]));
    assert_advised(
        &scene,
        &run,
        "; only root can do what su asks for: let root start logrotate, or remove su",
    );
}

#[test]
fn who_may_not_write_to_the_directory_is_told_whose_it_is() {
    if !can_run() || !need("setpriv") {
        return;
    }
    let scene = scene("advice-directory");
    scene.write("app.log", "text\n");
    scene.configure("@ROOT@/log/app.log {\n\tsize 1\n\trotate 1\n}\n");
    let run = Run::of(&run_as_user(&scene, "", &["-s", "open/status", "conf"]));
    let advice = "; @ belongs to root, mode 0755: let 61234 write there, or a user who may start logrotate";
    assert_advised(&scene, &run, advice);
}

#[test]
fn under_su_the_owner_of_the_archive_and_of_the_directory_are_told() {
    if !can_run() {
        return;
    }
    let scene = scene("advice-owner");
    scene.write("app.log", "text\n");
    chown(scene.log("app.log"), Some(USER), Some(USER)).unwrap();
    scene.configure("@ROOT@/log/app.log {\n\tsize 1\n\trotate 2\n\tcompress\n\tsu thrown thrown\n}\n");
    let advice =
        "; @ belongs to root, mode 0755: let thrown write there, or name a user who may with \"su USER GROUP\"";
    assert_advised(&scene, &run(&scene, &[]), advice);
    scene.write("app.log.1", "old\n");
    fs::set_permissions(scene.log("app.log.1"), fs::Permissions::from_mode(0o600)).unwrap();
    chown(scene.root.join("log"), Some(USER), Some(USER)).unwrap();
    let advice = "; @/app.log.1 belongs to root, mode 0600: \"chown thrown @/app.log.1\" lets thrown at it";
    assert_advised(&scene, &run(&scene, &[]), advice);
}

#[test]
fn a_directory_that_su_may_not_make_is_to_be_made_beforehand() {
    if !can_run() {
        return;
    }
    let scene = scene("advice-olddir");
    scene.write("app.log", "text\n");
    scene
        .configure("@ROOT@/log/app.log {\n\tsize 1\n\trotate 2\n\tolddir old\n\tcreateolddir\n\tsu thrown thrown\n}\n");
    let advice = "; @ belongs to root, mode 0755: make @/old beforehand, and give it to thrown";
    assert_advised(&scene, &run(&scene, &[]), advice);
}

#[test]
fn in_a_sticky_directory_the_owner_of_the_file_is_told() {
    if !can_run() {
        return;
    }
    let scene = scene("advice-sticky");
    scene.write("app.log", "text\n");
    fs::set_permissions(scene.root.join("log"), fs::Permissions::from_mode(0o1777)).unwrap();
    scene.configure("@ROOT@/log/app.log {\n\tsize 1\n\trotate 2\n\tsu thrown thrown\n}\n");
    let advice =
        "; the directory is sticky and @/app.log belongs to root: \"chown thrown @/app.log\" makes it thrown's";
    assert_advised(&scene, &run(&scene, &[]), advice);
}

#[test]
fn an_attribute_that_forbids_it_is_named_with_the_command_that_takes_it_away() {
    if !can_run() || !need("chattr") {
        return;
    }
    for (attribute, name, advice) in [
        (
            "+a",
            "app.log",
            "; @/app.log is append-only: \"chattr -a @/app.log\" takes that away",
        ),
        ("+i", "", "; @ is immutable: \"chattr -i @\" takes that away"),
    ] {
        let scene = scene("advice-attribute");
        scene.write("app.log", "text\n");
        scene.configure("@ROOT@/log/app.log {\n\tsize 1\n\trotate 2\n}\n");
        let (set, unset) = (attribute, attribute.replace('+', "-"));
        let at = scene.log(name);
        let chattr = |how: &str| Command::new("chattr").arg(how).arg(&at).status().unwrap().success();
        if !chattr(set) {
            skip("a file system with attributes");
            return;
        }
        let run = run(&scene, &[]);
        chattr(&unset);
        assert_advised(&scene, &run, advice);
    }
}

#[test]
fn a_program_that_is_missing_is_told_with_the_archive_and_the_line_of_its_stanza() {
    let scene = Scene::new("advice-program");
    scene.write("app.log", "text\n");
    scene.configure(
        "weekly\n@ROOT@/log/app.log {\n\tsize 1\n\trotate 2\n\tcompress\n\tcompresscmd /no/such/packer\n}\n",
    );
    let advice = "failed to compress log @/app.log.1: child did not exit with status 0; \
                  install the program, or correct compresscmd (conf:2)";
    assert_advised(&scene, &scene.run(&[]), advice);
    let scene = Scene::new("advice-mailer");
    scene.write("app.log", "text\n");
    scene.configure("@ROOT@/log/app.log {\n\tsize 1\n\trotate 2\n\tmail root\n\tmailfirst\n}\n");
    let advice = "cannot mail @/app.log.1: cannot start /no/such/mailer: No such file or directory; \
                  install the program, or name another one (conf:1)";
    assert_advised(&scene, &scene.run(&["-m", "/no/such/mailer"]), advice);
}

#[test]
fn an_archive_that_a_script_took_away_before_it_was_compressed_is_told_with_the_way_out() {
    let scene = Scene::new("advice-taken");
    scene.write("app.log", "text\n");
    scene.configure(
        "@ROOT@/log/app.log {\n\tsize 1\n\trotate 2\n\tcompress\n\tpostrotate\n\t\tmv @ROOT@/log/app.log.1 @ROOT@/taken\n\tendscript\n}\n",
    );
    let advice = "; it is gone since it was made: if a script takes archives away, remove `compress`";
    assert_advised(&scene, &scene.run(&[]), advice);
}
