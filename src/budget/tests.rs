//! Logs in a line each, and what goes for them.

use std::collections::HashMap;
use std::path::Path;

use super::*;
use crate::clock::DAY_SECONDS;

pub(super) const NOW: i64 = 1_700_000_000;
pub(super) const DEVICE: u64 = 1;

pub(super) fn extent(inode: u64, bytes: u64, days: i64) -> Extent {
    extent_with_links(inode, bytes, days, 1)
}

fn extent_with_links(inode: u64, bytes: u64, days: i64, links: u64) -> Extent {
    Extent::of(&FileFacts {
        id: FileId { device: DEVICE, inode },
        size: bytes,
        allocated: bytes,
        links,
        ..FileFacts::sample(NOW - days * DAY_SECONDS)
    })
}

fn archive(extent: Extent) -> Archive {
    Archive {
        extent,
        standing: Standing::There,
        waits_for_compression: false,
    }
}

/// A log of a stanza, of so many bytes, with archives of so many, the oldest first. None is kept; the oldest is 100 days old, the next 99.
fn log(stanza: usize, path: &str, live: u64, archives: &[u64]) -> Log {
    let hash = |sum: u64, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
    let number = |at: usize| path.bytes().fold(at as u64 + 1, hash);
    let aged = |(at, bytes): (usize, &u64)| archive(extent(number(at), *bytes, 100 - at as i64));
    Log {
        path: Path::new(path).into(),
        stanza,
        live: (live > 0).then(|| extent(number(1000), live, 0)),
        archives: archives.iter().enumerate().map(aged).collect(),
        floors: Floors {
            keep: Keep::Count(0),
            min_age: Some(0),
        },
    }
}

pub(super) fn pool_of(limit: u64, logs: &[Log]) -> Pool {
    Pool::new(limit, &logs.iter().collect::<Vec<_>>(), NOW)
}

pub(super) fn shortage_of(wanted: HashMap<usize, u64>, logs: &[Log], is_held: bool) -> Shortage {
    Shortage::new(DEVICE, wanted, &logs.iter().collect::<Vec<_>>(), NOW, is_held)
}

fn name(logs: &[Log], pick: Pick) -> String {
    format!("{}{}", logs[pick.log].path.display(), pick.archive)
}

/// Takes what a pool gives until it gives no more: the names of logs with the numbers of their archives.
fn taken(limit: u64, logs: &[Log]) -> (String, Pool) {
    let mut pool = pool_of(limit, logs);
    let mut names = Vec::new();
    while let Some(pick) = pool.next() {
        names.push(name(logs, pick));
        pool.went(pick);
    }
    (names.join(" "), pool)
}

fn pool(limit: u64, logs: &[Log]) -> String {
    taken(limit, logs).0
}

#[test]
fn a2_each_inode_counts_once_and_several_links_count_nothing() {
    let mut logs = [log(0, "a", 10, &[10, 10]), log(1, "b", 10, &[10])];
    assert_eq!(pool_of(0, &logs).used(), 50);
    logs[1].archives[0] = logs[0].archives[0].clone();
    assert_eq!(pool_of(0, &logs).used(), 40, "a row of two logs");
    logs[0].archives[1].extent = logs[0].live.unwrap();
    assert_eq!(pool_of(0, &logs).used(), 30, "an archive that is the log");
    assert_eq!(pool(0, &logs), "a0", "and what it takes is no log");
    logs[0].archives[0].extent = extent_with_links(7, 10, 50, 2);
    assert_eq!(pool_of(0, &logs).used(), 30);
    assert_eq!(pool(0, &logs), "b0", "what has two names frees nothing");
}

#[test]
fn a2_what_two_logs_have_is_kept_where_either_keeps_it() {
    let mut logs = [log(0, "a", 0, &[10]), log(1, "b", 0, &[10])];
    logs[1].archives[0] = logs[0].archives[0].clone();
    assert_eq!(pool(0, &logs), "a0");
    logs[1].floors.keep = Keep::Count(1);
    assert_eq!(pool(0, &logs), "");
}

