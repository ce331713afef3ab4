//! What every request passes before its endpoint, and every answer after it.

mod headers;
mod source;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::TRANSFER_ENCODING;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::Principal;
use crate::telemetry::Exchange;
use crate::wire::Problem;
pub(crate) use source::Source;

/// Lets a request in, or not; notes who sends it; and writes one line about what came of it.
pub(crate) async fn cross(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut exchange = Exchange::begin(&mut request);
    let admitted = admit(&app, &mut request, &mut exchange);
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    headers::secure(response.headers_mut());
    exchange.end(&app, &mut response);
    response
}

fn admit(app: &App, request: &mut Request, exchange: &mut Exchange) -> Result<(), Problem> {
    // A body framed in two ways is two requests to two readers. We have one way.
    if request.headers().contains_key(TRANSFER_ENCODING) {
        return Err(Problem::no_length());
    }
    app.source.check(request)?;
    let principal = Principal::identify(request.headers(), &app.guard);
    if let Ok(principal) = &principal {
        exchange.by(principal);
        app.admit(principal.caller.key)?;
        app.telemetry.seen(principal.caller.key);
    }
    // What is open to everyone does not look at it.
    request.extensions_mut().insert(principal);
    Ok(())
}
