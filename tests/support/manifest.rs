//! A tree of files as text: planted from it before a run, scanned into it afterwards.
//!
//! One line a file: `dir|file|fifo MODE OWNER:GROUP TIME NAME`, after a file its content (`content`), with ` gz` behind
//! the name when the content is that of a gzip file. `link NAME -> TARGET` is a symbolic link, `hard NAME -> NAME` a further name of
//! a file, `acl NAME ENTRIES` a file's access list. TIME is UTC, `-` the time of the scenario, `new` (found after
//! a run only) the real time of the run. `@ROOT@` stands for the tree's own path.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::unistd::{Gid, Group, Uid, User};

use super::content;

/// Where a tree lies, and what is needed to read times and owners in its manifest.
pub(crate) struct Place<'a> {
    /// The tree's own directory.
    pub(crate) root: &'a Path,
    /// What `-` means as a time: the scenario's present, as seconds of UTC.
    pub(crate) now: i64,
    /// The real time before the run: whatever is younger was made by it.
    pub(crate) began: SystemTime,
}

impl Place<'_> {
    /// Puts the tree's path where `@ROOT@` stands.
    pub(crate) fn fill(&self, bytes: &[u8]) -> Vec<u8> {
        replace(bytes, b"@ROOT@", self.root.as_os_str().as_bytes())
    }

    /// Puts `@ROOT@` where the tree's path stands.
    pub(crate) fn blank(&self, bytes: &[u8]) -> Vec<u8> {
        replace(bytes, self.root.as_os_str().as_bytes(), b"@ROOT@")
    }

    /// Makes the files of a manifest.
    pub(crate) fn plant(&self, manifest: &str) {
        let lines: Vec<&str> = manifest
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        let mut at = 0;
        while at < lines.len() {
            let head = lines[at];
            let body = lines[at + 1..]
                .iter()
                .take_while(|line| line.starts_with(['|', '=', '&']))
                .count();
            self.plant_one(head, &lines[at + 1..=at + body]);
            at += 1 + body;
        }
    }

    fn plant_one(&self, head: &str, body: &[&str]) {
        let (kind, rest) = head.split_once(' ').unwrap_or_else(|| panic!("bad line: {head}"));
        match kind {
            "link" => {
                let (name, target) = self.pair(rest);
                std::os::unix::fs::symlink(
                    OsStr::from_bytes(&self.fill(target.as_os_str().as_bytes())),
                    self.root.join(name),
                )
                .unwrap();
                return;
            }
            "hard" => {
                let (name, first) = self.pair(rest);
                fs::hard_link(self.root.join(first), self.root.join(name)).unwrap();
                return;
            }
            "acl" => return set_acl(self.root, rest),
            _ => {}
        }
        let fields: Vec<&str> = rest.splitn(4, ' ').collect();
        let [mode, owner, time, name] = fields[..] else {
            panic!("bad line: {head}")
        };
        let (name, zipped) = name.strip_suffix(" gz").map_or((name, false), |name| (name, true));
        let path = self.root.join(self.name(name));
        match kind {
            "dir" => fs::create_dir_all(&path).unwrap(),
            "file" => fs::write(&path, self.bytes(body, zipped)).unwrap(),
            "fifo" => nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap(),
            other => panic!("{other} is no kind of file: {head}"),
        }
        let (uid, gid) = owner_ids(owner);
        if super::is_root() {
            std::os::unix::fs::chown(&path, Some(uid), Some(gid)).unwrap();
        }
        fs::set_permissions(
            &path,
            fs::Permissions::from_mode(u32::from_str_radix(mode, 8).expect("a mode")),
        )
        .unwrap();
        if kind == "file" {
            let when = UNIX_EPOCH + Duration::from_secs(u64::try_from(self.seconds(time)).unwrap());
            let times = FileTimes::new().set_modified(when).set_accessed(when);
            File::open(&path).unwrap().set_times(times).unwrap();
        }
    }

    fn bytes(&self, body: &[&str], zipped: bool) -> Vec<u8> {
        let plain = self.fill(&content::read(body));
        if !zipped {
            return plain;
        }
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(&plain).unwrap();
        gz.finish().unwrap()
    }

    fn name(&self, escaped: &str) -> PathBuf {
        PathBuf::from(std::ffi::OsString::from_vec(content::unescape(escaped)))
    }

    fn pair(&self, text: &str) -> (PathBuf, PathBuf) {
        let (left, right) = text
            .split_once(" -> ")
            .unwrap_or_else(|| panic!("NAME -> NAME, not {text}"));
        (self.name(left), self.name(right))
    }

    /// Reads a time of a manifest as seconds of UTC.
    fn seconds(&self, text: &str) -> i64 {
        match text {
            "-" => self.now,
            other => utc(other),
        }
    }

    /// Writes the whole tree down, names in order of their bytes, leaving out what `skip` names.
    pub(crate) fn scan(&self, skip: &[&str]) -> String {
        let mut text = String::new();
        let mut names = Vec::new();
        list(self.root, Path::new(""), &mut names);
        let mut seen: BTreeMap<(u64, u64), PathBuf> = BTreeMap::new();
        for name in names {
            if skip.iter().any(|skipped| name == Path::new(skipped)) {
                continue;
            }
            let path = self.root.join(&name);
            let facts = fs::symlink_metadata(&path).unwrap();
            let shown = content::escape(&self.blank(name.as_os_str().as_bytes()));
            if facts.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                text += &format!(
                    "link {shown} -> {}\n",
                    content::escape(&self.blank(target.as_os_str().as_bytes()))
                );
                continue;
            }
            if facts.is_file() {
                if let Some(first) = seen.insert((facts.dev(), facts.ino()), name.clone()) {
                    text += &format!("hard {shown} -> {}\n", content::escape(first.as_os_str().as_bytes()));
                    seen.insert((facts.dev(), facts.ino()), first);
                    continue;
                }
            }
            text += &self.show(&path, &shown, &facts);
        }
        text
    }

    fn show(&self, path: &Path, shown: &str, facts: &fs::Metadata) -> String {
        let mode = facts.mode() & 0o7777;
        let owner = owner_names(facts);
        let kind = if facts.is_dir() {
            return format!("dir {mode:04o} {owner} - {shown}\n");
        } else if facts.file_type().is_fifo() {
            return format!("fifo {mode:04o} {owner} - {shown}\n");
        } else {
            "file"
        };
        let raw = fs::read(path).unwrap();
        let mut plain = Vec::new();
        let zipped = raw.starts_with(&[0x1f, 0x8b])
            && flate2::read::MultiGzDecoder::new(&raw[..])
                .read_to_end(&mut plain)
                .is_ok();
        let mut bytes = self.blank(if zipped { &plain } else { &raw });
        if bytes.starts_with(b"logrotate state") {
            bytes = in_order(&bytes);
        }
        let gz = if zipped { " gz" } else { "" };
        let time = self.time(facts);
        format!(
            "{kind} {mode:04o} {owner} {time} {shown}{gz}\n{}{}",
            content::write(&bytes),
            get_acl(path, shown)
        )
    }

    fn time(&self, facts: &fs::Metadata) -> String {
        let modified = facts.modified().unwrap();
        if modified + Duration::from_secs(2) > self.began {
            return "new".to_owned();
        }
        if facts.mtime() == self.now {
            return "-".to_owned();
        }
        let when = chrono::DateTime::from_timestamp(facts.mtime(), 0).unwrap();
        when.format("%Y-%m-%dT%H:%M:%S").to_string()
    }
}

