//! One word of a path list to paths, as the C library's `glob` does it with its tilde and no-check flags.
//!
//! No braces; `**` is `*`; a hidden name needs a written dot; what matches nothing stands for itself.

use crate::facts::Kind;
use crate::sys::confread::path_of;
use crate::sys::listing::{self, Lister};
use crate::sys::pattern::{NamePattern, is_special};
use crate::sys::{accounts, locale};

/// A path, and whether the directory it was found in said that it is no directory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    path: Vec<u8>,
    kind: Option<Kind>,
}

/// Expands a word to paths in collation order, directories left out.
///
/// # Errors
/// The system's reason why a directory could not be listed, other than that there is none.
pub fn expand(word: &[u8], lister: Lister) -> Result<Vec<Vec<u8>>, i32> {
    let mut paths: Vec<Vec<u8>> = matches(word, lister)?
        .into_iter()
        .filter(|found| !is_directory(found))
        .map(|found| found.path)
        .collect();
    if paths.len() > 1 {
        locale::sort_names(&mut paths);
    }
    Ok(paths)
}

fn is_directory(found: &Candidate) -> bool {
    found.kind.or_else(|| listing::kind_of(path_of(&found.path))) == Some(Kind::Directory)
}

fn matches(word: &[u8], lister: Lister) -> Result<Vec<Candidate>, i32> {
    let (home, rest) = tilde(word);
    if !is_special(rest) {
        return Ok(vec![Candidate {
            path: [home.as_slice(), rest].concat(),
            kind: None,
        }]);
    }
    let mut found = vec![Candidate { path: home, kind: None }];
    let mut rest = rest;
    let mut ends_with_pattern = false;
    while !rest.is_empty() && !found.is_empty() {
        let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
        let length = rest[slashes..].iter().take_while(|byte| **byte != b'/').count();
        let (name, behind) = rest[slashes..].split_at(length);
        found
            .iter_mut()
            .for_each(|candidate| candidate.path.extend_from_slice(&rest[..slashes]));
        let pattern = NamePattern::new(name, locale::is_utf8());
        ends_with_pattern = pattern.literal().is_none();
        if let Some(literal) = pattern.literal() {
            for candidate in &mut found {
                candidate.path.extend_from_slice(literal);
                candidate.kind = None;
            }
        } else {
            found = step(found, &pattern, behind.is_empty(), lister)?;
        }
        rest = behind;
    }
    if !ends_with_pattern {
        found.retain(|candidate| listing::kind_of(path_of(&candidate.path)).is_some());
    }
    if found.is_empty() {
        found.push(Candidate {
            path: word.to_vec(),
            kind: None,
        });
    }
    Ok(found)
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
        if !NamePattern::new(pattern, locale::is_utf8()).matches_visible(name) {
            return false;
        }
        (rest, path) = (&rest[pattern.len()..], &path[name.len()..]);
    }
    path.is_empty()
}

/// Goes from directories to those of their names that match.
fn step(
    directories: Vec<Candidate>,
    pattern: &NamePattern,
    is_last: bool,
    lister: Lister,
) -> Result<Vec<Candidate>, i32> {
    let mut found = Vec::new();
    for directory in directories {
        let place = if directory.path.is_empty() {
            &b"."[..]
        } else {
            &directory.path
        };
        let listed = match listing::list(path_of(place), lister, |name| pattern.matches_visible(name)) {
            Ok(listed) => listed,
            Err(errno) if listing::is_absence(errno) => continue,
            Err(errno) => return Err(errno),
        };
        let may_lead_on = |kind| is_last || matches!(kind, None | Some(Kind::Directory | Kind::Symlink));
        found.extend(
            listed
                .into_iter()
                .filter(|entry| may_lead_on(entry.kind))
                .map(|entry| Candidate {
                    path: [directory.path.as_slice(), entry.name.as_slice()].concat(),
                    kind: entry.kind,
                }),
        );
    }
    Ok(found)
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
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// What the C library makes of a pattern, directories left out; `None` for an error.
    fn c_glob(pattern: &[u8]) -> Option<Vec<Vec<u8>>> {
        let mut paths = crate::sys::pattern::c_glob(pattern)?;
        paths.retain(|path| listing::kind_of(path_of(path)) != Some(Kind::Directory));
        Some(paths)
    }

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for directory in ["a", "b", "ab", ".h", "a/b", "a/[x]"] {
            std::fs::create_dir(root.path().join(directory)).unwrap();
        }
        for file in [
            "x", "a-b", "a*", "b?", "[a]", "]", "é", "-", "!", "\\", "a\\b", ".d", "^", "~",
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
                expand(&pattern, Lister::Process).ok(),
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
            assert_eq!(expand(word, Lister::Process).unwrap(), [word.to_vec()]);
        }
    }

    #[test]
    fn a_tilde_is_a_home_directory() {
        let home = accounts::home_of(b"root").unwrap();
        assert_eq!(
            expand(b"~root/no-such-log", Lister::Process).unwrap(),
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
        let patterns = r"([ab*?x.\\!^-]|\[[!^]?[]abx*?!-]{1,3}\]|\[|\]|/){1,8}";
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
                expand(&pattern, Lister::Process).ok(),
                c_glob(&pattern),
                "{}",
                String::from_utf8_lossy(&pattern)
            );
            Ok(())
        });
        run.unwrap();
    }
}
