//! Everything that a person has to see of a held action, row by row.
//!
//! The rows are made from the frozen action alone: each leaf of the params is a row of its own, in
//! JSON, so that `"42"` and `42` do not look the same. What an agent wrote is labelled as its claim.
//! All text is safe to print, and what is not what it seems is spelled out and said to be. A value that is too long to be taken in at a glance says how long it
//! is and what its digest is, and whoever shows the rows decides whether it is folded.

use std::borrow::Cow;

use placet::{Json, Notice, Timestamp, Verdict};
use sha2::{Digest as _, Sha256};

use crate::escape;
use crate::place::{Held, Terms};

/// Longest value, in characters, that is shown as it is: three lines of a terminal.
pub(super) const MAX_SHOWN_CHARS: usize = 240;

/// Fields of an action with a place of their own, in their order; the rest follows.
const KNOWN: [&str; 8] =
    ["tool", "value", "tenant", "agent", "build", "user", "session", "enforce"];

/// How a row is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Faint,
    Held,
    Bad,
}

/// One thing to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) label: String,
    /// Safe to print, on one line.
    pub(super) text: String,
    pub(super) tone: Tone,
    /// Whether something of it is not what it seems, and is spelled out.
    pub(super) is_odd: bool,
    /// What stands for it when it is too long to be shown.
    pub(super) folded: Option<String>,
}

/// Rows that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) rows: Vec<Row>,
}

impl Row {
    fn new(label: &str, text: &str, tone: Tone) -> Self {
        Self::safe((label, escape::line(label)), (text, escape::line(text)), tone)
    }

    /// A value as JSON.
    fn json(label: &str, value: &Json) -> Self {
        let written = value.canonical();
        let safe = escape::json(&written);
        let chars = written.chars().count();
        let folded = (chars > MAX_SHOWN_CHARS).then(|| fold(value, &safe, chars));
        Self { folded, ..Self::safe((label, escape::line(label)), (&written, safe), Tone::Plain) }
    }

    /// A row of what is safe to print, with what it was made of: where they differ, words say so.
    fn safe(label: (&str, Cow<'_, str>), text: (&str, Cow<'_, str>), tone: Tone) -> Self {
        let row = Self {
            label: label.1.into_owned(),
            text: text.1.into_owned(),
            tone,
            is_odd: false,
            folded: None,
        };
        if row.label == label.0 && row.text == text.0 {
            return row;
        }
        let tone = if tone == Tone::Bad { Tone::Bad } else { Tone::Held };
        Self { tone, is_odd: true, ..row }
    }

    /// What is there to read while it is open, or folded.
    pub(super) fn shown(&self, is_open: bool) -> String {
        let text = self.folded.as_ref().filter(|_| !is_open).unwrap_or(&self.text);
        match self.is_odd {
            true => format!("{text} {}", escape::ODD),
            false => text.clone(),
        }
    }
}

/// What stands for a long value. The digest is that of a string itself, of all else as JSON.
fn fold(value: &Json, safe: &str, chars: usize) -> String {
    let digest = match value.as_str() {
        Some(text) => Sha256::digest(text.as_bytes()),
        None => Sha256::digest(value.canonical().as_bytes()),
    };
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let start: String = safe.chars().take(24).collect();
    format!("{start}… ({chars} characters, sha256:{digest})")
}

