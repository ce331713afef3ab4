//! Decisions as a table for people, a row as soon as it is decided.
//!
//! Rows are printed as they come, so the columns have fixed widths: what does not fit is cut, and
//! the whole of it is in the JSON.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::sync::Arc;

use anstream::AutoStream;
use anstyle::Style;
use placet::Answer;
use placet_core::{Action, Finding, Json, Mode, Verdict};
use placet_policy::Policy;

use super::sink::Sink;
use super::totals::{Totals, real};
use crate::console::{BAD, Console, FAINT, GOOD, HELD, STRONG, cell};
use crate::escape;

/// Columns of the number of the line.
const LINE: usize = 6;
/// Columns of the verdict: its longest word.
const VERDICT: usize = 14;
/// Columns of an amount with its currency, as long as people read them.
const VALUE: usize = 14;
/// Columns between two others.
const GAP: usize = 2;
/// Columns of a tool or a class at least.
const LEAST_NAME: usize = 16;
/// Columns of a tool or a class at most.
const MOST_NAME: usize = 28;

/// Prints a table, and below it what it comes to.
pub(super) struct Rows {
    out: BufWriter<AutoStream<Stdout>>,
    policy: Arc<Policy>,
    name: usize,
    reason: usize,
    has_heading: bool,
}

impl Rows {
    pub(super) fn new(console: &Console, policy: Arc<Policy>) -> Self {
        let width = console.width();
        let name = (width / 6).clamp(LEAST_NAME, MOST_NAME);
        let reason =
            width.saturating_sub(LINE + VERDICT + VALUE + 2 * name + 5 * GAP).max(LEAST_NAME);
        Self { out: console.out(), policy, name, reason, has_heading: false }
    }

    fn heading(&mut self) -> io::Result<()> {
        if self.has_heading {
            return Ok(());
        }
        self.has_heading = true;
        self.row(
            ["line", "verdict", "tool", "class", "value", "because"]
                .map(|text| (FAINT, text.to_owned())),
        )
    }

    fn row(&mut self, cells: [(Style, String); 6]) -> io::Result<()> {
        let widths = [LINE, VERDICT, self.name, self.name, VALUE, 0];
        let cells =
            cells.iter().zip(widths).map(|((style, text), width)| cell(*style, text, width));
        let row = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
        writeln!(self.out, "{}", row.trim_end())
    }

    /// What the action is worth, where its class or the caller says so.
    fn value(&self, action: &Action, answer: &Answer) -> String {
        let class = answer.class.as_ref().and_then(|name| self.policy.terms().classes.get(name));
        let at = |pointer: Option<&placet_core::json::Pointer>| {
            pointer.and_then(|pointer| action.params.pointer(pointer))
        };
        let own = at(class.and_then(|class| class.value.as_ref()));
        let Some(value) = own.or(action.value.as_ref()) else { return String::new() };
        let currency = at(class.and_then(|class| class.currency.as_ref()));
        let text =
            [Some(value), currency].into_iter().flatten().map(plain).collect::<Vec<_>>().join(" ");
        escape::clipped(&text, VALUE)
    }
}

impl Sink for Rows {
    fn decided(&mut self, line: u64, action: &Action, answer: Answer) -> io::Result<()> {
        self.heading()?;
        let (style, verdict) = verdict(&answer);
        let class = answer.class.as_ref().map_or("–", |class| class.as_str());
        let cells = [
            (FAINT, format!("{line:>LINE$}")),
            (style, verdict),
            (STRONG, escape::clipped(action.tool.as_str(), self.name)),
            (Style::new(), escape::clipped(class, self.name)),
            (Style::new(), self.value(action, &answer)),
            (Style::new(), reason(&answer, self.reason)),
        ];
        self.row(cells)
    }

    fn refused(&mut self, line: u64, reason: &str) -> io::Result<()> {
        self.heading()?;
        let number = cell(FAINT, &format!("{line:>LINE$}"), LINE);
        writeln!(
            self.out,
            "{number}  {}  {}",
            cell(BAD, "unreadable", VERDICT),
            escape::line(reason)
        )
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, totals: &Totals) -> io::Result<()> {
        if totals.actions() + totals.errors() == 0 {
            writeln!(self.out, "no actions in the input")?;
        } else {
            self.out.write_all(summary(totals).as_bytes())?;
        }
        self.out.flush()
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.canonical(), str::to_owned)
}

/// The verdict as a word, and how it looks. In shadow it is what would have been.
fn verdict(answer: &Answer) -> (Style, String) {
    let (style, word) = match real(answer) {
        Verdict::Allow => (GOOD, "allow"),
        Verdict::RequireApproval => (HELD, "hold"),
        Verdict::Block => (BAD, "block"),
    };
    match answer.would_have {
        None => (style, word.to_owned()),
        Some(_) => (style, format!("allow ({word})")),
    }
}

/// What held it, and how much more did.
fn reason(answer: &Answer, width: usize) -> String {
    let real = real(answer);
    let mut findings = answer.findings.iter().filter(|finding| finding.verdict == real);
    let Some(first) = findings.next() else { return "nothing spoke for it".to_owned() };
    let more = match findings.count() {
        0 => String::new(),
        more => format!(" (+{more})"),
    };
    let Finding { check, reason, .. } = first;
    let text = escape::clipped(&format!("{check}: {reason}"), width.saturating_sub(more.len()));
    format!("{text}{more}")
}

fn summary(totals: &Totals) -> String {
    let count = |verdict| totals.of(verdict);
    let (allowed, held, blocked) =
        (count(Verdict::Allow), count(Verdict::RequireApproval), count(Verdict::Block));
    let mut text = format!(
        "\n{STRONG}{} actions:{STRONG:#} {GOOD}{allowed} allowed{GOOD:#}, {HELD}{held} held for a \
         person{HELD:#}, {BAD}{blocked} blocked{BAD:#}",
        totals.actions(),
    );
    if totals.errors() > 0 {
        text.push_str(&format!("; {BAD}{} lines could not be read{BAD:#}", totals.errors()));
    }
    text.push('\n');
    for (verdict, word) in [(Verdict::RequireApproval, "held by"), (Verdict::Block, "blocked by")] {
        let checks: Vec<String> = totals
            .holding()
            .filter(|(holding, _, _)| *holding == verdict)
            .map(|(_, check, count)| format!("{check} {count}"))
            .collect();
        if !checks.is_empty() {
            text.push_str(&format!("{FAINT}{word}:{FAINT:#} {}\n", checks.join(", ")));
        }
    }
    text.push_str(&legend(totals));
    text
}

fn legend(totals: &Totals) -> String {
    if totals.relaxed() == 0 {
        return format!(
            "{FAINT}hold: a person must approve it · block: it does not run · (+1): one more reason{FAINT:#}\n"
        );
    }
    let mode = totals.mode().map_or("shadow", Mode::as_str);
    format!(
        "{FAINT}allow (…): the mode is {mode}, so the caller was not stopped; in brackets what would \
         have been{FAINT:#}\n"
    )
}
