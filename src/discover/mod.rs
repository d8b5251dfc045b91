//! From stanzas to logs: words are expanded, logs named twice are dropped, and directories for archives are checked.
//!
//! The only effect is looking. Whether a log can be rotated is asked only where two paths lead to it: the first that can has it.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Diagnostic, Place, Problem, Severity};
use crate::policy::{Policy, Stanza, Su};
use crate::sys::identity::{self, Acting};
use crate::sys::listing::{Lister, Listings};
use crate::sys::pattern::{NamePattern, is_special};
use crate::unix::{Identity, split_path};

pub(crate) mod claim;
pub mod expand;
mod known;
mod lost;
mod old_dir;

pub use lost::Lost;

use claim::Claims;
use known::{Known, LogIndex, clip};

/// Longer words are not expanded.
const LONGEST_WORD: usize = 2048;

/// A log that a stanza names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLog {
    /// Its path, as the word gives it; the word itself where nothing matched.
    pub path: Arc<Path>,
    /// Which word of the stanza's path list led to it.
    pub word: usize,
}

/// A stanza and its logs.
#[derive(Clone, Debug)]
pub struct ExpandedStanza {
    pub stanza: Stanza,
    pub logs: Vec<FoundLog>,
}

impl ExpandedStanza {
    /// Returns the word by which the stanza would have a log if that were there: whoever asks about a log that is gone asks here.
    #[must_use]
    pub fn word_for(&self, log: &Path) -> Option<&OsString> {
        let leads = |word: &&OsString| expand::covers(word.as_bytes(), log.as_os_str().as_bytes());
        self.stanza.patterns.iter().find(leads)
    }
}

/// What was found.
#[derive(Debug)]
pub struct Discovered {
    /// The stanzas that can be used, in order.
    pub stanzas: Vec<ExpandedStanza>,
    /// Something was wrong that makes the exit status 1.
    pub failed: bool,
    /// The directories that had to be listed, with the rights of whoever started the run.
    pub listings: Listings,
}

/// Finds the logs of all stanzas; a stanza with an error is left out.
pub fn discover(stanzas: Vec<Stanza>, hear: &mut dyn FnMut(Diagnostic)) -> Discovered {
    let mut seeker = Seeker {
        hear,
        failed: false,
        known: Known::default(),
        claims: Claims::default(),
        devices: HashMap::new(),
        listings: Listings::default(),
        listed_as: (None, Lister::Process),
    };
    let mut found = Vec::with_capacity(stanzas.len());
    for stanza in stanzas {
        if let Some(expanded) = seeker.expand(stanza, &found) {
            found.push(expanded);
        }
    }
    Discovered {
        stanzas: found,
        failed: seeker.failed,
        listings: if seeker.listed_as == (None, Lister::Process) {
            seeker.listings
        } else {
            Listings::default()
        },
    }
}

/// Says that two stanzas name the same path.
pub(crate) fn duplicate(path: PathBuf, first: &Stanza, other: &Stanza) -> Problem {
    if first.policy.ignore_duplicates || other.policy.ignore_duplicates {
        return Problem::DuplicateIgnored(path);
    }
    let first = first.declared_at.clone();
    Problem::DuplicateLog { path, first }
}

/// Returns the directories in which a stanza's words with patterns look for logs, each with its slash, and the patterns of the names.
#[must_use]
pub fn directories(stanza: &Stanza) -> BTreeMap<PathBuf, Vec<NamePattern>> {
    let eyes = Eyes::of(stanza);
    let mut listings = Listings::by(eyes.lister);
    let mut found: BTreeMap<PathBuf, Vec<NamePattern>> = BTreeMap::new();
    let words = stanza.patterns.iter().map(|word| word.as_bytes());
    let short = words.filter(|word| word.len() <= LONGEST_WORD);
    for (directories, pattern) in short.filter_map(|word| expand::directories(word, &mut listings)) {
        for directory in directories {
            found.entry(directory).or_default().push(pattern.clone());
        }
    }
    found
}

/// With whose rights a stanza's words are expanded.
struct Eyes {
    acting: Option<Acting>,
    /// Whose they are, where they are not those of whoever started the run.
    seen_by: Option<Identity>,
    lister: Lister,
}

impl Eyes {
    /// Takes on the rights of a stanza.
    fn of(stanza: &Stanza) -> Self {
        // The stanza's user must not learn, by what is rotated, of directories that only root can look into. One whose rights
        // cannot be taken is told of when the stanza's turn comes.
        let acting = match stanza.policy.su {
            Some(Su::Named(user)) if stanza.patterns.iter().any(|word| is_special(word.as_bytes())) => {
                identity::act_as(user).ok()
            }
            _ => None,
        };
        Self {
            seen_by: acting.as_ref().map(Acting::who),
            lister: match stanza.policy.su {
                Some(Su::DirectoryOwner) => Lister::Owner,
                _ => Lister::Process,
            },
            acting,
        }
    }
}

struct Seeker<'h> {
    hear: &'h mut dyn FnMut(Diagnostic),
    failed: bool,
    known: Known,
    claims: Claims,
    /// Devices of directories asked for so far.
    devices: HashMap<PathBuf, Result<u64, i32>>,
    listings: Listings,
    /// Whose eyes saw them.
    listed_as: (Option<Identity>, Lister),
}

