//! The configuration language, rule by rule: `fixtures/config/{valid,invalid}`, a file a rule, the file's name is the rule.
//!
//! Beside each `NAME.conf` stands `NAME.meaning`: the stanzas that come of it, with what differs from the defaults. Beside an
//! invalid one stands `NAME.stderr`: all that is said of it, with each complaint's code, place and the text it points at.
//! With `LOGROTATE_FIXTURES=write` the two are written anew, to be read before they are kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use logrotate_rs::config::ast::{Argument, Block, Close, Item};
use logrotate_rs::config::directive::DIRECTIVES;
use logrotate_rs::config::parse::parse;
use logrotate_rs::diag::{Diagnostic, Severity};
use logrotate_rs::load::{LoadOptions, load};
use logrotate_rs::policy::settings::Settings;
use logrotate_rs::policy::{LogSet, Policy};
use logrotate_rs::report::{cite, words};
use proptest::prelude::*;

/// The fields of a policy, each as text.
fn fields(policy: &Policy) -> Vec<String> {
    let debug = format!("{policy:#?}");
    let mut fields: Vec<String> = Vec::new();
    for line in debug.lines().skip(1).filter(|line| *line != "}") {
        if line.starts_with("    ") && !line.starts_with("     ") && !line.trim_start().starts_with(['}', ')']) {
            fields.push(line.trim().to_owned());
        } else if let Some(last) = fields.last_mut() {
            last.push_str(line.trim());
        }
    }
    fields
}

fn meaning(set: &LogSet) -> String {
    let mut text = String::new();
    let words: Vec<String> = set.patterns.iter().map(|word| format!("{word:?}")).collect();
    writeln!(text, "{} at line {}", words.join(" "), set.declared_at.line).unwrap();
    let mut policy = logrotate_rs::policy::Policy::clone(&set.policy);
    if let Some(old_dir) = &mut policy.old_dir {
        old_dir.declared_at = None;
    }
    let scripts = &set.policy.scripts;
    for (name, script) in [
        ("firstaction", &scripts.first_action),
        ("prerotate", &scripts.pre_rotate),
        ("postrotate", &scripts.post_rotate),
        ("lastaction", &scripts.last_action),
        ("preremove", &scripts.pre_remove),
    ] {
        if let Some(script) = script {
            writeln!(text, "    {name}: {:?}", String::from_utf8_lossy(script)).unwrap();
        }
    }
    policy.scripts.first_action = None;
    policy.scripts.pre_rotate = None;
    policy.scripts.post_rotate = None;
    policy.scripts.last_action = None;
    policy.scripts.pre_remove = None;
    let usual = fields(&Settings::default().policy());
    for field in fields(&policy).iter().filter(|field| !usual.contains(field)) {
        writeln!(text, "    {}", field.trim_end_matches(',')).unwrap();
    }
    text
}

fn pointed_at(diagnostic: &Diagnostic) -> Option<String> {
    let (place, excerpt) = (diagnostic.place.as_ref()?, diagnostic.excerpt.as_ref()?);
    let from = place.column as usize - 1;
    let text = &excerpt[from..excerpt.len().min(from + place.length as usize)];
    Some(format!("{}:{} `{}`", place.line, place.column, words::bytes(text)))
}

/// Reads a fixture: what it means, and what is said of it.
fn read(path: &Path) -> (String, String) {
    let mut said = String::new();
    let mut hear = |diagnostic: Diagnostic| {
        if diagnostic.severity > Severity::Note {
            writeln!(said, "{}", cite::line(&diagnostic)).unwrap();
            let code = cite::code(&diagnostic.problem);
            assert!(
                !code.is_empty() && !cite::remedy(&diagnostic.problem).is_empty(),
                "{diagnostic:?}"
            );
            writeln!(said, "    {code} {}", pointed_at(&diagnostic).unwrap_or_default()).unwrap();
        }
    };
    let options = LoadOptions {
        as_root: false,
        ..LoadOptions::default()
    };
    let loaded = load(&[path.to_owned()], &options, &mut hear);
    let meaning = loaded.sets.iter().map(meaning).collect::<String>() + &format!("exit {}\n", u8::from(loaded.failed));
    (meaning, said)
}

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(Path::new("fixtures/config").join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .collect();
    paths.sort();
    assert!(paths.len() > 30, "the fixtures are there");
    paths
}

/// Compares a text with the file that holds what it should be.
fn compare(file: &Path, is: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("LOGROTATE_FIXTURES").is_some_and(|value| value == "write") {
        fs::write(file, is).unwrap();
    }
    let should = fs::read_to_string(file).unwrap_or_default();
    if should != is {
        wrong.push(format!("{}\n--- should be\n{should}--- is\n{is}", file.display()));
    }
}

