//! Makes a case out of a seed: the calendar, the logs and what lies beside them. Directives are `directives`' part.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, Duration, TimeZone, Utc};

use super::case::{Case, Change, ConfigFile, ROOT, Stanza, Step};
use super::directives;
use super::random::Random;
use super::tree::{Kind, Node, Time, Tree};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// The zones of the cases, those with changes of the clock among them.
const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "UTC0",
];
/// Moments near which decisions are hard: ends of months and years, leap days, changes of the clock.
const MOMENTS: [&str; 9] = [
    "2024-02-28T22:30:00Z",
    "2027-02-27T23:30:00Z",
    "2027-03-27T22:10:00Z",
    "2027-10-30T22:20:00Z",
    "2028-12-30T23:50:00Z",
    "2027-04-29T12:00:00Z",
    "2099-12-30T12:00:00Z",
    "2028-03-11T20:00:00Z",
    "2004-10-30T12:00:00Z",
];
/// File names of logs.
const NAMES: [&[u8]; 14] = [
    b"a.log",
    b"b.log",
    b"app",
    b"access.log",
    b"error_log",
    b"my log.txt",
    b"it's.log",
    b"c.log",
    b"d.log",
    b"mail.err",
    b"\xc3\xbcn\xc3\xaf.log",
    b"bad\xff.log",
    b"q[1].log",
    b"x*y.log",
];
/// Steps of the calendar between two runs, in seconds.
const STRIDES: [i64; 24] = [
    0,
    20,
    60,
    600,
    HOUR,
    HOUR + 60,
    3 * HOUR,
    12 * HOUR,
    DAY - HOUR,
    DAY,
    DAY,
    DAY,
    DAY,
    DAY + HOUR,
    2 * DAY,
    3 * DAY,
    7 * DAY,
    7 * DAY,
    8 * DAY,
    31 * DAY,
    365 * DAY,
    -HOUR,
    -DAY,
    -3 * DAY,
];

/// What one stanza's logs share.
pub(crate) struct Place {
    /// Its directory below the root.
    pub(crate) dir: PathBuf,
    /// The owner of all in it.
    pub(crate) owner: (u32, u32),
    /// No stanza follows: the peer gives up the rest of a file whose `olddir` is missing, ours does not.
    pub(crate) last: bool,
}

/// Makes the case of this seed.
pub(crate) fn case(seed: u64) -> Case {
    let random = &mut Random::new(seed);
    let begin = moment(random);
    let mut case = Case {
        seed,
        zone: random.word(&ZONES),
        umask: if random.chance(75) {
            "022"
        } else {
            random.word(&["077", "000", "027", "002"])
        },
        configs: vec![ConfigFile {
            name: "main.conf".to_owned(),
            ..ConfigFile::default()
        }],
        named: vec!["etc/main.conf".to_owned()],
        tree: Tree::new(),
        state: Vec::new(),
        mailer: if random.chance(85) { "mail" } else { "mailfails" },
        steps: Vec::new(),
    };
    let mut logs = Vec::new();
    let stanzas = 1 + random.below(3) * random.below(2);
    for number in 0..stanzas {
        let mut place = Place {
            dir: PathBuf::from(format!("log/s{number}")),
            owner: (0, 0),
            last: number + 1 == stanzas,
        };
        let mut stanza = stanza(random, &mut case.tree, &mut logs, &mut place, begin);
        if let Some(first) = case.configs[0].stanzas.first()
            && random.chance(6)
        {
            stanza.words.extend(
                first
                    .words
                    .iter()
                    .take(1)
                    .filter(|word| !word.ends_with(b"*.log"))
                    .cloned(),
            );
        }
        case.configs[0].stanzas.push(stanza);
    }
    if random.chance(40) {
        case.configs[0].globals = directives::globals(random);
    }
    spread(random, &mut case);
    state(random, &mut case, &logs, begin);
    steps(random, &mut case, &logs, begin);
    case
}

fn moment(random: &mut Random) -> i64 {
    if random.chance(45) {
        let text = random.pick(&MOMENTS);
        let at = DateTime::parse_from_rfc3339(text)
            .expect("a moment is a date")
            .timestamp();
        return at + random.between(-20, 20) * HOUR / 2;
    }
    let at = Utc
        .with_ymd_and_hms(2027, 1, 1, 0, 0, 0)
        .single()
        .expect("a date")
        .timestamp();
    at + random.between(0, 3 * 365) * DAY + random.between(0, DAY - 1)
}

