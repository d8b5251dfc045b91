//! The layers of the house: who imports whom, who may touch the system, who may speak.
//!
//! The order is read from the header of `src/lib.rs`, so that what is written there stays true. Code below `#[cfg(test)]`
//! and comments do not count.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::support::{assert_nothing_is_wanted, project};

mod circles;
mod documented;
mod sentences;

/// Names that only `sys/` may use: it is the one place that reaches the system.
const SYSTEM: [&str; 6] = ["nix::", "std::fs", "std::process", "libc::", "xattr::", "fs::"];
/// What only `report/` may use: it is the one place that writes sentences.
const SPEECH: [&str; 6] = [
    "println!",
    "eprintln!",
    "print!(",
    "eprint!(",
    "io::stdout",
    "io::stderr",
];

/// Gathers the Rust files below a directory.
fn rust_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

/// Returns each file of `src`: its path below it, and its code without comments and tests.
fn sources() -> Vec<(PathBuf, String)> {
    let src = project().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let code = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let text = text.split("#[cfg(test)]\npub(super) mod ").next().unwrap();
        let text = text.split("#[cfg(all(test").next().unwrap();
        let lines = text
            .lines()
            .map(|line| if line.trim_start().starts_with("//") { "" } else { line });
        lines
            .map(|line| line.split(" // ").next().unwrap().to_owned() + "\n")
            .collect()
    };
    let is_test = |path: &PathBuf| {
        path.file_stem()
            .is_some_and(|stem| stem.to_str().unwrap().ends_with("tests"))
    };
    files.retain(|path| !is_test(path));
    files
        .iter()
        .map(|path| (path.strip_prefix(&src).unwrap().to_owned(), code(path)))
        .collect()
}

/// Returns the rows of modules in the header of `src/lib.rs`, lowest first.
fn rows() -> Vec<Vec<String>> {
    let text = fs::read_to_string(project().join("src/lib.rs")).unwrap();
    let header: String = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let lists = header
        .split('(')
        .skip(1)
        .filter_map(|part| part.split(')').next())
        .filter(|part| part.contains('`'));
    let quoted = |list: &str| {
        list.split('`')
            .skip(1)
            .step_by(2)
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect()
    };
    lists.map(quoted).collect()
}

/// Returns the name of the top module to which a file belongs.
fn module(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Returns the top modules that a file's code names after `crate::`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        let group = part.strip_prefix('{').map(top_of_group);
        for name in group.unwrap_or_else(|| vec![part.to_owned()]) {
            let word: String = name
                .trim()
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            found.insert(word);
        }
    }
    found
}

