//! The rows of the table: which workloads there are, at which sizes, with which bars.
//!
//! How a workload's files are made, put back between runs and checked is in the modules below.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::options::Options;

mod big;
mod busy;
mod copies;
mod dated;
mod killed;
mod listed;
pub(crate) mod mount;
mod tiny;
mod weighed;

pub(crate) use big::Big;
pub(crate) use busy::{Busy, HeldOpen};
pub(crate) use copies::{Copies, Source};
pub(crate) use dated::Dated;
pub(crate) use killed::Killed;
pub(crate) use listed::{DropIns, Order, State};
pub(crate) use tiny::Tiny;
pub(crate) use weighed::Weighed;

/// Where one entrant's copy of a workload lives.
pub(crate) struct Place {
    /// What all entrants share: masters that the copies are made from.
    pub(crate) shared: PathBuf,
    /// This entrant's own directory.
    pub(crate) dir: PathBuf,
}

impl Place {
    /// The configuration.
    pub(crate) fn conf(&self) -> PathBuf {
        self.dir.join("conf")
    }

    /// The state file.
    pub(crate) fn status(&self) -> PathBuf {
        self.dir.join("status")
    }

    /// The directory of the logs.
    pub(crate) fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }
}

/// One workload: its files, and how to see that the work was done.
pub(crate) trait Workload {
    /// Makes everything; `first` is a command that may be run once beforehand (the reference, if there is one).
    fn build(&self, at: &Place, first: &[OsString]) -> Result<()>;
    /// Puts back what a run has changed, so that the next finds the same work.
    fn reset(&self, at: &Place) -> Result<()>;
    /// Fails unless a run did its work; answers the bytes of what it wrote, where that matters.
    fn check(&self, at: &Place) -> Result<Option<u64>>;
    /// Whether it is run with `-f`.
    fn forced(&self) -> bool;
}

/// The command's arguments for a workload.
pub(crate) fn arguments(workload: &dyn Workload, at: &Place) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["-s".into(), at.status().into()];
    if workload.forced() {
        arguments.push("-f".into());
    }
    arguments.push(at.conf().into());
    arguments
}

/// One way in which ours is run, with its bar.
pub(crate) struct Variant {
    /// What to add to the row's name.
    pub(crate) label: &'static str,
    /// Arguments that only ours gets; `@` stands for the directory of its own.
    pub(crate) arguments: &'static [&'static str],
    /// The greatest ratio of wall times allowed at full size.
    pub(crate) bar: f64,
    /// The greatest ratio of peak memory allowed at full size.
    pub(crate) memory: Option<f64>,
}

/// One row of the table, or several that share the reference's runs.
pub(crate) struct Case {
    /// `W3-9`: the workload of the issue, then what tells its rows apart.
    pub(crate) name: &'static str,
    /// What it is, with its sizes.
    pub(crate) what: String,
    /// Its files.
    pub(crate) work: Box<dyn Workload>,
    /// How ours is run.
    pub(crate) variants: Vec<Variant>,
    /// Runs in one sample: many for those that take a millisecond.
    pub(crate) times: u32,
    /// The file system to mount for it, if not the one the benchmark is in.
    pub(crate) filesystem: Option<&'static str>,
}

fn case(name: &'static str, what: String, work: impl Workload + 'static, bar: f64) -> Case {
    let variants = vec![Variant {
        label: "",
        arguments: &[],
        bar,
        memory: None,
    }];
    Case {
        name,
        what,
        work: Box::new(work),
        variants,
        times: 1,
        filesystem: None,
    }
}

impl Case {
    fn memory(mut self, bar: f64) -> Self {
        for variant in &mut self.variants {
            variant.memory = Some(bar);
        }
        self
    }

    fn alone(mut self, bar: f64) -> Self {
        self.variants.push(Variant {
            label: ", --jobs 1",
            arguments: &["--jobs", "1"],
            bar,
            memory: None,
        });
        self
    }

    fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn on(mut self, filesystem: &'static str) -> Self {
        self.filesystem = Some(filesystem);
        self
    }
}

/// Answers the rows that were asked for.
pub(crate) fn wanted(options: &Options) -> Vec<Case> {
    let mut cases = many_files(options);
    cases.extend(big_files(options));
    cases.extend(small_runs(options));
    cases.retain(|case| options.wants(case.name));
    cases.sort_by_key(|case| {
        case.name[1..]
            .split('-')
            .next()
            .and_then(|number| number.parse::<u32>().ok())
    });
    cases
}

