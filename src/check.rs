//! `--check`: all problems of a configuration at once; nothing is changed and nothing is run.
//!
//! The story only: what a lint looks for is `lint`'s, what a problem is called is `report`'s. A shell is started to read
//! scripts, with the option that keeps it from running them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::{CheckRequest, Format};
use crate::diag::{Diagnostic, Place, Problem, Severity};
use crate::discover::{self, claim};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::lint::settings::Known;
use crate::lint::{Cause, Checked, Finding, archives, budgets, criteria, foreign, machine, settings, torn, wording};
use crate::load::{self, GivenUp, LoadOptions, Loaded, Source};
use crate::policy::Stanza;
use crate::report::{check_github, check_json, check_sarif, check_text, screen::Look, show};
use crate::sys::identity;
use crate::unix::split_path;

mod ahead;
mod logs;
mod scripts;
mod survey;
mod timer;

use survey::Survey;

/// What of the machine plays a part.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Where the units of systemd are looked for; `/` but in tests.
    pub root: PathBuf,
    /// Owners and modes count as they do in a run of root's.
    pub as_root: bool,
    /// The rights that `su` gives a rotation are taken on to look at its archives: they become those of the whole process.
    pub acts: bool,
}

impl Machine {
    /// Takes this machine, as whoever runs this sees it.
    #[must_use]
    pub fn this() -> Self {
        Self {
            root: PathBuf::from("/"),
            as_root: identity::is_root(),
            acts: true,
        }
    }
}

/// Checks a configuration, and answers whether a run would refuse anything of it.
#[must_use]
pub fn run(request: &CheckRequest) -> Exit {
    let checked = examine(request, &Machine::this());
    show(&match request.format {
        Format::Text => check_text::text(&checked, &Look::of_stdout(request.color)),
        Format::Json => check_json::text(&checked),
        Format::Sarif => check_sarif::text(&checked),
        Format::Github => check_github::text(&checked),
    });
    exit(&checked, request.strict)
}

/// Answers the exit status: errors count, and warnings where they are to; notes never do.
#[must_use]
pub fn exit(checked: &Checked, strict: bool) -> Exit {
    let least = if strict { Severity::Warning } else { Severity::Error };
    let counted = |finding: &Finding| finding.severity() >= least;
    if checked.findings.iter().any(counted) {
        Exit::Failed
    } else {
        Exit::Well
    }
}

/// Reads a configuration and looks for all that is wrong with it.
#[must_use]
pub fn examine(request: &CheckRequest, machine: &Machine) -> Checked {
    let options = LoadOptions {
        as_root: machine.as_root && !request.offline,
        record_origins: true,
        offline: request.offline,
        thorough: true,
        answers: true,
    };
    let mut heard = Heard::default();
    let mut hear = |diagnostic| heard.take(diagnostic);
    let mut loaded = match &request.with {
        Some(main) => load::load_within(main, &request.configs, &options, &mut hear),
        None => load::load(&request.configs, &options, &mut hear),
    };
    let survey = Survey::of(&loaded.sources, &mut heard.findings);
    let given_up = loaded.given_up.clone();
    let (stanzas, broken) = (loaded.count, loaded.left_out);
    look_at_texts(&loaded, &survey, &mut heard.findings);
    let rhythm = if request.offline {
        None
    } else {
        timer::rhythm(&machine.root)
    };
    let alone = request.with.is_none() && request.configs.iter().all(|path| is_drop_in(path));
    let known = |otherwise| if alone { Known::DropIn } else { otherwise };
    let whole = loaded.stanzas.iter().map(|stanza| (stanza, known(Known::Whole)));
    let broken_ones = loaded.broken.iter().map(|stanza| (stanza, known(Known::Broken)));
    for (stanza, known) in whole.chain(broken_ones) {
        settings::check(stanza, known, &mut heard.findings);
        budgets::check(stanza, known, &mut heard.findings);
        archives::dates(stanza, known, rhythm, &mut heard.findings);
        survey.patterns(stanza, &mut heard.findings);
        if let Some(rhythm) = rhythm {
            machine::timer(stanza, rhythm, &mut heard.findings);
        }
    }
    if request.offline {
        named_twice(&loaded.stanzas, &mut heard);
    } else {
        look_at_logs(
            std::mem::take(&mut loaded.stanzas),
            machine,
            &request.mail_program,
            &survey,
            &mut heard,
        );
    }
    let mut findings = heard.in_order(&survey, given_up);
    let asked = Asked::of(request, &loaded.sources);
    findings.retain(|finding| asked.is_about(finding));
    let all = findings.len();
    survey.allow(&mut findings, &request.allow);
    Checked {
        allowed: all - findings.len(),
        findings,
        files: asked.files.len(),
        stanzas,
        broken,
    }
}

