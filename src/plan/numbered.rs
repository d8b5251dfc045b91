//! `BASE.1`, `BASE.2`, …: the shift, oldest first, and the archive that falls off.

use std::ffi::OsStr;

use super::{Before, Look, Model, Question, Rotation, Spot, Step};
use crate::fault::{Fault, SysError};
use crate::policy::{CompressWhen, Keep};

/// Plans the rotation of a log with numbered archives.
pub(super) fn plan(question: &Question<'_>, look: &mut dyn Look) -> Result<Rotation, Fault> {
    // A date that cannot be made stops a log with numbered archives, too (`details.md` 17).
    question.names.dated(question.now)?;
    let archive = question.names.numbered(start(question));
    let mut prepare = Vec::new();
    let left_plain = put_off(question, look, &archive, &mut prepare)?;
    let reaches_end = shift(question, look, left_plain, &mut prepare)?;
    let falls_off = match question.policy.retention.keep {
        Keep::All => None,
        Keep::Count(0) if !question.is_copy() => Some(question.newest(&archive)),
        Keep::Count(_) => {
            let name = question.kept(&question.names.numbered(end(question)));
            (reaches_end || look.has(&name)?).then_some(name)
        }
    };
    Ok(Rotation {
        prepare,
        stop: None,
        switch: question.switch(&archive),
        finish: question.finish(&archive, falls_off),
        archive,
    })
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

/// Compresses what `delaycompress`, or a run that died, left plain at the first number. Answers whether there was any.
fn put_off(
    question: &Question<'_>,
    look: &mut dyn Look,
    archive: &OsStr,
    steps: &mut Vec<Step>,
) -> Result<bool, SysError> {
    let Some(compression) = &question.policy.compression else {
        return Ok(false);
    };
    // Where no copy is made, nothing would be laid over it: it is nobody's to compress, let alone to drop.
    let is_in_nobodys_way = compression.when == CompressWhen::Now && question.skips_copy();
    if is_in_nobodys_way || !look.has(archive)? {
        return Ok(false);
    }
    let to = question.names.compressed(archive);
    steps.push(Step::Compress {
        from: archive.to_owned(),
        to,
        model: Model::Itself,
    });
    Ok(true)
}

/// Moves every archive one number up, oldest first; one that is too old goes instead. Answers whether one moves to the number
/// that is not kept any more.
fn shift(
    question: &Question<'_>,
    look: &mut dyn Look,
    left_plain: bool,
    steps: &mut Vec<Step>,
) -> Result<bool, SysError> {
    let mut reaches_end = false;
    let numbers = present(question, look, left_plain)?;
    for (at, number) in numbers.into_iter().enumerate() {
        let plain = question.names.numbered(number);
        let name = question.kept(&plain);
        let shown = if left_plain && number == start(question) {
            &plain
        } else {
            &name
        };
        if question.is_too_old(look, shown)? {
            question.dispose(name, steps);
            continue;
        }
        let next = question.kept(&question.names.numbered(number + 1));
        if at == 0 && look.has(&next)? {
            // A run that died here, or a `rotate` that was larger, left what should be gone.
            question.dispose(next.clone(), steps);
        }
        reaches_end |= number + 1 == end(question);
        steps.push(Step::Rename {
            from: Spot::archive(name),
            to: Spot::archive(next),
        });
    }
    Ok(reaches_end)
}

/// Up to so many names are asked for one by one where the directory keeps changing.
const FEW_NAMES: u64 = 64;

/// The numbers that are taken, by a listing.
fn listed(question: &Question<'_>, look: &mut dyn Look) -> Result<Vec<u64>, SysError> {
    let wanted = start(question)..end(question);
    let wants_suffix = question.policy.compression.is_some();
    let mut numbers = Vec::new();
    for name in look.starting_with(&question.names.numbered_prefix())? {
        if let Some((number, compressed)) = question.names.parse_numbered(&name)
            && compressed == wants_suffix
            && wanted.contains(&number)
            && question.kept(&question.names.numbered(number)) == name
        {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// The numbers that are taken, each asked for.
fn asked(question: &Question<'_>, look: &mut dyn Look) -> Result<Vec<u64>, SysError> {
    let mut numbers = Vec::new();
    for number in start(question)..end(question) {
        if look.has(&question.kept(&question.names.numbered(number)))? {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// The numbers that are taken and to be shifted, oldest (highest) first.
fn present(question: &Question<'_>, look: &mut dyn Look, left_plain: bool) -> Result<Vec<u64>, SysError> {
    let first = start(question);
    let few = end(question).saturating_sub(first) <= FEW_NAMES;
    let mut numbers = if few && look.prefers_names() {
        asked(question, look)?
    } else {
        listed(question, look)?
    };
    if left_plain {
        numbers.push(first);
    }
    numbers.sort_unstable();
    numbers.dedup();
    if question.before == Before::Shifting {
        // A dead run has moved what is above the gap already.
        let whole = numbers
            .iter()
            .zip(first..)
            .take_while(|(number, expected)| **number == *expected)
            .count();
        numbers.truncate(whole);
    }
    numbers.reverse();
    Ok(numbers)
}
