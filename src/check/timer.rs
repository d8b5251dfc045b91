//! How often this machine runs logrotate: by the timer of systemd, or by cron.

use std::path::{Path, PathBuf};

use crate::lint::rhythm::{self, Rhythm};
use crate::sys::confread::{Opened, path_of};

/// Where units are, the first one found wins.
const UNIT_DIRECTORIES: [&str; 4] = [
    "etc/systemd/system",
    "run/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];

/// Answers how often there is a run, where the machine says so.
pub(super) fn rhythm(root: &Path) -> Option<Rhythm> {
    let unit = UNIT_DIRECTORIES
        .iter()
        .map(|directory| text_of(&root.join(directory).join("logrotate.timer")))
        .find(|text| !text.is_empty());
    let cron = |when: &str| !text_of(&root.join("etc").join(when).join("logrotate")).is_empty();
    let hourly = cron("cron.hourly").then_some(Rhythm::HOURLY);
    let timed = match unit {
        Some(unit) => Some(rhythm::of_timer(&with_drop_ins(root, unit))?),
        None => cron("cron.daily").then_some(Rhythm::DAILY),
    };
    [timed, hourly].into_iter().flatten().reduce(Rhythm::beside)
}

/// Adds the texts of the unit's drop-ins, in the order of their names; one name counts once.
fn with_drop_ins(root: &Path, unit: String) -> Vec<String> {
    let mut found: Vec<(Vec<u8>, PathBuf)> = Vec::new();
    for directory in UNIT_DIRECTORIES {
        let path = root.join(directory).join("logrotate.timer.d");
        let Ok(opened) = Opened::open(None, &path) else {
            continue;
        };
        let names = opened.names(|name| name.ends_with(b".conf")).unwrap_or_default();
        for name in names {
            if found.iter().all(|(other, _)| *other != name) {
                let file = path.join(path_of(&name));
                found.push((name, file));
            }
        }
    }
    found.sort();
    std::iter::once(unit)
        .chain(found.iter().map(|(_, path)| text_of(path)))
        .collect()
}

/// Reads a unit or a script; empty where there is none.
fn text_of(path: &Path) -> String {
    let opened = Opened::open(None, path).ok().filter(Opened::is_regular);
    let text = opened.and_then(|file| file.read().ok()).unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}
