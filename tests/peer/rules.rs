//! The rules of `exceptions` themselves: each is needed by a case, and what else goes wrong in that case is still seen.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compare::{Aftermath, Difference, compare, records};
use super::drive::{Bench, Failure, terms};
use super::exceptions::{drops, names, sort_out};
use super::generate;
use super::scene::{Scene, identity};
use super::tree::{Kind, Node, Tree};
use crate::support::{assert_nothing_is_wanted, project};

/// Each rule with a case that needs it, and with words of what the README says of it.
const WITNESSES: [(&str, u64, &str); 40] = [
    (
        "what a run had begun when it failed is kept for the next",
        1335,
        "What was begun and not finished is kept beside the state file",
    ),
    ("a dry run sends no mail", 105, "`-d` changes nothing at all"),
    (
        "a dry run does not fail for want of an archive to mail or to shred",
        40,
        "that it cannot mail or shred",
    ),
    (
        "olddir is made when a log is rotated, not when it is read",
        1,
        "`createolddir` acts while the configuration is read",
    ),
    (
        "a rotation that failed before its switch is not stamped",
        46,
        "| a rotation that failed before the switch | counts as done",
    ),
    (
        "what is left beyond the count is disposed of, not overwritten",
        17,
        "what lies beyond the count is mailed and removed",
    ),
    (
        "trouble with an old archive does not stop its log",
        82,
        "the log is rotated all the same, and the trouble is an error at each rotation",
    ),
    (
        "trouble with a new archive does not keep an old one",
        90,
        "| trouble with the new archive (a copy, compression, mail) | keeps the oldest archive",
    ),
    (
        "a pipe at an archive's name does not stop its log",
        475,
        "| a directory, pipe, socket or device at a name that an archive gets | stops the log",
    ),
    (
        "a pipe at an archive's name is moved aside",
        248,
        "is moved aside to `NAME-YYYYMMDDHH.backup`, with a warning",
    ),
    (
        "what is left beyond the count and cannot go moves on",
        90,
        "What cannot be removed or mailed moves on above the count",
    ),
    (
        "what was left plain and cannot be compressed moves up and counts",
        17,
        "moves up, counts, and is tried again",
    ),
    (
        "the subject of an archive that goes is its own name",
        50,
        "subjects may name the wrong file",
    ),
    (
        "a log's own *, ? and [ are plain characters",
        5,
        "a `*`, `?` or `[` in a log's own name",
    ),
    (
        "days are calendar days when the clock changes",
        629,
        "days are calendar days",
    ),
    (
        "stanzas that run strangers' programs come last",
        432,
        "Stanzas that run such programs come behind all others",
    ),
    (
        "a log keeps no other of its shared set from rotation",
        132,
        "a log that cannot be rotated or finished keeps the others of its set from it",
    ),
    (
        "a shared postrotate runs once a log was switched",
        169,
        "if any log of the set was switched, `postrotate` runs",
    ),
    (
        "what was left plain counts as an archive",
        164,
        "is not counted, and renamed over later",
    ),
    (
        "what an earlier run left of renamecopy is finished first",
        66,
        "`LOG.tmp` is archived first",
    ),
    (
        "no archive is overwritten",
        59,
        "an existing archive is never overwritten",
    ),
    (
        "what was moved aside in the same hour stays",
        1807,
        "an existing archive is never overwritten",
    ),
    (
        "a time of day that was left out is kept as it is written",
        2741,
        "lines of logs that are not configured stay",
    ),
    (
        "a plain archive of the same date stops the rotation",
        721,
        "a plain archive of the same date is an error",
    ),
    (
        "what is no file at the interim name is moved aside",
        1378,
        "so is what is no file at `LOG.tmp`",
    ),
    (
        "a copy that is not made does not open the log",
        1608,
        "what is not copied is not opened",
    ),
    (
        "a copy may be sparser than the peer's",
        121,
        "blocks of zeros are holes",
    ),
    ("a fault of one stanza costs that stanza alone", 99, "that block only"),
    (
        "an olddir that does not fit costs its directory alone",
        375,
        "costs the logs of that directory",
    ),
    (
        "what renamecopy left and cannot be copied waits beside the log",
        276,
        "what cannot be archived stays",
    ),
    ("a copy needs no right to write to the log", 210, "reading is enough"),
    ("a log with two paths is rotated once", 77, "a log reached by two paths"),
    (
        "a damaged line of the state costs that entry alone",
        188,
        "costs that entry",
    ),
    (
        "rotate -1 shifts what was left at the first number",
        702,
        "the number 0 of `start 0`",
    ),
    (
        "mailfirst with delaycompress sends plain text",
        552,
        "with `mailfirst` and `delaycompress` sends compressed bytes",
    ),
    (
        "what is no text in a subject is an escape",
        100,
        "what is no visible text is an escape",
    ),
    (
        "a compressed twin that is whole is not made again",
        3702,
        "whose whole compressed twin is there",
    ),
    (
        "a shared set's finish goes on with the other logs",
        244,
        "the others are rotated and finished",
    ),
    (
        "what is mailed is plain text, with rotate 0 and delaycompress too",
        164,
        "under `rotate 0` with `delaycompress` fails and sends nothing",
    ),
    (
        "copy with renamecopy makes a copy",
        112,
        "| `copy`, `renamecopy` | fail where both are set;",
    ),
];

