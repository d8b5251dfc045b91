//! A fixture of several texts in one file: sections, each opened by a line `== NAME`.
//!
//! An empty line before a heading, or at the end of the file, belongs to no section; all other bytes count, blanks at the end
//! of a line too. What cannot stand so (bytes that are no UTF-8, control characters, a last line without an end, a line that looks
//! like a heading) is in a section opened by `== NAME escaped`, and written there like a file's content in a manifest (`content`).

use std::fs;
use std::path::{Path, PathBuf};

use super::difference::difference;
use super::{blessing, content, project};

/// What opens a section.
const HEAD: &str = "== ";
/// What stands behind the name of a section whose lines are escaped.
const ESCAPED: &str = " escaped";

/// One file of `fixtures`.
#[derive(Clone)]
pub(crate) struct Sections {
    /// The path below the project's directory, for messages.
    pub(crate) path: String,
    sections: Vec<(String, Vec<u8>)>,
}

/// Lists the files with sections in a directory of `fixtures`, in order of their names.
pub(crate) fn files(dir: &str) -> Vec<PathBuf> {
    let dir = Path::new("fixtures").join(dir);
    let entries = fs::read_dir(project().join(&dir)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| dir.join(entry.unwrap().file_name())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files
}

impl Sections {
    /// Reads a file, by its path below the project's directory; `known` tells the names of sections that it may have.
    pub(crate) fn read(path: &Path, known: impl Fn(&str) -> bool) -> Self {
        let text =
            fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(path.to_str().unwrap(), &text, known)
    }

    fn parse(path: &str, text: &str, known: impl Fn(&str) -> bool) -> Self {
        let mut found: Vec<(String, String)> = Vec::new();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let heading = line.strip_prefix(HEAD).map(|rest| rest.trim_end_matches('\n'));
            match (heading, found.last_mut()) {
                (Some(name), last) => {
                    let plain = name.strip_suffix(ESCAPED).unwrap_or(name);
                    assert!(
                        known(plain),
                        "{path}:{}: {plain:?} is no section of such a file",
                        number + 1
                    );
                    if let Some((_, body)) = last {
                        close(body);
                    }
                    found.push((name.to_owned(), String::new()));
                }
                (None, Some((_, body))) => body.push_str(line),
                (None, None) => panic!("{path}:1: the first line is no heading: `{HEAD}NAME`"),
            }
        }
        if let Some((_, body)) = found.last_mut() {
            close(body);
        }
        let decoded = found.into_iter().map(|(name, body)| match name.strip_suffix(ESCAPED) {
            Some(plain) => (plain.to_owned(), content::read(&body.lines().collect::<Vec<_>>())),
            None => (name, body.into_bytes()),
        });
        Self {
            path: path.to_owned(),
            sections: decoded.collect(),
        }
    }

    fn written(&self) -> String {
        let written = self
            .sections
            .iter()
            .map(|(name, body)| match std::str::from_utf8(body) {
                Ok(text) if is_plain(text) => format!("{HEAD}{name}\n{text}"),
                _ => format!("{HEAD}{name}{ESCAPED}\n{}", content::write(body)),
            });
        let mut text = written.collect::<Vec<_>>().join("\n");
        if ends_empty(&text) {
            text.push('\n');
        }
        text
    }

    /// Returns the file's name without its ending.
    pub(crate) fn name(&self) -> &str {
        Path::new(&self.path).file_stem().unwrap().to_str().unwrap()
    }

    /// Returns all sections, in the order in which they stand.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.sections
            .iter()
            .map(|(name, body)| (name.as_str(), body.as_slice()))
    }

    /// Returns a section.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.all().find(|(one, _)| *one == name).map(|(_, body)| body)
    }

    /// Returns a section that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = |body| std::str::from_utf8(body).unwrap_or_else(|error| panic!("{}: {name}: {error}", self.path));
        self.get(name).map(text)
    }

    /// Says how a section is not what was found; under `BLESS=1` writes what was found into the file instead.
    pub(crate) fn complaint(&mut self, name: &str, found: &str) -> Option<String> {
        let wanted = self.text(name);
        if wanted == Some(found) {
            return None;
        }
        if blessing() {
            self.bless(name, found);
            return None;
        }
        let text = match wanted {
            Some(wanted) => format!(
                "is not what comes out (- wanted, + found):\n{}",
                difference(wanted, found)
            ),
            None => format!("is missing; this comes out:\n{}", difference("", found)),
        };
        Some(format!("  `{HEAD}{name}` of {} {text}", self.path))
    }

    fn bless(&mut self, name: &str, found: &str) {
        match self.sections.iter_mut().find(|(one, _)| one == name) {
            Some((_, body)) => *body = found.as_bytes().to_vec(),
            None => self.sections.push((name.to_owned(), found.as_bytes().to_vec())),
        }
        fs::write(project().join(&self.path), self.written()).unwrap();
    }
}

/// Takes the empty line away that a heading, or the end of the file, has before it.
fn close(body: &mut String) {
    if body == "\n" || ends_empty(body) {
        body.pop();
    }
}

/// Tells if the last line of several is empty.
fn ends_empty(text: &str) -> bool {
    text.ends_with("\n\n")
}

/// Tells if a text can stand in a file of sections as it is.
fn is_plain(text: &str) -> bool {
    let whole = text.is_empty() || text.ends_with('\n');
    let is_shown = |letter: char| !letter.is_control() || letter == '\n' || letter == '\t';
    whole && text.chars().all(is_shown) && !text.lines().any(|line| line.starts_with(HEAD))
}

#[test]
fn what_is_written_in_sections_reads_back() {
    let bodies: [&[u8]; 9] = [
        b"",
        b"\n",
        b"a\n\n",
        b"\n\na \n",
        b"no end",
        b"cr\r\n",
        b"\xff\n",
        b"== b\n",
        b"last\n\n\n",
    ];
    let sections: Vec<(String, Vec<u8>)> = (1..)
        .map(|n: u32| n.to_string())
        .zip(bodies.map(<[u8]>::to_vec))
        .collect();
    let path = "fixtures/a.txt".to_owned();
    let written = Sections { path, sections }.written();
    let back = Sections::parse("fixtures/a.txt", &written, |_| true);
    assert_eq!(
        back.all().map(|(_, body)| body).collect::<Vec<_>>(),
        bodies,
        "{written}"
    );
    assert_eq!(back.written(), written);
}

#[test]
fn every_file_of_sections_is_written_as_it_would_be_anew() {
    let mut count = 0;
    for dir in ["scenarios", "lint", "config/valid", "config/invalid"] {
        for file in files(dir) {
            let text = fs::read_to_string(project().join(&file)).unwrap();
            let anew = Sections::parse(file.to_str().unwrap(), &text, |_| true).written();
            assert_eq!(
                text,
                anew,
                "{}: an empty line stands before each heading but the first",
                file.display()
            );
            count += 1;
        }
    }
    assert!(count > 400, "the fixtures are there");
}
