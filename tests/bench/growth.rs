//! Growth: how the time follows the size, as numbers and as a picture. Ten times the size may take twelve times the time.

use std::fs;

use anyhow::Result;

use crate::control::Control;
use crate::measure::{Sample, spread};
use crate::options::{Options, Size};
use crate::picture;
use crate::rounds::{self, Entrant};
use crate::workload::{Busy, Case, Dated, DropIns, HeldOpen, Killed, Order, State, Tiny, Variant, Workload};

/// One curve: its name, and the seconds at each size.
pub(crate) struct Curve {
    /// `W1`, …
    pub(crate) name: &'static str,
    /// What is counted.
    pub(crate) unit: &'static str,
    /// Size, the reference's seconds if it ran, our seconds.
    pub(crate) points: Vec<(usize, Option<f64>, f64)>,
}

/// A curve to be measured.
struct Row {
    name: &'static str,
    unit: &'static str,
    /// Makes the workload of a size.
    make: fn(usize) -> Box<dyn Workload>,
    /// Three sizes, ten times apart.
    sizes: [usize; 3],
    /// Arguments that only ours gets.
    arguments: &'static [&'static str],
    /// Which seconds.
    seconds: fn(&Sample) -> f64,
}

fn row(name: &'static str, unit: &'static str, sizes: [usize; 3], make: fn(usize) -> Box<dyn Workload>) -> Row {
    Row {
        name,
        unit,
        make,
        sizes,
        arguments: &[],
        seconds: |sample| sample.wall,
    }
}

impl Row {
    /// Gives ours these arguments.
    fn with(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }

    /// Counts the processor's seconds: those that a run waits for a program that writes, or for the disk, hide how they grow.
    fn of_processor(self) -> Self {
        Self {
            seconds: |sample| sample.cpu,
            ..self
        }
    }
}

/// The curves: three sizes each, ten times apart.
fn rows(options: &Options) -> Vec<Row> {
    let sizes = options.sized([5, 10, 20], [100, 1_000, 10_000], [1_000, 10_000, 100_000]);
    let tenth = options.sized([2, 4, 8], [10, 100, 1_000], [100, 1_000, 10_000]);
    let entries = options.sized([100, 200, 400], [1_000, 10_000, 100_000], [10_000, 100_000, 1_000_000]);
    let told = || -> fn(usize) -> Box<dyn Workload> { |n| Box::new(Tiny::compressed(n)) };
    vec![
        row("W1", "tiny logs, one glob, forced", sizes, |n| Box::new(Tiny::plain(n))),
        row("W4", "dated logs × 4 in one directory", tenth, |n| {
            Box::new(Dated { logs: n, days: 4 })
        }),
        row("W5", "entries of state, another order", entries, |n| {
            Box::new(State {
                entries: n as u64,
                order: Order::Another,
            })
        }),
        row("W6", "drop-ins, nothing due", sizes, |n| Box::new(DropIns { count: n })),
        row("W12", "logs that a program holds, processor", tenth, |n| {
            Box::new(Busy::new(HeldOpen::EachLog, n))
        })
        .of_processor(),
        row("W13", "held archives of one log, processor", tenth, |n| {
            Box::new(Busy::new(HeldOpen::OneLog, n))
        })
        .of_processor(),
        row("W14", "logs after a kill, nothing due", sizes, |n| {
            Box::new(Killed { logs: n })
        }),
        row("W15-V", "tiny logs, compress, -v, processor", sizes, told())
            .with(&["--jobs", "2", "-v"])
            .of_processor(),
        row("W15-JSON", "tiny logs, compress, --json, processor", sizes, told())
            .with(&["--jobs", "2", "--json"])
            .of_processor(),
        row(
            "W15-METRICS",
            "tiny logs, compress, --metrics, processor",
            sizes,
            told(),
        )
        .with(&["--jobs", "2", "--metrics", "@/metrics.prom"])
        .of_processor(),
    ]
}

/// Measures all curves, prints them and draws the picture.
pub(crate) fn run(options: &Options) -> Result<()> {
    let measured = measure(options)?;
    print(&measured);
    if let Some(path) = &options.svg {
        fs::write(path, picture::draw(&measured)?)?;
        println!("\nPicture: {}", path.display());
    }
    Ok(())
}

/// Measures the curves that are wanted.
pub(crate) fn measure(options: &Options) -> Result<Vec<Curve>> {
    let control = Control::new(&options.dir)?;
    let mut measured = Vec::new();
    for row in rows(options) {
        if !options.wants(row.name) {
            continue;
        }
        let mut points = Vec::new();
        // Whether a row works, one size shows.
        let sizes = if options.size == Size::Smoke {
            &row.sizes[..1]
        } else {
            &row.sizes
        };
        for &size in sizes {
            points.push(point(options, &row, size, &control)?);
        }
        measured.push(Curve {
            name: row.name,
            unit: row.unit,
            points,
        });
    }
    Ok(measured)
}

/// Measures one size: the medians of the reference and of ours.
fn point(options: &Options, row: &Row, size: usize, control: &Control) -> Result<(usize, Option<f64>, f64)> {
    let variants = vec![Variant {
        label: "",
        arguments: row.arguments,
        bar: 1.0,
        memory: None,
    }];
    let case = Case {
        name: row.name,
        what: format!("{size} {}", row.unit),
        work: (row.make)(size),
        variants,
        times: 1,
        filesystem: None,
    };
    let measured = rounds::one(options, case, &options.dir, control)?;
    let median = |entrant: &Entrant| spread(entrant.samples.iter().map(row.seconds)).1;
    let ours = measured.ours.first().map_or(f64::NAN, median);
    Ok((size, measured.peer.as_ref().map(median), ours))
}

fn print(curves: &[Curve]) {
    println!("| workload | size | reference s | growth | ours s | growth |\n|---|---|---|---|---|---|");
    for curve in curves {
        let mut before: Option<(Option<f64>, f64)> = None;
        for &(size, peer, ours) in &curve.points {
            let times = |now: Option<f64>, then: Option<f64>| match (now, then) {
                (Some(now), Some(then)) => format!("× {:.1}", now / then),
                _ => String::new(),
            };
            println!(
                "| {} {} | {size} | {} | {} | {ours:.4} | {} |",
                curve.name,
                curve.unit,
                peer.map_or(String::new(), |peer| format!("{peer:.4}")),
                times(peer, before.and_then(|(peer, _)| peer)),
                times(Some(ours), before.map(|(_, ours)| ours)),
            );
            before = Some((peer, ours));
        }
    }
}
