//! Housekeeping: the last part of a run, in which archives go that no rotation removes.
//!
//! It is skipped, and no directory is read for it, where no directive asks for it. Nothing in it is renamed, and no removal depends on another
//! one: killed anywhere, the next run counts anew what it finds.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::{LastRotations, Session, only};
use crate::discover::ExpandedStanza;
use crate::event::{About, Budgets, PoolState, Reason, Removed, Stay, What};
use crate::execute::work::{LogSite, StanzaWork};
use crate::execute::{Doomed, Removal};
use crate::facts::FileFacts;
use crate::fault::Fault;
use crate::inventory::{self, Families, Found, lone};
use crate::naming::family::{Member, Site};
use crate::observe::OpenDir;
use crate::obstacle::{self, Obstructed};
use crate::policy::Policy;
use crate::state::record::LeftPlain;
use crate::sys::pattern::is_special;
use crate::sys::{identity, signals};
use crate::unix::{Identity, split_path};

mod pools;
mod prune;
mod room;
mod squeeze;
mod stock;

pub(crate) use pools::pools;
use stock::Stock;

/// What housekeeping is given.
pub(super) struct House<'h> {
    /// The stanzas of the run, with the logs that are handled.
    pub(super) stanzas: &'h [ExpandedStanza],
    /// Knows all logs that are configured.
    pub(super) families: &'h mut Families,
    /// When each log was rotated last before this run: what this run made proves nothing of what lay there before.
    pub(super) last: &'h LastRotations,
    /// Only logs that one of these matches are handled; empty means all.
    pub(super) only: &'h [OsString],
    /// The policies of stanzas of which not all logs are handled: budgets that reach beyond what is handled are left for another run.
    pub(super) cut: &'h [Arc<Policy>],
    /// The logs that an error in the configuration leaves to another stanza: what floors they had is not known, and none of theirs goes.
    pub(super) lost: HashSet<Arc<Path>>,
    /// As if every stanza had `prune`.
    pub(super) prune_all: bool,
    /// The configuration was not read whole: what protects an archive may stand there, so none goes.
    pub(super) removes_nothing: bool,
    /// The logs of stanzas, by number, with those that are gone, as far as they were looked for.
    pub(super) logs: HashMap<usize, Vec<Arc<Path>>>,
}

/// A log with its archives, as housekeeping finds it. It holds directories open: not many are kept at a time.
pub(super) struct Household {
    stanza: Arc<StanzaWork>,
    log: Arc<Path>,
    /// Whose rights its work is done with.
    identity: Option<Identity>,
    home: Rc<OpenDir>,
    /// The log itself, if it is there.
    facts: Option<FileFacts>,
    pub(super) found: Found,
}

/// What became of an archive that was to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Gone,
    /// A program has it open.
    InUse,
    /// It could not be removed, or is left alone.
    Resists,
}

/// Tells whether a stanza asks for housekeeping.
pub(super) fn is_asked_for(policy: &Policy) -> bool {
    policy.retention.prune || policy.budgets.max_total.is_some() || policy.budgets.min_free.is_some()
}

