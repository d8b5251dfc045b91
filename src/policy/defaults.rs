//! What holds where a configuration says nothing.

use std::ffi::OsStr;

use super::{
    Budgets, CompressWhen, Compression, Criterion, Formerly, Keep, Method, Naming, NamingStyle, Policy, Retention,
    Scripts,
};

/// The size at which a log is due without any criterion.
pub const SIZE: u64 = 1 << 20;

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
    pub fn format(&self, criterion: Criterion) -> &OsStr {
        let usual = match criterion {
            Criterion::Hourly => "-%Y%m%d%H",
            Criterion::Minutes(_) => "-%Y%m%d%H%M",
            _ => "-%Y%m%d",
        };
        self.date_format.as_deref().unwrap_or(usual.as_ref())
    }
}

/// What holds without any directive.
impl Default for Policy {
    fn default() -> Self {
        Self {
            criterion: Criterion::Size(SIZE),
            max_size: None,
            min_size: None,
            min_age: 0,
            if_empty: true,
            missing_ok: false,
            allow_hardlink: false,
            ignore_duplicates: false,
            method: Method::Rename { successor: None },
            retention: Retention {
                keep: Keep::Count(0),
                is_said: false,
                start: 1,
                max_age: 0,
                min_age: None,
                prune: false,
            },
            budgets: Budgets {
                max_total: None,
                min_free: None,
                keep: Keep::Count(1),
            },
            formerly: Formerly::default(),
            naming: Naming {
                style: NamingStyle::Numbered,
                extension: None,
                add_extension: None,
                date_format: None,
            },
            compression: None,
            delay_without_compression: false,
            uncompress_command: "/bin/gunzip".into(),
            old_dir: None,
            scripts: Scripts::default(),
            mail: None,
            shred: None,
            su: None,
        }
    }
}

/// How archives are compressed where nothing but `compress` is said.
impl Default for Compression {
    fn default() -> Self {
        Self {
            when: CompressWhen::Now,
            command: "/bin/gzip".into(),
            options: Vec::new(),
            suffix: ".gz".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_dateformat_dates_tell_apart_the_periods_of_the_criterion() {
        let mut naming = Policy::default().naming;
        for (criterion, format) in [
            (Criterion::Minutes(5), "-%Y%m%d%H%M"),
            (Criterion::Hourly, "-%Y%m%d%H"),
            (Criterion::Daily, "-%Y%m%d"),
            (Criterion::Yearly, "-%Y%m%d"),
            (Criterion::Size(1), "-%Y%m%d"),
        ] {
            assert_eq!(naming.format(criterion), format, "{criterion:?}");
        }
        naming.date_format = Some("-%s".into());
        assert_eq!(naming.format(Criterion::Hourly), "-%s");
    }
}
