//! Sums of a run, told event by event.

use std::path::PathBuf;

use super::*;
use crate::diag::Place;
use crate::fault::Fault;
use crate::policy::settings::Settings;
use crate::schedule::Cause;

/// So many logs end, by a list that is searched for each, after an hour.
const MANY: usize = 100_000;

fn path(number: usize) -> Arc<Path> {
    PathBuf::from(format!("/log/{number}.log")).into()
}

fn place(line: u32) -> Place {
    Place {
        file: Path::new("conf").into(),
        line,
        column: 1,
        length: 0,
    }
}

fn hear(tally: &Tally, about: About, what: What) {
    tally.note(&Event { about, what }, Instant::now());
}

/// Tells of a log.
fn hear_of(tally: &Tally, number: usize, what: What) {
    hear(tally, About::Log(path(number)), what);
}

/// Begins with a stanza.
fn begin(tally: &Tally, line: u32) {
    let what = What::Stanza {
        written: Arc::from(&b"/log/*.log"[..]),
        policy: Arc::new(Settings::default().policy()),
        forced: true,
    };
    hear(tally, About::Stanza(place(line)), what);
}

fn due(size: u64) -> What {
    let verdict = Verdict::Rotate(Cause::Forced);
    What::Decided { verdict, size }
}

/// Looks at the logs of a stanza, and switches them.
fn rotate(tally: &Tally, logs: std::ops::Range<usize>, size: u64) {
    begin(tally, 1);
    for number in logs.clone() {
        hear_of(tally, number, What::Considering);
        hear_of(tally, number, due(size));
    }
    for number in logs {
        hear_of(tally, number, What::Switched(path(number).with_extension("log.1")));
    }
}

fn ended(tally: &Tally, number: usize, fault: Option<Fault>) {
    let failed = fault.is_some();
    if let Some(fault) = fault {
        hear_of(tally, number, What::Failed(fault));
    }
    hear_of(tally, number, What::Rotated { failed });
}

#[test]
fn many_logs_that_end_in_another_order_are_found_again_each_at_once() {
    let tally = Tally::default();
    rotate(&tally, 0..MANY, 1);
    for number in (0..MANY).rev() {
        ended(&tally, number, None);
    }
    tally.show(|run| {
        assert_eq!(run.stanzas[0].logs.len(), MANY);
        assert_eq!(run.stanzas[0].count(Fate::Rotated), MANY);
    });
}

#[test]
fn what_is_told_late_is_told_of_its_own_log_and_stanza() {
    let tally = Tally::default();
    rotate(&tally, 0..2, 1);
    begin(&tally, 2);
    hear_of(&tally, 2, What::Considering);
    ended(&tally, 0, Some(Fault::Interrupted));
    hear_of(&tally, 2, due(1));
    hear_of(&tally, 2, What::Failed(Fault::Interrupted));
    tally.show(|run| {
        let fates = |stanza: &StanzaTally| stanza.logs.iter().map(LogTally::fate).collect::<Vec<_>>();
        assert_eq!(fates(&run.stanzas[0]), [Fate::Failed, Fate::Rotated]);
        assert_eq!(fates(&run.stanzas[1]), [Fate::Failed]);
        assert_eq!(
            (run.stanzas[0].logs[0].errors.len(), run.stanzas[1].logs[0].errors.len()),
            (1, 1)
        );
        assert_eq!((run.summary().rotated, run.summary().failed), (1, 2));
    });
}

#[test]
fn what_fails_of_a_stanza_or_of_the_run_is_no_log_s() {
    let tally = Tally::default();
    rotate(&tally, 0..1, 1);
    begin(&tally, 2);
    hear(&tally, About::Stanza(place(1)), What::Failed(Fault::Interrupted));
    hear(&tally, About::Run, What::Failed(Fault::Interrupted));
    tally.show(|run| {
        let of_stanzas: Vec<_> = run.stanzas.iter().map(|stanza| stanza.errors.len()).collect();
        assert_eq!((&of_stanzas[..], run.errors.len()), (&[1, 0][..], 1));
        assert_eq!(run.summary().failed, 0);
    });
}

#[test]
fn a_due_log_whose_turn_never_came_has_failed_and_one_that_is_moved_aside_has_not() {
    let tally = Tally::default();
    rotate(&tally, 0..1, 1);
    let aside = What::MovedAside {
        path: path(0).to_path_buf(),
        to: path(1).to_path_buf(),
    };
    hear_of(&tally, 0, aside);
    begin(&tally, 2);
    hear_of(&tally, 1, What::Considering);
    hear_of(&tally, 1, due(1));
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
        assert_eq!(run.stanzas[0].bytes_before(), u64::MAX);
    });
}

#[test]
fn only_the_newest_archive_s_compression_is_the_log_s_and_none_before_it_is_switched() {
    let tally = Tally::default();
    let compressed = |name: &str, is_newest, bytes| What::Compressed {
        path: PathBuf::from(name),
        is_newest,
        bytes,
    };
    begin(&tally, 1);
    hear_of(&tally, 0, due(9));
    hear_of(&tally, 0, compressed("/log/0.log-left.gz", true, 1));
    hear_of(&tally, 0, What::Switched(PathBuf::from("/log/0.log.1")));
    hear_of(&tally, 0, compressed("/log/0.log.10.gz", false, 2));
    let archive = || {
        tally.show(|run| {
            (
                run.stanzas[0].logs[0].archive.clone(),
                run.stanzas[0].logs[0].bytes_after,
            )
        })
    };
    assert_eq!(archive(), (Some(PathBuf::from("/log/0.log.1")), None));
    hear_of(&tally, 0, compressed("/log/0.log.1.gz", true, 3));
    assert_eq!(archive(), (Some(PathBuf::from("/log/0.log.1.gz")), Some(3)));
}
