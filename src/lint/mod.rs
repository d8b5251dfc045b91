//! What a run would do but the author can hardly have meant: lints as pure functions over stanzas and texts.
//!
//! The table of `table` names them. Reading, running and looking are `check`'s, sentences are `report::advice`'s.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::config::directive::{Row as Directive, Setting};
use crate::diag::{Place, Problem, Severity};
use crate::load::GivenUp;
use crate::obstacle::ArchiveObstacle;
use crate::policy::{Origin, Stanza};

pub mod allowance;
pub mod archives;
pub mod budgets;
pub mod calendar;
pub mod criteria;
pub mod foreign;
pub mod machine;
pub mod rhythm;
pub mod script;
pub mod settings;
pub mod shell;
mod table;
pub mod torn;
pub mod wording;

use rhythm::Rhythm;
pub use table::{LINTS, Row};

/// What a lint found, with what makes it so. `table` says what each means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lint {
    /// A criterion has no effect, since a later one of the same block replaces it.
    CriterionLost {
        /// The one without effect.
        lost: Setting,
        /// The one that holds.
        wins: Setting,
    },
    DelayWithoutCompress,
    DateWithoutDateext(Setting),
    DatesRepeat {
        /// The format, where it was set.
        format: Option<OsString>,
        /// What makes rotations as frequent.
        criterion: Setting,
        /// What dates a rotation back, so that one that comes late is dated as the next one in time is.
        dated_back: Option<Setting>,
    },
    CreateWithoutRename(Setting),
    MethodLost {
        /// The one without effect.
        lost: Setting,
        /// The one that holds.
        wins: Setting,
    },
    MailWithoutAddress(&'static Directive),
    CyclesWithoutShred,
    CommentInArgument(&'static str),
    MatchesArchives {
        /// A log that it finds.
        log: OsString,
        /// Its archive, which it finds too.
        archive: OsString,
        /// What it would not without.
        by: Option<Setting>,
    },
    NothingKept,
    SharedWithoutScripts,
    /// Others may write to the log's directory, and there is no `su`.
    SuMissing {
        directory: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// There is `su owner`, which root's directories count as none.
        has_su_owner: bool,
    },
    /// On the way to the logs is a symbolic link of a user, and they end in a directory which is not that user's; or a file system
    /// that a user's program stands behind.
    ForeignLink {
        /// Their directory.
        directory: PathBuf,
        /// The link, or where the file system is mounted.
        link: PathBuf,
        /// It is a file system.
        is_mount: bool,
        /// Its owner.
        user: u32,
    },
    TimerSlower {
        /// What asks for them.
        criterion: Setting,
        /// How often there is a run.
        rhythm: Rhythm,
    },
    MaxsizeIdle(Rhythm),
    CreateOpen(u32),
    ScriptRefused {
        script: &'static str,
        /// What the shell said.
        said: String,
        /// What is behind it, where that can be seen.
        because: Option<ShellError>,
    },
    GlobalLeaks {
        directive: &'static Directive,
        /// A file that it reaches.
        reaches: PathBuf,
    },
    MinAboveMax,
    UnknownDateField(Vec<u8>),
    WindowsLines(PathBuf),
    ByteOrderMark(PathBuf),
    Braces(Vec<Vec<u8>>),
    DirectiveInScript {
        /// The directive that begins the script.
        script: &'static str,
        /// The one in it.
        directive: &'static str,
    },
    TestAtEnd(&'static str),
    BashOnly(Vec<u8>),
    MinimumWithoutTime(Setting),
    DoubleStar,
    OnlyLinks(PathBuf),
    PathIsDirectory(PathBuf),
    SharedRow {
        /// The one.
        log: PathBuf,
        /// The other.
        other: PathBuf,
    },
    ProgramMissing {
        /// The directive that needs it.
        directive: &'static Directive,
        program: PathBuf,
    },
    ArchiveObstacle {
        /// The first of what it will meet.
        first: ArchiveObstacle,
        /// How many more there are.
        more: usize,
    },
    BudgetTakesNothing,
    MaxageBelowMinretain,
    MinrotateWithoutBudget,
    /// This budget holds beside `rotate 0`.
    BudgetWithoutArchives(&'static Directive),
    /// So many percent are to be free.
    MuchFree(u8),
    GoneLogsStay,
    UnclosedBlock,
    UnclosedQuote,
    QuotesInArgument(&'static str),
    TabooAddsNothing(&'static str),
    /// This word allows nothing.
    UnknownAllowance(Vec<u8>),
}

/// Why a shell cannot read a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellError {
    /// Its `endscript` is missing, so that it goes on over the stanza of this path list.
    Swallows(Vec<u8>),
    /// Only bash knows this.
    Bash(Vec<u8>),
}

impl Lint {
    /// Returns its row of the table.
    #[must_use]
    pub const fn row(&self) -> &'static Row {
        let at = match self {
            Self::CriterionLost { .. } => 0,
            Self::DelayWithoutCompress => 1,
            Self::DateWithoutDateext(_) => 2,
            Self::DatesRepeat { .. } => 3,
            Self::CreateWithoutRename(_) => 4,
            Self::MailWithoutAddress(_) => 5,
            Self::CyclesWithoutShred => 6,
            Self::CommentInArgument(_) => 7,
            Self::MatchesArchives { .. } => 8,
            Self::NothingKept => 9,
            Self::SharedWithoutScripts => 10,
            Self::SuMissing { .. } => 11,
            Self::TimerSlower { .. } => 12,
            Self::CreateOpen(_) => 13,
            Self::ScriptRefused { .. } => 14,
            Self::GlobalLeaks { .. } => 15,
            Self::MethodLost { .. } => 16,
            Self::MinAboveMax => 17,
            Self::MaxsizeIdle(_) => 18,
            Self::UnknownDateField(_) => 19,
            Self::WindowsLines(_) => 20,
            Self::ByteOrderMark(_) => 21,
            Self::Braces(_) => 22,
            Self::DirectiveInScript { .. } => 23,
            Self::TestAtEnd(_) => 24,
            Self::BashOnly(_) => 25,
            Self::MinimumWithoutTime(_) => 26,
            Self::DoubleStar => 27,
            Self::OnlyLinks(_) => 28,
            Self::PathIsDirectory(_) => 29,
            Self::SharedRow { .. } => 30,
            Self::ProgramMissing { .. } => 31,
            Self::ForeignLink { .. } => 32,
            Self::ArchiveObstacle { .. } => 33,
            Self::BudgetTakesNothing => 34,
            Self::MaxageBelowMinretain => 35,
            Self::MinrotateWithoutBudget => 36,
            Self::BudgetWithoutArchives(_) => 37,
            Self::MuchFree(_) => 38,
            Self::GoneLogsStay => 39,
            Self::UnclosedBlock => 40,
            Self::UnclosedQuote => 41,
            Self::QuotesInArgument(_) => 42,
            Self::TabooAddsNothing(_) => 43,
            Self::UnknownAllowance(_) => 44,
        };
        &LINTS[at]
    }
}

/// Why something is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A run would complain, too.
    Problem(Problem),
    /// A run would not.
    Lint(Lint),
}

/// One thing to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Why.
    pub cause: Cause,
    /// Where, if it has a place in a file.
    pub place: Option<Place>,
    /// The line that the place is in, without its newline.
    pub excerpt: Vec<u8>,
    /// Another place that has to do with it.
    pub related: Option<Place>,
    /// What an error outside of braces costs.
    pub given_up: Option<GivenUp>,
    /// How many more logs it is true of.
    pub more_logs: usize,
}

impl Finding {
    /// Makes a finding of a lint.
    #[must_use]
    pub fn lint(lint: Lint, place: Place) -> Self {
        Self {
            cause: Cause::Lint(lint),
            place: Some(place),
            excerpt: Vec::new(),
            related: None,
            given_up: None,
            more_logs: 0,
        }
    }

    /// Adds another place.
    #[must_use]
    pub fn beside(mut self, place: Place) -> Self {
        self.related = Some(place);
        self
    }

    /// Returns the file that it is in, or that it is about as a whole.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match (&self.place, &self.cause) {
            (Some(place), _) => Some(&place.file),
            (None, Cause::Problem(problem)) => problem.file(),
            (None, Cause::Lint(_)) => None,
        }
    }

    /// Returns its code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.cause {
            Cause::Problem(problem) => problem.class().code,
            Cause::Lint(lint) => lint.row().code,
        }
    }

    /// Returns how much it weighs.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match &self.cause {
            Cause::Problem(problem) => problem.class().severity,
            Cause::Lint(lint) => lint.row().severity,
        }
    }
}

