//! Names of archives that come twice, or that the stanza's own pattern finds.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

use super::rhythm::Rhythm;
use super::settings::Known;
use super::{Finding, Lint, Made};
use crate::clock::Now;
use crate::config::directive::Setting;
use crate::naming::ArchiveNames;
use crate::policy::{CompressWhen, Criterion, Naming, NamingStyle, Origin, Policy, Stanza};
use crate::sys::pattern;

/// Some moment: names made for it show what the names of all moments look like.
const SAMPLE: i64 = 1_700_000_000;

/// The stretches of time that a date can tell apart, the shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grain {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Never,
}

/// Returns what a format tells apart.
fn grain_of(format: &[u8]) -> Grain {
    let fields = format.windows(2).filter(|two| two[0] == b'%').map(|two| match two[1] {
        b's' | b'S' => Grain::Second,
        b'M' => Grain::Minute,
        b'H' => Grain::Hour,
        b'd' | b'j' | b'u' | b'w' => Grain::Day,
        b'V' | b'U' | b'W' => Grain::Week,
        b'm' => Grain::Month,
        b'Y' | b'y' | b'G' | b'g' => Grain::Year,
        _ => Grain::Never,
    });
    fields.min().unwrap_or(Grain::Never)
}

/// Returns what a criterion has told apart.
fn needed(trigger: Criterion) -> Grain {
    match trigger {
        Criterion::Minutes(_) => Grain::Minute,
        Criterion::Size(_) | Criterion::Hourly => Grain::Hour,
        Criterion::Daily => Grain::Day,
        Criterion::Weekly(_) => Grain::Week,
        Criterion::Monthly(_) => Grain::Month,
        Criterion::Yearly => Grain::Year,
    }
}

/// Reports dated names that two rotations of one log can share.
pub fn dates(stanza: &Stanza, known: Known, rhythm: Option<Rhythm>, found: &mut Vec<Finding>) {
    let naming = &stanza.policy.naming;
    if naming.style == NamingStyle::Numbered {
        return;
    }
    let trigger = stanza.policy.criterion;
    let (mut needed, mut criterion) = (needed(trigger), trigger.setting());
    let several_a_day = rhythm.is_some_and(|rhythm| rhythm.shortest < Rhythm::DAILY.shortest);
    if stanza.policy.max_size.is_some() && several_a_day && needed > Grain::Hour {
        (needed, criterion) = (Grain::Hour, Setting::MaxSize);
    }
    let grain = grain_of(naming.format(stanza.policy.criterion).as_bytes());
    let dated_back = dated_back(naming.style)
        .filter(|(_, by)| *by < grain)
        .map(|(setting, _)| setting);
    // Where a rotation comes late, the next one that comes in time is dated back into the same period.
    if grain < needed || (grain == needed && dated_back.is_none()) {
        return;
    }
    let made = Made::of(stanza);
    let format = naming.date_format.clone();
    let named = if format.is_some() {
        Setting::DateFormat
    } else {
        Setting::DateExt
    };
    let set_here = made.last(&[criterion]);
    if known == Known::DropIn && set_here.is_none() {
        return;
    }
    if let Some(Origin { place, .. }) = made.last(&[named]) {
        let lint = Lint::DatesRepeat {
            format,
            criterion,
            dated_back: dated_back.filter(|_| grain == needed),
        };
        found.push(Finding {
            related: set_here.map(|origin| origin.place.clone()),
            ..Finding::lint(lint, place.clone())
        });
    }
}

/// Returns what dates archives back, and by how much.
fn dated_back(style: NamingStyle) -> Option<(Setting, Grain)> {
    match style {
        NamingStyle::Dated { yesterday: true, .. } => Some((Setting::DateYesterday, Grain::Day)),
        NamingStyle::Dated { hour_ago: true, .. } => Some((Setting::DateHourAgo, Grain::Hour)),
        _ => None,
    }
}

