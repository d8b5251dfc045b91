//! Walks one case: both programs on the same path in turn, each with a tree of its own that is moved there.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::case::{Case, Change, Step};
use super::compare::{self, Aftermath, Difference, RECORDS, Terms};
use super::exceptions;
use super::run::{self, Clock, Run};
use super::scene::Scene;
use super::tree::{self, Contents, Tree, Window};

/// The two programs.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) peer: PathBuf,
    pub(crate) ours: PathBuf,
    /// Ours is ours, and has `--jobs`.
    pub(crate) knows_jobs: bool,
}

/// A directory in which cases are walked one after the other.
pub(crate) struct Bench {
    dir: PathBuf,
    pair: Pair,
    clock: Clock,
}

/// The first run after which something differs that no rule excuses.
pub(crate) struct Failure {
    pub(crate) step: usize,
    pub(crate) differences: Vec<Difference>,
    /// What the peer and ours said.
    pub(crate) messages: (String, String),
}

impl Failure {
    /// The other failure's first difference is of the same kind.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let kind = |failure: &Self| failure.differences.first().map(std::mem::discriminant);
        kind(self) == kind(other)
    }
}

/// Which cases needed a rule, once for each difference.
pub(crate) type Excuses = BTreeMap<&'static str, Vec<u64>>;

/// Sees a run that needed rules.
type Watcher<'a> = dyn FnMut(&Scene<'_>, &[&'static str]) + 'a;

/// What is asked of the comparison after this run.
pub(crate) fn terms(case: &Case, step: &Step) -> Terms {
    Terms {
        in_order: case.one_by_one(),
        is_dry: step.options.iter().any(|option| option == "-d"),
    }
}

/// One of the two programs' side: its tree, when it is not at the common path.
struct Side {
    tree: PathBuf,
    program: PathBuf,
    contents: Contents,
}

impl Bench {
    /// Makes a bench in this directory, which every user may enter.
    pub(crate) fn new(dir: &Path, pair: &Pair) -> Self {
        fs::create_dir_all(dir).expect("the bench is made");
        Self {
            dir: dir.to_owned(),
            pair: pair.clone(),
            clock: Clock::new(),
        }
    }

    /// The path at which each of the trees is worked on.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.join("r")
    }

    /// Walks the case; answers with its first inexcusable difference.
    pub(crate) fn walk(&self, case: &Case, excuses: &mut Excuses) -> Option<Failure> {
        self.watch(case, &mut |_, used| {
            for &rule in used {
                excuses.entry(rule).or_default().push(case.seed);
            }
        })
    }

    /// Walks the case and shows each run that needed rules, with their names; answers with its first inexcusable difference.
    pub(crate) fn watch(&self, case: &Case, watcher: &mut Watcher<'_>) -> Option<Failure> {
        let root = self.root();
        let mut before = case.first_tree(&root);
        let [mut peer, mut ours] = [("peer", &self.pair.peer), ("ours", &self.pair.ours)].map(|(name, program)| Side {
            tree: self.dir.join(name),
            program: program.clone(),
            contents: Contents::default(),
        });
        tree::lay(&peer.tree, &before);
        tree::lay(&ours.tree, &before);
        tree::unpack_all(&mut before);
        for (number, step) in case.steps.iter().enumerate() {
            let left = self.turn(case, step, &mut peer);
            let right = self.turn(case, step, &mut ours);
            let differences = compare::compare(&left, &right, terms(case, step));
            let scene = Scene {
                case,
                step,
                root: &root,
                before: &before,
                peer: &left,
                ours: &right,
            };
            let (excused, rest) = exceptions::sort_out(&scene, differences);
            if !rest.is_empty() {
                return Some(Failure {
                    step: number,
                    differences: rest,
                    messages: (left.ending.messages, right.ending.messages),
                });
            }
            let own_time = tree::tree_with_own_times(&left.tree, step.at);
            if !excused.is_empty() {
                watcher(&scene, &excused);
                tree::lay(&ours.tree, &own_time);
            }
            before = own_time;
        }
        None
    }

    /// One program's run on its tree, at the common path.
    fn turn(&self, case: &Case, step: &Step, side: &mut Side) -> Aftermath {
        let is_ours = side.tree.ends_with("ours");
        let root = self.root();
        fs::rename(&side.tree, &root).expect("the tree takes its place");
        change(&root, step);
        let mut args = step.options.clone();
        args.extend(["-m".to_owned(), format!("{}/bin/{}", root.display(), case.mailer)]);
        args.extend(["-s".to_owned(), format!("{}/state", root.display())]);
        args.extend(case.named.iter().map(|name| format!("{}/{name}", root.display())));
        if is_ours && case.one_by_one() && self.pair.knows_jobs {
            args.insert(0, "--jobs=1".to_owned());
        }
        let window = Window::open();
        let ending = run::run(&Run {
            program: &side.program,
            args: &args,
            at: step.at,
            zone: case.zone,
            umask: case.umask,
            messages: &self.dir.join("messages"),
            clock: &self.clock,
            dir: &root,
        });
        let tree = self.read(&root, window.close(), step, side);
        fs::rename(&root, &side.tree).expect("the tree leaves its place");
        Aftermath { ending, tree }
    }

    fn read(&self, root: &Path, window: Window, step: &Step, side: &mut Side) -> Tree {
        tree::read(root, window, step.at, &mut side.contents)
    }
}

/// Does what happens before the run: logs grow or go, and the records of the run before are forgotten.
fn change(root: &Path, step: &Step) {
    for record in fs::read_dir(root.join(RECORDS)).expect("the records are listed") {
        fs::remove_file(record.expect("a record").path()).expect("an old record goes");
    }
    for change in &step.changes {
        match change {
            Change::Grow(path, bytes) => grow(&root.join(path), bytes, step.at),
            // Nothing vanishes where nothing is.
            Change::Vanish(path) => fs::remove_file(root.join(path)).unwrap_or(()),
        }
    }
}

fn grow(path: &Path, bytes: &[u8], at: i64) {
    let usable = path.symlink_metadata().is_ok_and(|meta| !meta.is_file()) || !path.parent().is_some_and(Path::is_dir);
    if usable {
        return;
    }
    let is_new = !path.exists();
    let mut file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .expect("a log opens");
    if let Some(dir) = path.parent().filter(|_| is_new) {
        let owner = dir.metadata().expect("a directory");
        std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid())).expect("its owner is set");
    }
    file.write_all(bytes).expect("a log grows");
    let time = nix::sys::time::TimeSpec::new(at - 60, 5);
    nix::sys::stat::futimens(&file, &time, &time).expect("its times are set");
}