/// All that a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub findings: Vec<Finding>,
    pub files: usize,
    pub stanzas: usize,
    /// How many of these an error costs.
    pub broken: usize,
    /// How many findings are left out, since they are allowed.
    pub allowed: usize,
}

impl Checked {
    /// Counts what weighs as much.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let alike = self.findings.iter().filter(|finding| finding.severity() == severity);
        alike.count()
    }
}

/// Where the settings of a stanza were made: those before it first, then its own.
pub(crate) struct Made<'a> {
    all: &'a [Origin],
    own: usize,
}

impl<'a> Made<'a> {
    /// Looks at a stanza; what was made inside of its braces comes last.
    pub(crate) fn of(stanza: &'a Stanza) -> Self {
        let begin = &stanza.declared_at;
        let inside =
            |place: &Place| place.file == begin.file && (place.line, place.column) > (begin.line, begin.column);
        let own = stanza.origins.iter().position(|origin| inside(&origin.place));
        Self {
            all: &stanza.origins,
            own: own.unwrap_or(stanza.origins.len()),
        }
    }

    /// Finds what made one of these settings, or took it back, last.
    pub(crate) fn last(&self, settings: &[Setting]) -> Option<&'a Origin> {
        last_of(self.all, settings)
    }

    /// Finds what did so last inside of the braces.
    pub(crate) fn own(&self, settings: &[Setting]) -> Option<&'a Origin> {
        last_of(&self.all[self.own..], settings)
    }
}

fn last_of<'a>(origins: &'a [Origin], settings: &[Setting]) -> Option<&'a Origin> {
    origins
        .iter()
        .rev()
        .find(|origin| settings.contains(&origin.row.setting))
}