fn many_files(options: &Options) -> Vec<Case> {
    let w1 = options.sized(20, 10_000, 100_000);
    let w4 = options.sized((5, 10), (300, 1_000), (3_000, 10_000));
    let w5 = options.sized(1_000, 100_000, 1_000_000);
    let w6 = options.sized((10, 50), (1_000, 10_000), (10_000, 100_000));
    let w7 = options.sized(20, 1_000, 10_000);
    let (w10, w10d) = options.sized((10, (5, 20)), (200, (20, 1_000)), (1_000, (100, 1_000)));
    let dated = |logs, days| Dated { logs, days };
    let state = |order| State { entries: w5, order };
    vec![
        case("W1", format!("{w1} tiny logs, one glob, forced"), Tiny::plain(w1), 0.27).memory(0.5),
        case("W4-3", format!("dateext, {} logs × 4", w4.0), dated(w4.0, 4), 0.02),
        case("W4-10", format!("dateext, {} logs × 4", w4.1), dated(w4.1, 4), 0.005),
        case(
            "W5-OWN",
            format!("state of {w5}, its own order"),
            state(Order::AsWritten),
            0.12,
        )
        .memory(0.3),
        case(
            "W5-OTHER",
            format!("state of {w5}, another order"),
            state(Order::Another),
            0.03,
        )
        .memory(0.3),
        case(
            "W6-10",
            format!("{} drop-ins, nothing due", w6.0),
            DropIns { count: w6.0 },
            0.15,
        ),
        case(
            "W6-100",
            format!("{} drop-ins, nothing due", w6.1),
            DropIns { count: w6.1 },
            0.01,
        ),
        case("W7", format!("{w7} tiny logs, compress"), Tiny::compressed(w7), 0.25),
        case(
            "W10-365",
            format!("rotate 365, 4 archives, {w10} logs"),
            Tiny::sparse(w10, 365),
            0.1,
        ),
        case(
            "W10-DATED",
            format!("{} dated logs × {}", w10d.0, w10d.1),
            dated(w10d.0, w10d.1),
            0.05,
        ),
    ]
}

fn big_files(options: &Options) -> Vec<Case> {
    const MIB: u64 = 1 << 20;
    let (count, size) = options.sized((3, MIB / 4), (16, 8 * MIB), (64, 32 * MIB));
    let one = options.sized(MIB, 128 * MIB, 1024 * MIB);
    let hole = options.sized(16 * MIB, 2048 * MIB, 20 * 1024 * MIB);
    let data = options.sized(MIB / 4, 10 * MIB, 10 * MIB);
    let big = |count, size, options| Big { count, size, options };
    let copy = |label: &str| format!("copytruncate of {} MiB, {label}", one / MIB);
    let copies = || Copies {
        source: Source::Text(one),
    };
    let holey = Copies {
        source: Source::Holey { size: hole, data },
    };
    vec![
        case(
            "W2",
            format!("{count} files of {} KiB, compress", size >> 10),
            big(count, size, ""),
            0.22,
        ),
        case(
            "W3-6",
            format!("one file of {} MiB, compress", one / MIB),
            big(1, one, ""),
            0.22,
        )
        .alone(0.42),
        case("W3-9", "the same, compressoptions -9".into(), big(1, one, "-9"), 0.26).alone(0.50),
        case("W9-EXT4", copy("here"), copies(), 0.92),
        case("W9-XFS", copy("xfs"), copies(), 0.03).on("xfs"),
        case("W9-BTRFS", copy("btrfs"), copies(), 0.12).on("btrfs"),
        case(
            "W9-SPARSE",
            format!("copytruncate, {} MiB, {} KiB of it data", hole / MIB, data >> 10),
            holey,
            0.02,
        ),
    ]
}

fn small_runs(options: &Options) -> Vec<Case> {
    let times = options.sized(1, 100, 200);
    let (scripts, entries) = options.sized((10, 1_000), (200, 100_000), (1_000, 1_000_000));
    let weighed = options.sized(10, 1_000, 10_000);
    let (archives, kept) = (
        10,
        format!("{} archives of {weighed} logs, nothing to remove", 10 * weighed),
    );
    let what = format!("{scripts} postrotate scripts, state of {entries}");
    vec![
        case("W8-NONE", "50 drop-ins, nothing due".into(), DropIns { count: 50 }, 1.0).times(times),
        case("W8-ONE", "one log, forced".into(), Tiny::plain(1), 0.8).times(times),
        case("W11", what, Tiny::scripted(scripts, entries), 0.15),
        case(
            "W16",
            kept,
            Weighed {
                logs: weighed,
                archives,
            },
            2.5,
        ),
    ]
}

/// Fails unless `path` exists (or does not, as asked).
fn expect(path: &Path, there: bool) -> Result<()> {
    let found = path.symlink_metadata().is_ok();
    anyhow::ensure!(
        found == there,
        "{} {}",
        path.display(),
        if there { "is missing" } else { "is still there" }
    );
    Ok(())
}
