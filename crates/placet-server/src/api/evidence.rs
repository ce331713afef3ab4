//! `POST /v1/evidence`

use axum::Json;
use axum::http::StatusCode;
use placet::{AutonomyState, BuildId, ClassName, Evidence, SourceName, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{Write, role};
use crate::wire::decision::AutonomyShape;
use crate::wire::{Problem, body};

/// Samples of how a class of actions turned out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Evidence)]
pub(crate) struct Report {
    /// For whom; the key's tenant when not given.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    tenant: Option<TenantId>,
    /// About which class.
    #[schema(value_type = String, example = "issue_refund", min_length = 1, max_length = 512)]
    class: ClassName,
    /// About which version of the agent.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    build: Option<BuildId>,
    /// Who measured.
    #[schema(value_type = String, example = "nightly-evals", min_length = 1, max_length = 512)]
    source: SourceName,
    /// Whether the samples were made to break the agent.
    #[serde(default)]
    adversarial: bool,
    /// How many samples passed.
    passed: u64,
    /// How many failed.
    failed: u64,
}

/// What the report led to.
#[derive(Serialize, ToSchema)]
#[schema(as = Reported)]
pub(crate) struct Taken {
    /// The class.
    #[schema(value_type = String)]
    class: ClassName,
    /// The entry that holds the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
    /// The step up or down that the class took because of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    step: Option<Step>,
}

/// A step of a class on its ladder.
#[derive(Serialize, ToSchema)]
struct Step {
    /// From this state.
    #[schema(value_type = AutonomyShape)]
    from: AutonomyState,
    /// To this one.
    #[schema(value_type = AutonomyShape)]
    to: AutonomyState,
}

/// Report evidence.
#[utoipa::path(
    post,
    path = "/v1/evidence",
    operation_id = "report_evidence",
    tag = "autonomy",
    request_body = Report,
    responses((status = CREATED, body = Taken)),
)]
pub(crate) async fn report(
    write: Write<role::Admin>,
) -> Result<(StatusCode, Json<Taken>), Problem> {
    let report: Report = body::typed(&write.body)?;
    let class = report.class.clone();
    let evidence = Evidence {
        tenant: write.principal.tenant(report.tenant)?,
        class: report.class,
        build: report.build,
        source: report.source,
        adversarial: report.adversarial,
        passed: report.passed,
        failed: report.failed,
    };
    let reported = write.guard.report(evidence).await?;
    let step = reported.step.map(|step| Step { from: step.from, to: step.to });
    let log_index = reported.change.log_index;
    Ok((StatusCode::CREATED, Json(Taken { class, log_index, step })))
}
