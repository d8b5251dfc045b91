//! The sentences of what a check finds: one of cause, one of remedy. Those of a run's complaints are `cite`'s.

mod budgets;
mod torn;

use std::os::unix::ffi::OsStrExt;

use super::foreseen;
use super::words::{bytes as shown, word as name};
use super::{accounts, cite};
use crate::config::directive::Setting;
use crate::diag::Problem;
use crate::lint::rhythm::Rhythm;
use crate::lint::{Cause, Finding, Lint, ShellError};
use crate::load::GivenUp;

/// Returns what is wrong, in one sentence.
#[must_use]
pub fn message(finding: &Finding) -> String {
    let message = match &finding.cause {
        Cause::Problem(problem) => cite::message(problem),
        Cause::Lint(lint) => cause(lint),
    };
    match finding.more_logs {
        0 => message,
        1 => format!("{message}, and 1 more log"),
        more => format!("{message}, and {more} more logs"),
    }
}

/// Returns what to do about it, in one sentence.
#[must_use]
pub fn remedy(finding: &Finding) -> String {
    let remedy = match &finding.cause {
        Cause::Problem(problem) => cite::remedy(problem),
        Cause::Lint(lint) => cure(lint),
    };
    match cost(finding) {
        Some(cost) => format!("{remedy} {cost}"),
        None => remedy,
    }
}

/// Says what an error costs until it is mended, where that is more, or less, than one expects.
fn cost(finding: &Finding) -> Option<String> {
    let Some(GivenUp { stanzas, whole, .. }) = &finding.given_up else {
        let is_account = matches!(
            finding.cause,
            Cause::Problem(Problem::UnknownUser { .. } | Problem::UnknownGroup { .. })
        );
        return is_account.then(|| "Until then nothing of the stanza is rotated.".to_owned());
    };
    let what = if *whole {
        "nothing of this file"
    } else {
        "nothing more of this file"
    };
    let count = match stanzas {
        0 => String::new(),
        1 => ": 1 stanza".to_owned(),
        more => format!(": {more} stanzas"),
    };
    Some(format!("Until then {what} and of what it includes is handled{count}."))
}

/// Returns what the other place has to do with it.
#[must_use]
pub fn related(finding: &Finding) -> Option<&'static str> {
    Some(match &finding.cause {
        Cause::Problem(Problem::DuplicateLog { .. }) => "the log is first named here",
        Cause::Problem(_) => return None,
        Cause::Lint(lint) => match lint {
            Lint::CriterionLost { .. } | Lint::MethodLost { .. } | Lint::CreateWithoutRename(_) => "this one counts",
            Lint::DatesRepeat { .. } => "the criterion is set here",
            Lint::GlobalLeaks { .. } => "a stanza that it reaches",
            Lint::MinAboveMax => "maxsize is set here",
            Lint::BudgetTakesNothing => "the budget is set here",
            Lint::MaxageBelowMinretain => "maxage is set here",
            Lint::BudgetWithoutArchives(_) => "rotate is set here",
            Lint::SharedRow { .. } => "the other log is named here",
            _ => return None,
        },
    })
}

fn cause(lint: &Lint) -> String {
    match lint {
        Lint::CriterionLost { lost, wins } => {
            let (lost, wins) = (lost.name(), wins.name());
            format!("`{lost}` has no effect: `{wins}` after it replaces it")
        }
        Lint::DelayWithoutCompress => "`delaycompress` has no effect without `compress`".to_owned(),
        Lint::DateWithoutDateext(directive) => format!("`{}` has no effect without `dateext`", directive.name()),
        Lint::DatesRepeat {
            format,
            criterion,
            dated_back,
        } => {
            let format = format.as_deref().map_or("the usual date".to_owned(), |format| {
                format!("the date `{}`", shown(format.as_bytes().trim_ascii()))
            });
            let criterion = criterion.name();
            match dated_back.map(Setting::name) {
                None => {
                    format!("{format} can name two rotations by `{criterion}` alike, and the second one then fails")
                }
                Some(back) => format!(
                    "with `{back}` {format} names a `{criterion}` rotation that comes late and the next one that comes in time \
                     alike, and the second one then fails"
                ),
            }
        }
        Lint::CreateWithoutRename(wins) => {
            let wins = wins.name();
            format!("`create` has no effect: `{wins}` leaves the log where it is, so that none is created")
        }
        Lint::MethodLost { lost, wins } => format!("`{}` has no effect beside `{}`", lost.name(), wins.name()),
        Lint::MailWithoutAddress(directive) => format!("`{}` has no effect without `mail`", directive.name),
        Lint::CyclesWithoutShred => "`shredcycles` has no effect without `shred`".to_owned(),
        Lint::CommentInArgument(directive) => {
            format!("this is no comment, but a part of what `{directive}` is given")
        }
        other => other_cause(other),
    }
}

