//! What is played: an obstacle, or two at once, in each way of rotating.

use std::fmt;

use super::obstacle::{Logs, Mode, Moment, Naming, Obstacle, Packing, When, Who};
use super::rows::OBSTACLES;
use crate::peer::random::Random;

/// Obstacles in a way of rotating.
pub(super) struct Case {
    pub(super) obstacles: Vec<&'static Obstacle>,
    pub(super) mode: Mode,
}

/// All ways of rotating.
fn modes() -> impl Iterator<Item = Mode> {
    let namings = [Naming::Numbered, Naming::Dated].into_iter();
    namings.flat_map(|naming| {
        [Packing::Plain, Packing::Compress, Packing::Delayed]
            .into_iter()
            .flat_map(move |packing| [Logs::One, Logs::Set].map(|logs| Mode { naming, packing, logs }))
    })
}

/// Each obstacle by itself in each way that it fits.
pub(super) fn singles() -> Vec<Case> {
    let all = OBSTACLES
        .iter()
        .flat_map(|obstacle| modes().map(move |mode| (obstacle, mode)));
    let fitting = all.filter(|(obstacle, mode)| obstacle.fits(*mode));
    fitting
        .map(|(obstacle, mode)| Case {
            obstacles: vec![obstacle],
            mode,
        })
        .collect()
}

/// So many pairs of obstacles that can be at once, each in one way: the same for the same seed.
pub(super) fn pairs(seed: u64, count: usize) -> Vec<Case> {
    let mut random = Random::new(seed);
    let modes: Vec<Mode> = modes().collect();
    let all: Vec<&'static Obstacle> = OBSTACLES.iter().filter(|obstacle| !obstacle.alone).collect();
    let mut pairs = Vec::new();
    while pairs.len() < count {
        let (first, second) = (*random.pick(&all), *random.pick(&all));
        let mode = *random.pick(&modes);
        if first.goes_with(second) && first.fits(mode) && second.fits(mode) {
            pairs.push(Case {
                obstacles: vec![first, second],
                mode,
            });
        }
    }
    pairs
}

impl Obstacle {
    /// Tells if both can be there at once: one user, one log's name, one script and one place for what is mounted.
    fn goes_with(&self, other: &Self) -> bool {
        let has_script = |obstacle: &Self| obstacle.directives.iter().any(|line| line.contains("$BIN/script"));
        let is_around = |obstacle: &Self| !obstacle.around.0.is_empty() || obstacle.clock != 0;
        // What is done to archives is done in the directory of the log.
        let is_there = |obstacle: &Self| !obstacle.directives.contains(&"olddir old");
        self.name != other.name
            && (self.who, self.log) == (other.who, other.log)
            && !(has_script(self) && has_script(other))
            && !(is_around(self) && is_around(other))
            && is_there(self)
            && is_there(other)
    }
}

impl Case {
    /// So many archives are kept.
    pub(super) fn keep(&self) -> usize {
        self.obstacles[0].keep as usize
    }

    /// The name of the log that has the obstacles.
    pub(super) fn log(&self) -> &'static str {
        self.obstacles[0].log
    }

    /// Who rotates.
    pub(super) fn who(&self) -> Who {
        self.obstacles[0].who
    }

    /// How many days the clock of the runs is off.
    pub(super) fn clock(&self, day: u32) -> i32 {
        let there = self
            .obstacles
            .iter()
            .filter(|obstacle| obstacle.moment(self.mode, day).is_some());
        there.map(|obstacle| obstacle.clock).sum()
    }

    /// The obstacles that are there on a day and of which something holds.
    pub(super) fn holding(&self, day: u32, what: impl Fn(&Obstacle) -> When) -> Vec<&'static Obstacle> {
        let holds = |obstacle: &&&'static Obstacle| {
            obstacle
                .moment(self.mode, day)
                .is_some_and(|at: Moment| what(obstacle)(at))
        };
        self.obstacles.iter().filter(holds).copied().collect()
    }

    /// How many archives of the log may be there after a day's run. What an obstacle left goes with the two next rotations.
    pub(super) fn limit(&self, day: u32) -> usize {
        let recently =
            |obstacle: &&&Obstacle| (day.saturating_sub(2)..=day).any(|day| obstacle.moment(self.mode, day).is_some());
        let more = self.obstacles.iter().filter(recently).map(|obstacle| obstacle.more);
        self.keep() + more.sum::<usize>()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.obstacles.iter().map(|obstacle| obstacle.name).collect();
        let Mode { naming, packing, logs } = self.mode;
        write!(f, "{} ({naming:?}, {packing:?}, {logs:?})", names.join(" + "))
    }
}
