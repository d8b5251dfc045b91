//! What steps are carried out on: where a log lives, the policy and the run's choices with it, and this rotation of it.
//!
//! What needs a [`LogSite`] alone can be done to an archive of a log that is not rotated.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::engine::{self, BuiltIn};
use crate::budget::Lack;
use crate::clock::Stamp;
use crate::diag::Place;
use crate::event::{Doing, Listener, LogListener, Reason, What};
use crate::facts::FileFacts;
use crate::fault::{Fault, SysError};
use crate::plan::{Step, Where};
use crate::policy::{Compression, Ownership, Policy, Su};
use crate::sys::dir::Dir;
use crate::sys::identity;
use crate::sys::process::{Patience, Stranger};
use crate::sys::release::Release;
use crate::sys::truncate::Cut;
use crate::unix::{GroupId, Identity, Mode, UserId};

/// What holds for the whole run.
#[derive(Debug)]
pub struct Choices {
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
pub struct StanzaWork {
    pub policy: Arc<Policy>,
    /// Its path list as written.
    pub written: Arc<[u8]>,
    /// Where that list begins.
    pub declared_at: Place,
    pub choices: Arc<Choices>,
    /// Why its compressor could not be started: that is tried once a run.
    pub no_compressor: OnceLock<SysError>,
}

/// Where a log and its archives live.
#[derive(Debug)]
pub struct LogSite {
    pub stanza: Arc<StanzaWork>,
    /// Whose rights its file work is done with, where they are not the run's own.
    pub identity: Option<Identity>,
    /// The log's path as configured.
    pub path: Arc<Path>,
    pub log_dir: Arc<Dir>,
    pub name: OsString,
    /// The archives' directory; `None` only in a dry run that would make it.
    pub archive_dir: Option<Arc<Dir>>,
    /// The archives' directory as it is written in paths.
    pub archive_path: PathBuf,
}

/// This rotation of a log.
#[derive(Debug)]
pub struct Turn {
    /// Where the log lives.
    pub site: LogSite,
    /// The log as it was before the run.
    pub before: FileFacts,
    /// The newest archive's name, before compression.
    pub archive: OsString,
    /// How the log was cut, where a program that had it open may go on writing where it was.
    pub cut: OnceLock<Cut>,
    /// When it became its archive: until then programs may have opened it for writing.
    pub switched: OnceLock<Instant>,
}

impl LogSite {
    /// Returns whose rights programs that work on its files are run with, where they are not those of whoever started the run.
    pub(super) fn stranger(&self) -> Option<Stranger<'_>> {
        let identity = self.identity.filter(|wanted| *wanted != identity::starter())?;
        Some(Stranger {
            identity,
            patience: &self.stanza.choices.patience,
        })
    }

    /// Tells which room a step lacked that failed so, where room is made for it: what is made of that file goes to the archives.
    #[must_use]
    pub fn lack(&self, step: &Step, fault: &Fault) -> Option<Lack> {
        let full = fault.lacks_room()?;
        self.stanza.policy.budgets.min_free.as_ref()?;
        let (dir, name) = match step {
            Step::Compress { from, .. } => (self.archive_dir.as_deref()?, from),
            Step::Copy { from, .. } => (self.dir(from.place).ok()?, &from.name),
            Step::CopyTruncate { to: Some(_) } => (&*self.log_dir, &self.name),
            _ => return None,
        };
        Some(Lack {
            device: self.archive_dir.as_ref()?.facts().ok()?.id.device,
            bytes: dir.look(name).ok()??.allocated,
            full,
        })
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

    /// Returns what is said of a letter.
    pub(super) fn mailing(&self, what: &OsStr) -> Doing {
        let mail = self.stanza.policy.mail.as_ref();
        Doing::Mail {
            path: self.archive_path_of(what),
            address: mail.map(|mail| mail.address.clone()).unwrap_or_default(),
        }
    }

    /// Returns what is said of a compression.
    pub(super) fn compressing(&self, from: &OsStr, before_its_time: Option<&Reason>) -> Doing {
        let how = self.stanza.policy.compression.as_ref();
        Doing::Compress {
            with: how.map(|how| how.command.clone()).unwrap_or_default(),
            path: self.archive_path_of(from),
            before_its_time: before_its_time.cloned(),
        }
    }
}

impl Turn {
    /// Begins a rotation of a log that was like this before, and is to become this archive.
    #[must_use]
    pub fn new(site: LogSite, before: FileFacts, archive: OsString) -> Self {
        Self {
            site,
            before,
            archive,
            cut: OnceLock::new(),
            switched: OnceLock::new(),
        }
    }