fn other_cause(lint: &Lint) -> String {
    match lint {
        Lint::MatchesArchives { log, archive, .. } => format!(
            "the pattern finds archives too: {} becomes {}, which is then rotated as well",
            name(log),
            name(archive)
        ),
        Lint::NothingKept => "there is no `rotate`, so that old logs are deleted at once".to_owned(),
        Lint::SharedWithoutScripts => "`sharedscripts` has no effect without `prerotate` or `postrotate`".to_owned(),
        Lint::SuMissing {
            directory,
            mode,
            has_su_owner,
        } => format!(
            "logs in {} are not rotated: its mode {:04o} lets others than root write to it, and {}",
            name(directory.as_os_str()),
            mode & 0o7777,
            if *has_su_owner {
                "`su owner` counts for nothing where root is the owner"
            } else {
                "there is no `su`"
            }
        ),
        Lint::ForeignLink {
            directory,
            link,
            is_mount,
            user,
        } => {
            let (directory, link) = (name(directory.as_os_str()), name(link.as_os_str()));
            let user = accounts::user(*user);
            let why = if *is_mount {
                format!(
                    "a program of user {user} stands behind the file system at {link}, and says who owns what there"
                )
            } else {
                format!("{link} is a symbolic link of user {user} and leads to a directory that is not theirs")
            };
            format!("logs in {directory} are not rotated: {why}")
        }
        Lint::TimerSlower { criterion, rhythm } => {
            let (criterion, every) = (criterion.name(), every(*rhythm));
            format!("`{criterion}` cannot be kept: logrotate is started {every}")
        }
        Lint::MaxsizeIdle(rhythm) => format!(
            "`maxsize` has no effect: logrotate is started {}, and rotates the log each time anyway",
            every(*rhythm)
        ),
        Lint::CreateOpen(mode) => {
            let what = if mode & 0o002 != 0 { "write to" } else { "read" };
            format!("every user of the machine may {what} a log with mode {mode:04o}")
        }
        Lint::ScriptRefused { script, said, .. } => format!("the shell cannot read the {script} script: {said}"),
        Lint::GlobalLeaks { directive, reaches } => format!(
            "`{}` outside of braces holds for the files read after this one, too, such as {}",
            directive.name,
            name(reaches.as_os_str())
        ),
        Lint::MinAboveMax => {
            "`minsize` is above `maxsize`, so that the log is rotated for its size only, never for the time".to_owned()
        }
        Lint::UnknownDateField(field) => format!("`{}` is no part of a date, and is taken as it stands", shown(field)),
        other => cause_of_habit(other),
    }
}

