//! What became of letters: an archive that was sent is not sent again though it cannot be removed, and one that could not be sent when it
//! was new (`mailfirst`) is sent as soon as that can be done.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use super::Planned;
use crate::execute::perform::changes;
use crate::execute::work::{LogSite, StanzaWork, Turn};
use crate::fault::Fault;
use crate::naming::ArchiveNames;
use crate::obstacle::Obstructed;
use crate::plan::{self, Look as _, Step, Where};
use crate::policy::{MailWhich, Policy};
use crate::session::Session;
use crate::session::stanza::Due;
use crate::state::record::{LeftPlain, Noted};

/// Tells whether archives are mailed when they are new.
pub(super) fn mails_first(policy: &Policy) -> bool {
    policy.mail.as_ref().is_some_and(|mail| mail.which == MailWhich::First)
}

impl Planned {
    /// Tells whether an archive goes when the log is switched.
    pub(super) fn removes(&self, name: &OsStr) -> bool {
        let mut steps = self.rotation.finish.iter();
        steps.any(|step| matches!(step, Step::Remove { what, .. } if what.name == name))
    }

    /// Tells whether an archive is sent before it goes.
    fn mails(&self, name: &OsStr) -> bool {
        let mut steps = self.rotation.prepare.iter().chain(&self.rotation.finish);
        steps.any(|step| matches!(step, Step::Mail { what, .. } if what == name))
    }
}

impl Session<'_> {
    /// Tries again to send what could not be sent when it was new.
    pub(super) fn send_again(&mut self, stanza: &Arc<StanzaWork>, due: &Due) -> Result<(), Fault> {
        if !mails_first(&stanza.policy) {
            return Ok(());
        }
        let names = ArchiveNames::of(&stanza.policy, due.name())?;
        let directory = due.home.archive_path(&stanza.policy);
        let waiting = self.records.letters().unsent(&directory, &names);
        if waiting.is_empty() {
            return Ok(());
        }
        let places = self.places(stanza, due)?;
        let turn = Arc::new(Turn::new(places.site(stanza, due), due.facts, OsString::new()));
        for name in waiting {
            let is_there = match &places.archive {
                Some(place) => place.view.borrow_mut().is_file(&name)?,
                None => false,
            };
            if !is_there {
                continue;
            }
            match self
                .driver
                .step(&turn, &plan::send_again(&stanza.policy, &names, &name))
            {
                Ok(()) => self.records.letters().moved(&directory, &name, None),
                Err(Fault::Interrupted) => return Err(Fault::Interrupted),
                Err(fault) => self.hear_of(directory.join(&name), Obstructed::NotMailedFirst(fault.into())),
            }
        }
        Ok(())
    }

    /// Tells, and notes, that an archive could not be sent when it was new.
    pub(super) fn not_sent_first(&mut self, site: &LogSite, name: &OsStr, fault: Fault) {
        self.hear_of(site.archive_path_of(name), Obstructed::NotMailedFirst(fault.into()));
        self.note_archives(Noted::Unsent, &site.archive_path, &site.path, [name]);
    }

    /// Notes that an archive which cannot be removed was sent, if it was.
    pub(super) fn note_sent(&mut self, planned: &Planned, name: &OsStr) {
        let site = &planned.turn.site;
        if planned.mails(name) {
            if let Some(noted) = site.noted_as_sent(name) {
                self.note_archives(noted, &site.archive_path, &site.path, [name]);
            }
        }
    }

    /// Enters what a step changed into what is known of the directories, and of letters.
    pub(super) fn took(&mut self, planned: &Planned, step: &Step) {
        let site = &planned.turn.site;
        planned.places.note(step, &site.name);
        if let (to, Some((Where::Archive, from))) = changes(step) {
            self.records
                .letters()
                .moved(&site.archive_path, from, to.map(|(_, name)| name));
        }
    }

    /// Notes what workers found out of letters, and which archives have their compressed names now.
    pub(in crate::session) fn note_letters(
        &mut self,
        site: &LogSite,
        mailed: &[(Noted, OsString)],
        packed: &[OsString],
    ) {
        if !self.records.letters().is_empty() {
            if let Ok(names) = ArchiveNames::of(&site.stanza.policy, &site.name) {
                for plain in packed {
                    let compressed = names.compressed(plain);
                    self.records
                        .letters()
                        .moved(&site.archive_path, plain, Some(&compressed));
                }
            }
        }
        let records = mailed.iter();
        let records = records.map(|(noted, name)| LeftPlain::new(*noted, &site.path, &site.archive_path, name));
        self.records.leave_plain(records);
    }
}
