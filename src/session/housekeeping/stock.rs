//! What budgets count, and may take: logs and their archives, gathered once for all budgets of a run, as plain data.
//!
//! No directory is held open for them, for there may be any number of logs. When an archive is to go its directory is opened again, and has
//! to be the same one.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::{Fate, House, Household};
use crate::budget::{Extent, Kept, Log, Pick, Standing};
use crate::event::{Reason, Removed};
use crate::execute::Busy;
use crate::execute::work::StanzaWork;
use crate::fault::{Fault, Op, SysError};
use crate::inventory::{Found, counted};
use crate::naming::family::{Member, Site};
use crate::observe::{At, OpenDir};
use crate::session::Session;
use crate::sys::call::Errno;
use crate::unix::Identity;

/// The logs of stanzas that have a budget.
#[derive(Default)]
pub(super) struct Stock {
    /// What is decided on.
    logs: Vec<Log>,
    /// What is to be known where something is done, log by log.
    shelves: Vec<Shelf>,
    /// The numbers of the logs of each stanza that is in, by its number.
    stanzas: HashMap<usize, Range<usize>>,
    /// What is still to be done with the files of logs that wait for room.
    cramped: HashMap<Arc<Path>, Busy>,
}

/// Where the archives of a log are, and what they are.
struct Shelf {
    stanza: Arc<StanzaWork>,
    identity: Option<Identity>,
    home: Rc<At>,
    places: Vec<(Site, Rc<At>)>,
    members: Vec<Member>,
    /// What some take up is not known: they are not there yet.
    is_guess: bool,
}

/// What of a log's rotation is not at its end.
enum Pending {
    Nothing,
    Of(Busy),
    All,
}

impl Pending {
    fn names(&self, archive: &OsStr) -> bool {
        match self {
            Self::Nothing => false,
            Self::Of(left) => left.names(archive),
            Self::All => true,
        }
    }
}

impl Stock {
    /// Has nothing in stock yet; these logs wait for room.
    pub(super) fn new(cramped: HashMap<Arc<Path>, Busy>) -> Self {
        Self {
            cramped,
            ..Self::default()
        }
    }

    /// Returns the numbers of the logs of these stanzas.
    pub(super) fn of_stanzas(&self, stanzas: impl Iterator<Item = usize>) -> Vec<usize> {
        stanzas
            .filter_map(|stanza| self.stanzas.get(&stanza).cloned())
            .flatten()
            .collect()
    }

    /// Returns the numbers of all logs of which this is true.
    pub(super) fn numbers(&self, is_one: impl Fn(&Log) -> bool) -> Vec<usize> {
        let all = self.logs.iter().enumerate();
        all.filter(|(_, log)| is_one(log)).map(|(number, _)| number).collect()
    }

    /// Returns logs by their numbers.
    pub(super) fn logs(&self, numbers: &[usize]) -> Vec<&Log> {
        numbers.iter().map(|number| &self.logs[*number]).collect()
    }

    /// Tells whether it is only guessed what some archives of these logs take up.
    pub(super) fn is_guess(&self, numbers: &[usize]) -> bool {
        numbers.iter().any(|number| self.shelves[*number].is_guess)
    }

    /// Enters a log; what is still to be done with some of its archives keeps those from going.
    fn enter(&mut self, number: usize, household: Household, pending: &Pending) {
        let Household {
            stanza,
            log,
            identity,
            home,
            facts,
            found,
        } = household;
        let policy = &stanza.policy;
        let is_in_hand = |member: &Member| pending.names(&member.name);
        let is_pretended = |member: &Member| {
            let place = found.place(member.site);
            place.is_some_and(|place| place.view.borrow().is_pretended(&member.name))
        };
        let members = &found.family.members;
        let log = counted(policy, number, log, facts.as_ref(), members, is_in_hand);
        self.logs.push(log);
        self.shelves.push(Shelf {
            identity,
            home: Rc::clone(&home.at),
            places: found
                .places()
                .map(|(site, place)| (site, Rc::clone(&place.at)))
                .collect(),
            is_guess: policy.compression.is_some() && members.iter().any(is_pretended),
            members: found.family.members,
            stanza,
        });
    }
}

