//! What holds where a configuration says nothing (`behaviour.md` section 4, end; `grammar.md` section 9.1).

use super::Trigger;
use super::settings::Settings;

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
