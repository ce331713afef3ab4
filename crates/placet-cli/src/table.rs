//! Small tables: a heading and rows, each column as wide as its widest cell.
//!
//! The last column is not padded and may be long. Cells are text that is already safe to print.

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use crate::console::{FAINT, cell};

/// A table that is filled and then printed.
#[derive(Debug, Default)]
pub(crate) struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<(Style, String)>>,
}

impl Table {
    pub(crate) fn new(heading: &[&'static str]) -> Self {
        Self { heading: heading.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: impl IntoIterator<Item = (Style, String)>) {
        self.rows.push(row.into_iter().collect());
    }

    /// The table, with styles.
    pub(crate) fn render(&self) -> String {
        let widths = self.widths();
        let heading = self.heading.iter().map(|text| (FAINT, (*text).to_owned())).collect();
        let rows = std::iter::once(&heading).chain(&self.rows);
        rows.map(|row: &Vec<(Style, String)>| render_row(row, &widths)).collect()
    }

    fn widths(&self) -> Vec<usize> {
        let column = |index: usize| {
            let cells =
                self.rows.iter().filter_map(|row| row.get(index)).map(|(_, text)| text.width());
            cells.max().unwrap_or(0)
        };
        self.heading
            .iter()
            .enumerate()
            .map(|(index, text)| column(index).max(text.width()))
            .collect()
    }
}

fn render_row(row: &[(Style, String)], widths: &[usize]) -> String {
    let last = row.len().saturating_sub(1);
    let cells = row.iter().zip(widths).enumerate().map(|(index, ((style, text), width))| {
        cell(*style, text, if index == last { 0 } else { *width })
    });
    format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
}