fn cause_of_habit(lint: &Lint) -> String {
    match lint {
        Lint::WindowsLines(_) => "lines of this file end as those of Windows do, in CR LF".to_owned(),
        Lint::ByteOrderMark(_) => "a byte order mark stands here, with which no line may begin".to_owned(),
        Lint::Braces(_) => "braces are no alternatives here: `{` begins the block".to_owned(),
        Lint::DirectiveInScript { script, directive } => format!(
            "`{directive}` is taken for a command of the {script} script: `endscript` is missing before it, or comes too late"
        ),
        Lint::TestAtEnd(script) => {
            format!("the {script} script fails whenever its last command's test does, and that is an error each time")
        }
        Lint::BashOnly(word) => format!("`{}` is for bash only, and scripts are run by sh", shown(word)),
        Lint::MinimumWithoutTime(setting) => format!(
            "`{}` has no effect without a time, such as `daily` or `weekly`: the log's size alone counts",
            setting.name()
        ),
        Lint::DoubleStar => "`**` goes one level deep, as `*` does".to_owned(),
        Lint::OnlyLinks(first) => format!(
            "all that this finds is a symbolic link, such as {}, and links are never rotated",
            name(first.as_os_str())
        ),
        Lint::PathIsDirectory(_) => "this is a directory, and never rotated".to_owned(),
        Lint::SharedRow { log, other } => format!(
            "{} and {} have one name and one directory for their archives, which are numbered or dated as one row",
            name(log.as_os_str()),
            name(other.as_os_str())
        ),
        Lint::ProgramMissing { directive, program } => format!(
            "`{}` needs {}, which is not there or cannot be executed",
            directive.name,
            name(program.as_os_str())
        ),
        Lint::ArchiveObstacle { first, more } => {
            let (what, _) = foreseen::parts(&name(first.archive.as_os_str()), &first.what);
            match more {
                0 => what,
                more => format!("{what}; and {more} more"),
            }
        }
        // NOTE: every other lint is worded by the functions above.
        other => budgets::cause(other),
    }
}

fn every(rhythm: Rhythm) -> String {
    let Rhythm { shortest, longest } = rhythm;
    let fits = |minutes: &u32| shortest % minutes == 0 && longest % minutes == 0;
    let units = [(24 * 60, "days"), (60, "hours"), (1, "minutes")];
    let (length, unit) = units.into_iter().find(|(length, _)| fits(length)).unwrap_or(units[2]);
    match rhythm {
        Rhythm::HOURLY => "once an hour".to_owned(),
        Rhythm::DAILY => "once a day".to_owned(),
        Rhythm::WEEKLY => "once a week".to_owned(),
        _ if longest == 1 => "every minute".to_owned(),
        _ if shortest == longest => format!("every {} {unit}", longest / length),
        _ => format!("every {} to {} {unit}", shortest / length, longest / length),
    }
}

