//! What may be the archives of a log, by their facts: who belongs to it, as what, and in which order.

use std::collections::BTreeMap;

use super::{Class, Differs, Family, Member, Row, Sighting, Site, Strange, Stranger, Style, Ways};
use crate::facts::{FileFacts, FileTime, Kind};
use crate::unix::FileId;

/// So many numbers may be missing between two archives of a row: each lowering of `rotate` leaves a gap.
const WIDEST_GAP: u64 = 3;

/// What is known of a log.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub ways: &'a Ways,
    /// There is such a file.
    pub exists: bool,
    /// When it was rotated last, in seconds since 1970, where that is known.
    pub last: Option<i64>,
    /// Tells which files are logs of any stanza, by whatever path.
    pub is_log: &'a dyn Fn(FileId) -> bool,
}

/// Judges what may be the archives of a log, in whatever order it was seen. What is no file, has several links or is a log itself belongs
/// to nobody.
#[must_use]
pub fn family(known: &Known<'_>, seen: Vec<Sighting>) -> Family {
    let mut family = Family::default();
    let mut rows: BTreeMap<Row, Vec<Sighting>> = BTreeMap::new();
    for sighting in seen.into_iter().filter(|it| can_be_archive(known, &it.facts)) {
        rows.entry(row_of(known.ways, &sighting)).or_default().push(sighting);
    }
    end_rows_at_gaps(known.ways, &mut rows, &mut family.strangers);
    drop_rows_still_made(known, &mut rows, &mut family.strangers);
    family.members = in_order(known, rows);
    family
        .strangers
        .sort_unstable_by(|one, other| (one.site, &one.name).cmp(&(other.site, &other.name)));
    family
}

fn can_be_archive(known: &Known<'_>, facts: &FileFacts) -> bool {
    facts.kind == Kind::Regular && facts.links == 1 && !(known.is_log)(facts.id)
}

/// The row of a name as it is read first: what rotations make today, a number, a date.
fn row_of(ways: &Ways, sighting: &Sighting) -> Row {
    let reading = &sighting.candidate.reading;
    Row {
        site: sighting.site,
        style: ways.style_of(reading),
        split: reading.split,
        ending: reading.ending,
    }
}

fn present(ways: &Ways) -> Row {
    Row {
        site: Site::Present,
        style: ways.style(),
        split: 0,
        ending: 0,
    }
}

fn number(sighting: &Sighting) -> u64 {
    sighting.candidate.reading.number.map_or(0, |(_, number)| number)
}

/// Takes out of each row of numbers what no number leads to: it has a date instead, or is a stranger.
fn end_rows_at_gaps(ways: &Ways, rows: &mut BTreeMap<Row, Vec<Sighting>>, strangers: &mut Vec<Stranger>) {
    let mut dated = Vec::new();
    for (row, sightings) in rows
        .iter_mut()
        .filter(|(row, _)| matches!(row.style, Style::Numbered(_)))
    {
        let end = end_of_row(ways, sightings);
        let is_beyond = |it: &mut Sighting| !(ways.start()..=end).contains(&number(it));
        for sighting in sightings.extract_if(.., is_beyond) {
            match sighting.candidate.reading.date {
                Some((format, _)) => {
                    let style = Style::Dated(format);
                    dated.push((Row { style, ..*row }, sighting));
                }
                None => strangers.push(stranger(sighting, Strange::Unreachable)),
            }
        }
    }
    for (row, sighting) in dated {
        rows.entry(row).or_default().push(sighting);
    }
}

/// Returns the last number that the others lead to, from the first one on.
fn end_of_row(ways: &Ways, sightings: &[Sighting]) -> u64 {
    let mut numbers: Vec<u64> = sightings
        .iter()
        .map(number)
        .filter(|number| *number >= ways.start())
        .collect();
    numbers.sort_unstable();
    // As if there were one before the first.
    let mut end = i128::from(ways.start()) - 1;
    for number in numbers {
        if i128::from(number) - end - 1 > i128::from(WIDEST_GAP) {
            break;
        }
        end = i128::from(number);
    }
    u64::try_from(end).unwrap_or(0)
}

/// Takes out the rows of which one is newer than what rotations made: another way of naming that is ours lies in the past.
fn drop_rows_still_made(known: &Known<'_>, rows: &mut BTreeMap<Row, Vec<Sighting>>, strangers: &mut Vec<Stranger>) {
    let present = present(known.ways);
    let oldest = rows
        .get(&present)
        .and_then(|own| own.iter().map(|it| it.facts.modified).min());
    if let (Some(own), Style::Numbered(_)) = (rows.get_mut(&present), present.style) {
        drop_beyond_count(known.ways, own, strangers);
    }
    rows.retain(|row, sightings| {
        let newest = sightings.iter().map(|it| it.facts.modified).max();
        let Some(newest) = newest.filter(|_| *row != present) else {
            return true;
        };
        let is_newer =
            oldest.is_some_and(|oldest| newest > oldest) || known.last.is_some_and(|last| newest.seconds > last);
        let why = if !known.exists || oldest.is_none() && known.last.is_none() {
            Strange::Unproven
        } else if is_newer {
            Strange::StillMade
        } else {
            return true;
        };
        strangers.extend(sightings.drain(..).map(|sighting| stranger(sighting, why)));
        false
    });
}

