//! Logs that could not be switched since the disk had no room for their archives: they are set aside until some was made.

use std::rc::Rc;
use std::sync::Arc;

use super::Planned;
use crate::budget::Lack;
use crate::diag::Place;
use crate::execute::work::StanzaWork;
use crate::facts::FileFacts;
use crate::fault::{Fault, Hook};
use crate::observe::At;
use crate::plan::Step;
use crate::session::Session;
use crate::session::stanza::Due;
use crate::state::record::{Begun, Unfinished};
use crate::unix::Identity;

/// A log that is set aside: it holds nothing open.
pub(in crate::session) struct SetAside {
    stanza: Arc<StanzaWork>,
    begun: Begun,
    directory: Rc<At>,
    identity: Option<Identity>,
    before: FileFacts,
    lack: Lack,
}

impl SetAside {
    /// Returns what it lacked, and its stanza.
    pub(in crate::session) fn lack(&self) -> (&Place, Lack) {
        (&self.stanza.declared_at, self.lack)
    }
}

impl Session<'_> {
    /// Sets a log aside whose archive had no room; answers whether that is worth it.
    pub(super) fn sets_aside(&mut self, planned: &Planned, step: &Step, fault: &Fault) -> bool {
        let site = &planned.turn.site;
        let Some(lack) = site.lack(step, fault).filter(|_| !self.has_made_room) else {
            return false;
        };
        let Ok(directory) = site.log_dir.facts() else {
            return false;
        };
        self.records.drop_begun(&site.path);
        self.set_aside.push(SetAside {
            stanza: Arc::clone(&site.stanza),
            begun: Begun {
                path: Arc::clone(&site.path),
                stamp: self.now.local,
                file: planned.turn.before.id,
                archive: planned.turn.archive.clone(),
            },
            directory: Rc::new(At {
                path: site.log_dir.path().to_owned(),
                id: directory.id,
            }),
            identity: site.identity,
            before: planned.turn.before,
            lack,
        });
        true
    }

    /// Rotates, now that room was made, the logs that were set aside, from where they were: their archives have moved up already.
    pub(in crate::session) fn rotate_set_aside(&mut self) {
        self.has_made_room = true;
        for aside in std::mem::take(&mut self.set_aside) {
            self.turn_to(&aside.begun.path);
            if self.is_ending() {
                break;
            }
            self.rotate_again(aside);
        }
        self.finish_waiting(None);
        self.leave_identity();
    }

    fn rotate_again(&mut self, aside: SetAside) {
        let SetAside { stanza, begun, .. } = aside;
        let due = Due::new(Arc::clone(&begun.path), &aside.directory, aside.identity, aside.before);
        if let Err(fault) = self.records.begin(std::iter::once(begun.clone())) {
            self.fail(fault);
        }
        self.records.was_half_shifted(Unfinished { begun, switched: false });
        let Some(mut planned) = self.prepare(&stanza, due) else {
            return;
        };
        if !self.switch(&planned) {
            return;
        }
        planned.alone = None;
        let told = if stanza.policy.scripts.shared {
            self.run_for_stanza(&stanza, Hook::Post)
        } else {
            self.run_after(&stanza, &planned)
        };
        match told {
            Ok(()) => self.finish(planned),
            Err(_) => self.leave_unfinished(&planned),
        }
    }
}
