//! What a stanza misses on this machine: a faster timer, rights for its directory.

use std::path::Path;

use super::rhythm::Rhythm;
use super::{Finding, Lint, Made};
use crate::config::directive::Setting;
use crate::fault::Insecure;
use crate::policy::{Criterion, Origin, Stanza, Su};

/// Reports criteria that come round faster than runs.
pub fn timer(stanza: &Stanza, rhythm: Rhythm, found: &mut Vec<Finding>) {
    let made = Made::of(stanza);
    let criterion = stanza.policy.criterion.setting();
    let wanted = match stanza.policy.criterion {
        Criterion::Minutes(minutes) => minutes,
        Criterion::Hourly => Rhythm::HOURLY.longest,
        Criterion::Daily => Rhythm::DAILY.longest,
        _ => return,
    };
    if let Some(Origin { place, .. }) = made.last(&[criterion]).filter(|_| wanted < rhythm.longest) {
        let lint = Lint::TimerSlower { criterion, rhythm };
        found.push(Finding::lint(lint, place.clone()));
    }
    // Where every run rotates the log anyway, its size changes nothing.
    if stanza.policy.max_size.is_some() && rhythm.shortest >= wanted {
        if let Some(Origin { place, .. }) = made.own(&[Setting::MaxSize]) {
            found.push(Finding::lint(Lint::MaxsizeIdle(rhythm), place.clone()));
        }
    }
}

/// Makes the report that a run refuses the logs of a directory, for what is wrong with this part of the way.
#[must_use]
pub fn insecure(stanza: &Stanza, directory: &Path, component: &Path, why: Insecure) -> Finding {
    let directory = directory.to_owned();
    let lint = match why {
        Insecure::Writable { mode, .. } => Lint::SuMissing {
            directory,
            mode: mode.0,
            has_su_owner: stanza.policy.su == Some(Su::DirectoryOwner),
        },
        Insecure::ForeignLink { user } | Insecure::ForeignMount { user } => Lint::ForeignLink {
            directory,
            link: component.to_owned(),
            is_mount: matches!(why, Insecure::ForeignMount { .. }),
            user,
        },
    };
    Finding::lint(lint, stanza.declared_at.clone())
}
