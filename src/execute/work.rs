//! What the steps of one log's rotation are carried out on: held directories, the policy, the run's choices.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::engine::{self, BuiltIn};
use crate::clock::Stamp;
use crate::diag::Place;
use crate::event::{Doing, Listener, LogListener, What};
use crate::facts::FileFacts;
use crate::fault::SysError;
use crate::plan::{Spot, Step, Where};
use crate::policy::{Compression, Ownership, Policy, Su};
use crate::sys::dir::Dir;
use crate::sys::identity;
use crate::sys::process::{Patience, Stranger};
use crate::sys::release::Release;
use crate::sys::truncate::Cut;
use crate::unix::{Identity, Mode};

/// What holds for the whole run.
#[derive(Debug)]
pub struct Choices {
    /// The program that sends mail (`-m`).
    pub mail_program: PathBuf,
    /// Compression is always left to the program named (`--external-compress`).
    pub external_compress: bool,
    /// The run's date, for the names of what is moved aside.
    pub now: Stamp,
    /// Who watches long compressions.
    pub watcher: Arc<dyn Listener>,
    /// Removes files, whichever log they are of: its thread gives back the room of many.
    pub release: Release,
    /// What programs with other users' rights may take of the run's time.
    pub patience: Patience,
}

impl Choices {
    /// Returns the compressor that stands in for a stanza's program, where none has to be run.
    #[must_use]
    pub fn built_in(&self, how: &Compression) -> Option<BuiltIn> {
        if self.external_compress {
            return None;
        }
        engine::recognise(&how.command, &how.options)
    }

    /// Answers whether programs with another's rights are run for a stanza. While they are waited for nothing else goes on.
    #[must_use]
    pub fn waits_for_strangers(&self, policy: &Policy) -> bool {
        let other = match policy.su {
            None => false,
            Some(Su::Named(wanted)) => wanted != identity::starter(),
            Some(Su::DirectoryOwner) => true,
        };
        let runs = |how: &Compression| self.built_in(how).is_none();
        other && (policy.shred.is_some() || policy.compression.as_ref().is_some_and(runs))
    }
}

/// What holds for a stanza.
#[derive(Debug)]
pub struct SetWork {
    /// Its policy.
    pub policy: Arc<Policy>,
    /// Its path list as written.
    pub written: Arc<[u8]>,
    /// Where that list begins.
    pub declared_at: Place,
    /// What holds for the whole run.
    pub choices: Arc<Choices>,
    /// Why its compressor could not be started: that is tried once a run.
    pub no_compressor: OnceLock<SysError>,
}

/// One log, and where its archives are.
#[derive(Debug)]
pub struct LogWork {
    /// Its stanza.
    pub set: Arc<SetWork>,
    /// Whose rights its file work is done with, where they are not the run's own.
    pub identity: Option<Identity>,
    /// The log's path as configured.
    pub path: Arc<Path>,
    /// Its directory.
    pub log_dir: Arc<Dir>,
    /// Its name in that directory.
    pub name: OsString,
    /// The archives' directory; `None` only in a dry run that would make it.
    pub archive_dir: Option<Arc<Dir>>,
    /// The archives' directory as it is written in paths.
    pub archive_path: PathBuf,
    /// The log as it was before the run.
    pub before: FileFacts,
    /// The newest archive's name, before compression.
    pub archive: OsString,
    /// How the log was cut, where a program that had it open may go on writing where it was.
    pub cut: OnceLock<Cut>,
    /// When it became its archive: until then programs may have opened it for writing.
    pub switched: OnceLock<Instant>,
}

impl LogWork {
    /// Returns whose rights programs that work on its files are run with, where they are not those of whoever started the run.
    pub(super) fn stranger(&self) -> Option<Stranger<'_>> {
        let identity = self.identity.filter(|wanted| *wanted != identity::starter())?;
        Some(Stranger {
            identity,
            patience: &self.set.choices.patience,
        })
    }

    /// Returns the path of a name, as scripts and messages have it.
    #[must_use]
    pub fn path_of(&self, spot: &Spot) -> PathBuf {
        match spot.place {
            Where::Log => self.log_path_of(&spot.name),
            Where::Archive => self.archive_path_of(&spot.name),
        }
    }

    /// Returns the path of a name in the archives' directory.
    #[must_use]
    pub fn archive_path_of(&self, name: &OsStr) -> PathBuf {
        join(&self.archive_path, name)
    }

    /// Returns the path of what a step takes away, compressed or copied.
    #[must_use]
    pub fn source_of(&self, step: &Step) -> Option<PathBuf> {
        match step {
            Step::Compress { from, .. } => Some(self.archive_path_of(from)),
            Step::Copy { from, .. } => Some(self.path_of(from)),
            _ => None,
        }
    }

    fn log_path_of(&self, name: &OsStr) -> PathBuf {
        let mut path = self.path.to_path_buf();
        if name == self.name {
            return path;
        }
        path.set_file_name(name);
        path
    }

    /// Says what a step does, as it is begun or would be.
    pub fn announce(&self, step: &Step, listener: &LogListener<'_>) {
        if !listener.hears_notes() {
            return;
        }
        let say = |doing| listener.hear(What::Step(doing));
        match step {
            Step::Compress { from, .. } => say(self.compressing(from)),
            Step::Rename { from, to } => say(Doing::Rename {
                from: self.path_of(from),
                to: self.path_of(to),
            }),
            Step::CopyTruncate { to } => {
                if let Some(to) = to {
                    say(Doing::Copy {
                        from: self.path.to_path_buf(),
                        to: self.archive_path_of(to),
                    });
                }
                say(Doing::Truncate);
            }
            Step::Copy { from, to } => {
                say(Doing::Copy {
                    from: self.path_of(from),
                    to: self.archive_path_of(to),
                });
                if from.place == Where::Log && from.name == self.name {
                    say(Doing::LeaveUncut);
                }
            }
            Step::SkipCopy { to } => say(Doing::SkipCopy(self.archive_path_of(to))),
            Step::Create(ownership) => say(self.creating(ownership)),
            Step::Mail { what, .. } => {
                let address = self
                    .set
                    .policy
                    .mail
                    .as_ref()
                    .map(|mail| mail.address.clone())
                    .unwrap_or_default();
                say(Doing::Mail {
                    path: self.archive_path_of(what),
                    address,
                });
            }
            Step::MoveAside(what) => say(Doing::MoveAside(self.path_of(what))),
            Step::GiveUpMail { what } => say(Doing::GiveUpMail(self.archive_path_of(what))),
            Step::Remove { what, is_archive: true } => say(Doing::Remove(self.path_of(what))),
            Step::Remove {
                what,
                is_archive: false,
            } => say(Doing::RemoveInterim(self.path_of(what))),
        }
    }

    fn compressing(&self, from: &OsStr) -> Doing {
        let with = self
            .set
            .policy
            .compression
            .as_ref()
            .map(|how| how.command.clone())
            .unwrap_or_default();
        Doing::Compress {
            with,
            path: self.archive_path_of(from),
        }
    }

    fn creating(&self, ownership: &Ownership) -> Doing {
        Doing::Create {
            mode: ownership.mode.unwrap_or(Mode(self.before.mode.0 & 0o777)),
            user: ownership.user.unwrap_or(self.before.user),
            group: ownership.group.unwrap_or(self.before.group),
        }
    }
}

fn join(directory: &Path, name: &OsStr) -> PathBuf {
    if directory == Path::new(".") {
        PathBuf::from(name)
    } else {
        directory.join(name)
    }
}
