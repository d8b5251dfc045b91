//! What is to hold after each day, whatever the obstacle.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::case::Case;
use super::obstacle::Obstacle;
use super::world::{ELSEWHERE, Run, World};

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The log was not rotated.
    Stopped,
    /// Another log of its set was not.
    StoppedNeighbour,
    /// Lines of the days whose archives are kept are gone.
    Lost,
    /// There are more archives than may be.
    TooMany,
    /// Nobody was told what is the matter, with what, and why.
    Untold,
    /// An error or an obstacle was told without what to do about it.
    NoRemedy,
    /// Something was told again and again.
    ToldAgain,
    /// The exit status does not say whether there was an error.
    Status,
    /// What is none of its business was changed.
    Strayed,
}

/// Something that was wrong on a day.
pub(super) struct Finding {
    pub(super) fault: Fault,
    pub(super) day: u32,
    pub(super) detail: String,
}

/// Judges the world after a day's run.
pub(super) fn judge(world: &World<'_>, case: &Case, day: u32, run: &Run) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |fault, detail: String| found.push(Finding { fault, day, detail });
    let stopping = case.holding(day, |obstacle| obstacle.stops);
    let stops_set = stopping.iter().any(|obstacle| obstacle.stops_set);
    for (at, log) in world.logs.iter().enumerate() {
        let may_stay = if at == 0 { !stopping.is_empty() } else { stops_set };
        if !may_stay && world.log(log).symlink_metadata().is_ok_and(|meta| meta.len() > 0) {
            let fault = if at == 0 {
                Fault::Stopped
            } else {
                Fault::StoppedNeighbour
            };
            note(fault, log.clone());
        }
    }
    let lines = all_lines(world.root());
    let kept = world.written.iter().rev().take(case.keep()).flatten();
    let lost: Vec<&String> = kept.filter(|line| !lines.contains(line.as_bytes())).collect();
    if let Some(first) = lost.first() {
        note(Fault::Lost, format!("{} lines, first: {first}", lost.len()));
    }
    let (count, limit) = (archives(world, case), case.limit(day));
    if count > limit {
        note(Fault::TooMany, format!("{count}, and not {limit}"));
    }
    if fs::read_to_string(world.root().join("elsewhere/file")).is_ok_and(|text| text != ELSEWHERE) {
        note(Fault::Strayed, "elsewhere/file".to_owned());
    }
    found.extend(judge_words(world.root(), case, day, run));
    found
}

/// Judges what a run said, and how it ended.
fn judge_words(root: &Path, case: &Case, day: u32, run: &Run) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |fault, detail: String| found.push(Finding { fault, day, detail });
    let with = |words: &[&str]| -> Vec<&str> {
        let is_one = |line: &&str| words.iter().any(|word| line.starts_with(word));
        run.said.lines().filter(is_one).collect()
    };
    let (errors, all) = (with(&["error: "]), with(&["error: ", "warning: "]));
    // Of two, one may keep the other from being met.
    let told = case.holding(day, |obstacle: &Obstacle| obstacle.told);
    let telling: Vec<&&str> = all.iter().filter(|line| names_and_explains(line, root)).collect();
    if told.len() == case.obstacles.len() && telling.is_empty() {
        note(Fault::Untold, told[0].name.to_owned());
    }
    let helpless = errors.iter().find(|line| !says_what_to_do(line));
    let is_helpless = |telling: &[&&str]| !telling.is_empty() && !telling.iter().any(|line| says_what_to_do(line));
    if let Some(line) = helpless.or_else(|| (!told.is_empty() && is_helpless(&telling)).then(|| telling[0])) {
        note(Fault::NoRemedy, (*line).to_owned());
    }
    // One name can be that of two archives, before and after the others moved up.
    let count = |line: &str| all.iter().filter(|other| **other == line).count();
    if let Some(line) = all.iter().find(|line| count(line) > 2) {
        note(Fault::ToldAgain, (*line).to_owned());
    }
    if run.status != Some(i32::from(!errors.is_empty())) {
        note(
            Fault::Status,
            format!("{:?} behind {} errors", run.status, errors.len()),
        );
    }
    found
}

/// Tells whether a message names the file, program or script that it is about, and has a reason.
fn names_and_explains(line: &str, root: &Path) -> bool {
    let root = root.to_str().unwrap();
    let begins = line.find(root).map(|at| &line[at + root.len()..]);
    // What follows the path is more than an end of the line.
    begins.is_some_and(|rest| rest.contains([':', '(']) || rest.contains(" is ") || rest.contains(" already exists"))
}

/// How a remedy begins, behind a reason.
const REMEDIES: &[&str] = &[
    "add ",
    "correct ",
    "create ",
    "free ",
    "give ",
    "install ",
    "it is written anew",
    "let ",
    "make ",
    "mend ",
    "move ",
    "remove ",
    "see ",
    "set ",
    "try ",
    "use ",
    "\"chattr ",
    "\"chown ",
];

/// Tells whether a message says what to do; one that passes on what a program said leaves that to it.
fn says_what_to_do(line: &str) -> bool {
    if line.contains("wrote following message") {
        return true;
    }
    let text = line.to_lowercase();
    let mut clauses = text.split([';', '.', ':', ',']).map(str::trim_start);
    clauses.any(|clause| REMEDIES.iter().any(|begin| clause.starts_with(begin)))
}

/// Gathers the lines of logs, archives, mails, and of what was put away.
fn all_lines(root: &Path) -> HashSet<Vec<u8>> {
    let mut lines = HashSet::new();
    let mut open = ["logs", "kept", "mails"].map(|name| root.join(name)).to_vec();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let kind = entry.file_type().unwrap();
            let is_temporary = entry.file_name().as_encoded_bytes().starts_with(b".logrotate-rs-");
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() && !is_temporary {
                lines.extend(content(&entry.path()).split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
            }
        }
    }
    lines
}

/// Reads a file, unpacked if it is packed; one that is not whole has nothing.
fn content(path: &Path) -> Vec<u8> {
    let mut raw = Vec::new();
    File::open(path).unwrap().read_to_end(&mut raw).unwrap();
    if !raw.starts_with(&[0x1f, 0x8b]) {
        return raw;
    }
    let mut text = Vec::new();
    match MultiGzDecoder::new(&raw[..]).read_to_end(&mut text) {
        Ok(_) => text,
        Err(_) => Vec::new(),
    }
}

/// Counts the archives of the log that has the obstacle. A file that was moved aside may be one.
fn archives(world: &World<'_>, case: &Case) -> usize {
    let directory = world.log(&world.logs[0]).parent().unwrap().to_owned();
    let both = [directory.join("old"), directory];
    let entries = both
        .iter()
        .filter_map(|path| fs::read_dir(path).ok())
        .flatten()
        .flatten();
    let is_archive = |name: &str| {
        let rest = name.strip_prefix(case.log()).unwrap_or_default();
        rest.starts_with(['.', '-'])
    };
    let names = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file() || kind.is_symlink()));
    names
        .filter(|entry| is_archive(&entry.file_name().to_string_lossy()))
        .count()
}
