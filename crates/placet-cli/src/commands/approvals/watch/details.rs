//! One action as lines of a pane: sections, labels, values, wrapped at its width.

use placet::Timestamp;
use unicode_width::UnicodeWidthChar as _;

use crate::commands::approvals::card::{self, Tone};
use crate::place::Held;

/// Columns of the labels.
const LABEL: usize = 22;

/// A line of the pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DetailLine {
    pub(super) label: String,
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// Everything of it, with long values folded or in full, at a width in columns.
pub(super) fn lines(held: &Held, is_open: bool, width: usize, now: Timestamp) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    for section in card::sections(held, now) {
        let title = section.title.to_owned();
        lines.push(DetailLine { label: title, text: String::new(), tone: Tone::Strong });
        for row in section.rows {
            let text = row.shown(is_open);
            let label = crate::escape::clipped(&row.label, LABEL);
            let mut label = format!("  {label:LABEL$}  ");
            if row.label.chars().count() > LABEL {
                // A pointer that is cut off is not the whole truth.
                for part in wrap(&row.label, width.saturating_sub(2)) {
                    let label = format!("  {part}");
                    lines.push(DetailLine { label, text: String::new(), tone: Tone::Plain });
                }
                label = " ".repeat(LABEL + 4);
            }
            for part in wrap(&text, width.saturating_sub(LABEL + 4)) {
                lines.push(DetailLine { label, text: part, tone: row.tone });
                label = " ".repeat(LABEL + 4);
            }
        }
    }
    lines
}

/// Whether something of it is folded as long as it is not opened.
pub(super) fn has_folds(held: &Held, now: Timestamp) -> bool {
    card::sections(held, now)
        .iter()
        .flat_map(|section| &section.rows)
        .any(|row| row.folded.is_some())
}

/// Text in lines of at most so many columns. It is broken anywhere, so that nothing is moved.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = vec![String::new()];
    let mut columns = 0;
    for character in text.chars() {
        let wide = character.width().unwrap_or_default();
        if columns + wide > width {
            lines.push(String::new());
            columns = 0;
        }
        columns += wide;
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
    lines
}

/// The end of a text that fits into so many columns.
pub(super) fn tail(text: &str, width: usize) -> String {
    let mut columns = 0;
    let fits = |character: &char| {
        columns += character.width().unwrap_or_default();
        columns <= width
    };
    let kept: Vec<char> = text.chars().rev().take_while(fits).collect();
    kept.into_iter().rev().collect()
}
