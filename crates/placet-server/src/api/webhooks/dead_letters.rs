//! `GET /v1/webhooks/dead-letters`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Read, role};
use crate::webhooks::DeadLetter;

/// Announcements that could not be delivered, the oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetters)]
pub(crate) struct Letters {
    dead_letters: Vec<DeadLetter>,
}

/// List the announcements that could not be delivered.
///
/// The last thousand, also from before the daemon started; where there are more, the oldest goes of the
/// receiver and the tenant that have most. What they were about is in the log; those that still wait for
/// people are announced again when the daemon starts.
#[utoipa::path(
    get,
    path = "/v1/webhooks/dead-letters",
    operation_id = "list_dead_letters",
    tag = "daemon",
    responses((status = OK, body = Letters)),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, _: Read<role::Overseer>) -> Json<Letters> {
    Json(Letters { dead_letters: app.dead_letters.list() })
}
