//! Settings of a stanza that have no effect, or not the one that they seem to have.

use super::{Finding, Lint, Made};
use crate::policy::{Keep, LogSet, Method, NamingStyle, Trigger};

/// Everybody reads these: `who` and `last` have nothing else to show.
const PUBLIC_LOGS: [&[u8]; 3] = [b"wtmp", b"utmp", b"lastlog"];

/// How much is known of what holds for a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// All.
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
    if set.policy.retention.keep == Keep::Count(0) && made.last(&["rotate"]).is_none() {
        found.push(Finding::lint(Lint::NothingKept, set.declared_at.clone()));
    }
}

fn compression(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if !set.policy.delay_without_compression {
        return;
    }
    // Who says nocompress in a block knows what holds before it.
    if let Some(("delaycompress", place)) = made.last(&["delaycompress", "nocompress"]) {
        found.push(Finding::lint(Lint::DelayWithoutCompress, place.clone()));
    }
}

fn dates(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if set.policy.naming.style != NamingStyle::Numbered {
        return;
    }
    for name in ["dateformat", "dateyesterday", "datehourago"] {
        let taken_back = format!("no{name}");
        let last = made.last(&[name, &taken_back, "nodateext"]);
        if let Some((last, place)) = last
            && last == name
        {
            found.push(Finding::lint(Lint::DateWithoutDateext(name), place.clone()));
        }
    }
}

fn method(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    let wins = match set.policy.method {
        Method::CopyTruncate => "copytruncate",
        Method::Copy => "copy",
        _ => return,
    };
    let Some((_, winner)) = made.last(&[wins]) else { return };
    for (lost, taken_back) in [("copy", "nocopy"), ("renamecopy", "norenamecopy")] {
        if let Some((last, place)) = made.own(&[lost, taken_back])
            && last == lost
            && lost != wins
        {
            found.push(Finding::lint(Lint::MethodLost { lost, wins }, place.clone()).beside(winner.clone()));
        }
    }
    // A create for all logs, and a log that needs none, is nothing to wonder at.
    if let Some(("create", place)) = made.own(&["create", "nocreate"]) {
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
    if let Some((_, place)) = made.last(&["create"]).filter(|_| !is_public) {
        found.push(Finding::lint(Lint::CreateOpen(mode.0), place.clone()));
    }
}

fn mail(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if set.policy.mail.is_none()
        && let Some((name, place)) = made.last(&["mailfirst", "maillast", "nomail"])
        && name != "nomail"
    {
        found.push(Finding::lint(Lint::MailWithoutAddress(name), place.clone()));
    }
}

fn shred(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if set.policy.shred.is_none()
        && let Some(("shredcycles", place)) = made.last(&["shredcycles", "noshred"])
    {
        found.push(Finding::lint(Lint::CyclesWithoutShred, place.clone()));
    }
}

fn sizes(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    let (Some(least), Some(most)) = (set.policy.min_size, set.policy.max_size) else {
        return;
    };
    if let (true, Some((_, min)), Some((_, max))) = (least > most, made.last(&["minsize"]), made.last(&["maxsize"])) {
        found.push(Finding::lint(Lint::MinAboveMax, min.clone()).beside(max.clone()));
    }
}

/// Without a time that has to go by, a log is due for its size alone, whatever `minsize` and `minage` say.
fn minima(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    if !matches!(set.policy.trigger, Trigger::Size(_)) {
        return;
    }
    let policy = &set.policy;
    for (name, is_set) in [("minsize", policy.min_size.is_some()), ("minage", policy.min_age > 0)] {
        if let Some((_, place)) = made.last(&[name]).filter(|_| is_set) {
            found.push(Finding::lint(Lint::MinimumWithoutTime(name), place.clone()));
        }
    }
}

fn scripts(set: &LogSet, made: &Made<'_>, found: &mut Vec<Finding>) {
    let scripts = &set.policy.scripts;
    if scripts.pre_rotate.is_none()
        && scripts.post_rotate.is_none()
        && let Some(("sharedscripts", place)) = made.own(&["sharedscripts", "nosharedscripts"])
    {
        found.push(Finding::lint(Lint::SharedWithoutScripts, place.clone()));
    }
}
