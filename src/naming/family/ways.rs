//! In which ways the archives of a stanza's logs are named, and were: names are taken apart by them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::super::dateformat::{DateFormat, NamedDate};
use super::super::{NamingProblem, split_extension};
use super::Style;
use crate::policy::{CompressWhen, Compression, Formerly, Keep, NamingStyle, Policy};

/// The date formats that hold without a `dateformat`, by the criterion, and what the reference puts behind the name of a file that is in
/// its way.
const USUAL_FORMATS: [&str; 4] = ["-%Y%m%d", "-%Y%m%d%H", "-%Y%m%d%H%M", "-%Y%m%d%H.backup"];

/// What programs put behind the names of files that they compress.
const USUAL_ENDINGS: [&str; 10] = [
    ".gz", ".bz2", ".xz", ".zst", ".Z", ".zip", ".lz4", ".lz", ".lzma", ".br",
];

/// Tells whether a file is named as one that a program compressed.
#[must_use]
pub fn ends_compressed(name: &OsStr) -> bool {
    USUAL_ENDINGS
        .iter()
        .any(|ending| name.as_bytes().ends_with(ending.as_bytes()))
}

/// Ways in which archives were once named, as far as nobody can guess them.
#[derive(Clone, Debug, Default)]
pub struct Former {
    pub formats: Vec<DateFormat>,
    pub extensions: Vec<OsString>,
    pub add_extensions: Vec<OsString>,
    pub endings: Vec<OsString>,
    /// How many digits numbers had at least.
    pub widths: Vec<usize>,
}

impl Former {
    /// Takes over what a configuration says.
    ///
    /// # Errors
    /// A date format is none.
    pub fn of(formerly: &Formerly) -> Result<Self, NamingProblem> {
        let formats = formerly.date_formats.iter();
        Ok(Self {
            formats: formats
                .map(|format| DateFormat::parse(format.as_bytes()))
                .collect::<Result<_, _>>()?,
            extensions: formerly.extensions.clone(),
            add_extensions: formerly.add_extensions.clone(),
            endings: formerly.compress_extensions.clone(),
            widths: Vec::new(),
        })
    }
}

/// All ways, those of today first.
#[derive(Clone, Debug)]
pub struct Ways {
    is_dated: bool,
    widths: Vec<usize>,
    formats: Vec<DateFormat>,
    /// `extension` and `addextension`, as they are and as they were.
    extensions: Vec<(Option<OsString>, Option<OsString>)>,
    endings: Vec<Ending>,
    is_compressed: bool,
    is_delayed: bool,
    start: u64,
    end: u64,
}

#[derive(Clone, Debug)]
struct Ending {
    text: Box<[u8]>,
    /// See [`super::Row::ending`].
    row: usize,
}

/// How a name was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its number, where it has one, and which width that has.
    pub(super) number: Option<(usize, u64)>,
    /// Its date, and which format says it.
    pub(super) date: Option<(usize, NamedDate)>,
    pub(super) split: usize,
    pub(super) ending: usize,
    pub(super) is_compressed: bool,
}

impl Ways {
    /// Gathers the ways in which a stanza's archives are named, those that are usual, and `former` ones.
    ///
    /// # Errors
    /// The date format is none; see [`super::super::ArchiveNames::new`].
    pub fn of(policy: &Policy, former: &Former) -> Result<Self, NamingProblem> {
        let naming = &policy.naming;
        let mut formats = vec![DateFormat::parse(naming.format(policy.criterion).as_bytes())?];
        for usual in USUAL_FORMATS {
            formats.push(DateFormat::parse(usual.as_bytes())?);
        }
        formats.extend(former.formats.iter().cloned());
        let present = (naming.extension.clone(), naming.add_extension.clone());
        let kept = former
            .extensions
            .iter()
            .map(|extension| (Some(extension.clone()), None));
        let added = former.add_extensions.iter().map(|added| (None, Some(added.clone())));
        let start = u64::from(policy.retention.start);
        Ok(Self {
            is_dated: naming.style != NamingStyle::Numbered,
            widths: [1].into_iter().chain(former.widths.iter().copied()).collect(),
            formats,
            extensions: [present, (None, None)].into_iter().chain(kept).chain(added).collect(),
            endings: endings(policy.compression.as_ref(), &former.endings),
            is_compressed: policy.compression.is_some(),
            is_delayed: policy
                .compression
                .as_ref()
                .is_some_and(|how| how.when == CompressWhen::NextTime),
            start,
            end: match policy.retention.keep {
                Keep::All => u64::MAX,
                Keep::Count(count) => start + u64::from(count),
            },
        })
    }

