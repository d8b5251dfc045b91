//! One behaviour of `fixtures/scenarios`: read from its directory, run with a binary, compared with what it says.
//!
//! A scenario is a directory whose name is the behaviour. In it: `conf` (the configuration), `before` and `after` (trees, see
//! `manifest`; `after` opens with `exit N`), and where wanted `state` (the state file before), `now` (`2024-03-12 06:25:00 UTC`
//! unless given), `args` (instead of `-v -s @ROOT@/status @ROOT@/conf`), `says` (fragments that stderr must hold, or with `!`
//! in front must not, with `+` only newer programs say), `setup` (a script run before), `run` (a script that runs `"$@"`), `needs` (tools, or `root`), `cover`
//! (keys of `fixtures/behaviour-lines.txt`), `differs` (why the reference does otherwise) and `unforeseen` (why a dry run cannot know).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::SystemTime;

use super::manifest::{Place, utc};
use super::{clock, content, fresh_dir, has, is_root, project, shell, skip};

/// The present of a scenario that names none: a Tuesday, long past, so that files made by a run are told by their time.
const NOW: &str = "2024-03-12 06:25:00 UTC";
/// The command line of a scenario that names none.
const ARGS: &str = "-v -s @ROOT@/status @ROOT@/conf";
/// A run that takes longer than this many seconds hangs.
const PATIENCE: &str = "60";

/// One directory of `fixtures/scenarios`.
pub(crate) struct Scenario {
    /// The behaviour: the directory's name.
    pub(crate) name: String,
    dir: PathBuf,
}

/// What a run left and said, with `@ROOT@` for the tree's path.
pub(crate) struct Outcome {
    /// `exit N` and the tree's manifest.
    pub(crate) tree: String,
    /// The tree before the run, with the same times and in the same form.
    pub(crate) before: String,
    /// What was written to stderr.
    pub(crate) said: String,
}

