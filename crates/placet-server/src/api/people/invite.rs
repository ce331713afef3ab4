//! `POST /v1/people`

use std::collections::BTreeSet;

use axum::Json;
use axum::http::StatusCode;
use placet::{GroupName, KeyScope, NewPerson, PersonId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;
use crate::auth::{Write, role};
use crate::wire::{Problem, body};

/// Somebody who shall be able to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPerson)]
pub(crate) struct New {
    /// The name by which they sign in.
    #[schema(value_type = String, min_length = 1, max_length = 512, example = "ana")]
    person: PersonId,
    /// What they may do.
    #[schema(value_type = Vec<Role>, min_items = 1, example = json!(["approver"]))]
    roles: BTreeSet<Role>,
    /// The groups that they are in.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["finance"]))]
    groups: BTreeSet<GroupName>,
    /// The tenant that they belong to; that of the asker when not given.
    #[serde(default, deserialize_with = "body::present")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    tenant: Option<TenantId>,
}

/// An invitation, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct Invitation {
    /// Who is invited.
    #[schema(value_type = String)]
    person: PersonId,
    /// What they show to set a password, once: on the page `/console/enrol`, behind the `#`.
    #[schema(pattern = "^pli_")]
    token: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
    /// The entry that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
}

/// Invite somebody, for the first time or again.
///
/// The token is in this answer and nowhere else. Whoever has a password already loses it, and their
/// sessions end.
#[utoipa::path(
    post,
    path = "/v1/people",
    operation_id = "invite_person",
    tag = "people",
    request_body = New,
    responses((status = CREATED, body = Invitation)),
)]
pub(crate) async fn invite(
    write: Write<role::Admin>,
) -> Result<(StatusCode, Json<Invitation>), Problem> {
    let New { person, roles, groups, tenant } = body::typed(&write.body)?;
    let tenant = match &write.principal.key.tenant {
        Some(_) => Some(write.principal.tenant(tenant)?),
        None => tenant,
    };
    let roles: BTreeSet<KeyScope> = roles.into_iter().map(KeyScope::from).collect();
    let new = NewPerson { person: person.clone(), tenant, roles, groups };
    let invited = write.guard.invite(new, Some(&write.principal.secret)).await?;
    let token = invited.token.danger_text().to_string();
    let log_index = invited.change.log_index;
    let invitation = Invitation { person, token, expires: invited.expires, log_index };
    Ok((StatusCode::CREATED, Json(invitation)))
}
