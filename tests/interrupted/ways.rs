//! The ways of rotating that are interrupted: each a configuration and what lies there before.

use super::scene::{Way, Writer};

/// A stanza with several logs that are independent of each other.
pub(super) const APART: Way = Way {
    name: "several logs, each for itself",
    conf: "@/logs/*.log {\n rotate 9\n compress\n create\n postrotate\n  true\n endscript\n}\n",
    seeds: &["logs/a.log", "logs/a.log.1.gz", "logs/b.log", "logs/c.log"],
    on_disk: false,
    writer: Writer::None,
};

/// All ways, the plainest first.
pub(super) const WAYS: &[Way] = &[
    Way {
        name: "numbered, compressed",
        conf: "@/logs/a.log {\n rotate 9\n compress\n create\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz", "logs/a.log.2.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "numbered, plain",
        conf: "@/logs/a.log {\n rotate 9\n create 0600\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1", "logs/a.log.2"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "dated",
        conf: "@/logs/a.log {\n rotate 9\n dateext\n compress\n create\n}\n",
        seeds: &["logs/a.log", "logs/a.log-20200101.gz", "logs/a.log-20200102.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "delayed",
        conf: "@/logs/a.log {\n rotate 9\n compress\n delaycompress\n create\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1", "logs/a.log.2.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "dated, delayed",
        conf: "@/logs/a.log {\n rotate 9\n dateext\n compress\n delaycompress\n nocreate\n}\n",
        seeds: &["logs/a.log", "logs/a.log-20200102", "logs/a.log-20200101.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "copytruncate",
        conf: "@/logs/a.log {\n rotate 9\n copytruncate\n compress\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz"],
        on_disk: true,
        writer: Writer::None,
    },
    Way {
        name: "renamecopy",
        conf: "@/logs/a.log {\n rotate 9\n renamecopy\n compress\n create\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "olddir",
        conf: "@/logs/a.log {\n rotate 9\n olddir old\n compress\n create\n}\n",
        seeds: &["logs/a.log", "logs/old/a.log.1.gz", "logs/old/a.log.2.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "external compressor",
        conf: "@/logs/a.log {\n rotate 9\n compress\n compresscmd @/squeeze\n create\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "several logs, shared scripts",
        conf: "@/logs/*.log {\n rotate 9\n compress\n create\n sharedscripts\n postrotate\n  true\n endscript\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz", "logs/b.log", "logs/c.log"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "two stanzas",
        conf: "@/logs/a.log {\n rotate 9\n compress\n create\n}\n@/logs/b.log {\n rotate 9\n dateext\n copy\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz", "logs/b.log"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "mailed before removal",
        conf: "@/logs/a.log {\n rotate 1\n compress\n create\n mail ops@localhost\n maillast\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "mailed when new",
        conf: "@/logs/a.log {\n rotate 9\n compress\n create\n mail ops@localhost\n mailfirst\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "mailed, nothing kept",
        conf: "@/logs/a.log {\n rotate 0\n create\n mail ops@localhost\n}\n",
        seeds: &["logs/a.log"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "renamecopy into olddir",
        conf: "@/logs/a.log {\n rotate 9\n renamecopy\n olddir old\n compress\n create\n}\n",
        seeds: &["logs/a.log", "logs/old/a.log.1.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "dated copytruncate",
        conf: "@/logs/a.log {\n rotate 9\n dateext\n copytruncate\n}\n",
        seeds: &["logs/a.log", "logs/a.log-20200101"],
        on_disk: true,
        writer: Writer::None,
    },
    Way {
        name: "shredded",
        conf: "@/logs/a.log {\n rotate 9\n compress\n create\n shred\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz"],
        on_disk: false,
        writer: Writer::None,
    },
    Way {
        name: "copytruncate under a writer",
        conf: "@/logs/a.log {\n rotate 9\n copytruncate\n compress\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1.gz"],
        on_disk: true,
        writer: Writer::Lines,
    },
    Way {
        name: "copytruncate within a line",
        conf: "@/logs/a.log {\n rotate 9\n copytruncate\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1"],
        on_disk: true,
        writer: Writer::WithinLine,
    },
    Way {
        name: "copytruncate under a quiet writer",
        conf: "@/logs/a.log {\n rotate 9\n copytruncate\n}\n",
        seeds: &["logs/a.log", "logs/a.log.1"],
        on_disk: true,
        writer: Writer::Quiet,
    },
];
