//! Every file opens with what belongs in it, and every public item says what it is. Fields and variants whose names say it need not.

use std::fs;

use super::{project, rust_files};

/// What a public item's line begins with; a module's file speaks for itself.
const ITEMS: [&str; 9] = [
    "fn",
    "const fn",
    "unsafe fn",
    "struct",
    "enum",
    "trait",
    "const",
    "static",
    "type",
];

/// Tells whether a line begins a public item.
fn is_item(line: &str) -> bool {
    let item = line.trim_start().strip_prefix("pub ");
    item.is_some_and(|item| ITEMS.iter().any(|kind| item.starts_with(&format!("{kind} "))))
}

/// Tells whether the item that follows these lines has a doc comment; attributes may stand between.
fn is_documented(before: &[&str]) -> bool {
    let mut lines = before.iter().rev().map(|line| line.trim());
    while let Some(line) = lines.next() {
        match line {
            // The end of an attribute of several lines.
            ")]" => drop(lines.find(|line| line.starts_with("#["))),
            line if !line.starts_with("#[") => return line.starts_with("///"),
            _ => {}
        }
    }
    false
}

#[test]
fn files_and_public_items_say_what_they_are() {
    let mut files = Vec::new();
    rust_files(&project().join("src"), &mut files);
    let mut silent = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let shown = path.strip_prefix(project()).unwrap().display();
        if !text.starts_with("//!") {
            silent.push(format!("{shown} opens without what belongs in it"));
        }
        for (at, line) in lines
            .iter()
            .enumerate()
            .take_while(|(_, line)| **line != "#[cfg(test)]")
        {
            if is_item(line) && !is_documented(&lines[..at]) {
                silent.push(format!("{shown}:{} has no doc comment: {}", at + 1, line.trim()));
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
