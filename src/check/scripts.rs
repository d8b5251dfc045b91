//! Scripts, read by the shell that would run them, and for what that shell would take in another way than it was meant.

use std::collections::HashMap;
use std::ops::Range;

use crate::config::ast::{File, Script, Span};
use crate::config::directive::Setting;
use crate::lint::script::{complaint, scripts, stands_alone, together};
use crate::lint::shell::{self, Painted};
use crate::lint::{Finding, Lint, ShellError, foreign};
use crate::sys::process::read_script;
use crate::sys::programs;

/// Reports the scripts that the shell refuses.
pub(super) fn check(files: &[File<'_>], found: &mut Vec<Finding>) {
    let mut texts: Vec<&[u8]> = Vec::new();
    let mut users: HashMap<&[u8], Vec<(&File<'_>, &Script<'_>)>> = HashMap::new();
    let is_posix = programs::is_sh_posix();
    for file in files {
        // Each line then ends in a character that no shell expects: that is what there is to say of them.
        if foreign::has_windows_lines(file) {
            continue;
        }
        for script in scripts(file) {
            let sharing = users.entry(script.text).or_default();
            if sharing.is_empty() {
                texts.push(script.text);
            }
            sharing.push((file, script));
        }
    }
    let (joint, alone): (Vec<&[u8]>, Vec<&[u8]>) = texts.into_iter().partition(|text| stands_alone(text));
    let mut refused = Vec::new();
    seek(&joint, &mut refused);
    alone.into_iter().for_each(|text| read_one(text, &mut refused));
    for (text, said) in refused {
        for (file, script) in users.remove(text).unwrap_or_default() {
            found.push(report(file, script, &said));
        }
    }
    for (file, script) in users.into_values().flatten() {
        misunderstood(file, script, is_posix, found);
    }
}

/// Reports what is in a script that the shell reads, but hardly as it was meant.
fn misunderstood(file: &File<'_>, script: &Script<'_>, is_posix: bool, found: &mut Vec<Finding>) {
    let Some(painted) = Painted::new(script.text) else {
        return;
    };
    let name = script.row.name;
    let mut report = |at: Range<usize>, lint| {
        let span = Span::new(script.span.start as usize + at.start, at.len());
        found.push(Finding::lint(lint, file.place(span)));
    };
    if let Some((at, directive)) = painted.directive() {
        let script = name;
        report(at, Lint::DirectiveInScript { script, directive });
    }
    // A preremove that answers no keeps the archive: it may be meant to.
    if script.row.setting != Setting::PreRemove {
        if let Some(at) = painted.test_at_end() {
            report(at, Lint::TestAtEnd(name));
        }
    }
    if is_posix {
        if let Some(at) = painted.bash() {
            let word = script.text[at.clone()].to_vec();
            report(at, Lint::BashOnly(word));
        }
    }
}

/// Finds what is behind a shell's complaint.
fn misread(text: &[u8]) -> Option<ShellError> {
    if let Some(list) = shell::swallowed(text) {
        return Some(ShellError::Swallows(list.to_vec()));
    }
    let at = Painted::new(text)?.bash()?;
    Some(ShellError::Bash(text[at].to_vec()))
}

/// Looks for the refused ones by halves.
fn seek<'t>(texts: &[&'t [u8]], refused: &mut Vec<(&'t [u8], String)>) {
    match texts {
        [] => {}
        [text] => read_one(text, refused),
        _ if matches!(read_script(&together(texts)), Ok(None) | Err(_)) => {}
        _ => {
            let (one, other) = texts.split_at(texts.len() / 2);
            seek(one, refused);
            seek(other, refused);
        }
    }
}

fn read_one<'t>(text: &'t [u8], refused: &mut Vec<(&'t [u8], String)>) {
    if let Ok(Some(said)) = read_script(text) {
        refused.push((text, said));
    }
}

/// Puts the report on the line that the shell names.
fn report(file: &File<'_>, script: &Script<'_>, said: &str) -> Finding {
    let (number, said) = complaint(said);
    let lines = script.text.split(|byte| *byte == b'\n');
    let mut at = script.span.start as usize;
    let mut span = script.name;
    for (index, line) in lines.enumerate() {
        if number == u32::try_from(index + 1).ok() && !line.trim_ascii().is_empty() {
            let blanks = line.len() - line.trim_ascii_start().len();
            span = Span::new(at + blanks, line.trim_ascii().len());
        }
        at += line.len() + 1;
    }
    let lint = Lint::ScriptRefused {
        script: script.row.name,
        said,
        because: misread(script.text),
    };
    Finding::lint(lint, file.place(span))
}