impl Session<'_> {
    /// Does what the stanzas ask for.
    pub(super) fn keep_house(&mut self, house: &mut House<'_>) -> Removed {
        let mut removed = Removed::default();
        self.about = About::Run;
        self.hear(What::KeepingHouse);
        if house.removes_nothing {
            self.hear(What::NothingRemoved);
            self.try_again_for_room();
            return removed;
        }
        for (number, stanza) in house.stanzas.iter().enumerate() {
            if signals::caught().is_some() {
                break;
            }
            if house.prune_all || stanza.stanza.policy.retention.prune {
                self.prune(number, house, &mut removed);
            }
            self.leave_identity();
        }
        self.wait_for_workers();
        let (pools, systems) = self.keep_budgets(house, &mut removed);
        self.try_again_for_room();
        let budgets = Budgets {
            pools,
            file_systems: self.judge_room(systems),
        };
        self.about = About::Run;
        self.hear(What::Budgets(Arc::new(budgets)));
        removed
    }

    /// Does once more what had no room, and tells what still has none. What is compressed gives room back; what is rotated may have none for the
    /// rest, and is left as it is then.
    fn try_again_for_room(&mut self) {
        self.finish_cramped();
        self.rotate_set_aside();
        self.finish_cramped();
    }

    /// Makes the room that budgets want: first what logs may take up together, then, with what is left, what file systems lack.
    fn keep_budgets(&mut self, house: &mut House<'_>, removed: &mut Removed) -> (Vec<PoolState>, Vec<room::Outcome>) {
        let mut stock = Stock::new(self.cramped());
        let pools = self.keep_pools(house, &mut stock, removed);
        self.wait_for_workers();
        (pools, self.keep_room(house, &mut stock, removed))
    }

    /// Returns the logs of a stanza, and those of it that are gone and left archives; they are looked for once.
    pub(super) fn logs_of(&mut self, number: usize, house: &mut House<'_>) -> Vec<Arc<Path>> {
        if let Some(logs) = house.logs.get(&number) {
            return logs.clone();
        }
        let expanded = &house.stanzas[number];
        let mut logs: Vec<Arc<Path>> = expanded.logs.iter().map(|log| Arc::clone(&log.path)).collect();
        self.turn_to_stanza(&expanded.stanza.declared_at);
        let policy = &expanded.stanza.policy;
        let mut open = |log: &Path| self.open(policy, log);
        match lone::logs(expanded, house.families, &mut open) {
            Ok(lone) => {
                let is_wanted = |log: &Arc<Path>| only::is_named(house.only, log);
                logs.extend(lone.logs.into_iter().filter(is_wanted));
                lone.refused.into_iter().for_each(|fault| self.fail(fault));
            }
            Err(fault) => self.fail(fault),
        }
        house.logs.insert(number, logs.clone());
        logs
    }

    /// Opens the directory of a log that is gone, whoever may write to it, and that of its archives.
    fn open(&mut self, policy: &Policy, log: &Path) -> Result<lone::Opened, Fault> {
        let directory = split_path(log).map_or(log, |(directory, _)| directory);
        let (home, identity) = self.open_directory(policy, log, directory)?;
        Ok(lone::Opened {
            identity,
            archives: inventory::place_of_archives(policy, &home, log, &mut self.directories)?,
            home,
        })
    }

    /// Finds a log and its archives; `None` where there is no such log, and has never been.
    ///
    /// # Errors
    /// The log's directory cannot be opened or is not secure, or its archives cannot be found.
    pub(super) fn household(
        &mut self,
        stanza: &Arc<StanzaWork>,
        log: &Arc<Path>,
        house: &mut House<'_>,
    ) -> Result<Option<Household>, Fault> {
        let Some((directory, name)) = split_path(log) else {
            return Ok(None);
        };
        let policy = &stanza.policy;
        let (home, identity) = match self.secure_directory(policy, log, directory) {
            Ok(found) => found,
            Err(Fault::Call(error)) if error.is_absence() => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let facts = home.view.borrow().look(name)?;
        if facts.is_some() {
            self.records.found(log);
        }
        // A pattern that nothing matches stands for itself among a stanza's logs.
        if facts.is_none() && is_special(log.as_os_str().as_encoded_bytes()) {
            return Ok(None);
        }
        let last = house.last.get(log).copied();
        let mut found = match house.families.find(policy, log, last, &mut self.directories) {
            Ok(found) => found,
            // An `olddir` that is not there yet has no archives.
            Err(Fault::Call(error)) if error.is_absence() => Found::default(),
            Err(fault) => return Err(fault),
        };
        self.leave_insecure(log, identity, &mut found);
        // What a run that died here was about to overwrite, or to compress, no rotation may ever meet.
        home.view.borrow_mut().clear_left_over()?;
        if let Some(place) = found.place(Site::Present) {
            place.view.borrow_mut().clear_left_over()?;
        }
        Ok(Some(Household {
            stanza: Arc::clone(stanza),
            log: Arc::clone(log),
            identity,
            home,
            facts,
            found,
        }))
    }

    /// Leaves alone what lies in a former directory that others may write to: that is refused as a log's own is.
    fn leave_insecure(&mut self, log: &Path, identity: Option<Identity>, found: &mut Found) {
        let as_root = identity::is_root();
        let name = split_path(log).map(|(_, name)| name).unwrap_or_default();
        for (site, place) in found.former_places() {
            let in_it = place.at.path.join(name);
            if let Err(fault) = obstacle::of_directory(&in_it, &place.facts, identity, as_root) {
                // Of what is in trouble it was told.
                if !self.in_trouble.contains(log) {
                    self.fail(fault);
                }
                found.leave(site);
            }
        }
    }

    /// Removes an archive, tells what became of that, and counts it where it is gone.
    pub(super) fn discard(
        &mut self,
        household: &Household,
        member: &Member,
        reason: Reason,
        removed: &mut Removed,
    ) -> Fate {
        let Some(site) = household.site(member.site) else {
            return Fate::Resists;
        };
        let (name, facts, path) = (&member.name, member.facts, site.archive_path_of(&member.name));
        if self.records.letters().is_unsent(&site.archive_path, name) {
            let why = Stay::Unsent;
            self.note(|| What::Kept { path, why });
            return Fate::Resists;
        }
        let doomed = Doomed {
            name: name.clone(),
            facts,
            reason: reason.clone(),
            is_sent: self.records.letters().was_sent(&site.archive_path, name, facts.id),
        };
        let removal = match self.act_as(household.identity) {
            Ok(()) => self.driver.discard(&site, &doomed),
            Err(why) => Removal::NotRemoved { why, is_mailed: false },
        };
        match removal {
            Removal::Gone => {
                let bytes = facts.size;
                if let Some(place) = household.found.place(member.site) {
                    place.view.borrow_mut().vanished(name);
                }
                self.hear(What::Discarded { path, bytes, reason });
                removed.files += 1;
                removed.bytes = removed.bytes.saturating_add(bytes);
                if self.options.dry_run {
                    let room = self.pretended_room.entry(facts.id.device).or_default();
                    *room = room.saturating_add(facts.allocated);
                }
                return Fate::Gone;
            }
            Removal::Left(why) => {
                let is_used = matches!(why, Stay::Written { .. } | Stay::Open);
                self.note(|| What::Kept { path, why });
                if is_used {
                    return Fate::InUse;
                }
            }
            Removal::NotMailed(why) => self.hear_of(path, Obstructed::NotMailed(why.into())),
            Removal::NotRemoved { why, is_mailed } => {
                self.hear_of(path, Obstructed::NotRemoved(why.into()));
                let noted = site.noted_as_sent(name).filter(|_| is_mailed);
                let sent = noted.map(|noted| LeftPlain::new(noted, &site.path, &site.archive_path, name));
                self.records.leave_plain(sent.into_iter());
            }
        }
        Fate::Resists
    }
}

impl Household {
    /// Returns where the archives of a site live.
    fn site(&self, site: Site) -> Option<LogSite> {
        let place = self.found.place(site)?;
        let name = split_path(&self.log)?.1.to_owned();
        Some(LogSite {
            stanza: Arc::clone(&self.stanza),
            identity: self.identity,
            path: Arc::clone(&self.log),
            log_dir: Arc::clone(&self.home.dir),
            name,
            archive_dir: Some(Arc::clone(&place.dir)),
            archive_path: place.at.path.clone(),
        })
    }
}