/// Takes out what the count does not reach and is newer than what it reaches: rotations leave only what is older.
fn drop_beyond_count(ways: &Ways, own: &mut Vec<Sighting>, strangers: &mut Vec<Stranger>) {
    let reached = own.iter().filter(|it| ways.reaches(number(it)));
    let Some(oldest) = reached.map(|it| it.facts.modified).min() else {
        return;
    };
    let is_newer = |it: &mut Sighting| !ways.reaches(number(it)) && it.facts.modified > oldest;
    let newer = own.extract_if(.., is_newer);
    strangers.extend(newer.map(|sighting| stranger(sighting, Strange::StillMade)));
}

fn stranger(sighting: Sighting, why: Strange) -> Stranger {
    Stranger {
        name: sighting.candidate.name,
        site: sighting.site,
        why,
    }
}

/// Puts all rows into one order, the oldest first. Within a row number and date tell it. Numbers of two rows say nothing of each other,
/// and neither do they of a date: there the time of the last change does, where an archive counts as no younger than those that its row
/// has for younger. What rotations do not count for its ending keeps its number while theirs move on: that is another row, too.
fn in_order(known: &Known<'_>, rows: BTreeMap<Row, Vec<Sighting>>) -> Vec<Member> {
    let today = present(known.ways);
    let (mut dates, mut last) = (Vec::new(), Vec::new());
    let mut all: Vec<(FileTime, Member)> = Vec::new();
    for (row, mut sightings) in rows {
        if let Style::Dated(_) = row.style {
            let is_whole = |it: &mut Sighting| it.candidate.reading.date.is_some_and(|(_, date)| date.is_whole);
            dates.extend(sightings.extract_if(.., is_whole).map(|sighting| (row, sighting)));
        }
        let line = sightings.into_iter().map(|sighting| (row, sighting));
        let (counted, others) =
            line.partition(|(row, sighting)| *row == today && is_counted(known.ways, *row, sighting));
        line_up(known, others, &mut all);
        last.extend::<Vec<_>>(counted);
    }
    // Of two of one time what rotations make today is the younger.
    line_up(known, dates, &mut all);
    line_up(known, last, &mut all);
    all.sort_by_key(|(time, _)| *time);
    all.into_iter().map(|(_, member)| member).collect()
}

/// Orders what can be compared by name, and gives each the time by which it is compared with others.
fn line_up(known: &Known<'_>, mut line: Vec<(Row, Sighting)>, all: &mut Vec<(FileTime, Member)>) {
    line.sort_unstable_by(|(row, one), (other_row, other)| age(*row, one).cmp(&age(*other_row, other)));
    let from = all.len();
    let mut youngest = FileTime {
        seconds: i64::MAX,
        nanoseconds: 0,
    };
    for (row, sighting) in line.into_iter().rev() {
        youngest = youngest.min(sighting.facts.modified);
        let member = Member {
            class: class(known, row, &sighting),
            name: sighting.candidate.name,
            site: sighting.site,
            facts: sighting.facts,
        };
        all.push((youngest, member));
    }
    all[from..].reverse();
}

/// What orders archives by their names, the oldest first: the date, or the number from above; of two of one number the time.
fn age(row: Row, sighting: &Sighting) -> impl Ord + '_ {
    let date = sighting.candidate.reading.date.map_or(0, |(_, date)| date.order);
    let said = match row.style {
        Style::Numbered(_) => -i128::from(number(sighting)),
        Style::Dated(_) => i128::from(date),
    };
    (said, sighting.facts.modified, &sighting.candidate.name, sighting.site)
}

/// Returns the number of an archive that is in a row of numbers.
fn number_in(row: Row, sighting: &Sighting) -> Option<u64> {
    match row.style {
        Style::Numbered(_) => Some(number(sighting)),
        Style::Dated(_) => None,
    }
}

/// Tells whether rotations count an archive of today's row, which they may not for its ending.
fn is_counted(ways: &Ways, row: Row, sighting: &Sighting) -> bool {
    ways.counts_ending(sighting.candidate.reading.is_compressed, number_in(row, sighting))
}

fn class(known: &Known<'_>, row: Row, sighting: &Sighting) -> Class {
    let (ways, today) = (known.ways, present(known.ways));
    let number = number_in(row, sighting);
    let differs = [
        (row.site != today.site, Differs::Site),
        (row.style != today.style, Differs::Style),
        (row.split != today.split, Differs::Extension),
        (
            row.ending != today.ending || !is_counted(ways, row, sighting),
            Differs::Ending,
        ),
        (number.is_some_and(|number| !ways.reaches(number)), Differs::Count),
    ];
    if !known.exists {
        return Class::Lone;
    }
    let first = differs.into_iter().find(|(differs, _)| *differs);
    first.map_or(Class::Own, |(_, how)| Class::Kin(how))
}