/// Reads `2026-03-10T06:25:00` (or with a blank in the middle) as seconds of UTC.
pub(crate) fn utc(text: &str) -> i64 {
    let when = chrono::NaiveDateTime::parse_from_str(&text.replace(' ', "T"), "%Y-%m-%dT%H:%M:%S");
    when.unwrap_or_else(|error| panic!("{text} is no time: {error}"))
        .and_utc()
        .timestamp()
}

/// Puts `to` where `from` stands.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    if let [Ok(text), Ok(from), Ok(to)] = [bytes, from, to].map(std::str::from_utf8) {
        return text.replace(from, to).into_bytes();
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend(&rest[..at]);
        out.extend(to);
        rest = &rest[at + from.len()..];
    }
    out.extend(rest);
    out
}

/// Puts the entries of a state file, whose order means nothing, in order.
fn in_order(state: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = state.split_inclusive(|&byte| byte == b'\n').collect();
    lines[1..].sort_unstable();
    lines.concat()
}

/// Gathers the names of all files below, in order.
fn list(root: &Path, below: &Path, names: &mut Vec<PathBuf>) {
    let mut here: Vec<PathBuf> = fs::read_dir(root.join(below))
        .unwrap()
        .map(|entry| below.join(entry.unwrap().file_name()))
        .collect();
    here.sort();
    for name in here {
        names.push(name.clone());
        if fs::symlink_metadata(root.join(&name)).unwrap().is_dir() {
            list(root, &name, names);
        }
    }
}

