//! What alerts are made of: each thing that should wake somebody shows in the metrics, and the rules beside the service fire on it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::super::support::{need, project};
use super::Scene;

/// A stanza whose script fails, by the words for it.
fn failing(script: &str, shared: &str) -> String {
    format!("@ROOT@/log/a.log {{\n {shared}\n size 1\n rotate 3\n {script}\n  exit 3\n endscript\n}}\n")
}

/// Runs, and returns the metrics' lines that are no comments.
fn figures(scene: &Scene) -> Vec<String> {
    scene.run(&["--metrics", "m.prom"]);
    told(scene)
}

fn told(scene: &Scene) -> Vec<String> {
    let text = fs::read_to_string(scene.root.join("m.prom")).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(str::to_owned).collect()
}

/// Asserts that this sample is there, once.
fn has(scene: &Scene, figures: &[String], sample: &str) {
    let wanted = scene.fill(sample);
    let count = figures.iter().filter(|line| **line == wanted).count();
    assert_eq!(count, 1, "{wanted}\n{figures:#?}");
}

#[test]
fn that_no_run_ever_went_well_shows_from_the_first_run_on() {
    let scene = Scene::new("watched-never");
    scene.configure("@ROOT@/log/none.log {\n rotate 1\n}\n");
    has(&scene, &figures(&scene), "logrotate_last_success_timestamp_seconds 0");
}

#[test]
fn each_script_that_fails_shows_with_its_stanza() {
    for script in ["firstaction", "prerotate", "postrotate", "lastaction"] {
        for shared in ["sharedscripts", "nosharedscripts"] {
            let scene = Scene::new("watched-scripts");
            scene.write("a.log", "text\n");
            scene.configure(&failing(script, shared));
            let sample =
                format!("logrotate_failed_scripts{{file=\"conf\",pattern=\"@ROOT@/log/a.log\",script=\"{script}\"}} 1");
            has(&scene, &figures(&scene), &sample);
        }
    }
}

#[test]
fn a_stanza_that_is_left_out_shows_with_its_file() {
    let scene = Scene::new("watched-left-out");
    scene.write("a.log", "text\n");
    fs::create_dir(scene.root.join("d")).unwrap();
    let good = scene.fill("@ROOT@/log/a.log {\n size 1\n rotate 1\n}\n");
    let bad = scene.fill("@ROOT@/log/b.log {\n rotate many\n}\n@ROOT@/log/c.log {\n create 9999\n}\n");
    fs::write(scene.root.join("d/app"), good + &bad).unwrap();
    scene.configure("include @ROOT@/d\n");
    let figures = figures(&scene);
    has(
        &scene,
        &figures,
        "logrotate_configuration_errors{file=\"@ROOT@/d/app\"} 2",
    );
    has(
        &scene,
        &figures,
        "logrotate_rotated_logs{file=\"@ROOT@/d/app\",pattern=\"@ROOT@/log/a.log\"} 1",
    );
}

#[test]
fn a_configuration_that_is_not_there_shows_by_its_name() {
    let scene = Scene::new("watched-no-file");
    scene.configure("include @ROOT@/nowhere\n");
    has(
        &scene,
        &figures(&scene),
        "logrotate_configuration_errors{file=\"conf\"} 1",
    );
    fs::remove_file(scene.root.join("conf")).unwrap();
    has(
        &scene,
        &figures(&scene),
        "logrotate_configuration_errors{file=\"conf\"} 1",
    );
}

#[test]
fn a_run_that_ends_at_the_lock_shows_and_keeps_what_is_known_of_the_stanzas() {
    let scene = Scene::new("watched-lock");
    scene.write("a.log", "text\n");
    scene.configure(&failing("postrotate", ""));
    let before = figures(&scene);
    let held = fs::File::open(scene.root.join("status")).unwrap();
    held.lock().unwrap();
    let run = scene.run(&["--metrics", "m.prom"]);
    assert_eq!(run.status, Some(3), "{}", run.said);
    let after = told(&scene);
    has(&scene, &after, "logrotate_last_run_exit_status 3");
    let of_stanzas = |figures: &[String]| -> Vec<String> {
        let kept = figures.iter().filter(|line| line.contains("pattern="));
        kept.cloned().collect()
    };
    assert!(!of_stanzas(&before).is_empty());
    assert_eq!(of_stanzas(&before), of_stanzas(&after));
}

#[test]
fn a_line_above_a_stanza_makes_no_other_series() {
    let scene = Scene::new("watched-labels");
    scene.write("a.log", "text\n");
    let stanza = "@ROOT@/log/a.log {\n size 100\n rotate 3\n}\n";
    let names = |configuration: String| -> BTreeSet<String> {
        scene.configure(&configuration);
        let names = figures(&scene).into_iter();
        names.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    };
    let before = names(stanza.to_owned());
    assert!(before.iter().any(|name| name.contains("pattern=")));
    assert_eq!(before, names(format!("# a comment\n\n{stanza}")));
}

#[test]
fn stanzas_with_the_same_labels_make_one_series() {
    let scene = Scene::new("watched-twice");
    scene.write("a.log", "text\n");
    let stanza = "@ROOT@/log/*.log {\n ignoreduplicates\n size 1\n rotate 3\n}\n";
    scene.configure(&format!("{stanza}{stanza}"));
    let figures = figures(&scene);
    let labels = "{file=\"conf\",pattern=\"@ROOT@/log/*.log\"}";
    has(&scene, &figures, &format!("logrotate_rotated_logs{labels} 1"));
    has(&scene, &figures, &format!("logrotate_archive_files{labels} 1"));
    let series: BTreeSet<_> = figures.iter().map(|line| line.rsplit_once(' ').unwrap().0).collect();
    assert_eq!(series.len(), figures.len(), "{figures:#?}");
}

#[test]
fn when_the_first_of_a_stanza_s_logs_is_due_is_told_where_that_is_a_matter_of_time() {
    let scene = Scene::new("watched-next");
    scene.write("a.log", "text\n");
    scene.write("b.log", "text\n");
    scene.configure("@ROOT@/log/a.log {\n yearly\n rotate 3\n}\n@ROOT@/log/b.log {\n size 1M\n rotate 3\n}\n");
    let figures = figures(&scene);
    let value = |name: &str| -> Option<u64> {
        let line = figures.iter().find(|line| line.starts_with(name))?;
        line.rsplit_once(' ').unwrap().1.parse().ok()
    };
    let of = |log: &str| {
        value(&scene.fill(&format!(
            "logrotate_next_due_timestamp_seconds{{file=\"conf\",pattern=\"@ROOT@/log/{log}\"}}"
        )))
    };
    let began = value("logrotate_last_run_timestamp_seconds ").unwrap();
    let due = of("a.log").unwrap();
    assert!((began + 1..=began + 366 * 86400).contains(&due), "{due}");
    assert_eq!(of("b.log"), None);
}

#[test]
fn each_rule_fires_when_it_should_and_not_before() {
    if !need("promtool") {
        return;
    }
    let rules = project().join("systemd/prometheus");
    let tried = Command::new("promtool")
        .args(["test", "rules", "logrotate.rules.test.yml"])
        .current_dir(&rules)
        .output()
        .unwrap();
    assert!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stdout));
    let text = fs::read_to_string(rules.join("logrotate.rules.yml")).unwrap();
    let tests = fs::read_to_string(rules.join("logrotate.rules.test.yml")).unwrap();
    for alert in text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        let wanted = format!("        alertname: {alert}\n        exp_alerts:\n");
        assert!(tests.contains(&wanted), "nothing shows that {alert} fires");
    }
}
