//! `DELETE /v1/people/{person}`

use axum::Json;
use placet::PersonId;

use super::Changed;
use crate::auth::{Write, own, role};
use crate::wire::{Path, Problem};

/// Let somebody not sign in any more, at once.
///
/// Their sessions end, and the keys that speak for them.
#[utoipa::path(
    delete,
    path = "/v1/people/{person}",
    operation_id = "remove_person",
    tag = "people",
    params(("person" = String, Path, description = "their name, percent-encoded", example = "ana")),
    responses((status = OK, body = Changed)),
)]
pub(crate) async fn remove(
    Path(person): Path<String>,
    write: Write<role::Admin>,
) -> Result<Json<Changed>, Problem> {
    let person: PersonId = person.parse().map_err(Problem::missing)?;
    let person = own::person(write.guard.log().state().people(), &write.principal, person)?;
    let change = write.guard.remove_person(person).await?;
    Ok(Json(Changed { log_index: change.log_index }))
}
