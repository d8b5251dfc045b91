//! From what was written to what is meant: one directive at a time, over settings that change as they are read.
//!
//! Includes and taboo lists are `load`'s, since they are about files; everything else that a directive does is here.

use std::sync::Arc;

use super::settings::{Settings, Text};
use super::{Keep, Ownership, Trigger};
use crate::config::ast::{Argument, Directive, Script, Span};
use crate::config::directive::Setting;
use crate::config::value;
use crate::diag::problem::Slip;
use crate::diag::{Place, Problem};
use crate::unix::{GroupId, UserId};

/// What resolving has to ask the machine.
pub trait Accounts {
    /// Answers a user's id: by name, by a number that exists, or by `:` and any number.
    fn user(&mut self, word: &[u8]) -> Option<UserId>;
    /// Answers a group's id: by name, by a number that exists, or by `:` and any number.
    fn group(&mut self, word: &[u8]) -> Option<GroupId>;
    /// Replaces a `~` at the beginning of a path by a home directory.
    fn expand_home(&mut self, path: &[u8]) -> Option<Vec<u8>>;
}

/// Takes a script into the settings.
pub fn take_script(settings: &mut Settings, script: &Script<'_>) {
    let text = Some(Text::from(script.text));
    match script.row.setting {
        Setting::FirstAction => settings.first_action = text,
        Setting::PreRotate => settings.pre_rotate = text,
        Setting::PostRotate => settings.post_rotate = text,
        Setting::LastAction => settings.last_action = text,
        Setting::PreRemove => settings.pre_remove = text,
        _ => {}
    }
}

/// Takes a directive into the settings.
///
/// # Errors
/// What is wrong with it, and where; the settings may have been changed in part.
pub fn take(
    settings: &mut Settings,
    directive: &Directive<'_>,
    accounts: &mut dyn Accounts,
    place: impl Fn() -> Place,
) -> Result<(), (Problem, Span)> {
    let row = directive.row;
    match directive.argument {
        Argument::None => {
            take_flag(settings, row.setting, row.on);
            Ok(())
        }
        Argument::Missing(span) => {
            if row.setting == Setting::DateFormat {
                settings.date_format = None;
            }
            let ignored = row.may_lack_argument();
            let problem = if ignored {
                Problem::MissingArgumentIgnored(row.what)
            } else {
                Problem::MissingArgument(row.what)
            };
            Err((problem, span))
        }
        Argument::Given(text, span) => {
            let taken = take_number(settings, directive, text)
                .unwrap_or_else(|| take_text(settings, directive, text, accounts, place));
            taken.map_err(|problem| {
                let span = if span.length == 0 {
                    directive.name
                } else {
                    narrow(&problem, text, span)
                };
                (problem, span)
            })
        }
    }
}

/// Narrows the place of a complaint to the part of the argument that it is about.
fn narrow(problem: &Problem, text: &[u8], span: Span) -> Span {
    let part = |start: usize, length: usize| Span::new(span.start as usize + start, length);
    let blanks = text.len() - text.trim_ascii_start().len();
    match problem {
        Problem::InvalidMode(word) | Problem::UnknownUser { word, .. } | Problem::UnknownGroup { word, .. }
            if !word.is_empty() =>
        {
            // The group is the last word, the mode the first; a user may be called as its group is.
            let mut found = text
                .windows(word.len())
                .enumerate()
                .filter(|(_, at)| *at == word.as_slice());
            let last = matches!(problem, Problem::UnknownGroup { .. });
            let at = if last { found.next_back() } else { found.next() };
            at.map_or(span, |(at, _)| part(at, word.len()))
        }
        Problem::UnknownUnit(_) => part(text.len() - 1, 1),
        _ if blanks < text.len() => part(blanks, text.len() - blanks),
        _ => span,
    }
}

