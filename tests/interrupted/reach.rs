//! What a dead run left of a log that is out of reach for a while: it is finished when the log is within reach again.

use std::fs;
use std::os::unix::fs::symlink;

use crate::edges::Scene;

#[test]
fn what_a_dead_run_left_is_kept_while_its_directory_is_out_of_reach_and_finished_afterwards() {
    let scene = Scene::new("interrupted-reach");
    scene.write("a.log", "first\n");
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 3\n create\n compress\n postrotate\n  \
         test -e @ROOT@/told || { touch @ROOT@/told; kill -KILL $PPID; }\n endscript\n}\n",
    );
    scene.run(&["-f"]);
    assert_eq!(scene.read("a.log.1"), "first\n", "it died before it was compressed");
    let (here, away) = (scene.root.join("log"), scene.root.join("away"));
    fs::rename(&here, &away).unwrap();
    symlink("log", &here).unwrap();
    let run = scene.run(&[]);
    assert_eq!(run.status, Some(1), "{}", run.said);
    fs::remove_file(&here).unwrap();
    fs::rename(&away, &here).unwrap();
    scene.run(&[]).went_well();
    assert!(scene.log("a.log.1.gz").exists() && !scene.log("a.log.1").exists());
}
