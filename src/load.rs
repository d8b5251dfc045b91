//! Reads configuration: files, directories and includes, in order, over settings that change as they are read.
//!
//! The only effect is reading. What a directive means is `policy::resolve`'s; which logs there are is `discover`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::ast::{Block, Close, Complaint, Directive, File, Item, Span};
use crate::config::directive::{Setting, nearest};
use crate::config::{ast, parse, value};
use crate::diag::{Diagnostic, Place, Problem};
use crate::policy::resolve::{self, Accounts};
use crate::policy::settings::Settings;
use crate::policy::{LogSet, defaults};
use crate::sys::accounts::{self, KnownAccounts};
use crate::sys::confread::{Opened, Refused, path_of};
use crate::sys::locale;
use crate::sys::pattern::NamePattern;
use crate::unix::{GroupId, UserId};

/// Larger files are no configuration.
const LARGEST_FILE: u64 = 0xff_ffff;

/// Includes within includes.
const DEEPEST_NESTING: u32 = 16;

/// How configuration is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// Owners and modes of the files are checked, as for root.
    pub as_root: bool,
    /// Where each setting was made is kept.
    pub record_origins: bool,
    /// No user is looked up; all are taken to exist.
    pub offline: bool,
    /// All that is wrong is to be heard: reading goes on behind an error, and what was read is kept.
    pub thorough: bool,
}

/// The text of a file that was read.
#[derive(Debug)]
pub struct Source {
    /// The file, by the path it was reached by.
    pub file: Arc<Path>,
    /// All of it.
    pub text: Vec<u8>,
    /// It was found in a directory, not named.
    pub is_drop_in: bool,
}

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// The stanzas, in order.
    pub sets: Vec<LogSet>,
    /// Something was wrong that makes the exit status 1.
    pub failed: bool,
    /// The stanzas that an error costs, where this was asked for.
    pub broken: Vec<LogSet>,
    /// The files, in the order of reading, where this was asked for.
    pub sources: Vec<Source>,
}

/// Reads the configuration that these paths name, in order, and hands each complaint out as it is met.
pub fn load(paths: &[PathBuf], options: &LoadOptions, hear: &mut dyn FnMut(Diagnostic)) -> Loaded {
    let directory = AccountBook {
        known: KnownAccounts::default(),
        offline: options.offline,
    };
    let mut loader = Loader {
        options: *options,
        hear,
        accounts: directory,
        taboo: Taboo::default(),
        sets: Vec::new(),
        failed: false,
        broken: Vec::new(),
        sources: Vec::new(),
    };
    let mut globals = Settings::default();
    for path in paths {
        let before = globals.clone();
        if !loader.path(
            Site {
                base: None,
                depth: 0,
                asked: None,
            },
            path,
            &mut globals,
        ) {
            globals = before;
        }
    }
    Loaded {
        failed: loader.failed,
        broken: loader.broken,
        sources: loader.sources,
        sets: loader.sets.into_iter().flatten().collect(),
    }
}

/// Where an include stands.
#[derive(Clone, Copy)]
struct Site<'a> {
    /// The directory being included: relative paths begin there.
    base: Option<&'a Path>,
    /// How many includes lead here.
    depth: u32,
    /// The include that names the path, and its line.
    asked: Option<&'a (Place, Vec<u8>)>,
}

struct Loader<'h> {
    options: LoadOptions,
    hear: &'h mut dyn FnMut(Diagnostic),
    accounts: AccountBook,
    taboo: Taboo,
    /// A block has its place from its path list on; it stays empty if the block turns out bad.
    sets: Vec<Option<LogSet>>,
    failed: bool,
    broken: Vec<LogSet>,
    sources: Vec<Source>,
}

/// Tells whether all is well; a file with an error has its settings put back by whoever asked for it.
type Fine = bool;

