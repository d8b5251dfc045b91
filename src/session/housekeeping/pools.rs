//! `maxtotalsize`: the oldest archives go while logs that share a limit, and their archives, take up more than it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::House;
use super::stock::Stock;
use crate::budget::{Pick, Pool};
use crate::discover::ExpandedStanza;
use crate::event::{About, PoolState, Reason, Removed, What};
use crate::policy::{Limit, Policy};
use crate::session::Session;
use crate::sys::signals;

impl Session<'_> {
    /// Makes room in all pools; answers what became of them.
    pub(super) fn keep_pools(
        &mut self,
        house: &mut House<'_>,
        stock: &mut Stock,
        removed: &mut Removed,
    ) -> Vec<PoolState> {
        let mut states = Vec::new();
        for (limit, stanzas) in pools(house.stanzas, house.cut) {
            if signals::caught().is_some() {
                break;
            }
            for number in &stanzas {
                self.stock_up(house, *number, stock);
            }
            states.push(self.keep_pool(limit, &stanzas, stock, removed));
            self.leave_identity();
        }
        states
    }

    fn keep_pool(
        &mut self,
        limit: Limit<u64>,
        stanzas: &[usize],
        stock: &mut Stock,
        removed: &mut Removed,
    ) -> PoolState {
        let numbers = stock.of_stanzas(stanzas.iter().copied());
        let is_guess = stock.is_guess(&numbers);
        let mut pool = Pool::new(limit.amount, &stock.logs(&numbers), self.now.epoch);
        while let Some(pick) = pool.next().filter(|_| signals::caught().is_none()) {
            let reason = Reason::OverTotal {
                bytes: pool.excess(),
                limit: limit.clone(),
                is_guess,
            };
            let (log, archive) = (numbers[pick.log], pick.archive);
            match self.give(stock, Pick { log, archive }, reason, removed) {
                None => pool.went(pick),
                Some(why) => pool.stays(pick, why),
            }
        }
        let state = PoolState {
            limit,
            used: pool.used(),
            logs: numbers.len(),
        };
        self.about = About::Run;
        if !state.is_met() && signals::caught().is_none() {
            self.hear(What::OverTotal(state.clone()));
        }
        state
    }
}

/// Returns the limits of stanzas, and who shares each, by number: all that have it from one line. Where one of them is not wholly there,
/// that is no pool.
pub(crate) fn pools(stanzas: &[ExpandedStanza], cut: &[Arc<Policy>]) -> Vec<(Limit<u64>, Vec<usize>)> {
    let line = |limit: &Limit<u64>| {
        (
            Arc::clone(&limit.declared_at.file),
            limit.declared_at.line,
            limit.amount,
        )
    };
    let cut: HashSet<_> = cut
        .iter()
        .filter_map(|it| it.budgets.max_total.as_ref())
        .map(line)
        .collect();
    let mut known = HashMap::new();
    let mut pools: Vec<(Limit<u64>, Vec<usize>)> = Vec::new();
    for (number, expanded) in stanzas.iter().enumerate() {
        let Some(limit) = &expanded.stanza.policy.budgets.max_total else {
            continue;
        };
        if cut.contains(&line(limit)) {
            continue;
        }
        let at = *known.entry(line(limit)).or_insert(pools.len());
        match pools.get_mut(at) {
            Some((_, sharers)) => sharers.push(number),
            None => pools.push((limit.clone(), vec![number])),
        }
    }
    pools
}
