//! The report as text for a terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use anstyle::Style;
use placet::Timestamp;
use placet_core::time::human_duration;
use placet_core::{CheckName, Verdict};

use super::suggest::{Precision, Suggestion};
use super::summary::{Named, ReasonRow, Row, Summary};
use crate::console::{BAD, FAINT, GOOD, HELD, STRONG, cell, counted};
use crate::escape;
use crate::table::Table;

/// How much of a time there is before its seconds.
const MINUTE_CHARS: usize = "2026-01-31 09:30".len();

/// Longest name in a table, in columns.
const MAX_NAME_COLUMNS: usize = 36;

/// Most suggestions in a row of a table.
const MAX_NUMBERS: usize = 4;

/// Columns of the words before the totals.
const WORDS: usize = 23;

/// The whole report; `top` rows of each table.
pub(super) fn render(summary: &Summary, top: usize) -> String {
    let mut text = format!("{}\n", headline(summary));
    if summary.totals.calls == 0 {
        return text;
    }
    text.push_str(&totals(summary));
    text.push_str(&names("tool", &summary.tools, top));
    text.push_str(&names("agent", &summary.agents, top));
    text.push_str(&reasons(&summary.reasons, top));
    text.push_str(&suggestions(summary, top));
    text
}

/// What was looked at, in a line.
pub(super) fn headline(summary: &Summary) -> String {
    let (since, until) = (minute(summary.window.since), minute(summary.window.until));
    let calls = counted(summary.totals.calls, "decision");
    let entries = match summary.entries.size.checked_sub(1) {
        Some(last) => format!("{} read, up to {last}", counted(summary.entries.read, "entry")),
        None => "the log is empty".to_owned(),
    };
    let erased = match summary.entries.erased {
        0 => String::new(),
        count => format!("; the params of {count} are erased, which changes no count"),
    };
    format!(
        "{STRONG}{calls}{STRONG:#} from {since} to {until} UTC {FAINT}({entries}{erased}){FAINT:#}"
    )
}

/// A time to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    at.to_string().replace('T', " ").chars().take(MINUTE_CHARS).collect()
}

/// In which mode and under how many policies, in words.
pub(super) fn circumstances(summary: &Summary) -> String {
    let policies = u64::try_from(summary.policies).unwrap_or(u64::MAX);
    let policies = match policies {
        1 => "one policy".to_owned(),
        count => format!("{count} versions of the policy"),
    };
    format!("decided in mode {}, under {policies}", summary.modes.join(" and "))
}

