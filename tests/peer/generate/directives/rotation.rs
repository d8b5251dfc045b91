//! When a log is rotated, what its archives are called, and how the log becomes one.

use super::super::super::random::Random;
use super::Stanza;

/// Formats of `dateformat`, of what the peer's version 3.22 knows.
const FORMATS: [&str; 13] = [
    "-%Y%m%d",
    "-%Y%m%d%H",
    ".%Y-%m-%d",
    "-%Y%m%d-%s",
    "-%d%m%Y",
    "-%Y%m%d%H%M%S",
    "-%Y%m%d.%H%M",
    "-%Y-%m",
    ".%Y%m%d%z",
    "-%Y%V",
    "%Y%m%d",
    "-x%%Y%q",
    "-%s",
];

pub(super) fn criterion(random: &mut Random, set: &mut Stanza) {
    let times = [
        "hourly", "daily", "daily", "daily", "weekly", "weekly 0", "weekly 3", "weekly 7", "monthly", "yearly",
        "size 1k", "size 100", "size 0", "size=1M", "size 010",
    ];
    if random.chance(93) {
        set.add(*random.pick(&times));
    }
    if random.chance(8) {
        set.add(*random.pick(&times));
    }
    if random.chance(12) {
        set.add(*random.pick(&[
            "minsize 50",
            "minsize 1k",
            "minsize 0",
            "maxsize 1k",
            "maxsize 100",
            "maxsize 4G",
            "maxsize 0x400",
        ]));
    }
    if random.chance(8) {
        set.add(format!("minage {}", random.below(4)));
    }
}

pub(super) fn limits(random: &mut Random, set: &mut Stanza) {
    if random.chance(90) {
        let count = random.pick(&["0", "1", "1", "2", "2", "3", "3", "4", "5", "-1", "010", "0x2", "+2"]);
        set.add(format!("rotate {count}"));
    }
    if random.chance(12) {
        set.start = *random.pick(&[0, 0, 2, 5]);
        set.add(format!("start {}", set.start));
    }
    if random.chance(15) {
        set.add(format!("maxage {}", random.below(9)));
    }
}

pub(super) fn naming(random: &mut Random, set: &mut Stanza) {
    if random.chance(40) {
        set.dated = Some("-%Y%m%d");
        set.add("dateext");
        if random.chance(12) {
            set.add("dateyesterday");
        }
        if random.chance(10) {
            set.add("datehourago");
        }
    }
    if random.chance(if set.dated.is_some() { 45 } else { 5 }) {
        let format = random.pick(&FORMATS);
        set.dated = set.dated.map(|_| *format);
        set.add(format!("dateformat {format}"));
    }
    if random.chance(12) {
        set.extension = Some(".log");
        set.add(*random.pick(&["extension .log", "addextension .log", "extension log"]));
    }
    if random.chance(3) {
        set.add("addextension .txt");
    }
}

pub(super) fn method(random: &mut Random, set: &mut Stanza) {
    let create = [
        "create",
        "create 0640",
        "create 0600 daemon adm",
        "create daemon daemon",
        "create 644 root root",
        "create 0 root \"adm\"",
    ];
    match random.below(20) {
        0..=8 => set.add(*random.pick(&create)),
        9..=11 => set.add("copytruncate"),
        12 => set.add("copy"),
        13 => set.add("renamecopy"),
        14 => {
            set.add("renamecopy");
            set.add(*random.pick(&create));
        }
        15 if random.chance(40) => {
            set.add("copy");
            set.add(*random.pick(&["copytruncate", "renamecopy", "create"]));
        }
        _ => {}
    }
}
