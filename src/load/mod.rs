//! Reads configuration: files, directories and includes, in order, over settings that change as they are read.
//!
//! The only effect is reading. What a directive means is `policy::resolve`'s; which logs there are is `discover`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::parse;
use crate::diag::{Diagnostic, Place, Problem, Severity};
use crate::policy::Stanza;
use crate::policy::settings::Settings;
use crate::sys::accounts::KnownAccounts;
use crate::sys::confread::{Opened, Refused, path_of};
use crate::sys::locale;

mod accounts;
mod costs;
mod read_limit;
mod reader;
mod taboo;
mod within;

use accounts::AccountBook;
use costs::Costs;
use read_limit::ReadLimit;
use reader::Reader;
use taboo::Taboo;
use within::Within;
pub use within::load_within;

/// Larger files are no configuration.
const LARGEST_FILE: u64 = 0xff_ffff;

/// What stands for the standard input where a check is handed its text.
const STANDARD_INPUT: &str = "-";

/// Includes within includes.
const DEEPEST_NESTING: u32 = 16;

/// How configuration is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// Owners and modes of the files are checked, as for root.
    pub as_root: bool,
    /// Where each setting was made is kept.
    pub record_origins: bool,
    /// No user is looked up; all are taken to exist. Nothing outside of the directories that were named is read.
    pub offline: bool,
    /// All that is wrong is to be heard: reading goes on behind an error, and what was read is kept.
    pub thorough: bool,
    /// All that is named is answered for: pipes and `-`, the standard input, are read, and where nothing was read that is an error.
    pub answers: bool,
}

/// The text of a file that was read.
#[derive(Debug)]
pub struct Source {
    /// The file, by the path it was reached by.
    pub file: Arc<Path>,
    pub text: Vec<u8>,
    /// It was found in a directory, not named.
    pub is_drop_in: bool,
    /// It is read only for what it says of others' defaults.
    pub is_context: bool,
}

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    pub stanzas: Vec<Stanza>,
    /// Something was wrong that makes the exit status 1.
    pub failed: bool,
    /// What was meant to hold for stanzas behind it may be missing: a file was not read, not to its end, or had its settings put back.
    pub lacks_settings: bool,
    /// The stanzas that an error costs, where this was asked for.
    pub broken: Vec<Stanza>,
    /// The files, in the order of reading, where this was asked for.
    pub sources: Vec<Source>,
    /// What errors outside of braces cost, where this was asked for: a run reads no further in their files.
    pub given_up: Vec<GivenUp>,
    /// How many stanzas there are in what was asked for.
    pub count: usize,
    /// How many of these a run leaves out.
    pub left_out: usize,
}

/// What an error outside of braces costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    pub at: Option<Place>,
    /// How many stanzas it costs, in its file and in what that includes.
    pub stanzas: usize,
    /// Nothing of the file is before it.
    pub whole: bool,
}

/// Reads the configuration that these paths name, in order, and hands each complaint out as it is met.
pub fn load(paths: &[PathBuf], options: &LoadOptions, hear: &mut dyn FnMut(Diagnostic)) -> Loaded {
    let mut loader = Loader::new(paths, options, hear);
    let mut globals = Settings::default();
    let mut paths = paths.iter().peekable();
    while let Some(path) = paths.next() {
        let before = globals.clone();
        // Behind the last one there is nothing that its settings would hold for.
        if !loader.named(path, &mut globals) && paths.peek().is_some() {
            loader.put_back(&mut globals, before);
        }
    }
    loader.loaded()
}

/// Where an include stands.
#[derive(Clone, Copy, Default)]
struct Site<'a> {
    /// The directory being included: relative paths begin there.
    base: Option<&'a Path>,
    /// How many includes lead here.
    depth: u32,
    /// The include that names the path, and its line.
    asked: Option<&'a (Place, Vec<u8>)>,
}

impl Site<'_> {
    /// Tells whether the path is one of those that reading begins with.
    fn is_named(&self) -> bool {
        self.base.is_none() && self.asked.is_none()
    }
}

struct Loader<'h> {
    options: LoadOptions,
    hear: &'h mut dyn FnMut(Diagnostic),
    accounts: AccountBook,
    /// Where files may be read, if not everywhere.
    read_limit: Option<ReadLimit>,
    taboo: Taboo,
    /// A block has its place from its path list on; it stays empty if the block turns out bad.
    stanzas: Vec<Option<Stanza>>,
    failed: bool,
    lacks_settings: bool,
    broken: Vec<Stanza>,
    sources: Vec<Source>,
    costs: Costs,
    /// Drop-ins that are read where the configuration includes their directory.
    within: Option<Within<'h>>,
}