/// Splits `a::{b, c}, d}…` at the commas that are not inside an inner group.
fn top_of_group(inner: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ => {}
        }
        parts.last_mut().unwrap().push(letter);
    }
    parts
        .iter()
        .map(|part| part.trim_start_matches([',', ' ', '\n']).to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

#[test]
fn every_module_has_a_row_in_the_header_of_the_library() {
    let known: BTreeSet<String> = rows().concat().into_iter().collect();
    let modules: BTreeSet<String> = sources().iter().map(|(file, _)| module(file)).collect();
    let missing = modules
        .iter()
        .filter(|name| !["lib", "main"].contains(&name.as_str()) && !known.contains(*name));
    let wants: Vec<String> = missing
        .map(|name| format!("the header of src/lib.rs does not name `{name}`: add it to the row of its layer, and to README.md's picture"))
        .collect();
    assert_nothing_is_wanted(&wants);
}

#[test]
fn the_picture_in_the_readme_shows_the_layers_of_the_header_of_the_library() {
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let picture = readme
        .split_once("## How it is built\n")
        .and_then(|(_, rest)| rest.split("```").nth(1))
        .expect("README.md has a picture of the layers");
    // From the top down: the name of the layer, its modules, what they are for.
    let lines = picture.lines().filter(|line| line.starts_with(' ')).rev();
    let modules = |line: &str| {
        let (_, rest) = line.trim().split_once("  ").unwrap_or_default();
        let modules = rest.trim().split("  ").next().unwrap_or_default();
        modules.split(' ').map(str::to_owned).collect::<Vec<String>>()
    };
    let shown: Vec<Vec<String>> = lines.map(modules).filter(|modules| *modules != ["main"]).collect();
    let wants: Vec<String> = rows()
        .into_iter()
        .filter(|row| !shown.contains(row))
        .map(|row| {
            format!(
                "the picture below \"How it is built\" in README.md is to have a line with `{}`",
                row.join(" ")
            )
        })
        .collect();
    assert_nothing_is_wanted(&wants);
    assert_eq!(
        shown,
        rows(),
        "the picture in README.md is in the order of the header of src/lib.rs, from the top down"
    );
}

#[test]
fn a_lower_layer_never_imports_a_higher_one() {
    let rows = rows();
    let row = |name: &str| rows.iter().position(|row| row.iter().any(|other| other == name));
    let mut wants = Vec::new();
    for (file, code) in sources() {
        let own_module = module(&file);
        let Some(own) = row(&own_module) else { continue };
        for name in imports(&code) {
            let other = row(&name);
            let kernel = own_module == "sys" && other.is_some_and(|other| other > 0) && name != "sys";
            if kernel || other.is_some_and(|other| other > own) {
                wants.push(format!(
                    "src/{} imports `{name}`, which the header of src/lib.rs puts above `{own_module}`: move what is needed down, or \
                     have the caller hand it in",
                    file.display()
                ));
            }
        }
    }
    assert_nothing_is_wanted(&wants);
}

/// Lists the lines of code, outside the named modules, that use one of the words, each with what to do about it.
fn uses(words: &[&str], but: &[&str], cure: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (file, code) in sources() {
        if but.contains(&module(&file).as_str()) {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            let named = |word: &&&str| {
                line.match_indices(**word)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
            };
            if let Some(word) = words.iter().find(named) {
                found.push(format!("src/{}:{} uses `{word}`: {cure}", file.display(), number + 1));
            }
        }
    }
    found
}

#[test]
fn only_sys_reaches_the_system() {
    let cure = "only src/sys reaches the system; call a function of it, or add one there";
    assert_nothing_is_wanted(&uses(&SYSTEM, &["sys", "main"], cure));
}

#[test]
fn only_one_place_gives_birth_to_files_and_directories() {
    let makes = [
        "O_CREAT",
        "O_TMPFILE",
        "mkdirat",
        "DirBuilder",
        "OpenOptions",
        "File::create",
        "fs::write",
        "mknod",
    ];
    let mut wants = Vec::new();
    for (file, code) in sources() {
        for name in makes.iter().filter(|name| code.contains(**name)) {
            if file != Path::new("sys/birth.rs") {
                wants.push(format!(
                    "src/{} makes files with `{name}`: only src/sys/birth.rs does; call a function of it",
                    file.display()
                ));
            }
        }
    }
    assert_nothing_is_wanted(&wants);
}

#[test]
fn only_report_writes_sentences() {
    let cure = "only src/report writes; tell it an event, or add the sentence there";
    assert_nothing_is_wanted(&uses(&SPEECH, &["report"], cure));
}

#[test]
fn code_cites_no_document_that_is_not_in_the_repository() {
    let mut files = Vec::new();
    rust_files(&project().join("src"), &mut files);
    rust_files(&project().join("tests"), &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let words = text.split(|letter: char| letter.is_whitespace() || "`\"()[]'".contains(letter));
        for word in words.filter(|word| word.len() > 3 && word.ends_with(".md")) {
            if !word.contains(['{', '*']) && !project().join(word).exists() {
                wrong.push(format!(
                    "{} cites {word}, which is not here: say there what it says",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the modules that a file declares.
fn declared(file: &Path) -> BTreeSet<String> {
    let text = if file.is_file() {
        fs::read_to_string(file).unwrap_or_default()
    } else {
        String::new()
    };
    let name = |line: &str| line.trim().trim_end_matches(';').rsplit(' ').next().unwrap().to_owned();
    let path = |line: &str| {
        Some(
            line.trim()
                .strip_prefix("#[path = \"")?
                .strip_suffix(".rs\"]")?
                .to_owned(),
        )
    };
    let plain = text
        .lines()
        .filter(|line| line.trim_end().ends_with(';') && line.contains("mod "))
        .map(name);
    plain.chain(text.lines().filter_map(path)).collect()
}

#[test]
fn no_file_of_tests_or_sources_is_forgotten() {
    let (tests, src) = (project().join("tests"), project().join("src"));
    let roots = [tests.join("suite.rs"), src.join("lib.rs"), src.join("main.rs")];
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    rust_files(&tests, &mut files);
    for file in files {
        let workspace_of_its_own = file
            .ancestors()
            .take_while(|dir| **dir != *tests)
            .any(|dir| dir.join("Cargo.toml").exists());
        if roots.contains(&file) || file.ends_with("main.rs") || workspace_of_its_own && file.starts_with(&tests) {
            continue;
        }
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let dir = file.parent().unwrap();
        let (name, parent) = if stem == "mod" {
            (dir.file_name().unwrap().to_str().unwrap(), dir.parent().unwrap())
        } else {
            (stem, dir)
        };
        let mut parents = vec![parent.with_extension("rs")];
        parents.extend(
            fs::read_dir(parent)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| *path != file),
        );
        assert!(
            parents.iter().any(|parent| declared(parent).contains(name)),
            "{} is declared nowhere: add `mod {name};` to the file of the module above it, or remove the file",
            file.display()
        );
    }
}
