//! Random directives: what may stand in a stanza or before it, and what archives it leads to.
//!
//! Here a stanza is put together; when and how a log is rotated is `rotation`'s part, what is done to its archives `work`'s, and
//! what no program can make sense of `faults`'.

mod faults;
mod rotation;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;

use chrono::{TimeZone, Utc};

use super::super::case::Directive;
use super::super::random::Random;
use super::super::tree::Tree;
use super::Place;
pub(crate) use faults::WORSE;
use rotation::{criterion, limits, method, naming};
use work::{compression, mail, old_dir, scripts};

/// The directives of a stanza, and what must be known of them to lay archives that it will find.
#[derive(Default)]
pub(crate) struct Stanza {
    pub(crate) directives: Vec<Directive>,
    /// Where the archives are, below the root.
    pub(crate) archives: PathBuf,
    pub(crate) compressed: bool,
    pub(crate) delayed: bool,
    pub(crate) suffix: OsString,
    pub(super) dated: Option<&'static str>,
    pub(super) start: i64,
    pub(super) extension: Option<&'static str>,
}

impl Stanza {
    /// The name of the archive that is `age` rotations old and was made at `at`.
    pub(crate) fn archive_name(&self, log: &[u8], age: i64, at: i64) -> Vec<u8> {
        let extension = self.extension.unwrap_or("").as_bytes();
        let base = log.strip_suffix(extension).unwrap_or(log);
        let tail = if base.len() < log.len() {
            extension
        } else {
            b"".as_slice()
        };
        let middle = match self.dated {
            Some(format) => {
                let plain = format.replace("%%", "%").replace("%q", "");
                let date = Utc.timestamp_opt(at, 0).single().expect("a date");
                if format == "-x%%Y%q" {
                    "-x%2027%q".to_owned()
                } else {
                    date.format(&plain).to_string()
                }
            }
            None => format!(".{}", self.start + age),
        };
        [base, middle.as_bytes(), tail].concat()
    }

    pub(super) fn add(&mut self, directive: impl Into<Directive>) {
        self.directives.push(directive.into());
    }
}

/// Directives that stand before all stanzas.
pub(crate) fn globals(random: &mut Random) -> Vec<Directive> {
    let mut out = Vec::new();
    for _ in 0..=random.below(4) {
        let choice: &&str = random.pick(&[
            "compress",
            "dateext",
            "create",
            "missingok",
            "notifempty",
            "rotate 3",
            "weekly",
            "daily",
            "copytruncate",
            "delaycompress",
            "sharedscripts",
            "mail root@localhost",
            "maxage 5",
            "size 1k",
            "nocreate",
            "ifempty",
            "tabooext + .disabled",
            "taboopat + *9app",
            "start 0",
            "dateformat -%Y%m%d",
            "extension .log",
            "ignoreduplicates",
            "unknownword with words",
            "su root root",
            "rotate = 2",
            "maxsize 50k",
            "minsize 10",
            "mailfirst",
            "shred",
            "allowhardlink",
        ]);
        out.push((*choice).to_owned());
    }
    out
}

/// Directives for one stanza, and the directories that they ask for.
pub(crate) fn stanza(random: &mut Random, tree: &mut Tree, place: &Place, begin: i64, su: bool) -> Stanza {
    let mut set = Stanza {
        start: 1,
        archives: place.dir.clone(),
        suffix: OsString::from(".gz"),
        ..Stanza::default()
    };
    if su {
        set.add("su nobody nogroup");
    }
    criterion(random, &mut set);
    limits(random, &mut set);
    naming(random, &mut set);
    method(random, &mut set);
    compression(random, &mut set);
    old_dir(random, &mut set, tree, place, begin);
    scripts(random, &mut set);
    mail(random, &mut set);
    if random.chance(60) {
        set.add("missingok");
    }
    for (percent, choices) in [
        (25, ["notifempty", "ifempty"]),
        (15, ["allowhardlink", "noallowhardlink"]),
        (4, ["ignoreduplicates", "nomissingok"]),
        (6, ["nomail", "nocompress"]),
        (6, ["nocreate", "nocopytruncate"]),
        (4, ["nodelaycompress", "nosharedscripts"]),
        (3, ["noshred", "nodateext"]),
        (3, ["noolddir", "nocreateolddir"]),
        (3, ["norenamecopy", "nocopy"]),
    ] {
        if random.chance(percent) {
            set.add(*random.pick(&choices));
        }
    }
    faults::faults(random, &mut set);
    shuffle(random, &mut set.directives);
    set
}

/// Order matters little, and where it does, both programs must agree on it.
fn shuffle(random: &mut Random, list: &mut [Directive]) {
    for index in (1..list.len()).rev() {
        let other = usize::try_from(random.below(index as u64 + 1)).expect("an index");
        list.swap(index, other);
    }
}
