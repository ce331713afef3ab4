//! The report as one page that needs nothing else: no script, nothing from elsewhere.
//!
//! Names of tools and agents are whatever an agent chose. They reach the page only through
//! [`escape`], which spells out what a reader would not see, and through the template, which escapes
//! what a browser would obey. The page also forbids the browser to load or run anything.

use askama::Template;
use placet_core::Verdict;

use super::figures::Span;
use super::suggest::Suggestion;
use super::summary::{Named, ReasonRow, Row, Summary};
use super::text;
use crate::escape;

/// Rows of each table: more make a page that nobody reads, and --json has them.
const MAX_ROWS: usize = 30;

/// The space that bars over time are drawn in.
const WIDTH: u64 = 960;
/// Its height.
const HEIGHT: u64 = 180;

/// How long the longest bar of a table is.
const LENGTH: u64 = 600;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    summary: &'a Summary,
    headline: String,
    circumstances: String,
    words: [String; 2],
    held: Option<String>,
    blocked: Option<String>,
    answered: Option<String>,
    top: u64,
    from: String,
    columns: Vec<Column<'a>>,
    groups: Vec<Group<'a>>,
    reasons: Vec<Why<'a>>,
    more_reasons: usize,
    preface: &'static str,
    suggestions: Vec<Lines>,
    more_suggestions: usize,
}

/// A count, or little where there is nothing.
fn dot(count: &u64) -> String {
    if *count == 0 { "·".to_owned() } else { count.to_string() }
}

/// What was decided in a part of the time.
struct Column<'a> {
    from: String,
    span: &'a Span,
    x: u64,
    width: u64,
    pieces: Vec<Piece>,
    title: String,
}

/// A piece of a bar: where it begins and how long it is.
struct Piece {
    at: u64,
    length: u64,
    class: &'static str,
}

/// The tools, or the agents.
struct Group<'a> {
    what: &'static str,
    rows: Vec<Bar<'a>>,
    more: usize,
}

struct Bar<'a> {
    name: String,
    disguised: Option<&'a str>,
    row: &'a Row,
    pieces: Vec<Piece>,
}

struct Why<'a> {
    row: &'a ReasonRow,
    class: &'static str,
    word: &'static str,
    reason: String,
}

struct Lines {
    what: String,
    lines: String,
    because: Vec<String>,
}

/// The page.
pub(super) fn page(summary: &Summary) -> Result<String, askama::Error> {
    let (spans, totals) = (&summary.over_time, &summary.totals);
    let most = spans.iter().map(|span| span.allowed + span.held + span.blocked).max();
    let top = round(most.unwrap_or_default());
    let plain = |text: String| anstream::adapter::strip_str(&text).to_string();
    let page = Page {
        summary,
        headline: plain(text::headline(summary)),
        circumstances: text::circumstances(summary),
        words: [
            text::label("held", totals.held, totals.would_have_held),
            text::label("blocked", totals.blocked, totals.would_have_blocked),
        ],
        held: text::held(summary),
        blocked: text::only_would(totals.blocked, totals.would_have_blocked),
        answered: text::answered(summary),
        top,
        from: spans.first().map(|span| text::minute(span.from)).unwrap_or_default(),
        columns: columns(spans, top),
        groups: vec![group("Tool", &summary.tools), group("Agent", &summary.agents)],
        reasons: summary.reasons.iter().take(MAX_ROWS).map(why).collect(),
        more_reasons: summary.reasons.len().saturating_sub(MAX_ROWS),
        preface: text::preface(summary),
        suggestions: summary.suggestions.iter().take(MAX_ROWS).map(lines).collect(),
        more_suggestions: summary.suggestions.len().saturating_sub(MAX_ROWS),
    };
    page.render()
}

