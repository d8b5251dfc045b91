//! The table of times, as Markdown.

use crate::measure::{Sample, spread};
use crate::options::{Options, Size};
use crate::rounds::{Entrant, Row};
use crate::workload::Variant;

/// Above this, two `gzip`s at once had not two processors, and no bar of parallel work is judged.
const TWO_PROCESSORS: f64 = 1.15;

/// Prints all rows.
pub(crate) fn print(options: &Options, rows: &[Row]) {
    println!(
        "Medians of {} rounds (least–greatest); the ratio is taken round by round.",
        options.rounds
    );
    println!("Control: two `gzip`s at once over one, 1.0 is two whole processors, 2.0 is one.\n");
    println!(
        "| workload | reference s | ours s | ratio | bar | met | processor s | ratio | peak MiB | ratio | bytes, ours / reference | control |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for row in rows {
        for (variant, ours) in row.case.variants.iter().zip(&row.ours) {
            println!("{}", line(options, row, variant, ours));
        }
    }
}

fn line(options: &Options, row: &Row, variant: &Variant, ours: &Entrant) -> String {
    let times = |entrant: &Entrant| three(spread(entrant.samples.iter().map(|sample| sample.wall)));
    let name = format!("{} {}{}", row.case.name, row.case.what, variant.label);
    let control = three(spread(row.control.iter().copied()));
    let memory = spread(ours.samples.iter().map(|sample| sample.peak)).1;
    let Some(peer) = &row.peer else {
        return format!(
            "| {name} | | {} | | {} | | {:.3} | | {memory:.1} | | | {control} |",
            times(ours),
            variant.bar,
            spread(ours.samples.iter().map(|sample| sample.cpu)).1
        );
    };
    let ratios = |of: fn(&Sample) -> f64| {
        spread(
            ours.samples
                .iter()
                .zip(&peer.samples)
                .map(|(ours, peer)| of(ours) / of(peer)),
        )
    };
    let (wall, peak) = (ratios(|sample| sample.wall), ratios(|sample| sample.peak));
    let cpu = ratios(|sample| sample.cpu).1;
    let seconds = |entrant: &Entrant| spread(entrant.samples.iter().map(|sample| sample.cpu)).1;
    let peer_memory = spread(peer.samples.iter().map(|sample| sample.peak)).1;
    let bytes = match (ours.written, peer.written) {
        (Some(ours), Some(peer)) => format!("{:.4}", ours as f64 / peer as f64),
        _ => String::new(),
    };
    let met = judge(options, variant, wall.1, peak.1, spread(row.control.iter().copied()).1);
    let memory_bar = variant.memory.map_or(String::new(), |bar| format!(" (bar {bar})"));
    format!(
        "| {name} | {} | {} | **{}** | {} | {met} | {:.3} → {:.3} | {cpu:.3} | {peer_memory:.1} → {memory:.1} | {:.2}{memory_bar} | {bytes} | {control} |",
        times(peer),
        times(ours),
        three(wall),
        variant.bar,
        seconds(peer),
        seconds(ours),
        peak.1
    )
}

/// Answers whether the bars are met; they are for the full sizes only.
fn judge(options: &Options, variant: &Variant, wall: f64, peak: f64, control: f64) -> &'static str {
    let met = wall <= variant.bar && variant.memory.is_none_or(|bar| peak <= bar);
    match (options.size, met) {
        (Size::Full, true) => "yes",
        (Size::Full, false) if control > TWO_PROCESSORS => "no (one processor)",
        (Size::Full, false) => "**no**",
        _ => "–",
    }
}

/// Formats median, least and greatest with four significant digits.
fn three((least, median, greatest): (f64, f64, f64)) -> String {
    let number = |value: f64| match value.abs() {
        large if large >= 100.0 => format!("{value:.1}"),
        middle if middle >= 1.0 => format!("{value:.2}"),
        small if small >= 0.01 => format!("{value:.3}"),
        _ => format!("{value:.5}"),
    };
    format!("{} ({}–{})", number(median), number(least), number(greatest))
}