/// Reads the list of all scenarios, in order of their names; `SCENARIO=PART` leaves only those whose names hold the part.
pub(crate) fn all() -> Vec<Scenario> {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let entries = fs::read_dir(project().join("fixtures/scenarios")).unwrap();
    let mut all: Vec<Scenario> = entries
        .map(|entry| entry.unwrap().path())
        .map(|dir| Scenario {
            name: dir.file_name().unwrap().to_str().unwrap().to_owned(),
            dir,
        })
        .filter(|scenario| scenario.name.contains(&only))
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

impl Scenario {
    /// Returns the text of one of the scenario's files.
    pub(crate) fn text(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.dir.join(file)).ok()
    }

    /// Returns the lines of one of the scenario's files that are not empty.
    pub(crate) fn lines(&self, file: &str) -> Vec<String> {
        let text = self.text(file).unwrap_or_default();
        text.lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Writes one of the scenario's files.
    pub(crate) fn bless(&self, file: &str, text: &str) {
        fs::write(self.dir.join(file), text).unwrap();
    }

    /// Tells if all is there that the scenario needs; says what is not.
    pub(crate) fn can_run(&self) -> bool {
        let mut needs = self.lines("needs");
        let trees = self.text("before").unwrap_or_default() + &self.text("after").unwrap_or_default();
        let foreign = |line: &str| {
            line.split(' ')
                .nth(2)
                .is_some_and(|owner| owner.contains(':') && owner != "root:root")
        };
        if trees
            .lines()
            .any(|line| ["dir", "file", "fifo"].contains(&line.split(' ').next().unwrap()) && foreign(line))
        {
            needs.push("root".to_owned());
        }
        let missing = needs
            .iter()
            .find(|tool| if *tool == "root" { !is_root() } else { !has(tool) });
        if let Some(tool) = missing {
            skip(&format!("{tool} ({})", self.name));
        }
        missing.is_none()
    }

    /// Runs the scenario with a binary, in a tree of its own that `who` names, with options put before its own.
    pub(crate) fn run(&self, binary: &Path, who: &str, options: &[&str]) -> Outcome {
        let root = fresh_dir(&format!("scenarios/{}/{who}", self.name));
        let present = self.text("now").unwrap_or_else(|| NOW.to_owned());
        let (now, zone) = present.trim_end().rsplit_once(' ').expect("DATE TIME ZONE");
        let place = Place {
            root: &root,
            now: utc(now),
            began: SystemTime::now(),
        };
        self.plant(&place);
        if let Some(script) = self.text("setup") {
            let output = shell(&root, "/bin/sh", &["-ec", &script]).output().unwrap();
            assert!(
                output.status.success(),
                "{}: setup: {}",
                self.name,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let before = place.scan(&["conf"]);
        let mut args = vec![binary.to_str().expect("a path in UTF-8").to_owned()];
        args.extend(options.iter().map(|&option| option.to_owned()));
        args.extend(self.args(&place));
        let around = self.text("run").unwrap_or_else(|| "exec \"$@\"".to_owned());
        let mut words = vec![PATIENCE, "/bin/sh", "-c", around.as_str(), "sh"];
        words.extend(args.iter().map(String::as_str));
        let mut command = shell(&root, "timeout", &words);
        clock::stop_at(&mut command, now, zone);
        let output = command.output().unwrap();
        self.outcome(&place, before, &output)
    }

    fn plant(&self, place: &Place) {
        let fill = |text: &str| place.fill(text.as_bytes());
        let conf = place.root.join("conf");
        fs::write(
            &conf,
            fill(&self.text("conf").unwrap_or_else(|| panic!("{} has no conf", self.name))),
        )
        .unwrap();
        place.plant(
            &self
                .text("before")
                .unwrap_or_else(|| panic!("{} has no before", self.name)),
        );
        if let Some(state) = self.text("state") {
            place.plant(&format!(
                "file 0640 root:root - status\n{}",
                content::write(state.as_bytes())
            ));
        }
    }

    fn args(&self, place: &Place) -> Vec<String> {
        let text = self.text("args").unwrap_or_else(|| ARGS.to_owned());
        let text = String::from_utf8(place.fill(text.as_bytes())).unwrap();
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn outcome(&self, place: &Place, before: String, output: &Output) -> Outcome {
        let exit = output
            .status
            .code()
            .map_or_else(|| output.status.to_string(), |code| code.to_string());
        let said = String::from_utf8_lossy(&place.blank(&output.stderr)).into_owned();
        Outcome {
            tree: format!("exit {exit}\n{}", place.scan(&["conf"])),
            before,
            said,
        }
    }

    /// Says how an outcome is not what the scenario wants; what only newer programs say is not asked of an older one.
    pub(crate) fn complaint(&self, outcome: &Outcome, newer: bool) -> Option<String> {
        let mut text = String::new();
        let wanted = self.text("after").unwrap_or_default();
        if wanted != outcome.tree {
            text += &difference(&wanted, &outcome.tree);
        }
        for fragment in self.lines("says") {
            let fragment = match fragment.strip_prefix('+') {
                Some(_) if !newer => continue,
                Some(only_newer) => only_newer.to_owned(),
                None => fragment,
            };
            match fragment.strip_prefix('!') {
                Some(never) if outcome.said.contains(never) => text += &format!("  said, and must not: {never}\n"),
                None if !outcome.said.contains(&fragment) => text += &format!("  did not say: {fragment}\n"),
                _ => {}
            }
        }
        if text.is_empty() {
            return None;
        }
        let said: String = outcome.said.lines().map(|line| format!("    > {line}\n")).collect();
        Some(format!("{}:\n{text}{said}", self.name))
    }
}

/// Shows two texts' lines: what is only wanted after `-`, what is only there after `+`.
pub(crate) fn difference(wanted: &str, found: &str) -> String {
    let (mut old, mut new): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), found.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    (old, new) = (old.split_off(same), new.split_off(same));
    while !old.is_empty() && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    let mut longest = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = if old[i] == new[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && longest[i + 1][j] >= longest[i][j + 1] {
            text += &format!("  - {}\n", old[i]);
            i += 1;
        } else {
            text += &format!("  + {}\n", new[j]);
            j += 1;
        }
    }
    text
}

/// Calls `work` for each scenario on all processors and gathers the complaints, in order of the names.
pub(crate) fn for_each(scenarios: &[Scenario], work: impl Fn(&Scenario) -> Option<String> + Sync) -> Vec<String> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let mut complaints: Vec<String> = std::thread::scope(|scope| {
        let worker = || {
            let take = || scenarios.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
            std::iter::from_fn(take).filter_map(&work).collect::<Vec<_>>()
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    complaints.sort();
    complaints
}