impl Session<'_> {
    /// Gathers the logs of a stanza, by its number, unless they are in already. What cannot be looked at neither counts nor gives.
    pub(super) fn stock_up(&mut self, house: &mut House<'_>, number: usize, stock: &mut Stock) {
        if stock.stanzas.contains_key(&number) {
            return;
        }
        let first = stock.logs.len();
        let stanza = self.stanza_work(&house.stanzas[number]);
        for log in self.logs_of(number, house) {
            self.turn_to(&log);
            match self.household(&stanza, &log, house) {
                Ok(Some(household)) => {
                    let pending = match stock.cramped.remove(&log) {
                        _ if house.lost.contains(&log) => Pending::All,
                        Some(left) => Pending::Of(left),
                        None if self.records.is_in_hand(&log) => Pending::All,
                        None => Pending::Nothing,
                    };
                    stock.enter(number, household, &pending);
                }
                Ok(None) => {}
                // Of what is in trouble it was told.
                Err(_) if self.in_trouble.contains(&log) => {}
                Err(fault) => self.fail(fault),
            }
        }
        stock.stanzas.insert(number, first..stock.logs.len());
        self.leave_identity();
    }

    /// Has an archive go; answers why it stays, if it does.
    pub(super) fn give(
        &mut self,
        stock: &mut Stock,
        pick: Pick,
        reason: Reason,
        removed: &mut Removed,
    ) -> Option<Kept> {
        let log = &mut stock.logs[pick.log];
        self.turn_to(&log.path);
        let (shelf, archive) = (&stock.shelves[pick.log], &mut log.archives[pick.archive]);
        let member = &shelf.members[pick.archive];
        let fate = match self.reopen(&log.path, shelf) {
            Ok(household) => self.discard(&household, member, reason, removed),
            Err(fault) => {
                self.fail(fault);
                Fate::Resists
            }
        };
        let (standing, kept) = match fate {
            Fate::Gone => (Standing::Gone, None),
            Fate::InUse => (Standing::InUse, Some(Kept::InUse)),
            Fate::Resists => (Standing::Resists, Some(Kept::Resists)),
        };
        archive.standing = standing;
        kept
    }

    /// Has an archive compressed before its time; answers what it takes up then. One that stays plain, whatever the reason, is tried again
    /// at its time.
    pub(super) fn squeeze(&mut self, stock: &mut Stock, pick: Pick, reason: &Reason) -> u64 {
        let log = &mut stock.logs[pick.log];
        self.turn_to(&log.path);
        let (shelf, archive) = (&mut stock.shelves[pick.log], &mut log.archives[pick.archive]);
        let member = &mut shelf.members[pick.archive];
        let name = member.name.clone();
        let squeezed = self
            .reopen(&log.path, shelf)
            .and_then(|household| self.compress_early(&household, &name, reason));
        let member = &mut shelf.members[pick.archive];
        match squeezed {
            Ok(Some((name, facts))) => {
                archive.extent = Extent::of(&facts);
                (member.name, member.facts) = (name, facts);
            }
            Ok(None) => {}
            Err(fault) => self.fail(fault),
        }
        archive.extent.bytes
    }

    /// Opens the directories of a log again.
    fn reopen(&mut self, log: &Arc<Path>, shelf: &Shelf) -> Result<Household, Fault> {
        self.act_as(shelf.identity)?;
        let home = self.open_again(&shelf.home, log)?;
        let mut places = Vec::with_capacity(shelf.places.len());
        for (site, at) in &shelf.places {
            places.push((*site, self.open_again(at, log)?));
        }
        Ok(Household {
            stanza: Arc::clone(&shelf.stanza),
            log: Arc::clone(log),
            identity: shelf.identity,
            home,
            facts: None,
            found: Found::at(places),
        })
    }

    fn open_again(&mut self, at: &At, log: &Path) -> Result<Rc<OpenDir>, Fault> {
        let held = self.directories.get(&at.path, log)?;
        if held.at.id != at.id {
            let error = SysError::new(Op::OpenDirectory, at.path.clone(), Errno::ESTALE as i32);
            return Err(error.into());
        }
        Ok(held)
    }
}
