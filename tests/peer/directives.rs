//! Random directives: what may stand in a stanza or before it, and what archives it leads to.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use chrono::{TimeZone, Utc};

use super::case::{Directive, ROOT};
use super::generate::Place;
use super::random::Random;
use super::tree::{Kind, Node, Tree};

/// The directives of a stanza, and what must be known of them to lay archives that it will find.
#[derive(Default)]
pub(crate) struct Stanza {
    pub(crate) directives: Vec<Directive>,
    /// Where the archives are, below the root.
    pub(crate) archives: PathBuf,
    pub(crate) compressed: bool,
    pub(crate) delayed: bool,
    pub(crate) suffix: OsString,
    dated: Option<&'static str>,
    start: i64,
    extension: Option<&'static str>,
}

/// Formats of `dateformat`, of what the peer's version 3.22 knows.
const FORMATS: [&str; 13] = [
    "-%Y%m%d",
    "-%Y%m%d%H",
    ".%Y-%m-%d",
    "-%Y%m%d-%s",
    "-%d%m%Y",
    "-%Y%m%d%H%M%S",
    "-%Y%m%d.%H%M",
    "-%Y-%m",
    ".%Y%m%d%z",
    "-%Y%V",
    "%Y%m%d",
    "-x%%Y%q",
    "-%s",
];

impl Stanza {
    /// The name of the archive that is `age` rotations old and was made at `at`.
    pub(crate) fn archive_name(&self, log: &[u8], age: i64, at: i64) -> Vec<u8> {
        let extension = self.extension.unwrap_or("").as_bytes();
        let base = log.strip_suffix(extension).unwrap_or(log);
        let tail = if base.len() < log.len() {
            extension
        } else {
            b"".as_slice()
        };
        let middle = match self.dated {
            Some(format) => {
                let plain = format.replace("%%", "%").replace("%q", "");
                let date = Utc.timestamp_opt(at, 0).single().expect("a date");
                if format == "-x%%Y%q" {
                    "-x%2027%q".to_owned()
                } else {
                    date.format(&plain).to_string()
                }
            }
            None => format!(".{}", self.start + age),
        };
        [base, middle.as_bytes(), tail].concat()
    }

    fn add(&mut self, directive: impl Into<Directive>) {
        self.directives.push(directive.into());
    }
}

/// Directives that stand before all stanzas.
pub(crate) fn globals(random: &mut Random) -> Vec<Directive> {
    let mut out = Vec::new();
    for _ in 0..=random.below(4) {
        let choice: &&str = random.pick(&[
            "compress",
            "dateext",
            "create",
            "missingok",
            "notifempty",
            "rotate 3",
            "weekly",
            "daily",
            "copytruncate",
            "delaycompress",
            "sharedscripts",
            "mail root@localhost",
            "maxage 5",
            "size 1k",
            "nocreate",
            "ifempty",
            "tabooext + .disabled",
            "taboopat + *9app",
            "start 0",
            "dateformat -%Y%m%d",
            "extension .log",
            "ignoreduplicates",
            "unknownword with words",
            "su root root",
            "rotate = 2",
            "maxsize 50k",
            "minsize 10",
            "mailfirst",
            "shred",
            "allowhardlink",
        ]);
        out.push((*choice).to_owned());
    }
    out
}

/// Directives for one stanza, and the directories that they ask for.
pub(crate) fn stanza(random: &mut Random, tree: &mut Tree, place: &Place, begin: i64, su: bool) -> Stanza {
    let mut set = Stanza {
        start: 1,
        archives: place.dir.clone(),
        suffix: OsString::from(".gz"),
        ..Stanza::default()
    };
    if su {
        set.add("su nobody nogroup");
    }
    criterion(random, &mut set);
    limits(random, &mut set);
    naming(random, &mut set);
    method(random, &mut set);
    compression(random, &mut set);
    old_dir(random, &mut set, tree, place, begin);
    scripts(random, &mut set);
    mail(random, &mut set);
    if random.chance(60) {
        set.add("missingok");
    }
    for (percent, choices) in [
        (25, ["notifempty", "ifempty"]),
        (15, ["allowhardlink", "noallowhardlink"]),
        (4, ["ignoreduplicates", "nomissingok"]),
        (6, ["nomail", "nocompress"]),
        (6, ["nocreate", "nocopytruncate"]),
        (4, ["nodelaycompress", "nosharedscripts"]),
        (3, ["noshred", "nodateext"]),
        (3, ["noolddir", "nocreateolddir"]),
        (3, ["norenamecopy", "nocopy"]),
        (2, ["frobnicate 3", "Daily"]),
    ] {
        if random.chance(percent) {
            set.add(*random.pick(&choices));
        }
    }
    shuffle(random, &mut set.directives);
    set
}

