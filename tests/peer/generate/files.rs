//! The logs of a case, and the archives and strays that lie beside them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::random::Random;
use super::super::tree::{Kind, Node, Time, Tree};
use super::{DAY, HOUR, Place, directives};

/// File names of logs.
pub(super) const NAMES: [&[u8]; 14] = [
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

/// Some text that says whose it is, of a size that criteria can tell apart.
pub(super) fn text(random: &mut Random, what: &str) -> Vec<u8> {
    let size = *random.pick(&[0, 1, 10, 100, 1000, 1024, 1500, 5000, 70_000]);
    let tag = format!("{what} {}\n", random.below(1_000_000));
    tag.into_bytes().into_iter().cycle().take(size).collect()
}

pub(super) fn log(random: &mut Random, tree: &mut Tree, place: &Place, path: &Path, begin: i64) {
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
pub(super) fn leftovers(
    random: &mut Random,
    tree: &mut Tree,
    place: &Place,
    log: &Path,
    set: &directives::Stanza,
    begin: i64,
) {
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
        if random.chance(5) {
            node.acl = Some(access_list());
        } else if random.chance(10) {
            node.mode = *random.pick(&[0o600, 0o444, 0o4755]);
        }
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
