//! Files that go: through `preremove` and `shred`, where they are set; and archives of logs that are not rotated.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::files::Regular;
use super::hook::{self, Call};
use super::mail;
use super::work::LogSite;
use crate::event::{Doing, LogListener, Reason, Stay, What};
use crate::facts::{FileFacts, Kind};
use crate::fault::{Fault, Hook, Op, SysError};
use crate::naming::ArchiveNames;
use crate::observe;
use crate::plan::{Step, Subject, Where};
use crate::policy::MailWhich;
use crate::sys::call::Errno;
use crate::sys::create::set_aside;
use crate::sys::dir::{Access, Dir};
use crate::sys::process;
use crate::sys::writers::Look;
use crate::unix::FileId;

/// A file with more bytes of holes than this is not overwritten before it goes.
const LARGEST_HOLES: u64 = 64 << 20;

/// An archive that is to go though its log is not rotated, as it was when that was decided.
#[derive(Clone, Debug)]
pub struct Doomed {
    pub name: OsString,
    pub facts: FileFacts,
    pub reason: Reason,
    /// It was mailed already.
    pub is_sent: bool,
}

impl Doomed {
    /// Returns how it is mailed before it goes, if it is.
    pub(super) fn farewell(&self, site: &LogSite) -> Result<Option<Step>, Fault> {
        let policy = &site.stanza.policy;
        if self.is_sent || policy.mail.as_ref().is_none_or(|mail| mail.which == MailWhich::First) {
            return Ok(None);
        }
        let names = ArchiveNames::of(policy, &site.name)?;
        Ok(Some(Step::Mail {
            what: self.name.clone(),
            subject: Subject::Archive,
            uncompress: policy.compression.is_some() && names.is_compressed(&self.name),
        }))
    }

    /// Tells whether it would give no room back, which is all that it goes for: a program has it open.
    pub(super) fn is_kept_open(&self, site: &LogSite) -> bool {
        let is_for_room = matches!(self.reason, Reason::ShortOfRoom { .. });
        is_for_room
            && site
                .archive_dir
                .as_ref()
                .is_some_and(|dir| observe::is_open(dir, &self.name))
    }

    /// Returns what is said when it goes.
    pub(super) fn doing(&self, site: &LogSite) -> What {
        What::Step(Doing::Discard {
            path: site.archive_path_of(&self.name),
            reason: self.reason.clone(),
        })
    }
}

/// What became of an archive that was to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is not there any more.
    Gone,
    /// It stays, for a reason that is none of ours.
    Left(Stay),
    /// It could not be mailed.
    NotMailed(Fault),
    /// It could not be removed; whether it was mailed.
    NotRemoved { why: Fault, is_mailed: bool },
}

/// Removes an archive of a log that is not rotated: mailed, through `preremove` and `shred`, where the stanza says so. What has changed since
/// it was looked at, or is written to, stays.
pub(super) fn discard(site: &LogSite, doomed: &Doomed, listener: &LogListener<'_>) -> Removal {
    let stays = |why| Removal::NotRemoved { why, is_mailed: false };
    let now = match site.archive_dir().and_then(|dir| Ok(dir.look(&doomed.name)?)) {
        Ok(None) => return Removal::Gone,
        Ok(Some(now)) => now,
        Err(why) => return stays(why),
    };
    let likeness = |facts: &FileFacts| (facts.id, facts.kind, facts.size, facts.links);
    if likeness(&now) != likeness(&doomed.facts) {
        return Removal::Left(Stay::Changed);
    }
    if let Ok(opened) = site.open_regular(Where::Archive, &doomed.name, Access::Read, Op::Open) {
        if opened.is_held(None) {
            let by = Look::last().program(&opened.facts);
            return Removal::Left(Stay::Written { by });
        }
    }
    if doomed.is_kept_open(site) {
        return Removal::Left(Stay::Open);
    }
    let mail = match doomed.farewell(site) {
        Ok(mail) => mail,
        Err(fault) => return Removal::NotMailed(fault),
    };
    if let Some(Step::Mail {
        what,
        subject,
        uncompress,
    }) = &mail
    {
        listener.note(|| What::Step(site.mailing(what)));
        if let Err(fault) = mail::mail(site, what, *subject, *uncompress) {
            return Removal::NotMailed(fault);
        }
    }
    listener.note(|| doomed.doing(site));
    match remove_file(site, &doomed.name, Some(doomed.facts.id), listener) {
        Ok(()) => Removal::Gone,
        Err(why) => Removal::NotRemoved {
            why,
            is_mailed: mail.is_some(),
        },
    }
}