impl Seeker<'_> {
    fn say(&mut self, problem: Problem, place: &Place) {
        let diagnostic = Diagnostic::new(problem, Some(place.clone()), None);
        self.failed |= diagnostic.severity == Severity::Error;
        (self.hear)(diagnostic);
    }

    fn expand(&mut self, stanza: Stanza, earlier: &[ExpandedStanza]) -> Option<ExpandedStanza> {
        let mut logs = self.words(&stanza)?;
        if let Some(old_dir) = &stanza.policy.old_dir
            && !logs.is_empty()
        {
            self.keep_where_old_dir_fits(&stanza, old_dir, &mut logs, earlier);
            if logs.is_empty() {
                return None;
            }
        }
        let mut expanded = ExpandedStanza { stanza, logs };
        let mut kept = 0;
        for at in 0..expanded.logs.len() {
            if self.is_new(&expanded, at, kept, earlier) {
                expanded.logs.swap(kept, at);
                kept += 1;
            }
        }
        expanded.logs.truncate(kept);
        Some(expanded)
    }

    /// Expands the words; `None` where nothing is found since directories cannot be listed, and that is an error.
    fn words(&mut self, stanza: &Stanza) -> Option<Vec<FoundLog>> {
        let Eyes {
            acting: _acting,
            seen_by,
            lister,
        } = Eyes::of(stanza);
        if (seen_by, lister) != self.listed_as {
            self.listings = Listings::by(lister);
            self.listed_as = (seen_by, lister);
        }
        let (mut logs, mut has_failed) = (Vec::new(), false);
        for (index, word) in stanza.patterns.iter().enumerate() {
            let word = word.as_bytes();
            if word.len() > LONGEST_WORD {
                self.say(Problem::GlobTooLong { length: word.len() }, &stanza.declared_at);
                continue;
            }
            let found = expand::expand(word, &mut self.listings);
            logs.extend(found.paths.into_iter().map(|path| FoundLog { path, word: index }));
            // Of several words only the last one's failures count, as in the reference.
            let is_ignored = stanza.policy.missing_ok || index + 1 < stanza.patterns.len();
            for (directory, errno) in found.unlisted {
                let word = word.to_vec();
                has_failed |= !is_ignored;
                let problem = if is_ignored {
                    Problem::GlobFailedIgnored { word, directory, errno }
                } else {
                    Problem::GlobFailed { word, directory, errno }
                };
                self.say(problem, &stanza.declared_at);
            }
        }
        (!has_failed || !logs.is_empty()).then_some(logs)
    }

    /// Answers whether no earlier stanza or word has the log `at`; the stanza's logs before `kept` are those that stay.
    fn is_new(&mut self, expanded: &ExpandedStanza, at: usize, kept: usize, earlier: &[ExpandedStanza]) -> bool {
        let set_of = |stanza: u32| earlier.get(stanza as usize).unwrap_or(expanded);
        let path_of = |(stanza, log): LogIndex| &*set_of(stanza).logs[log as usize].path;
        let path = &expanded.logs[at].path;
        let spot = (clip(earlier.len()), clip(kept));
        let Some(holder) = self.known.enter(path, spot, &path_of) else {
            return true;
        };
        let holder = self.known.former(path).unwrap_or(holder);
        let holding = set_of(holder.0);
        let (first, path) = (path_of(holder).to_path_buf(), path.to_path_buf());
        let problem = if first.as_os_str() != path.as_os_str() {
            if self.is_idle(holder.0, &holding.stanza.policy, &first, &path) {
                // Its stanza says why it cannot rotate it when its turn comes.
                self.known.pass_on(&first, &path, spot, &path_of);
                self.say(
                    Problem::LeftToOther {
                        path: first,
                        other: path,
                    },
                    &holding.stanza.declared_at,
                );
                return true;
            }
            Problem::SameLog { path, first }
        } else {
            duplicate(path, &holding.stanza, &expanded.stanza)
        };
        self.say(problem, &expanded.stanza.declared_at);
        false
    }

    /// Answers whether a stanza has a log by a path by which it could not rotate it, so that it is no reason to leave another path out.
    /// (Whoever owns a directory on the way could else keep logs of others from being rotated by a link to them.)
    fn is_idle(&mut self, stanza: u32, policy: &Policy, first: &Path, path: &Path) -> bool {
        let directory = |path| split_path(path).map(|(directory, _)| directory);
        let Some(found) = self.known.place(first).filter(|_| directory(first) != directory(path)) else {
            return false;
        };
        !self.claims.holds(stanza, policy, first, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{LoadOptions, load};

    /// What a configuration finds below a fresh directory (`@` in the text), and what it says.
    fn found(text: &str, files: &[&str]) -> (Vec<Vec<String>>, Vec<Problem>) {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let real = root.path().join("log");
        std::fs::create_dir_all(&real).unwrap();
        std::os::unix::fs::symlink(&real, root.path().join("link")).unwrap();
        let config = root.path().join("c.conf");
        std::fs::write(&config, text.replace('@', root.path().to_str().unwrap())).unwrap();
        let mut said = Vec::new();
        let mut hear = |diagnostic: Diagnostic| {
            if !matches!(diagnostic.problem, Problem::Reading(_)) {
                said.push(diagnostic.problem);
            }
        };
        let loaded = load(&[config], &LoadOptions::default(), &mut hear);
        let discovered = discover(loaded.stanzas, &mut hear);
        assert_eq!(
            discovered.failed || loaded.failed,
            said.iter().any(|problem| problem.class().severity == Severity::Error)
        );
        let short = |log: &FoundLog| log.path.strip_prefix(root.path()).unwrap().display().to_string();
        (
            discovered
                .stanzas
                .iter()
                .map(|stanza| stanza.logs.iter().map(short).collect())
                .collect(),
            said,
        )
    }

    #[test]
    fn a_duplicate_costs_that_file_only() {
        let (logs, said) = found("@/log/b {\n}\n@/log/[abc] {\n}\n", &["log/a", "log/b", "log/c"]);
        assert_eq!(logs, [vec!["log/b"], vec!["log/a", "log/c"]]);
        assert!(matches!(said[..], [Problem::DuplicateLog { .. }]));
    }

    #[test]
    fn a_duplicate_within_one_list_is_one_too() {
        let (logs, said) = found("@/log/a @/log/a {\n}\n", &["log/a"]);
        assert_eq!(logs, [["log/a"]]);
        assert!(matches!(said[..], [Problem::DuplicateLog { .. }]));
    }

    #[test]
    fn ignoreduplicates_counts_in_either_block() {
        for text in [
            "@/log/a {\nignoreduplicates\n}\n@/log/a {\n}\n",
            "@/log/a {\n}\n@/log/a {\nignoreduplicates\n}\n",
        ] {
            let (logs, said) = found(text, &["log/a"]);
            assert_eq!(logs, [vec!["log/a"], vec![]]);
            assert!(matches!(said[..], [Problem::DuplicateIgnored(_)]));
        }
    }

    #[test]
    fn a_log_reached_by_two_paths_is_rotated_once() {
        let (logs, said) = found("@/log/*.log {\n}\n@/link/*.log @/log//a.log {\n}\n", &["log/a.log"]);
        assert_eq!(logs, [vec!["log/a.log"], vec![]]);
        assert!(matches!(said[..], [Problem::SameLog { .. }, Problem::SameLog { .. }]));
    }

    #[test]
    fn directories_are_no_logs_and_a_word_without_a_match_is_itself() {
        let (logs, said) = found("@/log @/log/* @/log/*.x {\n}\n", &["log/a", "log/d/x"]);
        assert_eq!(logs, [["log/a", "log/*.x"]]);
        assert_eq!(said, []);
    }

    #[test]
    fn a_missing_olddir_costs_its_own_block_only() {
        let (logs, said) = found("@/log/a {\nolddir old\n}\n@/log/b {\n}\n", &["log/a", "log/b"]);
        assert_eq!(logs, [["log/b"]]);
        assert!(matches!(said[..], [Problem::OldDirUnverified { .. }]));
    }

    #[test]
    fn a_duplicate_needs_no_olddir() {
        let text = "@/other/a {\n}\n@/log/b @/other/a {\nolddir old\n}\n";
        let (logs, said) = found(text, &["other/a", "log/b", "log/old/x"]);
        assert_eq!(logs, [vec!["other/a"], vec!["log/b"]]);
        assert!(matches!(said.as_slice(), [Problem::DuplicateLog { .. }]), "{said:?}");
    }

    #[test]
    fn createolddir_is_not_acted_on_here() {
        let (logs, said) = found("@/log/a {\nolddir old\ncreateolddir\n}\n", &["log/a"]);
        assert_eq!(logs, [["log/a"]]);
        assert_eq!(said, []);
    }

    #[test]
    fn olddir_for_a_log_in_a_missing_directory_is_an_error_without_missingok() {
        let (logs, said) = found("@/no/a {\nolddir /tmp\n}\n@/no/b {\nolddir /tmp\nmissingok\n}\n", &[]);
        assert_eq!(logs, [["no/b"]]);
        assert!(matches!(
            said[..],
            [Problem::LogPathUnverified { .. }, Problem::LogPathMissing { .. }]
        ));
    }

    #[test]
    fn a_word_that_is_too_long_costs_itself_only() {
        let (logs, said) = found(&format!("@/log/a /{} {{\n}}\n", "x".repeat(2049)), &["log/a"]);
        assert_eq!(logs, [["log/a"]]);
        assert_eq!(said, [Problem::GlobTooLong { length: 2050 }]);
    }

    #[test]
    fn olddir_on_another_device_needs_a_copy() {
        let (logs, said) = found(
            "@/log/a {\nolddir /proc\n}\n@/log/b {\nolddir /proc\ncopy\n}\n",
            &["log/a", "log/b"],
        );
        assert_eq!(logs, [["log/b"]]);
        assert!(matches!(said[..], [Problem::DifferentDevices { .. }]));
    }
}