/// What came of what was held, in words.
pub(super) fn held(summary: &Summary) -> Option<String> {
    let row = &summary.totals;
    let parts = [only_would(row.held, row.would_have_held), became(summary)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What is counted: what was done, or what would have been.
pub(super) fn label(word: &str, all: u64, would: u64) -> String {
    let none_was = all > 0 && would == all;
    if none_was { format!("would have been {word}") } else { word.to_owned() }
}

/// How many of some ran all the same, in words.
pub(super) fn only_would(all: u64, would: u64) -> Option<String> {
    let some = (1..all).contains(&would);
    some.then(|| format!("{would} of them only would have been: the mode let them run"))
}

/// What became of what waited for people, in words.
fn became(summary: &Summary) -> Option<String> {
    let some = summary.became.iter().filter(|(_, count)| **count > 0);
    let parts: Vec<String> = some.map(|(word, count)| format!("{count} {word}")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// How long people took, in words.
pub(super) fn answered(summary: &Summary) -> Option<String> {
    let answers = &summary.answers;
    let time = |seconds: u64| human_duration(Duration::from_secs(rounded(seconds)));
    let (half, most) = (answers.p50_seconds?, answers.p95_seconds?);
    let count = counted(answers.count, "answer");
    Some(format!("{count}: half within {}, 95 % within {}", time(half), time(most)))
}

/// A time without the parts that nobody needs.
fn rounded(seconds: u64) -> u64 {
    let unit = match seconds {
        0..120 => 1,
        120..7_200 => 60,
        _ => 3_600,
    };
    seconds.div_ceil(unit).max(1) * unit
}

fn totals(summary: &Summary) -> String {
    let row = &summary.totals;
    let mut text = format!("{FAINT}{}{FAINT:#}\n\n", circumstances(summary));
    let mut line = |style: Style, word: &str, count: u64, more: Option<String>| {
        let more = more.map_or_else(String::new, |more| format!("   {FAINT}{more}{FAINT:#}"));
        text.push_str(&format!("{}{count:>8}{more}\n", cell(style, word, WORDS)));
    };
    line(GOOD, "allowed", row.allowed, None);
    line(HELD, &label("held", row.held, row.would_have_held), row.held, held(summary));
    let more = only_would(row.blocked, row.would_have_blocked);
    line(BAD, &label("blocked", row.blocked, row.would_have_blocked), row.blocked, more);
    if let Some(answered) = answered(summary) {
        text.push_str(&format!(
            "{}{FAINT}{answered}{FAINT:#}\n",
            cell(FAINT, "people", WORDS + 11)
        ));
    }
    text
}

/// A name in words.
pub(super) fn name(named: &Named) -> String {
    match (&named.name, named.others) {
        (Some(name), _) => escape::clipped(name, MAX_NAME_COLUMNS),
        (None, true) => "(all others)".to_owned(),
        (None, false) => "–".to_owned(),
    }
}

fn names(what: &'static str, all: &[Named], top: usize) -> String {
    let mut table = Table::new(&[
        what,
        "calls",
        "allowed",
        "held",
        "blocked",
        "approved",
        "not stopped",
        "lines",
    ]);
    for named in all.iter().take(top) {
        let Row { calls, allowed, held, blocked, not_stopped, approved, .. } = named.row;
        table.row([
            (STRONG, name(named)),
            (Style::new(), format!("{calls:>5}")),
            colored(GOOD, allowed, 7),
            colored(HELD, held, 4),
            colored(BAD, blocked, 7),
            colored(Style::new(), approved, 8),
            colored(Style::new(), not_stopped, 11),
            (FAINT, numbers(&named.row.suggestions)),
        ]);
    }
    let shown = all.iter().take(top).filter_map(|named| Some((named, named.disguised.as_ref()?)));
    let odd: String = shown
        .map(|(named, why)| format!("{BAD}{}{BAD:#}: {}\n", spelled(named), escape::line(why)))
        .collect();
    format!("\n{}{}{odd}", table.render(), more(all.len(), top, what))
}

/// A name with every character beyond ASCII spelled out, so that it cannot pass for another.
fn spelled(named: &Named) -> String {
    let name = named.name.as_deref().unwrap_or_default();
    let spell = |character: char| match character {
        ' '..='~' => character.to_string(),
        other => format!("<U+{:04X}>", u32::from(other)),
    };
    name.chars().map(spell).collect()
}

/// A count that is faint where there is nothing.
fn colored(style: Style, count: u64, width: usize) -> (Style, String) {
    match count {
        0 => (FAINT, format!("{:>width$}", "·")),
        count => (style, format!("{count:>width$}")),
    }
}

fn numbers(suggestions: &[usize]) -> String {
    let first: Vec<String> =
        suggestions.iter().take(MAX_NUMBERS).map(|number| format!("[{number}]")).collect();
    let rest = if suggestions.len() > MAX_NUMBERS { " …" } else { "" };
    format!("{}{rest}", first.join(" "))
}

fn more(all: usize, top: usize, what: &str) -> String {
    match all.saturating_sub(top) {
        0 => String::new(),
        rest => {
            let rest = counted(u64::try_from(rest).unwrap_or(u64::MAX), what);
            format!("{FAINT}and {rest} more; --top shows more, --json all{FAINT:#}\n")
        }
    }
}

/// A verdict as a word, and how it looks.
pub(super) fn verdict(verdict: Verdict) -> (Style, &'static str) {
    match verdict {
        Verdict::Allow => (GOOD, "allow"),
        Verdict::RequireApproval => (HELD, "hold"),
        Verdict::Block => (BAD, "block"),
    }
}

fn reasons(all: &[ReasonRow], top: usize) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["why", "calls", "alone", "reason", ""]);
    for row in all.iter().take(top) {
        let (style, word) = verdict(row.verdict);
        table.row([
            (style, word.to_owned()),
            (Style::new(), format!("{:>5}", row.calls)),
            colored(Style::new(), row.alone, 5),
            (Style::new(), reason(row)),
            (FAINT, numbers(&row.suggestions)),
        ]);
    }
    let advice: String = advice(all.iter().take(top))
        .into_iter()
        .map(|(check, advice)| format!("{FAINT}{check}: {advice}{FAINT:#}\n"))
        .collect();
    format!("\n{}{}{advice}", table.render(), more(all.len(), top, "reason"))
}

/// What changes those reasons for which there are no lines, by check.
fn advice<'a>(rows: impl Iterator<Item = &'a ReasonRow>) -> BTreeMap<CheckName, &'static str> {
    let without = rows.filter(|row| row.suggestions.is_empty());
    without.filter_map(|row| Some((row.check, row.advice?))).collect()
}

