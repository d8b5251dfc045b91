//! What numbered and dated rotations share: the log's switch to the newest archive, and what comes after.

use std::ffi::{OsStr, OsString};

use super::{Entry, Look, Model, Question, Rotation, Step, Subject, Where};
use crate::fault::{Fault, SysError};
use crate::policy::{CompressWhen, Keep, MailWhich, Method, Policy};

/// Returns the name that `renamecopy` gives a log between its two steps.
#[must_use]
pub fn interim(log: &OsStr) -> OsString {
    let mut name = log.to_owned();
    name.push(".tmp");
    name
}

/// Returns the names that it gives instead where others are taken by logs that cannot be archived yet.
pub fn further_interims(log: &OsStr) -> impl Iterator<Item = OsString> {
    let first = interim(log);
    (1u64..).map(move |number| {
        let mut name = first.clone();
        name.push(format!(".{number}"));
        name
    })
}

/// Tells whether `renamecopy` gave a log this name.
#[must_use]
pub fn is_interim(name: &OsStr, log: &OsStr) -> bool {
    let first = interim(log);
    let rest = name.as_encoded_bytes().strip_prefix(first.as_encoded_bytes());
    rest.is_some_and(|rest| match rest.strip_prefix(b".") {
        Some(number) => number.first().is_some_and(|digit| *digit != b'0') && number.iter().all(u8::is_ascii_digit),
        None => rest.is_empty(),
    })
}

/// Tells whether rotations make no archive, so that what is named like one is not theirs: a copy would be made to be thrown away.
#[must_use]
pub fn makes_no_archive(policy: &Policy) -> bool {
    let is_copy = matches!(policy.method, Method::Copy | Method::CopyTruncate);
    is_copy && policy.retention.keep == Keep::Count(0) && policy.mail.is_none()
}

impl Question<'_> {
    /// The log itself stays where it is.
    pub(super) fn is_copy(&self) -> bool {
        matches!(self.policy.method, Method::Copy | Method::CopyTruncate)
    }

    /// The newest archive goes as soon as it is there.
    pub(super) fn keeps_nothing(&self) -> bool {
        self.policy.retention.keep == Keep::Count(0) && !self.is_copy()
    }

    /// Nothing is kept and nobody gets it by mail: a copy would be made to be thrown away.
    pub(super) fn skips_copy(&self) -> bool {
        makes_no_archive(self.policy)
    }

    /// Makes the log the newest archive.
    pub(super) fn switch(&self, archive: &OsStr) -> Vec<Step> {
        let log = || Entry::log(self.log);
        let copy = || archive.to_owned();
        let renamed = |to: Entry| {
            let step = Step::Rename {
                from: log(),
                to: to.clone(),
            };
            [step].into_iter().chain(self.successor(to)).collect()
        };
        match &self.policy.method {
            Method::Rename { .. } => renamed(Entry::archive(archive)),
            Method::RenameThenCopy { .. } => renamed(Entry::log(self.interim)),
            Method::Copy if self.skips_copy() => vec![Step::SkipCopy { to: copy() }],
            Method::Copy => vec![Step::Copy {
                from: log(),
                to: copy(),
            }],
            Method::CopyTruncate if self.skips_copy() => {
                vec![Step::SkipCopy { to: copy() }, Step::CopyTruncate { to: None }]
            }
            Method::CopyTruncate => vec![Step::CopyTruncate { to: Some(copy()) }],
        }
    }

    /// Makes the log anew, where the method does that; the old one is at `old` by then.
    fn successor(&self, old: Entry) -> Option<Step> {
        let ownership = match self.policy.method {
            Method::Rename { successor } | Method::RenameThenCopy { successor } => successor?,
            Method::Copy | Method::CopyTruncate => return None,
        };
        Some(Step::Create { ownership, old })
    }

    /// What follows postrotate: `renamecopy`'s copy, compression, mail of the new archive, and what falls off.
    pub(super) fn finish(&self, archive: &OsStr, falls_off: impl IntoIterator<Item = OsString>) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Method::RenameThenCopy { .. } = self.policy.method {
            let tmp = Entry::log(self.interim);
            steps.push(Step::Copy {
                from: tmp.clone(),
                to: archive.to_owned(),
            });
            steps.push(Step::Remove {
                what: tmp,
                is_archive: false,
            });
        }
        if !self.skips_copy() {
            let newest = self.newest(archive);
            let compressed = newest != archive;
            if compressed {
                steps.push(Step::Compress {
                    from: archive.to_owned(),
                    to: newest.clone(),
                    model: Model::LogBefore,
                });
            }
            if self.mails(MailWhich::First) {
                let subject = if compressed { Subject::Log } else { Subject::Archive };
                steps.push(Step::Mail {
                    what: newest,
                    subject,
                    uncompress: compressed,
                });
            }
        }
        for name in falls_off {
            if self.mails(MailWhich::Last) {
                steps.push(self.mail_of(&name));
            }
            steps.push(Self::removal(name));
        }
        steps
    }

    /// The newest archive's name when the rotation is over.
    pub(super) fn newest(&self, archive: &OsStr) -> OsString {
        match &self.policy.compression {
            Some(compression) if compression.when == CompressWhen::Now => self.names.compressed(archive),
            _ => archive.to_owned(),
        }
    }

    /// Archives are compressed at the rotation after the one that makes them.
    pub(super) fn is_delayed(&self) -> bool {
        let compression = self.policy.compression.as_ref();
        compression.is_some_and(|how| how.when == CompressWhen::NextTime)
    }

    pub(super) fn mails(&self, which: MailWhich) -> bool {
        self.policy.mail.as_ref().is_some_and(|mail| mail.which == which)
    }

    fn mail_of(&self, name: &OsStr) -> Step {
        let uncompress = self.policy.compression.is_some() && self.names.is_compressed(name);
        Step::Mail {
            what: name.to_owned(),
            subject: Subject::Archive,
            uncompress,
        }
    }

    /// What is done with an archive that goes before the log is touched: under `mailfirst`, too, it is sent.
    pub(super) fn dispose(&self, name: OsString, steps: &mut Vec<Step>) {
        if self.policy.mail.is_some() {
            steps.push(self.mail_of(&name));
        }
        steps.push(Self::removal(name));
    }

    /// What is done with an archive that waited for a mailer for too long.
    pub(super) fn dispose_unsent(&self, name: OsString, steps: &mut Vec<Step>) {
        steps.push(Step::GiveUpMail { what: name.clone() });
        steps.push(Self::removal(name));
    }
}