/// Finds the setting without which a word would not find the archives of what it finds.
#[must_use]
pub fn found_again_by(stanza: &Stanza, word: &[u8]) -> Option<Setting> {
    let without = |change: fn(&mut Naming)| {
        let mut policy = Policy::clone(&stanza.policy);
        change(&mut policy.naming);
        let policy = Arc::new(policy);
        found_again(
            &Stanza {
                policy,
                ..stanza.clone()
            },
            word,
        )
        .is_none()
    };
    let naming = &stanza.policy.naming;
    if naming.extension.is_some() && without(|naming| naming.extension = None) {
        Some(Setting::Extension)
    } else if naming.add_extension.is_some() && without(|naming| naming.add_extension = None) {
        Some(Setting::AddExtension)
    } else {
        let is_format = naming.date_format.is_some() && without(|naming| naming.date_format = None);
        is_format.then_some(Setting::DateFormat)
    }
}

/// Finds an archive that a word finds along with its log; answers both names.
#[must_use]
pub fn found_again(stanza: &Stanza, word: &[u8]) -> Option<(OsString, OsString)> {
    let last = word.rsplit(|byte| *byte == b'/').next()?;
    if !pattern::is_special(last) || stanza.policy.old_dir.is_some() {
        return None;
    }
    let matcher = pattern::NamePattern::new(last);
    let log = OsString::from_vec(sample(last));
    if !matcher.matches_visible(log.as_bytes()) {
        return None;
    }
    archives_of(stanza, &log)?
        .into_iter()
        .find(|archive| matcher.matches_visible(archive.as_bytes()))
        .map(|archive| (log, archive))
}

/// Returns the names that archives of a log keep.
fn archives_of(stanza: &Stanza, log: &OsStr) -> Option<Vec<OsString>> {
    let policy = &stanza.policy;
    let names = ArchiveNames::of(policy, log).ok()?;
    let plain = match policy.naming.style {
        NamingStyle::Numbered => names.numbered(policy.retention.start.into()),
        NamingStyle::Dated { .. } => names.dated(&Now::at(SAMPLE)).ok()?,
    };
    let compressed = names.compressed(&plain);
    Some(match policy.compression.as_ref().map(|how| how.when) {
        None => vec![plain],
        Some(CompressWhen::Now) => vec![compressed],
        Some(CompressWhen::NextTime) => vec![plain, compressed],
    })
}

/// Makes a name that a pattern finds, most often.
fn sample(pattern: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    let mut at = 0;
    while let Some(&byte) = pattern.get(at) {
        match byte {
            b'*' | b'?' => name.push(b'x'),
            b'\\' => {
                at += 1;
                name.extend(pattern.get(at));
            }
            b'[' => {
                let from = at + 1 + usize::from(matches!(pattern.get(at + 1), Some(b'!' | b'^')));
                let end = pattern.iter().skip(from + 1).position(|byte| *byte == b']');
                let Some(end) = end.map(|found| from + 1 + found) else {
                    name.push(byte);
                    at += 1;
                    continue;
                };
                let bracket = pattern::NamePattern::new(&pattern[at..=end]);
                name.extend(
                    b"xX0_-."
                        .iter()
                        .chain(&pattern[from..end])
                        .find(|byte| bracket.matches(&[**byte])),
                );
                at = end;
            }
            _ => name.push(byte),
        }
        at += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_found_by_its_pattern() {
        for pattern in [
            "*", "*.log", "a?c", "[a-c]x*", "[!x]*", "\\*.log", "x[]a]", "log[", "*[!0-9]",
        ] {
            let matcher = pattern::NamePattern::new(pattern.as_bytes());
            let name = sample(pattern.as_bytes());
            assert!(matcher.matches(&name), "{pattern}: {}", String::from_utf8_lossy(&name));
        }
    }

    #[test]
    fn a_format_tells_apart_what_its_finest_field_does() {
        let table = [
            ("-%Y%m%d", Grain::Day),
            ("-%Y%m", Grain::Month),
            ("-%Y%m%d-%s", Grain::Second),
            (".%V", Grain::Week),
            ("-%Y%m%d%H", Grain::Hour),
            ("-old", Grain::Never),
        ];
        for (format, grain) in table {
            assert_eq!(grain_of(format.as_bytes()), grain, "{format}");
        }
    }
}
