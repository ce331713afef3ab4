//! `POST /v1/integrations`

use std::collections::BTreeSet;

use axum::Json;
use axum::http::StatusCode;
use placet::{AgentId, GuardError, KeyName, KeyScope, NewKey, PersonId, Rejection, TenantId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Credentials, ScopeShape};
use crate::auth::role::Role as _;
use crate::auth::{Write, role};
use crate::wire::{Problem, body};

/// An application that shall speak to the daemon.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewIntegration)]
pub(crate) struct New {
    /// What it is for.
    #[schema(value_type = String, min_length = 1, max_length = 512, example = "support")]
    name: KeyName,
    /// What it may do.
    #[schema(value_type = Vec<ScopeShape>, min_items = 1, example = json!(["agent"]))]
    scopes: BTreeSet<KeyScope>,
    /// The tenant it speaks for; that of the asker when not given.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    tenant: Option<TenantId>,
    /// The only agent it speaks for.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    agent: Option<AgentId>,
    /// The person it shall speak for. Only they themselves can have it made: in a session, or with
    /// another key of theirs.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    person: Option<PersonId>,
}

/// Create an integration.
///
/// The secret is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/v1/integrations",
    operation_id = "create_integration",
    tag = "integrations",
    request_body = New,
    responses((status = CREATED, body = Credentials)),
)]
pub(crate) async fn create(
    write: Write<role::Anyone>,
) -> Result<(StatusCode, Json<Credentials>), Problem> {
    // Whoever speaks for a person may have another key that does: that is judged with the command.
    if write.principal.key.person.is_none() {
        role::Admin::check(&write.principal.key)?;
    }
    let New { name, scopes, tenant, agent, person } = body::typed(&write.body)?;
    let tenant = match &write.principal.key.tenant {
        Some(_) => Some(write.principal.tenant(tenant)?),
        None => tenant,
    };
    let new = NewKey { name, tenant, agent, person, scopes };
    let made = write.guard.create_key(new, Some(&write.principal.secret)).await;
    let (secret, _) = made.map_err(|error| match error {
        GuardError::Rejected(unknown @ Rejection::UnknownPerson(_)) => {
            Problem::invalid_at("/person", unknown)
        }
        other => other.into(),
    })?;
    Ok((StatusCode::CREATED, Json(Credentials::new(&secret))))
}
