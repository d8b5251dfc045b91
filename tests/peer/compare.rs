//! What differs after a run: exit status, tree, what scripts and mail programs were given, the state.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::case::line;
use super::run::{Ending, HUNG};
use super::tree::{Kind, Node, Time, Tree};

/// Where the scripts and the mail program of a case write what they were given.
pub(crate) const RECORDS: &str = "rec";
/// The state file of a case.
pub(crate) const STATE: &str = "state";

/// What a run left behind.
#[derive(Clone)]
pub(crate) struct Aftermath {
    pub(crate) ending: Ending,
    pub(crate) tree: Tree,
}

/// One thing that differs.
#[derive(Clone, Debug)]
pub(crate) enum Difference {
    /// The exit status: the peer's, ours.
    Exit(i32, i32),
    /// An entry of the tree: the peer's, ours.
    Entry(PathBuf, Option<String>, Option<String>),
    /// A line of the state, by its quoted path: the peer's stamp, ours.
    State(String, Option<String>, Option<String>),
    /// A record of this file that only the peer wrote.
    OnlyPeer(PathBuf, String),
    /// A record of this file that only ours wrote.
    OnlyOurs(PathBuf, String),
    /// The records of this file are the same, but not their order.
    Order(PathBuf),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(peer, ours) => write!(f, "exit: peer {peer}, ours {ours}"),
            Self::Entry(path, peer, ours) => {
                let say = |side: &Option<String>| side.clone().unwrap_or_else(|| "(not there)".to_owned());
                write!(
                    f,
                    "tree: {}\n    peer {}\n    ours {}",
                    path.display(),
                    say(peer),
                    say(ours)
                )
            }
            Self::State(path, peer, ours) => write!(f, "state: {path}: peer {peer:?}, ours {ours:?}"),
            Self::OnlyPeer(name, text) => write!(f, "{}: only peer {:?}", name.display(), short(text)),
            Self::OnlyOurs(name, text) => write!(f, "{}: only ours {:?}", name.display(), short(text)),
            Self::Order(name) => write!(f, "{}: the order differs", name.display()),
        }
    }
}

/// What is asked of a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Even what several workers do has to have the peer's order.
    pub(crate) in_order: bool,
    /// The run was a dry one.
    pub(crate) is_dry: bool,
}

/// Lists all that differs.
pub(crate) fn compare(peer: &Aftermath, ours: &Aftermath, terms: Terms) -> Vec<Difference> {
    let mut found = Vec::new();
    // Two that hang are not the same: nobody knows what they would have done.
    if peer.ending.code != ours.ending.code || peer.ending.code == HUNG {
        found.push(Difference::Exit(peer.ending.code, ours.ending.code));
    }
    let (mut left, mut right) = (peer.tree.iter().peekable(), ours.tree.iter().peekable());
    while let Some(order) = next_of(left.peek(), right.peek()) {
        let one = (order != Ordering::Greater).then(|| left.next()).flatten();
        let other = (order != Ordering::Less).then(|| right.next()).flatten();
        let Some((path, _)) = one.or(other) else { break };
        let (left, right) = (one.map(|(_, node)| node), other.map(|(_, node)| node));
        if path == Path::new(STATE) {
            compare_state(left, right, &mut found);
        } else if path.starts_with(RECORDS) {
            compare_records(path, left, right, terms.in_order, &mut found);
        } else if left != right && !path.starts_with("bin") && !path.starts_with("etc") {
            compare_entry(path, left, right, terms, &mut found);
        }
    }
    found
}

/// Which of the two lists of entries has the next path; `None` at the end of both.
fn next_of(left: Option<&(&PathBuf, &Node)>, right: Option<&(&PathBuf, &Node)>) -> Option<Ordering> {
    match (left, right) {
        (Some((left, _)), Some((right, _))) => Some(left.cmp(right)),
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (None, None) => None,
    }
}

fn compare_entry(path: &Path, left: Option<&Node>, right: Option<&Node>, terms: Terms, found: &mut Vec<Difference>) {
    let shown = |node: &Node| {
        let mut node = unpacked(node);
        if terms.is_dry {
            // The peer, in a dry run, reads what it mails.
            node.accessed = Time::Fresh;
        }
        node
    };
    let (left, right) = (left.map(shown), right.map(shown));
    if left == right {
        return;
    }
    let (mut say_left, mut say_right) = (
        left.as_ref().map(|n| line(path, n)),
        right.as_ref().map(|n| line(path, n)),
    );
    if say_left == say_right {
        say_left = say_left.map(|text| text + " (contents differ)");
        say_right = say_right.map(|text| text + " (contents differ)");
    }
    found.push(Difference::Entry(path.to_owned(), say_left, say_right));
}

