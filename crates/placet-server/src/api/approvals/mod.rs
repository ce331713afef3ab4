//! Approvals: held actions, and what people answer.

pub(super) mod list;
pub(super) mod resolve;
pub(super) mod show;
pub(super) mod withdraw;

pub(crate) use resolve::answer;

use placet::{ApprovalId, Resolution};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::actions::show::StatusWord;
use crate::wire::Problem;
use crate::wire::decision::{ActionShape, DecisionShape};

/// A held action.
#[derive(ToSchema)]
#[schema(as = Pending)]
#[expect(dead_code, reason = "it describes what the engine writes")]
struct HeldShape {
    /// The decision.
    decision: DecisionShape,
    /// The frozen action, its secrets replaced; gone once it is erased.
    #[schema(nullable = false)]
    action: Option<ActionShape>,
    /// What inspection saw in it; in `gate`, what a gateway or hook with a log of its own says of it.
    #[schema(value_type = Option<Object>, nullable = false)]
    evidence: Option<serde_json::Value>,
    /// Who has signed off so far.
    signed: Vec<String>,
    /// Recognises the call: whatever asks for the same tool with the same params, on behalf of the
    /// same tenant, has the same.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    call: String,
    /// How many wait that ask for the same call, this one included.
    #[schema(minimum = 1)]
    identical: usize,
}

/// What an answer led to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResolveOutcome)]
#[expect(dead_code, reason = "it describes what the engine writes")]
enum OutcomeShape {
    Resolved,
    AlreadyResolved,
    Expired,
    Unknown,
}

/// What an answer led to. The first answer wins; a second one changes nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = Resolution)]
pub(super) struct Resolved {
    /// What the answer led to.
    #[schema(value_type = OutcomeShape)]
    outcome: &'static str,
    /// What the answer made of the action, or, where it came too late, what had ended the wait. It
    /// stays pending until enough people have signed off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<StatusWord>, nullable = false)]
    status: Option<&'static str>,
}

impl From<Resolution> for Resolved {
    fn from(resolution: Resolution) -> Self {
        let status = resolution.status().map(|status| status.as_str());
        Self { outcome: resolution.as_str(), status }
    }
}

/// An id that was never given names nothing, whatever is wrong with it.
fn id(text: &str) -> Result<ApprovalId, Problem> {
    text.parse().map_err(Problem::missing)
}
