//! The sentences of complaints about configuration: one of cause, one of remedy.
//!
//! Scripts and monitors match on fragments of the first; they are those of the reference.

use super::words::{bytes as shown, path, reason};
use crate::diag::problem::OwnershipMistake;
use crate::diag::{Diagnostic, Place, Problem, Severity};

/// Returns the line for stderr: severity, place and message.
#[must_use]
pub fn line(diagnostic: &Diagnostic) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error: ",
        Severity::Warning => "warning: ",
        Severity::Note => "",
    };
    format!("{word}{}", entry(diagnostic))
}

/// Returns the line of a complaint, without how much it weighs.
#[must_use]
pub fn entry(diagnostic: &Diagnostic) -> String {
    let mut line = String::new();
    if let Some(Place { file, line: number, .. }) = diagnostic.place.as_ref().filter(|_| is_placed(&diagnostic.problem))
    {
        let separator = if diagnostic.problem == Problem::TextAfterBrace {
            ", "
        } else {
            " "
        };
        line.push_str(&format!("{}:{number}{separator}", path(file)));
    }
    line.push_str(&message(&diagnostic.problem));
    line
}

/// As `entry`, for a run: what to do about a log's directory is said, too, which a check has a line of its own for.
#[must_use]
pub fn told(diagnostic: &Diagnostic) -> String {
    let mut line = entry(diagnostic);
    if let problem @ Problem::OldDirUnverified { .. } = &diagnostic.problem {
        line.push_str(&format!(". {}", remedy(problem).trim_end_matches('.')));
    }
    line
}

/// Tells whether the message is one that names its place; those about a criterion or a home directory never did.
fn is_placed(problem: &Problem) -> bool {
    !matches!(
        problem,
        Problem::Overrides { .. } | Problem::ReplacedHome { .. } | Problem::FoundErrorInBlock(_)
    )
}

/// Returns the stable code of a problem; empty for notes.
#[must_use]
pub fn code(problem: &Problem) -> &'static str {
    problem.class().code
}

/// Returns what is wrong, in one sentence without a full stop.
#[must_use]
pub fn message(problem: &Problem) -> String {
    use Problem as P;
    match problem {
        P::CannotStat { path: p, errno } => format!("cannot stat {}: {}", path(p), reason(*errno)),
        P::CannotOpen { path: p, errno } => format!("failed to open config file {}: {}", path(p), reason(*errno)),
        P::CannotRead { path: p, errno } => format!("failed to read config file {}: {}", path(p), reason(*errno)),
        P::CannotOpenDirectory { path: p, errno } => format!("cannot open directory {}: {}", path(p), reason(*errno)),
        P::WritableByOthers(p) => format!("Ignoring {} because it is writable by group or others.", path(p)),
        P::WrongOwner(p) => {
            format!(
                "Ignoring {} because the file owner is wrong (should be root or user with uid 0).",
                path(p)
            )
        }
        P::TooLarge(p) => format!("file {} too large, probably not a config file.", path(p)),
        P::NothingToRead(p) => format!("nothing was read from {}", path(p)),
        P::DangerousMode { path: p, mode } => format!("Potentially dangerous mode on {}: 0{mode:o}", path(p)),
        P::FoundErrorInBlock(list) => format!("found error in {}, skipping", shown_list(list)),
        P::FoundErrorInFile(p) => format!("found error in file {}, skipping", path(p)),
        P::GlobTooLong { length } => format!("glob too long ({length} > 2048)"),
        P::GlobFailed { word, directory, errno } | P::GlobFailedIgnored { word, directory, errno } => {
            // A directory that is written out need not be named twice.
            let which = if word.starts_with(directory.as_os_str().as_encoded_bytes()) {
                String::new()
            } else {
                format!("{}: ", path(directory))
            };
            format!("glob failed for {}: {which}{}", shown(word), reason(*errno))
        }
        P::DuplicateLog { path: p, first } => {
            format!(
                "duplicate log entry for {} (first at {}:{})",
                path(p),
                path(&first.file),
                first.line
            )
        }
        P::LogPathUnverified { path: p, errno } => {
            format!("error verifying log file path {}: {}", path(p), reason(*errno))
        }
        P::OldDirUnverified { path: p, errno } => {
            format!("error verifying olddir path {}: {}", path(p), reason(*errno))
        }
        P::DifferentDevices { old_dir, log } => {
            format!(
                "olddir {} and log file {} are on different devices",
                path(old_dir),
                path(log)
            )
        }
        P::Reading(p) => format!("reading config file {}", path(p)),
        P::IgnoringEmpty(p) => format!("Ignoring {} because it's empty.", path(p)),
        P::IgnoringNotRegular(p) => format!("Ignoring {} because it's not a regular file.", path(p)),
        P::IgnoringTaboo { path: p, pattern } => {
            format!("Ignoring {}, because of {} pattern match", path(p), shown(pattern))
        }
        P::OutsideOfNamed(p) => format!(
            "{} is left out: with --offline nothing outside of the directories that were named is read",
            path(p)
        ),
        P::Including(p) => format!("including {}", path(p)),
        P::Overrides { new, old } => format!("note: '{new}' overrides previously specified '{old}'"),
        P::ReplacedHome { from, to } => format!("replaced '{}' with '{}'", shown(from), path(to)),
        P::DuplicateIgnored(p) => format!("ignore duplicate log entry for {}", path(p)),
        P::SameLog { path: p, first } => format!("{} is the same log as {}, which is rotated", path(p), path(first)),
        P::LeftToOther { path: p, other } => format!(
            "{} is the same log as {}, by which it is rotated: here it could not be",
            path(p),
            path(other)
        ),
        P::LogPathMissing { path: p, errno } => format!(
            "verifying log file path failed {}: {}, log is probably missing, but missingok is set, so this is not an error.",
            path(p),
            reason(*errno)
        ),
        other => syntax_message(other),
    }
}

