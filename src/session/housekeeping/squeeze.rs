//! What `delaycompress` left is compressed before its time where a file system has too little room: that is a wish, the disk is a fact.

use std::ffi::{OsStr, OsString};

use super::Household;
use crate::event::Reason;
use crate::facts::FileFacts;
use crate::fault::Fault;
use crate::naming::ArchiveNames;
use crate::naming::family::Site;
use crate::obstacle::Obstructed;
use crate::session::Session;

impl Session<'_> {
    /// Compresses an archive that `delaycompress` left, and returns its name and what it is like then; `None` where it stays plain.
    pub(super) fn compress_early(
        &mut self,
        household: &Household,
        name: &OsStr,
        reason: &Reason,
    ) -> Result<Option<(OsString, FileFacts)>, Fault> {
        let (Some(site), Some(place)) = (household.site(Site::Present), household.found.place(Site::Present)) else {
            return Ok(None);
        };
        let to = ArchiveNames::of(&site.stanza.policy, &site.name)?.compressed(name);
        match self.driver.squeeze(&site, name, &to, reason) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(Fault::Interrupted) => return Err(Fault::Interrupted),
            Err(fault) => {
                let what = Obstructed::of_compression(fault);
                self.hear_of(site.archive_path_of(name), what);
                return Ok(None);
            }
        }
        let packed = [name.to_owned()];
        self.records.packed(&site.archive_path, &packed);
        self.note_letters(&site, &[], &packed);
        let mut view = place.view.borrow_mut();
        let before = view.look(name)?;
        view.vanished(name);
        view.appeared(&to);
        if let Some(before) = before {
            view.pretend(&to, before);
        }
        Ok(view.look(&to)?.map(|facts| (to, facts)))
    }
}