    /// Says what a step does, as it is begun or would be.
    pub fn announce(&self, step: &Step, listener: &LogListener<'_>) {
        if !listener.hears_notes() {
            return;
        }
        let site = &self.site;
        let say = |doing| listener.hear(What::Step(doing));
        match step {
            Step::Compress { from, .. } => say(site.compressing(from, None)),
            Step::Rename { from, to } => say(Doing::Rename {
                from: site.path_of(from),
                to: site.path_of(to),
            }),
            Step::CopyTruncate { to } => {
                if let Some(to) = to {
                    say(Doing::Copy {
                        from: site.path.to_path_buf(),
                        to: site.archive_path_of(to),
                    });
                }
                say(Doing::Truncate);
            }
            Step::Copy { from, to } => {
                say(Doing::Copy {
                    from: site.path_of(from),
                    to: site.archive_path_of(to),
                });
                if from.place == Where::Log && from.name == site.name {
                    say(Doing::LeaveUncut);
                }
            }
            Step::SkipCopy { to } => say(Doing::SkipCopy(site.archive_path_of(to))),
            Step::Create { ownership, .. } => say(self.creating(ownership)),
            Step::Mail { what, .. } => say(site.mailing(what)),
            Step::MoveAside(what) => say(Doing::MoveAside(site.path_of(what))),
            Step::GiveUpMail { what } => say(Doing::GiveUpMail(site.archive_path_of(what))),
            Step::Remove { what, is_archive: true } => say(Doing::Remove(site.path_of(what))),
            Step::Remove {
                what,
                is_archive: false,
            } => say(Doing::RemoveInterim(site.path_of(what))),
        }
    }

    fn creating(&self, ownership: &Ownership) -> Doing {
        let (mode, user, group) = self.owned(ownership);
        Doing::Create { mode, user, group }
    }

    /// Returns what the new log gets: as the old one where nothing else is said.
    pub(super) fn owned(&self, ownership: &Ownership) -> (Mode, UserId, GroupId) {
        let mode = ownership.mode.unwrap_or(Mode(self.before.mode.0 & 0o777));
        let user = ownership.user.unwrap_or(self.before.user);
        (mode, user, ownership.group.unwrap_or(self.before.group))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::num::NonZero;

    use super::*;
    use crate::clock::Now;
    use crate::execute::compress::{self, Outcome, ToCompress};
    use crate::execute::{mail, remove};
    use crate::plan::Subject;
    use crate::policy::settings::Settings;
    use crate::sys::release::Help;
    use crate::sys::walk;

    #[derive(Debug)]
    struct Nobody;

    impl Listener for Nobody {
        fn hear(&self, _event: crate::event::Event) {}
    }

    /// Says that a log of this path lives in a directory, beside its archives.
    pub(in crate::execute) fn site(path: &Path, directory: &Path, policy: Policy) -> LogSite {
        let dir = Arc::new(walk::open_directory(directory, path).unwrap());
        let choices = Choices {
            mail_program: "true".into(),
            external_compress: false,
            now: Now::read().local,
            watcher: Arc::new(Nobody),
            release: Release::new(Help::Never),
            patience: Patience::default(),
        };
        let stanza = StanzaWork {
            policy: policy.into(),
            written: Arc::from(&b""[..]),
            declared_at: Place {
                file: Path::new("conf").into(),
                line: 1,
                column: 1,
                length: 0,
            },
            choices: Arc::new(choices),
            no_compressor: OnceLock::new(),
        };
        LogSite {
            stanza: Arc::new(stanza),
            identity: None,
            path: path.into(),
            log_dir: Arc::clone(&dir),
            name: "a.log".into(),
            archive_dir: Some(dir),
            archive_path: directory.into(),
        }
    }

    #[test]
    fn an_archive_of_a_log_that_is_not_rotated_can_be_compressed_mailed_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let settings = Settings {
            compress: true,
            mail: Some("root".into()),
            ..Settings::default()
        };
        let site = site(&home.path().join("a.log"), home.path(), settings.policy());
        let names = || site.log_dir.names().unwrap();
        std::fs::write(home.path().join("a.log.1"), "a line\n").unwrap();

        let wanted = ToCompress {
            from: OsStr::new("a.log.1"),
            to: OsStr::new("a.log.1.gz"),
            times_of: None,
            switched: None,
            is_newest: false,
            before_its_time: None,
        };
        let listener = LogListener::new(&site.path, &Nobody);
        match compress::begin(&site, wanted, NonZero::<usize>::MIN, &listener).unwrap() {
            Outcome::Halfway(half) => assert!(compress::complete(&site, *half, &listener).unwrap()),
            other => panic!("{other:?}"),
        }
        assert_eq!(names(), ["a.log.1.gz"]);
        mail::mail(&site, wanted.to, Subject::Archive, false).unwrap();
        remove::remove(&site, wanted.to, &listener).unwrap();
        assert!(names().is_empty());
    }
}
