//! What may be read of a configuration that is checked without a look at the machine: what lies beside, or below, the paths named.
//!
//! Such a configuration may be a stranger's proposal, and the lines of what it includes are shown: `include /etc/shadow` must not
//! show that file's, nor a link that stands for it.

use std::path::{Path, PathBuf};

use super::STANDARD_INPUT;
use crate::facts::Kind;
use crate::sys::confread::real_path;
use crate::sys::listing::kind_of;
use crate::unix::split_path;

/// The directories that may be read.
#[derive(Debug)]
pub(super) struct ReadLimit(Vec<PathBuf>);

impl ReadLimit {
    /// Draws them around the paths named: a file's own directory, a directory itself. One that is a link only stands for what lies
    /// beside it. Beside the standard input lies nothing.
    pub(super) fn around(paths: &[PathBuf]) -> Self {
        let around = |path: &PathBuf| {
            let Some((parent, name)) = split_path(path) else {
                return real_path(path);
            };
            let parent = real_path(parent)?;
            let whole = parent.join(name);
            let is_directory = kind_of(&whole) == Some(Kind::Directory);
            Some(if is_directory { whole } else { parent })
        };
        let files = paths.iter().filter(|path| *path != Path::new(STANDARD_INPUT));
        Self(files.filter_map(around).collect())
    }

    /// Tells whether a path stays within them, wherever links on it lead.
    pub(super) fn hold(&self, path: &Path) -> bool {
        real_path(path).is_some_and(|real| self.0.iter().any(|root| real.starts_with(root)))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_named_and_what_lies_below_may_be_read_and_no_link_leads_out() {
        let tree = tempfile::tempdir().unwrap();
        let at = |name: &str| tree.path().join(name);
        for name in ["a/d/deep", "b"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        for name in ["a/conf", "a/d/app", "b/secret"] {
            std::fs::write(at(name), "x").unwrap();
        }
        for (name, target) in [
            ("a/d/link", "../../b/secret"),
            ("a/out", "../b"),
            ("a/d/own", "app"),
            ("a/d/no", "/no/x"),
        ] {
            symlink(target, at(name)).unwrap();
        }
        let by_file = ReadLimit::around(&[at("a/conf")]);
        let by_directory = ReadLimit::around(&[at("a/d")]);
        let by_link = ReadLimit::around(&[at("a/out")]);
        for (path, file, directory, link) in [
            ("a/conf", true, false, true),
            ("a/d/app", true, true, true),
            ("a/d/deep/missing", true, true, true),
            ("a/d/own", true, true, true),
            ("a/d/../conf", true, false, true),
            ("a/d/link", false, false, false),
            ("a/d/no", false, false, false),
            ("a/out/secret", false, false, false),
            ("a/missing/../../b/secret", false, false, false),
            ("b/secret", false, false, false),
            ("../etc", false, false, false),
        ] {
            let held = [&by_file, &by_directory, &by_link].map(|read_limit| read_limit.hold(&at(path)));
            assert_eq!(held, [file, directory, link], "{path}");
        }
    }
}
