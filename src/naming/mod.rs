//! Names of archives: made, recognised, ordered.
//!
//! Pure, and on bytes: a `*`, `?` or `[` in a log's name is a plain character. Which archives exist and what happens
//! to them is `plan`'s.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::clock::{Moment, Now};
use crate::policy::{Criterion, Naming, NamingStyle, Policy};

pub mod dateformat;
pub mod family;

pub use dateformat::DateFormat;

/// Why the archives of a log cannot be named; each is an error of that log alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamingProblem {
    /// The date format is too long: `Date format F is too long`.
    TooLong(Box<[u8]>),
    /// What it makes has 64 bytes or more: `failed to apply date format 'F'`.
    TooWide(Box<[u8]>),
    /// The date format or an extension has a slash, so that archives would lie in another directory.
    Slash(Box<[u8]>),
}

impl From<NamingProblem> for crate::fault::Fault {
    fn from(problem: NamingProblem) -> Self {
        match problem {
            NamingProblem::TooLong(format) => Self::DateFormatTooLong(format.into()),
            NamingProblem::TooWide(format) => Self::DateSuffixTooLong(format.into()),
            NamingProblem::Slash(part) => Self::SlashInName(part.into()),
        }
    }
}

/// An archive that a name was recognised as, named by date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedArchive {
    /// Larger for a later date; 0 for all where no `dateformat` was given, since then spelling decides.
    pub date: i64,
    /// Its name ends in the compress extension.
    pub compressed: bool,
}

/// How the archives of one log are named.
#[derive(Clone, Debug)]
pub struct ArchiveNames {
    base: Vec<u8>,
    extension: Vec<u8>,
    suffix: Vec<u8>,
    format: DateFormat,
    format_given: bool,
    yesterday: bool,
    hour_ago: bool,
}

impl ArchiveNames {
    /// Works out the names of a log's archives by its policy.
    ///
    /// # Errors
    /// As [`ArchiveNames::new`].
    pub fn of(policy: &Policy, log: &OsStr) -> Result<Self, NamingProblem> {
        let suffix = policy.compression.as_ref().map(|how| how.suffix.as_os_str());
        Self::new(log, &policy.naming, policy.criterion, suffix)
    }

    /// Works out the names for a log of the given file name; `suffix` is the compress extension, where there is
    /// compression.
    ///
    /// # Errors
    /// A `dateformat` that is too long is one even where archives are numbered; so is a slash.
    pub fn new(
        base: &OsStr,
        naming: &Naming,
        criterion: Criterion,
        suffix: Option<&OsStr>,
    ) -> Result<Self, NamingProblem> {
        let (base, extension) = split_extension(base.as_bytes(), &naming.extension, &naming.add_extension);
        let suffix = suffix.map_or(&b""[..], OsStr::as_bytes);
        for part in [extension, suffix] {
            if part.contains(&b'/') {
                return Err(NamingProblem::Slash(part.into()));
            }
        }
        let (yesterday, hour_ago) = match naming.style {
            NamingStyle::Dated { yesterday, hour_ago } => (yesterday, hour_ago),
            NamingStyle::Numbered => (false, false),
        };
        Ok(Self {
            base: base.to_vec(),
            extension: extension.to_vec(),
            suffix: suffix.to_vec(),
            format: DateFormat::parse(naming.format(criterion).as_bytes())?,
            format_given: naming.date_format.is_some(),
            yesterday,
            hour_ago,
        })
    }

    /// Returns the name of archive `number`, not compressed.
    #[must_use]
    pub fn numbered(&self, number: u64) -> OsString {
        self.name(Digits::after_dot(number).as_bytes(), b"")
    }

    /// Returns the name of archive `number` with the compress extension.
    #[must_use]
    pub fn numbered_compressed(&self, number: u64) -> OsString {
        self.name(Digits::after_dot(number).as_bytes(), &self.suffix)
    }

    /// Recognises a numbered archive: its number, and whether it has the compress extension.
    ///
    /// `BASE.010` is number 10, as in the reference; that such a name is not the one we would make shows by comparison.
    #[must_use]
    pub fn parse_numbered(&self, name: &OsStr) -> Option<(u64, bool)> {
        let number = |middle: &[u8]| {
            let digits = middle.strip_prefix(b".")?;
            let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            std::str::from_utf8(digits).ok().filter(|_| all_digits)?.parse().ok()
        };
        self.recognise(name, number)
    }