/// Shows a path list, its line breaks as they are: they are part of what identifies it.
fn shown_list(list: &[u8]) -> String {
    list.split(|byte| *byte == b'\n')
        .map(shown)
        .collect::<Vec<_>>()
        .join("\n")
}

fn syntax_message(problem: &Problem) -> String {
    use Problem as P;
    match problem {
        P::NotSeparated { keyword, found } => {
            let found = if *found == 0 {
                "0".to_owned()
            } else {
                format!("{found:#x}")
            };
            format!("keyword '{}' not properly separated, found {found}", shown(keyword))
        }
        P::BadStart => "lines must begin with a keyword or a filename (possibly in double quotes)".to_owned(),
        P::UnexpectedFilename => "unexpected log filename".to_owned(),
        P::UnexpectedBrace => "unexpected }".to_owned(),
        P::UnexpectedBraceInList => "unexpected } (missing previous '{')".to_owned(),
        P::MissingBrace => "missing '{' after log files definition".to_owned(),
        P::FilenameSyntax => "error parsing filename".to_owned(),
        P::NoEndscript(_) => "prerotate, postrotate or preremove without endscript".to_owned(),
        P::TextAfterBrace => "unexpected text after }".to_owned(),
        P::UnknownOption { name, .. } => format!("unknown option '{}' -- ignoring line", shown(name)),
        P::ErrorsDeprecated => "the errors directive is deprecated and no longer used.".to_owned(),
        P::NestingTooDeep => "include nesting too deep".to_owned(),
        P::TabooInBlock(name) => format!("{name} may not appear inside of log file definition"),
        P::FormerlyPathOfMany(p) => format!("formerly path {} belongs in a stanza of one log", path(p)),
        other => value_message(other),
    }
}

fn value_message(problem: &Problem) -> String {
    use Problem as P;
    match problem {
        P::MissingArgument(what) | P::MissingArgumentIgnored(what) => format!("argument expected after {what}"),
        P::BadNumber { what, value } => format!("bad {what} '{}'", shown(value)),
        P::BadPercentage(digits) => format!("bad percentage '{}%'", shown(digits)),
        P::BadFormerly(text) => format!("unknown way of naming archives '{}'", shown(text)),
        P::OutOfRange { what, value } => format!("bad {what} '{}': the number is too large", shown(value)),
        P::UnknownUnit(unit) => format!("unknown unit '{}'", shown(&[*unit])),
        P::BadSize(value) => format!("bad size '{}'", shown(value)),
        P::BadDay { directive, value } => format!("bad {directive} directive '{}'", shown(value)),
        P::InvalidArguments(name) => format!("invalid arguments for {name}"),
        P::ExtraArguments(name) => format!("extra arguments for {name}"),
        P::InvalidMode(word) => format!("invalid mode '{}'", shown(word)),
        P::UnknownUser { word, .. } => format!("unknown user '{}'", shown(word)),
        P::UnknownGroup { word, .. } => format!("unknown group '{}'", shown(word)),
        P::NoUserForSu => "no user for su".to_owned(),
        P::NoGroupForSu => "no group for su".to_owned(),
        P::BadPath { what, value } => format!("bad {what} path {}", shown(value)),
        P::BadMail(value) => format!("bad mail address {}", shown(value)),
        P::InvalidCompressOptions => "invalid compression options".to_owned(),
        // NOTE: every other kind is worded by the two functions above.
        _ => String::new(),
    }
}

