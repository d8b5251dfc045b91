//! Archives by mail.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::files::Regular;
use super::work::LogSite;
use crate::facts::Kind;
use crate::fault::{ChildEnd, Fault, Op};
use crate::plan::{Subject, Where};
use crate::shown;
use crate::state::record::Noted;
use crate::sys::dir::Access;
use crate::sys::identity;
use crate::sys::process::{self, Letter};

/// What comes of an archive for a letter, unpacked or out of its holes, is at most this: whoever writes a log decides what it is.
const MOST: u64 = 1 << 30;

impl LogSite {
    /// Returns what is to be noted of an archive that was sent and stays.
    #[must_use]
    pub fn noted_as_sent(&self, name: &OsStr) -> Option<Noted> {
        let facts = self.archive_dir.as_ref()?.look(name).ok()??;
        Some(Noted::Sent(facts.id))
    }
}

/// Sends an archive, as whoever started the run.
///
/// # Errors
/// It could not be read, or a program failed: what should have been sent must stay.
pub(super) fn mail(site: &LogSite, what: &OsStr, subject: Subject, uncompress: bool) -> Result<(), Fault> {
    let (Some(mail), Some(dir)) = (&site.stanza.policy.mail, &site.archive_dir) else {
        return Ok(());
    };
    let path = site.archive_path_of(what);
    if dir.look(what)?.is_some_and(|facts| facts.kind == Kind::Symlink) {
        // It is never followed; it only goes.
        return Ok(());
    }
    let Regular { file, facts } = site.open_regular(Where::Archive, what, Access::Read, Op::OpenForMail)?;
    let words = match subject {
        Subject::Archive => path.as_os_str(),
        Subject::Log => site.path.as_os_str(),
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
        uncompress: uncompress.then_some((site.stanza.policy.uncompress_command.as_path(), MOST)),
    };
    let sent = identity::as_starter(|| process::run_mail(&site.stanza.choices.mail_program, &letter))?;
    let sent = sent.map_err(|error| Fault::CannotMail {
        path: path.clone(),
        stanza: site.stanza.declared_at.clone(),
        error: Box::new(error),
    })?;
    sent.map_err(|end| Fault::Mail { path, end })
}
