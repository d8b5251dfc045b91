//! One file's items, taken in order over the settings in force.

use std::sync::Arc;

use super::costs::Mark;
use super::{DEEPEST_NESTING, Fine, Loader, Site};
use crate::config::ast::{self, Block, Close, Complaint, Directive, File, Item, Span};
use crate::config::directive::{Setting, nearest};
use crate::diag::{Diagnostic, Problem};
use crate::policy::given::Accounts;
use crate::policy::settings::Settings;
use crate::policy::{Origin, Stanza, resolve};
use crate::sys::confread::path_of;
use crate::sys::pattern::is_special;
/// One file being taken in.
pub(super) struct Reader<'l, 'h, 'f> {
    pub(super) loader: &'l mut Loader<'h>,
    pub(super) file: &'l File<'f>,
    pub(super) site: Site<'l>,
    /// The criterion given since the last `}`.
    pub(super) criterion: Option<&'static str>,
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
    pub(super) fn top_level(&mut self, settings: &mut Settings) -> Fine {
        let file = self.file;
        let thorough = self.loader.options.thorough;
        let begun = Mark::of(self.loader);
        let (mut fine, mut given_up) = (true, None);
        for item in &file.items {
            let before = Mark::of(self.loader);
            let taken = match item {
                Item::Block(block) => self.block(block, settings),
                Item::Directive(directive) if directive.row.setting == Setting::Include => {
                    self.include(directive, settings)
                }
                _ if self.item(item, settings, false) => Ok(true),
                _ => Err(GiveUp),
            };
            match taken {
                Ok(well) => fine &= well,
                Err(GiveUp) if thorough => {
                    fine = false;
                    given_up.get_or_insert_with(|| (before, self.loader.costs.last_error.clone()));
                }
                Err(GiveUp) => {
                    self.loader.lacks_settings = true;
                    return false;
                }
            }
        }
        if let Some((left, at)) = given_up {
            self.loader.note_given_up(file, begun, left, at);
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
            Item::Script(script) => self.directive(&script.directive(), settings, in_block),
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
        let file = self.file;
        let place = || file.place(directive.name);
        let paths = settings.plain.formerly.paths.len();
        match resolve::take(settings, directive, &mut self.loader.accounts, &place) {
            Err((problem, span)) => self.complain(problem, span),
            // An earlier path outside of braces would be that of all logs below.
            Ok(()) if !in_block && settings.plain.formerly.paths.len() > paths => {
                let path = settings.plain.formerly.paths.remove(paths);
                self.complain(Problem::FormerlyPathOfMany(path), directive.name)
            }
            Ok(()) => {
                if row.setting.is_criterion() {
                    self.note_override(row.name, directive.name);
                }
                if self.loader.options.record_origins {
                    let place = place();
                    settings.origins.push(Origin { row, place });
                }
                true
            }
        }
    }

    fn note_override(&mut self, new: &'static str, span: Span) {
        if let Some(old) = self.criterion.replace(new) {
            if old != new {
                self.note(Problem::Overrides { new, old }, span);
            }
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
            self.loader.put_back(settings, before);
        }
        Ok(fine)
    }

    /// Takes a block in; one with an error is left out, with the blocks that it included.
    fn block(&mut self, block: &Block<'_>, globals: &Settings) -> Result<Fine, GiveUp> {
        let slot = self.loader.stanzas.len();
        self.loader.stanzas.push(None);
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
            outcome.good = self.has_paths_of_one_log(block, &settings);
        }
        if outcome.good {
            self.loader.stanzas[slot] = Some(self.log_set(block, settings));
            return Ok(outcome.fine);
        }
        self.loader.stanzas.truncate(slot);
        if self.loader.options.thorough {
            let broken = self.log_set(block, settings);
            self.loader.broken.push(broken);
        }
        if outcome.fatal {
            return Err(GiveUp);
        }
        Ok(self.complain(Problem::FoundErrorInBlock(block.written.clone()), block.span))
    }

    /// An earlier path belongs to one log: no path list of several may have it.
    fn has_paths_of_one_log(&mut self, block: &Block<'_>, settings: &Settings) -> Fine {
        let Some(path) = settings.plain.formerly.paths.first() else {
            return true;
        };
        if matches!(block.words.as_slice(), [word] if !is_special(&word.text)) {
            return true;
        }
        let is_formerly = |item: &Item<'_>| match item {
            Item::Directive(directive) if directive.row.setting == Setting::Formerly => Some(directive.name),
            _ => None,
        };
        let span = block.items.iter().find_map(is_formerly).unwrap_or(block.span);
        self.complain(Problem::FormerlyPathOfMany(path.clone()), span)
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

    fn log_set(&self, block: &Block<'_>, mut settings: Settings) -> Stanza {
        Stanza {
            patterns: block
                .words
                .iter()
                .map(|word| path_of(&word.text).as_os_str().to_owned())
                .collect(),
            written: Arc::from(block.written.as_slice()),
            declared_at: self.file.place(block.span),
            origins: std::mem::take(&mut settings.origins),
            policy: Arc::new(settings.policy()),
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
