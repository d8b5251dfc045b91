//! `minfree`: archives go, the oldest first, while less is free on a file system than stanzas want for others.
//!
//! Where there is enough a file system is asked that once, and nothing is listed.

use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::House;
use super::stock::Stock;
use crate::budget::{End, Next, Pick, Shortage};
use crate::clock::Now;
use crate::discover::ExpandedStanza;
use crate::event::{About, NoRoom, Reason, Removed, RoomState, What};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::inventory;
use crate::observe::OpenDir;
use crate::policy::{Free, Limit, Policy};
use crate::session::Session;
use crate::sys::dir::Dir;
use crate::sys::room::{self, Room};
use crate::sys::signals;
use crate::unix::split_path;

/// So many of the largest logs are named where a person has to act.
const NAMED: usize = 3;

/// A file system on which room is wanted.
struct System {
    /// A directory on it.
    dir: Arc<Dir>,
    device: u64,
    size: u64,
    wants: Vec<Want>,
}

/// What a stanza wants to be free, as it is written, and in bytes.
struct Want {
    stanza: usize,
    limit: Limit<Free>,
    bytes: u64,
}

impl System {
    fn want(&mut self, stanza: usize, limit: &Limit<Free>) {
        if self.wants.iter().any(|want| want.stanza == stanza) {
            return;
        }
        self.wants.push(Want {
            stanza,
            limit: limit.clone(),
            bytes: match limit.amount {
                Free::Bytes(bytes) => bytes,
                Free::Percent(part) => self.size / 100 * u64::from(part) + self.size % 100 * u64::from(part) / 100,
            },
        });
    }

    /// Returns the limit of whoever wants so much.
    fn limit(&self, bytes: u64) -> Option<&Limit<Free>> {
        let want = self.wants.iter().find(|want| want.bytes == bytes);
        want.map(|want| &want.limit)
    }
}

