//! Growth: how the time follows the size in W1, W4, W5 and W6, as numbers and as a picture.

use std::fs;

use anyhow::Result;

use crate::control::Control;
use crate::measure::spread;
use crate::options::Options;
use crate::picture;
use crate::rounds::{self, Entrant};
use crate::workload::{Case, Dated, DropIns, Order, State, Tiny, Variant, Workload};

/// One curve: its name, and the seconds at each size.
pub(crate) struct Curve {
    /// `W1`, …
    pub(crate) name: &'static str,
    /// What is counted.
    pub(crate) unit: &'static str,
    /// Size, the reference's seconds if it ran, our seconds.
    pub(crate) points: Vec<(usize, Option<f64>, f64)>,
}

/// Makes a workload of a given size.
type Make = fn(usize) -> Box<dyn Workload>;

/// The curves: three sizes each, ten times apart.
fn curves(options: &Options) -> Vec<(&'static str, &'static str, Make, [usize; 3])> {
    let sizes = options.sized([5, 10, 20], [100, 1_000, 10_000], [1_000, 10_000, 100_000]);
    let dated = options.sized([2, 4, 8], [10, 100, 1_000], [100, 1_000, 10_000]);
    let state = options.sized([100, 200, 400], [1_000, 10_000, 100_000], [10_000, 100_000, 1_000_000]);
    vec![
        ("W1", "tiny logs, one glob, forced", |n| Box::new(Tiny::plain(n)), sizes),
        (
            "W4",
            "dated logs × 4 in one directory",
            |n| Box::new(Dated { logs: n, days: 4 }),
            dated,
        ),
        (
            "W5",
            "entries of state, another order",
            |n| {
                Box::new(State {
                    entries: n as u64,
                    order: Order::Another,
                })
            },
            state,
        ),
        ("W6", "drop-ins, nothing due", |n| Box::new(DropIns { count: n }), sizes),
    ]
}

/// Measures all curves, prints them and draws the picture.
pub(crate) fn run(options: &Options) -> Result<()> {
    let control = Control::new(&options.dir)?;
    let mut measured = Vec::new();
    for (name, unit, make, sizes) in curves(options) {
        if !options.wants(name) {
            continue;
        }
        let mut points = Vec::new();
        for size in sizes {
            let variants = vec![Variant {
                label: "",
                arguments: &[],
                bar: 1.0,
                memory: None,
            }];
            let case = Case {
                name,
                what: format!("{size} {unit}"),
                work: make(size),
                variants,
                times: 1,
                filesystem: None,
            };
            let row = rounds::one(options, case, &options.dir, &control)?;
            let median = |entrant: &Entrant| spread(entrant.samples.iter().map(|sample| sample.wall)).1;
            points.push((
                size,
                row.peer.as_ref().map(median),
                row.ours.first().map_or(f64::NAN, median),
            ));
        }
        measured.push(Curve { name, unit, points });
    }
    print(&measured);
    if let Some(path) = &options.svg {
        fs::write(path, picture::draw(&measured)?)?;
        println!("\nPicture: {}", path.display());
    }
    Ok(())
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