/// Plans what is left of a rotation that a dead run had brought past the switch: a log that is missing is made, then all that follows
/// postrotate and is still to be done. `has_interim` says whether `renamecopy`'s interim file is there, in the log's own directory.
///
/// # Errors
/// The directory could not be asked.
pub fn resume(
    question: &Question<'_>,
    archive: &OsStr,
    has_interim: bool,
    look: &mut dyn Look,
) -> Result<Rotation, Fault> {
    let falls_off = question.keeps_nothing().then(|| question.newest(archive));
    let has_interim = has_interim && matches!(question.policy.method, Method::RenameThenCopy { .. });
    let mut finish = Vec::new();
    let mut coming = Vec::new();
    for step in question.finish(archive, falls_off) {
        // A step is open where its file is there still, or will be when the steps before it are done.
        let mut there = |name: &OsString| Ok::<_, SysError>(coming.contains(name) || look.has(name)?);
        let is_open = match &step {
            Step::Compress { from, .. } => there(from)?,
            Step::Copy { .. } => has_interim,
            Step::Remove { what, .. } if what.place == Where::Log => has_interim,
            Step::Remove { what, .. } => there(&what.name)?,
            Step::Mail { what, .. } => there(what)?,
            _ => true,
        };
        if is_open {
            if let Step::Compress { to, .. } | Step::Copy { to, .. } = &step {
                coming.push(to.clone());
            }
            finish.push(step);
        }
    }
    let old = match has_interim {
        true => Entry::log(question.interim),
        false => Entry::archive(archive),
    };
    let switch = question.successor(old).into_iter().collect();
    Ok(Rotation {
        prepare: Vec::new(),
        stop: None,
        switch,
        finish,
        archive: archive.to_owned(),
        left_plain: Vec::new(),
        passed_by: Vec::new(),
        unsent: Vec::new(),
    })
}
