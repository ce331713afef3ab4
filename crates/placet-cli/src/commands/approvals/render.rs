//! A held action as text for a terminal that scrolls.

use std::borrow::Cow;

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
        let text = row.shown(true);
        format!("{STRONG}{}{STRONG:#} {FAINT}{folded}{FAINT:#}\n{text}\n\n", row.label)
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
            let shown = row.shown(false);
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
    let is_new = |(pointer, _): &&(String, String)| !before.iter().any(|(old, _)| old == pointer);
    let mut rows = Vec::new();
    for (pointer, old) in &before {
        let new = after.iter().find(|(other, _)| other == pointer).map(|(_, new)| new.as_str());
        if new != Some(old) {
            rows.push(changed(pointer, Some(old), new));
        }
    }
    rows.extend(
        after.iter().filter(is_new).map(|(pointer, new)| changed(pointer, None, Some(new))),
    );
    match rows.is_empty() {
        true => format!("{STRONG}changed params{STRONG:#}\n  none: they are the same as before\n"),
        false => format!("{STRONG}changed params{STRONG:#}\n{}", rows.concat()),
    }
}

/// What was at a place, and what is there now.
fn changed(pointer: &str, old: Option<&str>, new: Option<&str>) -> String {
    let (label, old_text, new_text) = (escape::line(pointer), side(old), side(new));
    let is_odd =
        label != pointer || old_text != old.unwrap_or("–") || new_text != new.unwrap_or("–");
    let mark = if is_odd { format!(" {}", escape::ODD) } else { String::new() };
    format!("  {label}  {BAD}{old_text}{BAD:#} → {HELD}{new_text}{HELD:#}{mark}\n")
}

/// A value in a difference; a dash where there is none.
fn side(value: Option<&str>) -> Cow<'_, str> {
    value.map_or(Cow::Borrowed("–"), escape::json)
}

/// What is at each place, as JSON.
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
