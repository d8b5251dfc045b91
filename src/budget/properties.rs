//! What holds for all pools and file systems, whatever lies about in them.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use proptest::prelude::*;

use super::tests::{NOW, extent, pool_of, shortage_of};
use super::*;

/// Logs of four stanzas; few inodes, so that some are found twice.
fn logs() -> impl Strategy<Value = Vec<Log>> {
    let floors = (
        prop_oneof![3 => (0_u32..3).prop_map(Keep::Count), 1 => Just(Keep::All)],
        prop::option::of(0_u32..20),
    );
    let standing = prop_oneof![8 => Just(Standing::There), 1 => Just(Standing::Gone), 1 => Just(Standing::Resists)];
    let file = (1_u64..200, 0_u64..50, -3_i64..30).prop_map(|(inode, bytes, days)| (inode, bytes * 10, days));
    let archive = (file, standing, any::<bool>()).prop_map(|((inode, bytes, days), standing, waits)| Archive {
        // What a file is like does not depend on who finds it.
        extent: extent(inode, bytes / 50 * inode, days / 10 * (inode % 5) as i64),
        standing,
        waits_for_compression: waits && standing == Standing::There,
    });
    let archives = prop::collection::vec(archive, 0..8);
    let log = (0_usize..4, prop::option::of(1_u64..20), archives, floors);
    prop::collection::vec(log, 0..10).prop_map(|logs| {
        let log = |(number, (stanza, live, archives, (keep, min_age))): (usize, (_, Option<u64>, _, _))| Log {
            path: Path::new(&format!("log{number}")).into(),
            stanza,
            live: live.map(|inode| extent(inode, inode * 3, 0)),
            archives,
            floors: Floors { keep, min_age },
        };
        logs.into_iter().enumerate().map(log).collect()
    })
}

fn archive(logs: &[Log], pick: Pick) -> &Archive {
    &logs[pick.log].archives[pick.archive]
}

/// Which files no budget may take.
fn untouchable(logs: &[Log], default_days: u32) -> HashSet<FileId> {
    let mut kept: HashSet<FileId> = logs.iter().filter_map(|log| Some(log.live?.id)).collect();
    for log in logs {
        let there: Vec<_> = log.archives.iter().filter(|it| it.standing != Standing::Gone).collect();
        let newest = match log.floors.keep {
            Keep::All => there.len(),
            Keep::Count(count) => there.len().min(count as usize),
        };
        let days = log.floors.min_age.unwrap_or(default_days);
        kept.extend(there[there.len() - newest..].iter().map(|it| it.extent.id));
        kept.extend(
            there
                .iter()
                .filter(|it| it.extent.modified.is_younger(days, NOW))
                .map(|it| it.extent.id),
        );
        kept.extend(
            there
                .iter()
                .filter(|it| it.standing == Standing::Resists)
                .map(|it| it.extent.id),
        );
    }
    kept
}

/// Counts a pool anew.
fn used(logs: &[Log], gone: &HashSet<FileId>) -> u64 {
    let archives = logs
        .iter()
        .flat_map(|log| &log.archives)
        .filter(|it| it.standing != Standing::Gone);
    let live = logs.iter().filter_map(|log| log.live);
    let all = live
        .chain(archives.map(|it| it.extent))
        .filter(|it| !gone.contains(&it.id));
    let mut seen = HashSet::new();
    all.filter(|it| seen.insert(it.id)).map(|it| it.bytes).sum()
}

fn taken(limit: u64, logs: &[Log]) -> Vec<FileId> {
    let mut pool = pool_of(limit, logs);
    let mut taken = Vec::new();
    while let Some(pick) = pool.next() {
        taken.push(archive(logs, pick).extent.id);
        pool.went(pick);
    }
    taken
}