/// What was asked about, among all that was read.
struct Asked<'s> {
    /// All was.
    is_all: bool,
    files: HashSet<&'s Path>,
    /// The paths as named, also those of files that could not be read.
    named: Vec<&'s Path>,
}

impl<'s> Asked<'s> {
    fn of(request: &'s CheckRequest, sources: &'s [Source]) -> Self {
        let read = sources.iter().filter(|source| !source.is_context);
        let named = request.configs.iter().chain(&request.with);
        Self {
            is_all: request.with.is_none(),
            files: read.map(|source| &*source.file).collect(),
            named: named.map(PathBuf::as_path).collect(),
        }
    }

    /// Tells whether a finding is in one of the files, has to do with one, or is about a whole one.
    fn is_about(&self, finding: &Finding) -> bool {
        if self.is_all {
            return true;
        }
        let is_whole = finding.place.is_none();
        let related = finding.related.as_ref().map(|place| &*place.file);
        let mut files = finding.file().into_iter().chain(related).peekable();
        let is_named = |file: &Path| self.named.iter().any(|named| file.starts_with(named));
        files.peek().is_none() || files.any(|file| self.files.contains(file) || (is_whole && is_named(file)))
    }
}

/// Tells whether a path is, by custom, what a main configuration includes: a directory `….d`, or a file in one.
fn is_drop_in(path: &Path) -> bool {
    let names = [Some(path), path.parent()]
        .into_iter()
        .flatten()
        .filter_map(Path::file_name);
    names.into_iter().any(|name| name.as_encoded_bytes().ends_with(b".d"))
}

fn look_at_texts(loaded: &Loaded, survey: &Survey<'_>, found: &mut Vec<Finding>) {
    for file in survey.files() {
        criteria::lost(file, found);
        foreign::check(file, found);
        torn::check(file, found);
        wording::check(file, found);
    }
    scripts::check(survey.files(), found);
    let drop_ins: HashSet<&Path> = loaded
        .sources
        .iter()
        .filter(|source| source.is_drop_in)
        .map(|source| &*source.file)
        .collect();
    criteria::leaks(&loaded.stanzas, &|place| drop_ins.contains(&*place.file), found);
}

/// Finds the logs as a run does, and goes the ways to their directories.
fn look_at_logs(stanzas: Vec<Stanza>, machine: &Machine, mail_program: &Path, survey: &Survey<'_>, heard: &mut Heard) {
    let discovered = discover::discover(stanzas, &mut |diagnostic| heard.take(diagnostic));
    logs::check(&discovered.stanzas, mail_program, survey, &mut heard.findings);
    ahead::check(&discovered.stanzas, mail_program, machine, survey, &mut heard.findings);
    for expanded in &discovered.stanzas {
        let mut last = None;
        for log in &expanded.logs {
            let Some((directory, _)) = split_path(&log.path) else {
                continue;
            };
            if last == Some(directory) {
                continue;
            }
            last = Some(directory);
            if let Err(Fault::InsecureDirectory { component, why, .. }) =
                claim::reach(&expanded.stanza.policy, directory, &log.path, machine.as_root)
            {
                let mut finding = machine::insecure(&expanded.stanza, directory, &component, why);
                finding.place = survey.word(&expanded.stanza, log.word).or(finding.place);
                heard.findings.push(finding);
            }
        }
    }
}

