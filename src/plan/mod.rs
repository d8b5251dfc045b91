//! What a rotation of one log consists of: decided as data, before anything is touched.
//!
//! The steps are carried out by `execute`, or only announced by its rehearsal. Numbered and dated archives have a module each;
//! what both share (the switch, what follows it) is in `switch`.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use crate::clock::Now;
use crate::facts::FileTime;
use crate::fault::{Fault, SysError};
use crate::naming::ArchiveNames;
use crate::policy::{Keep, MailWhich, NamingStyle, Ownership, Policy};

mod dated;
mod mail;
mod numbered;
mod slots;
mod switch;

pub use mail::send_again;
pub use switch::{further_interims, interim, is_interim, makes_no_archive, resume};

/// What may be asked of the archives' directory while a plan is made.
pub trait Look {
    /// Answers whether the name is taken.
    fn has(&mut self, name: &OsStr) -> Result<bool, SysError>;
    /// Returns when the file was last changed; `None` where it is not there.
    fn modified(&mut self, name: &OsStr) -> Result<Option<FileTime>, SysError>;
    /// Returns all names that begin so, in the order of their bytes.
    fn starting_with(&mut self, prefix: &[u8]) -> Result<Vec<OsString>, SysError>;
    /// Answers whether the name is a file's, or a symbolic link's, which is treated as one.
    fn is_file(&mut self, name: &OsStr) -> Result<bool, SysError>;
    /// Answers whether something else has the name.
    fn is_other(&mut self, name: &OsStr) -> Result<bool, SysError> {
        Ok(self.has(name)? && !self.is_file(name)?)
    }
    /// Answers whether an archive that should go could not be mailed or removed: it stays, whatever the count says.
    fn is_kept(&mut self, name: &OsStr) -> bool;
    /// Answers whether an archive that should go could not be mailed.
    fn is_unsent(&mut self, name: &OsStr) -> bool;
    /// Returns the archives that were sent already, and could not be removed then.
    fn sent(&mut self) -> Vec<OsString>;
    /// Returns those of the names that begin so which could not be renamed.
    fn fixed(&mut self, prefix: &[u8]) -> Vec<OsString>;
    /// Answers whether an attribute keeps an archive from being renamed. It is asked only of those that could not be renamed before.
    fn is_fixed(&mut self, name: &OsStr) -> bool;
    /// Answers whether an archive stays plain for now though it is to be compressed. A plan that is only rehearsed asks who writes to
    /// it; one that is carried out is told by its first step that meets such a file, and made again: nobody is asked for each of ten
    /// thousand.
    fn stays_plain(&mut self, name: &OsStr) -> Option<StaysPlain>;
    /// Answers whether asking for a few names is cheaper than for all: the directory keeps changing.
    fn prefers_names(&self) -> bool {
        false
    }
}

/// Why an archive stays plain for now: it moves up with its brothers, and its compression is tried again at the next rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaysPlain {
    /// A program still writes to it. It does not go, either, and is tried once more behind all other work.
    Written,
    /// Compressed it would take more room than it does: it has large holes.
    NotSmaller,
    /// It cannot be compressed, or is a symbolic link, which never is.
    NotCompressed,
}

/// Which of a log's two directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// The log's own.
    Log,
    /// The archives' (the same, without `olddir`).
    Archive,
}

/// A name in one of the two directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub place: Where,
    pub name: OsString,
}

impl Entry {
    /// Makes one in the log's own directory.
    pub fn log(name: impl Into<OsString>) -> Self {
        Self {
            place: Where::Log,
            name: name.into(),
        }
    }

    fn archive(name: impl Into<OsString>) -> Self {
        Self {
            place: Where::Archive,
            name: name.into(),
        }
    }
}

/// Whose times a compressed file gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// The log's, as they were before the run.
    LogBefore,
    /// The compressed archive's own.
    Itself,
}

