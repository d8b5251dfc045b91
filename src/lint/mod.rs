//! What a run would do but the author can hardly have meant: lints as pure functions over stanzas and texts.
//!
//! One table names them. Reading, running and looking are `check`'s, sentences are `report::advice`'s.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::diag::{Place, Problem, Severity};
use crate::policy::LogSet;

pub mod archives;
pub mod calendar;
pub mod criteria;
pub mod machine;
pub mod rhythm;
pub mod script;
pub mod settings;
pub mod wording;

use rhythm::Rhythm;

/// What a lint found, with what makes it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lint {
    /// A criterion has no effect, since a later one of the same block replaces it.
    CriterionLost {
        /** The one without effect. */
        lost: &'static str,
        /** The one that holds. */
        wins: &'static str,
    },
    /// `delaycompress` without `compress`.
    DelayWithoutCompress,
    /// A directive about dates without `dateext`.
    DateWithoutDateext(/** The directive. */ &'static str),
    /// Two rotations of one log can give one name.
    DatesRepeat {
        /** The format, where it was set. */
        format: Option<OsString>,
        /** The directive that makes rotations as frequent. */
        criterion: &'static str,
    },
    /// `create` for a log that is never renamed.
    CreateWithoutRename(/** `copy` or `copytruncate`. */ &'static str),
    /// A way of rotation has no effect beside another one.
    MethodLost {
        /** The one without effect. */
        lost: &'static str,
        /** The one that holds. */
        wins: &'static str,
    },
    /// `mailfirst` or `maillast` without `mail`.
    MailWithoutAddress(/** The directive. */ &'static str),
    /// `shredcycles` without `shred`.
    CyclesWithoutShred,
    /// A comment that became part of an argument.
    CommentInArgument(/** The directive. */ &'static str),
    /// A pattern finds the archives of what it finds.
    MatchesArchives {
        /** A log that it finds. */
        log: OsString,
        /** Its archive, which it finds too. */
        archive: OsString,
    },
    /// No `rotate` anywhere: nothing is kept.
    NothingKept,
    /// `sharedscripts` without scripts.
    SharedWithoutScripts,
    /// Others may write to the log's directory, and there is no `su`.
    SuMissing {
        /** The directory. */
        directory: PathBuf,
        /** Its permission bits. */
        mode: u32,
        /** There is `su owner`, which root's directories count as none. */
        has_su_owner: bool,
    },
    /// On the way to the logs is a symbolic link of a user, and they end in a directory which is not that user's.
    ForeignLink {
        /** Their directory. */
        directory: PathBuf,
        /** The link. */
        link: PathBuf,
        /** Its owner. */
        user: u32,
    },
    /// Runs are further apart than the rotations asked for.
    TimerSlower {
        /** The directive. */
        criterion: &'static str,
        /** How often there is a run. */
        rhythm: Rhythm,
    },
    /// `maxsize` cannot make a log due any earlier.
    MaxsizeIdle(/** How often there is a run. */ Rhythm),
    /// Everybody may read or write the new log.
    CreateOpen(/** Its mode. */ u32),
    /// The shell cannot read a script.
    ScriptRefused {
        /** The directive. */
        script: &'static str,
        /** What the shell said. */
        said: String,
    },
    /// A drop-in changes what holds for the files after it.
    GlobalLeaks {
        /** The directive. */
        directive: &'static str,
        /** A file that it reaches. */
        reaches: PathBuf,
    },
    /// `minsize` is above `maxsize`.
    MinAboveMax,
    /// A `%` in a `dateformat` that stands for itself.
    UnknownDateField(/** As written. */ Vec<u8>),
}

/// One row of the table of lints.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The code, which never changes its meaning.
    pub code: &'static str,
    /// The name, in small letters.
    pub name: &'static str,
    /// How much it weighs: an error is what a run would refuse.
    pub severity: Severity,
    /// What it finds, in one line.
    pub meaning: &'static str,
}

const fn warning(code: &'static str, name: &'static str, meaning: &'static str) -> Row {
    Row {
        code,
        name,
        severity: Severity::Warning,
        meaning,
    }
}

const fn error(code: &'static str, name: &'static str, meaning: &'static str) -> Row {
    Row {
        code,
        name,
        severity: Severity::Error,
        meaning,
    }
}

/// All lints, by code.
pub const LINTS: [Row; 21] = [
    warning(
        "LR3001",
        "criterion-lost",
        "two criteria in one block, of which only the last counts",
    ),
    warning("LR3002", "delay-without-compress", "delaycompress without compress"),
    warning(
        "LR3003",
        "date-without-dateext",
        "dateformat, dateyesterday or datehourago without dateext",
    ),
    warning(
        "LR3004",
        "dates-repeat",
        "dated names that two rotations of one log can share",
    ),
    warning(
        "LR3005",
        "create-without-rename",
        "create beside copy or copytruncate, which never make a new log",
    ),
    warning("LR3006", "mail-without-address", "mailfirst or maillast without mail"),
    warning("LR3007", "cycles-without-shred", "shredcycles without shred"),
    warning(
        "LR3008",
        "comment-in-argument",
        "a comment that is taken for a part of the argument before it",
    ),
    warning(
        "LR3009",
        "matches-archives",
        "a pattern that finds the archives of the logs that it finds",
    ),
    warning(
        "LR3010",
        "nothing-kept",
        "no rotate anywhere, so that old logs are deleted at once",
    ),
    warning(
        "LR3011",
        "shared-without-scripts",
        "sharedscripts without prerotate or postrotate",
    ),
    error(
        "LR3012",
        "su-missing",
        "a log in a directory that others may write to, without su",
    ),
    warning(
        "LR3013",
        "timer-slower",
        "a criterion that comes round faster than the installed timer",
    ),
    warning(
        "LR3014",
        "create-open",
        "create with a mode that lets everybody at the new log",
    ),
    error("LR3015", "script-refused", "a script that the shell cannot read"),
    warning(
        "LR3016",
        "global-leaks",
        "a drop-in that changes settings for the files after it",
    ),
    warning(
        "LR3017",
        "method-lost",
        "two ways of rotation in one block, of which only one counts",
    ),
    warning("LR3018", "min-above-max", "minsize above maxsize"),
    warning(
        "LR3019",
        "maxsize-idle",
        "maxsize on a log that is rotated at every run of the timer anyway",
    ),
    warning(
        "LR3020",
        "unknown-date-field",
        "a field of a dateformat that is taken as it stands",
    ),
    error(
        "LR3021",
        "foreign-link",
        "a log behind a user's link to a directory that is not that user's",
    ),
];

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
            Self::ForeignLink { .. } => 20,
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
    /// What is to be reported, in the order of reading.
    pub findings: Vec<Finding>,
    /// How many files were read.
    pub files: usize,
    /// How many stanzas there are in them.
    pub stanzas: usize,
    /// How many of these an error costs.
    pub broken: usize,
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
    all: &'a [(&'static str, Place)],
    own: usize,
}

