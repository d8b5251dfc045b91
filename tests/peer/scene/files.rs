//! Which file is which: the archives of a log, what became of a file, what was done to it last.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::compare::{Difference, records};
use super::super::tree::{Kind, Node, Time, Tree};
use super::Scene;

/// A file by what it holds and when that was last changed: it stays the same when it is renamed or compressed.
pub(crate) type Identity = (Vec<u8>, Time);

impl Scene<'_> {
    /// The path, as messages show it, is one of the log's archives.
    pub(crate) fn is_of(&self, log: &Path, shown: &str) -> bool {
        let shown = &*own_time(shown);
        let paths = self.before.keys().filter(|path| is_family(log, path));
        paths
            .into_iter()
            .any(|path| self.root.join(path).to_string_lossy() == shown)
    }

    /// The path, as messages show it, lies with a set whose logs go together.
    pub(crate) fn shares_with(&self, log: &Path, shown: &str) -> bool {
        let dir = self.root.join(log.parent().unwrap_or(log));
        self.has(log, "sharedscripts") && Path::new(shown).starts_with(dir)
    }

    /// What lay at this path (as messages and records show it) before does not lie there any more at the peer's.
    pub(crate) fn is_replaced(&self, shown: &str) -> bool {
        let shown = &*own_time(shown);
        let shows = |path: &&PathBuf| self.root.join(path).to_string_lossy() == shown;
        let path = self.before.keys().find(shows);
        path.is_some_and(|path| {
            let (after, before) = (self.peer.tree.get(path), &self.before[path]);
            after.is_none_or(|after| after.kind != before.kind || after.modified != before.modified)
        })
    }

    /// The path, as records show it, begins as the log's archives do, whether it was there before or not.
    pub(crate) fn is_near(&self, log: &Path, shown: &str) -> bool {
        let shown = &*own_time(shown);
        let path = Path::new(shown).strip_prefix(self.root).unwrap_or(Path::new(""));
        is_family(log, path) || self.is_of(log, shown)
    }

    /// A plain numbered archive of the log does not lie at its place any more at the peer's.
    pub(crate) fn lost_its_plain(&self, log: &Path) -> bool {
        let is_plain = |path: &Path| path.to_string_lossy().ends_with(|last: char| last.is_ascii_digit());
        let mut its = self.before.keys().filter(|path| is_family(log, path) && is_plain(path));
        its.any(|path| self.is_replaced(&self.root.join(path).to_string_lossy()))
    }

    /// A plain numbered archive that the peer leaves where it was is packed at ours, and has perhaps the next number.
    pub(crate) fn is_plain_taken_in(&self, log: &Path, difference: &Difference) -> bool {
        let is_plain = |path: &Path| path.to_string_lossy().ends_with(|last: char| last.is_ascii_digit());
        let its = |tree: &Tree, path: &Path| tree.get(path).and_then(identity);
        let stays = |path: &PathBuf| its(&self.peer.tree, path) == its(self.before, path);
        let plain = self
            .before
            .keys()
            .filter(|path| is_family(log, path) && is_plain(path) && stays(path));
        let plain: Vec<_> = plain.filter(|path| its(&self.ours.tree, path).is_none()).collect();
        match difference {
            Difference::Entry(path, Some(_), None) => {
                let was = its(self.before, path);
                let packed = |(to, node): (&PathBuf, &Node)| is_family(log, to) && same(identity(node), &was);
                plain.contains(&path) && self.ours.tree.iter().any(packed)
            }
            Difference::Entry(path, None, Some(_)) => {
                let made = its(&self.ours.tree, path);
                !is_plain(path) && is_family(log, path) && plain.iter().any(|path| same(its(self.before, path), &made))
            }
            _ => false,
        }
    }

    /// Something lay at this path, as messages show it.
    pub(crate) fn was_there(&self, shown: &str) -> bool {
        let shown = &*own_time(shown);
        self.before
            .keys()
            .any(|path| self.root.join(path).to_string_lossy() == shown)
    }

    /// The path was moved aside in this run.
    pub(crate) fn is_aside(&self, path: &Path) -> bool {
        path.to_string_lossy().ends_with(".backup") && !self.before.contains_key(path)
    }

    /// The path begins as the log's archives do.
    pub(crate) fn is_family(&self, log: &Path, path: &Path) -> bool {
        is_family(log, path)
    }

    /// The text names a file that lies where the log's archives do and begins as they do.
    pub(crate) fn names(&self, log: &Path, text: &str) -> bool {
        let name = log.file_name().unwrap_or(OsStr::new("")).to_string_lossy();
        let stem = String::from_utf8_lossy(stem(log));
        let dir = self.root.join(log.parent().unwrap_or(log));
        let dirs = [
            format!("{}/", dir.display()),
            format!("{}/", dir.with_file_name("arch").display()),
        ];
        // In what ours says and sends, what cannot be read is an escape.
        let text = text.replace("\\xff", "\u{fffd}");
        let is_named = |line: &str| {
            let rests = dirs.iter().flat_map(|dir| line.split(dir.as_str()).skip(1));
            let mut names = rests.flat_map(|rest| rest.split('/'));
            names.any(|rest| is_name_of(name.as_bytes(), stem.as_bytes(), rest.as_bytes()))
        };
        text.lines().any(is_named)
    }

    /// The files of the log's family.
    fn family(&self, log: &Path, tree: &Tree) -> Vec<Identity> {
        // What was moved aside in this run is no archive any more.
        let is_aside = |path: &Path| path.to_string_lossy().contains(".backup") && !self.before.contains_key(path);
        let its = tree
            .iter()
            .filter(|(path, _)| is_family(log, path) && (!is_aside(path) || path_is_interim(path)));
        its.filter_map(|(_, node)| identity(node)).collect()
    }

    /// Archives that lay in the log's family before, are gone at the peer's without a word, and still there at ours.
    pub(crate) fn lost_by_the_peer(&self, log: &Path) -> Vec<PathBuf> {
        let (peer, ours) = (self.family(log, &self.peer.tree), self.family(log, &self.ours.tree));
        let mut lost = Vec::new();
        for (path, node) in self
            .before
            .iter()
            .filter(|(path, _)| is_family(log, path) && *path != log)
        {
            let Some(id) = identity(node) else { continue };
            // Under `compress` the plain name is asked about when the next archive of that name is compressed.
            let is_plain = self.has(log, "compress")
                && node
                    .plain
                    .as_ref()
                    .is_some_and(|plain| !plain.starts_with(b"(unpacked)"));
            let disposed = !is_plain && self.disposed(&self.root.join(path).to_string_lossy());
            // What `renamecopy` left is finished as a copy, which has a time of its own.
            let is_copied = path.to_string_lossy().ends_with(".tmp");
            let is_it =
                |file: &Identity| *file == id || (is_copied && file.0 == id.0) || (is_foreign(file) && file.1 == id.1);
            let is_in = |files: &[Identity]| files.iter().any(is_it);
            if !is_in(&peer) && is_in(&ours) && !disposed {
                lost.push(path.clone());
            }
        }
        lost
    }

    /// The difference is what ours did at the end of this log's rotation and the peer did not: something is packed, sent or removed.
    pub(crate) fn is_finished_here(&self, log: &Path, difference: &Difference) -> bool {
        match difference {
            Difference::OnlyOurs(_, record) => worked_on(record).is_some_and(|path| self.is_near(log, path)),
            Difference::Entry(path, Some(_), None) => {
                let left = self.peer.tree.get(path).and_then(identity);
                let was = |path: &Path| self.before.get(path).and_then(identity);
                let goes = self.keeps_nothing(log) && left.as_ref().map(|file| file.1) != was(path).map(|file| file.1);
                // It lay there, or was shifted there.
                let is_old = left
                    .as_ref()
                    .is_some_and(|left| self.family(log, self.before).contains(left));
                is_family(log, path) && path != log && (is_old || goes || self.moved_on(path, left))
            }
            Difference::Entry(path, None, Some(_)) => {
                let made = self.ours.tree.get(path).and_then(identity);
                let is_its = |(from, node): (&PathBuf, &Node)| is_made_of(from, path) && same(identity(node), &made);
                is_family(log, path) && self.peer.tree.iter().any(is_its)
            }
            // It was read, to be sent or packed.
            Difference::Entry(path, Some(_), Some(_)) => {
                let (peer, ours) = (self.peer.tree.get(path), self.ours.tree.get(path));
                let read = peer.zip(ours).map(|(peer, ours)| Node {
                    accessed: ours.accessed,
                    ..peer.clone()
                });
                is_family(log, path) && read.as_ref() == ours
            }
            _ => false,
        }
    }

    /// What lies at this path at the peer's lies under the name of its successor at ours.
    fn moved_on(&self, path: &Path, left: Option<Identity>) -> bool {
        let is_its = |(to, node): (&PathBuf, &Node)| is_made_of(path, to) && same(identity(node), &left);
        self.ours.tree.iter().any(is_its)
    }

    /// The archive that a rotation makes of this log goes at its end.
    fn keeps_nothing(&self, log: &Path) -> bool {
        let counts = self.directives(log);
        let mut counts = counts.iter().filter_map(|directive| directive.strip_prefix("rotate"));
        counts.all(|count| count.trim_start_matches([' ', '=']) == "0")
    }

    /// Contents of the log's family that the peer still has and ours neither has nor sent.
    pub(crate) fn lost_by_ours(&self, log: &Path) -> usize {
        let (peer, ours) = (self.family(log, &self.peer.tree), self.family(log, &self.ours.tree));
        let is_here = |file: &&Identity| !ours.iter().any(|other| other.0 == file.0);
        peer.iter().filter(is_here).count()
    }

    /// The log went away because it is an older archive of another log, and was shifted.
    pub(crate) fn was_shifted(&self, log: &Path) -> bool {
        let id = self.before.get(log).and_then(identity);
        let packed = |path: &Path| {
            path.extension()
                .is_some_and(|suffix| ["gz", "bz2", "xz", "zipped"].iter().any(|known| suffix == *known))
                && path.with_extension("") == log
        };
        let is_it = |(path, node): (&PathBuf, &Node)| {
            identity(node) == id && !is_family(log, path)
                || packed(path) && identity(node).map(|id| id.1) == id.as_ref().map(|id| id.1)
        };
        id.is_some() && self.ours.tree.iter().any(is_it)
    }

    /// The peer mailed the file or asked `preremove` about it.
    fn disposed(&self, shown: &str) -> bool {
        let texts = ["rec/scripts", "rec/mail"].map(|name| records(self.peer.tree.get(Path::new(name))));
        texts.iter().flatten().any(|record| disposes_of(record) == Some(shown))
    }

    /// What lay at this path (as messages and records show it) before is nowhere any more at the peer's.
    pub(crate) fn is_gone(&self, shown: &str) -> bool {
        let shown = &*own_time(shown);
        let shows = |path: &&PathBuf| self.root.join(path).to_string_lossy() == shown;
        let path = self.before.keys().find(shows);
        let id = path.and_then(|path| identity(&self.before[path]));
        id.is_some_and(|id| !self.peer.tree.values().filter_map(identity).any(|other| other == id))
    }
}

