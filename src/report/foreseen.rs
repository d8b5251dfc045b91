//! What is said of an obstacle that a rotation has not met yet.

use super::accounts;
use super::style::size;
use super::words::{self, path};
use crate::facts::Kind;
use crate::fault::Attribute;
use crate::obstacle::{Need, Obstructed};

/// Says what an archive will meet, and what to do about it.
pub(super) fn parts(archive: &str, what: &Obstructed) -> (String, String) {
    match what {
        Obstructed::NoProgram { program, need } => {
            let missing = format!("{} is not there or cannot be executed", path(program));
            let (fate, remedy) = match need {
                Need::Compress => ("stay plain", "install it, or name another one with compresscmd"),
                Need::Mail => ("not be mailed", "install it, or name another one with -m"),
                Need::Uncompress => ("not be mailed", "install it, or name another one with uncompresscmd"),
                Need::Shred => ("be unlinked without being overwritten", "install it, or remove shred"),
            };
            (format!("{archive} will {fate}: {missing}"), remedy.to_owned())
        }
        Obstructed::InTheWay(kind) => {
            let kind = match kind {
                Kind::Directory => "directory",
                Kind::Special => "pipe, socket or device",
                Kind::Regular | Kind::Symlink => "file",
            };
            (
                format!("{archive} is a {kind}, and will be moved aside for the archive that gets its name"),
                "move it elsewhere, or name another directory with olddir".to_owned(),
            )
        }
        Obstructed::Fixed(attribute) => {
            let (word, letter) = attribute_words(*attribute);
            (
                format!("{archive} is {word}, and cannot be moved, compressed or removed"),
                format!("\"chattr -{letter} {archive}\" takes that away"),
            )
        }
        Obstructed::NotWritable { user } => {
            let who = accounts::user(*user);
            (
                format!("{who} may not write to {archive}, and its logs will not be rotated"),
                if *user == 0 {
                    format!("see \"lsattr -d {archive}\" and whether its file system is read-only")
                } else {
                    format!("let {who} write there, or name a user who may with \"su USER GROUP\"")
                },
            )
        }
        Obstructed::NotReopened { bytes, by } => (
            format!(
                "{archive} ({}) is still written by {}, which has not opened the log anew since its rotation",
                size(*bytes),
                words::program(by.as_deref())
            ),
            "see that postrotate makes it do so, or use copytruncate".to_owned(),
        ),
        Obstructed::Written { by } => (
            format!(
                "{archive} is still written by {}, and is left as it is until the next rotation",
                words::program(by.as_deref())
            ),
            "see that postrotate makes it open the log anew".to_owned(),
        ),
        // NOTE: what a run has met is worded by `text`.
        _ => (archive.to_owned(), String::new()),
    }
}

/// Returns the word for an attribute, and its letter.
pub(super) fn attribute_words(attribute: Attribute) -> (&'static str, char) {
    match attribute {
        Attribute::Immutable => ("immutable", 'i'),
        Attribute::AppendOnly => ("append-only", 'a'),
    }
}
