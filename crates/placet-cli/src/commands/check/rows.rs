//! Decisions as a table for people, a row as soon as it is decided.
//!
//! Rows are printed as they come, so the columns have fixed widths. A name that does not fit is
//! cut; the reason that an action is held or blocked goes on below, for it is why people look.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::sync::Arc;

use anstream::AutoStream;
use anstyle::Style;
use placet::Answer;
use placet_core::{Action, Finding, Json, Mode, Verdict};
use placet_policy::Policy;
use unicode_width::UnicodeWidthStr as _;

use super::sink::Sink;
use super::totals::{Totals, real};
use crate::console::{BAD, Console, FAINT, GOOD, HELD, STRONG, cell, counted};
use crate::escape;

/// Columns of the number of the line.
const LINE: usize = 6;
/// Columns of the verdict: its longest word.
const VERDICT: usize = 14;
/// Columns of an amount with its currency, as long as people read them.
const VALUE: usize = 14;
/// Columns between two others.
const GAP: usize = 2;
/// Columns of a tool with its class, at least and at most.
const NAME: (usize, usize) = (22, 38);
/// Columns of the reason at least.
const LEAST_REASON: usize = 20;

/// Prints a table, and below it what it comes to.
pub(super) struct Rows {
    out: BufWriter<AutoStream<Stdout>>,
    /// It says which param carries the value; a daemon may keep it to itself.
    policy: Option<Arc<Policy>>,
    name: usize,
    reason: usize,
    has_heading: bool,
}

impl Rows {
    pub(super) fn new(console: &Console, policy: Option<Arc<Policy>>) -> Self {
        let width = console.width();
        let name = (width / 4).clamp(NAME.0, NAME.1);
        let reason = width.saturating_sub(indent(name)).max(LEAST_REASON);
        Self { out: console.out(), policy, name, reason, has_heading: false }
    }

    fn heading(&mut self) -> io::Result<()> {
        if self.has_heading {
            return Ok(());
        }
        self.has_heading = true;
        let heading = ["line", "verdict", "tool → class", "value", "because"];
        self.row(&heading.map(|text| (FAINT, text.to_owned())))
    }

    fn row(&mut self, cells: &[(Style, String); 5]) -> io::Result<()> {
        let widths = [LINE, VERDICT, self.name, VALUE, 0];
        let cells =
            cells.iter().zip(widths).map(|((style, text), width)| cell(*style, text, width));
        let row = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
        writeln!(self.out, "{}", row.trim_end())
    }

    /// What the action is worth, where its class or the caller says so.
    fn value(&self, action: &Action, answer: &Answer) -> String {
        let terms = self.policy.as_ref().map(|policy| policy.terms());
        let class = terms.and_then(|terms| terms.classes.get(answer.class.as_ref()?));
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
        let mut reasons = reasons(&answer, self.reason).into_iter();
        let cells = [
            (FAINT, format!("{line:>LINE$}")),
            (style, verdict),
            (STRONG, escape::clipped(&name(action, &answer), self.name)),
            (Style::new(), self.value(action, &answer)),
            (Style::new(), reasons.next().unwrap_or_default()),
        ];
        self.row(&cells)?;
        let indent = " ".repeat(indent(self.name));
        reasons.try_for_each(|more| writeln!(self.out, "{indent}{more}"))
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

/// Where the reason begins.
fn indent(name: usize) -> usize {
    LINE + VERDICT + name + VALUE + 4 * GAP
}

/// The tool, with its class where that is called otherwise.
fn name(action: &Action, answer: &Answer) -> String {
    match &answer.class {
        Some(class) if class.as_str() != action.tool.as_str() => {
            format!("{} → {class}", action.tool)
        }
        _ => action.tool.to_string(),
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

/// What held it, in lines of at most `width` columns; one line for what was allowed.
fn reasons(answer: &Answer, width: usize) -> Vec<String> {
    let real = real(answer);
    let findings = answer.findings.iter().filter(|finding| finding.verdict == real);
    let texts = findings.map(|Finding { check, reason, .. }| format!("{check}: {reason}"));
    match real {
        Verdict::Allow => texts.take(1).map(|text| escape::clipped(&text, width)).collect(),
        _ => texts.flat_map(|text| wrapped(&escape::line(&text), width)).collect(),
    }
}

/// `text` broken between words, the continuation a little to the right.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let used = lines.last().map_or(0, |line| line.width());
        if used > 0 && used + 1 + word.width() > width {
            lines.push(format!("  {word}"));
        } else if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn summary(totals: &Totals) -> String {
    let [allowed, held, blocked] = [Verdict::Allow, Verdict::RequireApproval, Verdict::Block]
        .map(|verdict| totals.of(verdict));
    let mut text = format!(
        "\n{STRONG}{}:{STRONG:#} {GOOD}{allowed} allowed{GOOD:#}, {HELD}{held} held for a \
         person{HELD:#}, {BAD}{blocked} blocked{BAD:#}",
        counted(totals.actions(), "action"),
    );
    if totals.errors() > 0 {
        text.push_str(&format!(
            "; {BAD}{} could not be read{BAD:#}",
            counted(totals.errors(), "line")
        ));
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
    text.push_str(&format!("{FAINT}{}{FAINT:#}\n", legend(totals)));
    text
}

fn legend(totals: &Totals) -> String {
    let words = "hold: a person must approve it · block: it does not run";
    if totals.relaxed() == 0 {
        return words.to_owned();
    }
    let mode = totals.mode().map_or("shadow", Mode::as_str);
    format!(
        "{words} · allow (…): it would have been, but the mode is {mode}, so {} not stopped",
        match totals.relaxed() {
            1 => "one action was".to_owned(),
            count => format!("{count} actions were"),
        }
    )
}
