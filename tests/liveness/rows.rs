//! P12: logs of one name that share an `olddir` share a row of archives, and are all rotated, one after the other.

use std::fs;
use std::process::{Child, Command};

use crate::edges::Scene;

/// Three directories with a log of the same name, and one for all archives.
fn scene(name: &str, directives: &str) -> Scene {
    let scene = Scene::new(name);
    fs::create_dir(scene.log("old")).unwrap();
    for directory in ["a", "b", "c"] {
        fs::create_dir(scene.log(directory)).unwrap();
    }
    scene.configure(&format!(
        "@ROOT@/log/?/x.log {{\n rotate 9\n olddir @ROOT@/log/old\n{directives}}}\n"
    ));
    scene
}

fn rotate(scene: &Scene, round: u32) {
    for directory in ["a", "b", "c"] {
        scene.write(&format!("{directory}/x.log"), &format!("{directory}{round}\n"));
    }
    scene.run(&["-f"]).went_well();
}

/// Returns what the archives hold, the newest first.
fn archives(scene: &Scene) -> Vec<String> {
    let names = (1..=9).flat_map(|number| [format!("old/x.log.{number}"), format!("old/x.log.{number}.gz")]);
    let texts = names.filter(|name| scene.log(name).exists()).map(|name| {
        let output = Command::new("gzip")
            .args(["-dcf"])
            .arg(scene.log(&name))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    });
    texts.collect()
}

#[test]
fn p12_logs_that_share_a_row_are_all_rotated_and_all_compressed() {
    for (name, directives) in [
        ("plain", ""),
        ("compress", " compress\n"),
        ("shared", " compress\n sharedscripts\n postrotate\n  true\n endscript\n"),
        ("copy", " compress\n copytruncate\n"),
    ] {
        let scene = scene(&format!("liveness-row-{name}"), directives);
        rotate(&scene, 1);
        assert_eq!(archives(&scene), ["c1", "b1", "a1"], "{name}");
        rotate(&scene, 2);
        assert_eq!(archives(&scene), ["c2", "b2", "a2", "c1", "b1", "a1"], "{name}");
    }
}

/// A program that has a file open for writing.
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn p12_an_archive_of_a_shared_row_that_is_still_written_stops_no_other_log_and_is_compressed_later() {
    let scene = scene("liveness-row-busy", " compress\n");
    rotate(&scene, 1);
    scene.write("a/x.log", "a2\n");
    let file = fs::OpenOptions::new().append(true).open(scene.log("a/x.log")).unwrap();
    let holder = Holder(Command::new("sleep").arg("1000").stdout(file).spawn().unwrap());
    for directory in ["b", "c"] {
        scene.write(&format!("{directory}/x.log"), &format!("{directory}2\n"));
    }
    scene.run(&["-f"]).went_well();
    assert_eq!(archives(&scene), ["c2", "b2", "a2", "c1", "b1", "a1"]);
    assert_eq!(
        scene.read("old/x.log.3"),
        "a2\n",
        "it is plain as long as it is written"
    );
    drop(holder);
    rotate(&scene, 3);
    assert_eq!(archives(&scene), ["c3", "b3", "a3", "c2", "b2", "a2", "c1", "b1", "a1"]);
    assert!(scene.log("old/x.log.6.gz").exists(), "it is compressed now");
}