/// Reads `USER:GROUP`, names or numbers; `root:root` is the user who runs the tests.
fn owner_ids(text: &str) -> (u32, u32) {
    let (user, group) = text.split_once(':').expect("USER:GROUP");
    let uid = user
        .parse()
        .ok()
        .or_else(|| User::from_name(user).unwrap().map(|user| user.uid.as_raw()));
    let gid = group
        .parse()
        .ok()
        .or_else(|| Group::from_name(group).unwrap().map(|group| group.gid.as_raw()));
    (uid.expect("a known user"), gid.expect("a known group"))
}

/// Writes a file's owner as `USER:GROUP`; run by another than root, their own files are `root:root`.
fn owner_names(facts: &fs::Metadata) -> String {
    if !super::is_root() {
        return "root:root".to_owned();
    }
    let user = User::from_uid(Uid::from_raw(facts.uid()))
        .unwrap()
        .map_or(facts.uid().to_string(), |user| user.name);
    let group = Group::from_gid(Gid::from_raw(facts.gid()))
        .unwrap()
        .map_or(facts.gid().to_string(), |group| group.name);
    format!("{user}:{group}")
}

/// The attribute in which Linux keeps a file's access list.
const ACL: &str = "system.posix_acl_access";
/// The tags of an access list's entries, as the kernel numbers them, and how they are written here.
const TAGS: [(u16, &str); 6] = [(1, "u::"), (2, "u:"), (4, "g::"), (8, "g:"), (16, "m::"), (32, "o::")];

/// Gives a file the access list of `NAME u::6,u:8:4,g::4,m::6,o::0` (numeric ids, permissions as a digit).
fn set_acl(root: &Path, text: &str) {
    let (name, entries) = text.rsplit_once(' ').expect("NAME ENTRIES");
    let mut raw = 2u32.to_le_bytes().to_vec();
    for entry in entries.split(',') {
        let (head, digit) = entry.rsplit_once(':').expect("an entry");
        let (kind, id) = head.split_once(':').expect("an entry");
        let wanted = format!("{kind}:{}", if id.is_empty() { ":" } else { "" });
        let tag = TAGS.iter().find(|(_, name)| *name == wanted).expect("a tag").0;
        raw.extend(tag.to_le_bytes());
        raw.extend(digit.parse::<u16>().expect("a digit").to_le_bytes());
        raw.extend(id.parse().unwrap_or(u32::MAX).to_le_bytes());
    }
    xattr::set(root.join(name), ACL, &raw).unwrap();
}

/// Writes a file's access list down, if it has one.
fn get_acl(path: &Path, shown: &str) -> String {
    let Ok(Some(raw)) = xattr::get(path, ACL) else {
        return String::new();
    };
    let entries: Vec<String> = raw[4..]
        .chunks_exact(8)
        .map(|entry| {
            let tag = u16::from_le_bytes([entry[0], entry[1]]);
            let name = TAGS.iter().find(|(number, _)| *number == tag).unwrap().1;
            let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
            let id = if name.ends_with("::") {
                String::new()
            } else {
                format!("{id}:")
            };
            format!("{name}{id}{}", u16::from_le_bytes([entry[2], entry[3]]))
        })
        .collect();
    format!("acl {shown} {}\n", entries.join(","))
}
