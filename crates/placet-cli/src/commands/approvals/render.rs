//! A held action as text for a terminal that scrolls.

use anstyle::Style;
use placet::{Json, Timestamp};

use super::card::{self, Section, Tone};
use crate::console::{BAD, FAINT, HELD, STRONG, cell};
use crate::escape;
use crate::place::Held;

/// All there is to see: long values in full first, so that the last screen is the card.
pub(super) fn card(held: &Held, now: Timestamp) -> String {
    let sections = card::sections(held, now);
    format!("{}{}", long_values(&sections), table(&sections))
}

fn long_values(sections: &[Section]) -> String {
    let rows = sections.iter().flat_map(|section| &section.rows);
    let long = rows.filter_map(|row| Some((row, row.folded.as_ref()?)));
    long.map(|(row, folded)| {
        format!("{STRONG}{}{STRONG:#} {FAINT}{folded}{FAINT:#}\n{}\n\n", row.label, row.text)
    })
    .collect()
}

fn table(sections: &[Section]) -> String {
    let labels =
        sections.iter().flat_map(|section| &section.rows).map(|row| row.label.chars().count());
    let width = labels.max().unwrap_or_default().min(28);
    let mut text = String::new();
    for section in sections {
        text.push_str(&format!("{STRONG}{}{STRONG:#}\n", section.title));
        for row in &section.rows {
            let style = style(row.tone);
            let shown = row.folded.as_ref().unwrap_or(&row.text);
            let label = cell(FAINT, &row.label, width);
            text.push_str(&format!("  {label}  {style}{shown}{style:#}\n"));
        }
    }
    text
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Strong => STRONG,
        Tone::Faint => FAINT,
        Tone::Held => HELD,
        Tone::Bad => BAD,
    }
}

/// What an edit changes, leaf by leaf.
pub(super) fn difference(before: &Json, after: &Json) -> String {
    let (before, after) = (leaves(before), leaves(after));
    let mut text = format!("{STRONG}changed params{STRONG:#}\n");
    for (pointer, old) in &before {
        let label = escape::line(pointer);
        match after.iter().find(|(other, _)| other == pointer) {
            Some((_, new)) if new == old => {}
            Some((_, new)) => text.push_str(&format!(
                "  {label}  {BAD}{}{BAD:#} → {HELD}{}{HELD:#}\n",
                escape::line(old),
                escape::line(new)
            )),
            None => text.push_str(&format!("  {label}  {BAD}{}{BAD:#} → –\n", escape::line(old))),
        }
    }
    for (pointer, new) in after.iter().filter(|(new, _)| !before.iter().any(|(old, _)| old == new))
    {
        let label = escape::line(pointer);
        text.push_str(&format!("  {label}  – → {HELD}{}{HELD:#}\n", escape::line(new)));
    }
    text
}

fn leaves(json: &Json) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    json.walk(|pointer, value| {
        let is_branch = value.as_array().is_some_and(|items| !items.is_empty())
            || value.as_object().is_some_and(|fields| !fields.is_empty());
        if !is_branch {
            leaves.push((pointer.as_str().to_owned(), value.canonical()));
        }
    });
    leaves
}
