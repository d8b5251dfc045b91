//! What holds where a configuration says nothing.

use super::{CompressWhen, Compression, Keep, Method, Naming, NamingStyle, Policy, Retention, Scripts, Trigger};

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

/// What holds without any directive.
impl Default for Policy {
    fn default() -> Self {
        Self {
            trigger: Trigger::Size(SIZE),
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
                start: 1,
                max_age: 0,
            },
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