/// Removes an archive that a rotation does not keep, and tells how large it was where that is counted.
///
/// # Errors
/// See [`remove`].
pub(super) fn rotate_out(site: &LogSite, name: &OsStr, listener: &LogListener<'_>) -> Result<(), Fault> {
    let counted = listener.hears_notes();
    let before = if counted {
        site.archive_dir()?.look(name).ok().flatten()
    } else {
        None
    };
    remove(site, name, listener)?;
    if let Some(FileFacts { size: bytes, .. }) = before {
        listener.hear(What::Removed { bytes });
    }
    Ok(())
}

/// Removes an archive, or a plain file whose compressed twin is in place. One that is gone already is no error.
///
/// # Errors
/// `preremove` failed, or the file could not be removed: it stays.
pub(super) fn remove(site: &LogSite, name: &OsStr, listener: &LogListener<'_>) -> Result<(), Fault> {
    remove_file(site, name, None, listener)
}

/// Removes an archive as [`remove`] does. Where it is known which file it has to be, no other is overwritten, or removed: a mailer, or
/// `preremove`, may have taken minutes since that was known.
fn remove_file(site: &LogSite, name: &OsStr, wanted: Option<FileId>, listener: &LogListener<'_>) -> Result<(), Fault> {
    let dir = site.archive_dir()?;
    let path = site.archive_path_of(name);
    let is_wanted = |facts: &FileFacts| match wanted {
        Some(wanted) if wanted != facts.id => Err(SysError::new(Op::Remove, path.clone(), Errno::ESTALE as i32)),
        _ => Ok(()),
    };
    // What cannot be overwritten stays, and preremove does not hear of it.
    let is_link = || Ok::<_, Fault>(dir.look(name)?.is_some_and(|facts| facts.kind == Kind::Symlink));
    let doomed = match site.stanza.policy.shred {
        // A link is never followed: it only goes.
        Some(_) if is_link()? => None,
        Some(cycles) => {
            // The descriptor is what will be shredded, whatever has its name then.
            let Regular { file, facts } = site.open_regular(Where::Archive, name, Access::ReadWrite, Op::Open)?;
            is_wanted(&facts)?;
            // The program would fill the holes.
            let is_hollow = facts.size.saturating_sub(facts.allocated) > LARGEST_HOLES;
            Some((file, is_hollow, cycles))
        }
        None => None,
    };
    if let Some(mut call) = Call::for_log(&site.stanza, Hook::Remove, &path, None) {
        listener.hear(What::Script {
            hook: Hook::Remove,
            rehearsed: None,
        });
        call.args = vec![path.clone().into_os_string()];
        hook::run(&site.stanza, &call)?;
    }
    let Some((file, is_hollow, cycles)) = doomed else {
        if wanted.is_some() {
            dir.look(name)?.as_ref().map_or(Ok(()), is_wanted)?;
        }
        return unlink(site, dir, name, path, listener);
    };
    // Half overwritten it is no archive any more, and may not look like one if the run dies now.
    let aside = set_aside(dir, name, &file)?;
    let shredded = (!is_hollow).then(|| process::run_shred(&file, cycles, site.stranger()));
    if !matches!(&shredded, Some(Ok(done)) if done.end.is_ok()) {
        listener.hear(What::ShredFailed {
            path: path.clone(),
            said: shredded.and_then(Result::ok).map(|done| done.said).unwrap_or_default(),
        });
    }
    unlink(site, dir, &aside, path, listener)
}

/// Unlinks; a name that is gone already is only said.
pub(super) fn unlink(
    site: &LogSite,
    dir: &Dir,
    name: &OsStr,
    path: PathBuf,
    listener: &LogListener<'_>,
) -> Result<(), Fault> {
    let unlinked = match site.identity {
        None => site.stanza.choices.release.unlink(dir, name),
        // While the process has another identity no thread touches a file.
        Some(_) => dir.unlink(name),
    };
    match unlinked {
        Err(error) if error.is_absence() => {
            listener.hear(What::AlreadyGone(path));
            Ok(())
        }
        other => Ok(other?),
    }
}
