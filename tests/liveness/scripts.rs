//! P11: scripts see what they saw. What came before a script is finished when it runs.

use crate::edges::Scene;

#[test]
fn p11_a_script_finds_the_archives_of_earlier_logs_and_stanzas_compressed() {
    let scene = Scene::new("liveness-scripts");
    for name in ["a.log", "b.log", "c.log"] {
        // Large enough that its compression takes longer than a script's start.
        scene.write(name, &"a line of some length, which is not alike\n".repeat(200_000));
    }
    let ships =
        "for f in @ROOT@/log/*.1 @ROOT@/log/*.1.gz; do [ ! -e $f ] || echo ${f##*/}; done >@ROOT@/seen.$(basename $1)";
    scene.configure(&format!(
        "@ROOT@/log/a.log {{\n rotate 2\n compress\n}}\n\
         @ROOT@/log/[bc].log {{\n rotate 2\n compress\n prerotate\n {ships}\n endscript\n}}\n"
    ));
    scene.run(&["-f"]).went_well();
    let seen = |log: &str| std::fs::read_to_string(scene.root.join(format!("seen.{log}"))).unwrap();
    assert_eq!(seen("b.log"), "a.log.1.gz\n");
    assert_eq!(seen("c.log"), "a.log.1.gz\nb.log.1.gz\n");
}

#[test]
fn p11_a_script_may_take_an_earlier_archive_away() {
    let scene = Scene::new("liveness-scripts-move");
    std::fs::create_dir(scene.log("shipped")).unwrap();
    scene.write("a.log", &"line\n".repeat(2_000_000));
    scene.write("b.log", "line\n");
    scene.configure(
        "@ROOT@/log/a.log {\n rotate 2\n compress\n}\n\
         @ROOT@/log/b.log {\n rotate 2\n postrotate\n mv @ROOT@/log/a.log.1* @ROOT@/log/shipped\n endscript\n}\n",
    );
    scene.run(&["-f"]).went_well();
    assert!(scene.log("shipped/a.log.1.gz").exists());
    assert!(!scene.log("a.log.1").exists() && !scene.log("a.log.1.gz").exists());
}
