//! `BASE.1`, `BASE.2`, …: the shift, oldest first, and the archive that falls off.
//!
//! Archives are counted by the name they are kept under: the compressed one, where there is compression. What an earlier rotation
//! left plain is compressed first; one that stays plain moves up so, and where a program still writes to it that is tried again behind
//! all other work.

use std::collections::{BTreeMap, BTreeSet};

use super::{Before, Look, Question, Rotation, Spot, StaysPlain, Step};
use crate::fault::{Fault, SysError};
use crate::policy::{CompressWhen, Keep};

/// Plans the rotation of a log with numbered archives.
pub(super) fn plan(question: &Question<'_>, look: &mut dyn Look) -> Result<Rotation, Fault> {
    // A date that cannot be made stops a log with numbered archives, too, as with the reference.
    question.names.dated(question.now)?;
    let archive = question.names.numbered(start(question));
    let mut shift = Shift::default();
    let plain = put_off(question, look, &mut shift)?;
    move_up(question, look, &plain, &mut shift)?;
    let falls_off = match question.policy.retention.keep {
        Keep::All => None,
        Keep::Count(0) if !question.is_copy() => Some(question.newest(&archive)),
        Keep::Count(_) => {
            let name = question.kept(&question.names.numbered(end(question)));
            (shift.reaches_end || look.has(&name)?).then_some(name)
        }
    };
    let mut finish = question.finish(&archive, falls_off);
    let mut left_plain = Vec::new();
    for (number, why) in shift.left_plain {
        let name = question.names.numbered(number);
        // What is not kept any more goes at the next rotation, without having been compressed.
        if number < end(question) && why == StaysPlain::Written {
            finish.push(question.compression(&name));
        }
        left_plain.push(name);
    }
    Ok(Rotation {
        prepare: shift.steps,
        stop: None,
        switch: question.switch(&archive),
        finish,
        archive,
        left_plain,
    })
}

/// What happens to the archives that are there.
#[derive(Default)]
struct Shift {
    steps: Vec<Step>,
    /// An archive moves to the number that is not kept any more.
    reaches_end: bool,
    /// The numbers that archives which stay plain will have.
    left_plain: BTreeMap<u64, StaysPlain>,
    /// The numbers of plain archives that go before any moves.
    plain_gone: BTreeSet<u64>,
}

/// The numbers whose archive is plain though it is to be compressed.
#[derive(Default)]
struct Plain {
    /// It is compressed before the shift.
    ready: BTreeSet<u64>,
    /// It stays so.
    staying: BTreeMap<u64, StaysPlain>,
}

fn start(question: &Question<'_>) -> u64 {
    u64::from(question.policy.retention.start)
}

/// The first number that is not kept any more; `rotate 0` shifts as `rotate 1` does.
fn end(question: &Question<'_>) -> u64 {
    match question.policy.retention.keep {
        Keep::All => u64::MAX,
        Keep::Count(count) => start(question) + u64::from(count.max(1)),
    }
}

