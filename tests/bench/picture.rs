//! The picture of the growth curves: small panels with logarithmic axes, four in a row, as SVG.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::growth::Curve;

/// Width of the picture, and height of a row of panels, in pixels.
const SIZE: (u32, u32) = (880, 260);
/// Panels in a row.
const COLUMNS: usize = 4;

/// The reference's colour, and ours: told apart by the colour-blind, too, and seen on light and on dark.
const COLOURS: (RGBColor, RGBColor) = (RGBColor(213, 94, 0), RGBColor(0, 114, 178));

/// Answers the picture as SVG text.
pub(crate) fn draw(curves: &[Curve]) -> Result<String> {
    let mut text = String::new();
    {
        let columns = curves.len().clamp(1, COLUMNS);
        let rows = curves.len().div_ceil(columns).max(1);
        let size = (SIZE.0, SIZE.1 * u32::try_from(rows)?);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let failed = |error: &dyn std::fmt::Display| anyhow!("the picture: {error}");
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        for (area, curve) in root.split_evenly((rows, columns)).iter().zip(curves) {
            panel(area, curve).map_err(|error| failed(&error))?;
        }
        root.present().map_err(|error| failed(&error))?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn panel(area: &Area<'_>, curve: &Curve) -> Result<(), Box<dyn std::error::Error>> {
    let sizes = || curve.points.iter().map(|point| point.0 as f64);
    let seconds = || {
        curve
            .points
            .iter()
            .flat_map(|point| point.1.into_iter().chain([point.2]))
    };
    let (left, right) = (sizes().fold(f64::MAX, f64::min), sizes().fold(0.0, f64::max));
    let (low, high) = (
        seconds().fold(f64::MAX, f64::min) / 2.0,
        seconds().fold(0.0, f64::max) * 2.0,
    );
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{}: {}", curve.name, curve.unit), ("sans-serif", 12))
        .margin(6)
        // The last size's label is wider than that.
        .margin_right(24)
        .x_label_area_size(22)
        .y_label_area_size(38)
        .build_cartesian_2d((left..right).log_scale(), (low..high).log_scale())?;
    let power = |value: &f64| format!("{value}");
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&power)
        .y_label_formatter(&power)
        .draw()?;
    let peers: Vec<(f64, f64)> = curve
        .points
        .iter()
        .filter_map(|point| Some((point.0 as f64, point.1?)))
        .collect();
    let ours: Vec<(f64, f64)> = curve.points.iter().map(|point| (point.0 as f64, point.2)).collect();
    for (points, colour, label) in [(peers, COLOURS.0, "reference"), (ours, COLOURS.1, "ours")] {
        let Some(&last) = points.last() else { continue };
        chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        chart.draw_series(points.iter().map(|&point| Circle::new(point, 3, colour.filled())))?;
        let style = ("sans-serif", 12).into_font().color(&colour);
        let position = plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Right,
            plotters::style::text_anchor::VPos::Bottom,
        );
        chart.draw_series([Text::new(label, (last.0, last.1 * 1.2), style.pos(position))])?;
    }
    Ok(())
}
