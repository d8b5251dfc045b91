//! Settings of a stanza that have no effect, or not the one that they seem to have.

use super::{Finding, Lint, Made};
use crate::config::directive::Setting;
use crate::policy::{Keep, LogSet, Method, NamingStyle, Origin, Trigger};

/// Everybody reads these: `who` and `last` have nothing else to show.
const PUBLIC_LOGS: [&[u8]; 3] = [b"wtmp", b"utmp", b"lastlog"];

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
pub fn check(set: &LogSet, known: Known, found: &mut Vec<Finding>) {
    let made = Made::of(set);
    method(set, &made, found);
    create(set, &made, found);
    sizes(set, &made, found);
    scripts(set, &made, found);
    if known == Known::DropIn {
        return;
    }
    compression(set, &made, found);
    dates(set, &made, found);
    shred(set, &made, found);
    if known == Known::Broken {
        return;
    }
    mail(set, &made, found);
    minima(set, &made, found);
    if set.policy.retention.keep == Keep::Count(0) && made.last(&[Setting::Rotate]).is_none() {
        found.push(Finding::lint(Lint::NothingKept, set.declared_at.clone()));
    }
}

fn compression(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if !set.policy.delay_without_compression {
        return;
    }
    // Who says nocompress in a block knows what holds before it.
    if let Some(origin) = made.last(&[Setting::DelayCompress, Setting::Compress])
        && origin.row.setting == Setting::DelayCompress
    {
        found.push(Finding::lint(Lint::DelayWithoutCompress, origin.place.clone()));
    }
}

fn dates(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if set.policy.naming.style != NamingStyle::Numbered {
        return;
    }
    for setting in [Setting::DateFormat, Setting::DateYesterday, Setting::DateHourAgo] {
        if let Some(Origin { row, place }) = made.last(&[setting, Setting::DateExt])
            && (row.setting, row.on) == (setting, true)
        {
            found.push(Finding::lint(Lint::DateWithoutDateext(setting), place.clone()));
        }
    }
}

fn method(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    let wins = match set.policy.method {
        Method::CopyTruncate => Setting::CopyTruncate,
        Method::Copy => Setting::Copy,
        _ => return,
    };
    let Some(Origin { place: winner, .. }) = made.last(&[wins]) else {
        return;
    };
    for lost in [Setting::Copy, Setting::RenameCopy] {
        if let Some(Origin { row, place }) = made.own(&[lost])
            && row.on
            && lost != wins
        {
            found.push(Finding::lint(Lint::MethodLost { lost, wins }, place.clone()).beside(winner.clone()));
        }
    }
    // A create for all logs, and a log that needs none, is nothing to wonder at.
    if let Some(Origin { row, place }) = made.own(&[Setting::Create])
        && row.on
    {
        found.push(Finding::lint(Lint::CreateWithoutRename(wins), place.clone()).beside(winner.clone()));
    }
}

fn create(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    let (Method::Rename {
        successor: Some(successor),
    }
    | Method::RenameThenCopy {
        successor: Some(successor),
    }) = set.policy.method
    else {
        return;
    };
    let Some(mode) = successor.mode.filter(|mode| mode.0 & 0o007 != 0) else {
        return;
    };
    let is_public = set.patterns.iter().all(|pattern| {
        let name = pattern.as_encoded_bytes().rsplit(|byte| *byte == b'/').next();
        name.is_some_and(|name| PUBLIC_LOGS.contains(&name))
    });
    if let Some(Origin { place, .. }) = made.last(&[Setting::Create]).filter(|_| !is_public) {
        found.push(Finding::lint(Lint::CreateOpen(mode.0), place.clone()));
    }
}

fn mail(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if set.policy.mail.is_none()
        && let Some(Origin { row, place }) = made.last(&[Setting::MailWhich, Setting::Mail])
        && row.setting == Setting::MailWhich
    {
        found.push(Finding::lint(Lint::MailWithoutAddress(row), place.clone()));
    }
}

fn shred(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if set.policy.shred.is_none()
        && let Some(Origin { row, place }) = made.last(&[Setting::ShredCycles, Setting::Shred])
        && row.setting == Setting::ShredCycles
    {
        found.push(Finding::lint(Lint::CyclesWithoutShred, place.clone()));
    }
}

fn sizes(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    let (Some(least), Some(most)) = (set.policy.min_size, set.policy.max_size) else {
        return;
    };
    let (min, max) = (made.last(&[Setting::MinSize]), made.last(&[Setting::MaxSize]));
    if let (true, Some(min), Some(max)) = (least > most, min, max) {
        found.push(Finding::lint(Lint::MinAboveMax, min.place.clone()).beside(max.place.clone()));
    }
}

/// Without a time that has to go by, a log is due for its size alone, whatever `minsize` and `minage` say.
fn minima(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if !matches!(set.policy.trigger, Trigger::Size(_)) {
        return;
    }
    let policy = &set.policy;
    let (has_size, has_age) = (policy.min_size.is_some(), policy.min_age > 0);
    for (setting, is_set) in [(Setting::MinSize, has_size), (Setting::MinAge, has_age)] {
        if let Some(Origin { place, .. }) = made.last(&[setting]).filter(|_| is_set) {
            found.push(Finding::lint(Lint::MinimumWithoutTime(setting), place.clone()));
        }
    }
}

fn scripts(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    let scripts = &set.policy.scripts;
    if scripts.pre_rotate.is_none()
        && scripts.post_rotate.is_none()
        && let Some(Origin { row, place }) = made.own(&[Setting::SharedScripts])
        && row.on
    {
        found.push(Finding::lint(Lint::SharedWithoutScripts, place.clone()));
    }
}
