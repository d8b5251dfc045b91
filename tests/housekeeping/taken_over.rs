//! A tree that the reference left after a year is taken over, and pruned.

use std::collections::BTreeSet;

use super::home::Home;
use crate::support;

/// A row of archives as the reference makes it, with what `rotate` is lowered to.
const CONF: &str = "@/numbers.log {\n daily\n rotate ROTATE\n create\n}\n\
                    @/dates.log {\n daily\n rotate ROTATE\n dateext\n compress\n create\n}\n\
                    @/late.log {\n daily\n rotate ROTATE\n compress\n delaycompress\n create\n}\n\
                    @/away.log {\n daily\n rotate ROTATE\n dateext\n olddir old\n create\n}\n";
const LOGS: [&str; 4] = ["numbers", "dates", "late", "away"];

/// Lets days go by with the reference.
fn live(home: &Home, days: std::ops::Range<i64>, peer: &std::path::Path) {
    for day in days {
        for log in LOGS {
            home.plant(
                &format!("{log}.log"),
                day,
                format!("{log} {day}\n{}", ".".repeat(700)).as_bytes(),
            );
        }
        let ran = home.run_by(peer, day, &[]);
        assert_eq!(ran.code, Some(0), "day {day}: {}", ran.said);
    }
}

fn take_over(days: i64, rotate: i64, lowered: i64) {
    let Some(peer) = support::need_peer() else { return };
    let home = Home::new(&CONF.replace("ROTATE", &rotate.to_string()));
    LOGS.iter().for_each(|log| home.note(&format!("{log}.log"), -1));
    live(&home, 0..days, &peer);
    // Once it was lowered in her time, which left archives beyond the count.
    home.configure(&CONF.replace("ROTATE", &(rotate - 4).to_string()));
    live(&home, days..days + 3, &peer);
    let before = home.contents();
    let last = days + 2;
    // Taken over without a word of ours nothing changes.
    let ran = home.run(last, &[]);
    assert_eq!(
        (home.contents(), ran.removed(&home)),
        (before, BTreeSet::new()),
        "{}",
        ran.said
    );
    let conf = CONF
        .replace("ROTATE", &lowered.to_string())
        .replace("daily\n", "daily\n prune\n");
    home.configure(&conf);
    let ran = home.run(last, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let kept = |log: &&str| {
        let log = log.to_string();
        (last - lowered + 1..=last).map(move |day| format!("{log} {day}\n{}", ".".repeat(700)))
    };
    let mut wanted: BTreeSet<String> = LOGS.iter().flat_map(kept).collect();
    wanted.insert(String::new());
    assert_eq!(home.contents(), wanted, "{}", ran.said);
}

#[test]
fn b_what_the_reference_left_after_days_is_taken_over_and_pruned() {
    take_over(12, 9, 3);
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn b_what_the_reference_left_after_a_year_is_taken_over_and_pruned() {
    take_over(365, 60, 7);
}