/// A reason in words.
pub(super) fn reason(row: &ReasonRow) -> String {
    escape::line(&format!("{}: {}", row.check, row.reason)).into_owned()
}

fn suggestions(summary: &Summary, top: usize) -> String {
    if summary.totals.against() == 0 {
        return String::new();
    }
    let mut text = format!("\n{STRONG}Lines that would change it{STRONG:#}\n");
    text.push_str(&format!("{FAINT}{}{FAINT:#}\n", preface(summary)));
    for (number, suggestion) in (1..).zip(summary.suggestions.iter().take(top)) {
        text.push_str(&format!("\n{FAINT}[{number}]{FAINT:#} {}\n", what(suggestion)));
        for line in suggestion.lines.lines() {
            text.push_str(format!("    {}", escape::line(line)).trim_end());
            text.push('\n');
        }
        for because in &suggestion.because {
            text.push_str(&format!("    {FAINT}# {}{FAINT:#}\n", escape::line(because)));
        }
    }
    text.push_str(&more(summary.suggestions.len(), top, "suggestion"));
    text
}

/// What the suggestions are, in words.
pub(super) fn preface(summary: &Summary) -> &'static str {
    match (summary.policy_known, summary.suggestions.is_empty()) {
        (false, _) => "The policy that holds cannot be read here, so no lines can be tried on it.",
        (true, true) => "No lines of the policy would; the reasons above say what would.",
        (true, false) => {
            "These are suggestions, each tried alone on the policy that holds. Whether they are \
             right is for you to say."
        }
    }
}

/// What a suggestion would have changed, in words.
pub(super) fn what(suggestion: &Suggestion) -> String {
    let about = escape::clipped(&suggestion.about, MAX_NAME_COLUMNS);
    let Suggestion { of, would_run, would_be_held, .. } = suggestion;
    let word = match suggestion.precision {
        Precision::Exact => "",
        Precision::AtLeast => "at least ",
        Precision::AtMost => "at most ",
    };
    let calls = counted(*of, "call");
    let change = match (would_run, would_be_held) {
        (0, 0) if suggestion.precision == Precision::AtLeast => {
            format!("how many of {calls} would have run depends on what they did")
        }
        (0, 0) => format!("none of {calls} would have run by this alone"),
        (0, held) => format!("{word}{held} of {calls} would have been held, not blocked"),
        (run, 0) => format!("{word}{run} of {calls} would have run"),
        (run, held) => format!("{word}{run} of {calls} would have run, and {held} been held"),
    };
    let once = suggestion.once.as_ref().map(|once| format!(", {once}")).unwrap_or_default();
    format!("{about}: {change}{once}")
}