    /// Returns what a log's name can be split into, base and extension, that of today first.
    pub(super) fn splits<'a>(&'a self, log: &'a OsStr) -> Vec<(&'a [u8], &'a [u8])> {
        let mut splits = Vec::with_capacity(self.extensions.len());
        for (kept, added) in &self.extensions {
            let split = split_extension(log.as_bytes(), kept, added);
            if !splits.contains(&split) {
                splits.push(split);
            }
        }
        splits
    }

    /// Returns what may be number or date in what stands behind the base of a log in a name.
    pub(super) fn middles<'r>(&'r self, rest: &'r [u8], extension: &'r [u8]) -> impl Iterator<Item = &'r [u8]> {
        let endings = self.endings.iter();
        endings.filter_map(|ending| rest.strip_suffix(&*ending.text)?.strip_suffix(extension))
    }

    /// Tells whether the name is that of a compressed file, whichever program compressed it.
    #[must_use]
    pub fn is_compressed(&self, name: &OsStr) -> bool {
        let ends_so = |ending: &Ending| !ending.text.is_empty() && name.as_bytes().ends_with(&ending.text);
        self.endings.iter().any(ends_so)
    }

    /// Reads what stands behind the base of a log in a name.
    pub(super) fn read(&self, rest: &[u8], extension: &[u8], split: usize) -> Option<Reading> {
        self.endings.iter().find_map(|ending| {
            let middle = rest.strip_suffix(&*ending.text)?.strip_suffix(extension)?;
            let (number, date) = (self.number(middle), self.date(middle));
            (number.is_some() || date.is_some()).then_some(Reading {
                number,
                date,
                split,
                ending: ending.row,
                is_compressed: !ending.text.is_empty(),
            })
        })
    }

    fn number(&self, middle: &[u8]) -> Option<(usize, u64)> {
        let digits = middle.strip_prefix(b".")?;
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let is_padded = digits.len() > 1 && digits[0] == b'0';
        let fits = |width: &usize| digits.len() == *width || digits.len() > *width && !is_padded;
        let width = self.widths.iter().position(fits)?;
        Some((width, std::str::from_utf8(digits).ok()?.parse().ok()?))
    }

    fn date(&self, middle: &[u8]) -> Option<(usize, NamedDate)> {
        if middle.is_empty() {
            return None;
        }
        let mut formats = self.formats.iter().enumerate();
        formats.find_map(|(at, format)| Some((at, format.date(middle)?)))
    }

    /// Returns the style in which rotations name archives today.
    pub(super) fn style(&self) -> Style {
        if self.is_dated {
            Style::Dated(0)
        } else {
            Style::Numbered(0)
        }
    }

    /// Returns the style of a name as it is read first: that of today, a number, a date.
    pub(super) fn style_of(&self, reading: &Reading) -> Style {
        let number = reading.number.map(|(width, _)| Style::Numbered(width));
        let date = reading.date.map(|(format, _)| Style::Dated(format));
        let present = date.filter(|date| *date == self.style());
        present.or(number).or(date).unwrap_or(self.style())
    }

    /// Tells whether rotations name archives today as one that was read so.
    pub(super) fn names_so(&self, reading: &Reading) -> bool {
        self.style_of(reading) == self.style() && (reading.split, reading.ending) == (0, 0)
    }

    /// Returns the number of the newest archive.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Tells whether a number is one that rotations count.
    pub(super) fn reaches(&self, number: u64) -> bool {
        (self.start..self.end).contains(&number)
    }

    /// Tells whether rotations count an archive of today's style that is compressed, or is not.
    pub(super) fn counts_ending(&self, is_compressed: bool, number: Option<u64>) -> bool {
        // What `delaycompress` leaves plain is the newest, or any that has a date.
        let waits = self.is_delayed && number.is_none_or(|number| number == self.start);
        is_compressed == self.is_compressed || !is_compressed && waits
    }

    /// Returns the logs one of whose archives rotations would name so today; as a rule there is one, or none.
    pub(super) fn logs_of(&self, name: &OsStr) -> Vec<OsString> {
        let (kept, added) = &self.extensions[0];
        let ends: [&[u8]; 3] = [kept, added, &None].map(|end| end.as_ref().map_or(&b""[..], |end| end.as_bytes()));
        let mut logs = Vec::new();
        for ending in self.endings.iter().filter(|ending| ending.row == 0) {
            for end in ends {
                let stem = name.as_bytes().strip_suffix(&*ending.text);
                let Some(base) = stem.and_then(|stem| self.base(stem.strip_suffix(end)?)) else {
                    continue;
                };
                for log in [[base, end].concat(), base.to_vec()] {
                    let log = OsStr::from_bytes(&log).to_owned();
                    if self.splits(&log)[0] == (base, end) && !logs.contains(&log) {
                        logs.push(log);
                    }
                }
            }
        }
        logs
    }

    /// Takes off what rotations put behind the base today.
    fn base<'a>(&self, stem: &'a [u8]) -> Option<&'a [u8]> {
        let cut = if self.is_dated {
            stem.len().checked_sub(self.formats[0].width())?
        } else {
            stem.iter().rposition(|byte| *byte == b'.')?
        };
        let (base, middle) = stem.split_at(cut);
        let is_read = match self.style() {
            Style::Numbered(_) => self.number(middle).is_some_and(|(width, _)| width == 0),
            Style::Dated(_) => !middle.is_empty() && self.formats[0].date(middle).is_some(),
        };
        (is_read && !base.is_empty()).then_some(base)
    }
}

/// Gathers the compress extensions. Without compression the one that `compress` would have stands for today's.
fn endings(compression: Option<&Compression>, former: &[OsString]) -> Vec<Ending> {
    let usual = Compression::default();
    let present = compression.unwrap_or(&usual).suffix.as_bytes();
    let others = former.iter().map(|ending| ending.as_bytes());
    let others = others.chain(USUAL_ENDINGS.iter().map(|ending| ending.as_bytes()));
    let mut endings: Vec<Ending> = Vec::new();
    let mut rows = 0;
    for (at, text) in [b"", present].into_iter().chain(others).enumerate() {
        if endings.iter().any(|ending| *ending.text == *text) {
            continue;
        }
        rows += usize::from(at > 1);
        endings.push(Ending {
            text: text.into(),
            row: if at > 1 { rows } else { 0 },
        });
    }
    endings
}
