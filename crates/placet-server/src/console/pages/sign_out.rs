//! `/console/sign-out`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::super::cookie;
use super::super::fault::{Fault, go};
use super::super::form::Submitted;
use crate::app::App;
use crate::auth::role::Anyone;

pub(super) async fn submit(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Submitted<Anyone>,
) -> Result<Response, Fault> {
    form.guard.sign_out().await?;
    let mut response = go("/console/sign-in");
    let end = cookie::end(&headers, app.config.tls.is_some());
    response.headers_mut().insert(SET_COOKIE, end);
    Ok(response)
}
