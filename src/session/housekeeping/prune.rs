//! `prune`: `rotate` and `maxage` in every run, for all archives of a log, however they were named.

use std::path::Path;
use std::sync::Arc;

use super::{House, Household};
use crate::event::{Reason, Removed, Stay, What};
use crate::execute::work::StanzaWork;
use crate::naming::family::Member;
use crate::prune::{self, Verdict};
use crate::session::Session;
use crate::sys::signals;

impl Session<'_> {
    /// Removes what a stanza's logs, and those of it that are gone, do not keep; of a stanza that is in trouble nothing.
    pub(super) fn prune(&mut self, number: usize, house: &mut House<'_>, removed: &mut Removed) {
        if self
            .stanzas_in_trouble
            .contains(&house.stanzas[number].stanza.declared_at)
        {
            return;
        }
        let stanza = self.stanza_work(&house.stanzas[number]);
        for log in self.logs_of(number, house) {
            if signals::caught().is_some() {
                return;
            }
            self.prune_log(&stanza, &log, house, removed);
        }
    }

    /// Removes what a log does not keep; one that is in trouble, or whose rotation is not at its end, is left alone.
    fn prune_log(&mut self, stanza: &Arc<StanzaWork>, log: &Arc<Path>, house: &mut House<'_>, removed: &mut Removed) {
        self.turn_to(log);
        if self.in_trouble.contains(log) || self.records.is_in_hand(log) {
            return;
        }
        let household = match self.household(stanza, log, house) {
            Ok(Some(household)) => household,
            Ok(None) => return,
            Err(fault) => return self.fail(fault),
        };
        self.tell_strangers(&household);
        let family = &household.found.family;
        removed.strangers += family.strangers.len();
        let verdicts = prune::judge(&stanza.policy, &family.members, self.now.epoch);
        for (member, verdict) in family.members.iter().zip(verdicts) {
            if signals::caught().is_some() {
                return;
            }
            match verdict {
                Verdict::Stays => {}
                Verdict::TooYoung(days) => self.keep(&household, member, Stay::Young(days)),
                Verdict::Goes(cause) => {
                    let stanza = stanza.declared_at.clone();
                    let _ = self.discard(&household, member, Reason::Pruned { cause, stanza }, removed);
                }
            }
        }
    }

    fn keep(&self, household: &Household, member: &Member, why: Stay) {
        if let Some(site) = household.site(member.site) {
            let path = site.archive_path_of(&member.name);
            self.note(|| What::Kept { path, why });
        }
    }

    fn tell_strangers(&self, household: &Household) {
        if !self.listener.hears_notes() {
            return;
        }
        for stranger in &household.found.family.strangers {
            if let Some(site) = household.site(stranger.site) {
                let path = site.archive_path_of(&stranger.name);
                self.note(|| What::Kept {
                    path,
                    why: Stay::Stranger(stranger.why),
                });
            }
        }
    }
}