impl Loader<'_> {
    fn say(&mut self, diagnostic: Diagnostic) -> Fine {
        let fine = !diagnostic.affects_exit;
        self.failed |= !fine;
        (self.hear)(diagnostic);
        fine
    }

    fn say_plain(&mut self, problem: Problem) -> Fine {
        self.say(Diagnostic::new(problem, None, None))
    }

    /// Complains about a path, in the place that names it.
    fn say_of_path(&mut self, site: Site<'_>, problem: Problem) -> Fine {
        let (place, excerpt) = site.asked.cloned().unzip();
        self.say(Diagnostic::new(problem, place, excerpt))
    }

    /// Reads a file, or the files of a directory.
    fn path(&mut self, site: Site<'_>, path: &Path, settings: &mut Settings) -> Fine {
        let joined = site.base.map(|base| base.join(path));
        let path = joined.as_deref().unwrap_or(path);
        match Opened::open(None, path) {
            Err(refused) => self.refused(site, refused, path),
            Ok(opened) if opened.is_directory() => self.directory(site, &opened, path, settings),
            Ok(opened) => self.file(site, &opened, path, settings),
        }
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
                Err(refused) => self.refused(site, refused, &file),
                Ok(opened) => self.file(site, &opened, &file, settings),
            };
            if !well {
                self.say_plain(Problem::FoundErrorInFile(file));
                *settings = before;
                fine = false;
            }
        }
        fine
    }

    fn file(&mut self, site: Site<'_>, opened: &Opened, path: &Path, settings: &mut Settings) -> Fine {
        if !opened.is_regular() {
            return self.say_plain(Problem::IgnoringNotRegular(path.to_owned()));
        }
        if self.options.as_root && !self.trusts(opened, path) {
            return false;
        }
        if opened.size() > LARGEST_FILE {
            return self.say_plain(Problem::TooLarge(path.to_owned()));
        }
        if opened.size() == 0 {
            return self.say_plain(Problem::IgnoringEmpty(path.to_owned()));
        }
        let text = match opened.read() {
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
            let is_drop_in = site.base.is_some();
            self.sources.push(Source {
                file: name,
                text,
                is_drop_in,
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

/// One file being taken in.
struct Reader<'l, 'h, 'f> {
    loader: &'l mut Loader<'h>,
    file: &'l File<'f>,
    site: Site<'l>,
    /// The criterion given since the last `}`.
    criterion: Option<&'static str>,
}

/// The rest of the file is left out.
struct GiveUp;

impl Reader<'_, '_, '_> {
    fn complain(&mut self, problem: Problem, span: Span) -> Fine {
        self.loader.say(self.file.diagnostic(problem, span))
    }

    fn note(&mut self, problem: Problem, span: Span) {
        self.loader
            .say(Diagnostic::new(problem, Some(self.file.place(span)), None));
    }

    /// Takes the items of the file in; an error among them ends the file.
    fn top_level(&mut self, settings: &mut Settings) -> Fine {
        let file = self.file;
        let thorough = self.loader.options.thorough;
        let mut fine = true;
        for item in &file.items {
            match item {
                Item::Block(block) => match self.block(block, settings) {
                    Ok(well) => fine &= well,
                    Err(GiveUp) if thorough => fine = false,
                    Err(GiveUp) => return false,
                },
                Item::Directive(directive) if directive.row.setting == Setting::Include => {
                    match self.include(directive, settings) {
                        Ok(well) => fine &= well,
                        Err(GiveUp) if thorough => fine = false,
                        Err(GiveUp) => return false,
                    }
                }
                _ => {
                    if !self.item(item, settings, false) {
                        if !thorough {
                            return false;
                        }
                        fine = false;
                    }
                }
            }
        }
        fine
    }

    /// Takes one item in that is neither a block nor an include.
    fn item(&mut self, item: &Item<'_>, settings: &mut Settings, in_block: bool) -> Fine {
        match item {
            Item::Complaint(Complaint { problem, span, .. }) => self.complain(problem.clone(), *span),
            Item::Unknown(unknown) => {
                let suggestion = nearest(unknown.name);
                self.complain(
                    Problem::UnknownOption {
                        name: unknown.name.to_vec(),
                        suggestion,
                    },
                    unknown.span,
                )
            }
            Item::Script(script) => {
                resolve::take_script(settings, script);
                self.remember(settings, script.row.name, script.name);
                true
            }
            Item::Directive(directive) => self.directive(directive, settings, in_block),
            Item::Block(_) => true,
        }
    }

    fn directive(&mut self, directive: &Directive<'_>, settings: &mut Settings, in_block: bool) -> Fine {
        let row = directive.row;
        match row.setting {
            Setting::Errors => return self.complain(Problem::ErrorsDeprecated, directive.name),
            Setting::TabooExt | Setting::TabooPat => return self.taboo(directive, in_block),
            _ => {}
        }
        let before = settings.trigger;
        let file = self.file;
        match resolve::take(settings, directive, &mut self.loader.accounts, || {
            file.place(directive.name)
        }) {
            Err((problem, span)) => self.complain(problem, span),
            Ok(()) => {
                if is_criterion(row.setting) {
                    self.note_override(row.name, directive.name);
                }
                debug_assert!(
                    is_criterion(row.setting) || before == settings.trigger,
                    "{} is no criterion",
                    row.name
                );
                self.remember(settings, row.name, directive.name);
                true
            }
        }
    }

    fn note_override(&mut self, new: &'static str, span: Span) {
        if let Some(old) = self.criterion.replace(new)
            && old != new
        {
            self.note(Problem::Overrides { new, old }, span);
        }
    }

    fn remember(&self, settings: &mut Settings, name: &'static str, span: Span) {
        if self.loader.options.record_origins {
            settings.origins.push((name, self.file.place(span)));
        }
    }

    fn taboo(&mut self, directive: &Directive<'_>, in_block: bool) -> Fine {
        let row = directive.row;
        if in_block {
            return self.complain(Problem::TabooInBlock(row.name), directive.name);
        }
        match directive.argument {
            ast::Argument::Given(text, _) => {
                self.loader.taboo.take(text, row.setting == Setting::TabooExt);
                true
            }
            _ => self.complain(Problem::MissingArgumentIgnored(row.what), directive.name),
        }
    }

    /// Follows an include; one that fails is left out, and the settings are as before it.
    fn include(&mut self, directive: &Directive<'_>, settings: &mut Settings) -> Result<Fine, GiveUp> {
        let ast::Argument::Given(text, span) = directive.argument else {
            self.complain(Problem::MissingArgument(directive.row.what), directive.name);
            return Err(GiveUp);
        };
        if self.site.depth >= DEEPEST_NESTING {
            return Ok(self.complain(Problem::NestingTooDeep, directive.name));
        }
        let expanded = self.loader.accounts.expand_home(text);
        if let Some(expanded) = &expanded {
            self.note(
                Problem::ReplacedHome {
                    from: text.to_vec(),
                    to: path_of(expanded).to_owned(),
                },
                span,
            );
        }
        let path = path_of(expanded.as_deref().unwrap_or(text));
        self.loader.say_plain(Problem::Including(path.to_owned()));
        let before = settings.clone();
        let asked = (self.file.place(span), self.file.excerpt(span));
        let site = Site {
            depth: self.site.depth + 1,
            asked: Some(&asked),
            base: self.site.base,
        };
        let fine = self.loader.path(site, path, settings);
        if !fine {
            *settings = before;
        }
        Ok(fine)
    }

    /// Takes a block in; one with an error is left out, with the blocks that it included.
    fn block(&mut self, block: &Block<'_>, globals: &Settings) -> Result<Fine, GiveUp> {
        let slot = self.loader.sets.len();
        self.loader.sets.push(None);
        let mut settings = globals.clone();
        let mut outcome = BlockOutcome {
            good: true,
            fine: true,
            lost: false,
            fatal: false,
        };
        for item in &block.items {
            self.block_item(item, &mut settings, &mut outcome);
        }
        if let Close::Brace(after) = &block.close {
            if let Some(complaint) = after {
                self.complain(complaint.problem.clone(), complaint.span);
            }
            self.criterion = None;
        }
        if outcome.good {
            self.loader.sets[slot] = Some(self.log_set(block, settings));
            return Ok(outcome.fine);
        }
        self.loader.sets.truncate(slot);
        if self.loader.options.thorough {
            let broken = self.log_set(block, settings);
            self.loader.broken.push(broken);
        }
        if outcome.fatal {
            return Err(GiveUp);
        }
        Ok(self.complain(Problem::FoundErrorInBlock(block.written.clone()), block.span))
    }

    fn block_item(&mut self, item: &Item<'_>, settings: &mut Settings, outcome: &mut BlockOutcome) {
        match item {
            Item::Directive(directive) if directive.row.setting == Setting::Include => {
                // What a block that is left out includes, is left out.
                if outcome.good {
                    match self.include(directive, settings) {
                        Ok(fine) => outcome.fine &= fine,
                        Err(GiveUp) => outcome.good = false,
                    }
                }
            }
            Item::Complaint(complaint) if complaint.fatal => {
                self.complain(complaint.problem.clone(), complaint.span);
                outcome.good = false;
                outcome.fatal = true;
            }
            // The first line that makes no sense is named; those after it may well be its consequences.
            Item::Complaint(_) if outcome.lost => {}
            Item::Complaint(complaint) => {
                outcome.lost = true;
                outcome.good &= self.complain(complaint.problem.clone(), complaint.span);
            }
            _ => outcome.good &= self.item(item, settings, true),
        }
    }

    fn log_set(&self, block: &Block<'_>, mut settings: Settings) -> LogSet {
        LogSet {
            patterns: block
                .words
                .iter()
                .map(|word| path_of(&word.text).as_os_str().to_owned())
                .collect(),
            written: Arc::from(block.written.as_slice()),
            policy: settings.policy(),
            declared_at: self.file.place(block.span),
            origins: std::mem::take(&mut settings.origins),
        }
    }
}

/// What became of a block.
struct BlockOutcome {
    /// It can be used.
    good: bool,
    /// Nothing happened that makes the exit status 1.
    fine: bool,
    /// A line was met that makes no sense.
    lost: bool,
    /// The rest of the file is left out.
    fatal: bool,
}

fn is_criterion(setting: Setting) -> bool {
    matches!(
        setting,
        Setting::Size
            | Setting::Minutes
            | Setting::Hourly
            | Setting::Daily
            | Setting::Weekly
            | Setting::Monthly
            | Setting::Yearly
    )
}

/// The patterns of names that a directory include leaves out; one list for the whole run.
struct Taboo {
    patterns: Vec<(NamePattern, Vec<u8>)>,
}

impl Default for Taboo {
    fn default() -> Self {
        let mut taboo = Self { patterns: Vec::new() };
        defaults::TABOO_ENDINGS
            .iter()
            .for_each(|ending| taboo.add(ending.as_bytes(), true));
        taboo
    }
}

impl Taboo {
    fn add(&mut self, item: &[u8], is_ending: bool) {
        let pattern = if is_ending {
            [b"*", item].concat()
        } else {
            item.to_vec()
        };
        self.patterns
            .push((NamePattern::new(&pattern, locale::is_utf8()), pattern));
    }

    fn take(&mut self, text: &[u8], is_ending: bool) {
        let (adds, items) = value::taboo_list(text);
        if !adds {
            self.patterns.clear();
        }
        // An empty pattern matches no name, an empty ending would match all.
        items
            .into_iter()
            .filter(|item| !item.is_empty())
            .for_each(|item| self.add(item, is_ending));
    }

    /// Answers the first pattern that keeps the name out; hidden names are no exception.
    fn pattern_for(&self, name: &[u8]) -> Option<&[u8]> {
        self.patterns
            .iter()
            .find(|(pattern, _)| pattern.matches(name))
            .map(|(_, written)| written.as_slice())
    }
}

/// The users and groups that exist, or all of them.
struct AccountBook {
    known: KnownAccounts,
    offline: bool,
}

impl Accounts for AccountBook {
    fn user(&mut self, word: &[u8]) -> Option<UserId> {
        if self.offline {
            Some(UserId(0))
        } else {
            self.known.user(word)
        }
    }

    fn group(&mut self, word: &[u8]) -> Option<GroupId> {
        if self.offline {
            Some(GroupId(0))
        } else {
            self.known.group(word)
        }
    }

    fn expand_home(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        let rest = path.strip_prefix(b"~/")?;
        let mut home = accounts::own_home()?;
        home.push(b'/');
        home.extend_from_slice(rest);
        Some(home)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// Reads paths below a directory; answers the first words of the stanzas and what was said, `Reading` left out.
    fn read(root: &Path, paths: &[&str], as_root: bool) -> (Vec<String>, Vec<Problem>, bool) {
        let mut said = Vec::new();
        let mut hear = |diagnostic: Diagnostic| {
            if !matches!(diagnostic.problem, Problem::Reading(_)) {
                said.push(diagnostic.problem);
            }
        };
        let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
        let options = LoadOptions {
            as_root,
            ..LoadOptions::default()
        };
        let loaded = load(&paths, &options, &mut hear);
        let names = loaded
            .sets
            .iter()
            .map(|set| set.patterns[0].display().to_string())
            .collect();
        (names, said, loaded.failed)
    }

    fn write(root: &Path, name: &str, text: &str, mode: u32) {
        fs::write(root.join(name), text).unwrap();
        fs::set_permissions(root.join(name), Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_that_others_may_write_is_ignored_as_root_only() {
        let root = tempfile::tempdir().unwrap();
        for (mode, warned, refused) in [
            (0o644, false, false),
            (0o600, false, false),
            (0o755, true, false),
            (0o4644, true, false),
            (0o664, true, true),
            (0o646, true, true),
        ] {
            write(root.path(), "c", "/a {\n}\n", mode);
            let owned = confread_owner_is_root(root.path());
            let (names, said, failed) = read(root.path(), &["c"], true);
            let warning = said
                .iter()
                .any(|problem| matches!(problem, Problem::DangerousMode { .. }));
            assert_eq!((warning, failed), (warned, refused || !owned), "{mode:o}");
            assert_eq!(names.is_empty(), refused || !owned, "{mode:o}");
            assert_eq!(
                read(root.path(), &["c"], false),
                (vec!["/a".to_owned()], vec![], false),
                "{mode:o}"
            );
        }
    }

    fn confread_owner_is_root(root: &Path) -> bool {
        Opened::open(None, &root.join("c")).unwrap().owner() == 0
    }

    #[test]
    fn a_file_of_somebody_else_is_ignored_as_root() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "c", "/a {\n}\n", 0o644);
        if std::os::unix::fs::chown(root.path().join("c"), Some(12345), None).is_err() {
            return;
        }
        let (names, said, failed) = read(root.path(), &["c"], true);
        assert!(names.is_empty() && failed);
        assert!(matches!(said[..], [Problem::WrongOwner(_)]));
    }

    #[test]
    fn what_is_no_regular_file_or_empty_is_nothing_and_no_error() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "empty", "", 0o644);
        assert!(
            matches!(read(root.path(), &["empty"], true), (_, said, false) if matches!(said[..], [Problem::IgnoringEmpty(_)]))
        );
        let (_, said, failed) = read(Path::new("/dev"), &["null"], true);
        assert!(!failed && matches!(said[..], [Problem::IgnoringNotRegular(_)]));
    }

    #[test]
    fn a_file_of_16_mib_is_too_large_and_one_byte_less_is_not() {
        let root = tempfile::tempdir().unwrap();
        let comment = "#\n".repeat(LARGEST_FILE as usize / 2);
        write(root.path(), "c", &format!("{comment}\n"), 0o644);
        assert!(!read(root.path(), &["c"], true).2);
        write(root.path(), "c", &format!("{comment}\n\n"), 0o644);
        let (_, said, failed) = read(root.path(), &["c"], true);
        assert!(failed && matches!(said[..], [Problem::TooLarge(_)]));
    }

    #[test]
    fn a_missing_path_is_an_error_and_the_others_are_read() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "c", "/a {\n}\n", 0o644);
        let (names, said, failed) = read(root.path(), &["none", "c"], true);
        assert_eq!(names, ["/a"]);
        assert!(failed && matches!(said[..], [Problem::CannotStat { .. }]));
    }

    #[test]
    fn a_bad_file_of_a_directory_is_named_by_its_path_and_the_others_are_read() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("d")).unwrap();
        write(root.path(), "d/1", "rotate x\n", 0o644);
        write(root.path(), "d/2", "/a {\n}\n", 0o644);
        fs::create_dir(root.path().join("d/3")).unwrap();
        symlink("nowhere", root.path().join("d/4")).unwrap();
        write(root.path(), "d/5.swp", "rotate x\n", 0o644);
        let (names, said, failed) = read(root.path(), &["d"], true);
        assert_eq!(names, ["/a"]);
        assert!(failed);
        let bad: Vec<_> = said
            .iter()
            .filter(|problem| matches!(problem, Problem::FoundErrorInFile(_)))
            .collect();
        let path = |name: &str| Problem::FoundErrorInFile(root.path().join(name));
        assert_eq!(bad, [&path("d/1"), &path("d/4")]);
        assert!(
            said.iter()
                .any(|problem| matches!(problem, Problem::IgnoringTaboo { pattern, .. } if pattern == b"*.swp"))
        );
        assert!(
            said.iter()
                .any(|problem| matches!(problem, Problem::IgnoringNotRegular(_)))
        );
    }

    #[test]
    fn globals_of_a_configuration_hold_for_the_next_unless_it_had_an_error() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "good", "missingok\n", 0o644);
        write(root.path(), "bad", "missingok\n/x {\nrotate x\n}\n", 0o644);
        write(root.path(), "last", "/a {\n}\n", 0o644);
        for (first, holds) in [("good", true), ("bad", false)] {
            let paths = [root.path().join(first), root.path().join("last")];
            let loaded = load(&paths, &LoadOptions::default(), &mut |_| {});
            assert_eq!(loaded.sets[0].policy.missing_ok, holds, "{first}");
        }
    }

    #[test]
    fn a_criterion_that_replaces_another_is_noted_until_the_next_brace() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            "c",
            "weekly\n/a {\ndaily\nsize 1\n}\n/b {\ndaily\ndaily\n}\n/c {\nhourly\n}\n",
            0o644,
        );
        let (_, said, _) = read(root.path(), &["c"], true);
        let notes = [("daily", "weekly"), ("size", "daily")].map(|(new, old)| Problem::Overrides { new, old });
        assert_eq!(said, notes);
    }

    #[test]
    fn relative_includes_in_an_included_directory_begin_there() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("d")).unwrap();
        write(root.path(), "d/1", "include more.bak\n", 0o644);
        write(root.path(), "d/more.bak", "/a {\n}\n", 0o644);
        assert_eq!(read(root.path(), &["d"], true).0, ["/a"]);
    }

    #[test]
    fn origins_are_kept_where_they_are_asked_for() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "c", "rotate 3\n/a {\n  compress\n}\n", 0o644);
        let options = LoadOptions {
            record_origins: true,
            ..LoadOptions::default()
        };
        let loaded = load(&[root.path().join("c")], &options, &mut |_| {});
        let origins: Vec<_> = loaded.sets[0]
            .origins
            .iter()
            .map(|(name, place)| (*name, place.line, place.column))
            .collect();
        assert_eq!(origins, [("rotate", 1, 1), ("compress", 3, 3)]);
    }

    #[test]
    fn offline_no_user_is_looked_up() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "c", "/a {\nsu no-such-user no-such-group\n}\n", 0o644);
        let options = LoadOptions {
            offline: true,
            ..LoadOptions::default()
        };
        assert!(!load(&[root.path().join("c")], &options, &mut |_| {}).failed);
    }
}
