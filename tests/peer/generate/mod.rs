//! Makes a case out of a seed: its stanzas and files of configuration. Directives are `directives`' part.

mod calendar;
mod directives;
mod files;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use logrotate_rs::config::directive::DIRECTIVES;

use super::case::{Case, ConfigFile, ROOT, Stanza};
use super::random::Random;
use super::tree::{Kind, Node, Time, Tree};
pub(crate) use calendar::DAMAGED;
use calendar::{ZONES, moment, state, steps};
pub(crate) use directives::WORSE;
use files::{NAMES, leftovers, log};

use crate::support::assert_nothing_is_wanted;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What one stanza's logs share.
pub(crate) struct Place {
    /// Its directory below the root.
    pub(crate) dir: PathBuf,
    /// The owner of all in it.
    pub(crate) owner: (u32, u32),
    /// No stanza follows: the peer gives up the rest of a file whose `olddir` is missing, ours does not.
    pub(crate) last: bool,
}

/// Makes the case of this seed.
pub(crate) fn case(seed: u64) -> Case {
    let random = &mut Random::new(seed);
    let begin = moment(random);
    let mut case = Case {
        seed,
        zone: random.word(&ZONES),
        umask: if random.chance(75) {
            "022"
        } else {
            random.word(&["077", "000", "027", "002"])
        },
        configs: vec![ConfigFile {
            name: "main.conf".to_owned(),
            ..ConfigFile::default()
        }],
        named: vec!["etc/main.conf".to_owned()],
        tree: Tree::new(),
        state: Vec::new(),
        mailer: if random.chance(85) { "mail" } else { "mailfails" },
        steps: Vec::new(),
    };
    let mut logs = Vec::new();
    let stanzas = 1 + random.below(3) * random.below(2);
    for number in 0..stanzas {
        let mut place = Place {
            dir: PathBuf::from(format!("log/s{number}")),
            owner: (0, 0),
            last: number + 1 == stanzas,
        };
        let mut stanza = stanza(random, &mut case.tree, &mut logs, &mut place, begin);
        if let Some(first) = case.configs[0].stanzas.first() {
            if random.chance(6) {
                stanza.words.extend(
                    first
                        .words
                        .iter()
                        .take(1)
                        .filter(|word| !word.ends_with(b"*.log"))
                        .cloned(),
                );
            }
        }
        case.configs[0].stanzas.push(stanza);
    }
    if random.chance(40) {
        case.configs[0].globals = directives::globals(random);
    }
    second_path(random, &mut case);
    spread(random, &mut case);
    state(random, &mut case, &logs, begin);
    steps(random, &mut case, &logs, begin);
    case
}

/// Leads a second path to a log that has a stanza: a link to its directory, and a stanza that names it there.
fn second_path(random: &mut Random, case: &mut Case) {
    if !random.chance(6) {
        return;
    }
    let stanzas = &mut case.configs[0].stanzas;
    let mut again = stanzas[0].clone();
    for word in &mut again.words {
        let text = String::from_utf8_lossy(word).into_owned();
        if text.contains("/log/s0/") && text.is_ascii() {
            *word = text.replace("/log/s0/", "/log/l0/").into_bytes();
        }
    }
    again
        .words
        .retain(|word| String::from_utf8_lossy(word).contains("/log/l0/"));
    let begin = case
        .tree
        .get(Path::new("log/s0"))
        .map_or(Time::Fresh, |node| node.modified);
    if let Time::At(begin, _) = begin {
        if !again.words.is_empty() {
            stanzas.push(again);
            case.tree.insert(
                PathBuf::from("log/l0"),
                Node::new(Kind::Symlink(PathBuf::from("s0")), begin),
            );
        }
    }
}

