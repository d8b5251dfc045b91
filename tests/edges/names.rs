//! Names of logs: bytes, of any kind and of any length that the system takes.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, mkdirat};

use super::Scene;

/// The system takes no longer name.
const LONGEST: usize = 255;

/// Names that text formats, shells and patterns trip over.
const ODD: [&[u8]; 12] = [
    b"two words.log",
    b"it's \"quoted\".log",
    b"back\\slash.log",
    b"line\nend.log",
    b"tab\tand\rreturn.log",
    b"st*r[a-z]?.log",
    b"\xff\xfe not UTF-8 \xc3.log",
    b"\x1b]0;title\x07\x1b[31m.log",
    b"{braces} # and $HOME `id`.log",
    "日本語 ログ.log".as_bytes(),
    b"-rf.log",
    b" blank at both ends .log",
];

#[test]
fn logs_with_the_oddest_names_are_rotated_and_remembered() {
    let scene = Scene::new("odd-names");
    for name in ODD {
        fs::write(scene.root.join("log").join(OsStr::from_bytes(name)), "one\n").unwrap();
    }
    scene.configure(
        "@ROOT@/log/*.log {\n size 1\n rotate 3\n create\n postrotate\n  printf '%s' \"$1\" | cksum >>@ROOT@/told\n endscript\n}\n",
    );
    scene.run(&[]).went_well();
    for name in ODD {
        fs::write(scene.root.join("log").join(OsStr::from_bytes(name)), "two\n").unwrap();
    }
    let run = scene.run(&[]);
    run.went_well();
    for name in ODD {
        let read = |suffix: &[u8]| {
            let name = [name, suffix].concat();
            fs::read_to_string(scene.root.join("log").join(OsStr::from_bytes(&name))).unwrap_or_default()
        };
        assert_eq!(
            (read(b"").as_str(), read(b".1").as_str(), read(b".2").as_str()),
            ("", "two\n", "one\n"),
            "{}",
            name.escape_ascii()
        );
    }
    assert_eq!(scene.list().len(), 3 * ODD.len(), "nothing else is left");
    assert_eq!(
        fs::read_to_string(scene.root.join("told")).unwrap().lines().count(),
        2 * ODD.len()
    );
    // Read back from the state, each is known: none is entered a second time, and a daily run finds none due.
    scene.configure("@ROOT@/log/*.log {\n daily\n rotate 3\n create\n}\n");
    let run = scene.run(&[]);
    run.went_well();
    assert!(!run.said.contains("log needs rotating"), "{}", run.said);
    assert!(!run.said.contains("Creating new state"), "{}", run.said);
}

#[test]
fn no_control_character_of_a_name_reaches_the_messages() {
    let scene = Scene::new("control-characters");
    for name in ODD {
        fs::write(scene.root.join("log").join(OsStr::from_bytes(name)), "one\n").unwrap();
    }
    // A broken compressor makes it speak of each in an error, too.
    scene.configure("@ROOT@/log/*.log {\n size 1\n rotate 3\n compress\n compresscmd @ROOT@/none\n}\n");
    let run = scene.run(&["--log", "messages"]);
    assert_eq!(run.status, Some(1));
    for text in [run.said.into_bytes(), fs::read(scene.root.join("messages")).unwrap()] {
        let control = text
            .iter()
            .find(|byte| byte.is_ascii_control() && **byte != b'\n' && **byte != b'\t');
        assert_eq!(control, None, "{}", text.escape_ascii());
        let text = String::from_utf8(text).expect("UTF-8");
        assert!(text.contains("\\u{1b}]0;title"), "it is shown escaped: {text}");
        assert!(!text.contains("\nend.log"), "a line end would begin a line of its own");
    }
}