fn why(row: &ReasonRow) -> Why<'_> {
    let (class, word) = match row.verdict {
        Verdict::Allow => ("good", "allow"),
        Verdict::RequireApproval => ("held", "hold"),
        Verdict::Block => ("bad", "block"),
    };
    Why { row, class, word, reason: escape::line(&row.reason).into_owned() }
}

fn lines(suggestion: &Suggestion) -> Lines {
    let because = suggestion.because.iter();
    Lines {
        what: text::what(suggestion),
        lines: escape::lines(&suggestion.lines),
        because: because.map(|because| escape::line(because).into_owned()).collect(),
    }
}

fn group<'a>(what: &'static str, all: &'a [Named]) -> Group<'a> {
    let most = all.iter().map(|named| named.row.calls).max().unwrap_or_default();
    let bar = |named: &'a Named| {
        let Row { allowed, held, blocked, .. } = named.row;
        let parts = [(blocked, "block"), (held, "hold"), (allowed, "allow")];
        Bar {
            name: text::name(named),
            disguised: named.disguised.as_deref(),
            row: &named.row,
            pieces: pieces(parts, most, LENGTH),
        }
    };
    let rows = all.iter().take(MAX_ROWS).map(bar).collect();
    Group { what, rows, more: all.len().saturating_sub(MAX_ROWS) }
}

fn columns(spans: &[Span], top: u64) -> Vec<Column<'_>> {
    let slot = WIDTH / u64::try_from(spans.len()).unwrap_or(1).max(1);
    (0..).zip(spans).map(|(place, span)| column(place * slot, slot, span, top)).collect()
}

/// The bar of a part of the time, in the middle of its slot.
fn column(start: u64, slot: u64, span: &Span, top: u64) -> Column<'_> {
    let Span { from, allowed, held, blocked } = *span;
    let mut pieces = pieces([(allowed, "allow"), (held, "hold"), (blocked, "block")], top, HEIGHT);
    // They stand on the ground, and the picture's zero is at its top.
    for piece in &mut pieces {
        piece.at = HEIGHT.saturating_sub(piece.at + piece.length);
    }
    let (from, width) = (text::minute(from), (slot - slot / 4).clamp(1, WIDTH / 8));
    Column {
        title: format!("from {from}: {allowed} allowed, {held} held, {blocked} blocked"),
        from,
        span,
        x: start + (slot - width) / 2,
        width,
        pieces,
    }
}

/// Pieces one after the other, of which `whole` would be `most` long.
fn pieces(parts: [(u64, &'static str); 3], whole: u64, most: u64) -> Vec<Piece> {
    let mut at = 0;
    let mut pieces = Vec::new();
    for (count, class) in parts.into_iter().filter(|(count, _)| *count > 0) {
        let scaled = u128::from(count) * u128::from(most) / u128::from(whole.max(1));
        // What is there shows, however little it is.
        let length = u64::try_from(scaled).unwrap_or(most).max(2).min(most - at);
        pieces.push(Piece { at, length, class });
        at += length;
    }
    pieces
}

/// A round number not below a count.
fn round(most: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for step in [1, 2, 5] {
            let top = power.saturating_mul(step);
            if top >= most {
                return top.max(4);
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::{HEIGHT, pieces, round};

    #[test]
    fn pieces_follow_each_other_and_stay_inside() {
        for (allowed, held, blocked) in [(0, 0, 0), (6, 1, 3), (1_000_000, 1, 1), (u64::MAX, 0, 9)]
        {
            let parts = [(allowed, "allow"), (held, "hold"), (blocked, "block")];
            let whole = round(allowed.saturating_add(held + blocked));
            let mut end = 0;
            for piece in pieces(parts, whole, HEIGHT) {
                assert_eq!(piece.at, end);
                end += piece.length;
            }
            assert!(end <= HEIGHT);
        }
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        for (most, top) in [(0, 4), (3, 5), (6, 10), (11, 20), (999, 1000), (u64::MAX, u64::MAX)] {
            assert_eq!(round(most), top);
        }
    }
}
