//! `POST /v1/policy/replay`

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use placet::{ClassName, Policy, Replayed, Replaying, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{File, read};
use crate::app::App;
use crate::auth::{Write, role};
use crate::limits::{ACTIONS_REPLAYED, MAX_ACTIONS_REPLAYED, PAUSE_BETWEEN_REPLAYS, REPLAY_TIME};
use crate::wire::decision::{ModeShape, VerdictShape};
use crate::wire::{Problem, body};

/// A candidate, and which of the actions that were decided it is tried on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Candidate)]
pub(crate) struct Candidate {
    /// The files of the policy: first the TOML file, then those with rules.
    #[schema(min_items = 1)]
    files: Vec<File>,
    /// At most so many: the newest. 1000, when nothing is said.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// Only those of this tenant.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    tenant: Option<TenantId>,
    /// Only those that fell into this class.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    class: Option<ClassName>,
    /// Only those from this time on.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    since: Option<Timestamp>,
}

/// What a policy would have made of the actions that were decided. Every verdict is the one before
/// the mode.
#[derive(Serialize, ToSchema)]
#[schema(as = Replay)]
pub(crate) struct ReplayShape {
    /// The digest of the candidate's files.
    #[schema(pattern = "^sha256:[0-9a-f]{64}$")]
    policy: String,
    /// Its mode.
    mode: ModeShape,
    /// How many actions were decided once more.
    replayed: u64,
    /// How many of them would come to a stricter verdict.
    tightened: u64,
    /// How many would come to a laxer one.
    loosened: u64,
    /// When the earliest that was looked at was decided.
    #[schema(format = DateTime, nullable = false)]
    from: Option<String>,
    /// When the latest was.
    #[schema(format = DateTime, nullable = false)]
    to: Option<String>,
    /// Whether there may be earlier ones beyond the limit.
    has_more: bool,
    /// How many could not be decided once more.
    left_out: LeftOutShape,
    /// How many of those that were had a secret in their params, which is its placeholder now.
    redacted: u64,
    /// Whether budgets look further back than what was counted; then one that was overrun counts as
    /// overrun still.
    budgets_incomplete: bool,
    /// What would change, by class: first what would be laxer, each with the most first.
    changes: Vec<VerdictChangeShape>,
    /// What this takes for granted.
    assumes: Vec<String>,
}

/// Actions that could not be decided once more.
#[derive(Serialize, ToSchema)]
#[schema(as = LeftOut)]
struct LeftOutShape {
    /// Their params were erased.
    erased: u64,
    /// They cannot be read.
    unreadable: u64,
}

/// The actions of a class that would come from one verdict to another.
#[derive(Serialize, ToSchema)]
#[schema(as = VerdictChange)]
struct VerdictChangeShape {
    /// The class that they fall into by the candidate; `null` where it does not know the tool.
    #[schema(required)]
    class: Option<String>,
    /// The verdict that they came to.
    before: VerdictShape,
    /// The verdict that they would come to.
    after: VerdictShape,
    /// How many there are.
    actions: u64,
    /// Some of them, the latest first.
    examples: Vec<ExampleShape>,
}

/// An action that would come to another verdict.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayedAction)]
struct ExampleShape {
    /// Its id.
    #[schema(pattern = "^act_")]
    id: String,
    /// When it was decided.
    #[schema(format = DateTime)]
    at: String,
    /// On whose behalf.
    tenant: String,
    /// The tool.
    tool: String,
    /// The first reason for the verdict that it came to.
    reason_before: String,
    /// The first reason for the verdict that it would come to.
    reason: String,
}

/// See what a policy would have made of the actions that were decided.
///
/// Nothing is recorded, permitted or installed. The newest decisions are made once more by the policy
/// that is sent, each with everything else as it was then; `assumes` says what that means. One replay
/// runs at a time.
#[utoipa::path(
    post,
    path = "/v1/policy/replay",
    operation_id = "replay_policy",
    tag = "policy",
    request_body = Candidate,
    responses((status = OK, body = ReplayShape)),
)]
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    write: Write<role::Operator>,
) -> Result<Json<Replayed>, Problem> {
    let turn = Arc::clone(&app.replays).try_acquire_owned().map_err(|_| {
        let detail = "another policy is being replayed; send this again when that is done";
        Problem::too_many(detail, PAUSE_BETWEEN_REPLAYS)
    })?;
    let replayed = app.blocking(move |_| -> Result<Replayed, Problem> {
        // It is over when the work is, whether or not anybody waits for it still.
        let _turn = turn;
        let (files, which) = asked(&write.body)?;
        let candidate = Policy::load(&files)?;
        let began = Instant::now();
        Ok(write.guard.replay(&candidate, &which, &|| began.elapsed() < REPLAY_TIME)?)
    });
    Ok(Json(replayed.await??))
}

fn asked(sent: &placet::Json) -> Result<(Vec<placet::PolicyFile>, Replaying), Problem> {
    let Candidate { files, limit, tenant, class, since } = body::typed(sent)?;
    let limit = limit.unwrap_or(ACTIONS_REPLAYED);
    if !(1..=MAX_ACTIONS_REPLAYED).contains(&limit) {
        let detail = format!("1 to {MAX_ACTIONS_REPLAYED} is expected");
        return Err(Problem::invalid_at("/limit", detail));
    }
    Ok((read(files)?, Replaying { limit, tenant, class, since }))
}