/// Order matters little, and where it does, both programs must agree on it.
fn shuffle(random: &mut Random, list: &mut [Directive]) {
    for index in (1..list.len()).rev() {
        let other = usize::try_from(random.below(index as u64 + 1)).expect("an index");
        list.swap(index, other);
    }
}

fn criterion(random: &mut Random, set: &mut Stanza) {
    let times = [
        "hourly", "daily", "daily", "daily", "weekly", "weekly 0", "weekly 3", "weekly 7", "monthly", "yearly",
        "size 1k", "size 100", "size 0", "size=1M", "size 010",
    ];
    if random.chance(93) {
        set.add(*random.pick(&times));
    }
    if random.chance(8) {
        set.add(*random.pick(&times));
    }
    if random.chance(12) {
        set.add(*random.pick(&[
            "minsize 50",
            "minsize 1k",
            "minsize 0",
            "maxsize 1k",
            "maxsize 100",
            "maxsize 4G",
            "maxsize 0x400",
        ]));
    }
    if random.chance(8) {
        set.add(format!("minage {}", random.below(4)));
    }
}

fn limits(random: &mut Random, set: &mut Stanza) {
    if random.chance(90) {
        let count = random.pick(&["0", "1", "1", "2", "2", "3", "3", "4", "5", "-1", "010", "0x2", "+2"]);
        set.add(format!("rotate {count}"));
    }
    if random.chance(12) {
        set.start = *random.pick(&[0, 0, 2, 5]);
        set.add(format!("start {}", set.start));
    }
    if random.chance(15) {
        set.add(format!("maxage {}", random.below(9)));
    }
}

fn naming(random: &mut Random, set: &mut Stanza) {
    if random.chance(40) {
        set.dated = Some("-%Y%m%d");
        set.add("dateext");
        if random.chance(12) {
            set.add("dateyesterday");
        }
        if random.chance(10) {
            set.add("datehourago");
        }
    }
    if random.chance(if set.dated.is_some() { 45 } else { 5 }) {
        let format = random.pick(&FORMATS);
        set.dated = set.dated.map(|_| *format);
        set.add(format!("dateformat {format}"));
    }
    if random.chance(12) {
        set.extension = Some(".log");
        set.add(*random.pick(&["extension .log", "addextension .log", "extension log"]));
    }
    if random.chance(3) {
        set.add("addextension .txt");
    }
}

fn method(random: &mut Random, set: &mut Stanza) {
    let create = [
        "create",
        "create 0640",
        "create 0600 daemon adm",
        "create daemon daemon",
        "create 644 root root",
        "create 0 root \"adm\"",
    ];
    match random.below(20) {
        0..=8 => set.add(*random.pick(&create)),
        9..=11 => set.add("copytruncate"),
        12 => set.add("copy"),
        13 => set.add("renamecopy"),
        14 => {
            set.add("renamecopy");
            set.add(*random.pick(&create));
        }
        15 if random.chance(40) => {
            set.add("copy");
            set.add(*random.pick(&["copytruncate", "renamecopy", "create"]));
        }
        _ => {}
    }
}

fn compression(random: &mut Random, set: &mut Stanza) {
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

fn old_dir(random: &mut Random, set: &mut Stanza, tree: &mut Tree, place: &Place, begin: i64) {
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

fn scripts(random: &mut Random, set: &mut Stanza) {
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
                "test -e \"$1\" && echo added >>\"$1\"; true",
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
                "test $# = 2 && echo late >>\"$2\"; true",
                "test $# = 2 && echo new >\"$1\"; true",
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

fn mail(random: &mut Random, set: &mut Stanza) {
    if !random.chance(14) {
        return;
    }
    set.add(*random.pick(&["mail root@localhost", "mail a,b@example.org"]));
    if random.chance(50) {
        set.add(*random.pick(&["mailfirst", "maillast"]));
    }
}
