//! What a rule of `exceptions` may look at: the run, the tree before it, and what both programs made of it.
//!
//! Here is what was asked for: directives, logs, and which of them a difference is about; `files` follows single files.

mod files;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::case::{Case, Change, Step};
use super::compare::{Aftermath, Difference, stamps};
use super::tree::Tree;
pub(crate) use files::{disposes_of, identity, is_family, is_foreign};

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

impl Scene<'_> {
    /// The run was a dry one.
    pub(crate) fn is_dry(&self) -> bool {
        self.step.options.iter().any(|option| option == "-d")
    }

    /// The directives that hold for the log, as far as they stand in its stanza or before any stanza.
    pub(crate) fn directives(&self, log: &Path) -> Vec<&str> {
        let parent = log.parent().unwrap_or(log).as_os_str().as_bytes();
        let mut out: Vec<&str> = Vec::new();
        for global in self.case.configs.iter().flat_map(|config| &config.globals) {
            if !global.contains('{') {
                out.push(global);
            } else if global.contains(&*log.parent().unwrap_or(log).to_string_lossy()) {
                // A whole file, as the year has it.
                out.extend(global.lines().map(str::trim));
            }
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
        for tree in [&self.peer.tree, &self.ours.tree, self.before] {
            let stamps = stamps(tree.get(Path::new("state")));
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

    /// The stamp of a log in a tree's state.
    pub(crate) fn stamp(&self, tree: &Tree, quoted: &str) -> Option<String> {
        stamps(tree.get(Path::new("state"))).remove(quoted)
    }

    /// The difference is about this log, or what its name begins.
    pub(crate) fn is_about(&self, log: &Path, difference: &Difference) -> bool {
        let names = |text: &str| self.names(log, text);
        match difference {
            Difference::Exit(..) => false,
            Difference::Entry(path, ..) => is_family(log, path),
            Difference::State(path, ..) => names(path),
            Difference::OnlyPeer(_, record) | Difference::OnlyOurs(_, record) => names(record),
            Difference::Order(_) => false,
        }
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
}
