//! The report: text with tables for people, and a chart.

use crate::chart;

/// The names of the files.
pub(crate) const TEXT: &str = "benchmarks.md";
pub(crate) const CHART: &str = "benchmarks.svg";

/// What was looked into by hand: why the figures are what they are.
const NOTES: &str = include_str!("../NOTES.md");

/// A figure as people read it.
pub(crate) type Unit = fn(f64) -> String;

/// Everything that was measured.
pub(crate) struct Report {
    machine: String,
    sections: Vec<Section>,
}

/// One part of it.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) tables: Vec<Table>,
    pub(crate) targets: Vec<Target>,
    pub(crate) charts: Vec<Chart>,
}

/// Rows of cells, each row with a name.
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// A figure that we promised, and what came of it.
pub(crate) struct Target {
    what: &'static str,
    goal: String,
    got: String,
    /// How many times worse than the goal it is; at most 1 where it is met.
    excess: f64,
}

/// Lines over a few points, on a logarithmic scale.
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    pub(crate) ticks: Vec<String>,
    pub(crate) lines: Vec<Line>,
    pub(crate) goal: f64,
    pub(crate) unit: Unit,
}

/// The figures of one contestant.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<f64>,
}

impl Report {
    pub(crate) fn new(machine: String) -> Self {
        Self { machine, sections: Vec::new() }
    }

    pub(crate) fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "# Benchmarks\n\nWritten by `cargo run --release --bin placet-bench`. Each figure stands \
             beside a reference\nthat was measured in the same run and in turns with it; all are \
             medians. Measured on\n{}.\n\n![Charts of the figures below]({CHART})\n\n",
            self.machine
        );
        text += "## Targets\n\n";
        let mut targets = Table::new("", ["goal", "measured", ""].map(str::to_owned).to_vec());
        for target in self.sections.iter().flat_map(|section| &section.targets) {
            targets.row(target.what, target.cells());
        }
        text += &targets.markdown();
        for section in &self.sections {
            text += &format!("\n## {}\n\n{}\n", section.title, wrapped(section.about));
            for table in &section.tables {
                text += &format!("\n{}", table.markdown());
            }
        }
        text += &format!("\n{NOTES}");
        text
    }

    pub(crate) fn svg(&self) -> String {
        let charts: Vec<_> = self.sections.iter().flat_map(|section| &section.charts).collect();
        chart::draw(&charts)
    }
}

impl Table {
    /// A table whose first column, the names of the rows, is headed `of`.
    pub(crate) fn new(of: &str, columns: Vec<String>) -> Self {
        let head = std::iter::once(of.to_owned()).chain(columns).collect();
        Self { head, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, name: &str, cells: Vec<String>) {
        self.rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }

    fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule: String =
            (0..self.head.len()).map(|at| if at == 0 { "---|" } else { "---:|" }).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}|{rule}\n{rows}", line(&self.head))
    }
}

impl Target {
    /// A figure that should not be larger than the goal.
    pub(crate) fn at_most(what: &'static str, got: f64, goal: f64, unit: Unit) -> Self {
        let text = format!("at most {}", unit(goal));
        Self { what, goal: text, got: unit(got), excess: got / goal }
    }

    /// A figure that should not be smaller than the goal.
    pub(crate) fn at_least(what: &'static str, got: f64, goal: f64, unit: Unit) -> Self {
        let text = format!("at least {}", unit(goal));
        Self { what, goal: text, got: unit(got), excess: goal / got }
    }

    fn cells(&self) -> Vec<String> {
        // A figure that is not a number meets nothing.
        let result = match self.excess <= 1.0 {
            true => "met".to_owned(),
            false => format!("**missed by {:.1}×**", self.excess),
        };
        vec![self.goal.clone(), self.got.clone(), result]
    }
}

pub(crate) fn nanos(figure: f64) -> String {
    match figure {
        _ if figure < 1e3 => format!("{figure:.0} ns"),
        _ if figure < 1e5 => format!("{:.2} µs", figure / 1e3),
        _ if figure < 1e6 => format!("{:.0} µs", figure / 1e3),
        _ if figure < 1e9 => format!("{:.2} ms", figure / 1e6),
        _ => format!("{:.2} s", figure / 1e9),
    }
}

pub(crate) fn per_second(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let grouped = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    format!("{}/s", grouped.collect::<Vec<_>>().join(","))
}

pub(crate) fn mebibytes(figure: f64) -> String {
    format!("{:.0} MB", figure / 1e6)
}

pub(crate) fn bytes(figure: f64) -> String {
    if figure < 1e4 { format!("{figure:.0} B") } else { format!("{:.1} kB", figure / 1e3) }
}

pub(crate) fn ratio(figure: f64) -> String {
    if figure < 10.0 { format!("{figure:.2}×") } else { format!("{figure:.0}×") }
}

pub(crate) fn percent(figure: f64) -> String {
    format!("{:.0} %", figure * 100.0)
}

/// Lines of a width that is good to read.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 {
            let is_full = width + 1 + length > 98;
            out.push(if is_full { '\n' } else { ' ' });
            width = if is_full { 0 } else { width + 1 };
        }
        out.push_str(word);
        width += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_read_them() {
        assert_eq!(
            [875.4, 1_980.0, 123_456.0, 2.5e9].map(nanos),
            ["875 ns", "1.98 µs", "123 µs", "2.50 s"]
        );
        assert_eq!(
            [7.0, 25_000.0, 1_234_567.0].map(per_second),
            ["7/s", "25,000/s", "1,234,567/s"]
        );
        assert_eq!([1.5, 320.4].map(ratio), ["1.50×", "320×"]);
    }

    #[test]
    fn a_target_is_missed_in_its_own_direction() {
        let result = |target: Target| target.cells().pop().unwrap_or_default();
        assert_eq!(result(Target::at_most("x", 2.0, 2.0, nanos)), "met");
        assert_eq!(result(Target::at_most("x", 5.0, 2.0, nanos)), "**missed by 2.5×**");
        assert_eq!(result(Target::at_least("x", 5.0, 2.0, per_second)), "met");
        assert_eq!(result(Target::at_least("x", 1.0, 2.0, per_second)), "**missed by 2.0×**");
        assert_eq!(result(Target::at_most("x", f64::NAN, 2.0, nanos)), "**missed by NaN×**");
    }
}
