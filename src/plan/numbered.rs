//! `BASE.1`, `BASE.2`, …: the shift, oldest first, and the archive that falls off.
//!
//! Archives are counted by the name they are kept under: the compressed one, where there is compression. What an earlier rotation
//! left plain is compressed first; one that stays plain moves up so, and where a program still writes to it that is tried again behind
//! all other work. One that cannot be renamed keeps its number, and the others pass it by (`slots`); one that should go and cannot makes
//! room above the count. It does not make way for another one, and is known until it is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::slots::Slots;
use super::{Before, Entry, Look, Question, Rotation, StaysPlain, Step};
use crate::fault::{Fault, SysError};
use crate::policy::{CompressWhen, Keep};

/// Plans the rotation of a log with numbered archives.
pub(super) fn plan(question: &Question<'_>, look: &mut dyn Look) -> Result<Rotation, Fault> {
    // A date that cannot be made stops a log with numbered archives, too, as with the reference.
    question.names.dated(question.now)?;
    let slots = Slots::of(question, look)?;
    let archive = question.names.numbered(slots.start);
    let mut shift = Shift::default();
    if let Some(name) = &slots.goes {
        question.dispose(name.clone(), &mut shift.steps);
    }
    dispose_again(question, look, &slots, &mut shift)?;
    dispose_beyond(question, look, &slots, &mut shift)?;
    dispose_grown_up(question, look, &slots, &mut shift)?;
    let plain = put_off(question, look, &slots, &mut shift)?;
    move_up(question, look, &slots, &plain, &mut shift)?;
    let falls_off = match question.policy.retention.keep {
        Keep::All => None,
        Keep::Count(_) if question.keeps_nothing() => Some(question.newest(&archive)),
        Keep::Count(_) => {
            let name = question.kept(&question.names.numbered(slots.end));
            let stays = shift.end_is_taken && !shift.reaches_end;
            let is_there = !shift.gone.contains(&slots.end) && look.is_file(&name)? && !look.is_kept(&name);
            (!stays && (shift.reaches_end || is_there)).then_some(name)
        }
    };
    let plain_end = question.names.numbered(slots.end);
    let plain_falls_off = shift.plain_falls_off.then_some(plain_end);
    let mut finish = question.finish(&archive, falls_off.into_iter().chain(plain_falls_off));
    let mut left_plain = Vec::new();
    for (number, why) in shift.left_plain {
        let name = question.names.numbered(number);
        // What a program writes to and is not kept any more goes at a later rotation, without having been compressed.
        if number < slots.end && why == StaysPlain::Written {
            finish.push(question.compression(&name));
        }
        left_plain.push(name);
    }
    left_plain.extend(shift.beyond);
    if slots.start > u64::from(question.policy.retention.start) && question.is_delayed() {
        // It is the newest where it is not the first number that says so.
        left_plain.push(archive.clone());
    }
    Ok(Rotation {
        prepare: shift.steps,
        stop: None,
        switch: question.switch(&archive),
        finish,
        archive,
        left_plain,
        passed_by: slots.passed_by,
        unsent: Vec::new(),
    })
}

/// What happens to the archives that are there.
#[derive(Default)]
struct Shift {
    steps: Vec<Step>,
    /// An archive moves to the number that is not kept any more.
    reaches_end: bool,
    /// An archive that should go and cannot is at that number, or was.
    end_is_taken: bool,
    /// One that stays plain moves to the number that is not kept any more, and goes.
    plain_falls_off: bool,
    /// The numbers that archives which stay plain will have.
    left_plain: BTreeMap<u64, StaysPlain>,
    /// The numbers of archives that go before any moves: by the name that is counted, and plain.
    gone: BTreeSet<u64>,
    plain_gone: BTreeSet<u64>,
    /// The archives that have waited for a mailer for too long.
    unsent: BTreeSet<OsString>,
    /// Archives above the count that should go and cannot, by the names that they will have.
    beyond: Vec<OsString>,
}

/// The numbers whose archive is plain though it is to be compressed.
#[derive(Default)]
struct Plain {
    /// It is compressed before the shift.
    ready: BTreeSet<u64>,
    /// It stays so.
    staying: BTreeMap<u64, StaysPlain>,
}

/// Answers whether an archive of this number, of which something is `known` or not, is not kept any more. `rotate 0` shifts as `rotate 1`
/// does, but keeps nothing that should have gone before.
fn is_given_up(question: &Question<'_>, slots: &Slots, number: u64, known: bool) -> bool {
    number >= slots.end || known && question.keeps_nothing()
}

