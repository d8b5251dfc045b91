//! The texts of a configuration at hand: words, arguments and lines for the places of what was found.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::config::ast::{Block, File, Item};
use crate::config::parse;
use crate::diag::{Place, Problem, Severity};
use crate::discover::expand;
use crate::lint::allowance::Allowances;
use crate::lint::{Cause, Finding, Lint, archives, foreign};
use crate::load::Source;
use crate::policy::Stanza;

/// The files of a configuration, parsed.
pub(super) struct Survey<'s> {
    files: Vec<File<'s>>,
    by_path: HashMap<&'s Path, usize>,
    /// By file, line and column: which item of the file begins there.
    blocks: HashMap<(usize, u32, u32), usize>,
    allowances: HashMap<&'s Path, Allowances>,
}

impl<'s> Survey<'s> {
    /// Parses all files.
    pub(super) fn of(sources: &'s [Source], found: &mut Vec<Finding>) -> Self {
        let files: Vec<File<'_>> = sources
            .iter()
            .map(|source| parse::parse(&source.text, source.file.clone()))
            .collect();
        let mut blocks = HashMap::new();
        for (at, file) in files.iter().enumerate() {
            for (number, item) in file.items.iter().enumerate() {
                if let Item::Block(block) = item {
                    let place = file.place(block.span);
                    blocks.insert((at, place.line, place.column), number);
                }
            }
        }
        let by_path = sources.iter().enumerate().map(|(at, source)| (&*source.file, at));
        let allowances = sources.iter().zip(&files);
        let allowances = allowances.map(|(source, file)| (&*source.file, Allowances::of(file, found)));
        Self {
            allowances: allowances.collect(),
            files,
            by_path: by_path.collect(),
            blocks,
        }
    }

    /// Returns the files.
    pub(super) fn files(&self) -> &[File<'s>] {
        &self.files
    }

    fn file(&self, place: &Place) -> Option<&File<'s>> {
        self.by_path.get(&*place.file).map(|at| &self.files[*at])
    }

    /// Finds the block that begins at a place.
    fn block(&self, begin: &Place) -> Option<(&File<'s>, &Block<'s>)> {
        let at = *self.by_path.get(&*begin.file)?;
        let file = &self.files[at];
        match &file.items[*self.blocks.get(&(at, begin.line, begin.column))?] {
            Item::Block(block) => Some((file, block)),
            _ => None,
        }
    }

    /// Returns the place of a word of a stanza's path list.
    pub(super) fn word(&self, stanza: &Stanza, index: usize) -> Option<Place> {
        let (file, block) = self.block(&stanza.declared_at)?;
        block.words.get(index).map(|word| file.place(word.span))
    }

    /// Reports the words of a stanza that find the archives of what they find, or less than they seem to.
    pub(super) fn patterns(&self, stanza: &Stanza, found: &mut Vec<Finding>) {
        for (index, word) in stanza.patterns.iter().enumerate() {
            let word = word.as_bytes();
            let place = || self.word(stanza, index).unwrap_or_else(|| stanza.declared_at.clone());
            if let Some((log, archive)) = archives::found_again(stanza, word) {
                let by = archives::found_again_by(stanza, word);
                found.push(Finding::lint(Lint::MatchesArchives { log, archive, by }, place()));
            }
            if word.windows(2).any(|two| two == b"**") {
                found.push(Finding::lint(Lint::DoubleStar, place()));
            }
        }
    }

    /// Takes out the warnings that are allowed, here or by a comment in their file.
    pub(super) fn allow(&self, findings: &mut Vec<Finding>, everywhere: &[&'static str]) {
        let is_allowed = |finding: &Finding| {
            let code = finding.code();
            let here = || finding.file().and_then(|file| self.allowances.get(file));
            everywhere.contains(&code) || here().is_some_and(|allowed| allowed.hold(code, finding.place.as_ref()))
        };
        findings.retain(|finding| finding.severity() == Severity::Error || !is_allowed(finding));
    }

    /// Tells whether a lint says better what a complaint of the reader is about.
    pub(super) fn is_explained(&self, finding: &Finding) -> bool {
        let (Cause::Problem(problem), Some(place)) = (&finding.cause, &finding.place) else {
            return false;
        };
        self.file(place)
            .is_some_and(|file| foreign::explains(file, problem, place))
    }

    /// Narrows the place to the exact part, and adds the line that it is in.
    pub(super) fn complete(&self, finding: &mut Finding) {
        let Some(place) = &finding.place else { return };
        let Some(file) = self.file(place) else { return };
        if let Some(narrow) = self.narrow(&finding.cause, file, place) {
            finding.place = Some(narrow);
        }
        if let Some(place) = &finding.place {
            finding.excerpt = file.line(place.line).to_vec();
        }
    }

    fn narrow(&self, cause: &Cause, file: &File<'_>, place: &Place) -> Option<Place> {
        match cause {
            Cause::Lint(Lint::CreateOpen(_) | Lint::MinAboveMax) => {
                argument(file, place, |text| text.split(|byte| byte.is_ascii_whitespace()).next())
            }
            Cause::Lint(Lint::DatesRepeat { format: Some(_), .. }) => argument(file, place, |text| text.get(..)),
            Cause::Problem(Problem::DuplicateLog { path, .. }) => {
                let (file, block) = self.block(place)?;
                let path = path.as_os_str().as_bytes();
                let word = block.words.iter().find(|word| expand::covers(&word.text, path))?;
                Some(file.place(word.span))
            }
            _ => None,
        }
    }
}

/// Returns the place of what follows a directive on its line, or of a part at its beginning.
fn argument(file: &File<'_>, name: &Place, part: impl Fn(&[u8]) -> Option<&[u8]>) -> Option<Place> {
    let line = file.line(name.line);
    let behind = (name.column + name.length) as usize - 1;
    let rest = line.get(behind..)?;
    let blanks = rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'='))
        .count();
    let found = part(rest[blanks..].trim_ascii_end())?;
    if found.is_empty() {
        return None;
    }
    Some(Place {
        column: u32::try_from(behind + blanks + 1).ok()?,
        length: u32::try_from(found.len()).ok()?,
        ..name.clone()
    })
}
