//! What budgets come to as things are, counted as a run counts them. Where no budget is set nothing is looked at.

use std::path::Path;
use std::sync::Arc;

use super::survey::Surveyor;
use crate::budget::{Log, Pool, Shortage};
use crate::clock::Now;
use crate::discover::{ExpandedStanza, FoundLog};
use crate::event::{Budgets, PoolState, RoomState};
use crate::inventory::counted;
use crate::inventory::systems::{self, System};
use crate::obstacle;
use crate::policy::{Limit, Policy};
use crate::report::budgets::{InPool, OnSystem};
use crate::session::{is_in_force, pools};
use crate::state::record::Hold;
use crate::sys::identity;
use crate::sys::room::{self, Room};

impl Surveyor<'_> {
    /// Returns how all budgets stand.
    pub(super) fn budgets(&mut self, stanzas: &[ExpandedStanza], holds: &[Hold]) -> Budgets {
        let standing = |(limit, sharers): (Limit<u64>, Vec<usize>)| {
            let logs = self.pooled(stanzas, &sharers);
            let pool = Pool::new(limit.amount, &logs.iter().collect::<Vec<_>>(), self.now.epoch);
            state_of(limit, &pool, logs.len())
        };
        Budgets {
            pools: pools(stanzas, &[]).into_iter().map(standing).collect(),
            file_systems: self
                .systems(stanzas)
                .iter()
                .filter_map(|system| self.room(system, holds))
                .collect(),
        }
    }

    /// Returns how a log of this stanza stands in the pool that it is in.
    pub(super) fn in_pool(&mut self, stanzas: &[ExpandedStanza], number: usize, log: &Path) -> Option<InPool> {
        let mut all = pools(stanzas, &[]).into_iter();
        let (limit, sharers) = all.find(|(_, sharers)| sharers.contains(&number))?;
        let logs = self.pooled(stanzas, &sharers);
        let pool = Pool::new(limit.amount, &logs.iter().collect::<Vec<_>>(), self.now.epoch);
        let at = logs.iter().position(|one| &*one.path == log);
        Some(InPool {
            sharers: pool.sharers(),
            share: pool.share(),
            holding: at.and_then(|at| pool.holding(at)),
            state: state_of(limit, &pool, logs.len()),
        })
    }

    /// Returns how a log of a stanza stands on the file system of its archives, where the stanza wants room there.
    pub(super) fn on_system(&mut self, stanza: &ExpandedStanza, log: &Path, holds: &[Hold]) -> Option<OnSystem> {
        let alone = [ExpandedStanza {
            stanza: stanza.stanza.clone(),
            logs: vec![FoundLog {
                path: log.into(),
                word: 0,
            }],
        }];
        let systems = self.systems(&alone);
        let system = systems.first()?;
        let state = self.room(system, holds)?;
        let counted = self.counted(&stanza.stanza.policy, 0, &log.into());
        self.leave_identity();
        let (wanted, is_held) = ([(0, state.wanted)].into(), state.held_until.is_some());
        let holding = counted.and_then(|log| {
            let shortage = Shortage::new(system.device, wanted, &[&log], self.now.epoch, is_held);
            shortage.holding(0)
        });
        Some(OnSystem { state, holding })
    }

    /// Counts the logs of stanzas, by number, those that are gone included.
    fn pooled(&mut self, stanzas: &[ExpandedStanza], numbers: &[usize]) -> Vec<Log> {
        let mut logs = Vec::new();
        for number in numbers {
            let expanded = &stanzas[*number];
            let mut paths: Vec<Arc<Path>> = expanded.logs.iter().map(|log| Arc::clone(&log.path)).collect();
            paths.extend(self.lone(expanded).unwrap_or_default().logs);
            let policy = &expanded.stanza.policy;
            logs.extend(paths.iter().filter_map(|path| self.counted(policy, *number, path)));
            self.leave_identity();
        }
        logs
    }

    /// Counts a log; what cannot be looked at, and what no run works on, does not count.
    fn counted(&mut self, policy: &Policy, number: usize, path: &Arc<Path>) -> Option<Log> {
        let beside = self.beside(policy, path).ok()??;
        if beside.refused.is_some() {
            return None;
        }
        let live = self.look(policy, path).ok()?.map(|(facts, _)| facts);
        let members = &beside.found.family.members;
        Some(counted(
            policy,
            number,
            Arc::clone(path),
            live.as_ref(),
            members,
            |_| false,
        ))
    }

    fn systems(&mut self, stanzas: &[ExpandedStanza]) -> Vec<System> {
        let mut open = |policy: &Policy, log: &Path| {
            let opened = self.open(policy, log)?;
            obstacle::of_directory(log, &opened.home.facts, opened.identity, identity::is_root())?;
            Ok(opened.archives)
        };
        let found = systems::find(stanzas, &[], &mut open);
        self.leave_identity();
        found.systems
    }

    fn room(&self, system: &System, holds: &[Hold]) -> Option<RoomState> {
        let most = system.most()?;
        let mount = room::mount_of(system.dir.path());
        let now = self.now.epoch;
        let mut in_force = holds.iter().filter(|hold| is_in_force(hold.until, now));
        let hold = in_force.find(|hold| hold.mount == mount);
        Some(RoomState {
            free: Room::of(&system.dir).ok()?.available,
            limit: most.limit.clone(),
            wanted: most.bytes,
            held_until: hold.map(|hold| Now::at(hold.until).local),
            mount,
        })
    }
}

fn state_of(limit: Limit<u64>, pool: &Pool, logs: usize) -> PoolState {
    PoolState {
        limit,
        used: pool.used(),
        logs,
    }
}