/// Answers whether an archive is there of which it is known, from today or from before, that it should have gone and could not.
fn is_known(question: &Question<'_>, look: &mut dyn Look, name: &OsString) -> Result<bool, SysError> {
    Ok((question.left_plain.contains(name) || look.is_kept(name)) && look.is_file(name)?)
}

/// Tries again to get rid of what earlier rotations left above the count.
fn dispose_again(
    question: &Question<'_>,
    look: &mut dyn Look,
    slots: &Slots,
    shift: &mut Shift,
) -> Result<(), SysError> {
    let mut waiting = BTreeMap::new();
    let noted = question.left_plain.iter();
    let noted = noted.filter_map(|name| question.names.parse_numbered(name).map(|(number, _)| number));
    for number in noted.chain([slots.start]).collect::<BTreeSet<u64>>() {
        // One that is plain and should not be is compressed first, as all of them.
        let name = question.kept(&question.names.numbered(number));
        if is_given_up(question, slots, number, true) && is_known(question, look, &name)? {
            waiting.insert(number, name);
        }
    }
    let last = question.kept(&question.names.numbered(slots.last()));
    let falls_off = !waiting.is_empty() && look.is_file(&last)?;
    // One that was passed by, or is plain, may wait, too.
    let plain = question.left_plain.iter().filter(|name| {
        let number = question.names.parse_numbered(name).map(|(number, _)| number);
        number.is_some_and(|number| is_given_up(question, slots, number, true))
    });
    let all = waiting.values().chain(&slots.passed_by).chain(plain);
    let all: BTreeSet<OsString> = all.cloned().collect();
    let all: Vec<OsString> = all.into_iter().collect();
    let unsent = question.going_unsent(look, &all, falls_off)?;
    for name in slots.passed_by.iter().filter(|name| unsent.contains(*name)) {
        question.dispose_unsent(name.clone(), &mut shift.steps);
    }
    for (number, name) in waiting {
        if unsent.contains(&name) {
            question.dispose_unsent(name, &mut shift.steps);
        } else if look.is_kept(&name) {
            shift.beyond.push(name);
            continue;
        } else {
            question.dispose(name, &mut shift.steps);
        }
        shift.gone.insert(number);
    }
    shift.unsent = unsent;
    Ok(())
}

/// Where a gap is closed one number less is counted from here on: what an earlier rotation failed to remove there would never be met again.
fn dispose_beyond(
    question: &Question<'_>,
    look: &mut dyn Look,
    slots: &Slots,
    shift: &mut Shift,
) -> Result<(), SysError> {
    let name = question.kept(&question.names.numbered(slots.after(slots.end)));
    if slots.gap.is_none() || question.left_plain.contains(&name) || !look.is_file(&name)? {
        return Ok(());
    }
    if look.is_kept(&name) {
        shift.beyond.push(name);
    } else {
        question.dispose(name, &mut shift.steps);
    }
    Ok(())
}

/// Archives that moved on beyond the count since they were too young to go (`minretain`) go when they are old enough.
fn dispose_grown_up(
    question: &Question<'_>,
    look: &mut dyn Look,
    slots: &Slots,
    shift: &mut Shift,
) -> Result<(), SysError> {
    if question.policy.retention.min_age.is_none() || question.keeps_nothing() {
        return Ok(());
    }
    let mut number = slots.end;
    loop {
        let name = question.kept(&question.names.numbered(number));
        let is_seen_to = shift.gone.contains(&number) || shift.beyond.contains(&name);
        if !is_seen_to {
            if !look.is_file(&name)? || look.is_kept(&name) {
                return Ok(());
            }
            question.dispose(name, &mut shift.steps);
            shift.gone.insert(number);
        }
        number = slots.after(number);
    }
}