/// One step of a rotation. Each is atomic, or holds one descriptor open for as long as it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Compresses an archive and removes the plain one.
    Compress {
        /// The plain archive.
        from: OsString,
        /// Its compressed name.
        to: OsString,
        /// Whose times it gets.
        model: Model,
    },
    /// Renames, replacing nothing.
    Rename {
        from: Entry,
        to: Entry,
    },
    /// Copies the log and cuts it off.
    CopyTruncate {
        /// The copy; `None` where only the cut is wanted.
        to: Option<OsString>,
    },
    Copy {
        from: Entry,
        to: OsString,
    },
    /// Says that nothing is copied, since nothing would be kept.
    SkipCopy {
        to: OsString,
    },
    /// Makes the log anew.
    Create {
        ownership: Ownership,
        /// What the old one was renamed to, which it may be modelled on.
        old: Entry,
    },
    /// Moves aside what is no file and in the way of archives.
    MoveAside(Entry),
    /// Says that an archive goes though it could not be sent: too many wait for that.
    GiveUpMail {
        what: OsString,
    },
    Mail {
        what: OsString,
        subject: Subject,
        /// It is compressed, and is sent uncompressed.
        uncompress: bool,
    },
    /// Removes a file (an archive through `preremove` and `shred`, where they are set).
    Remove {
        what: Entry,
        /// It is an archive, not the temporary log of `renamecopy`.
        is_archive: bool,
    },
}

impl Step {
    /// Returns the archive that the step sends or removes.
    #[must_use]
    pub fn farewell(&self) -> Option<&OsStr> {
        match self {
            Self::Mail { what, .. } => Some(what),
            Self::Remove { what, .. } => Some(&what.name),
            _ => None,
        }
    }

    /// Returns the archive that is there for as long as the step is not done.
    #[must_use]
    pub fn leaves(&self) -> Option<&OsStr> {
        match self {
            Self::Compress { from, .. } => Some(from),
            Self::Remove { what, is_archive: true } => Some(&what.name),
            _ => None,
        }
    }
}

/// The subject of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Archive,
    Log,
}

/// What one log's rotation consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Rotation {
    /// Before the log is touched: put-off compression, what has to go, the shift.
    pub prepare: Vec<Step>,
    /// Why it stops after that, if it does.
    pub stop: Option<Fault>,
    /// The log becomes the newest archive.
    pub switch: Vec<Step>,
    /// After postrotate.
    pub finish: Vec<Step>,
    /// The newest archive's name, before compression (`$2` of postrotate).
    pub archive: OsString,
    /// Older archives that stay plain for now, and those above the count that should go and cannot: by the names that they will have. What
    /// `finish` is to remove of them is there until that is done, and so it is known.
    pub left_plain: Vec<OsString>,
    /// Archives that keep their numbers while the others pass them by.
    pub passed_by: Vec<OsString>,
    /// Archives that could not be sent when they were new: by the names that they will have.
    pub unsent: Vec<OsString>,
}

/// What a dead run had begun with this log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    #[default]
    Clean,
    /// A rotation that had not yet touched the log: its shift may be half done, so a gap in the numbers is its work.
    Shifting,
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub policy: &'a Policy,
    pub log: &'a OsStr,
    /// The name that `renamecopy` gives it between its two steps.
    pub interim: &'a OsStr,
    pub names: &'a ArchiveNames,
    pub now: &'a Now,
    /// What a dead run left.
    pub before: Before,
    /// The archives that earlier rotations left plain, or above the count.
    pub left_plain: &'a BTreeSet<OsString>,
    /// The archives that could not be renamed once: the others have passed them by.
    pub passed_by: &'a BTreeSet<OsString>,
    /// The archives that `mailfirst` could not send when they were new, nor a moment ago.
    pub unsent: &'a BTreeSet<OsString>,
}

/// Plans the rotation of one log that is due.
///
/// # Errors
/// The directory could not be asked, or the names cannot be made.
pub fn plan(question: &Question<'_>, look: &mut dyn Look) -> Result<Rotation, Fault> {
    let mut rotation = match question.policy.naming.style {
        NamingStyle::Numbered => numbered::plan(question, look)?,
        NamingStyle::Dated { .. } => dated::plan(question, look)?,
    };
    clear_the_way(question, look, &mut rotation)?;
    mail::remember(question, look, &mut rotation);
    Ok(rotation)
}

