//! The numbers that archives can have, and those that are passed by.
//!
//! An archive that cannot be renamed keeps its number for good, and does not count: the others pass it by. That is noted, since it has a
//! young number by then, though it may be the oldest: when it can be renamed again it goes as soon as there are as many younger ones as
//! are kept, and no sooner. One goes at each rotation, and the others close its gap.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::{Look, Question};
use crate::facts::FileTime;
use crate::fault::SysError;
use crate::policy::Keep;

pub(super) struct Slots {
    /// The newest archive's.
    pub(super) start: u64,
    /// The first that is not kept any more; `rotate 0` shifts as `rotate 1` does.
    pub(super) end: u64,
    /// Those that are passed by: they do not count.
    fixed: BTreeSet<u64>,
    /// The archives that have them.
    pub(super) passed_by: Vec<OsString>,
    /// A number that the others close up to: its archive was passed by and is gone, or goes now.
    pub(super) gap: Option<u64>,
    /// One that was passed by, can be renamed, and goes now.
    pub(super) goes: Option<OsString>,
}

impl Slots {
    pub(super) fn of(question: &Question<'_>, look: &mut dyn Look) -> Result<Self, SysError> {
        let known = look.fixed(&question.names.numbered_prefix());
        let mut passed_by: BTreeSet<(u64, OsString)> = BTreeSet::new();
        for name in known.iter().chain(question.passed_by) {
            if let Some((number, _)) = question.names.parse_numbered(name) {
                passed_by.insert((number, name.clone()));
            }
        }
        let freed = freed(question, look, &known, &passed_by)?;
        passed_by.retain(|it| Some(it) != freed.as_ref());
        let gap = freed.as_ref().map(|(number, _)| *number);
        let mut goes = freed.map(|(_, name)| name);
        if let Some(name) = &goes {
            if !look.has(name)? {
                goes = None;
            }
        }
        let mut slots = Self {
            start: u64::from(question.policy.retention.start),
            end: u64::MAX,
            fixed: passed_by.iter().map(|(number, _)| *number).collect(),
            passed_by: passed_by.into_iter().map(|(_, name)| name).collect(),
            gap,
            goes,
        };
        while slots.fixed.contains(&slots.start) {
            slots.start += 1;
        }
        if let Keep::Count(count) = question.policy.retention.keep {
            slots.end = slots.start + u64::from(count.max(1));
            // Not counted one by one: a count may be four thousand million.
            for fixed in slots.fixed.range(slots.start..) {
                slots.end += u64::from(*fixed <= slots.end);
            }
            while slots.last_is_too_young(question, look)? {
                slots.end = slots.after(slots.end);
            }
        }
        Ok(slots)
    }

    /// Tells whether the oldest archive that is kept by its number, and is about to lose that, is kept by its age (`minretain`).
    fn last_is_too_young(&self, question: &Question<'_>, look: &mut dyn Look) -> Result<bool, SysError> {
        let plain = question.names.numbered(self.last());
        Ok(question.is_too_young(look, &question.kept(&plain))? || question.is_too_young(look, &plain)?)
    }

    /// Returns the number that an archive moves to.
    pub(super) fn after(&self, number: u64) -> u64 {
        let mut next = number.saturating_add(1);
        while self.fixed.contains(&next) {
            next += 1;
        }
        next
    }

    /// Returns the number of the oldest archive that is kept.
    pub(super) fn last(&self) -> u64 {
        let mut last = self.end.saturating_sub(1);
        while self.fixed.contains(&last) {
            last -= 1;
        }
        last
    }

    /// Tells whether the archive of a number takes no part in the shift: it is passed by, or goes before.
    pub(super) fn stays(&self, number: u64) -> bool {
        self.fixed.contains(&number) || self.gap == Some(number)
    }
}

/// Finds one of the archives that were passed by which is gone, or can be renamed again and is not kept any more. A directory that could
/// not be moved aside is passed by for as long as it is there.
fn freed(
    question: &Question<'_>,
    look: &mut dyn Look,
    known: &[OsString],
    passed_by: &BTreeSet<(u64, OsString)>,
) -> Result<Option<(u64, OsString)>, SysError> {
    let mut times = None;
    for (number, name) in passed_by {
        let is_gone = !look.has(name)?;
        let can_go = !known.contains(name) && look.is_file(name)? && !look.is_kept(name) && !look.is_fixed(name);
        if is_gone
            || can_go && (question.is_too_old(look, name)? || has_enough_younger(question, look, &mut times, name)?)
        {
            return Ok(Some((*number, name.clone())));
        }
    }
    Ok(None)
}

/// Tells whether as many archives as are kept were written after one of them; the `times` of all are asked for once.
fn has_enough_younger(
    question: &Question<'_>,
    look: &mut dyn Look,
    times: &mut Option<BTreeMap<u64, FileTime>>,
    name: &OsString,
) -> Result<bool, SysError> {
    let Keep::Count(count) = question.policy.retention.keep else {
        return Ok(false);
    };
    let own = look.modified(name)?;
    let others = match times {
        Some(times) => times,
        None => times.insert(times_of_row(question, look)?),
    };
    let younger = others.values().filter(|modified| Some(**modified) > own).count();
    Ok(u64::try_from(younger).unwrap_or(u64::MAX) >= u64::from(count))
}

/// Asks when the archives of the row were written, by their numbers.
fn times_of_row(question: &Question<'_>, look: &mut dyn Look) -> Result<BTreeMap<u64, FileTime>, SysError> {
    // An archive may have two names, a plain and a compressed one, for a while.
    let mut others = BTreeMap::new();
    for other in look.starting_with(&question.names.numbered_prefix())? {
        if let Some((number, _)) = question.names.parse_numbered(&other) {
            if look.is_file(&other)? {
                if let Some(modified) = look.modified(&other)? {
                    others.insert(number, modified);
                }
            }
        }
    }
    Ok(others)
}
