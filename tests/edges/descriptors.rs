//! What the children of a run find open: the three that everybody has, descriptor 3 where a message file is, nothing else.

use std::fs;

use super::super::support::shell;
use super::Scene;

/// Lists its own descriptors into a file, then does a compressor's work.
const PACKER: &str = "#!/bin/sh\nls /proc/$$/fd >@ROOT@/packer.fds\nexec gzip\n";
/// The same for an uncompressor and a mail program.
const LISTENER: &str = "#!/bin/sh\nls /proc/$$/fd >@ROOT@/$(basename \"$0\").fds\nexec cat\n";

fn scene(name: &str) -> Scene {
    let scene = Scene::new(name);
    for (program, text) in [("packer", PACKER), ("unpacker", LISTENER), ("mailer", LISTENER)] {
        let path = scene.root.join(program);
        fs::write(&path, scene.fill(text)).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, mode).unwrap();
    }
    scene.write("app.log", "text\n");
    scene.write("app.log.1.gz", "old\n");
    scene.configure(
        "@ROOT@/log/app.log {
            size 1
            rotate 1
            compress
            compresscmd @ROOT@/packer
            uncompresscmd @ROOT@/unpacker
            mail somebody
            prerotate
                # In a subshell: the shell would put its own output aside on another descriptor.
                (ls /proc/$$/fd >@ROOT@/script.fds)
            endscript
        }",
    );
    scene
}

/// Returns what a program of the tree finds open when it is run by itself, with an output that is not closed.
fn by_itself(scene: &Scene, program: &str) -> String {
    let path = scene.root.join(program);
    shell(&scene.root, path.to_str().unwrap(), &[]).output().unwrap();
    fs::read_to_string(scene.root.join(format!("{program}.fds"))).unwrap()
}

/// Returns what any child of these tests finds open: mostly 0, 1 and 2.
fn usual(scene: &Scene) -> Vec<String> {
    let output = shell(&scene.root, "/bin/sh", &["-c", "ls /proc/$$/fd; true"])
        .output()
        .unwrap();
    lines(&String::from_utf8(output.stdout).unwrap())
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn children_find_nothing_open_but_their_own_three() {
    let scene = scene("descriptors");
    let alone: Vec<String> = ["packer", "unpacker", "mailer"]
        .map(|program| by_itself(&scene, program))
        .into();
    scene.run(&["-m", &scene.fill("@ROOT@/mailer")]).went_well();
    let found = |who: &str| fs::read_to_string(scene.root.join(format!("{who}.fds"))).unwrap();
    assert_eq!(lines(&found("script")), usual(&scene));
    for (program, alone) in ["packer", "unpacker", "mailer"].iter().zip(alone) {
        assert_eq!(found(program), alone, "{program}");
    }
}

#[test]
fn scripts_find_the_message_file_on_descriptor_3_and_nothing_else() {
    let scene = scene("descriptor-3");
    scene
        .run(&["-m", &scene.fill("@ROOT@/mailer"), "-l", "messages"])
        .went_well();
    let mut wanted = usual(&scene);
    assert!(!wanted.contains(&"3".to_owned()), "3 is free");
    wanted.push("3".to_owned());
    wanted.sort();
    assert_eq!(
        lines(&fs::read_to_string(scene.root.join("script.fds")).unwrap()),
        wanted
    );
}
