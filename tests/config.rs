//! The configuration language, rule by rule: `fixtures/config/{valid,invalid}`, a file a rule, the file's name is the rule.
//!
//! The section `conf` is what is read; `meaning` the stanzas that come of it, with what differs from the defaults; `says`, in an
//! invalid one, all that is said of it, with each complaint's code, place and the text it points at. What is included lies in
//! `fixtures/config/parts`. `BLESS=1` writes `meaning` and `says` anew, to be read before they are kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use logrotate_rs::config::ast::{Argument, Block, Close, Item};
use logrotate_rs::config::directive::DIRECTIVES;
use logrotate_rs::config::parse::parse;
use logrotate_rs::diag::{Diagnostic, Severity};
use logrotate_rs::load::{LoadOptions, load};
use logrotate_rs::policy::settings::Settings;
use logrotate_rs::policy::{Policy, Stanza};
use logrotate_rs::report::{cite, words};
use proptest::prelude::*;

use super::support::assert_nothing_is_wanted;
use super::support::sections::{self, Sections};

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

fn meaning(stanza: &Stanza) -> String {
    let mut text = String::new();
    let words: Vec<String> = stanza.patterns.iter().map(|word| format!("{word:?}")).collect();
    writeln!(text, "{} at line {}", words.join(" "), stanza.declared_at.line).unwrap();
    let mut policy = logrotate_rs::policy::Policy::clone(&stanza.policy);
    if let Some(old_dir) = &mut policy.old_dir {
        old_dir.declared_at = None;
    }
    let scripts = &stanza.policy.scripts;
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

/// Reads a fixture's configuration: what it means, and what is said of it.
fn read(fixture: &Sections) -> (String, String) {
    let own = tempfile::tempdir().unwrap();
    let path = own.path().join("conf");
    fs::write(&path, conf(fixture)).unwrap();
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
    let loaded = load(&[path], &options, &mut hear);
    let meaning =
        loaded.stanzas.iter().map(meaning).collect::<String>() + &format!("exit {}\n", u8::from(loaded.failed));
    let unplaced = |text: String| text.replace(&format!("{}/", own.path().display()), "");
    (unplaced(meaning), unplaced(said))
}

fn fixtures(kind: &str) -> Vec<Sections> {
    let known = |name: &str| ["conf", "meaning"].contains(&name) || name == "says" && kind == "invalid";
    let files = sections::files(&format!("config/{kind}"));
    assert!(files.len() > 30, "the fixtures are there");
    files.iter().map(|file| Sections::read(file, known)).collect()
}

fn conf(fixture: &Sections) -> &[u8] {
    let conf = fixture.get("conf");
    conf.unwrap_or_else(|| panic!("{} has no section `== conf`", fixture.path))
}

#[test]
fn a_valid_configuration_means_what_its_name_says_and_nothing_is_said_of_it() {
    let mut wrong = Vec::new();
    for mut fixture in fixtures("valid") {
        let (meaning, said) = read(&fixture);
        wrong.extend(fixture.complaint("meaning", &meaning));
        if !said.is_empty() {
            wrong.push(format!("{} is complained about:\n{said}", fixture.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_invalid_configuration_is_named_and_costs_what_its_name_says() {
    let mut wrong = Vec::new();
    for mut fixture in fixtures("invalid") {
        let (meaning, said) = read(&fixture);
        wrong.extend(fixture.complaint("meaning", &meaning));
        wrong.extend(fixture.complaint("says", &said));
        if said.is_empty() {
            wrong.push(format!("{} is not complained about", fixture.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_directive_is_in_a_valid_fixture() {
    let mut seen: BTreeMap<&str, usize> = DIRECTIVES.iter().map(|row| (row.name, 0)).collect();
    for fixture in fixtures("valid").into_iter().chain(fixtures("invalid")) {
        let file = parse(conf(&fixture), Arc::from(Path::new(&fixture.path)));
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
    let missing = seen.into_iter().filter(|(_, count)| *count == 0);
    let wants: Vec<String> = missing
        .map(|(name, _)| {
            format!(
                "no fixture has the directive `{name}`: write fixtures/config/valid/WHAT-IT-MEANS.txt with it under `== conf`; BLESS=1 \
                 adds `== meaning`"
            )
        })
        .collect();
    assert_nothing_is_wanted(&wants);
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
