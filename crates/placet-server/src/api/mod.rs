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
        .routes(routes!(policy::replay::replay))
        .routes(routes!(events::events))
        .routes(routes!(webhooks::dead_letters::list))
        .routes(routes!(log::checkpoint::checkpoint))
        .routes(routes!(log::hashes::hashes))
        .routes(routes!(log::entries::entries))
        .routes(routes!(log::proof::proof))
        .routes(routes!(log::erase::erase))
        .routes(routes!(log::backup::backup))
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
    let (router, described) = endpoints().split_for_parts();
    let queries = Arc::new(edge::Queries::new(&described));
    router
        .route_layer(from_fn_with_state(queries, edge::refuse_stray))
        .merge(console::router())
        .fallback(async || Problem::missing("there is nothing at this path; see /openapi.json"))
        .method_not_allowed_fallback(async || Problem::method())
        .layer(from_fn_with_state(Arc::clone(app), edge::cross))
        .with_state(Arc::clone(app))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use std::sync::Arc;

    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use http_body_util::BodyExt;
    use placet::{Config, Guard, KeyScope, NewKey};
    use tokio::sync::mpsc;
    use tower::ServiceExt;

    use super::router;
    use crate::app::App;
    use crate::auth::{Asking, on_behalf_of};
    use crate::config::ServerConfig;
    use crate::edge::Source;
    use crate::limits::LOOKUPS_PER_TENANT;
    use crate::stop::Stop;
    use crate::telemetry::Exported;

    fn app() -> Arc<App> {
        let guard = Guard::open(Config::default()).expect("a guard");
        let config = ServerConfig::default();
        let source = Source::new(&config, &config.listen);
        App::new(config, guard, source, Stop::new().0, 64, Exported::default(), mpsc::channel(1).0)
    }

    /// The secret of an auditor: of a tenant, or of all.
    async fn auditor(app: &App, tenant: Option<&str>) -> String {
        key(app, tenant, KeyScope::Auditor).await
    }

    async fn key(app: &App, tenant: Option<&str>, scope: KeyScope) -> String {
        let new = NewKey {
            name: "test".parse().expect("a name"),
            tenant: tenant.map(|tenant| tenant.parse().expect("a tenant")),
            agent: None,
            person: None,
            scopes: [scope].into(),
        };
        let (secret, _) = app.guard.create_key(new, None).await.expect("a key");
        secret.danger_text().to_string()
    }

    /// Sends a request and waits for the beginning of its answer's body.
    async fn ask(router: Router, (method, path, body): Asked, key: String) -> StatusCode {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:4747")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Body::from(body))
            .expect("a request");
        let mut response = router.oneshot(request).await.expect("an answer");
        response.body_mut().frame().await.expect("a body").expect("a part of it");
        response.status()
    }

    type Asked = (&'static str, &'static str, &'static str);

    /// While somebody has all their turns, what they ask for waits, and what somebody else does not.
    async fn waits_alone(app: &Arc<App>, asking: Asking, own: &str, other: &str) {
        let router = router(app);
        let mut turns = Vec::new();
        for _ in 0..LOOKUPS_PER_TENANT {
            turns.push(on_behalf_of(asking.clone(), app.tenants.lookup()).await);
        }
        let policy = r#"{"files":[{"name":"policy.toml","text":"version = 1"}]}"#;
        let asked: [Asked; 2] =
            [("GET", "/v1/events?from=0", ""), ("POST", "/v1/policy/validate", policy)];
        let mut waiting = Vec::new();
        for asked in asked {
            let held_up = tokio::spawn(ask(router.clone(), asked, own.to_owned()));
            let other = tokio::spawn(ask(router.clone(), asked, other.to_owned()));
            assert_eq!(other.await.expect("no panic"), StatusCode::OK);
            assert!(!held_up.is_finished(), "{asking:?}: {asked:?}");
            waiting.push(held_up);
        }
        drop(turns);
        for held_up in waiting {
            assert_eq!(held_up.await.expect("no panic"), StatusCode::OK);
        }
    }

    #[tokio::test]
    async fn one_policy_is_replayed_at_a_time() {
        let app = app();
        let operator = key(&app, None, KeyScope::Admin).await;
        let policy = r#"{"files":[{"name":"policy.toml","text":"version = 1"}]}"#;
        let asked: Asked = ("POST", "/v1/policy/replay", policy);
        let turn = Arc::clone(&app.replays).try_acquire_owned().expect("nobody replays");
        let refused = ask(router(&app), asked, operator.clone()).await;
        assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
        drop(turn);
        assert_eq!(ask(router(&app), asked, operator).await, StatusCode::OK);
    }

    #[tokio::test]
    async fn what_takes_long_waits_for_those_of_the_same_tenant_and_for_no_other() {
        let app = app();
        let (acme, umbrella) =
            (auditor(&app, Some("acme")).await, auditor(&app, Some("umbrella")).await);
        let operator = auditor(&app, None).await;
        let of_acme = || Asking::Tenant("acme".parse().expect("a tenant"));
        waits_alone(&app, of_acme(), &acme, &umbrella).await;
        waits_alone(&app, of_acme(), &acme, &operator).await;
        waits_alone(&app, Asking::Operator, &operator, &acme).await;
    }
}