#[test]
fn a3_the_newest_and_the_youngest_stay() {
    let with = |keep, min_age| {
        let mut one = log(0, "a", 10, &[10, 10, 10]);
        one.floors = Floors { keep, min_age };
        taken(0, &[one])
    };
    for (keep, min_age, expected) in [
        (Keep::Count(0), None, "a0 a1 a2"),
        (Keep::Count(1), None, "a0 a1"),
        (Keep::Count(2), Some(0), "a0"),
        (Keep::Count(3), None, ""),
        (Keep::All, None, ""),
        (Keep::Count(0), Some(98), "a0 a1 a2"),
        (Keep::Count(0), Some(99), "a0 a1"),
        (Keep::Count(0), Some(101), ""),
        (Keep::Count(1), Some(100), "a0"),
    ] {
        assert_eq!(with(keep, min_age).0, expected, "{keep:?} {min_age:?}");
    }
    let left = with(Keep::Count(1), Some(100)).1.left();
    let by_age = Kept::ByAge {
        days: 100,
        is_default: false,
    };
    assert_eq!(left, Left::from([Kept::ByCount(Some(1)), by_age]));
}

#[test]
fn a3_a_time_in_the_future_counts_as_old() {
    let mut one = log(0, "a", 0, &[10]);
    one.floors.min_age = Some(7);
    one.archives[0].extent.modified.seconds = NOW + DAY_SECONDS;
    assert_eq!(pool(0, &[one]), "a0");
}

#[test]
fn a3_what_is_gone_keeps_no_place_among_the_newest() {
    let mut one = log(0, "a", 10, &[10, 10, 10]);
    one.floors.keep = Keep::Count(1);
    one.archives[2].standing = Standing::Gone;
    assert_eq!(pool(0, &[one]), "a0");
}

#[test]
fn a4_what_cannot_be_removed_is_passed_over_and_still_counts() {
    let logs = [log(0, "a", 10, &[10, 10, 10])];
    let mut pool = pool_of(15, &logs);
    let first = pool.next().unwrap();
    pool.stays(first, Kept::Resists);
    assert_eq!(pool.used(), 40);
    let second = pool.next().unwrap();
    assert_eq!((first.archive, second.archive), (0, 1));
    pool.went(second);
    pool.went(pool.next().unwrap());
    assert_eq!((pool.used(), pool.next()), (20, None));
    assert_eq!(pool.left(), Left::from([Kept::Resists]));
}

#[test]
fn a4_what_resisted_once_is_not_asked_again() {
    let mut one = log(0, "a", 10, &[10, 10]);
    one.archives[0].standing = Standing::Resists;
    one.archives[1].standing = Standing::InUse;
    let (names, pool) = taken(0, &[one]);
    assert_eq!(names, "");
    assert_eq!(pool.left(), Left::from([Kept::InUse, Kept::Resists]));
}

#[test]
fn a5_the_largest_stanza_gives_and_in_it_the_largest_log_its_oldest() {
    // Sums are kept up to date: the first has 70 and the second 60, then 50 and 60, 50 and 40, 30 and 40.
    let logs = [
        log(0, "a", 10, &[20, 20]),
        log(0, "aa", 15, &[5]),
        log(1, "b", 20, &[20, 20]),
    ];
    assert_eq!(pool(60, &logs), "a0 b0 a1 b1");
    // A log that is large by itself gives before one with more archives, for as long as it has any.
    let logs = [log(0, "a", 100, &[1, 1]), log(0, "b", 0, &[9, 9, 9])];
    assert_eq!(pool(100, &logs), "a0 a1 b0 b1 b2");
    // A stanza that has nothing to give is passed over.
    let logs = [log(0, "a", 100, &[]), log(1, "b", 0, &[30, 30, 30])];
    assert_eq!(pool(160, &logs), "b0");
}