/// Puts stanzas in a second file, named on the command line or included by the directory.
fn spread(random: &mut Random, case: &mut Case) {
    if case.configs[0].stanzas.len() < 2 || !random.chance(35) {
        return;
    }
    let stanzas = case.configs[0].stanzas.split_off(1);
    if random.chance(50) {
        let globals = if random.chance(30) {
            directives::globals(random)
        } else {
            Vec::new()
        };
        case.configs.push(ConfigFile {
            name: "second.conf".to_owned(),
            globals,
            stanzas,
        });
        case.named.push("etc/second.conf".to_owned());
        return;
    }
    for (index, stanza) in stanzas.into_iter().enumerate() {
        let taboo = random.pick(&["", "", "", ".bak", "~", ".disabled"]);
        case.configs.push(ConfigFile {
            name: format!("d/{index}app{taboo}"),
            globals: Vec::new(),
            stanzas: vec![stanza],
        });
    }
    case.configs[0].globals.push(format!("include {ROOT}/etc/d"));
}

fn stanza(random: &mut Random, tree: &mut Tree, logs: &mut Vec<PathBuf>, place: &mut Place, begin: i64) -> Stanza {
    let su = nix::unistd::geteuid().is_root() && random.chance(10);
    if su {
        place.owner = (65_534, 65_534);
    }
    let mut dir = Node::new(Kind::Dir, begin);
    dir.owner = place.owner;
    if random.chance(3) {
        dir.mode = 0o777;
    }
    tree.insert(place.dir.clone(), dir);
    let settings = directives::stanza(random, tree, place, begin, su);
    let mut words = Vec::new();
    let mut mine = Vec::new();
    for _ in 0..=random.below(3) {
        let name = random.pick(&NAMES);
        let path = place.dir.join(OsStr::from_bytes(name));
        if !mine.contains(&path) {
            log(random, tree, place, &path, begin);
            leftovers(random, tree, place, &path, &settings, begin);
            words.push(word(path.as_os_str().as_bytes()));
            mine.push(path);
        }
    }
    if random.chance(30) {
        words = vec![format!("{ROOT}/{}/*.log", place.dir.display()).into_bytes()];
        if random.chance(20) {
            words.push(format!("{ROOT}/{}/nothing*", place.dir.display()).into_bytes());
        }
    }
    logs.extend(mine);
    Stanza {
        words,
        directives: settings.directives,
    }
}

/// Quotes a path for a path list, so that it stands for itself.
fn word(path: &[u8]) -> Vec<u8> {
    let mut out = format!("\"{ROOT}/").into_bytes();
    for &byte in path {
        match byte {
            b'*' | b'?' | b'[' => out.extend_from_slice(&[b'[', byte, b']']),
            b'"' => out.extend_from_slice(b"\\\""),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

/// Directives that no case has, and why; those that are ours alone need not be compared.
const NOT_GENERATED: [(&str, &str); 3] = [
    ("minutes", "newer than 3.22"),
    ("nodatehourago", "newer than 3.22"),
    ("nodateyesterday", "newer than 3.22"),
];

#[test]
fn every_directive_is_in_some_case_or_there_is_a_reason() {
    let compared = DIRECTIVES.iter().filter(|row| !row.is_ours);
    let mut missing: Vec<&str> = compared.map(|row| row.name).collect();
    for seed in 1..2000 {
        for config in case(seed).configs {
            let inside = config.stanzas.iter().flat_map(|stanza| &stanza.directives);
            let words: Vec<&str> = inside
                .chain(&config.globals)
                .filter_map(|text| text.split([' ', '=', '\n']).next())
                .collect();
            missing.retain(|name| !words.contains(name));
        }
        if missing.len() == NOT_GENERATED.len() {
            break;
        }
    }
    let excused = NOT_GENERATED.map(|(name, _)| name);
    let bare = missing.iter().filter(|name| !excused.contains(*name));
    let mut wants: Vec<String> = bare
        .map(|name| {
            format!(
                "no random case has the directive `{name}`: have one of tests/peer/generate write it, or give a reason in NOT_GENERATED \
                 of tests/peer/generate/mod.rs"
            )
        })
        .collect();
    let made = excused.iter().filter(|name| !missing.contains(name));
    wants.extend(
        made.map(|name| format!("tests/peer/generate/mod.rs: cases have `{name}`: take it out of NOT_GENERATED")),
    );
    assert_nothing_is_wanted(&wants);
}
