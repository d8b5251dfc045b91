//! The same files are read by the original: what differs is only what the lines of budgets and retention add.

use super::home::Home;
use crate::support;

/// What the original does not know.
const LINES: &str = "maxtotalsize 20k\nminfree 1\nminrotate 2\nminretain 3\nprune\n";
const OWN: &str =
    " maxtotalsize 8k\n minfree 1%\n minrotate 1\n minretain 0\n noprune\n formerly compressext .packed\n";
const STANZA: &str =
    "@/a.log {\n daily\n rotate 3\n compress\n create\nOWN}\n@/b.log {\n daily\n dateext\n rotate 9\n create\n}\n";

fn week(program: &std::path::Path, conf: &str) -> (Home, String) {
    let home = Home::new(conf);
    let mut said = String::new();
    for log in ["a.log", "b.log"] {
        home.note(log, -1);
    }
    for day in 0..6 {
        home.plant("a.log", day, format!("a {day}\n").as_bytes());
        home.plant("b.log", day, format!("b {day}\n").as_bytes());
        let ran = home.run_by(program, day, &[]);
        assert_eq!(ran.code, Some(0), "{}", ran.said);
        said += &ran.said;
    }
    (home, said)
}

#[test]
fn b_the_original_passes_over_the_lines_and_does_the_rest() {
    let Some(peer) = support::need_peer() else { return };
    let with = format!("{LINES}{}", STANZA.replace("OWN", OWN));
    let without = STANZA.replace("OWN", "");
    let ((with, said), (without, _)) = (week(&peer, &with), week(&peer, &without));
    assert_eq!(with.names(), without.names(), "{said}");
    assert_eq!(with.contents(), without.contents(), "{said}");
    // One message a line and run, and no stanza is given up.
    assert_eq!(said.matches("unknown option").count(), 11 * 6, "{said}");
}

#[test]
fn b_ours_adds_to_what_the_original_does_only_removals() {
    let Some(peer) = support::need_peer() else { return };
    let lines = "maxtotalsize 20k\nminrotate 2\nprune\n";
    let conf = format!("{lines}{}", STANZA.replace("OWN", ""));
    let ((theirs, _), (ours, said)) = (week(&peer, &conf), week(&support::ours(), &conf));
    assert!(ours.names().is_subset(&theirs.names()), "{:?}", ours.names());
    assert!(ours.contents().is_subset(&theirs.contents()), "{said}");
    assert!(ours.names().len() < theirs.names().len(), "{said}");
    // Below the floor nothing went.
    for newest in ["a 5\n", "a 4\n", "b 5\n", "b 4\n"] {
        assert!(ours.contents().contains(newest), "{newest}: {said}");
    }
}