/// The node as it is compared: packed contents unpacked, times only where they mean something.
fn unpacked(node: &Node) -> Node {
    let mut node = node.clone();
    if let Some(plain) = &node.plain {
        node.kind = Kind::File(Arc::clone(plain));
    } else {
        node.modified = Time::Fresh;
        node.accessed = Time::Fresh;
        if let Kind::Symlink(_) = node.kind {
            node.mode = 0o777;
        }
    }
    node
}

/// Reads a state file as path → stamp.
pub(crate) fn stamps(node: Option<&Node>) -> BTreeMap<String, String> {
    let Some(Node {
        kind: Kind::File(content),
        ..
    }) = node
    else {
        return BTreeMap::new();
    };
    let text = String::from_utf8_lossy(content);
    let mut stamps = BTreeMap::new();
    for line in text.lines() {
        let (path, stamp) = line.rsplit_once(' ').unwrap_or((line, ""));
        // Ours leaves lines of logs that are not configured as they are, the peer writes them anew.
        let path = if path.starts_with('/') {
            format!("\"{path}\"")
        } else {
            path.to_owned()
        };
        let seen = stamps.insert(path.clone(), own_time(stamp));
        if seen.is_some() {
            stamps.insert(format!("{path} (twice)"), own_time(stamp));
        }
    }
    stamps
}

/// The stamp with all its parts, and the date that it stands for.
fn own_time(stamp: &str) -> String {
    let mut parts: Vec<i64> = stamp.split(['-', ':']).filter_map(|part| part.parse().ok()).collect();
    parts.resize(6, 0);
    let [year, month, day, ..] = parts[..] else {
        return stamp.to_owned();
    };
    let first = i32::try_from(year).ok().zip(u32::try_from(month).ok());
    let first = first.and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1));
    let Some(date) = first.and_then(|first| first.checked_add_signed(TimeDelta::days(day - 1))) else {
        return stamp.to_owned();
    };
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("{year}-{month}-{day}-{}:{}:{}", parts[3], parts[4], parts[5])
}

fn compare_state(left: Option<&Node>, right: Option<&Node>, found: &mut Vec<Difference>) {
    let dress = |node: Option<&Node>| node.map(|node| (node.mode, node.owner, matches!(node.kind, Kind::File(_))));
    if dress(left) != dress(right) {
        let say = |node: Option<&Node>| node.map(|node| line(Path::new(STATE), node));
        found.push(Difference::Entry(PathBuf::from(STATE), say(left), say(right)));
    }
    let (left, right) = (stamps(left), stamps(right));
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for name in names {
        if left.get(name) != right.get(name) {
            found.push(Difference::State(
                name.clone(),
                left.get(name).cloned(),
                right.get(name).cloned(),
            ));
        }
    }
}

/// Splits a record file in its records, each of which ends with a line `.`.
pub(crate) fn records(node: Option<&Node>) -> Vec<String> {
    let Some(Node {
        kind: Kind::File(content),
        ..
    }) = node
    else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(content);
    text.split("\n.\n")
        .filter(|record| !record.is_empty())
        .map(str::to_owned)
        .collect()
}

fn compare_records(
    path: &Path,
    left: Option<&Node>,
    right: Option<&Node>,
    in_order: bool,
    found: &mut Vec<Difference>,
) {
    let (mut left, mut right) = (records(left), records(right));
    if !in_order {
        // Mail and compression are the work of several at once; the order of scripts is the peer's all the same.
        let scripts = |records: &[String]| {
            let script = |record: &&String| !record.starts_with("mail") && !record.starts_with("pack");
            records.iter().filter(script).cloned().collect::<Vec<_>>()
        };
        if scripts(&left) == scripts(&right) {
            left.sort();
            right.sort();
        }
    }
    if left == right {
        return;
    }
    let minus = |from: &[String], what: &[String]| {
        let mut rest = from.to_vec();
        for one in what {
            if let Some(at) = rest.iter().position(|other| other == one) {
                rest.remove(at);
            }
        }
        rest
    };
    let (peer, ours) = (minus(&left, &right), minus(&right, &left));
    if peer.is_empty() && ours.is_empty() {
        found.push(Difference::Order(path.to_owned()));
    }
    found.extend(peer.into_iter().map(|text| Difference::OnlyPeer(path.to_owned(), text)));
    found.extend(ours.into_iter().map(|text| Difference::OnlyOurs(path.to_owned(), text)));
}

/// The beginning of a text.
fn short(text: &str) -> String {
    text.chars().take(400).collect()
}