#[test]
fn a5_of_two_as_large_the_older_candidate_goes_and_then_the_path_decides() {
    let mut logs = [log(1, "b", 0, &[10, 10]), log(0, "a", 0, &[10, 10])];
    assert_eq!(pool(0, &logs), "a0 b0 a1 b1");
    logs[0].archives[0].extent.modified.seconds -= 1;
    assert_eq!(pool(0, &logs), "b0 a0 a1 b1");
}

#[test]
fn a6_no_stanza_that_is_at_its_share_gives() {
    // Three stanzas share 90: those of 30 and less are safe.
    let logs = [
        log(0, "a", 30, &[5, 5]),
        log(1, "b", 10, &[10, 10]),
        log(2, "c", 0, &[31]),
    ];
    assert_eq!(pool(90, &logs), "a0 a1 c0");
    let full = [
        log(0, "a", 60, &[]),
        log(1, "b", 10, &[10, 10]),
        log(2, "c", 0, &[10, 21]),
    ];
    let (names, pool) = taken(90, &full);
    assert_eq!(names, "c0", "at 31 it gives, at 21 no more, and b is at its share");
    assert_eq!((pool.share(), pool.excess()), (30, 21));
}

#[test]
fn a6_the_share_is_exact_at_its_edge() {
    for (bytes, expected) in [(33, ""), (34, "a0")] {
        let logs = [log(0, "a", bytes - 1, &[1]), log(1, "b", 100, &[]), log(2, "c", 1, &[])];
        assert_eq!(pool(100, &logs), expected, "{bytes} of 100 for three");
    }
}

#[test]
fn a6_only_stanzas_that_have_anything_share() {
    let mut logs = vec![log(0, "a", 30, &[20, 20]), log(1, "b", 20, &[])];
    assert_eq!(pool_of(60, &logs).share(), 30);
    logs.push(log(2, "c", 0, &[]));
    assert_eq!(pool_of(60, &logs).share(), 30);
    logs.push(log(3, "d", 0, &[1]));
    assert_eq!(pool_of(60, &logs).share(), 20);
    logs[3].archives[0].standing = Standing::Gone;
    assert_eq!(pool_of(60, &logs).share(), 30);
}

#[test]
fn a6_a_pool_of_one_stanza_is_met_though_the_last_archive_takes_it_below() {
    let (names, pool) = taken(25, &[log(0, "a", 10, &[10, 10])]);
    assert_eq!((names.as_str(), pool.used()), ("a0", 20));
}

#[test]
fn a6_ten_thousand_planted_logs_of_one_stanza_do_not_touch_the_neighbours_share() {
    let mut logs = vec![log(1, "neighbour", 10, &[1000; 49])];
    logs.extend((0..10_000).map(|number| log(0, &format!("planted{number:05}"), 0, &[10; 10])));
    let mut pool = pool_of(100_000, &logs);
    let mut taken = 0;
    while let Some(pick) = pool.next() {
        assert_ne!(pick.log, 0);
        pool.went(pick);
        taken += 1;
    }
    assert_eq!((pool.excess(), taken), (0, 94_901));
}

/// Works for a file system of so much free room, where each stanza wants so much: what is removed, and after `+` what is squeezed.
fn freed(free: u64, wanted: &[(usize, u64)], logs: &[Log]) -> (String, End) {
    let mut free = free;
    let mut shortage = shortage_of(wanted.iter().copied().collect(), logs, false);
    let mut names = Vec::new();
    loop {
        match shortage.next(free) {
            Next::Squeeze { pick, .. } => {
                let bytes = logs[pick.log].archives[pick.archive].extent.bytes;
                names.push(format!("+{}", name(logs, pick)));
                shortage.squeezed(pick, bytes / 10);
                free += bytes - bytes / 10;
            }
            Next::Take { pick, .. } => {
                names.push(name(logs, pick));
                shortage.went(pick);
                free += logs[pick.log].archives[pick.archive].extent.bytes;
            }
            Next::Sync => shortage.synced(),
            Next::End(end) => return (names.join(" "), end),
        }
    }
}

#[test]
fn a10_where_enough_is_free_nothing_goes() {
    let logs = [log(0, "a", 10, &[10, 10])];
    assert_eq!(freed(100, &[(0, 100)], &logs), (String::new(), End::Met));
    assert_eq!(freed(99, &[(0, 100)], &logs), ("a0".to_owned(), End::Met));
}

