//! Judges what a scene looks like after runs that were disturbed: lines, whole archives, left-over files, state.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::scene::Scene;

/// What was found in a scene.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Lines that are nowhere any more.
    pub(super) lost: usize,
    /// Lines that are there more than once.
    pub(super) doubled: usize,
    /// Archives under a final name that cannot be read to their end.
    pub(super) broken: Vec<String>,
    /// Files that are no log, archive, mail, configuration or state.
    pub(super) left_over: Vec<String>,
}

/// Looks at a scene; with `everything`, what lies in left-over files counts as kept, too.
pub(super) fn judge(scene: &Scene, everything: bool) -> Verdict {
    let mut verdict = Verdict::default();
    let mut seen: HashMap<Vec<u8>, usize> = HashMap::new();
    for sub in ["logs", "logs/old", "mails", ""] {
        for entry in fs::read_dir(scene.dir.join(sub))
            .expect("a directory can be read")
            .flatten()
        {
            // Directories, links and pipes have no lines of their own.
            if !entry.file_type().expect("a file has a type").is_file() {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if sub.is_empty() {
                name.clone()
            } else {
                format!("{sub}/{name}")
            };
            let proper = is_proper(&path);
            if !proper {
                verdict.left_over.push(path.clone());
            }
            if sub.is_empty() || !(proper || everything) {
                continue;
            }
            match content(&entry.path()) {
                Ok(text) => count(&text, &mut seen),
                Err(text) => {
                    count(&text, &mut seen);
                    if proper {
                        verdict.broken.push(path);
                    }
                }
            }
        }
    }
    verdict.lost = scene.lines.iter().filter(|line| !seen.contains_key(*line)).count();
    verdict.doubled = seen.values().filter(|count| **count > 1).count();
    verdict.left_over.sort();
    verdict
}

/// Tells if a path, relative to the scene, is one that may be there when all is done.
fn is_proper(path: &str) -> bool {
    match path.split_once('/') {
        None => ["conf", "state", "squeeze", "post"].contains(&path),
        Some(("mails", _)) => true,
        Some((_, name)) => is_log_or_archive(name.trim_start_matches("old/")),
    }
}

/// Tells if a name is that of a log or of a whole archive.
fn is_log_or_archive(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let Some((base, rest)) = plain.split_once(".log") else {
        return false;
    };
    let number = rest.strip_prefix('.').or_else(|| rest.strip_prefix('-'));
    let numbered = number.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    !base.starts_with('.') && (rest.is_empty() && plain == name || numbered)
}

/// Reads a file to its end, uncompressed; an error gives what could be read.
fn content(path: &Path) -> Result<Vec<u8>, Vec<u8>> {
    let mut text = Vec::new();
    let mut file = File::open(path).map_err(|_| Vec::new())?;
    let whole = if path.extension().is_some_and(|extension| extension == "gz") {
        let some = file.metadata().is_ok_and(|facts| facts.len() > 0);
        some && MultiGzDecoder::new(file).read_to_end(&mut text).is_ok()
    } else {
        file.read_to_end(&mut text).is_ok()
    };
    if whole { Ok(text) } else { Err(text) }
}

/// Counts the lines of a text.
fn count(text: &[u8], seen: &mut HashMap<Vec<u8>, usize>) {
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        *seen.entry(line.to_owned()).or_default() += 1;
    }
}

/// Tells if the state file has an entry for every log, and nothing else in it that is not one.
pub(super) fn state_is_right(scene: &Scene) -> bool {
    let text = fs::read_to_string(scene.dir.join("state")).unwrap_or_default();
    let mut lines = text.lines();
    let titled = lines
        .next()
        .is_some_and(|line| line.starts_with("logrotate state -- version"));
    let entries: Vec<&str> = lines.collect();
    let named = |log: &&str| {
        let start = format!("\"{}\" ", scene.dir.join(log).display());
        entries.iter().any(|line| line.starts_with(&start))
    };
    titled && scene.logs.iter().all(named)
}

/// Lists the names of all that lies in the scene's log directories.
pub(super) fn names(scene: &Scene) -> Vec<OsString> {
    let list = |sub| {
        fs::read_dir(scene.dir.join(sub))
            .expect("a directory can be read")
            .flatten()
    };
    let mut names: Vec<OsString> = list("logs")
        .chain(list("logs/old"))
        .map(|entry| entry.file_name())
        .collect();
    names.sort();
    names
}
