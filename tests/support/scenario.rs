//! One behaviour of `fixtures/scenarios`: read from its file, run with a binary, compared with what it says.
//!
//! The file's name is the behaviour, its sections (`sections`) are what `SECTIONS` lists. `tests/README.md` shows one.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::SystemTime;

use super::manifest::{Place, utc};
use super::sections::{self, Sections};
use super::{clock, content, fresh_dir, has, lack_of_root, shell, skip};

/// What a scenario is made of, with what stands for a section that is left out.
const SECTIONS: [(&str, Option<&str>); 14] = [
    // Keys of `fixtures/behaviour-lines.txt`.
    ("cover", None),
    // Why the reference does otherwise: it is not asked then.
    ("differs", None),
    // Why a dry run cannot know what the run will do.
    ("unforeseen", None),
    // Tools, or `root`.
    ("needs", None),
    // DATE TIME ZONE: a Tuesday, long past, so that files made by a run are told by their time.
    ("now", Some("2024-03-12 06:25:00 UTC\n")),
    ("conf", None),
    // The state file before the run; a section `no state`, with nothing in it, says that there is none.
    (
        "state",
        Some("logrotate state -- version 2\n\"@ROOT@/log/app.log\" 2024-3-11-6:25:0\n"),
    ),
    ("no state", None),
    // The tree before the run, as a manifest.
    (
        "before",
        Some("dir 0755 root:root - log\nfile 0640 root:adm - log/app.log\n| today\n"),
    ),
    // A script that is run before it.
    ("setup", None),
    ("args", Some("-v -s @ROOT@/status @ROOT@/conf\n")),
    // A script that runs `"$@"`.
    ("run", None),
    // `exit N`, and the tree after the run.
    ("after", None),
    // Fragments that stderr must hold; with `!` in front must not; with `+` only newer programs say.
    ("says", None),
];
/// A run that takes longer than this many seconds hangs.
const PATIENCE: &str = "60";

/// One file of `fixtures/scenarios`.
#[derive(Clone)]
pub(crate) struct Scenario {
    /// The behaviour: the file's name.
    pub(crate) name: String,
    sections: Sections,
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

/// Reads all scenarios, in order of their names; `SCENARIO=PART` leaves only those whose names hold the part.
pub(crate) fn all() -> Vec<Scenario> {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let known = |name: &str| SECTIONS.iter().any(|(one, _)| *one == name);
    let all = sections::files("scenarios").into_iter().map(|file| {
        let sections = Sections::read(&file, known);
        Scenario {
            name: sections.name().to_owned(),
            sections,
        }
    });
    all.filter(|scenario| scenario.name.contains(&only)).collect()
}

impl Scenario {
    /// Returns the path of the scenario's file below the project's directory.
    pub(crate) fn path(&self) -> &str {
        &self.sections.path
    }

    /// Returns the text of one of the scenario's sections, or what stands for it where it is left out.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if name == "state" && self.sections.get("no state").is_some() {
            return None;
        }
        let (_, usual) = SECTIONS.iter().find(|(one, _)| *one == name).expect("a known section");
        self.sections.text(name).or(*usual)
    }

    /// Returns the lines of one of the scenario's sections that are not empty.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Tells if all is there that the scenario needs; says what is not.
    pub(crate) fn can_run(&self) -> bool {
        let mut needs = self.lines("needs");
        let trees = ["before", "after"]
            .map(|name| self.text(name).unwrap_or_default())
            .concat();
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
        let missing = needs.iter().find_map(|need| match need.as_str() {
            "root" => lack_of_root(),
            tool => (!has(tool)).then_some(tool),
        });
        if let Some(tool) = missing {
            skip(&format!("{tool} ({})", self.name));
        }
        missing.is_none()
    }

    /// Runs the scenario with a binary, in a tree of its own that `who` names, with options put before its own.
    pub(crate) fn run(&self, binary: &Path, who: &str, options: &[&str]) -> Outcome {
        let root = fresh_dir(&format!("scenarios/{}/{who}", self.name));
        let present = self.text("now").unwrap_or_default().trim_end();
        let (now, zone) = present.rsplit_once(' ').expect("DATE TIME ZONE");
        let place = Place {
            root: &root,
            now: utc(now),
            began: SystemTime::now(),
        };
        self.plant(&place);
        if let Some(script) = self.text("setup") {
            let output = shell(&root, "/bin/sh", &["-ec", script]).output().unwrap();
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
        let around = self.text("run").unwrap_or("exec \"$@\"");
        let mut words = vec![PATIENCE, "/bin/sh", "-c", around, "sh"];
        words.extend(args.iter().map(String::as_str));
        let mut command = shell(&root, "timeout", &words);
        clock::stop_at(&mut command, now, zone);
        let output = command.output().unwrap();
        self.outcome(&place, before, &output)
    }

    fn plant(&self, place: &Place) {
        let conf = self.sections.get("conf");
        let conf = conf.unwrap_or_else(|| panic!("{} has no section `== conf`", self.path()));
        fs::write(place.root.join("conf"), place.fill(conf)).unwrap();
        place.plant(self.text("before").unwrap_or_default());
        if let Some(state) = self.text("state") {
            place.plant(&format!(
                "file 0640 root:root - status\n{}",
                content::write(state.as_bytes())
            ));
        }
    }

    fn args(&self, place: &Place) -> Vec<String> {
        let text = self.text("args").unwrap_or_default();
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
        let mut text = self
            .sections
            .clone()
            .complaint("after", &outcome.tree)
            .unwrap_or_default();
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
        Some(format!("{}:\n{text}{said}", self.path()))
    }
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