#[test]
fn a_valid_configuration_means_what_its_name_says_and_nothing_is_said_of_it() {
    let mut wrong = Vec::new();
    for path in fixtures("valid") {
        let (meaning, said) = read(&path);
        compare(&path.with_extension("meaning"), &meaning, &mut wrong);
        if !said.is_empty() {
            wrong.push(format!("{}\n{said}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_invalid_configuration_is_named_and_costs_what_its_name_says() {
    let mut wrong = Vec::new();
    for path in fixtures("invalid") {
        let (meaning, said) = read(&path);
        compare(&path.with_extension("meaning"), &meaning, &mut wrong);
        compare(&path.with_extension("stderr"), &said, &mut wrong);
        if said.is_empty() {
            wrong.push(format!("{} is not complained about", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_directive_is_in_a_valid_fixture() {
    let mut seen: BTreeMap<&str, usize> = DIRECTIVES.iter().map(|row| (row.name, 0)).collect();
    for path in fixtures("valid").into_iter().chain(fixtures("invalid")) {
        let text = fs::read(&path).unwrap();
        let file = parse(&text, Arc::from(path.as_path()));
        let blocks = file.items.iter().filter_map(|item| {
            if let Item::Block(block) = item {
                Some(block)
            } else {
                None
            }
        });
        for item in file.items.iter().chain(blocks.flat_map(|block| &block.items)) {
            match item {
                Item::Directive(directive) => *seen.get_mut(directive.row.name).unwrap() += 1,
                Item::Script(script) => *seen.get_mut(script.row.name).unwrap() += 1,
                _ => {}
            }
        }
    }
    let missing: Vec<&str> = seen
        .into_iter()
        .filter(|(_, count)| *count == 0)
        .map(|(name, _)| name)
        .collect();
    assert!(
        missing.is_empty(),
        "no file of fixtures/config/valid has {missing:?}: write one that is named after what it means"
    );
}

/// The items without their places, as text.
fn shape(text: &[u8]) -> Vec<String> {
    let file = parse(text, Arc::from(Path::new("x")));
    file.items.iter().map(item_shape).collect()
}

fn item_shape(item: &Item<'_>) -> String {
    match item {
        Item::Directive(directive) => match directive.argument {
            Argument::Given(text, _) => format!("{} {:?}", directive.row.name, String::from_utf8_lossy(text)),
            Argument::Missing(_) => format!("{} missing", directive.row.name),
            Argument::None => directive.row.name.to_owned(),
        },
        Item::Script(script) => format!("{} {:?}", script.row.name, script.text),
        Item::Unknown(unknown) => format!("unknown {:?} {:?}", unknown.name, unknown.rest),
        Item::Complaint(complaint) => format!("{:?} {:?}", complaint.problem, complaint.skipped),
        Item::Block(Block {
            words,
            written,
            items,
            close,
            ..
        }) => {
            let words: Vec<&[u8]> = words.iter().map(|word| word.text.as_slice()).collect();
            let items: Vec<String> = items.iter().map(item_shape).collect();
            let close = match close {
                Close::Brace(after) => format!("brace {:?}", after.as_ref().map(|complaint| complaint.skipped)),
                other => format!("{other:?}"),
            };
            format!("{words:?} {written:?} {items:?} {close}")
        }
    }
}

/// Whether every place is inside the text.
fn places_are_inside(text: &[u8]) -> bool {
    let file = parse(text, Arc::from(Path::new("x")));
    let inside = |item: &Item<'_>| match item {
        Item::Directive(directive) => match directive.argument {
            Argument::Given(_, span) | Argument::Missing(span) => span.end() <= text.len(),
            Argument::None => directive.name.end() <= text.len(),
        },
        Item::Script(script) => script.span.end() <= text.len(),
        Item::Unknown(unknown) => unknown.span.end() <= text.len(),
        Item::Complaint(complaint) => complaint.span.end() <= text.len(),
        Item::Block(block) => {
            block.span.end() <= text.len() && block.words.iter().all(|word| word.span.end() <= text.len())
        }
    };
    let complaints = file.complaints();
    let told = complaints.iter().all(|complaint| {
        let diagnostic = file.diagnostic(complaint.problem.clone(), complaint.span);
        pointed_at(&diagnostic).is_some() && !cite::message(&diagnostic.problem).is_empty()
    });
    told && file.items.iter().all(inside)
}

/// Text made of pieces of the language, so that most of it gets somewhere.
fn configuration() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        8 => (0..DIRECTIVES.len()).prop_map(|at| DIRECTIVES[at].name.as_bytes().to_vec()),
        8 => proptest::sample::select(vec![
            "\n", " ", "{", "}", "\n}\n", " {\n", "#", "# x\n", "/var/log/x", "\"a b\"", "'", "\\", "=", "5", "0640 root adm",
            "endscript", "\nendscript\n", "\r", "\t", ",", "}x", "foo", "~", "/a\n/b", "\0", "é", "\u{b}",
        ]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn places_lie_inside_the_text_whatever_it_is(text in configuration()) {
        prop_assert!(places_are_inside(&text));
    }

    #[test]
    fn what_is_printed_reads_the_same_again(text in configuration()) {
        // A text that ends in the middle of a line is read a little differently; what is printed never does.
        let text = [&text[..], b"\n"].concat();
        let printed = parse(&text, Arc::from(Path::new("x"))).print();
        prop_assert_eq!(shape(&text), shape(&printed), "{}", String::from_utf8_lossy(&printed));
        let again = parse(&printed, Arc::from(Path::new("x"))).print();
        prop_assert_eq!(&printed, &again);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(places_are_inside(&text));
    }
}