fn take_flag(settings: &mut Settings, setting: Setting, on: bool) {
    match setting {
        Setting::AllowHardlink => settings.allow_hardlink = on,
        Setting::Compress => settings.compress = on,
        Setting::Copy => settings.copy = on,
        Setting::CopyTruncate => {
            settings.copy_truncate = on;
            settings.rename_copy &= !on;
        }
        Setting::RenameCopy => {
            settings.rename_copy = on;
            settings.copy_truncate &= !on;
        }
        Setting::Create => settings.create = on,
        Setting::CreateOldDir => settings.create_old_dir = on,
        Setting::Daily => settings.trigger = Trigger::Daily,
        Setting::Hourly => settings.trigger = Trigger::Hourly,
        Setting::Yearly => settings.trigger = Trigger::Yearly,
        Setting::DateExt => settings.date_ext = on,
        Setting::DateHourAgo => settings.date_hour_ago = on,
        Setting::DateYesterday => settings.date_yesterday = on,
        Setting::DelayCompress => settings.delay_compress = on,
        Setting::IfEmpty => settings.if_empty = on,
        Setting::IgnoreDuplicates => settings.ignore_duplicates = on,
        Setting::Mail => settings.mail = None,
        Setting::MailWhich => settings.mail_first = on,
        Setting::MissingOk => settings.missing_ok = on,
        Setting::OldDir => settings.old_dir = None,
        Setting::SharedScripts => settings.shared_scripts = on,
        Setting::Shred => settings.shred = on,
        _ => {}
    }
}

/// Takes a directive whose argument is a number; `None` if it has another kind.
fn take_number(settings: &mut Settings, directive: &Directive<'_>, text: &[u8]) -> Option<Result<(), Problem>> {
    let count = |what, least| value::count(text, what, least).map(|count| count.unsigned_abs());
    Some(match directive.row.setting {
        Setting::MaxAge => count("maximum age", 0).map(|days| settings.max_age = days),
        Setting::MinAge => count("minimum age", 0).map(|days| settings.min_age = days),
        Setting::Start => count("start count", 0).map(|number| settings.start = number),
        Setting::ShredCycles => count("shred cycles", 0).map(|cycles| settings.shred_cycles = cycles),
        Setting::ScriptTimeout => count("script timeout", 0).map(|seconds| settings.script_timeout = seconds),
        Setting::Minutes => count("minutes", 1).map(|minutes| settings.trigger = Trigger::Minutes(minutes)),
        Setting::Rotate => value::count(text, "rotation count", -1)
            .map(|count| settings.rotate = u32::try_from(count).map_or(Keep::All, Keep::Count)),
        Setting::Size => value::size(text).map(|size| settings.trigger = Trigger::Size(size)),
        Setting::MinSize => value::size(text).map(|size| settings.min_size = size),
        Setting::MaxSize => value::size(text).map(|size| settings.max_size = size),
        Setting::Weekly => value::day(text, "weekly", 7).map(|day| settings.trigger = Trigger::Weekly(day)),
        Setting::Monthly => value::day(text, "monthly", 31).map(|day| settings.trigger = Trigger::Monthly(day)),
        _ => return None,
    })
}

fn take_text(
    settings: &mut Settings,
    directive: &Directive<'_>,
    text: &[u8],
    accounts: &mut dyn Accounts,
    place: impl Fn() -> Place,
) -> Result<(), Problem> {
    let row = directive.row;
    match row.setting {
        Setting::AddExtension => settings.add_extension = Some(text.into()),
        Setting::Extension => settings.extension = Some(text.into()),
        Setting::DateFormat => settings.date_format = Some(text.into()),
        Setting::CompressCommand => {
            let command = value::path(text, row.what)?;
            settings.compress_command = Some(command.into());
            if let Some(extension) = extension_of(command) {
                settings.compress_extension = Some(extension.into());
            }
        }
        Setting::UncompressCommand => settings.uncompress_command = Some(value::path(text, row.what)?.into()),
        Setting::CompressExtension => settings.compress_extension = Some(value::path(text, row.what)?.into()),
        Setting::CompressOptions => settings.compress_options = Arc::from(value::options(text)?),
        Setting::Mail => settings.mail = Some(value::address(text)?.into()),
        Setting::OldDir => {
            let path = value::path(text, row.what)?;
            let expanded = accounts.expand_home(path);
            settings.old_dir = Some((expanded.as_deref().unwrap_or(path).into(), Some(place())));
        }
        Setting::Create => {
            take_ownership(&mut settings.create_as, text, row.name, accounts)?;
            settings.create = true;
        }
        Setting::CreateOldDir => {
            take_ownership(&mut settings.old_dir_as, text, row.name, accounts)?;
            settings.create_old_dir = true;
        }
        Setting::Su => take_su(settings, text, accounts)?,
        _ => {}
    }
    Ok(())
}

