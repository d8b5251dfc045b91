//! What no program can make sense of: values that cost a stanza or the rest of its file, and words that cost a line.

use super::super::super::random::Random;
use super::Stanza;

/// Each of these costs its stanza.
const BAD: [&str; 25] = [
    "rotate x",
    "rotate -2",
    "rotate 3 # three",
    "size 5q",
    "size k1",
    "size -5",
    "minsize 1 0",
    "maxsize 10MB",
    "maxage old",
    "minage -1",
    "start -1",
    "start 1.5",
    "shredcycles two",
    "create 9z",
    "create 0644 nosuchuser root",
    "create 0644 root nosuchgroup",
    "create 0644 root root root",
    "createolddir 9",
    "su nosuchuser nogroup",
    "mail two words",
    "olddir two words",
    "compressoptions -9 \\",
    "tabooext + .no",
    "daily 2",
    "rotate5",
];

/// Each of these costs the rest of its file at the peer's, its stanza at ours.
pub(crate) const WORSE: [&str; 3] = ["weekly 8", "weekly monday", "weekly # monday"];

/// Each of these costs a line.
const ODD: [&str; 5] = ["frobnicate 3", "Daily", "errors root", "nosu", "nocreate=yes"];

/// Puts something wrong in some of the stanzas.
pub(super) fn faults(random: &mut Random, set: &mut Stanza) {
    if random.chance(4) {
        set.add(*random.pick(&BAD));
    }
    if random.chance(2) {
        set.add(*random.pick(&WORSE));
    }
    if random.chance(4) {
        set.add(*random.pick(&ODD));
    }
}
