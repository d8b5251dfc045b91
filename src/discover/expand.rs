//! One word of a path list to paths, as the C library's `glob` does it with its tilde and no-check flags.
//!
//! No braces; `**` is `*`; a hidden name needs a written dot; what matches nothing stands for itself. Unlike there, a directory that
//! cannot be listed takes nothing from the others: users make such, by a link that leads to itself or a file system of their own.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::facts::Kind;
use crate::sys::confread::path_of;
use crate::sys::listing::{self, Listing, Listings};
use crate::sys::pattern::{NamePattern, is_special};
use crate::sys::{accounts, locale};

/// What a word leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The paths, in collation order, directories left out.
    pub paths: Vec<Arc<Path>>,
    /// Directories that are there and could not be listed, each with the system's reason.
    pub unlisted: Vec<(PathBuf, i32)>,
}

/// Expands a word.
pub fn expand(word: &[u8], listings: &mut Listings) -> Expansion {
    let (home, rest) = tilde(word);
    let mut found = Expansion::default();
    if !is_special(rest) {
        let joined = [home.as_slice(), rest].concat();
        let whole = if home.is_empty() { rest } else { &joined };
        found.paths.extend(plain(path_of(whole), None));
        return found;
    }
    if !matches(home, rest, listings, &mut found) && found.unlisted.is_empty() {
        found.paths.extend(plain(path_of(word), None));
    }
    if found.paths.len() > 1 {
        locale::sort_by_name(&mut found.paths, |path| path.as_os_str().as_bytes());
    }
    found
}

/// Returns a path to keep, unless it is that of a directory.
fn plain(path: &Path, kind: Option<Kind>) -> Option<Arc<Path>> {
    let is_directory = kind.or_else(|| listing::kind_of(path)) == Some(Kind::Directory);
    (!is_directory).then(|| path.into())
}

/// Finds the paths that a pattern leads to; answers whether there were any, those of directories included.
fn matches(home: Vec<u8>, rest: &[u8], listings: &mut Listings, into: &mut Expansion) -> bool {
    let mut found = vec![home];
    let mut rest = rest;
    let mut is_found = false;
    while !rest.is_empty() && !found.is_empty() {
        let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
        let length = rest[slashes..].iter().take_while(|byte| **byte != b'/').count();
        let (name, behind) = rest[slashes..].split_at(length);
        found
            .iter_mut()
            .for_each(|path| path.extend_from_slice(&rest[..slashes]));
        let pattern = NamePattern::new(name);
        if let Some(literal) = pattern.literal() {
            found.iter_mut().for_each(|path| path.extend_from_slice(literal));
        } else {
            let mut lists = Lists {
                listings,
                is_found,
                unlisted: &mut into.unlisted,
            };
            if behind.is_empty() {
                return last_step(&found, &pattern, &mut lists, &mut into.paths);
            }
            found = step(found, &pattern, &mut lists);
            is_found = true;
        }
        rest = behind;
    }
    let mut any = false;
    for path in found.iter().map(|path| path_of(path)) {
        if let Some(kind) = listing::kind_of(path) {
            any = true;
            into.paths.extend(plain(path, Some(kind)));
        }
    }
    any
}

/// Lists directories, and keeps those that cannot be listed.
struct Lists<'l> {
    listings: &'l mut Listings,
    /// The directories were found by a pattern, and are not written out.
    is_found: bool,
    unlisted: &'l mut Vec<(PathBuf, i32)>,
}

impl Lists<'_> {
    /// Lists a directory; `None` where there is none, or it cannot be listed.
    fn of(&mut self, directory: &[u8]) -> Option<Rc<Listing>> {
        let place = path_of(if directory.is_empty() { b"." } else { directory });
        match self.listings.list(place) {
            Ok(listed) => return Some(listed),
            Err(errno) if listing::is_absence(errno) => {}
            // As for the C library, no pattern leads to what may not even be looked at.
            Err(_) if self.is_found && listing::is_hidden(place) => {}
            Err(errno) => self.unlisted.push((shorn(directory), errno)),
        }
        None
    }
}

/// Returns a directory's path without slashes at its end.
fn shorn(directory: &[u8]) -> PathBuf {
    let end = directory
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(1, |last| last + 1);
    path_of(&directory[..end.min(directory.len())]).to_owned()
}

/// Puts out the names of the directories that match; answers whether any did, a directory's included.
fn last_step(
    directories: &[Vec<u8>],
    pattern: &NamePattern,
    lists: &mut Lists<'_>,
    paths: &mut Vec<Arc<Path>>,
) -> bool {
    let mut any = false;
    let mut path = Vec::new();
    for directory in directories {
        let Some(listed) = lists.of(directory) else { continue };
        for (name, kind) in listed.names().filter(|(name, _)| pattern.matches_visible(name)) {
            any = true;
            path.clear();
            path.extend_from_slice(directory);
            path.extend_from_slice(name);
            paths.extend(plain(path_of(&path), kind));
        }
    }
    any
}