#[test]
fn names_may_be_as_long_as_the_system_takes() {
    let scene = Scene::new("long-names");
    // With their archives' suffixes they are exactly as long as can be.
    let (plain, packed) = ("p".repeat(LONGEST - 2), "c".repeat(LONGEST - 5));
    for (name, directives) in [
        (&plain, "create"),
        (&plain, "copytruncate"),
        (&packed, "compress"),
        (&plain, "copy"),
    ] {
        scene.write(name, "text\n");
        scene.configure(&format!(
            "@ROOT@/log/{name} {{\n size 1\n rotate 2\n {directives}\n}}\n"
        ));
        scene.run(&[]).went_well();
    }
    assert_eq!(scene.read(&format!("{plain}.2")), "text\n");
    assert!(scene.log(&format!("{packed}.1.gz")).is_file());
    // One that is too long for its archive is an error that costs nothing.
    let full = "f".repeat(LONGEST);
    scene.write(&full, "text\n");
    scene.write("next", "text\n");
    scene.configure(&format!(
        "@ROOT@/log/{full} @ROOT@/log/next {{\n size 1\n rotate 2\n}}\n"
    ));
    let run = scene.run(&[]);
    assert_eq!(run.status, Some(1));
    assert!(run.said.contains("File name too long"), "{}", run.said);
    assert_eq!(
        (scene.read(&full).as_str(), scene.read("next.1").as_str()),
        ("text\n", "text\n")
    );
}

#[test]
fn what_is_in_the_way_of_a_very_long_name_is_moved_aside_under_a_shorter_one() {
    let scene = Scene::new("long-backup");
    let name = "b".repeat(LONGEST - 5);
    scene.write(&name, "new\n");
    scene.configure(&format!(
        "@ROOT@/log/{name} {{\n size 1\n rotate 2\n compress\n postrotate\n  echo mine >\"$1\".1.gz\n endscript\n}}\n"
    ));
    scene.run(&[]).went_well();
    assert!(scene.log(&format!("{name}.1.gz")).is_file());
    let texts: Vec<String> = scene
        .list()
        .iter()
        .map(|name| scene.read(OsStr::from_bytes(name).to_str().unwrap()))
        .collect();
    assert!(
        texts.iter().any(|text| text == "mine\n"),
        "what was in the way is kept: {:?}",
        scene.list()
    );
}

#[test]
fn paths_may_be_as_long_as_the_system_takes_and_longer() {
    for (target, works) in [(4000, true), (4090, true), (6000, false)] {
        let scene = Scene::new("long-paths");
        let (deep, depth) = dig(&scene, target);
        scene.write("beside", "text\n");
        // A word of the configuration is never as long as that, but what it stands for may be.
        let word = format!("@ROOT@/deep{}/a.log", "/*".repeat(depth));
        let directives = "size 1\n rotate 2\n create\n compress\n delaycompress\n";
        scene.configure(&format!("{word} @ROOT@/log/beside {{\n {directives}}}\n"));
        let run = scene.run(&[]);
        assert_eq!(
            scene.read("beside.1"),
            "text\n",
            "the next log is rotated: {}",
            run.said
        );
        if works {
            run.went_well();
            assert_eq!(fs::read_to_string(deep.join("a.log.1")).unwrap(), "text\n");
            assert!(
                fs::read(scene.root.join("status")).unwrap().len() > target,
                "it is remembered"
            );
        }
    }
}

/// Makes directories below the tree until the path of `a.log.1.gz` in them has this length, and a log there; answers the
/// path of the last one and how many there are.
fn dig(scene: &Scene, target: usize) -> (PathBuf, usize) {
    let mut path = scene.root.join("deep");
    fs::create_dir(&path).unwrap();
    let open = |from: &fs::File, name: &str| {
        mkdirat(from, name, Mode::S_IRWXU).unwrap();
        let how = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        fs::File::from(openat(from, name, how, Mode::empty()).unwrap())
    };
    let mut here = fs::File::open(&path).unwrap();
    let mut depth = 0;
    loop {
        let left = target.saturating_sub(path.as_os_str().len() + "/a.log.1.gz".len());
        if left < 2 {
            break;
        }
        let name = "d".repeat((left - 1).min(200));
        here = open(&here, &name);
        path.push(&name);
        depth += 1;
    }
    let log = openat(
        &here,
        "a.log",
        OFlag::O_CREAT | OFlag::O_WRONLY | OFlag::O_CLOEXEC,
        Mode::S_IRUSR | Mode::S_IWUSR,
    )
    .unwrap();
    nix::unistd::write(log, b"text\n").unwrap();
    (path, depth)
}