/// Puts stanzas in a second file, named on the command line or included by the directory.
fn spread(random: &mut Random, case: &mut Case) {
    if case.configs[0].stanzas.len() < 2 || !random.chance(35) {
        return;
    }
    let stanzas = case.configs[0].stanzas.split_off(1);
    if random.chance(50) {
        let globals = if random.chance(30) {
            directives::globals(random)
        } else {
            Vec::new()
        };
        case.configs.push(ConfigFile {
            name: "second.conf".to_owned(),
            globals,
            stanzas,
        });
        case.named.push("etc/second.conf".to_owned());
        return;
    }
    for (index, stanza) in stanzas.into_iter().enumerate() {
        let taboo = random.pick(&["", "", "", ".bak", "~", ".disabled"]);
        case.configs.push(ConfigFile {
            name: format!("d/{index}app{taboo}"),
            globals: Vec::new(),
            stanzas: vec![stanza],
        });
    }
    case.configs[0].globals.push(format!("include {ROOT}/etc/d"));
}

fn stanza(random: &mut Random, tree: &mut Tree, logs: &mut Vec<PathBuf>, place: &mut Place, begin: i64) -> Stanza {
    let su = nix::unistd::geteuid().is_root() && random.chance(10);
    if su {
        place.owner = (65_534, 65_534);
    }
    let mut dir = Node::new(Kind::Dir, begin);
    dir.owner = place.owner;
    if random.chance(3) {
        dir.mode = 0o777;
    }
    tree.insert(place.dir.clone(), dir);
    let settings = directives::stanza(random, tree, place, begin, su);
    let mut words = Vec::new();
    let mut mine = Vec::new();
    for _ in 0..=random.below(3) {
        let name = random.pick(&NAMES);
        let path = place.dir.join(OsStr::from_bytes(name));
        if !mine.contains(&path) {
            log(random, tree, place, &path, begin);
            leftovers(random, tree, place, &path, &settings, begin);
            words.push(word(path.as_os_str().as_bytes()));
            mine.push(path);
        }
    }
    if random.chance(30) {
        words = vec![format!("{ROOT}/{}/*.log", place.dir.display()).into_bytes()];
        if random.chance(20) {
            words.push(format!("{ROOT}/{}/nothing*", place.dir.display()).into_bytes());
        }
    }
    logs.extend(mine);
    Stanza {
        words,
        directives: settings.directives,
    }
}

