//! A directive as it was given, and what the rows of `directives` may ask of it: numbers, words, users.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::{Formerly, Free, Keep, Ownership};
use crate::config::directive::Row;
use crate::config::value;
use crate::diag::problem::OwnershipMistake;
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

/// What became of taking a directive in.
pub type Taken = Result<(), Problem>;

/// A directive as it was given.
pub struct Given<'g> {
    row: &'static Row,
    text: &'g [u8],
    accounts: &'g mut dyn Accounts,
    place: &'g dyn Fn() -> Place,
}

impl<'g> Given<'g> {
    /// Puts a row and the text behind its name together; a directive without an argument has no text.
    pub fn new(
        row: &'static Row,
        text: &'g [u8],
        accounts: &'g mut dyn Accounts,
        place: &'g dyn Fn() -> Place,
    ) -> Self {
        Self {
            row,
            text,
            accounts,
            place,
        }
    }

    /// Tells whether it makes the setting, or else takes it back.
    pub(super) fn is_on(&self) -> bool {
        self.row.on
    }

    /// Returns where it stands.
    pub(super) fn place(&self) -> Place {
        (self.place)()
    }

    /// Turns a switch on, or off where the setting is taken back.
    pub(super) fn flag(&self, switch: &mut bool) -> Taken {
        *switch = self.row.on;
        Ok(())
    }

    /// Reads a count; `what` names it in the complaint.
    pub(super) fn count(&self, what: &'static str) -> Result<u32, Problem> {
        value::count(self.text, what, 0).map(i32::unsigned_abs)
    }

    /// Reads a number that is not below `least`.
    pub(super) fn number(&self, what: &'static str, least: i64) -> Result<i32, Problem> {
        value::count(self.text, what, least)
    }

    /// Reads a number of bytes.
    pub(super) fn size(&self) -> Result<u64, Problem> {
        value::size(self.text)
    }

    /// Reads how much is to be free: a number of bytes, or a percentage.
    pub(super) fn free(&self) -> Result<Free, Problem> {
        match self.text.strip_suffix(b"%") {
            None => self.size().map(Free::Bytes),
            Some(digits) => value::percent(digits).map(Free::Percent),
        }
    }

    /// Reads how many stay; -1 is all.
    pub(super) fn keep(&self, what: &'static str) -> Result<Keep, Problem> {
        self.number(what, -1)
            .map(|count| u32::try_from(count).map_or(Keep::All, Keep::Count))
    }

    /// Reads one way in which archives were once named, and adds it to the others.
    pub(super) fn formerly(&mut self, once: &mut Formerly) -> Taken {
        let unknown = || Problem::BadFormerly(self.text.to_vec());
        let end = self.text.iter().position(u8::is_ascii_whitespace).ok_or_else(unknown)?;
        let (what, value) = (&self.text[..end], self.text[end..].trim_ascii());
        let texts = match what {
            b"dateformat" => &mut once.date_formats,
            b"extension" => &mut once.extensions,
            b"addextension" => &mut once.add_extensions,
            b"compressext" => &mut once.compress_extensions,
            b"olddir" | b"path" => {
                let value = value::path(value, self.row.what)?;
                let expanded = self.accounts.expand_home(value);
                let path = PathBuf::from(os_string(expanded.as_deref().unwrap_or(value)));
                match what {
                    b"olddir" => once.old_dirs.push(path),
                    // A log's path has nothing to be relative to.
                    _ if path.is_relative() => return Err(unknown()),
                    _ => once.paths.push(path),
                }
                return Ok(());
            }
            _ => return Err(unknown()),
        };
        texts.push(os_string(value));
        Ok(())
    }

    /// Reads the number of a day, or nothing.
    pub(super) fn day(&self, last: u8) -> Result<u8, Problem> {
        value::day(self.text, self.row.name, last)
    }

    /// Takes the text as it stands; a row that takes the setting back has none.
    pub(super) fn text(&self, field: &mut Option<OsString>) -> Taken {
        *field = self.row.on.then(|| os_string(self.text));
        Ok(())
    }

    /// Takes the lines of a script.
    pub(super) fn script(&self, field: &mut Option<std::sync::Arc<[u8]>>) -> Taken {
        *field = Some(self.text.into());
        Ok(())
    }

