//! Scripts, read by the shell that would run them.

use std::collections::HashMap;

use crate::config::ast::{File, Script, Span};
use crate::lint::script::{complaint, scripts, stands_alone, together};
use crate::lint::{Finding, Lint};
use crate::sys::process::read_script;

/// Reports the scripts that the shell refuses.
pub(super) fn check(files: &[File<'_>], found: &mut Vec<Finding>) {
    let mut texts: Vec<&[u8]> = Vec::new();
    let mut users: HashMap<&[u8], Vec<(&File<'_>, &Script<'_>)>> = HashMap::new();
    for file in files {
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
        for (file, script) in &users[text] {
            found.push(report(file, script, &said));
        }
    }
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
    };
    Finding::lint(lint, file.place(span))
}