/// Moves aside what is in the way of the rotation's names and is no archive: a directory, a pipe, a socket, a device.
fn clear_the_way(question: &Question<'_>, look: &mut dyn Look, rotation: &mut Rotation) -> Result<(), SysError> {
    let renamed = rotation.prepare.iter().filter_map(|step| match step {
        Step::Rename { to, .. } => Some(to.name.clone()),
        _ => None,
    });
    let newest = [rotation.archive.clone(), question.newest(&rotation.archive)];
    let names: BTreeSet<OsString> = renamed.chain(newest).collect();
    let mut steps = Vec::new();
    for name in names {
        let is_fixed = look.fixed(name.as_encoded_bytes()).contains(&name);
        if look.is_other(&name)? && !is_fixed {
            steps.push(Step::MoveAside(Entry::archive(name)));
        }
    }
    rotation.prepare.splice(0..0, steps);
    Ok(())
}

/// Archives wait for a mailer at least up to this number, whatever `rotate` says.
const LEAST_WAITING: usize = 7;

impl Question<'_> {
    /// The name by which archives are counted: with the compress suffix, if there is compression.
    fn kept(&self, plain: &OsStr) -> OsString {
        if self.policy.compression.is_some() {
            self.names.compressed(plain)
        } else {
            plain.to_owned()
        }
    }

    fn is_too_old(&self, look: &mut dyn Look, name: &OsStr) -> Result<bool, SysError> {
        let limit = i64::from(self.policy.retention.max_age);
        if limit == 0 {
            return Ok(false);
        }
        let modified = look.modified(name)?;
        Ok(modified.is_some_and(|time| time.days_until(self.now.epoch) > limit))
    }

    /// Tells whether an archive is too young to go because of its number (`minretain`). Where nothing is kept, nothing is kept for a time
    /// either.
    fn is_too_young(&self, look: &mut dyn Look, name: &OsStr) -> Result<bool, SysError> {
        let retention = &self.policy.retention;
        let Some(days) = retention.min_age.filter(|_| retention.keep != Keep::Count(0)) else {
            return Ok(false);
        };
        let modified = look.modified(name)?;
        Ok(modified.is_some_and(|time| time.is_younger(days, self.now.epoch)))
    }

    /// Returns those of archives that wait to be mailed which go unsent: the oldest, where more wait than are kept. One that `falls_off`
    /// now will wait with them: the mailer has refused all of those in this very run.
    fn going_unsent(
        &self,
        look: &mut dyn Look,
        waiting: &[OsString],
        falls_off: bool,
    ) -> Result<BTreeSet<OsString>, SysError> {
        let comes = falls_off && self.mails(MailWhich::Last);
        let most = match self.policy.retention.keep {
            Keep::All => return Ok(BTreeSet::new()),
            Keep::Count(count) => usize::try_from(count).unwrap_or(usize::MAX).max(LEAST_WAITING),
        };
        let mut unsent = Vec::new();
        for name in waiting
            .iter()
            .filter(|name| look.is_unsent(name))
            .cloned()
            .collect::<Vec<_>>()
        {
            unsent.push((look.modified(&name)?, name));
        }
        unsent.sort_unstable();
        let going = (unsent.len() + usize::from(comes))
            .saturating_sub(most)
            .min(unsent.len());
        Ok(unsent.into_iter().take(going).map(|(_, name)| name).collect())
    }

    /// Compresses an archive that an earlier rotation left plain.
    fn compression(&self, plain: &OsStr) -> Step {
        Step::Compress {
            from: plain.to_owned(),
            to: self.names.compressed(plain),
            model: Model::Itself,
        }
    }

    fn removal(name: OsString) -> Step {
        Step::Remove {
            what: Entry::archive(name),
            is_archive: true,
        }
    }
}

#[cfg(test)]
mod tests;
