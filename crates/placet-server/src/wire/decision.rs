//! The shapes of an action and of its decision, for the description of the API.
//!
//! The engine reads and writes them itself, in the same shape for HTTP, the command and the hooks;
//! here they are only described. The tests hold every answer against this description.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One proposed call.
#[derive(Deserialize, ToSchema)]
#[schema(as = Action)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes what the engine reads")]
pub(crate) struct ActionShape {
    /// The tool's whole name.
    #[schema(min_length = 1, max_length = 512, example = "issue_refund")]
    tool: String,
    /// The arguments of the call.
    #[schema(value_type = Option<Object>, nullable = false, example = json!({"order": "o-1", "amount": "42.00", "currency": "USD"}))]
    params: Option<serde_json::Value>,
    /// On whose behalf; the key's tenant when not given.
    #[schema(nullable = false, min_length = 1, max_length = 512)]
    tenant: Option<String>,
    /// The software that asks; the key's agent when not given.
    #[schema(nullable = false, min_length = 1, max_length = 512)]
    agent: Option<String>,
    /// The version of that software.
    #[schema(nullable = false, min_length = 1, max_length = 512)]
    build: Option<String>,
    /// The conversation or task.
    #[schema(nullable = false, min_length = 1, max_length = 512)]
    session: Option<String>,
    /// The person for whom the agent acts.
    #[schema(nullable = false, min_length = 1, max_length = 512)]
    user: Option<String>,
    /// The agent's own explanation.
    #[schema(nullable = false, max_length = 16384)]
    reason: Option<String>,
    /// Anything else that shall be on record.
    #[schema(value_type = Option<Object>, nullable = false)]
    context: Option<serde_json::Value>,
    /// The value, where the policy does not name the param that carries it: a decimal as a string.
    /// An action with anything else here is decided on too, and blocked.
    #[schema(value_type = serde_json::Value, required = false, example = "42.00")]
    value: Option<serde_json::Value>,
    /// Asks to be held to the decision whatever the mode.
    #[schema(nullable = false)]
    enforce: Option<bool>,
}

/// What was decided on an action.
#[derive(Serialize, ToSchema)]
#[schema(as = Decision)]
pub(crate) struct DecisionShape {
    /// The action's id; only where it was recorded.
    #[schema(
        nullable = false,
        pattern = "^act_",
        example = "act_0198c2f4-5b1c-7d2e-8a3f-1b2c3d4e5f60"
    )]
    id: Option<String>,
    /// The digest of the frozen action; gone once its payload is erased.
    #[schema(nullable = false, pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Option<String>,
    /// What the caller must obey.
    verdict: VerdictShape,
    /// What the verdict would have been, where the mode changed it.
    #[schema(nullable = false)]
    would_have: Option<VerdictShape>,
    /// The policy's mode.
    mode: ModeShape,
    /// The class of the tool; null when the policy does not know it.
    #[schema(required)]
    class: Option<String>,
    /// How much harm the class can do.
    #[schema(required)]
    risk: Option<RiskShape>,
    /// What the class has earned.
    #[schema(required)]
    autonomy: Option<AutonomyShape>,
    /// All that held it, and what let it pass.
    findings: Vec<FindingShape>,
    /// The policy that it was decided under.
    #[schema(pattern = "^sha256:[0-9a-f]{64}$")]
    policy: String,
    /// When; only where it was recorded.
    #[schema(nullable = false, format = DateTime)]
    at: Option<String>,
    /// Its place in the log; only where it was recorded.
    #[schema(nullable = false)]
    log_index: Option<u64>,
    /// What it waits for, when it is held.
    #[schema(nullable = false)]
    approval: Option<ApprovalShape>,
    /// The action in whose place a person put this one.
    #[schema(nullable = false, pattern = "^act_")]
    replaces: Option<String>,
    /// The permission to run it, once: a JWT. Only for a key that may propose, while it is allowed.
    #[schema(nullable = false)]
    warrant: Option<String>,
}

/// What the caller must obey.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdict, rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what the engine writes")]
pub(crate) enum VerdictShape {
    Allow,
    RequireApproval,
    Block,
}

/// Whether decisions bind.
#[derive(Serialize, ToSchema)]
#[schema(as = Mode, rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what the engine writes")]
pub(crate) enum ModeShape {
    Shadow,
    Sample,
    Enforce,
}

/// How much harm a class can do.
#[derive(Serialize, ToSchema)]
#[schema(as = RiskTier, rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what the engine writes")]
pub(crate) enum RiskShape {
    Read,
    ReversibleWrite,
    Consequential,
}

/// What a class has earned.
#[derive(Serialize, ToSchema)]
#[schema(as = AutonomyState, rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what the engine writes")]
pub(crate) enum AutonomyShape {
    Manual,
    Supervised,
    Autonomous,
}

/// One check's verdict with its reason.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct FindingShape {
    /// Which check.
    check: String,
    /// What it says.
    verdict: VerdictShape,
    /// Why.
    reason: String,
}

/// What a held action waits for.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
pub(crate) struct ApprovalShape {
    /// Its id.
    #[schema(pattern = "^apr_")]
    id: String,
    /// At this time the answer is no.
    #[schema(format = DateTime)]
    deadline: String,
    /// How many people must sign off.
    quorum: u8,
    /// What each of them must write. The first is their statement.
    fields: Vec<String>,
    /// Groups of which each of them must be in one.
    #[schema(required = false)]
    groups: Vec<String>,
    /// The least length of the statement, in characters that show.
    least_length: u16,
    /// Where people answer it, relative to the daemon's address.
    #[schema(nullable = false)]
    url: Option<String>,
}
