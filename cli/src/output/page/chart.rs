//! Charts as inline SVG. Each says in its title what it shows; the numbers stand in a table below it.

use std::fmt::Write as _;

use super::markup::escape;
use crate::output::clean::shorten;

/// As wide as the page; everything is scaled to its width.
const WIDTH: f64 = 960.0;
/// Half of it, for two beside each other.
const HALF: f64 = 470.0;

/// One bar, or two in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What it stands for.
    pub name: String,
    /// What is written below it, if anything.
    pub mark: Option<String>,
    /// How much; the first in the colour of locks, the second in that of conflicts.
    pub counts: (u64, u64),
}

fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// A round number that is not less than `most`, and a step that divides the way to it in two to five.
fn scale(most: u64) -> (u64, u64) {
    let mut unit: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = unit.saturating_mul(factor);
            if most <= step.saturating_mul(4) || unit > u64::MAX / 100 {
                let top = most.max(1).div_ceil(step).saturating_mul(step);
                return (top, step);
            }
        }
        unit *= 10;
    }
}

fn open(width: f64, height: f64, title: &str) -> String {
    let title = escape(title);
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>\n"
    )
}

/// Bars beside each other, over time; the second counts stand before the first.
pub fn over_time(title: &str, bars: &[Bar]) -> String {
    const HEIGHT: f64 = 220.0;
    const LEFT: f64 = 40.0;
    const BOTTOM: f64 = 26.0;
    const TOP: f64 = 8.0;
    const MARK_HALF: f64 = 36.0;
    let most = bars.iter().map(|bar| bar.counts.0.max(bar.counts.1)).max();
    let (top, step) = scale(most.unwrap_or(0));
    let room = HEIGHT - TOP - BOTTOM;
    let y = |count: u64| TOP + room - room * number(count) / number(top);
    let mut svg = open(WIDTH, HEIGHT, title);
    let mut line = 0;
    while line <= top {
        let at = y(line);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{line}</text>",
            LEFT - 8.0,
            at + 4.0
        );
        line += step;
    }
    let each = (WIDTH - LEFT) / number(bars.len().max(1) as u64);
    let wide = (each * 0.72).clamp(0.8, 34.0);
    for (at, bar) in bars.iter().enumerate() {
        let middle = LEFT + each * (number(at as u64) + 0.5);
        let (locks, wanted) = bar.counts;
        let _ = write!(
            svg,
            "<g><title>{}: {locks} locks, {wanted} conflicts</title>",
            escape(&bar.name)
        );
        column(&mut svg, "locks", middle - wide / 2.0, wide, y(locks), y(0));
        column(
            &mut svg,
            "wanted",
            middle - wide / 4.0,
            wide / 2.0,
            y(wanted),
            y(0),
        );
        svg.push_str("</g>\n");
        if let Some(mark) = bar.mark.as_ref().filter(|_| middle < WIDTH - MARK_HALF) {
            let _ = writeln!(
                svg,
                "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                HEIGHT - 6.0,
                escape(mark)
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn column(svg: &mut String, class: &str, x: f64, width: f64, top: f64, bottom: f64) {
    if bottom - top > 0.05 {
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"1.5\"/>",
            bottom - top
        );
    }
}

/// Bars below each other, each with its name above it and its number behind it; of the first counts, or of the second.
pub fn ranked(title: &str, bars: &[Bar], wanted: bool) -> String {
    const EACH: f64 = 40.0;
    const ROOM: f64 = HALF - 64.0;
    let count = |bar: &Bar| if wanted { bar.counts.1 } else { bar.counts.0 };
    let most = bars.iter().map(count).max().unwrap_or(0).max(1);
    let class = if wanted { "wanted" } else { "locks" };
    let mut svg = open(HALF, EACH * number(bars.len() as u64), title);
    for (at, bar) in bars.iter().enumerate() {
        let top = EACH * number(at as u64);
        let wide = (ROOM * number(count(bar)) / number(most)).max(1.0);
        let _ = writeln!(
            svg,
            "<g><title>{}: {}</title><text class=\"name\" x=\"0\" y=\"{:.1}\">{}</text><rect class=\"{class}\" x=\"0\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"12\" rx=\"2\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
            escape(&bar.name),
            count(bar),
            top + 13.0,
            escape(&shorten(&bar.name, 60)),
            top + 20.0,
            wide + 8.0,
            top + 30.5,
            count(bar),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Bars beside each other with their names below and their numbers above them.
pub fn classes(title: &str, bars: &[Bar]) -> String {
    const HEIGHT: f64 = 200.0;
    const BOTTOM: f64 = 26.0;
    const TOP: f64 = 22.0;
    let most = bars.iter().map(|bar| bar.counts.0).max().unwrap_or(0).max(1);
    let room = HEIGHT - TOP - BOTTOM;
    let each = HALF / number(bars.len().max(1) as u64);
    let mut svg = open(HALF, HEIGHT, title);
    let base = HEIGHT - BOTTOM;
    let _ = writeln!(
        svg,
        "<line class=\"grid\" x1=\"0\" x2=\"{HALF}\" y1=\"{base}\" y2=\"{base}\"/>"
    );
    for (at, bar) in bars.iter().enumerate() {
        let middle = each * (number(at as u64) + 0.5);
        let top = base - room * number(bar.counts.0) / number(most);
        column(&mut svg, "locks", middle - each * 0.36, each * 0.72, top, base);
        let _ = writeln!(
            svg,
            "<text class=\"name\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text><text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            top - 7.0,
            bar.counts.0,
            HEIGHT - 8.0,
            escape(&bar.name)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers_and_have_few_lines() {
        let cases = [
            (0, (1, 1)),
            (1, (1, 1)),
            (4, (4, 1)),
            (5, (6, 2)),
            (37, (40, 10)),
            (41, (60, 20)),
            (1000, (1000, 500)),
        ];
        for (most, expected) in cases {
            assert_eq!(scale(most), expected, "{most}");
        }
        for most in 0..5000 {
            let (top, step) = scale(most);
            assert!(
                top >= most && top % step == 0 && top / step <= 4,
                "{most}: {top} {step}"
            );
        }
        let (top, _) = scale(u64::MAX);
        assert!(top > 0, "ends");
    }
}