    /// Returns the name of the archive that a rotation at `now` makes, not compressed.
    ///
    /// # Errors
    /// `TooWide`; to be asked even where archives are numbered, since the reference then refuses the log, too.
    pub fn dated(&self, now: &Now) -> Result<OsString, NamingProblem> {
        Ok(self.name(&self.format.apply(&self.moment(now))?, b""))
    }

    /// Recognises a dated archive by its shape.
    #[must_use]
    pub fn parse_dated(&self, name: &OsStr) -> Option<DatedArchive> {
        let (date, compressed) = self.recognise(name, |middle| self.format.read(middle))?;
        let date = if self.format_given { date } else { 0 };
        Some(DatedArchive { date, compressed })
    }

    /// Orders two names of dated archives, the older first: by the date that they say, then by spelling.
    #[must_use]
    pub fn order_dated(&self, one: &OsStr, other: &OsStr) -> Ordering {
        let date = |name| self.parse_dated(name).map(|archive| archive.date);
        date(one).cmp(&date(other)).then_with(|| one.cmp(other))
    }

    /// Returns the compress extension; empty where there is no compression.
    #[must_use]
    pub fn compress_extension(&self) -> &OsStr {
        OsStr::from_bytes(&self.suffix)
    }

    /// Returns an archive's name with the compress extension.
    #[must_use]
    pub fn compressed(&self, plain: &OsStr) -> OsString {
        OsString::from_vec([plain.as_bytes(), &self.suffix].concat())
    }

    /// Answers whether a name has the compress extension.
    #[must_use]
    pub fn is_compressed(&self, name: &OsStr) -> bool {
        !self.suffix.is_empty() && name.as_bytes().ends_with(&self.suffix)
    }

    /// Returns what every archive's name begins with.
    #[must_use]
    pub fn base(&self) -> &OsStr {
        OsStr::from_bytes(&self.base)
    }

    /// Returns what every numbered archive's name begins with.
    #[must_use]
    pub fn numbered_prefix(&self) -> Vec<u8> {
        [&self.base[..], b"."].concat()
    }

    /// Returns what every dated archive's name begins with.
    #[must_use]
    pub fn dated_prefix(&self) -> Vec<u8> {
        [&self.base[..], self.format.literal_start()].concat()
    }

    fn moment(&self, now: &Now) -> Moment {
        now.named(self.yesterday, self.hour_ago)
    }

    fn name(&self, middle: &[u8], suffix: &[u8]) -> OsString {
        OsString::from_vec([&self.base, middle, &self.extension, suffix].concat())
    }

    /// Takes a name apart, with the compress extension and without, and reads what stands between base and extension.
    fn recognise<T>(&self, name: &OsStr, read: impl Fn(&[u8]) -> Option<T>) -> Option<(T, bool)> {
        let rest = name.as_bytes().strip_prefix(self.base.as_slice())?;
        let middle = |rest: &[u8]| rest.strip_suffix(self.extension.as_slice()).and_then(&read);
        let compressed = (!self.suffix.is_empty())
            .then(|| rest.strip_suffix(self.suffix.as_slice()))
            .flatten();
        compressed
            .and_then(middle)
            .map(|found| (found, true))
            .or_else(|| Some((middle(rest)?, false)))
    }
}

/// A dot and a number, without a place in memory of its own: such names are made in great numbers.
struct Digits {
    bytes: [u8; 21],
    begin: usize,
}

impl Digits {
    fn after_dot(mut number: u64) -> Self {
        let mut digits = Self {
            bytes: [b'.'; 21],
            begin: 20,
        };
        loop {
            digits.bytes[digits.begin] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            digits.begin -= 1;
            number /= 10;
            if number == 0 {
                return digits;
            }
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.begin..]
    }
}

/// Splits what `addextension` and `extension` keep at the end off a log's name.
fn split_extension<'a>(
    base: &'a [u8],
    extension: &'a Option<OsString>,
    add_extension: &'a Option<OsString>,
) -> (&'a [u8], &'a [u8]) {
    let (base, added) = match add_extension {
        Some(added) => {
            let added = added.as_bytes();
            (base.strip_suffix(added).unwrap_or(base), added)
        }
        None => (base, &b""[..]),
    };
    // `extension` is tried on what is left, and wins where it fits.
    let kept = extension.as_ref().map(|extension| extension.as_bytes());
    match kept.and_then(|kept| Some((base.strip_suffix(kept)?, kept))) {
        Some(split) => split,
        None => (base, added),
    }
}

#[cfg(test)]
mod tests;