fn cure(lint: &Lint) -> String {
    match lint {
        Lint::CriterionLost {
            lost: Setting::Size,
            wins: other,
        }
        | Lint::CriterionLost {
            lost: other,
            wins: Setting::Size,
        } => {
            let other = other.name();
            format!("Write `maxsize` in place of `size`, to rotate {other} and whenever the log is larger.")
        }
        Lint::CriterionLost { lost, .. } | Lint::MethodLost { lost, .. } => {
            format!("Remove `{}`, or the other one.", lost.name())
        }
        Lint::DelayWithoutCompress => "Add `compress`, or remove the line.".to_owned(),
        Lint::DateWithoutDateext(_) => "Add `dateext`, or remove the line.".to_owned(),
        Lint::DatesRepeat {
            dated_back: Some(Setting::DateYesterday),
            ..
        } => "Write a `dateformat` with the day, such as -%Y%m%d.".to_owned(),
        Lint::DatesRepeat {
            dated_back: Some(_), ..
        } => "Write a `dateformat` with the hour, such as -%Y%m%d-%H.".to_owned(),
        Lint::DatesRepeat { .. } => "Write a `dateformat` with the time, such as -%Y%m%d-%H%M%S.".to_owned(),
        Lint::CreateWithoutRename(_) => "Remove `create`.".to_owned(),
        Lint::MailWithoutAddress(_) => "Add `mail` with an address, or remove the line.".to_owned(),
        Lint::CyclesWithoutShred => "Add `shred`, or remove the line.".to_owned(),
        Lint::CommentInArgument(_) => "Put the comment on a line of its own.".to_owned(),
        Lint::MatchesArchives {
            by: Some(by @ (Setting::Extension | Setting::AddExtension)),
            ..
        } => format!(
            "Remove `{}`, so that archives end in something else, or put them elsewhere with `olddir`.",
            by.name()
        ),
        Lint::MatchesArchives { by: Some(by), .. } => format!(
            "Let `{}` end in the date, and not as the logs do, or put archives elsewhere with `olddir`.",
            by.name()
        ),
        Lint::MatchesArchives { .. } => {
            "Let the pattern end as the logs do, such as *.log, or put archives elsewhere with `olddir`.".to_owned()
        }
        Lint::NothingKept => {
            "Add `rotate` with a number; if the main configuration has one, name that file before this one.".to_owned()
        }
        Lint::SharedWithoutScripts => "Remove the line, or add the script.".to_owned(),
        Lint::SuMissing { .. } => {
            "Add `su` with the user and group that write the logs, or run chmod go-w on the directory.".to_owned()
        }
        Lint::ForeignLink { is_mount: true, .. } => {
            "Let root mount it, or write `su` with that user and a group that may write to the directory.".to_owned()
        }
        Lint::ForeignLink { .. } => {
            "Run chown -h root on the link, or write `su` with that user and a group that may write to the directory."
                .to_owned()
        }
        Lint::TimerSlower { .. } => {
            "Run `systemctl edit logrotate.timer` and set OnCalendar to what is needed.".to_owned()
        }
        Lint::MaxsizeIdle(_) => "Remove it, or let logrotate be started more often.".to_owned(),
        Lint::CreateOpen(mode) => format!("Write {:04o}, or less.", mode & 0o640),
        Lint::ScriptRefused {
            because: Some(because), ..
        } => match because {
            ShellError::Swallows(list) => format!(
                "End the script with a line that says `endscript`: it goes on over the stanza of {}.",
                shown(list)
            ),
            ShellError::Bash(word) => format!(
                "Write it for sh, which runs scripts: `{}` is for bash only. Or let it start a script of bash's own.",
                shown(word)
            ),
        },
        Lint::ScriptRefused { .. } => "Correct the script; `sh -n` reads it without running it.".to_owned(),
        Lint::GlobalLeaks { .. } => "Move it into the braces of the stanza that it is meant for.".to_owned(),
        Lint::MinAboveMax => "Exchange the two, or remove one.".to_owned(),
        Lint::UnknownDateField(_) => "Use the fields Y m d H M S V s z G y g U W u w j.".to_owned(),
        other => cure_of_habit(other),
    }
}

fn cure_of_habit(lint: &Lint) -> String {
    match lint {
        Lint::WindowsLines(file) => format!("Run `sed -i 's/\\r$//' {}`.", name(file.as_os_str())),
        Lint::ByteOrderMark(file) => format!("Run `sed -i 's/^\\xEF\\xBB\\xBF//' {}`.", name(file.as_os_str())),
        Lint::Braces(patterns) => {
            let patterns: Vec<String> = patterns.iter().map(|pattern| shown(pattern)).collect();
            format!("Write each pattern out: {}", patterns.join(" "))
        }
        Lint::DirectiveInScript { .. } => "Write `endscript` on a line of its own, behind the last command.".to_owned(),
        Lint::TestAtEnd(_) => "Write it with `if`, or put `|| true` behind it.".to_owned(),
        Lint::BashOnly(_) => "Write it for sh, or let it start a script of bash's own.".to_owned(),
        Lint::MinimumWithoutTime(_) => {
            "Add `daily`, `weekly` or another time; if the main configuration has one, name that file before this one."
                .to_owned()
        }
        Lint::DoubleStar => {
            "Write a pattern for each level, such as /var/log/app/*.log /var/log/app/*/*.log.".to_owned()
        }
        Lint::OnlyLinks(_) => "Name the files that the links lead to.".to_owned(),
        Lint::PathIsDirectory(directory) => format!("Write {}/* or name its logs.", name(directory.as_os_str())),
        Lint::SharedRow { .. } => "Give each its own `olddir`; a relative path is one beside the log.".to_owned(),
        Lint::ProgramMissing { .. } => "Install it, or name another one.".to_owned(),
        Lint::ArchiveObstacle { first, .. } => {
            let (_, remedy) = foreseen::parts(&name(first.archive.as_os_str()), &first.what);
            let mut letters = remedy.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            format!("{}.", first.into_iter().chain(letters).collect::<String>())
        }
        // NOTE: every other lint is worded by the function above.
        other => budgets::cure(other),
    }
}