proptest! {
    #[test]
    fn a3_neither_a_live_log_nor_what_a_floor_keeps_is_taken_and_nothing_twice(logs in logs(), limit in 0_u64..3000) {
        let untouchable = untouchable(&logs, 0);
        let mut seen = HashSet::new();
        for id in taken(limit, &logs) {
            prop_assert!(!untouchable.contains(&id) && seen.insert(id), "{id:?}");
        }
    }

    #[test]
    fn a4_of_each_log_the_oldest_goes_first(logs in logs(), limit in 0_u64..3000) {
        let mut pool = pool_of(limit, &logs);
        let mut last: HashMap<usize, usize> = HashMap::new();
        while let Some(pick) = pool.next() {
            prop_assert!(last.insert(pick.log, pick.archive).is_none_or(|before| before < pick.archive));
            pool.went(pick);
        }
    }

    #[test]
    fn a5_sums_are_up_to_date_after_each_removal(logs in logs(), limit in 0_u64..3000, resists: u32) {
        let mut pool = pool_of(limit, &logs);
        let mut gone = HashSet::new();
        for turn in 0_u32.. {
            prop_assert_eq!(pool.used(), used(&logs, &gone));
            let Some(pick) = pool.next() else { break };
            if resists >> (turn % 32) & 1 == 1 {
                pool.stays(pick, Kept::Resists);
            } else {
                pool.went(pick);
                gone.insert(archive(&logs, pick).extent.id);
            }
        }
    }

    #[test]
    fn a6_a_stanza_gives_only_while_it_takes_up_more_than_its_share(logs in logs(), limit in 1_u64..3000) {
        let mut pool = pool_of(limit, &logs);
        let share = pool.share();
        // What is found twice counts for whoever comes first; what a stanza takes up is at most this.
        let mut gone = HashSet::new();
        while let Some(pick) = pool.next() {
            let stanza: Vec<Log> = logs.iter().filter(|log| log.stanza == logs[pick.log].stanza).cloned().collect();
            prop_assert!(used(&stanza, &gone) > share);
            prop_assert!(pool.used() > limit);
            gone.insert(archive(&logs, pick).extent.id);
            pool.went(pick);
        }
    }

    #[test]
    fn a5_a_pool_gives_the_same_in_whatever_order_its_logs_come(
        shuffled in logs().prop_flat_map(|logs| (Just(logs.clone()), Just(logs).prop_shuffle())), limit in 0_u64..3000,
    ) {
        prop_assert_eq!(taken(limit, &shuffled.0), taken(limit, &shuffled.1));
    }

    #[test]
    fn a14_for_a_file_system_it_ends_whatever_it_says_and_never_takes_more_than_was_missing_and_one(
        logs in logs(), targets in prop::collection::hash_map(0_usize..4, 1_u64..2000, 0..4),
        said in prop::collection::vec(0_u64..2000, 1..50),
    ) {
        let untouchable = untouchable(&logs, DEFAULT_DAYS);
        let highest = targets.values().max().copied().unwrap_or(0);
        let distinct = targets.values().collect::<HashSet<_>>().len() as u64;
        let mut shortage = shortage_of(targets.clone(), &logs, false);
        let (mut freed, mut largest) = (0, 0);
        for turn in 0.. {
            prop_assert!(turn < 500);
            match shortage.next(said[turn % said.len()]) {
                Next::Squeeze { pick, .. } => shortage.squeezed(pick, archive(&logs, pick).extent.bytes / 2),
                Next::Take { pick, target } => {
                    let it = archive(&logs, pick);
                    prop_assert!(!untouchable.contains(&it.extent.id));
                    prop_assert!(targets.get(&logs[pick.log].stanza).is_some_and(|wanted| *wanted >= target));
                    (freed, largest) = (freed + it.extent.bytes, largest.max(it.extent.bytes));
                    shortage.went(pick);
                }
                Next::Sync => shortage.synced(),
                Next::End(_) => break,
            }
        }
        prop_assert!(freed <= (highest + largest) * distinct.max(1));
    }
}