/// Tells whether a word would lead to this path if the file were there.
#[must_use]
pub fn covers(word: &[u8], path: &[u8]) -> bool {
    let (home, mut rest) = tilde(word);
    let Some(mut path) = path.strip_prefix(home.as_slice()) else {
        return false;
    };
    if !is_special(rest) {
        return path == rest;
    }
    while !rest.is_empty() {
        let slashes = |text: &[u8]| text.iter().take_while(|byte| **byte == b'/').count();
        let length = |text: &[u8]| text.iter().take_while(|byte| **byte != b'/').count();
        let (wanted, found) = (slashes(rest), slashes(path));
        if wanted != found {
            return false;
        }
        (rest, path) = (&rest[wanted..], &path[found..]);
        let (pattern, name) = (&rest[..length(rest)], &path[..length(path)]);
        if !NamePattern::new(pattern).matches_visible(name) {
            return false;
        }
        (rest, path) = (&rest[pattern.len()..], &path[name.len()..]);
    }
    path.is_empty()
}

/// Returns the path at which, or below which, all lies that a word can lead to.
#[must_use]
pub fn stem(word: &[u8]) -> PathBuf {
    let (home, rest) = tilde(word);
    let parts = rest.split_inclusive(|byte| *byte == b'/');
    let literal: usize = parts.take_while(|part| !is_special(part)).map(<[u8]>::len).sum();
    path_of(&[home.as_slice(), &rest[..literal]].concat()).to_owned()
}

/// Returns the directories in which a word looks for names, each with its slash, and the pattern of the names; `None` where it has no
/// pattern. What cannot be listed on the way leads nowhere.
pub fn directories(word: &[u8], listings: &mut Listings) -> Option<(Vec<PathBuf>, NamePattern)> {
    let (home, rest) = tilde(word);
    if !is_special(rest) {
        return None;
    }
    let (way, name) = rest.split_at(rest.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1));
    let mut lists = Lists {
        listings,
        is_found: false,
        unlisted: &mut Vec::new(),
    };
    let mut found = vec![home];
    for part in way.split_inclusive(|byte| *byte == b'/') {
        let pattern = NamePattern::new(part.strip_suffix(b"/").unwrap_or(part));
        match pattern.literal() {
            Some(literal) => found.iter_mut().for_each(|path| path.extend_from_slice(literal)),
            None => found = step(found, &pattern, &mut lists),
        }
        found.iter_mut().for_each(|path| path.push(b'/'));
    }
    let found = found.iter().map(|path| path_of(path).to_owned());
    Some((found.collect(), NamePattern::new(name)))
}

/// Tells whether a word looks for names in this directory, which is given with its slash.
#[must_use]
pub fn leads_into(word: &[u8], directory: &[u8]) -> bool {
    let way = word.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    covers(&word[..way], directory)
}

/// Goes from directories to those of their names that match and may be directories.
fn step(directories: Vec<Vec<u8>>, pattern: &NamePattern, lists: &mut Lists<'_>) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for directory in directories {
        let Some(listed) = lists.of(&directory) else { continue };
        let may_lead_on = |kind| matches!(kind, None | Some(Kind::Directory | Kind::Symlink));
        found.extend(
            listed
                .names()
                .filter(|(name, kind)| may_lead_on(*kind) && pattern.matches_visible(name))
                .map(|(name, _)| [directory.as_slice(), name].concat()),
        );
    }
    found
}