/// Compresses what `delaycompress`, a run that died, or a program that still wrote to it left plain.
fn put_off(question: &Question<'_>, look: &mut dyn Look, slots: &Slots, shift: &mut Shift) -> Result<Plain, SysError> {
    let mut plain = Plain::default();
    let Some(compression) = &question.policy.compression else {
        return Ok(plain);
    };
    // Where no copy is made, nothing would be laid over an existing BASE.1: it is not ours, and stays as it is.
    let is_not_ours = compression.when == CompressWhen::Now && question.skips_copy();
    let first = (!is_not_ours).then_some(slots.start);
    let left = question.left_plain.iter().filter_map(|name| {
        let (number, compressed) = question.names.parse_numbered(name)?;
        (!compressed && number > slots.start).then_some(number)
    });
    for number in first.into_iter().chain(left).collect::<BTreeSet<u64>>() {
        let name = question.names.numbered(number);
        if slots.stays(number) || !look.is_file(&name)? {
            continue;
        }
        let is_given_up = is_given_up(question, slots, number, question.left_plain.contains(&name));
        // What could not go may have the compressed name: it does not make way for this one.
        let is_blocked = is_known(question, look, &question.kept(&name))?;
        let blocked = is_blocked.then_some(StaysPlain::NotCompressed);
        match look.stays_plain(&name).or(blocked) {
            Some(why) if why != StaysPlain::Written && (is_given_up || question.is_too_old(look, &name)?) => {
                let goes_unsent = shift.unsent.contains(&name);
                if look.is_kept(&name) && !goes_unsent {
                    plain.staying.insert(number, why);
                    continue;
                }
                match goes_unsent {
                    true => question.dispose_unsent(name, &mut shift.steps),
                    false => question.dispose(name, &mut shift.steps),
                }
                shift.plain_gone.insert(number);
                continue;
            }
            Some(why) => {
                plain.staying.insert(number, why);
                continue;
            }
            None => {}
        }
        // What has to go is compressed, too: that finds a program which writes to it.
        shift.steps.push(question.compression(&name));
        if is_given_up {
            question.dispose(question.kept(&name), &mut shift.steps);
            shift.gone.insert(number);
        } else {
            plain.ready.insert(number);
        }
    }
    Ok(plain)
}

/// Moves every archive one number up, oldest first; one that is too old goes instead, unless it stays.
fn move_up(
    question: &Question<'_>,
    look: &mut dyn Look,
    slots: &Slots,
    plain: &Plain,
    shift: &mut Shift,
) -> Result<(), SysError> {
    let mut kept = present(question, look, slots, plain)?;
    kept.retain(|number| !shift.gone.contains(number));
    let mut numbers: BTreeSet<u64> = kept.iter().chain(plain.staying.keys()).copied().collect();
    if let Some(gap) = gap(question, slots, &numbers) {
        let above = numbers.split_off(&gap);
        let staying = plain.staying.iter().filter(|(number, _)| above.contains(number));
        shift.left_plain.extend(staying);
    }
    let highest = kept.iter().rev().find(|number| numbers.contains(number)).copied();
    if let Some(highest) = highest {
        make_room_above(question, look, slots, slots.after(highest), shift)?;
    }
    for number in numbers.into_iter().rev() {
        if let Some(why) = plain.staying.get(&number) {
            move_plain(question, look, slots, number, *why, shift)?;
        }
        if kept.contains(&number) {
            let is_plain = plain.ready.contains(&number);
            move_kept(question, look, slots, number, is_plain, shift)?;
        }
    }
    Ok(())
}

/// The number that nothing above moves away from: a dead run, or this one, has moved that already, or one goes that was passed by.
fn gap(question: &Question<'_>, slots: &Slots, numbers: &BTreeSet<u64>) -> Option<u64> {
    if question.before == Before::Clean {
        return slots.gap;
    }
    let mut gap = slots.start;
    while numbers.contains(&gap) {
        gap = slots.after(gap);
    }
    Some(slots.gap.map_or(gap, |freed| freed.min(gap)))
}

/// Gets rid of what is at the number that the oldest archive moves to: a run that died, or a `rotate` that was larger, left what should be
/// gone. What cannot go moves on.
fn make_room_above(
    question: &Question<'_>,
    look: &mut dyn Look,
    slots: &Slots,
    next: u64,
    shift: &mut Shift,
) -> Result<(), SysError> {
    let name = question.kept(&question.names.numbered(next));
    // What waits above the count was seen to already, and so was what had been passed by.
    if shift.gone.contains(&next)
        || slots.gap == Some(next)
        || !look.is_file(&name)?
        || question.left_plain.contains(&name) && !look.is_kept(&name)
    {
        return Ok(());
    }
    if !look.is_kept(&name) {
        question.dispose(name, &mut shift.steps);
        shift.gone.insert(next);
        return Ok(());
    }
    shift.end_is_taken = true;
    let mut free = slots.after(next);
    loop {
        let plain = question.names.numbered(free);
        let kept = question.kept(&plain);
        let is_taken = look.has(&kept)? || look.has(&plain)? || shift.beyond.contains(&kept);
        if !is_taken {
            shift.beyond.retain(|beyond| *beyond != name);
            shift.beyond.push(kept.clone());
            shift.steps.push(Step::Rename {
                from: Entry::archive(name),
                to: Entry::archive(kept),
            });
            return Ok(());
        }
        free = slots.after(free);
    }
}

