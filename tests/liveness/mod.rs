//! A log is rotated at its time, and read in whole lines. These are the rules; a test bears the name of the one that it holds.
//!
//! - P1: the switch of a log needs a free name for its newest archive, and nothing else; what else fails is an error, and is tried again.
//! - P2: an archive that cannot be compressed stays plain, moves up, counts, and is tried again.
//! - P3: what stays plain is noted, and counts as if it were compressed.
//! - P4: an archive that cannot be removed stays, numbered ones above the count.
//! - P5: what cannot be mailed waits, as many as are kept (at least seven); then the oldest goes unsent.
//! - P6: a link moves along and is never followed; what is no file and in the way is moved aside.
//! - P7: an archive that cannot be renamed keeps its number, and the others pass it by.
//! - P8: what concerns the whole directory stops its logs; so do a firstaction and a prerotate that fail.
//! - P9: a log that cannot be switched keeps none of its stanza from being switched.
//! - P10: a dated name that is taken costs one rotation.
//! - P11: what came before a script is finished when it runs.
//! - P12: logs of one name that share a directory of archives take turns.
//! - P13: what the next rotation will meet is named before it happens.
//! - P14: a daemon that never opened its log anew is told of at each run.
//! - P15: killed at any point of this, the next run loses nothing and goes on (`interrupted::obstacles`).
//! - T1 to T6, for `copytruncate`: nothing is lost; an archive ends where a line ends; a log begins where a line begins; who follows it
//!   gets each line whole; a log that nobody writes to is archived whole, and is empty then; killed, lines may stand twice.

mod foreseen;
mod interims;
mod lines;
mod names;
mod obstacles;
mod reopened;
mod rows;
mod scripts;

use std::path::Path;
use std::process::{Command, Stdio};

/// An attribute of a file or directory, until this is dropped.
pub(super) struct Attribute<'f>(&'f Path, &'static str);

impl<'f> Attribute<'f> {
    /// `None` where the file system has no attributes.
    pub(super) fn set(file: &'f Path, letter: &'static str) -> Option<Self> {
        let attribute = Self(file, letter);
        attribute.change("+").then_some(attribute)
    }

    fn change(&self, sign: &str) -> bool {
        let way = format!("{sign}{}", self.1);
        let mut command = Command::new("chattr");
        let changed = command.arg(way).arg(self.0).stderr(Stdio::null()).status();
        changed.is_ok_and(|status| status.success())
    }
}

impl Drop for Attribute<'_> {
    fn drop(&mut self) {
        self.change("-");
    }
}
