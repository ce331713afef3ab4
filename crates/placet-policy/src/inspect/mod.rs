//! Inspection: what a call does, not what it is called.
//!
//! An agent may name a tool anything and put anything into its arguments. So a call is looked at
//! from every side: the words of its name, what its server says about it, the names of its
//! parameters, and the arguments themselves, with real parsers for SQL and shell. Each look adds
//! [`Evidence`]; together they make an [`Inspection`].
//!
//! `run_query` with `SELECT 1` is proven to read, by its SQL. `get_report` with
//! `{"sql": "DROP TABLE t"}` deletes, whatever its name says. `frobnicate` proves nothing, and what
//! is not proven to read must be treated as if it did not.
//!
//! Everything here is a pure function of the call. Its cost is bounded by the named limits of each
//! module; what lies beyond a limit is reported as uninspectable, never skipped.

mod argument;
mod effect;
mod expression;
mod fold;
mod http;
mod keys;
mod lexicon;
mod lexicon_words;
mod name;
mod order;
mod patch;
mod path;
mod question;
mod record;
mod shell;
mod sql;
mod sql_words;
mod stack;
mod switch;
mod tokens;
mod tool;
mod walk;

use placet_core::RiskTier;
use placet_core::json::Object;
use serde::Serialize;

pub use effect::{Concern, Effect, Effects, Evidence, Inspection, Source, Weight};
pub use fold::{disguised, fold as look};

pub(crate) use tool::Tool;

use walk::Walk;

/// A tool call to be inspected.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The tool's whole name.
    pub tool: &'a str,
    /// Its params.
    pub params: &'a Object,
    /// What the tool's server says about it.
    pub annotations: Option<&'a Annotations>,
}

/// The hints of an MCP tool. They are the server's own claim: they tighten, and they prove a read
/// only when somebody who may has said that this server is to be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    /// `readOnlyHint`.
    pub read_only: Option<bool>,
    /// `destructiveHint`.
    pub destructive: Option<bool>,
    /// `openWorldHint`.
    pub open_world: Option<bool>,
    /// Whether the policy trusts the server.
    pub trusted: bool,
}

/// How sure a classification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It follows from what was inspected.
    Proven,
    /// There is evidence, though another call of the tool may do something else.
    Likely,
    /// Nothing is known about the tool, so the strictest tier is suggested.
    Unknown,
}

/// A suggestion for a tool's class, with the inspection that it rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Classification {
    /// The tool's whole name.
    pub tool: String,
    /// The tier that this call would need.
    pub risk: RiskTier,
    /// How sure that is.
    pub confidence: Confidence,
    /// What was found.
    #[serde(flatten)]
    pub inspection: Inspection,
}

/// Looks at a call from every side.
pub fn inspect(call: &Call<'_>) -> Inspection {
    inspect_as(&Tool::read(call.tool), call)
}

/// Looks at a call of a tool whose name was read before.
pub(crate) fn inspect_as(tool: &Tool, call: &Call<'_>) -> Inspection {
    let mut inspection = Inspection::default();
    tool.note_characters(&mut inspection);
    Walk::new(tool, &mut inspection).params(call.params);
    tool.note_words(&mut inspection);
    if let Some(annotations) = call.annotations {
        add_annotations(annotations, &mut inspection);
    }
    inspection
}

/// Inspects a call and suggests the tier of its class.
///
/// A proven read is `Read`. What only writes is `ReversibleWrite`. Everything else, and whatever
/// nothing is known about, is `Consequential`.
pub fn classify(call: &Call<'_>) -> Classification {
    let inspection = inspect(call);
    let (risk, confidence) = suggestion(&inspection);
    Classification { tool: call.tool.to_owned(), risk, confidence, inspection }
}

fn suggestion(inspection: &Inspection) -> (RiskTier, Confidence) {
    let mut acts = inspection.effects().iter().filter(|effect| *effect != Effect::Reads);
    if inspection.is_proven_read() {
        (RiskTier::Read, Confidence::Proven)
    } else if inspection.effects().is_empty() || inspection.effects().is_only_reads() {
        (RiskTier::Consequential, Confidence::Unknown)
    } else if acts.all(|effect| effect == Effect::Writes) && inspection.uninspectable().is_empty() {
        (RiskTier::ReversibleWrite, Confidence::Likely)
    } else {
        (RiskTier::Consequential, Confidence::Likely)
    }
}

/// Every hint counts against the call at once; the one in its favour only from a trusted server.
fn add_annotations(annotations: &Annotations, inspection: &mut Inspection) {
    let mut add = |effect, reason: &str, weight| {
        let (pointer, reason) = (String::new(), reason.to_owned());
        inspection.add(Evidence { effect, source: Source::Annotation, pointer, reason, weight });
    };
    match annotations.read_only {
        Some(true) if annotations.trusted => {
            add(Effect::Reads, "its trusted server says that it only reads", Weight::Proof);
        }
        Some(true) => add(Effect::Reads, "its server says that it only reads", Weight::Claim),
        Some(false) => {
            add(Effect::Writes, "its server says that it does not only read", Weight::Claim);
        }
        None => {}
    }
    if annotations.destructive == Some(true) && annotations.read_only != Some(true) {
        add(Effect::Deletes, "its server says that it may destroy", Weight::Claim);
    }
}
