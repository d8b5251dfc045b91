//! Settings of a stanza that have no effect, or not the one that they seem to have.

use super::{Finding, Lint, Made};
use crate::config::directive::Setting;
use crate::policy::{Criterion, Method, NamingStyle, Origin, Stanza};

/// Everybody may read these: `who` and `last` have nothing else to show, and dpkg's name packages and commands only.
const PUBLIC_LOGS: [&[u8]; 5] = [b"wtmp", b"utmp", b"lastlog", b"dpkg.log", b"alternatives.log"];

/// How much is known of what holds for a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Whole,
    /// It has an error: a corrected line may change something.
    Broken,
    /// It is in a drop-in that is looked at alone: the main configuration may change something.
    DropIn,
}

/// Reports the settings of a stanza that miss something; where not all is known, only what nothing else could change.
pub fn check(stanza: &Stanza, known: Known, found: &mut Vec<Finding>) {
    let made = Made::of(stanza);
    method(stanza, &made, found);
    create(stanza, &made, found);
    sizes(stanza, &made, found);
    scripts(stanza, &made, found);
    if known == Known::DropIn {
        return;
    }
    compression(stanza, &made, found);
    dates(stanza, &made, found);
    shred(stanza, &made, found);
    if known == Known::Broken {
        return;
    }
    mail(stanza, &made, found);
    minima(stanza, &made, found);
    if !stanza.policy.retention.is_said {
        found.push(Finding::lint(Lint::NothingKept, stanza.declared_at.clone()));
    }
}

fn compression(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    if !stanza.policy.delay_without_compression {
        return;
    }
    // Who says nocompress in a block knows what holds before it.
    if let Some(origin) = made.last(&[Setting::DelayCompress, Setting::Compress]) {
        if origin.row.setting == Setting::DelayCompress {
            found.push(Finding::lint(Lint::DelayWithoutCompress, origin.place.clone()));
        }
    }
}

fn dates(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    if stanza.policy.naming.style != NamingStyle::Numbered {
        return;
    }
    for setting in [Setting::DateFormat, Setting::DateYesterday, Setting::DateHourAgo] {
        if let Some(Origin { row, place }) = made.last(&[setting, Setting::DateExt]) {
            if (row.setting, row.on) == (setting, true) {
                found.push(Finding::lint(Lint::DateWithoutDateext(setting), place.clone()));
            }
        }
    }
}

fn method(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    let wins = match stanza.policy.method {
        Method::CopyTruncate => Setting::CopyTruncate,
        Method::Copy => Setting::Copy,
        _ => return,
    };
    let Some(Origin { place: winner, .. }) = made.last(&[wins]) else {
        return;
    };
    for lost in [Setting::Copy, Setting::RenameCopy] {
        if let Some(Origin { row, place }) = made.own(&[lost]) {
            if row.on && lost != wins {
                found.push(Finding::lint(Lint::MethodLost { lost, wins }, place.clone()).beside(winner.clone()));
            }
        }
    }
    // A create for all logs, and a log that needs none, is nothing to wonder at.
    if let Some(Origin { row, place }) = made.own(&[Setting::Create]) {
        if row.on {
            found.push(Finding::lint(Lint::CreateWithoutRename(wins), place.clone()).beside(winner.clone()));
        }
    }
}

fn create(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    let (Method::Rename {
        successor: Some(successor),
    }
    | Method::RenameThenCopy {
        successor: Some(successor),
    }) = stanza.policy.method
    else {
        return;
    };
    let Some(mode) = successor.mode.filter(|mode| mode.0 & 0o007 != 0) else {
        return;
    };
    let is_public = stanza.patterns.iter().all(|pattern| {
        let name = pattern.as_encoded_bytes().rsplit(|byte| *byte == b'/').next();
        name.is_some_and(|name| PUBLIC_LOGS.contains(&name))
    });
    if let Some(Origin { place, .. }) = made.last(&[Setting::Create]).filter(|_| !is_public) {
        found.push(Finding::lint(Lint::CreateOpen(mode.0), place.clone()));
    }
}

fn mail(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    if stanza.policy.mail.is_none() {
        if let Some(Origin { row, place }) = made.last(&[Setting::MailWhich, Setting::Mail]) {
            if row.setting == Setting::MailWhich {
                found.push(Finding::lint(Lint::MailWithoutAddress(row), place.clone()));
            }
        }
    }
}

fn shred(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    if stanza.policy.shred.is_none() {
        if let Some(Origin { row, place }) = made.last(&[Setting::ShredCycles, Setting::Shred]) {
            if row.setting == Setting::ShredCycles {
                found.push(Finding::lint(Lint::CyclesWithoutShred, place.clone()));
            }
        }
    }
}

fn sizes(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    let (Some(least), Some(most)) = (stanza.policy.min_size, stanza.policy.max_size) else {
        return;
    };
    let (min, max) = (made.last(&[Setting::MinSize]), made.last(&[Setting::MaxSize]));
    if let (true, Some(min), Some(max)) = (least > most, min, max) {
        found.push(Finding::lint(Lint::MinAboveMax, min.place.clone()).beside(max.place.clone()));
    }
}

/// Without a time that has to go by, a log is due for its size alone, whatever `minsize` and `minage` say.
fn minima(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    if !matches!(stanza.policy.criterion, Criterion::Size(_)) {
        return;
    }
    let policy = &stanza.policy;
    let (has_size, has_age) = (policy.min_size.is_some(), policy.min_age > 0);
    for (setting, is_set) in [(Setting::MinSize, has_size), (Setting::MinAge, has_age)] {
        if let Some(Origin { place, .. }) = made.last(&[setting]).filter(|_| is_set) {
            found.push(Finding::lint(Lint::MinimumWithoutTime(setting), place.clone()));
        }
    }
}

fn scripts(stanza: &Stanza, made: &Made<'_>, found: &mut Vec<Finding>) {
    let scripts = &stanza.policy.scripts;
    if scripts.pre_rotate.is_none() && scripts.post_rotate.is_none() {
        if let Some(Origin { row, place }) = made.own(&[Setting::SharedScripts]) {
            if row.on {
                found.push(Finding::lint(Lint::SharedWithoutScripts, place.clone()));
            }
        }
    }
}