    /// Reads a path or ending.
    pub(super) fn word(&self) -> Result<&'g [u8], Problem> {
        value::path(self.text, self.row.what)
    }

    /// Reads a path; a `~` at its beginning is a home directory.
    pub(super) fn path_from_home(&mut self) -> Result<PathBuf, Problem> {
        let path = self.word()?;
        let expanded = self.accounts.expand_home(path);
        Ok(os_string(expanded.as_deref().unwrap_or(path)).into())
    }

    /// Reads a mail address.
    pub(super) fn address(&self) -> Result<OsString, Problem> {
        value::address(self.text).map(os_string)
    }

    /// Splits the text as a shell does it.
    pub(super) fn options(&self) -> Result<Vec<OsString>, Problem> {
        let words = value::options(self.text)?;
        Ok(words.iter().map(|word| os_string(word)).collect())
    }

    /// Tells whether the text is this word.
    pub(super) fn says(&self, word: &str) -> bool {
        self.text.trim_ascii() == word.as_bytes()
    }

    /// Reads mode, user and group; what is not given stays as it is.
    pub(super) fn ownership(&mut self, ownership: &mut Ownership) -> Taken {
        let words = value::words(self.text, self.row.name)?;
        let (mode, account) = match words.as_slice() {
            [] => return Ok(()),
            [mode] => (Some(mode), None),
            [user, group] => (None, Some((user, group))),
            [mode, user, group] => (Some(mode), Some((user, group))),
            _ => return Err(Problem::ExtraArguments(self.row.name)),
        };
        if let Some(mode) = mode {
            ownership.mode = Some(value::mode(mode)?);
        }
        if let Some((user, group)) = account {
            let slip = mode.is_none() && is_mode(user);
            let slip = slip.then_some(OwnershipMistake::ModeForUser);
            ownership.group = Some(self.group(group, slip.clone())?);
            ownership.user = Some(self.user(user, slip)?);
        }
        Ok(())
    }

    /// Reads a user, or a user and a group; what is not given stays as it is.
    pub(super) fn account(&mut self, user: &mut Option<UserId>, group: &mut Option<GroupId>) -> Taken {
        let words = value::words(self.text, self.row.name)?;
        let (user_word, group_word) = match words.as_slice() {
            [] => (None, None),
            [user] => (Some(user), None),
            [user, group] => (Some(user), Some(group)),
            _ => return Err(Problem::ExtraArguments(self.row.name)),
        };
        if let Some(word) = group_word {
            *group = Some(self.group(word, None)?);
        }
        if let Some(word) = user_word {
            *user = Some(self.user(word, None)?);
        }
        Ok(())
    }

    fn user(&mut self, word: &[u8], slip: Option<OwnershipMistake>) -> Result<UserId, Problem> {
        self.accounts.user(word).ok_or_else(|| Problem::UnknownUser {
            word: word.to_vec(),
            slip: self.one_word(word).or(slip),
        })
    }

    fn group(&mut self, word: &[u8], slip: Option<OwnershipMistake>) -> Result<GroupId, Problem> {
        self.accounts.group(word).ok_or_else(|| Problem::UnknownGroup {
            word: word.to_vec(),
            slip: self.one_word(word).or(slip),
        })
    }

    /// Finds user and group in one word; a name may well have a dot in it, so that the part before that must be a user.
    fn one_word(&mut self, word: &[u8]) -> Option<OwnershipMistake> {
        let at = word.iter().rposition(|byte| matches!(byte, b':' | b'.'))?;
        let (user, group) = (&word[..at], &word[at + 1..]);
        let is_one = !group.is_empty() && !user.is_empty() && (word[at] == b':' || self.accounts.user(user).is_some());
        is_one.then(|| OwnershipMistake::OneWord {
            user: user.to_vec(),
            group: group.to_vec(),
        })
    }
}

/// Tells whether a word looks like a mode: users have no such names.
fn is_mode(word: &[u8]) -> bool {
    matches!(word.len(), 3 | 4) && value::mode(word).is_ok()
}

/// Makes a word of bytes.
pub(super) fn os_string(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}
