//! What is others about a value, line by line.

use placet::Json;

use crate::console::{BAD, FAINT, GOOD};
use crate::escape;

/// Lines that are shown before and after what is others, so that its place is known.
const AROUND: usize = 2;

/// The lines that were taken out and put in, between those that both have in common.
pub(super) fn lines(was: &Json, is: &Json) -> String {
    let (was, is) = (written(was), written(is));
    let before = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
    let left = |lines: &[String]| lines.len().saturating_sub(before);
    let after = was.iter().rev().zip(is.iter().rev()).take_while(|(was, is)| was == is).count();
    let after = after.min(left(&was)).min(left(&is));
    let mut text = String::new();
    let mut say = |mark: &str, style: anstyle::Style, lines: &[String]| {
        for line in lines {
            text.push_str(&format!("    {style}{mark} {line}{style:#}\n"));
        }
    };
    let part = |lines: &[String], from: usize, to: usize| -> Vec<String> {
        lines.get(from..to).map(<[String]>::to_vec).unwrap_or_default()
    };
    let (ends_was, ends_is) = (was.len() - after, is.len() - after);
    say(" ", FAINT, &part(&is, before.saturating_sub(AROUND), before));
    say("-", BAD, &part(&was, before, ends_was));
    say("+", GOOD, &part(&is, before, ends_is));
    say(" ", FAINT, &part(&is, ends_is, (ends_is + AROUND).min(is.len())));
    text
}

/// A value in lines that are safe to print: a text by its own lines, all else as JSON. Nothing is no line.
fn written(value: &Json) -> Vec<String> {
    let text = match value {
        Json::Null => return Vec::new(),
        Json::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    text.split('\n').map(|line| escape::line(line).into_owned()).collect()
}