#[test]
fn a10_what_is_on_another_file_system_neither_counts_nor_goes() {
    let mut logs = [log(0, "a", 10, &[10]), log(0, "b", 10, &[5, 10])];
    logs[0].archives[0].extent.id.device = 2;
    logs[1].archives[0].extent.id.device = 2;
    let (names, end) = freed(0, &[(0, 100)], &logs);
    assert_eq!((names.as_str(), end), ("b1", End::Unmet(Left::new())));
}

#[test]
fn a11_while_a_target_is_missed_only_stanzas_give_that_want_as_much() {
    let logs = [
        log(0, "debug", 0, &[10, 10]),
        log(1, "plain", 0, &[50, 50]),
        log(2, "none", 0, &[500]),
    ];
    let wanted = [(0, 90), (1, 40)];
    assert_eq!(freed(75, &wanted, &logs), ("debug0 debug1".to_owned(), End::Met));
    let unmet = End::Unmet(Left::new());
    assert_eq!(freed(25, &wanted, &logs), ("debug0 debug1".to_owned(), unmet.clone()));
    assert_eq!(freed(15, &wanted, &logs), ("debug0 debug1 plain0".to_owned(), unmet));
}

#[test]
fn a11_shares_do_not_hold_for_a_file_system() {
    let logs = [log(0, "a", 10, &[10]), log(1, "b", 900, &[])];
    assert_eq!(freed(0, &[(0, 10), (1, 10)], &logs).0, "a0");
}

#[test]
fn a12_what_delaycompress_left_is_compressed_first_the_largest_that_fits_first() {
    let mut logs = [
        log(0, "a", 0, &[50, 100]),
        log(0, "b", 0, &[50, 300]),
        log(1, "c", 0, &[400]),
    ];
    for log in &mut logs {
        log.floors.keep = Keep::Count(1);
        log.archives.last_mut().unwrap().waits_for_compression = true;
    }
    // 300 do not fit into 120 until 90 of 100 are gained, and 400 belong to nobody who wants room.
    assert_eq!(freed(120, &[(0, 200)], &logs), ("+a1".to_owned(), End::Met));
    assert_eq!(freed(220, &[(0, 600)], &logs).0, "+a1 +b1 b0");
    assert_eq!(freed(90, &[(0, 200)], &logs).0, "b0 +a1");
}

#[test]
fn a12_an_archive_that_cannot_be_compressed_is_asked_once() {
    let mut logs = [log(0, "a", 0, &[100])];
    logs[0].archives[0].waits_for_compression = true;
    let mut shortage = shortage_of(HashMap::from([(0, 500)]), &logs, false);
    let pick = Pick { log: 0, archive: 0 };
    assert_eq!(shortage.next(100), Next::Squeeze { pick, target: 500 });
    shortage.squeezed(pick, 100);
    assert_eq!(shortage.next(100), Next::Take { pick, target: 500 });
}

#[test]
fn a13_what_is_in_use_is_passed_over() {
    let logs = [log(0, "a", 0, &[10, 10])];
    let mut shortage = shortage_of(HashMap::from([(0, 500)]), &logs, false);
    shortage.stays(Pick { log: 0, archive: 0 }, Kept::InUse);
    let pick = Pick { log: 0, archive: 1 };
    assert_eq!(shortage.next(490), Next::Take { pick, target: 500 });
    shortage.went(pick);
    assert_eq!(shortage.next(495), Next::Sync);
    shortage.synced();
    assert_eq!(shortage.next(490), Next::End(End::Spent { removed: 10, gained: 0 }));
}

