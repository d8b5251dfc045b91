//! `minfree`: archives go, the oldest first, while less is free on a file system than stanzas want for others.
//!
//! Where there is enough a file system is asked that once, and nothing is listed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::House;
use super::stock::Stock;
use crate::budget::{End, Lack, Log, Next, Pick, Shortage};
use crate::clock::Now;
use crate::diag::Place;
use crate::event::{About, NoRoom, Reason, Removed, RoomState, What};
use crate::exit::Exit;
use crate::facts::total;
use crate::inventory;
use crate::inventory::systems::{self, System, Want};
use crate::policy::Policy;
use crate::session::Session;
use crate::session::log::SetAside;
use crate::sys::room::{self, Room};
use crate::sys::signals;
use crate::unix::split_path;

/// So many of the largest logs are named where a person has to act.
const NAMED: usize = 3;

/// A file system, and what became of it.
pub(super) struct Outcome {
    system: System,
    state: RoomState,
    /// Why there is too little, as far as nothing else changes that.
    why: Option<NoRoom>,
}

impl Session<'_> {
    /// Makes room on all file systems where stanzas want it; answers what became of them so far: what had no room is still to be done.
    pub(super) fn keep_room(
        &mut self,
        house: &mut House<'_>,
        stock: &mut Stock,
        removed: &mut Removed,
    ) -> Vec<Outcome> {
        let mut kept = Vec::new();
        let mut systems = self.systems(house);
        let mut lacks: HashMap<&Place, Vec<Lack>> = HashMap::new();
        for (stanza, lack) in self.lacks().chain(self.set_aside.iter().map(SetAside::lack)) {
            lacks.entry(stanza).or_default().push(lack);
        }
        for system in &mut systems {
            for want in &mut system.wants {
                let of_stanza = lacks.get(&house.stanzas[want.stanza].stanza.declared_at);
                let here = of_stanza
                    .into_iter()
                    .flatten()
                    .filter(|lack| lack.device == system.device);
                want.lacks.extend(here);
            }
        }
        for system in systems {
            if signals::caught().is_some() {
                break;
            }
            kept.extend(self.keep_system(system, house, stock, removed));
            self.leave_identity();
        }
        kept
    }

    /// Tells of the file systems on which there is too little, all things done.
    pub(super) fn judge_room(&mut self, kept: Vec<Outcome>) -> Vec<RoomState> {
        let judge = |Outcome { system, mut state, why }: Outcome| {
            state.free = self.free_on(&system);
            self.about = About::Run;
            let why = match why {
                Some(NoRoom::Protected { .. } | NoRoom::Held) if state.is_met() => None,
                None if !state.is_met() => Some(NoRoom::TakenUp),
                why => why,
            };
            if let Some(why) = why {
                self.hear(What::ShortOfRoom(state.clone(), why));
                self.exit.worsen(Exit::Failed);
            }
            state
        };
        kept.into_iter().map(judge).collect()
    }

    /// Finds the file systems on which room is wanted. What cannot be opened is told where it is rotated.
    fn systems(&mut self, house: &House<'_>) -> Vec<System> {
        let mut open = |policy: &Policy, log: &Path| {
            let directory = split_path(log).map_or(log, |(directory, _)| directory);
            let (home, _) = self.secure_directory(policy, log, directory)?;
            inventory::place_of_archives(policy, &home, log, &mut self.directories)
        };
        let found = systems::find(house.stanzas, house.cut, &mut open);
        self.leave_identity();
        found.silent.into_iter().for_each(|fault| self.fail(fault));
        found.systems
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
        mut system: System,
        house: &mut House<'_>,
        stock: &mut Stock,
        removed: &mut Removed,
    ) -> Option<Outcome> {
        let most = system.most()?;
        let mount = room::mount_of(system.dir.path());
        let mut state = RoomState {
            free: self.free_on(&system),
            limit: most.limit.clone(),
            wanted: most.bytes,
            held_until: None,
            mount,
        };
        let enough = system.wants.iter().map(|want| want.target(state.free)).max();
        if enough <= Some(state.free) {
            return Some(Outcome {
                system,
                state,
                why: None,
            });
        }
        let held_until = self.records.held_until(&state.mount, self.now.epoch);
        state.held_until = held_until.map(|until| Now::at(until).local);
        for want in &system.wants {
            self.stock_up(house, want.stanza, stock);
        }
        let numbers = stock.of_stanzas(system.wants.iter().map(|want| want.stanza));
        leave_what_is_in_vain(&mut system, state.free, &stock.logs(&numbers), self.now.epoch);
        let why = match self.make_room(&system, &state, &numbers, stock, removed)? {
            End::Met => None,
            End::Unmet(by) => Some(NoRoom::Protected {
                by,
                largest: largest(&system, stock),
            }),
            End::Spent { removed, gained } => {
                let until = self.records.hold(&state.mount, self.now.epoch);
                state.held_until = Some(Now::at(until).local);
                Some(NoRoom::NotGained { removed, gained })
            }
            End::Held => Some(NoRoom::Held),
        };
        Some(Outcome { system, state, why })
    }

    /// Does, step by step, what is to be done; answers how it ended, unless a signal came first.
    fn make_room(
        &mut self,
        system: &System,
        state: &RoomState,
        numbers: &[usize],
        stock: &mut Stock,
        removed: &mut Removed,
    ) -> Option<End> {
        let mut is_guess = stock.is_guess(numbers) || self.has_rehearsed;
        // Of several that want the same the first one is named.
        let mut by_target: HashMap<u64, &Want> = HashMap::new();
        let mut wants = HashMap::new();
        for want in &system.wants {
            let target = want.target(state.free);
            by_target.entry(target).or_insert(want);
            wants.insert(want.stanza, target);
        }
        let reason = |target: u64, free: u64, is_guess| {
            let want = by_target.get(&target)?;
            Some(Reason::ShortOfRoom {
                bytes: target.saturating_sub(free),
                wanted: want.limit.clone(),
                mount: state.mount.clone(),
                is_for_rotation: target > want.bytes,
                is_guess,
            })
        };
        let is_held = state.held_until.is_some();
        let logs = stock.logs(numbers);
        let mut shortage = Shortage::new(system.device, wants, &logs, self.now.epoch, is_held);
        let mut free = state.free;
        while signals::caught().is_none() {
            match shortage.next(free) {
                Next::Squeeze { pick, target } => {
                    let (log, archive) = (numbers[pick.log], pick.archive);
                    let reason = reason(target, free, is_guess)?;
                    let bytes = self.squeeze(stock, Pick { log, archive }, &reason);
                    shortage.squeezed(pick, bytes);
                    is_guess |= self.options.dry_run;
                }
                Next::Take { pick, target } => {
                    let (log, archive) = (numbers[pick.log], pick.archive);
                    let reason = reason(target, free, is_guess)?;
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

/// Takes back what rotations lack where all that may go would not be enough: archives would go day after day, and for nothing.
fn leave_what_is_in_vain(system: &mut System, free: u64, logs: &[&Log], now: i64) {
    if system.wants.iter().all(|want| want.lacks.is_empty()) {
        return;
    }
    let all = Shortage::new(system.device, HashMap::new(), logs, now, false);
    let may_give = (0..logs.len()).filter_map(|log| Some(all.holding(log)?.may_give.1));
    let archives = logs.iter().flat_map(|log| &log.archives);
    let may_shrink = archives.filter(|it| it.waits_for_compression).map(|it| it.extent.bytes);
    let reach = free.saturating_add(total(may_give.chain(may_shrink)));
    for want in &mut system.wants {
        want.lacks.retain(|lack| lack.target(free) <= reach);
    }
}

/// Returns the largest logs of those that want room on a file system, and lie there.
fn largest(system: &System, stock: &Stock) -> Vec<(Arc<Path>, u64)> {
    let numbers = stock.numbers(|log| log.live.is_some_and(|live| live.id.device == system.device));
    let logs = stock.logs(&numbers);
    let sized = logs
        .iter()
        .map(|log| (log.path.clone(), log.live.map_or(0, |live| live.bytes)));
    let mut sized: Vec<(Arc<Path>, u64)> = sized.filter(|(_, bytes)| *bytes > 0).collect();
    sized.sort_by(|(path, bytes), (other, others)| others.cmp(bytes).then_with(|| path.cmp(other)));
    sized.truncate(NAMED);
    sized
}