/// All there is to see.
pub(super) fn sections(held: &Held, now: Timestamp) -> Vec<Section> {
    let sections = [
        Section { title: "action", rows: action(held) },
        Section { title: "params", rows: leaves(held, "params") },
        Section { title: "the gate says", rows: notices(held) },
        Section { title: "the agent's claims", rows: claims(held) },
        Section { title: "inspection", rows: inspection(held) },
        Section { title: "why it is held", rows: findings(held) },
        Section { title: "approval", rows: approval(held, now) },
    ];
    sections.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

/// Until a deadline, as a clock counts down.
pub(super) fn left(deadline: Timestamp, now: Timestamp) -> String {
    let seconds = deadline.since(now).as_secs();
    match (seconds, deadline <= now) {
        (_, true) => "over".to_owned(),
        (0..60, _) => format!("{seconds}s"),
        (60..3_600, _) => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
    }
}

/// What somebody must write, field by field.
pub(super) fn asked(terms: &Terms) -> impl Iterator<Item = (&str, usize)> {
    let least = |place| if place == 0 { usize::from(terms.least_length.max(1)) } else { 1 };
    terms.fields.iter().enumerate().map(move |(place, field)| (field.as_str(), least(place)))
}

/// The whole digest, or what is there instead.
pub(super) fn digest(held: &Held) -> String {
    held.decision().digest.map_or_else(|| "erased".to_owned(), |digest| digest.to_string())
}

fn action(held: &Held) -> Vec<Row> {
    let Some(Json::Object(fields)) = held.action() else {
        return vec![Row::new(
            "erased",
            "nobody can see any more what this was; deny it",
            Tone::Bad,
        )];
    };
    let mut rows = Vec::new();
    if !held.is_genuine() {
        let text = "this is not what the digest names; do not approve it";
        rows.push(Row::new("forged", text, Tone::Bad));
    }
    for name in KNOWN {
        let Some(value) = fields.get(name) else { continue };
        let mut row = match value.as_str() {
            Some(text) if name != "value" => Row::new(name, text, Tone::Plain),
            _ => Row::json(name, value),
        };
        if name == "tool" && row.tone == Tone::Plain {
            row.tone = Tone::Strong;
        }
        rows.push(row);
    }
    let is_other =
        |name: &str| !KNOWN.contains(&name) && !["params", "context", "reason"].contains(&name);
    rows.extend(
        fields
            .iter()
            .filter(|(name, _)| is_other(name))
            .map(|(name, value)| Row::json(name, value)),
    );
    let decision = held.decision();
    let risk = decision.risk.map_or("unknown", |risk| risk.as_str());
    rows.push(Row::new("risk", risk, Tone::Held));
    let class = decision
        .class
        .as_ref()
        .map_or("none: the policy does not know the tool", |class| class.as_str());
    rows.push(Row::new("class", class, Tone::Plain));
    if let Some(autonomy) = decision.autonomy {
        rows.push(Row::new("autonomy", autonomy.as_str(), Tone::Plain));
    }
    if let Some(replaces) = decision.replaces {
        rows.push(Row::new("replaces", &replaces.to_string(), Tone::Plain));
    }
    rows
}

/// Each leaf of a field, by its pointer.
fn leaves(held: &Held, field: &str) -> Vec<Row> {
    let value = held.action().and_then(|action| action.as_object()?.get(field));
    value.map(leaves_of).unwrap_or_default()
}

fn leaves_of(value: &Json) -> Vec<Row> {
    let mut rows = Vec::new();
    value.walk(|pointer, value| {
        let is_branch = match value {
            Json::Array(items) => !items.is_empty(),
            Json::Object(fields) => !fields.is_empty(),
            _ => false,
        };
        if !is_branch {
            let label = if pointer.is_root() { "(all)" } else { pointer.as_str() };
            rows.push(Row::json(label, value));
        }
    });
    rows
}

/// What the gate itself found, and below each what others wrote that led it there.
fn notices(held: &Held) -> Vec<Row> {
    let notices = held.evidence().map(Notice::all).unwrap_or_default();
    let rows = notices.into_iter().flat_map(|notice| {
        let said = Row::new("notice", &notice.reason, Tone::Bad);
        let details = Json::Object(notice.details);
        let is_any = details.as_object().is_some_and(|details| !details.is_empty());
        let details = if is_any { leaves_of(&details) } else { Vec::new() };
        std::iter::once(said).chain(details)
    });
    rows.collect()
}

fn claims(held: &Held) -> Vec<Row> {
    let reason = held.text("reason").map(|reason| Row {
        label: "reason".to_owned(),
        ..Row::json("reason", &Json::String(reason.to_owned()))
    });
    reason.into_iter().chain(leaves(held, "context")).collect()
}

fn inspection(held: &Held) -> Vec<Row> {
    let Some(Json::Object(seen)) = held.evidence() else { return Vec::new() };
    let list = |name: &str| seen.get(name).and_then(Json::as_array).unwrap_or_default();
    let text = |item: &Json, field: &str| {
        item.as_object().and_then(|item| item.get(field)?.as_str()).unwrap_or_default().to_owned()
    };
    let mut rows = Vec::new();
    for item in list("evidence") {
        let (at, reason) = (text(item, "pointer"), text(item, "reason"));
        rows.push(Row::new(&text(item, "effect"), &place(&at, &reason), Tone::Plain));
    }
    for (name, label) in [
        ("confusables", "looks like another"),
        ("sensitive", "sensitive"),
        ("uninspectable", "cannot be inspected"),
    ] {
        for item in list(name) {
            let (at, reason) = (text(item, "pointer"), text(item, "reason"));
            rows.push(Row::new(label, &place(&at, &reason), Tone::Bad));
        }
    }
    rows
}

fn place(pointer: &str, reason: &str) -> String {
    if pointer.is_empty() { reason.to_owned() } else { format!("{pointer}: {reason}") }
}

fn findings(held: &Held) -> Vec<Row> {
    let row = |finding: &placet::Finding| {
        let tone = match finding.verdict {
            Verdict::Allow => Tone::Faint,
            Verdict::RequireApproval => Tone::Held,
            Verdict::Block => Tone::Bad,
        };
        Row::new(&finding.check.to_string(), &finding.reason, tone)
    };
    held.decision().findings.iter().map(row).collect()
}

fn approval(held: &Held, now: Timestamp) -> Vec<Row> {
    let (terms, decision) = (held.terms(), held.decision());
    let mut rows = vec![
        Row::new("approval", &terms.id.to_string(), Tone::Plain),
        Row::new("action", &decision.id.to_string(), Tone::Plain),
        Row::new("digest", &digest(held), Tone::Plain),
        Row::new(
            "entry",
            &format!("{} of the log, at {}", decision.log_index, decision.at),
            Tone::Faint,
        ),
        Row::new(
            "deadline",
            &format!("{} left, until {}", left(terms.deadline, now), terms.deadline),
            Tone::Held,
        ),
        Row::new("people", &people(held), Tone::Plain),
    ];
    for (field, least) in asked(terms) {
        let least =
            if least == 1 { String::new() } else { format!(", at least {least} characters") };
        rows.push(Row::new("must be written", &format!("{field}{least}"), Tone::Plain));
    }
    rows
}

fn people(held: &Held) -> String {
    let terms = held.terms();
    let groups = match terms.groups.is_empty() {
        true => String::new(),
        false => format!(" of {}", terms.groups.join(" or ")),
    };
    let signed: Vec<&str> = held.signed().iter().map(|person| person.as_str()).collect();
    let signed = if signed.is_empty() { "nobody yet".to_owned() } else { signed.join(", ") };
    format!("{} must sign off{groups}; signed by {signed}", terms.quorum)
}
