//! What a run warns of though it does as it was told: a forced rotation that keeps nothing, a pattern that names no log.

use std::fs;

use super::Scene;

/// A stanza with what is given, as a drop-in is: the main file would say how many archives stay.
fn scene(name: &str, more: &str) -> Scene {
    let scene = Scene::new(name);
    scene.write("app.log", "a line\n");
    scene.configure(&format!("@ROOT@/log/app.log {{\n monthly\n{more}}}\n"));
    scene
}

const DELETED: &str = "warning: no rotate holds for ";

#[test]
fn a_forced_run_warns_of_a_log_that_is_deleted_for_want_of_rotate() {
    for (number, (more, warns)) in [
        ("", true),
        ("copytruncate\n", true),
        ("create\n", true),
        ("rotate 0\n", false),
        ("rotate 1\n", false),
        ("rotate -1\n", false),
        ("mail root\n", false),
        ("copy\n", false),
    ]
    .into_iter()
    .enumerate()
    {
        let scene = scene(&format!("warned-{number}"), more);
        for options in [&["-d", "-f"][..], &["-f", "-m", "/bin/true"]] {
            let run = scene.run(options);
            assert_eq!(run.said.contains(DELETED), warns, "{more}{options:?}: {}", run.said);
            assert_eq!(run.status, Some(0), "it does as it was told: {}", run.said);
        }
        assert!(
            !scene.run(&["-d"]).said.contains(DELETED),
            "what is due by itself is no news"
        );
    }
}

#[test]
fn an_empty_log_has_nothing_to_lose() {
    let scene = scene("warned-empty", "");
    scene.write("app.log", "");
    assert!(!scene.run(&["-f"]).said.contains(DELETED));
}

#[test]
fn a_pattern_of_only_that_names_no_log_is_told() {
    let scene = scene("warned-only", "rotate 1\n");
    let (log, other) = (scene.fill("@ROOT@/log/app*"), scene.fill("@ROOT@/log/*.lgo"));
    let run = scene.run(&["-d", "--only", &log, "--only", &other]);
    let warning = format!("warning: --only {other}: no log of the configuration matches\n");
    assert!(run.said.contains(&warning), "{}", run.said);
    assert_eq!(
        run.said.matches("no log of the configuration").count(),
        1,
        "{}",
        run.said
    );
    assert_eq!(run.status, Some(0));
    let run = scene.run(&["--prune", "--only", &other]);
    assert!(
        !run.said.contains("no log of the configuration"),
        "the log may be gone: {}",
        run.said
    );
}

#[test]
fn the_sum_counts_no_bytes_of_a_log_of_which_nothing_is_left() {
    for (number, more) in ["rotate 0\n", "rotate 0\ncopytruncate\n", "rotate 0\ncompress\n"]
        .into_iter()
        .enumerate()
    {
        let scene = scene(&format!("warned-sums-{number}"), more);
        let run = scene.run(&["-f"]);
        let last = run.went_well().said.lines().last().unwrap().to_owned();
        assert!(
            last.starts_with("1 rotated, 0 failed, 0 not due; 7 before, 0 after; "),
            "{more}{last}"
        );
    }
}

#[test]
fn a_size_in_bytes_is_told_once_and_a_file_that_is_used_is_not_skipped() {
    let scene = scene("warned-views", "rotate 1\n");
    let log = scene.log("app.log");
    let said = |options: &[&str]| {
        let output = scene.command(&super::ours(), options).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let text = said(&["--explain", log.to_str().unwrap()]);
    assert!(
        text.contains(" 7 bytes, no rotation is known") && !text.contains("(7 bytes)"),
        "{text}"
    );
    fs::create_dir(scene.root.join("d")).unwrap();
    let broken = scene.fill("@ROOT@/log/b.log {\n rotate x\n}\n@ROOT@/log/app.log {\n rotate 1\n}\n");
    fs::write(scene.root.join("d/app"), broken).unwrap();
    scene.configure("include @ROOT@/d\n");
    let text = said(&["--status"]);
    assert!(
        text.contains("log/app.log") && text.contains("bad rotation count 'x'"),
        "{text}"
    );
    assert!(!text.contains("found error in file"), "{text}");
}
