//! What is done to archives, and by whom: compression, another directory, scripts, mail.

use std::path::{Component, Path, PathBuf};

use super::super::super::case::{Directive, ROOT};
use super::super::super::random::Random;
use super::super::super::tree::{Kind, Node, Tree};
use super::super::Place;
use super::Stanza;

pub(super) fn compression(random: &mut Random, set: &mut Stanza) {
    if random.chance(12) {
        set.add(if random.chance(60) { "shred" } else { "shredcycles 2" });
    }
    if !random.chance(50) {
        if random.chance(8) {
            set.add("delaycompress");
        }
        return;
    }
    set.compressed = true;
    set.add("compress");
    if random.chance(35) {
        set.delayed = true;
        set.add("delaycompress");
    }
    match random.below(16) {
        0 => {
            set.add("compresscmd /usr/bin/xz");
            set.add("uncompresscmd /usr/bin/unxz");
        }
        1 => set.add("compresscmd /usr/bin/bzip2"),
        2 => set.add("compressext .zipped"),
        3 => set.add("compressoptions -9"),
        4 => set.add("compresscmd /bin/gzip"),
        5 => set.add(format!("compresscmd {ROOT}/bin/pack")),
        6 if random.chance(50) => set.add(format!("compresscmd {ROOT}/bin/packfails")),
        7 if random.chance(20) => set.add("compresscmd /nonexistent/pack"),
        8 => set.add("compressoptions -1 'a b'"),
        _ => {}
    }
}

pub(super) fn old_dir(random: &mut Random, set: &mut Stanza, tree: &mut Tree, place: &Place, begin: i64) {
    if !random.chance(18) {
        return;
    }
    let names = ["old", "./old", "sub/old", "../arch"];
    // The user of `su` cannot make a directory beside their own.
    let names = if place.owner == (0, 0) { &names[..] } else { &names[..3] };
    let name = *random.pick(names);
    let absolute = random.chance(25);
    let written = if absolute {
        format!("{ROOT}/{}/{name}", place.dir.display())
    } else {
        name.to_owned()
    };
    set.add(format!("olddir {written}"));
    let missing = random.chance(30);
    if (missing && (!place.last || random.chance(80))) || random.chance(20) {
        let ways = ["createolddir", "createolddir 0750", "createolddir 700 daemon daemon"];
        set.add(*random.pick(if place.owner == (0, 0) { &ways[..] } else { &ways[..2] }));
    }
    if !missing {
        set.archives = below(&place.dir, name);
        let mut node = Node::new(Kind::Dir, begin);
        node.owner = place.owner;
        tree.insert(set.archives.clone(), node);
    }
}

/// Follows a relative path in words.
fn below(dir: &Path, name: &str) -> PathBuf {
    let mut path = dir.to_owned();
    for part in Path::new(name).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::Normal(part) => path.push(part),
            _ => {}
        }
    }
    path
}

/// A script that writes down what it was given and what it sees, and then does this.
fn script(kind: &str, then: &str) -> Directive {
    format!(
        "{kind}\n  r=$(printf '%s\\n' {kind} \"$#\" \"$0\" \"$@\"; umask; pwd; id -u; \
         for f in \"$@\"; do test -e \"$f\" && echo there; done)\n  printf '%s\\n.\\n' \"$r\" >>{ROOT}/rec/scripts\n  {then}\n    endscript"
    )
}

pub(super) fn scripts(random: &mut Random, set: &mut Stanza) {
    if random.chance(25) {
        set.add("sharedscripts");
    }
    let deeds: [(&str, u64, &[&str]); 5] = [
        ("firstaction", 15, &["exit 1"]),
        (
            "prerotate",
            30,
            &[
                "exit 1",
                "case $1 in *b*) exit 2;; esac",
                "test -f \"$1\" && echo added >>\"$1\"; true",
                "kill -TERM $$",
            ],
        ),
        (
            "postrotate",
            45,
            &[
                "exit 1",
                "case $1 in *a*) exit 2;; esac",
                "chmod 604 \"$2\"",
                "rm -f \"$2\"",
                "test -f \"$2\" && echo late >>\"$2\"; true",
                "test $# = 2 && test ! -p \"$1\" && echo new >\"$1\"; true",
            ],
        ),
        (
            "preremove",
            12,
            &["exit 1", "case $1 in *2*) exit 1;; esac", "rm -f \"$1\""],
        ),
        ("lastaction", 15, &["exit 1"]),
    ];
    for (kind, percent, bad) in deeds {
        if random.chance(percent) {
            let then = if random.chance(18) { random.pick(bad) } else { "true" };
            set.add(script(kind, then));
        }
    }
}

pub(super) fn mail(random: &mut Random, set: &mut Stanza) {
    if !random.chance(14) {
        return;
    }
    set.add(*random.pick(&["mail root@localhost", "mail a,b@example.org"]));
    if random.chance(50) {
        set.add(*random.pick(&["mailfirst", "maillast"]));
    }
}