/// Without looking for logs, a path that stands in two lists is still one log.
fn named_twice(stanzas: &[Stanza], heard: &mut Heard) {
    let mut first: HashMap<&std::ffi::OsStr, &Stanza> = HashMap::new();
    for stanza in stanzas {
        for word in &stanza.patterns {
            if crate::sys::pattern::is_special(word.as_encoded_bytes()) {
                continue;
            }
            let Some(other) = first.insert(word, stanza) else {
                continue;
            };
            first.insert(word, other);
            let problem = discover::duplicate(PathBuf::from(word), other, stanza);
            heard.take(Diagnostic::new(problem, Some(stanza.declared_at.clone()), None));
        }
    }
}

/// What was found so far, and the files in the order of reading.
#[derive(Default)]
struct Heard {
    findings: Vec<Finding>,
    order: HashMap<Arc<Path>, usize>,
    /// The stanzas that have a log in common, and which finding says so.
    pairs: HashMap<(Spot, Spot), usize>,
}

/// File, line and column.
type Spot = (Arc<Path>, u32, u32);

impl Heard {
    fn take(&mut self, diagnostic: Diagnostic) {
        let next = self.order.len();
        let related = match &diagnostic.problem {
            Problem::Reading(file) => {
                self.order.entry(file.clone()).or_insert(next);
                return;
            }
            // Both only say what an error costs, and that stands at the end.
            Problem::FoundErrorInBlock(_) | Problem::FoundErrorInFile(_) => return,
            Problem::DuplicateLog { first, .. } => Some(first.clone()),
            _ => None,
        };
        if related.is_some() && self.counts_with_another(&related, &diagnostic.place) {
            return;
        }
        // Most notes are for those who want to follow the reading; one with a code is a finding.
        if !diagnostic.problem.class().code.is_empty() {
            self.findings.push(Finding {
                cause: Cause::Problem(diagnostic.problem),
                place: diagnostic.place,
                excerpt: diagnostic.excerpt.unwrap_or_default(),
                related,
                given_up: None,
                more_logs: 0,
            });
        }
    }

    /// Two patterns may have many logs in common: of a pair of stanzas the first one stands for all.
    fn counts_with_another(&mut self, first: &Option<Place>, second: &Option<Place>) -> bool {
        let next = self.findings.len();
        let Some((first, second)) = first.clone().zip(second.clone()) else {
            return false;
        };
        let spot = |place: Place| (place.file, place.line, place.column);
        match self.pairs.entry((spot(first), spot(second))) {
            Entry::Occupied(known) => self.findings[*known.get()].more_logs += 1,
            Entry::Vacant(free) => {
                free.insert(next);
                return false;
            }
        }
        true
    }

    /// Adds to an error what it costs; where a lint stands for it that is in another place, to that.
    fn charge(&mut self, cost: GivenUp) {
        let Some(at) = &cost.at else { return };
        let is_error = |finding: &Finding| finding.severity() == Severity::Error;
        let spot = |place: &Place| (place.file.clone(), place.line, place.column);
        let is_at = |finding: &Finding| is_error(finding) && finding.place.as_ref().map(spot) == Some(spot(at));
        let is_in = |finding: &Finding| is_error(finding) && finding.file() == Some(&*at.file);
        let exact = self.findings.iter().position(is_at);
        if let Some(index) = exact.or_else(|| self.findings.iter().position(is_in)) {
            self.findings[index].given_up = Some(cost);
        }
    }

    /// Sorts by place, each thing once; what has no place comes first.
    fn in_order(mut self, survey: &Survey<'_>, given_up: Vec<GivenUp>) -> Vec<Finding> {
        self.findings.retain(|finding| !survey.is_explained(finding));
        given_up.into_iter().for_each(|cost| self.charge(cost));
        self.findings.iter_mut().for_each(|finding| survey.complete(finding));
        let order = self.order;
        let rank = |place: &Place| (order.get(&place.file).copied().unwrap_or(0), place.line, place.column);
        self.findings
            .sort_by_key(|finding| (finding.place.as_ref().map(rank), finding.code()));
        self.findings
            .dedup_by(|one, other| one.place.is_some() && one.code() == other.code() && one.place == other.place);
        self.findings
    }
}
