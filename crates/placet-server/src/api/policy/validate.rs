//! `POST /v1/policy/validate`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{Diagnostic, Digest, Mode, Policy};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Files, files};
use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::Problem;
use crate::wire::decision::ModeShape;

/// What a policy would be worth.
#[derive(Serialize, ToSchema)]
#[schema(as = Validation)]
pub(crate) struct Validation {
    /// Whether it could be installed.
    valid: bool,
    /// The digest of its files; only where it could be installed.
    #[schema(value_type = Option<String>, nullable = false, pattern = "^sha256:[0-9a-f]{64}$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Digest>,
    /// Its mode.
    #[schema(value_type = Option<ModeShape>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
    /// How many classes of actions it knows.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<usize>,
    /// What is wrong with it, and what to write instead.
    #[schema(value_type = Vec<Finding>)]
    findings: Vec<Diagnostic>,
}

/// One thing that is wrong with a file.
#[derive(Serialize, ToSchema)]
#[schema(as = Diagnostic)]
struct Finding {
    /// `error` or `warning`.
    severity: String,
    /// The file.
    file: String,
    /// The line, from 1.
    line: usize,
    /// The column, in characters from 1.
    column: usize,
    /// How many characters it concerns.
    length: usize,
    /// What is wrong.
    message: String,
    /// What to write instead.
    remedy: String,
}

/// Check a policy without installing it.
#[utoipa::path(
    post,
    path = "/v1/policy/validate",
    operation_id = "validate_policy",
    tag = "policy",
    request_body = Files,
    responses((status = OK, body = Validation)),
)]
pub(crate) async fn validate(
    State(app): State<Arc<App>>,
    write: Write<role::Reader>,
) -> Result<Json<Validation>, Problem> {
    let loaded = app.blocking(move |_| files(&write.body).map(|files| Policy::load(&files)));
    Ok(Json(match loaded.await?? {
        Ok(policy) => sound(&policy),
        Err(errors) => Validation {
            valid: false,
            policy: None,
            mode: None,
            classes: None,
            findings: errors.iter().cloned().collect(),
        },
    }))
}

fn sound(policy: &Policy) -> Validation {
    let terms = policy.terms();
    Validation {
        valid: true,
        policy: Some(terms.policy),
        mode: Some(terms.mode),
        classes: Some(terms.classes.len()),
        findings: policy.warnings().iter().cloned().collect(),
    }
}
