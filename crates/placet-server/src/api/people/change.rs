//! `PUT /v1/people/{person}`

use std::collections::BTreeSet;

use axum::Json;
use placet::{GroupName, KeyScope, PersonId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Changed, Role};
use crate::auth::{Write, own, role};
use crate::wire::{Path, Problem, body};

/// What somebody may do from here on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonPowers)]
pub(crate) struct Powers {
    /// What they may do.
    #[schema(value_type = Vec<Role>, min_items = 1, example = json!(["approver", "auditor"]))]
    roles: BTreeSet<Role>,
    /// The groups that they are in; none when not given.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["finance"]))]
    groups: BTreeSet<GroupName>,
}

/// Change what somebody may do.
///
/// It holds at once, in their sessions and for the keys that speak for them.
#[utoipa::path(
    put,
    path = "/v1/people/{person}",
    operation_id = "change_person",
    tag = "people",
    params(("person" = String, Path, description = "their name, percent-encoded", example = "ana")),
    request_body = Powers,
    responses((status = OK, body = Changed)),
)]
pub(crate) async fn change(
    Path(person): Path<String>,
    write: Write<role::Admin>,
) -> Result<Json<Changed>, Problem> {
    let Powers { roles, groups } = body::typed(&write.body)?;
    let person: PersonId = person.parse().map_err(Problem::missing)?;
    let person = own::person(write.guard.log().state().people(), &write.principal, person)?;
    let roles: BTreeSet<KeyScope> = roles.into_iter().map(KeyScope::from).collect();
    let change = write.guard.change_person(person, roles, groups).await?;
    Ok(Json(Changed { log_index: change.log_index }))
}
