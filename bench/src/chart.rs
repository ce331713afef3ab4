//! Charts as SVG, in colours that stand out on light and on dark paper.

use std::fmt::Write as _;

use crate::measure::float;
use crate::report::Chart;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 330.0;

/// Where lines are drawn: the rest of a chart is for names.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 285.0;

/// They can be told apart without seeing red and green as different.
const COLOURS: [&str; 6] = ["#2f81f7", "#e3742f", "#8957e5", "#1f9e89", "#c9a227", "#d1498b"];

const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600; font-size: 15px }
.grid { stroke: #d1d9e0 } .goal { stroke: #1f2328; stroke-dasharray: 5 4 } .line { fill: none; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .grid { stroke: #3d444d } .goal { stroke: #e6edf3 }
}";

/// The charts, one below the other.
pub(crate) fn draw(charts: &[&Chart]) -> String {
    let height = HEIGHT * float(charts.len());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <style>\n{STYLE}\n</style>\n"
    );
    for (nth, chart) in charts.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", HEIGHT * float(nth));
        panel(chart, &mut svg);
        svg += "</g>\n";
    }
    svg + "</svg>\n"
}

fn panel(chart: &Chart, svg: &mut String) {
    let scale = Scale::of(chart);
    text(svg, (LEFT, 26.0), "start", "title", chart.title);
    for power in scale.low..=scale.high {
        let (figure, y) = (10_f64.powi(power), scale.y(10_f64.powi(power)));
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
        );
        text(svg, (LEFT - 8.0, y + 4.0), "end", "", &(chart.unit)(figure));
    }
    for (at, tick) in chart.ticks.iter().enumerate() {
        text(svg, (scale.x(at), BOTTOM + 22.0), "middle", "", tick);
    }
    let y = scale.y(chart.goal);
    let _ = writeln!(
        svg,
        "<line class=\"goal\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
    );
    let lines = chart.lines.iter().zip(COLOURS).enumerate();
    for (nth, (line, colour)) in lines {
        curve(&scale, &line.points, colour, svg);
        let y = TOP + 10.0 + 24.0 * float(nth);
        let _ = writeln!(
            svg,
            "<circle cx=\"{}\" cy=\"{}\" r=\"5\" fill=\"{colour}\"/>",
            RIGHT + 20.0,
            y - 4.0
        );
        text(svg, (RIGHT + 32.0, y), "start", "", &line.name);
    }
    let y = TOP + 10.0 + 24.0 * float(chart.lines.len());
    let (from, to) = (RIGHT + 13.0, RIGHT + 27.0);
    let _ = writeln!(
        svg,
        "<line class=\"goal\" x1=\"{from}\" x2=\"{to}\" y1=\"{0}\" y2=\"{0}\"/>",
        y - 4.0
    );
    text(svg, (RIGHT + 32.0, y), "start", "", "goal");
}

fn curve(scale: &Scale, points: &[f64], colour: &str, svg: &mut String) {
    let places: Vec<_> =
        points.iter().enumerate().map(|(at, figure)| (scale.x(at), scale.y(*figure))).collect();
    let path: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(
        svg,
        "<polyline class=\"line\" stroke=\"{colour}\" points=\"{}\"/>",
        path.join(" ")
    );
    for (x, y) in places {
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>");
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, class: &str, content: &str) {
    let content = content.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{content}</text>"
    );
}

/// Where figures stand: powers of ten upwards, the points side by side.
struct Scale {
    low: i32,
    high: i32,
    points: usize,
}

impl Scale {
    fn of(chart: &Chart) -> Self {
        let figures = chart.lines.iter().flat_map(|line| &line.points).chain([&chart.goal]);
        let figures = figures.copied().filter(|figure| figure.is_finite() && *figure > 0.0);
        let (least, most) = figures.fold((f64::MAX, f64::MIN_POSITIVE), |(least, most), figure| {
            (least.min(figure), most.max(figure))
        });
        let powers = || -12..=18;
        let low = powers().rev().find(|power| 10_f64.powi(*power) <= least).unwrap_or(0);
        let high = powers().find(|power| 10_f64.powi(*power) >= most).unwrap_or(low + 1);
        Self { low, high: high.max(low + 1), points: chart.ticks.len() }
    }

    fn x(&self, at: usize) -> f64 {
        let step = (RIGHT - LEFT) / float(self.points.max(1));
        LEFT + step * (float(at) + 0.5)
    }

    fn y(&self, figure: f64) -> f64 {
        let share = (figure.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        BOTTOM - share.clamp(0.0, 1.0) * (BOTTOM - TOP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Line, nanos};

    #[test]
    fn what_is_larger_stands_higher_and_all_of_it_within_the_frame() {
        let line = |points: [f64; 2]| Line { name: "a < b".to_owned(), points: points.to_vec() };
        let chart = Chart {
            title: "title",
            ticks: vec!["1".to_owned(), "2".to_owned()],
            lines: vec![line([3.0, 40.0]), line([5_000.0, 70.0])],
            goal: 200.0,
            unit: nanos,
        };
        let scale = Scale::of(&chart);
        let heights = [3.0, 40.0, 70.0, 200.0, 5_000.0].map(|figure| scale.y(figure));
        assert!(heights.is_sorted_by(|below, above| below > above));
        assert!(heights.iter().all(|y| (TOP..=BOTTOM).contains(y)));
        assert!(draw(&[&chart]).contains("a &lt; b"));
    }
}