#[test]
fn a14_when_as_much_is_gone_as_was_missing_the_file_system_is_asked_once_more_and_then_believed() {
    let logs = [log(0, "a", 0, &[10; 20])];
    let mut shortage = shortage_of(HashMap::from([(0, 100)]), &logs, false);
    for _ in 0..3 {
        let Next::Take { pick, .. } = shortage.next(70) else {
            panic!("30 are missing")
        };
        shortage.went(pick);
    }
    assert_eq!(shortage.next(70), Next::Sync);
    shortage.synced();
    assert_eq!(shortage.next(100), Next::End(End::Met), "it was only late");
    let spent = End::Spent { removed: 30, gained: 1 };
    assert_eq!(shortage.next(71), Next::End(spent));
}

#[test]
fn a14_where_most_was_gained_what_is_still_missing_is_made_good() {
    let logs = [log(0, "a", 0, &[10; 20])];
    let mut shortage = shortage_of(HashMap::from([(0, 100)]), &logs, false);
    let take = |shortage: &mut Shortage, free: u64, count: usize| {
        for _ in 0..count {
            let Next::Take { pick, .. } = shortage.next(free) else {
                panic!("too little is free")
            };
            shortage.went(pick);
        }
        assert_eq!(shortage.next(free), Next::Sync);
        shortage.synced();
    };
    take(&mut shortage, 70, 3);
    // Somebody wrote 10 meanwhile: one more goes for them.
    take(&mut shortage, 90, 1);
    let spent = End::Spent {
        removed: 40,
        gained: 22,
    };
    assert_eq!(
        shortage.next(92),
        Next::End(spent),
        "the second time too little came of it"
    );
}

#[test]
fn a14_before_the_next_target_is_measured_the_file_system_finishes() {
    let logs = [log(0, "a", 0, &[10]), log(1, "b", 0, &[10; 20])];
    let mut shortage = shortage_of(HashMap::from([(0, 100), (1, 50)]), &logs, false);
    let Next::Take { pick, .. } = shortage.next(40) else {
        panic!("60 are missing")
    };
    shortage.went(pick);
    assert_eq!(shortage.next(40), Next::Sync);
    shortage.synced();
    assert_eq!(shortage.next(50), Next::End(End::Unmet(Left::new())));
}

#[test]
fn a14_while_it_is_held_nothing_goes_but_what_is_compressed() {
    let mut logs = [log(0, "a", 0, &[10, 100])];
    logs[0].archives[1].waits_for_compression = true;
    let mut shortage = shortage_of(HashMap::from([(0, 500)]), &logs, true);
    let pick = Pick { log: 0, archive: 1 };
    assert_eq!(shortage.next(400), Next::Squeeze { pick, target: 500 });
    shortage.squeezed(pick, 10);
    assert_eq!(shortage.next(490), Next::End(End::Held));
    assert_eq!(shortage.next(500), Next::End(End::Held), "it was not met before");
}

#[test]
fn a15_seven_days_are_kept_for_a_file_system_unless_the_log_says_otherwise() {
    let mut logs = [log(0, "a", 0, &[10, 10])];
    logs[0].archives[1].extent.modified.seconds = NOW - 6 * DAY_SECONDS;
    let by_default = Floors {
        keep: Keep::Count(0),
        min_age: None,
    };
    logs[0].floors = by_default;
    let kept = Kept::ByAge {
        days: 7,
        is_default: true,
    };
    assert_eq!(
        freed(0, &[(0, 99)], &logs),
        ("a0".to_owned(), End::Unmet(Left::from([kept])))
    );
    logs[0].floors.min_age = Some(0);
    assert_eq!(freed(0, &[(0, 99)], &logs).0, "a0 a1");
    logs[0].floors = by_default;
    assert_eq!(pool(0, &logs), "a0 a1", "maxtotalsize has no such default");
}

#[test]
fn a_hundred_thousand_archives_of_ten_thousand_logs_are_decided_at_once() {
    let logs: Vec<Log> = (0..10_000)
        .map(|number| log(number % 10, &format!("log{number:05}"), 10, &[10; 10]))
        .collect();
    let begun = std::time::Instant::now();
    let mut pool = pool_of(0, &logs);
    let mut taken = 0;
    while let Some(pick) = pool.next() {
        pool.went(pick);
        taken += 1;
    }
    assert_eq!(taken, 100_000);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}