/// Tells whether all is well; a file with an error has its settings put back by whoever asked for it.
type Fine = bool;

impl<'h> Loader<'h> {
    fn new(paths: &[PathBuf], options: &LoadOptions, hear: &'h mut dyn FnMut(Diagnostic)) -> Self {
        Self {
            options: *options,
            hear,
            accounts: AccountBook {
                known: KnownAccounts::default(),
                offline: options.offline,
            },
            read_limit: options.offline.then(|| ReadLimit::around(paths)),
            taboo: Taboo::default(),
            stanzas: Vec::new(),
            failed: false,
            lacks_settings: false,
            broken: Vec::new(),
            sources: Vec::new(),
            costs: Costs::default(),
            within: None,
        }
    }

    fn loaded(self) -> Loaded {
        let (count, left_out) = self.count();
        Loaded {
            failed: self.failed,
            lacks_settings: self.lacks_settings,
            broken: self.broken,
            sources: self.sources,
            given_up: self.costs.given_up,
            count,
            left_out,
            stanzas: self.stanzas.into_iter().flatten().collect(),
        }
    }
}

impl Loader<'_> {
    fn say(&mut self, diagnostic: Diagnostic) -> Fine {
        let fine = diagnostic.severity != Severity::Error;
        if !fine {
            self.failed = true;
            self.lacks_settings |= diagnostic.problem.file().is_some();
            self.costs.last_error.clone_from(&diagnostic.place);
        }
        (self.hear)(diagnostic);
        fine
    }

    /// Has settings be as they were before what was read with an error.
    fn put_back(&mut self, settings: &mut Settings, before: Settings) {
        self.lacks_settings |= *settings != before;
        *settings = before;
    }

    fn say_plain(&mut self, problem: Problem) -> Fine {
        self.say(Diagnostic::new(problem, None, None))
    }

    /// Complains about a path, in the place that names it.
    fn say_of_path(&mut self, site: Site<'_>, problem: Problem) -> Fine {
        let (place, excerpt) = site.asked.cloned().unzip();
        self.say(Diagnostic::new(problem, place, excerpt))
    }

    /// Reads what was named. A check that read nothing may not pass for one that found nothing.
    fn named(&mut self, path: &Path, settings: &mut Settings) -> Fine {
        let read_before = self.sources.len();
        let site = Site::default();
        let is_input = self.options.answers && path == Path::new(STANDARD_INPUT);
        let fine = if is_input {
            match Opened::standard_input() {
                Ok(opened) => self.file(site, &opened, path, settings),
                Err(refused) => self.refused(site, refused, path),
            }
        } else {
            self.path(site, path, settings)
        };
        if fine && self.options.answers && self.sources.len() == read_before {
            return self.say_plain(Problem::NothingToRead(path.to_owned()));
        }
        fine
    }

    /// Tells whether a path is a pipe that a check was handed: it is no way out of what may be read.
    fn is_handed_pipe(&self, site: Site<'_>, path: &Path) -> bool {
        self.options.answers && site.is_named() && Opened::open(None, path).is_ok_and(|opened| opened.is_pipe())
    }

    /// Reads a file, or the files of a directory.
    fn path(&mut self, site: Site<'_>, path: &Path, settings: &mut Settings) -> Fine {
        let joined = site.base.map(|base| base.join(path));
        let path = joined.as_deref().unwrap_or(path);
        if self.is_awaited(site, path) {
            return self.drop_ins(settings);
        }
        if !self.may_read(path) && !self.is_handed_pipe(site, path) {
            return self.say_of_path(site, Problem::OutsideOfNamed(path.to_owned()));
        }
        match Opened::open(None, path) {
            Err(refused) => self.refused(site, refused, path),
            Ok(opened) if opened.is_directory() => self.directory(site, &opened, path, settings),
            Ok(opened) => self.file(site, &opened, path, settings),
        }
    }

    fn may_read(&self, path: &Path) -> bool {
        self.read_limit.as_ref().is_none_or(|read_limit| read_limit.hold(path))
    }

    fn refused(&mut self, site: Site<'_>, refused: Refused, path: &Path) -> Fine {
        let path = path.to_owned();
        self.say_of_path(
            site,
            match refused {
                Refused::NotFound(errno) => Problem::CannotStat { path, errno },
                Refused::NotOpened(errno) => Problem::CannotOpen { path, errno },
                Refused::Special => Problem::IgnoringNotRegular(path),
            },
        )
    }

    /// Reads the files of a directory in collation order; a bad one costs its own globals only.
    fn directory(&mut self, site: Site<'_>, directory: &Opened, path: &Path, settings: &mut Settings) -> Fine {
        let mut kept_out = Vec::new();
        let listed = directory.names(|name| {
            let pattern = self.taboo.pattern_for(name);
            if let Some(pattern) = pattern {
                kept_out.push((name.to_vec(), pattern.to_vec()));
            }
            pattern.is_none()
        });
        for (name, pattern) in kept_out {
            self.say_plain(Problem::IgnoringTaboo {
                path: path.join(path_of(&name)),
                pattern,
            });
        }
        let mut names = match listed {
            Ok(names) => names,
            Err(errno) => {
                let path = path.to_owned();
                return self.say_of_path(site, Problem::CannotOpenDirectory { path, errno });
            }
        };
        locale::sort_names(&mut names);
        let site = Site {
            base: Some(path),
            asked: None,
            ..site
        };
        let mut fine = true;
        for name in names {
            let before = settings.clone();
            let file = path.join(path_of(&name));
            let well = match Opened::open(Some(directory), path_of(&name)) {
                _ if !self.may_read(&file) => self.say_plain(Problem::OutsideOfNamed(file.clone())),
                Err(refused) => self.refused(site, refused, &file),
                Ok(opened) => self.file(site, &opened, &file, settings),
            };
            if !well {
                self.say_plain(Problem::FoundErrorInFile(file));
                self.put_back(settings, before);
                fine = false;
            }
        }
        fine
    }

    fn file(&mut self, site: Site<'_>, opened: &Opened, path: &Path, settings: &mut Settings) -> Fine {
        let is_handed = self.options.answers && site.is_named();
        let is_stream = is_handed && (opened.is_pipe() || path == Path::new(STANDARD_INPUT));
        if !is_stream && !opened.is_regular() {
            return self.say_plain(Problem::IgnoringNotRegular(path.to_owned()));
        }
        if !is_stream && self.options.as_root && !self.trusts(opened, path) {
            return false;
        }
        if opened.size() > LARGEST_FILE {
            return self.say_plain(Problem::TooLarge(path.to_owned()));
        }
        if opened.size() == 0 && !is_handed {
            return self.say_plain(Problem::IgnoringEmpty(path.to_owned()));
        }
        let read = if is_stream {
            opened.read_to_end(LARGEST_FILE + 1)
        } else {
            opened.read()
        };
        let text = match read {
            Ok(text) if text.is_empty() && is_stream => return true,
            Ok(text) if text.len() as u64 > LARGEST_FILE => {
                return self.say_plain(Problem::TooLarge(path.to_owned()));
            }
            Ok(text) => text,
            Err(errno) => {
                return self.say_plain(Problem::CannotRead {
                    path: path.to_owned(),
                    errno,
                });
            }
        };
        let name: Arc<Path> = Arc::from(path);
        self.say_plain(Problem::Reading(name.clone()));
        let file = parse::parse(&text, name.clone());
        let fine = Reader {
            loader: self,
            file: &file,
            site,
            criterion: None,
        }
        .top_level(settings);
        if self.options.thorough {
            self.sources.push(Source {
                file: name,
                text,
                is_drop_in: site.base.is_some(),
                is_context: self.is_context(),
            });
        }
        fine
    }

    /// Checks owner and mode as for root.
    fn trusts(&mut self, opened: &Opened, path: &Path) -> Fine {
        let mode = opened.mode();
        if mode & !0o644 != 0 || mode & 0o400 == 0 {
            self.say_plain(Problem::DangerousMode {
                path: path.to_owned(),
                mode,
            });
        }
        if mode & 0o022 != 0 {
            return self.say_plain(Problem::WritableByOthers(path.to_owned()));
        }
        if opened.owner() != 0 {
            return self.say_plain(Problem::WrongOwner(path.to_owned()));
        }
        true
    }
}

#[cfg(test)]
mod tests;
