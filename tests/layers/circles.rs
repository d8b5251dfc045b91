//! No files import each other in a circle.
//!
//! A module and the files in its directory are a whole and its parts: the whole may ask its parts for something, and a part may
//! use what the whole declares. Between all other files imports lead one way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{sources, top_of_group};

/// The path of a module, from the root of the crate.
type Module = Vec<String>;

/// Returns the module that a file is.
fn module(file: &Path) -> Module {
    let path = file.with_extension("");
    let mut parts: Module = path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        parts.pop();
    }
    parts
}

/// Spells out the paths of `a::{b, c::{d, e}}`.
fn spelt_out(path: &str) -> Vec<String> {
    let Some((front, group)) = path.split_once('{') else {
        // What it is called here does not matter.
        return path
            .split(" as ")
            .next()
            .map(|path| path.trim().to_owned())
            .into_iter()
            .collect();
    };
    let each = top_of_group(group);
    each.iter()
        .flat_map(|part| spelt_out(&format!("{}{part}", front.trim())))
        .collect()
}

/// Returns the paths that a file's code names after `crate::` or `super::`, or in `use` after a module of its own.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let is_word = code[..at].chars().next_back().is_none_or(char::is_whitespace);
        if let Some(end) = code[at..].find(';').filter(|_| is_word) {
            found.extend(spelt_out(
                &code[at + 4..at + end].split_whitespace().collect::<String>(),
            ));
        }
    }
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let in_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
            let begins = !code[..at].ends_with(in_path);
            found.extend(begins.then(|| code[at..].chars().take_while(|letter| in_path(*letter)).collect()));
        }
    }
    found
}

/// Returns the module that a path leads to from another one.
fn target(path: &str, from: &Module, all: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let mut names = path.split("::").peekable();
    let mut at = from.clone();
    if names.next_if_eq(&"crate").is_some() {
        at.clear();
    }
    while names.next_if_eq(&"super").is_some() {
        at.pop();
    }
    names.next_if_eq(&"self");
    let mut found = all.contains_key(&at).then(|| at.clone()).filter(|_| at != *from);
    for name in names {
        at.push(name.to_owned());
        if !all.contains_key(&at) {
            break;
        }
        found = Some(at.clone());
    }
    found
}

/// Returns which files each file imports, a part's imports of its whole left out.
fn imports() -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
    let sources = sources();
    let files = sources.iter().filter(|(file, _)| file != Path::new("main.rs"));
    let all: BTreeMap<Module, PathBuf> = files.map(|(file, _)| (module(file), file.clone())).collect();
    let imported = |file: &Path, code: &str| {
        let own = module(file);
        let targets = paths(code).into_iter().filter_map(|path| target(&path, &own, &all));
        let others = targets.filter(|target| !own.starts_with(target));
        others.map(|target| all[&target].clone()).collect()
    };
    sources
        .iter()
        .map(|(file, code)| (file.clone(), imported(file, code)))
        .collect()
}

/// Finds a way from one file to another.
fn way(from: &Path, to: &Path, imports: &BTreeMap<PathBuf, BTreeSet<PathBuf>>) -> Option<Vec<PathBuf>> {
    let mut ways = vec![vec![from.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in &imports[way.last()?] {
            let longer = [&way[..], std::slice::from_ref(next)].concat();
            if next == to {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let imports = imports();
    assert!(
        imports.values().map(BTreeSet::len).sum::<usize>() > 300,
        "imports are found"
    );
    let mut circles: BTreeMap<BTreeSet<PathBuf>, String> = BTreeMap::new();
    for file in imports.keys() {
        if let Some(way) = way(file, file, &imports) {
            let shown: Vec<String> = way.iter().map(|file| format!("src/{}", file.display())).collect();
            circles.entry(way.into_iter().collect()).or_insert(shown.join(" -> "));
        }
    }
    let shown: Vec<String> = circles.into_values().collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}