/// The one path is the other's with a suffix of compression, or that of `renamecopy`'s archive, wherever it lies.
fn is_made_of(from: &Path, to: &Path) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or(OsStr::new("")).as_bytes().to_vec();
    let copied = name(from)
        .strip_suffix(b".tmp")
        .is_some_and(|log| name(to).starts_with(log));
    let (from, to) = (from.as_os_str().as_bytes(), to.as_os_str().as_bytes());
    let packed = to
        .strip_prefix(from)
        .is_some_and(|suffix| suffix.starts_with(b".") && suffix.len() > 1);
    packed || copied
}

/// The files hold the same; of what something else than gzip packed only the time is known.
fn same(one: Option<Identity>, other: &Option<Identity>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    one.0 == other.0 || (is_foreign(&one) != is_foreign(other) && one.1 == other.1)
}

/// The path without the detours that an `olddir` was written with, and without escapes for what cannot be read.
fn own_time(shown: &str) -> std::borrow::Cow<'_, str> {
    if !shown.contains("/./") && !shown.contains("/../") && !shown.contains("\\xff") {
        return shown.into();
    }
    let shown = shown.replace("\\xff", "\u{fffd}");
    let mut parts: Vec<&str> = Vec::new();
    for part in shown.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/").into()
}

/// What all of a log's archives begin with.
pub(crate) fn stem(log: &Path) -> &[u8] {
    let name = log.file_name().unwrap_or(OsStr::new("")).as_bytes();
    let endings: [&[u8]; 3] = [b".log", b".txt", b"log"];
    endings
        .iter()
        .find_map(|ending| name.strip_suffix(*ending))
        .unwrap_or(name)
}

