//! `BASE-20261122`, …: which dated archives go, and the one that this rotation makes.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::{Look, Question, Rotation, StaysPlain, Step};
use crate::fault::{Fault, SysError};
use crate::policy::Keep;

/// Plans the rotation of a log with dated archives.
pub(super) fn plan(question: &Question<'_>, look: &mut dyn Look) -> Result<Rotation, Fault> {
    let archive = question.names.dated(question.now)?;
    let mut prepare = Vec::new();
    let archives = archives(question, look, &mut prepare)?;
    let (going, staying) = going(question, look, archives)?;
    // What could not be removed or mailed a moment ago stays for this time.
    let (kept, mut going): (Vec<_>, Vec<_>) = going.into_iter().partition(|it| look.is_kept(&it.then));
    let kept: Vec<OsString> = kept.into_iter().map(|it| it.then).collect();
    let plain = |why: Option<StaysPlain>| {
        staying
            .iter()
            .filter(move |it| it.plain.is_some() && (why.is_none() || it.plain == why))
    };
    let mut noted = kept.clone();
    let last = going.pop();
    let falls_off = if question.keeps_nothing() {
        // The newest of the older ones stays, if it should not have gone before: the new archive takes its turn, as in the reference.
        going.extend(last.filter(|it| question.left_plain.contains(&it.now)));
        Some(question.newest(&archive))
    } else {
        noted.extend(last.iter().filter(|it| it.plain.is_some()).map(|it| it.now.clone()));
        last.map(|it| it.then)
    };
    let unsent = question.going_unsent(look, &kept, falls_off.is_some())?;
    for it in going {
        question.dispose(it.then, &mut prepare);
    }
    for name in unsent {
        question.dispose_unsent(name, &mut prepare);
    }
    let stop = collision(question, look, &archive, &prepare)?;
    let mut finish = question.finish(&archive, falls_off);
    finish.extend(plain(Some(StaysPlain::Written)).map(|it| question.compression(&it.now)));
    let left_plain = plain(None).map(|it| it.now.clone()).chain(noted).collect();
    Ok(Rotation {
        prepare,
        stop,
        switch: question.switch(&archive),
        finish,
        archive,
        left_plain,
        passed_by: Vec::new(),
        unsent: Vec::new(),
    })
}

/// The archives that count, oldest first; what was put off is compressed first and counts as compressed. One that stays plain counts
/// as it is.
fn archives(question: &Question<'_>, look: &mut dyn Look, steps: &mut Vec<Step>) -> Result<Vec<Found>, SysError> {
    let compression = question.policy.compression.as_ref();
    let delayed = question.is_delayed();
    let mut found = Vec::new();
    for name in look.starting_with(&question.names.dated_prefix())? {
        let Some(archive) = question.names.parse_dated(&name) else {
            continue;
        };
        if !look.is_file(&name)? {
            continue;
        }
        let put_off = compression.is_some() && !archive.compressed && (delayed || question.left_plain.contains(&name));
        let plain = if put_off { look.stays_plain(&name) } else { None };
        let then = if put_off && plain.is_none() {
            steps.push(question.compression(&name));
            question.names.compressed(&name)
        } else if put_off || archive.compressed == compression.is_some() {
            name.clone()
        } else {
            continue;
        };
        found.push((archive.date, Found { now: name, then, plain }));
    }
    found.sort_by(|(one, a), (other, b)| (one, &a.then).cmp(&(other, &b.then)));
    found.dedup_by(|(_, a), (_, b)| a.then == b.then);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

/// An archive by the name it has now and the one it has when put-off compression is done.
struct Found {
    now: OsString,
    then: OsString,
    /// Why it stays plain for now.
    plain: Option<StaysPlain>,
}

/// What goes, oldest first: what is beyond the count (the archive about to be made counts as one) unless it is too young, and what is too
/// old; and what stays. What is still written stays, for this time.
fn going(
    question: &Question<'_>,
    look: &mut dyn Look,
    archives: Vec<Found>,
) -> Result<(Vec<Found>, Vec<Found>), SysError> {
    let stay = match question.policy.retention.keep {
        Keep::All => usize::MAX,
        Keep::Count(count) => usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX),
    };
    let beyond = archives.len().saturating_sub(stay);
    let (mut going, mut staying) = (Vec::new(), Vec::new());
    for (at, found) in archives.into_iter().enumerate() {
        let is_written = found.plain == Some(StaysPlain::Written);
        let is_beyond = at < beyond && !question.is_too_young(look, &found.now)?;
        if !is_written && (is_beyond || question.is_too_old(look, &found.now)?) {
            going.push(found);
        } else {
            staying.push(found);
        }
    }
    Ok((going, staying))
}

/// The archive that this rotation would make is there already, or will be when `prepare` is done.
fn collision(
    question: &Question<'_>,
    look: &mut dyn Look,
    archive: &OsStr,
    prepare: &[Step],
) -> Result<Option<Fault>, SysError> {
    let kept = question.kept(archive);
    for name in [kept.as_os_str(), archive] {
        // Anything else is moved out of the way.
        let mut is_there = look.is_file(name)?;
        for step in prepare {
            match step {
                Step::Compress { to, .. } if to == name => is_there = true,
                Step::Compress { from, .. } if from == name => is_there = false,
                Step::Remove { what, .. } if what.name == name => is_there = false,
                _ => {}
            }
        }
        if is_there {
            return Ok(Some(Fault::DestinationExists(PathBuf::from(name))));
        }
    }
    Ok(None)
}
