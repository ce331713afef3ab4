//! What the program that embeds a guard says of a call by its own word.
//!
//! What an agent says of its call stands in the action, as its claim. A program that stands between an
//! agent and its tools knows more: that a tool has changed, that a call touches what the gate depends on.
//! That is kept with what inspection saw, beside the frozen action and bound to the same entry of the
//! log, and whoever is asked is shown it as the word of the gate. It can only be said in the process of
//! the guard: nothing that comes over the wire is taken for it.

use placet_core::event::ActionPayload;
use placet_core::json::Object;
use placet_core::{Json, Pepper};
use placet_policy::redact::Redactor;

/// Under which name it stands beside what inspection saw.
const GATE: &str = "gate";

/// One thing that the program that embeds a guard says of a call by its own word.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What it is, in words of the program itself.
    pub reason: String,
    /// What it saw, as others wrote it: for whoever wants to look closer.
    pub details: Object,
}

impl Notice {
    /// A notice without details.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), details: Object::new() }
    }

    /// The notice in the form in which it is kept.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut fields = Object::new();
        if !self.details.is_empty() {
            fields.insert("details".to_owned(), Json::Object(self.details.clone()));
        }
        fields.insert("reason".to_owned(), Json::String(self.reason.clone()));
        Json::Object(fields)
    }

    fn read(json: &Json) -> Option<Self> {
        let fields = json.as_object()?;
        let details = fields.get("details").and_then(Json::as_object).cloned();
        let reason = fields.get("reason")?.as_str()?.to_owned();
        Some(Self { reason, details: details.unwrap_or_default() })
    }

    /// What the gate said, of what is kept beside an action.
    #[must_use]
    pub fn all(evidence: &Json) -> Vec<Self> {
        let said = evidence.as_object().and_then(|all| all.get(GATE)?.as_array());
        said.unwrap_or_default().iter().filter_map(Self::read).collect()
    }

    /// Puts notices beside a frozen action, without the secrets in them.
    pub(crate) fn add(notices: &[Self], payload: &mut ActionPayload, pepper: &Pepper) {
        let Json::Object(evidence) = &mut payload.evidence else { return };
        if notices.is_empty() {
            return;
        }
        let said = notices.iter().map(Self::to_json).collect();
        let mut fields = Object::new();
        fields.insert(GATE.to_owned(), Json::Array(said));
        Redactor::default().redact(&mut fields, &[], pepper);
        if let Some(said) = fields.remove(GATE) {
            evidence.insert(GATE.to_owned(), said);
        }
    }
}