/// The path begins as the archives of the log do.
pub(crate) fn is_family(log: &Path, path: &Path) -> bool {
    let below = log
        .parent()
        .is_some_and(|dir| path.starts_with(dir) || path.starts_with(dir.with_file_name("arch")));
    let name = path.file_name().unwrap_or(OsStr::new("")).as_bytes();
    below && is_name_of(log.file_name().unwrap_or(OsStr::new("")).as_bytes(), stem(log), name)
}

/// The name begins with the log's, or with its stem and what may stand between it and the extension.
fn is_name_of(log: &[u8], stem: &[u8], name: &[u8]) -> bool {
    let goes_on = |rest: &[u8]| {
        rest.first()
            .is_some_and(|next| b".-".contains(next) || next.is_ascii_digit())
    };
    let ends = |rest: &[u8]| rest.first().is_none_or(|next| b"\n\" ':".contains(next));
    name.strip_prefix(log).is_some_and(|rest| ends(rest) || goes_on(rest))
        || name.strip_prefix(stem).is_some_and(goes_on)
}

/// What `renamecopy` left unfinished can only be moved aside.
fn path_is_interim(path: &Path) -> bool {
    path.to_string_lossy().contains(".tmp-")
}

/// The file is packed by something else than gzip, and can be told by its time alone.
pub(crate) fn is_foreign(file: &Identity) -> bool {
    file.0.starts_with(b"\xfd7zXZ") || file.0.starts_with(b"BZh")
}

/// What the file is known by, if it is one.
pub(crate) fn identity(node: &Node) -> Option<Identity> {
    let Kind::File(raw) = &node.kind else { return None };
    let plain = node.plain.as_ref().unwrap_or(raw);
    let plain = plain.strip_prefix(b"(unpacked) ").unwrap_or(plain);
    Some((plain.to_vec(), node.modified))
}

/// The file that a record of a compressor, of `preremove` or of a mail is about.
pub(crate) fn worked_on(record: &str) -> Option<&str> {
    let packed = record.strip_prefix("pack\n").and_then(|rest| rest.lines().next());
    packed.or_else(|| disposes_of(record))
}

/// The file that a record of `preremove` or of a mail is about.
pub(crate) fn disposes_of(record: &str) -> Option<&str> {
    let mut lines = record.lines();
    match lines.next()? {
        "preremove" => lines.nth(2),
        "mail" | "mailfails" => lines.nth(1),
        _ => None,
    }
}
