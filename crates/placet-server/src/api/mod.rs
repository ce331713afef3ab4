//! The endpoints, one in each file, and the description of all of them.

mod actions;
mod approvals;
mod autonomy;
mod describe;
mod events;
mod evidence;
mod health;
mod integrations;
mod kill_switches;
mod log;
mod metrics;
mod openapi;
mod people;
mod policy;
mod ratify;
mod ready;
mod standing;
mod warrants;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::console;
use crate::edge;
use crate::wire::Problem;

pub(crate) use approvals::answer;
pub(crate) use kill_switches::within;
pub(crate) use metrics::summary::figures;
pub(crate) use people::sessions;

/// The description that the endpoints add themselves to.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Placet",
        description = "Stands between software that acts on its own and the actions it takes: it \
            allows, holds or blocks each of them, and keeps a log that nobody can alter unnoticed.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/")),
    components(schemas(Problem)),
    security(("key" = [])),
    tags(
        (name = "actions", description = "What agents ask for, and what came of it."),
        (name = "approvals", description = "What waits for people, and what they answer."),
        (name = "warrants", description = "The single-use permission to run one action."),
        (name = "kill switches", description = "Stop a tenant, an agent, a tool or everything."),
        (name = "autonomy", description = "What classes of actions have earned, and from what."),
        (name = "integrations", description = "Applications that speak to the daemon, and keys."),
        (name = "people", description = "Who may sign in to the console, and as what."),
        (name = "policy", description = "What is allowed, held and blocked."),
        (name = "log", description = "The record, for those who follow, witness or check it."),
        (name = "daemon", description = "How the daemon itself is doing."),
    ),
)]
struct Described;

fn endpoints() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(actions::propose::propose))
        .routes(routes!(actions::show::show))
        .routes(routes!(actions::history::history))
        .routes(routes!(actions::evaluate::evaluate))
        .routes(routes!(actions::outcome::outcome))
        .routes(routes!(approvals::list::list))
        .routes(routes!(approvals::show::show))
        .routes(routes!(approvals::resolve::resolve))
        .routes(routes!(approvals::withdraw::withdraw))
        .routes(routes!(standing::list::list))
        .routes(routes!(standing::revoke::revoke))
        .routes(routes!(warrants::redeem::redeem))
        .routes(routes!(warrants::rotate::rotate))
        .routes(routes!(warrants::jwks::jwks))
        .routes(routes!(kill_switches::list::list, kill_switches::trip::trip))
        .routes(routes!(kill_switches::reset::reset))
        .routes(routes!(evidence::report))
        .routes(routes!(autonomy::autonomy))
        .routes(routes!(ratify::ratify))
        .routes(routes!(integrations::list::list, integrations::create::create))
        .routes(routes!(integrations::rotate::rotate))
        .routes(routes!(integrations::revoke::revoke))
        .routes(routes!(people::list::list, people::invite::invite))
        .routes(routes!(people::change::change, people::remove::remove))
        .routes(routes!(policy::show::show, policy::install::install))
        .routes(routes!(policy::validate::validate))
        .routes(routes!(events::events))
        .routes(routes!(webhooks::dead_letters::list))
        .routes(routes!(log::checkpoint::checkpoint))
        .routes(routes!(log::hashes::hashes))
        .routes(routes!(log::entries::entries))
        .routes(routes!(log::proof::proof))
        .routes(routes!(metrics::summary::summary))
        .routes(routes!(metrics::prometheus::prometheus))
        .routes(routes!(health::health))
        .routes(routes!(ready::ready))
        .routes(routes!(openapi::openapi))
}

/// The description of the API: OpenAPI 3.1 as JSON.
#[must_use]
pub fn document() -> String {
    let mut described = endpoints().to_openapi();
    describe::complete(&mut described);
    let mut text = described.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Everything that is answered.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let (router, _) = endpoints().split_for_parts();
    router
        .merge(console::router())
        .fallback(async || Problem::missing("there is nothing at this path; see /openapi.json"))
        .method_not_allowed_fallback(async || Problem::method())
        .layer(from_fn_with_state(Arc::clone(app), edge::cross))
        .with_state(Arc::clone(app))
}