/// Returns what to do about it, in one sentence; empty for notes.
#[must_use]
pub fn remedy(problem: &Problem) -> String {
    use Problem as P;
    let fixed = match problem {
        P::CannotStat { .. } => "Create the file, or correct or remove the line that names it.",
        P::CannotOpen { .. } | P::CannotRead { .. } | P::CannotOpenDirectory { .. } => {
            "Make it readable for the user who runs logrotate."
        }
        P::WritableByOthers(_) => "Run chmod go-w on it.",
        P::WrongOwner(_) => "Run chown root on it.",
        P::TooLarge(_) => "Name a configuration file; none is larger than 16 MiB.",
        P::NothingToRead(_) => {
            "Name a file with the configuration, a directory with such files, or - for standard input."
        }
        P::DangerousMode { .. } => "Run chmod 0644 on it.",
        P::NotSeparated { .. } => "Put a space, a newline or `=` after the directive, or `/` before a path.",
        P::BadStart => "Begin the line with a directive, a path or `#`.",
        P::UnexpectedFilename => "Close the block before it with `}` on a line of its own.",
        P::UnexpectedBrace => "Remove it, or add the path list and `{` that it belongs to.",
        P::UnexpectedBraceInList => "Put `{` between the path list and the block's directives.",
        P::MissingBrace => "Put `{` after the path list.",
        P::FilenameSyntax => "Name at least one path, and do not end the list with a backslash.",
        P::NoEndscript(_) => "End the script with a line that says `endscript`.",
        P::TextAfterBrace => "Put what follows the `}` on a line of its own.",
        P::UnknownOption {
            suggestion: Some(meant),
            ..
        } => return format!("Did you mean `{meant}`?"),
        P::UnknownOption { .. } => "Remove the line, or put `#` before it.",
        P::ErrorsDeprecated => "Remove the line.",
        P::OutsideOfNamed(_) => "Name it, or what it leads to, as a configuration of its own to have it checked.",
        P::MissingArgument(_) | P::MissingArgumentIgnored(_) => "Write the argument on the same line.",
        P::BadNumber { .. } => "Write a whole number, and a comment on a line of its own.",
        P::OutOfRange { .. } => "Write a smaller number.",
        P::UnknownUnit(_) => "Use k, M or G, and put a comment on a line of its own.",
        P::BadSize(_) => "Write a whole number with k, M or G right behind it, or nothing.",
        P::BadDay {
            directive: "weekly", ..
        } => "Write a weekday from 0 (Sunday) to 7, or nothing.",
        P::BadDay { .. } => "Write a day from 0 to 31, or nothing.",
        P::InvalidArguments(_) => "Close the quote.",
        P::ExtraArguments(_) => "Write at most a mode, a user and a group, and a comment on a line of its own.",
        P::InvalidMode(_) => "Write an octal mode such as 0640; a user needs a group beside it.",
        P::UnknownUser {
            slip: Some(OwnershipMistake::OneWord { user, group }),
            ..
        }
        | P::UnknownGroup {
            slip: Some(OwnershipMistake::OneWord { user, group }),
            ..
        } => {
            return format!(
                "User and group are two words: write `{} {}`.",
                shown(user),
                shown(group)
            );
        }
        P::UnknownUser { slip: Some(_), .. } | P::UnknownGroup { slip: Some(_), .. } => {
            "Two words are USER GROUP; with a mode all three are needed: MODE USER GROUP."
        }
        P::UnknownUser { .. } | P::UnknownGroup { .. } => {
            "Create the account, or write `:` and a number to use an id without one."
        }
        P::NoUserForSu | P::NoGroupForSu => "Write a user and a group after su, as two words.",
        P::BadPath { .. } => "Write a path without blanks, and a comment on a line of its own.",
        P::BadMail(_) => "Write one address without blanks.",
        P::InvalidCompressOptions => "Write the options, and do not end them with a backslash.",
        P::TabooInBlock(_) => "Move it before the first block.",
        P::BadPercentage(_) => "Write a whole number from 1 to 99 right before the %.",
        P::BadFormerly(_) => {
            "Write dateformat, extension, addextension, compressext, olddir or path behind formerly, and what it was; a path from / on."
        }
        P::FormerlyPathOfMany(_) => "Write it in the braces of a stanza whose path list is that one log's path.",
        P::NestingTooDeep => "Look for a file that includes itself.",
        P::FoundErrorInBlock(_) | P::FoundErrorInFile(_) => "Correct the errors named before it.",
        P::GlobTooLong { .. } => "Split the pattern.",
        P::GlobFailed { .. } => "Make the directories readable, or add missingok.",
        P::DuplicateLog { .. } => "Remove the log from one of the two, or add ignoreduplicates.",
        P::LogPathUnverified { .. } => "Create the directory, or add missingok.",
        P::OldDirUnverified { .. } => "Create the directory, or add createolddir.",
        P::DifferentDevices { .. } => "Use a directory on the log's file system, or copy, copytruncate or renamecopy.",
        _ => "",
    };
    fixed.to_owned()
}