/// Returns the ending that goes with a known compressor.
fn extension_of(command: &[u8]) -> Option<&'static [u8]> {
    let name = command.rsplit(|byte| *byte == b'/').next()?;
    Some(match name {
        b"gzip" => b".gz",
        b"bzip2" => b".bz2",
        b"xz" => b".xz",
        b"zstd" => b".zst",
        b"compress" => b".Z",
        b"zip" => b".zip",
        _ => return None,
    })
}

fn take_ownership(
    ownership: &mut Ownership,
    text: &[u8],
    directive: &'static str,
    accounts: &mut dyn Accounts,
) -> Result<(), Problem> {
    let words = value::words(text, directive)?;
    let (mode, account) = match words.as_slice() {
        [] => return Ok(()),
        [mode] => (Some(mode), None),
        [user, group] => (None, Some((user, group))),
        [mode, user, group] => (Some(mode), Some((user, group))),
        _ => return Err(Problem::ExtraArguments(directive)),
    };
    if let Some(mode) = mode {
        ownership.mode = Some(value::mode(mode)?);
    }
    if let Some((user, group)) = account {
        let slip = mode.is_none() && is_mode(user);
        let slip = slip.then_some(Slip::ModeForUser);
        ownership.group = Some(find_group(accounts, group, slip.clone())?);
        ownership.user = Some(find_user(accounts, user, slip)?);
    }
    Ok(())
}

fn take_su(settings: &mut Settings, text: &[u8], accounts: &mut dyn Accounts) -> Result<(), Problem> {
    if text.trim_ascii() == b"owner" {
        settings.su_owner = true;
        return Ok(());
    }
    let words = value::words(text, "su")?;
    let (user, group) = match words.as_slice() {
        [] => (None, None),
        [user] => (Some(user), None),
        [user, group] => (Some(user), Some(group)),
        _ => return Err(Problem::ExtraArguments("su")),
    };
    if let Some(group) = group {
        settings.su_group = Some(find_group(accounts, group, None)?);
    }
    if let Some(user) = user {
        settings.su_user = Some(find_user(accounts, user, None)?);
    }
    if settings.su_user.is_none() {
        return Err(Problem::NoUserForSu);
    }
    if settings.su_group.is_none() {
        return Err(Problem::NoGroupForSu);
    }
    settings.su = true;
    settings.su_owner = false;
    Ok(())
}

fn find_user(accounts: &mut dyn Accounts, word: &[u8], slip: Option<Slip>) -> Result<UserId, Problem> {
    accounts.user(word).ok_or_else(|| Problem::UnknownUser {
        word: word.to_vec(),
        slip: one_word(accounts, word).or(slip),
    })
}

fn find_group(accounts: &mut dyn Accounts, word: &[u8], slip: Option<Slip>) -> Result<GroupId, Problem> {
    accounts.group(word).ok_or_else(|| Problem::UnknownGroup {
        word: word.to_vec(),
        slip: one_word(accounts, word).or(slip),
    })
}

/// Tells whether a word looks like a mode: users have no such names.
fn is_mode(word: &[u8]) -> bool {
    matches!(word.len(), 3 | 4) && value::mode(word).is_ok()
}

/// Finds user and group in one word; a name may well have a dot in it, so that the part before that must be a user.
fn one_word(accounts: &mut dyn Accounts, word: &[u8]) -> Option<Slip> {
    let at = word.iter().rposition(|byte| matches!(byte, b':' | b'.'))?;
    let (user, group) = (&word[..at], &word[at + 1..]);
    let is_one = !group.is_empty() && !user.is_empty() && (word[at] == b':' || accounts.user(user).is_some());
    is_one.then(|| Slip::OneWord {
        user: user.to_vec(),
        group: group.to_vec(),
    })
}