/// Quotes a path for a path list, so that it stands for itself.
fn word(path: &[u8]) -> Vec<u8> {
    let mut out = format!("\"{ROOT}/").into_bytes();
    for &byte in path {
        match byte {
            b'*' | b'?' | b'[' => out.extend_from_slice(&[b'[', byte, b']']),
            b'"' => out.extend_from_slice(b"\\\""),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

/// Some text that says whose it is, of a size that criteria can tell apart.
fn text(random: &mut Random, what: &str) -> Vec<u8> {
    let size = *random.pick(&[0, 1, 10, 100, 1000, 1024, 1500, 5000, 70_000]);
    let tag = format!("{what} {}\n", random.below(1_000_000));
    tag.into_bytes().into_iter().cycle().take(size).collect()
}

fn log(random: &mut Random, tree: &mut Tree, place: &Place, path: &Path, begin: i64) {
    let modified = begin - random.between(0, 5 * DAY);
    let mut node = Node::file(text(random, "log"), modified);
    node.modified = Time::At(modified, random.between(0, 999_999_999));
    node.owner = place.owner;
    if place.owner == (0, 0) && nix::unistd::geteuid().is_root() && random.chance(15) {
        node.owner = *random.pick(&[(1, 1), (0, 4), (65_534, 65_534)]);
    }
    if random.chance(30) {
        node.mode = *random.pick(&[0o600, 0o640, 0o664, 0o666, 0o400, 0o755, 0o2644]);
    }
    match random.below(40) {
        0..=2 => return,
        3 => {
            let other = path.with_file_name("target");
            tree.insert(other, node.clone());
            node.kind = Kind::Symlink(PathBuf::from("target"));
        }
        4 => {
            let first = place.dir.join("0first");
            tree.insert(first.clone(), node.clone());
            node.kind = Kind::HardLink(first);
        }
        5 => {
            let mut holes = b"begin".to_vec();
            holes.resize(300_000, 0);
            holes.extend_from_slice(b"end");
            node.kind = Kind::File(holes.into());
        }
        6 => node.kind = Kind::Dir,
        7 => node.kind = Kind::Fifo,
        8 | 9 => node.acl = Some(access_list()),
        _ => {}
    }
    if node.kind == Kind::Dir {
        node.mode = 0o755;
    }
    tree.insert(path.to_owned(), node);
}

/// The list `u::rw-,u:1:r--,g::r--,m::r--,o::r--` as the kernel keeps it.
fn access_list() -> Vec<u8> {
    let mut list = 2_u32.to_le_bytes().to_vec();
    let nobody = u32::MAX;
    for (tag, rights, id) in [
        (1_u16, 6_u16, nobody),
        (2, 4, 1),
        (4, 4, nobody),
        (0x10, 4, nobody),
        (0x20, 4, nobody),
    ] {
        list.extend_from_slice(&tag.to_le_bytes());
        list.extend_from_slice(&rights.to_le_bytes());
        list.extend_from_slice(&id.to_le_bytes());
    }
    list
}

/// Lays archives of earlier days, with gaps, and things that only look like archives.
fn leftovers(random: &mut Random, tree: &mut Tree, place: &Place, log: &Path, set: &directives::Stanza, begin: i64) {
    if !random.chance(60) {
        return;
    }
    let name = log.file_name().expect("a log has a name").as_bytes();
    for age in 0..random.between(1, 8) {
        if random.chance(25) {
            continue;
        }
        let at = begin - (age + 1) * DAY;
        let mut file = set.archives.join(OsStr::from_bytes(&set.archive_name(name, age, at)));
        let mut content = text(random, "archive");
        let odd = random.chance(6);
        if set.compressed != odd && !(age == 0 && set.delayed) {
            file.as_mut_os_string().push(&set.suffix);
            content = packed(&content);
        }
        let mut node = Node::file(content, at - random.between(0, HOUR));
        node.owner = place.owner;
        tree.insert(file, node);
    }
    if random.chance(15) {
        let end = random.pick(&[
            ".9x",
            ".010",
            "-99999999",
            ".tmp",
            ".1.gz.bak",
            "-20270230",
            ".0",
            ".1.txt",
        ]);
        let mut stray = log.to_owned();
        stray.as_mut_os_string().push(end);
        tree.entry(stray)
            .or_insert_with(|| Node::file(text(random, "stray"), begin - DAY));
    }
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Writes a state for some of the logs, mostly of the last days.
fn state(random: &mut Random, case: &mut Case, logs: &[PathBuf], begin: i64) {
    if !random.chance(70) {
        return;
    }
    case.state.push(b"logrotate state -- version 2".to_vec());
    for log in logs {
        if random.chance(15) {
            continue;
        }
        let ago = *random.pick(&[
            0,
            30,
            HOUR,
            5 * HOUR,
            DAY,
            DAY,
            DAY,
            2 * DAY,
            6 * DAY,
            7 * DAY,
            30 * DAY,
            400 * DAY,
            -HOUR,
            -26 * HOUR,
        ]);
        let date = stamp(begin - ago);
        let mut line = format!("\"{ROOT}/").into_bytes();
        line.extend_from_slice(log.as_os_str().as_bytes());
        line.extend_from_slice(format!("\" {date}").as_bytes());
        case.state.push(line);
    }
    if random.chance(10) {
        case.state.push(
            format!(
                "\"/nowhere/else.log\" {}",
                stamp(begin - random.between(300, 400) * DAY)
            )
            .into_bytes(),
        );
    }
}

/// A stamp as the state file writes it, in UTC: near enough.
fn stamp(at: i64) -> String {
    let date = Utc.timestamp_opt(at, 0).single().expect("a date");
    let time = date.time();
    use chrono::Timelike;
    format!(
        "{}-{}-{}-{}:{}:{}",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

fn steps(random: &mut Random, case: &mut Case, logs: &[PathBuf], begin: i64) {
    let mut at = begin;
    for number in 0..random.between(2, 6) {
        if number > 0 {
            at = (at + random.pick(&STRIDES)).max(Duration::days(366).num_seconds());
        }
        let mut options = Vec::new();
        if random.chance(25) {
            options.push(if random.chance(50) { "-f" } else { "--force" }.to_owned());
        }
        if random.chance(8) {
            options.push("-d".to_owned());
        }
        if random.chance(10) {
            options.push("-v".to_owned());
        }
        let mut changes = Vec::new();
        for log in logs {
            let is_log = |node: &Node| matches!(node.kind, Kind::File(_));
            if !case.tree.get(log).is_none_or(is_log) {
                continue;
            }
            if random.chance(60) {
                changes.push(Change::Grow(log.clone(), text(random, "more")));
            } else if random.chance(5) {
                changes.push(Change::Vanish(log.clone()));
            }
        }
        case.steps.push(Step { at, options, changes });
    }
}
