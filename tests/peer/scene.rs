//! What a rule of `exceptions` may look at: the run, the tree before it, and what both programs made of it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::case::{Case, Change, Step};
use super::compare::{Aftermath, Difference, records, stamps};
use super::tree::{Kind, Node, Time, Tree};

/// One run of a case, seen from all sides.
pub(crate) struct Scene<'a> {
    pub(crate) case: &'a Case,
    pub(crate) step: &'a Step,
    /// The root of the tree, as paths in records and states begin.
    pub(crate) root: &'a Path,
    pub(crate) before: &'a Tree,
    pub(crate) peer: &'a Aftermath,
    pub(crate) ours: &'a Aftermath,
}

/// A file by what it holds and when that was last changed: it stays the same when it is renamed or compressed.
type Identity = (Vec<u8>, Time);

impl Scene<'_> {
    /// The run was a dry one.
    pub(crate) fn is_dry(&self) -> bool {
        self.step.options.iter().any(|option| option == "-d")
    }

    /// The directives that hold for the log, as far as they stand in its stanza or before any stanza.
    pub(crate) fn directives(&self, log: &Path) -> Vec<&str> {
        let parent = log.parent().unwrap_or(log).as_os_str().as_bytes();
        let mut out: Vec<&str> = Vec::new();
        for config in &self.case.configs {
            out.extend(config.globals.iter().map(String::as_str));
        }
        for stanza in self.case.configs.iter().flat_map(|config| &config.stanzas) {
            let is_its = |word: &Vec<u8>| word.windows(parent.len()).any(|window| window == parent);
            if stanza.words.iter().any(is_its) {
                out.extend(stanza.directives.iter().map(String::as_str));
            }
        }
        out
    }

    /// Some stanza, or what stands before them, has the directive.
    pub(crate) fn is_said(&self, name: &str) -> bool {
        let stanzas = self.case.configs.iter().flat_map(|config| &config.stanzas);
        let inside = stanzas.flat_map(|stanza| &stanza.directives);
        let globals = self.case.configs.iter().flat_map(|config| &config.globals);
        inside.chain(globals).any(|directive| directive.contains(name))
    }

    /// A directive of this name, or this one with its argument, holds for the log.
    pub(crate) fn has(&self, log: &Path, name: &str) -> bool {
        let names = |directive: &&str| *directive == name || directive.split([' ', '=', '\n']).next() == Some(name);
        self.directives(log).iter().any(names)
    }

    /// All logs of the run, by what the states name, relative to the root.
    pub(crate) fn logs(&self) -> Vec<PathBuf> {
        let mut logs = Vec::new();
        for side in [self.peer, self.ours] {
            let stamps = stamps(side.tree.get(Path::new("state")));
            for log in stamps.keys().filter_map(|quoted| self.log_of(quoted)) {
                if !logs.contains(&log) {
                    logs.push(log);
                }
            }
        }
        for line in self.ours.ending.messages.lines() {
            let log = line.strip_prefix("considering log ").and_then(|path| self.log_of(path));
            logs.extend(log.filter(|log| !logs.contains(log)));
        }
        logs
    }

    /// The path, as messages show it, is one of the log's archives.
    pub(crate) fn is_of(&self, log: &Path, shown: &str) -> bool {
        let shown = &*settled(shown);
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
        let shown = &*settled(shown);
        let shows = |path: &&PathBuf| self.root.join(path).to_string_lossy() == shown;
        let path = self.before.keys().find(shows);
        path.is_some_and(|path| {
            let (after, before) = (self.peer.tree.get(path), &self.before[path]);
            after.is_none_or(|after| after.kind != before.kind || after.modified != before.modified)
        })
    }

    /// The path, as records show it, begins as the log's archives do, whether it was there before or not.
    pub(crate) fn is_near(&self, log: &Path, shown: &str) -> bool {
        let shown = &*settled(shown);
        let path = Path::new(shown).strip_prefix(self.root).unwrap_or(Path::new(""));
        is_family(log, path) || self.is_of(log, shown)
    }

    /// A plain numbered archive of the log does not lie at its place any more at the peer's.
    pub(crate) fn lost_its_plain(&self, log: &Path) -> bool {
        let is_plain = |path: &Path| path.to_string_lossy().ends_with(|last: char| last.is_ascii_digit());
        let mut its = self.before.keys().filter(|path| is_family(log, path) && is_plain(path));
        its.any(|path| self.is_replaced(&self.root.join(path).to_string_lossy()))
    }

    /// Something lay at this path, as messages show it.
    pub(crate) fn was_there(&self, shown: &str) -> bool {
        let shown = &*settled(shown);
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

    /// The difference lies in the log's directory.
    pub(crate) fn is_beside(&self, log: &Path, difference: &Difference) -> bool {
        let dir = log.parent().unwrap_or(log);
        let names = |text: &str| text.contains(&format!("{}/", self.root.join(dir).display()));
        match difference {
            Difference::Entry(path, ..) => path.starts_with(dir),
            Difference::State(path, ..) => names(path),
            Difference::OnlyPeer(_, record) | Difference::OnlyOurs(_, record) => names(record),
            Difference::Exit(..) | Difference::Order(_) => false,
        }
    }

    /// The difference is about this log, or what its name begins.
    pub(crate) fn is_about(&self, log: &Path, difference: &Difference) -> bool {
        let stem = stem(log);
        let names = |text: &str| text.contains(&format!("/{}", String::from_utf8_lossy(stem)));
        match difference {
            Difference::Exit(..) => false,
            Difference::Entry(path, ..) => is_family(log, path),
            Difference::State(path, ..) => names(path),
            Difference::OnlyPeer(_, record) | Difference::OnlyOurs(_, record) => names(record),
            Difference::Order(_) => false,
        }
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

    /// The log went away because it is an older archive of another log, and was shifted.
    pub(crate) fn was_shifted(&self, log: &Path) -> bool {
        let id = self.before.get(log).and_then(identity);
        let packed = |path: &Path| {
            path.extension()
                .is_some_and(|suffix| ["gz", "bz2", "xz"].iter().any(|known| suffix == *known))
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

    /// Finds the log of a quoted path of the state, as far as its name can be read.
    pub(crate) fn log_of(&self, quoted: &str) -> Option<PathBuf> {
        let shown = quoted.trim_matches('"').replace("\\\\", "\\");
        let shown = shown
            .strip_prefix(&*self.root.to_string_lossy())?
            .trim_start_matches('/')
            .to_owned();
        let trees = [&self.peer.tree, &self.ours.tree, self.before];
        let changed = self.case.steps.iter().flat_map(|step| &step.changes).map(Change::path);
        let mut known = trees.iter().flat_map(|tree| tree.keys()).chain(changed);
        let known = known.find(|path| path.to_string_lossy() == shown);
        Some(known.cloned().unwrap_or_else(|| PathBuf::from(shown)))
    }

    /// What lay at this path (as messages and records show it) before is nowhere any more at the peer's.
    pub(crate) fn is_gone(&self, shown: &str) -> bool {
        let shown = &*settled(shown);
        let shows = |path: &&PathBuf| self.root.join(path).to_string_lossy() == shown;
        let path = self.before.keys().find(shows);
        let id = path.and_then(|path| identity(&self.before[path]));
        id.is_some_and(|id| !self.peer.tree.values().filter_map(identity).any(|other| other == id))
    }

    /// The stamp of a log in a tree's state.
    pub(crate) fn stamp(&self, tree: &Tree, quoted: &str) -> Option<String> {
        stamps(tree.get(Path::new("state"))).remove(quoted)
    }
}

/// The path without the detours that an `olddir` was written with.
fn settled(shown: &str) -> std::borrow::Cow<'_, str> {
    if !shown.contains("/./") && !shown.contains("/../") {
        return shown.into();
    }
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

fn is_family(log: &Path, path: &Path) -> bool {
    let below = log
        .parent()
        .is_some_and(|dir| path.starts_with(dir) || path.starts_with(dir.with_file_name("arch")));
    below
        && path
            .file_name()
            .is_some_and(|name| name.as_bytes().starts_with(stem(log)))
}

/// What `renamecopy` left unfinished can only be moved aside.
fn path_is_interim(path: &Path) -> bool {
    path.to_string_lossy().contains(".tmp-")
}

/// The file is packed by something else than gzip, and can be told by its time alone.
fn is_foreign(file: &Identity) -> bool {
    file.0.starts_with(b"\xfd7zXZ") || file.0.starts_with(b"BZh")
}

fn identity(node: &Node) -> Option<Identity> {
    let Kind::File(raw) = &node.kind else { return None };
    let plain = node.plain.as_ref().unwrap_or(raw);
    let plain = plain.strip_prefix(b"(unpacked) ").unwrap_or(plain);
    Some((plain.to_vec(), node.modified))
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