/// Splits `~` or `~user` off and answers the home directory and what follows; without such a user all of it follows.
fn tilde(word: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(after) = word.strip_prefix(b"~") else {
        return (Vec::new(), word);
    };
    let end = after.iter().position(|byte| *byte == b'/').unwrap_or(after.len());
    let home = if end == 0 {
        accounts::own_home()
    } else {
        accounts::home_of(&after[..end])
    };
    home.map_or((Vec::new(), word), |home| (home, &after[end..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the C library makes of a pattern, directories left out; `None` for an error.
    fn c_glob(pattern: &[u8]) -> Option<Vec<Vec<u8>>> {
        let mut paths = crate::sys::pattern::c_glob(pattern)?;
        paths.retain(|path| listing::kind_of(path_of(path)) != Some(Kind::Directory));
        Some(paths)
    }

    fn expanded(word: &[u8]) -> Option<Vec<Vec<u8>>> {
        let Expansion { paths, unlisted } = expand(word, &mut Listings::default());
        let bytes = |path: &Arc<Path>| path.as_os_str().as_bytes().to_vec();
        unlisted.is_empty().then(|| paths.iter().map(bytes).collect())
    }

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for directory in ["a", "b", "ab", ".h", "a/b", "a/[x]"] {
            std::fs::create_dir(root.path().join(directory)).unwrap();
        }
        for file in [
            "x", "a-b", "a*", "b?", "[a]", "[", "]", "é", "-", "!", "\\", "a\\b", ".d", "^", "~", "=", ":",
        ] {
            for directory in ["", "a", "b", "ab", ".h", "a/b", "a/[x]"] {
                let path = root.path().join(directory).join(file);
                std::fs::write(path, b"").unwrap();
            }
        }
        std::os::unix::fs::symlink("a", root.path().join("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.path().join("a/dangling")).unwrap();
        root
    }

    fn under(root: &Path, pattern: &str) -> Vec<u8> {
        format!("{}/{pattern}", root.display()).into_bytes()
    }

    #[test]
    fn a_word_expands_as_the_c_library_expands_it() {
        let root = tree();
        for pattern in [
            "*",
            "*/*",
            ".*",
            "*/x",
            "a/*",
            "[ab]/x",
            "[!a]/x",
            "**",
            "**/x",
            "*/",
            "nothing*",
            "nothing/*",
            "x/*",
            "a/./x",
            "*//x",
            r"a\*",
            r"\[a\]",
            "[[]a]",
            "a/[[]x]/*",
            "[]]",
            "[!]]",
            "link/*",
            "*/dangling",
            "?",
            "a?b",
            r"\\",
            "[a-",
            r"[\]]",
            "[^a]",
            "[[:alpha:]]/x",
            "[!-]",
            "[-!]",
            ".h/*",
            "*/.*",
            "a/b/*",
            "*/b/*",
            r"a\\b",
            r"nothing\*",
        ] {
            let pattern = under(root.path(), pattern);
            assert_eq!(
                expanded(&pattern),
                c_glob(&pattern),
                "{}",
                String::from_utf8_lossy(&pattern)
            );
        }
    }

    #[test]
    fn a_word_of_any_bytes_stands_for_itself_without_a_match() {
        for word in [
            &b"/no\xff/*"[..],
            b"/nothing-here",
            b"~no-such-user/x",
            b"/nothing/[",
            b"x\\",
        ] {
            assert_eq!(expanded(word).unwrap(), [word.to_vec()]);
        }
    }

    #[test]
    fn what_a_word_leads_to_lies_below_its_stem() {
        for (word, below) in [
            ("/var/log/*.log", "/var/log/"),
            ("/var/*/a.log", "/var/"),
            ("/var/log/a.log", "/var/log/a.log"),
            ("/var/log/\\a.log", "/var/log/"),
            ("log/a[1]", "log/"),
            ("*.log", ""),
        ] {
            assert_eq!(stem(word.as_bytes()), Path::new(below), "{word}");
        }
    }

    #[test]
    fn a_tilde_is_a_home_directory() {
        let home = accounts::home_of(b"root").unwrap();
        assert_eq!(
            expanded(b"~root/no-such-log").unwrap(),
            [[&home[..], b"/no-such-log"].concat()]
        );
    }

    #[test]
    fn random_patterns_expand_as_the_c_library_expands_them() {
        let root = tree();
        let config = ProptestConfig {
            cases: 1000,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let patterns = concat!(
            r"([ab*?x.\\!^-]|\[[!^]?[]abx*?!-]{1,3}\]|\[|\]|/|",
            r"\[[!^]?(a|b-x|x-a|-|\[[.=:]|[.=:]\]|\[\.[]abx.-]{0,2}\.\]|\[=[]abx=-]{0,2}=\]|\[:(alpha|al|):\]){1,4}\]){1,8}"
        );
        let run = proptest::test_runner::TestRunner::new(config).run(&patterns, |pattern| {
            // The C library drops a slash at the end where nothing matches, and lets a backslash escape a slash:
            // the first names a directory, the second nothing that can be.
            let mut pattern = pattern.trim_end_matches(['/', '\\']).to_owned();
            while pattern.contains("\\/") {
                pattern = pattern.replace("\\/", "/");
            }
            // Of three slashes behind a pattern the C library drops one.
            while pattern.contains("///") {
                pattern = pattern.replace("///", "//");
            }
            let pattern = under(root.path(), &pattern);
            prop_assert_eq!(
                expanded(&pattern),
                c_glob(&pattern),
                "{}",
                String::from_utf8_lossy(&pattern)
            );
            Ok(())
        });
        run.unwrap();
    }
}
