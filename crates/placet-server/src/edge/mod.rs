//! What every request passes before its endpoint, and every answer after it.

mod caught;
mod cors;
mod headers;
mod names;
mod query;
mod source;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use placet::{ApiKey, KeyScope};

use crate::app::App;
use crate::auth::{Asking, Principal, on_behalf_of};
use crate::connection::{Carrier, Peer};
use crate::console;
use crate::gone;
use crate::telemetry::Exchange;
use crate::wire::Problem;
pub(crate) use names::ends_in_number;
pub use names::{NameError, check_host, check_origin};
pub(crate) use query::{Queries, refuse_stray};
pub(crate) use source::Source;

/// Answers a request. What may change something is worked on to its end, whether or not its client waits
/// for that.
pub(crate) async fn cross(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return answer(app, request, next).await;
    }
    let places = Arc::clone(&app.left_behind);
    gone::to_its_end(&places, answer(app, request, next)).await
}

/// Lets a request in, or not; notes who sends it; and writes one line about what came of it.
async fn answer(app: Arc<App>, mut request: Request, next: Next) -> Response {
    let mut exchange = Exchange::begin(&app, &mut request);
    let page = app.source.page_of_another(&request);
    let answer = async {
        match framed(&request) {
            Ok(()) => match admit(&app, &mut request, &mut exchange) {
                Ok(()) if page.is_some() && cors::asks_leave(&request) => cors::leave(),
                Ok(()) => on_behalf_of(asking(&exchange), next.run(request)).await,
                Err(problem) => problem.into_response(),
            },
            Err(problem) => last(problem),
        }
    };
    let mut response = caught::caught(answer).await;
    headers::secure(response.headers_mut(), app.config.tls.is_some());
    if app.source.has_others() {
        cors::show(response.headers_mut(), page);
    }
    exchange.end(&mut response);
    response
}

fn asking(exchange: &Exchange) -> Asking {
    if exchange.is_known() { Asking::known(exchange.tenant()) } else { Asking::Stranger }
}

/// A body framed in two ways is two requests to two readers. We have one way.
fn framed(request: &Request) -> Result<(), Problem> {
    if request.headers().contains_key(TRANSFER_ENCODING) {
        return Err(Problem::no_length());
    }
    Ok(())
}

/// An answer after which the connection is closed: nobody knows where the next request begins.
fn last(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn admit(app: &App, request: &mut Request, exchange: &mut Exchange) -> Result<(), Problem> {
    app.source.check(request)?;
    path(request.uri().path())?;
    let principal = if console::is_page(request.uri().path()) {
        console::identify(request.headers(), &app.guard, app.config.tls.is_some())
    } else {
        Principal::identify(request.headers(), &app.guard)
    };
    let carrier = request.extensions().get::<Carrier>();
    if let Ok(principal) = &principal {
        exchange.by(principal);
        let tenant = principal.key.tenant.as_ref();
        let has_place = carrier.map_or(Ok(()), |carrier| carrier.admit_known(tenant));
        let of_people = is_of_people(request, &principal.key);
        app.rates.admit(principal.caller.key, tenant, of_people)?;
        has_place?;
        if app.telemetry.seen(principal.caller.key) || app.tenants.are_many() {
            app.forget_ended();
        }
    } else {
        let from = request.extensions().get::<Peer>().copied().unwrap_or_default();
        app.rates.admit_stranger(from)?;
        carrier.map_or(Ok(()), Carrier::admit)?;
    }
    // What a panic left behind is not gone on with, not even to look at it.
    if app.pulse.has_stopped() && !tells_how_it_is(request.uri().path()) {
        return Err(Problem::log_stopped());
    }
    // What is open to everyone does not look at it.
    request.extensions_mut().insert(principal);
    Ok(())
}

/// Whether people ask, as far as it can be told: in the console, or whoever may trip a kill switch.
fn is_of_people(request: &Request, key: &ApiKey) -> bool {
    let moves = request.uri().path().starts_with("/v1/kill-switches");
    key.is_session() || (moves && key.has(KeyScope::Admin))
}

/// Whether a path is asked by those who watch over the daemon.
fn tells_how_it_is(path: &str) -> bool {
    matches!(path, "/health" | "/ready" | "/metrics")
}

/// Whether a path is text once its escapes are undone: what is not names nothing here.
fn path(path: &str) -> Result<(), Problem> {
    let text = percent_decode_str(path).decode_utf8();
    if text.is_ok_and(|text| !text.contains('\0')) {
        return Ok(());
    }
    Err(Problem::malformed("the path is not text; write it in UTF-8, percent-encoded"))
}