/// Compresses what `delaycompress`, a run that died, or a program that still wrote to it left plain.
fn put_off(question: &Question<'_>, look: &mut dyn Look, shift: &mut Shift) -> Result<Plain, SysError> {
    let mut plain = Plain::default();
    let Some(compression) = &question.policy.compression else {
        return Ok(plain);
    };
    // Where no copy is made, nothing would be laid over it: it is nobody's to compress, let alone to drop.
    let is_in_nobodys_way = compression.when == CompressWhen::Now && question.skips_copy();
    let first = (!is_in_nobodys_way).then(|| start(question));
    let left = question.left_plain.iter().filter_map(|name| {
        let (number, compressed) = question.names.parse_numbered(name)?;
        (!compressed && number > start(question)).then_some(number)
    });
    for number in first.into_iter().chain(left).collect::<BTreeSet<u64>>() {
        let name = question.names.numbered(number);
        if !look.has(&name)? {
            continue;
        }
        match look.stays_plain(&name) {
            Some(StaysPlain::NotSmaller) if number >= end(question) || question.is_too_old(look, &name)? => {
                question.dispose(name, &mut shift.steps);
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
        if number < end(question) {
            plain.ready.insert(number);
        } else {
            question.dispose(question.kept(&name), &mut shift.steps);
        }
    }
    Ok(plain)
}

/// Moves every archive one number up, oldest first; one that is too old goes instead, unless it stays plain.
fn move_up(question: &Question<'_>, look: &mut dyn Look, plain: &Plain, shift: &mut Shift) -> Result<(), SysError> {
    let kept = present(question, look, plain)?;
    let mut numbers: BTreeSet<u64> = kept.iter().chain(plain.staying.keys()).copied().collect();
    if question.before == Before::Shifting {
        // A dead run has moved what is above the gap already.
        let whole = numbers
            .iter()
            .zip(start(question)..)
            .take_while(|(number, at)| **number == *at);
        let gap = start(question) + whole.count() as u64;
        let above = numbers.split_off(&gap);
        let staying = plain.staying.iter().filter(|(number, _)| above.contains(number));
        shift.left_plain.extend(staying);
    }
    let highest = kept.iter().rev().find(|number| numbers.contains(number)).copied();
    for number in numbers.into_iter().rev() {
        if let Some(why) = plain.staying.get(&number) {
            move_plain(question, look, (number, *why), shift)?;
        }
        if kept.contains(&number) {
            let is_plain = plain.ready.contains(&number);
            move_kept(question, look, (number, is_plain, Some(number) == highest), shift)?;
        }
    }
    Ok(())
}

/// Moves an archive under the name that is counted; it `is_plain` until its compression is done.
fn move_kept(
    question: &Question<'_>,
    look: &mut dyn Look,
    (number, is_plain, is_highest): (u64, bool, bool),
    shift: &mut Shift,
) -> Result<(), SysError> {
    let plain = question.names.numbered(number);
    let name = question.kept(&plain);
    if question.is_too_old(look, if is_plain { &plain } else { &name })? {
        question.dispose(name, &mut shift.steps);
        return Ok(());
    }
    let next = question.kept(&question.names.numbered(number + 1));
    if is_highest && look.has(&next)? {
        // A run that died here, or a `rotate` that was larger, left what should be gone.
        question.dispose(next.clone(), &mut shift.steps);
    }
    shift.reaches_end |= number + 1 == end(question);
    shift.steps.push(Step::Rename {
        from: Spot::archive(name),
        to: Spot::archive(next),
    });
    Ok(())
}

/// Moves an archive that stays plain, whatever number it reaches. A plain file in its way that nobody counts makes room.
fn move_plain(
    question: &Question<'_>,
    look: &mut dyn Look,
    (number, why): (u64, StaysPlain),
    shift: &mut Shift,
) -> Result<(), SysError> {
    let is_free = |next: &u64| shift.left_plain.contains_key(&(next + 1)) || shift.plain_gone.contains(next);
    let mut last = number;
    while look.has(&question.names.numbered(last + 1))? && !is_free(&(last + 1)) {
        last += 1;
    }
    for from in (number..=last).rev() {
        shift.steps.push(Step::Rename {
            from: Spot::archive(question.names.numbered(from)),
            to: Spot::archive(question.names.numbered(from + 1)),
        });
    }
    shift.left_plain.insert(number + 1, why);
    Ok(())
}

/// Up to so many names are asked for one by one where the directory keeps changing.
const FEW_NAMES: u64 = 64;

/// The numbers that are taken, by a listing.
fn listed(question: &Question<'_>, look: &mut dyn Look) -> Result<BTreeSet<u64>, SysError> {
    let wanted = start(question)..end(question);
    let wants_suffix = question.policy.compression.is_some();
    let mut numbers = BTreeSet::new();
    for name in look.starting_with(&question.names.numbered_prefix())? {
        if let Some((number, compressed)) = question.names.parse_numbered(&name)
            && compressed == wants_suffix
            && wanted.contains(&number)
            && question.kept(&question.names.numbered(number)) == name
        {
            numbers.insert(number);
        }
    }
    Ok(numbers)
}

/// The numbers that are taken, each asked for.
fn asked(question: &Question<'_>, look: &mut dyn Look) -> Result<BTreeSet<u64>, SysError> {
    let mut numbers = BTreeSet::new();
    for number in start(question)..end(question) {
        if look.has(&question.kept(&question.names.numbered(number)))? {
            numbers.insert(number);
        }
    }
    Ok(numbers)
}

/// The numbers that are taken under the name that is counted, or will be when what was put off is compressed.
fn present(question: &Question<'_>, look: &mut dyn Look, plain: &Plain) -> Result<BTreeSet<u64>, SysError> {
    let few = end(question).saturating_sub(start(question)) <= FEW_NAMES;
    let mut numbers = if few && look.prefers_names() {
        asked(question, look)?
    } else {
        listed(question, look)?
    };
    numbers.extend(&plain.ready);
    Ok(numbers)
}