impl<'a> Made<'a> {
    /// Looks at a stanza; what was made inside of its braces comes last.
    pub(crate) fn of(set: &'a LogSet) -> Self {
        let begin = &set.declared_at;
        let inside =
            |place: &Place| place.file == begin.file && (place.line, place.column) > (begin.line, begin.column);
        let own = set.origins.iter().position(|(_, place)| inside(place));
        Self {
            all: &set.origins,
            own: own.unwrap_or(set.origins.len()),
        }
    }

    /// Finds the last of these directives.
    pub(crate) fn last(&self, names: &[&str]) -> Option<(&'static str, &'a Place)> {
        let found = self.all.iter().rev().find(|(name, _)| names.contains(name));
        found.map(|(name, place)| (*name, place))
    }

    /// Finds the last of these directives inside of the braces.
    pub(crate) fn own(&self, names: &[&str]) -> Option<(&'static str, &'a Place)> {
        let found = self.all[self.own..].iter().rev().find(|(name, _)| names.contains(name));
        found.map(|(name, place)| (*name, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_run_from_one_without_a_gap() {
        for (number, row) in LINTS.iter().enumerate() {
            assert_eq!(row.code, format!("LR3{:03}", number + 1));
        }
    }

    #[test]
    fn names_are_small_words_and_none_comes_twice() {
        for (number, row) in LINTS.iter().enumerate() {
            assert!(
                row.name.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()),
                "{}",
                row.name
            );
            assert!(
                LINTS[..number].iter().all(|other| other.name != row.name),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn a_meaning_is_one_line_without_a_full_stop() {
        for row in &LINTS {
            assert!(
                !row.meaning.is_empty() && !row.meaning.contains('\n') && !row.meaning.ends_with('.'),
                "{}",
                row.code
            );
        }
    }
}
