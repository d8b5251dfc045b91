//! What a run would find on this machine: logs that are none, archives that share a directory, programs that are missing.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::survey::Survey;
use crate::config::directive::Setting;
use crate::diag::Place;
use crate::discover::{ExpandedStanza, FoundLog};
use crate::facts::Kind;
use crate::inventory::{self, Programs};
use crate::lint::{Finding, Lint, Made};
use crate::obstacle::Need;
use crate::policy::{Origin, Stanza};
use crate::sys::confread::{directory_id, path_of};
use crate::sys::listing::kind_of;
use crate::sys::pattern::is_special;
use crate::unix::{FileId, split_path};

/// Reports what is wrong with the logs that were found, and with the programs for them.
pub(super) fn check(stanzas: &[ExpandedStanza], mail_program: &Path, survey: &Survey<'_>, found: &mut Vec<Finding>) {
    let mut rows = Rows::default();
    for expanded in stanzas {
        no_logs(expanded, survey, found);
        rows.enter(expanded, survey, found);
        missing_programs(&expanded.stanza, mail_program, found);
    }
}

/// Returns the place of a word, or of its stanza.
pub(super) fn place_of(stanza: &Stanza, word: usize, survey: &Survey<'_>) -> Place {
    survey.word(stanza, word).unwrap_or_else(|| stanza.declared_at.clone())
}

/// Reports the words that lead to nothing but directories or symbolic links, which no run rotates.
fn no_logs(expanded: &ExpandedStanza, survey: &Survey<'_>, found: &mut Vec<Finding>) {
    let stanza = &expanded.stanza;
    for (index, word) in stanza.patterns.iter().enumerate() {
        let word = word.as_bytes();
        let is_pattern = is_special(word) || word.starts_with(b"~");
        let mut logs = expanded.logs.iter().filter(|log| log.word == index).peekable();
        let lint = match logs.peek() {
            None if !is_pattern && kind_of(path_of(word)) == Some(Kind::Directory) => {
                Lint::PathIsDirectory(path_of(word).to_owned())
            }
            Some(first) => {
                let first = first.path.to_path_buf();
                if !logs.all(|log| kind_of(&log.path) == Some(Kind::Symlink)) {
                    continue;
                }
                Lint::OnlyLinks(first)
            }
            None => continue,
        };
        found.push(Finding::lint(lint, place_of(stanza, index, survey)));
    }
}

/// A directory for archives and the name of their log; one that is still to be made has no identity but its path.
type Row<'s> = (Result<FileId, PathBuf>, &'s [u8]);

/// The rows of archives that go into directories of their own, each with the first log that has it.
#[derive(Default)]
struct Rows<'s> {
    directories: HashMap<PathBuf, Option<FileId>>,
    first: HashMap<Row<'s>, (&'s ExpandedStanza, &'s FoundLog)>,
}

impl<'s> Rows<'s> {
    /// Enters the logs of a stanza, and reports those whose row another log has.
    fn enter(&mut self, expanded: &'s ExpandedStanza, survey: &Survey<'_>, found: &mut Vec<Finding>) {
        let stanza = &expanded.stanza;
        let Some(old_dir) = &stanza.policy.old_dir else { return };
        for log in &expanded.logs {
            let Some((directory, name)) = split_path(&log.path) else {
                continue;
            };
            let path = directory.join(&old_dir.path);
            let id = self.directories.entry(path.clone());
            let id = *id.or_insert_with(|| directory_id(&path));
            let entry = self.first.entry((id.ok_or(path), name.as_bytes()));
            let (other_set, other) = entry.or_insert((expanded, log));
            if other.path == log.path || other_set.stanza.policy.naming != stanza.policy.naming {
                continue;
            }
            let lint = Lint::SharedRow {
                log: log.path.to_path_buf(),
                other: other.path.to_path_buf(),
            };
            let other = place_of(&other_set.stanza, other.word, survey);
            let place = place_of(stanza, log.word, survey);
            let related = Some(other).filter(|other| *other != place);
            found.push(Finding {
                related,
                ..Finding::lint(lint, place)
            });
        }
    }
}

/// Reports the programs that a stanza needs and that are not there.
fn missing_programs(stanza: &Stanza, mail_program: &Path, found: &mut Vec<Finding>) {
    let made = Made::of(stanza);
    let programs = Programs {
        mail: mail_program,
        external_compress: false,
    };
    for (need, program) in inventory::missing_programs(&stanza.policy, programs) {
        let settings: &[Setting] = match need {
            Need::Compress => &[Setting::CompressCommand, Setting::Compress],
            Need::Mail => &[Setting::Mail],
            Need::Uncompress => &[Setting::UncompressCommand, Setting::Mail],
            Need::Shred => &[Setting::Shred],
        };
        if let Some(Origin { row: directive, place }) = made.last(settings) {
            let lint = Lint::ProgramMissing { directive, program };
            found.push(Finding::lint(lint, place.clone()));
        }
    }
}
