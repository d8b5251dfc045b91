//! Races: who owns a log's directory swaps what lies in it for links to a forbidden place while root rotates there.
//!
//! `racer` is the one who swaps, `arena` the world and the look whether the forbidden place was touched.

mod arena;
mod housekeeping;
mod olddir;
mod ownership;
mod past;
mod racer;

use std::path::Path;
use std::time::{Duration, Instant};

use self::arena::Arena;
use self::racer::{Racer, Swapped};
use crate::support;

/// How many swaps are made in each spot.
const SWAPS: u64 = 100_000;

/// How many rotations there are at least in each spot.
const ROTATIONS: usize = 150;

/// How long one spot may take, whatever was reached: ten times what it takes on a machine with nothing else to do.
const LIMIT: Duration = Duration::from_secs(240);

/// The ways of rotating, in turn.
const WAYS: [&str; 6] = [
    "create",
    "prune\n rotate 1\n create",
    "compress\n create",
    "copytruncate",
    "copytruncate\n compress",
    "compress\n delaycompress\n create",
];

/// What a race came to.
#[derive(Debug, Default)]
struct Score {
    /// How many swaps there were.
    swaps: u64,
    /// How many rotations.
    rotations: usize,
    /// How many of them found the log and rotated it.
    rotated: usize,
    /// After how many of them the forbidden place was not as before, or its secret was out.
    won: usize,
}

/// Rotates in one spot until enough was swapped, and counts how often the racer won.
fn race(program: &Path, spot: Swapped, swaps: u64) -> Score {
    let mut score = Score::default();
    let mut arena = Arena::new();
    let racer = Racer::start(spot, arena.home());
    let begun = Instant::now();
    let enough = |racer: &Racer, rotations| {
        if spot.waits() {
            rotations >= 300
        } else {
            racer.swaps() >= swaps
        }
    };
    while (score.rotations < ROTATIONS || !enough(&racer, score.rotations)) && begun.elapsed() < LIMIT {
        arena.seed();
        score.rotated += usize::from(arena.rotate(program, WAYS[score.rotations % WAYS.len()]));
        score.rotations += 1;
        score.won += usize::from(racer.resting(|| arena.was_won()));
    }
    score.swaps = racer.stop();
    score
}

/// Races in one spot with ours, and with the reference beside it where there is one.
fn race_in(spot: Swapped) {
    if !support::need_root() {
        return;
    }
    let ours = race(&support::ours(), spot, SWAPS);
    println!("{spot:?}: ours {ours:?}");
    if let Some(peer) = support::peer() {
        println!("{spot:?}: the reference {:?}", race(&peer, spot, SWAPS / 10));
    }
    assert_eq!(ours.won, 0, "{spot:?}: the forbidden place was touched");
    assert!(
        ours.rotations >= ROTATIONS,
        "{spot:?}: only {} rotations",
        ours.rotations
    );
    assert!(
        ours.swaps >= SWAPS || spot.waits(),
        "{spot:?}: only {} swaps",
        ours.swaps
    );
}

/// Makes a test for each spot.
macro_rules! spots {
    ($($name:ident $spot:expr;)+) => {
        $(
            #[test]
            #[ignore = "long: .ci/run and the README's full test run them"]
            fn $name() {
                race_in($spot);
            }
        )+
    };
}

spots! {
    the_logs_directory_swapped_for_a_link_opens_nothing Swapped::Directory;
    the_logs_directory_swapped_at_the_right_moment_opens_nothing Swapped::DirectoryWhenItChanges;
    the_parent_of_the_logs_directory_swapped_for_a_link_opens_nothing Swapped::Parent;
    the_log_swapped_for_a_link_opens_nothing Swapped::Log;
    the_archive_swapped_for_a_link_opens_nothing Swapped::Archive;
    the_temporary_file_swapped_for_a_link_opens_nothing Swapped::Temporary;
}

#[test]
#[ignore = "long: .ci/run and the README's full test run them"]
fn the_race_is_won_against_the_reference() {
    let Some(peer) = support::need_peer().filter(|_| support::need_root()) else {
        return;
    };
    let won: usize = [Swapped::Directory, Swapped::DirectoryWhenItChanges]
        .map(|spot| race(&peer, spot, SWAPS).won)
        .iter()
        .sum();
    assert!(
        won > 0,
        "the racer never won against the reference, so it is no test for ours"
    );
}
