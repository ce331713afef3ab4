//! `POST /v1/warrants/redeem`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{ActionId, Guard, Json as Value, Object, ToolName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Write, role};
use crate::wire::{Problem, body};

/// A warrant, and the call that it is shown for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Redemption)]
pub(crate) struct Redemption {
    /// The warrant, exactly as it was given.
    #[schema(max_length = 8192)]
    warrant: String,
    /// The tool that is about to be called.
    #[schema(value_type = String, min_length = 1, max_length = 512)]
    tool: ToolName,
    /// The params that it is about to be called with.
    #[serde(default)]
    #[schema(value_type = Option<Object>, nullable = false)]
    params: Option<Value>,
}

/// A spent warrant: this may run now, once.
#[derive(Serialize, ToSchema)]
#[schema(as = Redeemed)]
pub(crate) struct Redeemed {
    /// The action.
    #[schema(value_type = String, pattern = "^act_")]
    id: ActionId,
    /// The tool.
    #[schema(value_type = String)]
    tool: ToolName,
    /// The frozen params.
    #[schema(value_type = Object)]
    params: Value,
}

/// Spend a warrant.
///
/// At the tip of the log: once, not after it expired, not under a kill switch that was tripped
/// since, and not for another call than the one that was decided on. Run exactly the params of the
/// answer.
#[utoipa::path(
    post,
    path = "/v1/warrants/redeem",
    operation_id = "redeem_warrant",
    tag = "warrants",
    request_body = Redemption,
    responses((status = OK, body = Redeemed)),
)]
pub(crate) async fn redeem(
    State(app): State<Arc<App>>,
    write: Write<role::Agent>,
) -> Result<Json<Redeemed>, Problem> {
    let Redemption { warrant, tool, params } = body::typed(&write.body)?;
    let params = match params {
        None => Object::default(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(Problem::invalid_at("/params", "an object is expected")),
    };
    let tenant = write.principal.key.tenant;
    let read = move |guard: &Guard| guard.shown(&warrant, tenant.as_ref(), &tool, &params);
    let shown = app.blocking(read).await??;
    let spent = write.guard.redeem_shown(shown).await?;
    Ok(Json(Redeemed { id: spent.id, tool: spent.tool, params: Value::Object(spent.params) }))
}