/// Moves an archive under the name that is counted; it `is_plain` until its compression is done.
fn move_kept(
    question: &Question<'_>,
    look: &mut dyn Look,
    slots: &Slots,
    number: u64,
    is_plain: bool,
    shift: &mut Shift,
) -> Result<(), SysError> {
    let plain = question.names.numbered(number);
    let name = question.kept(&plain);
    if !look.is_kept(&name) && question.is_too_old(look, if is_plain { &plain } else { &name })? {
        question.dispose(name, &mut shift.steps);
        return Ok(());
    }
    let next = slots.after(number);
    let to = question.kept(&question.names.numbered(next));
    shift.reaches_end |= next == slots.end;
    // What could not go stays known.
    for beyond in shift.beyond.iter_mut().filter(|beyond| **beyond == name) {
        beyond.clone_from(&to);
    }
    shift.steps.push(Step::Rename {
        from: Entry::archive(name),
        to: Entry::archive(to),
    });
    Ok(())
}

/// Moves an archive that stays plain, whatever number it reaches. A plain file in its way that nobody counts makes room.
fn move_plain(
    question: &Question<'_>,
    look: &mut dyn Look,
    slots: &Slots,
    number: u64,
    why: StaysPlain,
    shift: &mut Shift,
) -> Result<(), SysError> {
    let is_free = |next: u64| shift.left_plain.contains_key(&slots.after(next)) || shift.plain_gone.contains(&next);
    let mut way = vec![number];
    let mut next = slots.after(number);
    while look.is_file(&question.names.numbered(next))? && !is_free(next) {
        way.push(next);
        next = slots.after(next);
    }
    for from in way.into_iter().rev() {
        shift.steps.push(Step::Rename {
            from: Entry::archive(question.names.numbered(from)),
            to: Entry::archive(question.names.numbered(slots.after(from))),
        });
    }
    let to = slots.after(number);
    let stays = why == StaysPlain::Written || look.is_kept(&question.names.numbered(number));
    shift.plain_falls_off |= to == slots.end && !stays;
    shift.left_plain.insert(to, why);
    Ok(())
}

/// Up to so many names are asked for one by one where the directory keeps changing.
const FEW_NAMES: u64 = 64;

/// The numbers that are taken, by a listing.
fn listed(question: &Question<'_>, look: &mut dyn Look, slots: &Slots) -> Result<BTreeSet<u64>, SysError> {
    let wanted = slots.start..slots.end;
    let wants_suffix = question.policy.compression.is_some();
    let mut numbers = BTreeSet::new();
    for name in look.starting_with(&question.names.numbered_prefix())? {
        if let Some((number, compressed)) = question.names.parse_numbered(&name) {
            if compressed == wants_suffix
                && wanted.contains(&number)
                && question.kept(&question.names.numbered(number)) == name
                && look.is_file(&name)?
            {
                numbers.insert(number);
            }
        }
    }
    Ok(numbers)
}

/// The numbers that are taken, each asked for.
fn asked(question: &Question<'_>, look: &mut dyn Look, slots: &Slots) -> Result<BTreeSet<u64>, SysError> {
    let mut numbers = BTreeSet::new();
    for number in slots.start..slots.end {
        if look.is_file(&question.kept(&question.names.numbered(number)))? {
            numbers.insert(number);
        }
    }
    Ok(numbers)
}

/// The numbers that are taken under the name that is counted, or will be when what was put off is compressed.
fn present(
    question: &Question<'_>,
    look: &mut dyn Look,
    slots: &Slots,
    plain: &Plain,
) -> Result<BTreeSet<u64>, SysError> {
    let few = slots.end.saturating_sub(slots.start) <= FEW_NAMES;
    let mut numbers = if few && look.prefers_names() {
        asked(question, look, slots)?
    } else {
        listed(question, look, slots)?
    };
    numbers.extend(&plain.ready);
    numbers.retain(|number| !slots.stays(*number));
    Ok(numbers)
}
