//! Sums of a run, told event by event.

use std::path::PathBuf;

use super::*;
use crate::diag::Place;
use crate::fault::Fault;
use crate::policy::settings::Settings;
use crate::schedule::Cause;

/// So many logs end, by a list that is searched for each, after an hour.
const MANY: usize = 100_000;

fn path(number: usize) -> PathBuf {
    PathBuf::from(format!("/log/{number}.log"))
}

fn set() -> Event {
    Event::Set {
        written: Arc::from(&b"/log/*.log"[..]),
        policy: Arc::new(Settings::default().policy()),
        forced: true,
        place: Place {
            file: Path::new("conf").into(),
            line: 1,
            column: 1,
            length: 0,
        },
    }
}

fn due(log: &Path, size: u64) -> Event {
    Event::Decided {
        log: log.to_owned(),
        verdict: Verdict::Rotate(Cause::Forced),
        size,
    }
}

/// Looks at logs, and switches them.
fn rotate(tally: &Tally, logs: std::ops::Range<usize>, size: u64) {
    tally.hear(set());
    for number in logs.clone() {
        tally.hear(Event::Considering(path(number)));
        tally.hear(due(&path(number), size));
    }
    for number in logs {
        tally.hear(Event::Turn(path(number)));
        tally.hear(Event::Switched {
            log: path(number),
            archive: path(number).with_extension("log.1"),
        });
    }
}

fn ended(tally: &Tally, number: usize, fault: Option<Fault>) {
    tally.hear(Event::Turn(path(number)));
    let failed = fault.is_some();
    if let Some(fault) = fault {
        tally.hear(Event::Failed(fault));
    }
    let log = path(number);
    tally.hear(Event::Rotated { log, failed });
}

#[test]
fn many_logs_that_end_in_another_order_are_found_again_each_at_once() {
    let tally = Tally::default();
    rotate(&tally, 0..MANY, 1);
    for number in (0..MANY).rev() {
        ended(&tally, number, None);
    }
    tally.show(|run| {
        assert_eq!(run.sets[0].logs.len(), MANY);
        assert_eq!(run.sets[0].count(Fate::Rotated), MANY);
    });
}

#[test]
fn what_is_told_late_is_told_of_its_own_log_and_stanza() {
    let tally = Tally::default();
    rotate(&tally, 0..2, 1);
    tally.hear(set());
    tally.hear(Event::Considering(path(2)));
    ended(&tally, 0, Some(Fault::Interrupted));
    // It is about the log that it was about before.
    tally.hear(due(&path(2), 1));
    tally.hear(Event::Failed(Fault::StillWritten {
        path: path(2),
        by: None,
    }));
    tally.show(|run| {
        let fates = |set: &SetTally| set.logs.iter().map(LogTally::fate).collect::<Vec<_>>();
        assert_eq!(fates(&run.sets[0]), [Fate::Failed, Fate::Rotated]);
        assert_eq!(fates(&run.sets[1]), [Fate::Failed]);
        assert_eq!(
            (run.sets[0].logs[0].errors.len(), run.sets[1].logs[0].errors.len()),
            (1, 1)
        );
        assert_eq!((run.summary().rotated, run.summary().failed), (1, 2));
    });
}

#[test]
fn what_fails_of_a_stanza_or_of_the_run_is_no_log_s() {
    let tally = Tally::default();
    rotate(&tally, 0..1, 1);
    tally.hear(Event::TurnOfSet);
    tally.hear(Event::Failed(Fault::Interrupted));
    tally.hear(Event::TurnOfRun);
    tally.hear(Event::Failed(Fault::Interrupted));
    tally.show(|run| {
        assert_eq!((run.sets[0].errors.len(), run.errors.len()), (1, 1));
        assert_eq!(run.summary().failed, 0);
    });
}

#[test]
fn a_due_log_whose_turn_never_came_has_failed_and_one_that_is_moved_aside_has_not() {
    let tally = Tally::default();
    rotate(&tally, 0..1, 1);
    tally.hear(Event::MovedAside {
        path: path(0),
        to: path(1),
    });
    tally.hear(set());
    tally.hear(Event::Considering(path(1)));
    tally.hear(due(&path(1), 1));
    tally.show(|run| {
        assert_eq!((run.summary().rotated, run.summary().failed), (1, 1));
        assert_eq!(run.warnings.len(), 1);
    });
}

#[test]
fn sums_of_sizes_end_at_the_largest_number() {
    let tally = Tally::default();
    rotate(&tally, 0..3, u64::MAX / 2);
    tally.show(|run| {
        let sums = run.summary();
        assert_eq!((sums.before, sums.after), (u64::MAX, u64::MAX));
        assert_eq!(run.sets[0].bytes_before(), u64::MAX);
    });
}
