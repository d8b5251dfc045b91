//! What holds where a configuration says nothing (`behaviour.md` section 4, end; `grammar.md` section 9.1).

use std::ffi::OsStr;

use super::settings::Settings;
use super::{Naming, Trigger};

/// The size at which a log is due without any criterion.
pub const SIZE: u64 = 1 << 20;

/// The program that compresses.
pub const COMPRESS_COMMAND: &[u8] = b"/bin/gzip";

/// The program that undoes compression.
pub const UNCOMPRESS_COMMAND: &[u8] = b"/bin/gunzip";

/// What stands behind the name of a compressed archive.
pub const COMPRESS_EXTENSION: &[u8] = b".gz";

/// The endings that a directory include leaves out.
pub const TABOO_ENDINGS: [&str; 25] = [
    ",v",
    ".bak",
    ".cfsaved",
    ".disabled",
    ".dpkg-bak",
    ".dpkg-del",
    ".dpkg-dist",
    ".dpkg-new",
    ".dpkg-old",
    ".dpkg-tmp",
    ".new",
    ".old",
    ".orig",
    ".pacnew",
    ".pacorig",
    ".pacsave",
    ".rhn-cfg-tmp-*",
    ".rpmnew",
    ".rpmorig",
    ".rpmsave",
    ".swp",
    ".ucf-dist",
    ".ucf-new",
    ".ucf-old",
    "~",
];

impl Naming {
    /// Returns the format of the date in archives' names: what was given, else what tells apart the periods of the criterion.
    #[must_use]
    pub fn format(&self, trigger: Trigger) -> &OsStr {
        let usual = match trigger {
            Trigger::Hourly => "-%Y%m%d%H",
            Trigger::Minutes(_) => "-%Y%m%d%H%M",
            _ => "-%Y%m%d",
        };
        self.date_format.as_deref().unwrap_or(usual.as_ref())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trigger: Trigger::Size(SIZE),
            start: 1,
            if_empty: true,
            ..Self::blank()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_dateformat_dates_tell_apart_the_periods_of_the_criterion() {
        let mut naming = Settings::default().policy().naming;
        for (trigger, format) in [
            (Trigger::Minutes(5), "-%Y%m%d%H%M"),
            (Trigger::Hourly, "-%Y%m%d%H"),
            (Trigger::Daily, "-%Y%m%d"),
            (Trigger::Yearly, "-%Y%m%d"),
            (Trigger::Size(1), "-%Y%m%d"),
        ] {
            assert_eq!(naming.format(trigger), format, "{trigger:?}");
        }
        naming.date_format = Some("-%s".into());
        assert_eq!(naming.format(Trigger::Hourly), "-%s");
    }
}
