//! What the next rotations of the logs that were found will meet in the way of their archives.

use std::path::Path;

use super::Machine;
use super::logs::place_of;
use super::survey::Survey;
use crate::clock::Now;
use crate::discover::ExpandedStanza;
use crate::inventory::{Families, Programs};
use crate::lint::{Finding, Lint};
use crate::obstacle::{ArchiveObstacle, Obstructed};
use crate::state::StateTable;
use crate::view::survey::Surveyor;

/// Reports what is in the way of archives: of each word of a path list the first thing, and how many more there are.
pub(super) fn check(
    stanzas: &[ExpandedStanza],
    mail_program: &Path,
    machine: &Machine,
    survey: &Survey<'_>,
    found: &mut Vec<Finding>,
) {
    let programs = Programs {
        mail: mail_program,
        external_compress: false,
    };
    let mut surveyor = Surveyor::new(Now::read(), StateTable::default(), programs, Families::default());
    // A missing program is told where it is named. Who rotates the logs is not known where it is not root who asks.
    let is_told = |obstacle: &ArchiveObstacle| match obstacle.what {
        Obstructed::NoProgram { .. } => false,
        Obstructed::NotWritable { .. } => machine.as_root,
        _ => true,
    };
    for expanded in stanzas {
        if expanded.stanza.policy.su.is_some() && !machine.acts {
            continue;
        }
        let mut of_words: Vec<Vec<ArchiveObstacle>> = Vec::new();
        for log in &expanded.logs {
            of_words.resize_with(of_words.len().max(log.word + 1), Vec::new);
            let mut obstacles = surveyor.foreseen(expanded, &log.path);
            obstacles.retain(|obstacle| is_told(obstacle) && !of_words[log.word].contains(obstacle));
            of_words[log.word].append(&mut obstacles);
        }
        surveyor.leave_identity();
        for (word, obstacles) in of_words.into_iter().enumerate() {
            let more = obstacles.len().saturating_sub(1);
            if let Some(first) = obstacles.into_iter().next() {
                let place = place_of(&expanded.stanza, word, survey);
                found.push(Finding::lint(Lint::ArchiveObstacle { first, more }, place));
            }
        }
    }
}
