//! Archives by mail.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::work::LogWork;
use crate::facts::Kind;
use crate::fault::{ChildEnd, Fault, Op};
use crate::plan::Subject;
use crate::shown;
use crate::sys::dir::{Access, OpenError};
use crate::sys::identity;
use crate::sys::process::{self, Letter};

/// What comes of an archive for a letter, unpacked or out of its holes, is at most this: whoever writes a log decides what it is.
const MOST: u64 = 1 << 30;

/// Sends an archive, as whoever started the run.
///
/// # Errors
/// It could not be read, or a program failed: what should have been sent must stay.
pub(super) fn mail(work: &LogWork, what: &OsStr, subject: Subject, uncompress: bool) -> Result<(), Fault> {
    let (Some(mail), Some(dir)) = (&work.set.policy.mail, &work.archive_dir) else {
        return Ok(());
    };
    let path = work.archive_path_of(what);
    if dir.look(what)?.is_some_and(|facts| facts.kind == Kind::Symlink) {
        // It is never followed; it only goes.
        return Ok(());
    }
    let (file, facts) = match dir.open_plain(what, Access::Read, Op::OpenForMail) {
        Ok(opened) => opened,
        Err(OpenError::Call(error)) => return Err(error.into()),
        Err(OpenError::NotPlain) => {
            return Err(Fault::NotPlain {
                path,
                op: Op::OpenForMail,
            });
        }
    };
    if facts.links > 1 && !work.set.policy.allow_hardlink {
        return Err(Fault::NotPlain {
            path,
            op: Op::OpenForMail,
        });
    }
    let words = match subject {
        Subject::Archive => path.as_os_str(),
        Subject::Log => work.path.as_os_str(),
    };
    if facts.size.saturating_sub(facts.allocated) > MOST {
        let end = ChildEnd::TooMuch(MOST);
        return Err(Fault::Mail { path, end });
    }
    let subject = shown::bytes(words.as_bytes());
    let letter = Letter {
        subject: OsStr::new(&subject),
        address: &mail.address,
        text: &file,
        uncompress: uncompress.then_some((work.set.policy.uncompress_command.as_path(), MOST)),
    };
    let sent = identity::as_starter(|| process::run_mail(&work.set.choices.mail_program, &letter))?;
    let sent = sent.map_err(|error| Fault::CannotMail {
        path: path.clone(),
        stanza: work.set.declared_at.clone(),
        error: Box::new(error),
    })?;
    sent.map_err(|end| Fault::Mail { path, end })
}
