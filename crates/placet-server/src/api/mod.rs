//! The endpoints, one in each file, and the description of all of them.

mod actions;
mod health;
mod kill_switches;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::edge;
use crate::wire::Problem;

/// The description that the endpoints add themselves to.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Placet",
        description = "Stands between software that acts on its own and the actions it takes.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(Problem))
)]
struct Described;

fn endpoints() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(actions::propose::propose))
        .routes(routes!(actions::evaluate::evaluate))
        .routes(routes!(actions::show::show))
        .routes(routes!(kill_switches::list::list, kill_switches::trip::trip))
        .routes(routes!(kill_switches::reset::reset))
        .routes(routes!(health::health))
}

/// The description of the API: OpenAPI 3.1 as JSON.
#[must_use]
pub fn document() -> String {
    let described = endpoints().to_openapi();
    described.to_pretty_json().unwrap_or_default()
}

/// Everything that is answered.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let (router, _) = endpoints().split_for_parts();
    router
        .fallback(async || Problem::missing("there is nothing at this path; see /openapi.json"))
        .method_not_allowed_fallback(async || Problem::method())
        .layer(from_fn_with_state(Arc::clone(app), edge::cross))
        .with_state(Arc::clone(app))
}