impl Session<'_> {
    /// Makes room on all file systems where stanzas want it; answers what became of them.
    pub(super) fn keep_room(
        &mut self,
        house: &mut House<'_>,
        stock: &mut Stock,
        removed: &mut Removed,
    ) -> Vec<RoomState> {
        let mut states = Vec::new();
        for system in self.systems(house.stanzas, house.cut) {
            if signals::caught().is_some() {
                break;
            }
            states.extend(self.keep_system(&system, house, stock, removed));
            self.leave_identity();
        }
        states
    }

    /// Finds the file systems that archives lie on of stanzas that want room there. What cannot be opened is told where it is rotated.
    fn systems(&mut self, stanzas: &[ExpandedStanza], cut: &[Arc<Policy>]) -> Vec<System> {
        let mut systems: Vec<System> = Vec::new();
        for (number, expanded) in stanzas.iter().enumerate() {
            let policy = &expanded.stanza.policy;
            let is_whole = !cut.iter().any(|cut| Arc::ptr_eq(cut, policy));
            let Some(limit) = policy.budgets.min_free.as_ref().filter(|_| is_whole) else {
                continue;
            };
            let mut seen: HashSet<&Path> = HashSet::new();
            for log in &expanded.logs {
                let Some((directory, _)) = split_path(&log.path) else {
                    continue;
                };
                if !seen.insert(directory) {
                    continue;
                }
                let Ok(place) = self.archives_of(policy, &log.path, directory) else {
                    continue;
                };
                let device = place.facts.id.device;
                let known = systems.iter_mut().find(|system| system.device == device);
                match (known, Room::of(&place.dir)) {
                    (Some(system), _) => system.want(number, limit),
                    (None, Ok(Room { size, .. })) => {
                        let dir = Arc::clone(&place.dir);
                        let mut system = System {
                            dir,
                            device,
                            size,
                            wants: Vec::new(),
                        };
                        system.want(number, limit);
                        systems.push(system);
                    }
                    (None, Err(error)) => self.fail(error.into()),
                }
            }
            self.leave_identity();
        }
        systems
    }

    fn archives_of(&mut self, policy: &Policy, log: &Path, directory: &Path) -> Result<Rc<OpenDir>, Fault> {
        let (home, _) = self.secure_directory(policy, log, directory)?;
        inventory::place_of_archives(policy, &home, log, &mut self.directories)
    }

    /// Returns what is free on a file system. In a dry run what would have gone counts, too.
    fn free_on(&self, system: &System) -> u64 {
        // What is removed on a thread gives its room back late.
        self.choices.release.finish();
        let said = Room::of(&system.dir).map_or(0, |room| room.available);
        said.saturating_add(self.pretended_room.get(&system.device).copied().unwrap_or(0))
    }

    fn keep_system(
        &mut self,
        system: &System,
        house: &mut House<'_>,
        stock: &mut Stock,
        removed: &mut Removed,
    ) -> Option<RoomState> {
        let wanted = system.wants.iter().map(|want| want.bytes).max()?;
        let mount = room::mount_of(system.dir.path());
        let mut state = RoomState {
            free: self.free_on(system),
            limit: system.limit(wanted)?.clone(),
            wanted,
            held_until: None,
            mount,
        };
        if state.is_met() {
            return Some(state);
        }
        let held_until = self.records.held_until(&state.mount, self.now.epoch);
        state.held_until = held_until.map(|until| Now::at(until).local);
        let end = self.make_room(system, &state, house, stock, removed);
        state.free = self.free_on(system);
        let why = match end? {
            End::Met => return Some(state),
            End::Unmet(by) => NoRoom::Protected {
                by,
                largest: largest(system, stock),
            },
            End::Spent { removed, gained } => {
                let until = self.records.hold(&state.mount, self.now.epoch);
                state.held_until = Some(Now::at(until).local);
                NoRoom::NotGained { removed, gained }
            }
            End::Held => NoRoom::Held,
        };
        self.about = About::Run;
        self.hear(What::ShortOfRoom(state.clone(), why));
        self.exit.worsen(Exit::Failed);
        Some(state)
    }

    /// Does, step by step, what is to be done; answers how it ended, unless a signal came first.
    fn make_room(
        &mut self,
        system: &System,
        state: &RoomState,
        house: &mut House<'_>,
        stock: &mut Stock,
        removed: &mut Removed,
    ) -> Option<End> {
        for want in &system.wants {
            self.stock_up(house, want.stanza, stock);
        }
        let numbers = stock.numbers(|log| system.wants.iter().any(|want| want.stanza == log.stanza));
        let mut is_guess = stock.is_guess(&numbers);
        let reason = |bytes: u64, limit: &Limit<Free>, is_guess| Reason::ShortOfRoom {
            bytes,
            wanted: limit.clone(),
            mount: state.mount.clone(),
            is_guess,
        };
        let wanted = state.wanted;
        let wants = system.wants.iter().map(|want| (want.stanza, want.bytes)).collect();
        let is_held = state.held_until.is_some();
        let logs = stock.logs(&numbers);
        let mut shortage = Shortage::new(system.device, wants, &logs, self.now.epoch, is_held);
        let mut free = state.free;
        while signals::caught().is_none() {
            match shortage.next(free) {
                Next::Squeeze(pick) => {
                    let (log, archive) = (numbers[pick.log], pick.archive);
                    let reason = reason(wanted.saturating_sub(free), &state.limit, is_guess);
                    let bytes = self.squeeze(stock, Pick { log, archive }, &reason);
                    shortage.squeezed(pick, bytes);
                    is_guess |= self.options.dry_run;
                }
                Next::Take { pick, target } => {
                    let (log, archive) = (numbers[pick.log], pick.archive);
                    let reason = reason(target.saturating_sub(free), system.limit(target)?, is_guess);
                    match self.give(stock, Pick { log, archive }, reason, removed) {
                        None => shortage.went(pick),
                        Some(why) => shortage.stays(pick, why),
                    }
                }
                Next::Sync => {
                    if !self.options.dry_run {
                        room::finish(&system.dir);
                    }
                    shortage.synced();
                }
                Next::End(end) => return Some(end),
            }
            free = self.free_on(system);
        }
        None
    }
}

/// Returns the largest logs of those that want room on a file system, and lie there.
fn largest(system: &System, stock: &Stock) -> Vec<(Arc<Path>, u64)> {
    let numbers = stock.numbers(|log| log.live.is_some_and(|live| live.id.device == system.device));
    let logs = stock.logs(&numbers);
    let sized = logs
        .iter()
        .map(|log| (log.path.clone(), log.live.map_or(0, |live| live.bytes)));
    let mut sized: Vec<(Arc<Path>, u64)> = sized.collect();
    sized.sort_by(|(path, bytes), (other, others)| others.cmp(bytes).then_with(|| path.cmp(other)));
    sized.truncate(NAMED);
    sized
}