#[test]
fn every_rule_has_a_case_that_needs_it() {
    let known: Vec<&str> = WITNESSES.iter().map(|(rule, ..)| *rule).collect();
    for rule in names() {
        assert!(known.contains(&rule), "no case needs the rule: {rule}");
    }
    assert_eq!(known.len(), names().count(), "each rule once");
}

#[test]
fn every_rule_is_named_among_the_differences_of_the_readme() {
    let readme = std::fs::read_to_string(project().join("README.md")).expect("the README");
    let (_, differences) = readme
        .split_once("## Differences from logrotate\n")
        .expect("its differences");
    let (differences, _) = differences.split_once("\n## ").expect("what follows them");
    let bare = WITNESSES.iter().filter(|(_, _, words)| !differences.contains(words));
    let wants: Vec<String> = bare
        .map(|(rule, _, words)| format!("README.md, Differences, does not say of the rule \"{rule}\": {words}"))
        .collect();
    assert_nothing_is_wanted(&wants);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn every_rule_excuses_its_difference_and_nothing_else() {
    let Some(pair) = super::pair() else { return };
    let dir = super::playground();
    let bench = Bench::new(&dir.path().join("0"), &pair);
    let mut wrong = Vec::new();
    for (rule, seed, _) in WITNESSES {
        let mut was_needed = false;
        let failure = bench.watch(&generate::case(seed), &mut |scene, used| {
            was_needed |= used.contains(&rule);
            if used.contains(&rule) {
                nothing_else_is_excused(scene, used);
            }
        });
        if let Some(Failure { differences, .. }) = failure {
            wrong.push(format!("PEER_SEED={seed} differs: {differences:?}"));
        } else if !was_needed {
            wrong.push(format!("PEER_SEED={seed} does not need the rule: {rule}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Spoils what ours made, one thing at a time; each has to be reported in spite of the rules that this run needs.
fn nothing_else_is_excused(scene: &Scene<'_>, used: &[&str]) {
    let mut spoilt = vec![
        spoil(scene, |ours| ours.ending.code = 2),
        spoil(scene, |ours| {
            let made_up = Node::file("made up", 0);
            ours.tree.insert(PathBuf::from("log/elsewhere.log"), made_up);
        }),
    ];
    let files = scene
        .ours
        .tree
        .iter()
        .filter(|(path, node)| path.starts_with("log") && matches!(node.kind, Kind::File(_)));
    for (path, node) in files {
        spoilt.push(spoil(scene, |ours| rewrite(&mut ours.tree, path)));
        // By some rules ours drops what the peer keeps, and by no other may it.
        if is_only_copy(scene, node) {
            spoilt.push(spoil(scene, |ours| drop(ours.tree.remove(path))));
        }
    }
    for (differences, excuses, rest) in spoilt {
        let is_loss = excuses.iter().any(|rule| drops(rule));
        let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert!(
            !rest.is_empty() || is_loss,
            "excused by {used:?}: {}",
            differences.join("\n")
        );
    }
}

/// What differs when ours is spoilt so, and what of that no rule excuses.
fn spoil(scene: &Scene<'_>, how: impl FnOnce(&mut Aftermath)) -> (Vec<Difference>, Vec<&'static str>, Vec<Difference>) {
    let mut ours = scene.ours.clone();
    how(&mut ours);
    let scene = Scene { ours: &ours, ..*scene };
    let differences = compare(scene.peer, scene.ours, terms(scene.case, scene.step));
    let (excuses, rest) = sort_out(&scene, differences.clone());
    (differences, excuses, rest)
}

fn rewrite(tree: &mut Tree, path: &Path) {
    let content = Arc::new(b"what nobody ever wrote".to_vec());
    let node = tree.get_mut(path).expect("it is there");
    node.plain = Some(Arc::clone(&content));
    node.kind = Kind::File(content);
}

/// The peer has what the file holds, and ours has it in no other file and did not send it.
fn is_only_copy(scene: &Scene<'_>, node: &Node) -> bool {
    let content = identity(node).expect("a file").0;
    let count = |tree: &Tree| {
        tree.values()
            .filter_map(identity)
            .filter(|file| file.0 == content)
            .count()
    };
    let sent = records(scene.ours.tree.get(Path::new("rec/mail")));
    let text = String::from_utf8_lossy(&content);
    let is_sent = sent.iter().any(|record| record.contains(&*text));
    !content.is_empty() && !is_sent && count(&scene.ours.tree) == 1 && count(&scene.peer.tree) > 0
}
