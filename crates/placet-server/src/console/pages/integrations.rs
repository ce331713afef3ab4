//! `/console/integrations`: the keys of applications.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::{ApiKey, KeyId, KeyScope, NewKey, Secret};

use super::super::fault::go;
use super::super::form::{Fields, Submitted};
use super::super::frame::{Frame, Notice, Place};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::{Choice, choices, optional_time, reply, sentence, tenant, ticked, time};
use crate::app::App;
use crate::auth::own;
use crate::auth::role::{Admin, Reader};
use crate::wire::Problem;

#[derive(Template)]
#[template(path = "integrations.html")]
struct Page {
    frame: Frame,
    keys: Vec<Row>,
    may_change: bool,
    /// Whether keys of all tenants are shown.
    is_over_all: bool,
    scopes: Vec<Choice>,
    made: Option<Made>,
}

/// A secret, which is shown this once.
struct Made {
    key: KeyId,
    secret: String,
}

struct Row {
    id: KeyId,
    name: String,
    tenant: Option<String>,
    agent: Option<String>,
    person: Option<String>,
    scopes: Vec<&'static str>,
    created: String,
    used: String,
    may_rotate: bool,
}

pub(super) async fn show(State(app): State<Arc<App>>, visitor: Visitor<Reader>) -> Response {
    page(&app, &visitor, None, None, StatusCode::OK)
}

pub(super) async fn create(State(app): State<Arc<App>>, form: Submitted<Admin>) -> Response {
    let made = async {
        let new = new(&form.fields, &form.visitor)?;
        let (secret, _) = form.guard.create_key(new, Some(&form.visitor.principal.secret)).await?;
        Ok(secret)
    };
    made_or_not(&app, made.await, form.visitor)
}

pub(super) async fn rotate(State(app): State<Arc<App>>, form: Submitted<Admin>) -> Response {
    let made = async {
        let key = named(&app, &form)?;
        let (secret, _) = form.guard.rotate_key(key, Some(&form.visitor.principal.secret)).await?;
        Ok(secret)
    };
    made_or_not(&app, made.await, form.visitor)
}

pub(super) async fn revoke(State(app): State<Arc<App>>, form: Submitted<Admin>) -> Response {
    let revoked = async {
        let key = named(&app, &form)?;
        form.guard.revoke_key(key).await.map_err(Problem::from)
    };
    match revoked.await {
        Ok(_) => go("/console/integrations"),
        Err(problem) => wrong(&app, form.visitor, &problem),
    }
}

fn new(fields: &Fields, visitor: &Visitor<Admin>) -> Result<NewKey, Problem> {
    Ok(NewKey {
        name: fields.needed("name")?.parse().map_err(Problem::invalid)?,
        tenant: tenant(fields, visitor.tenant())?,
        agent: fields.text("agent").map(str::parse).transpose().map_err(Problem::invalid)?,
        person: None,
        scopes: ticked(fields, "scopes")?,
    })
}

fn named(app: &App, form: &Submitted<Admin>) -> Result<KeyId, Problem> {
    let state = app.guard.log().state();
    own::key(form.fields.needed("key")?, state.keys(), &form.visitor.principal)
}

fn made_or_not(app: &App, made: Result<Secret, Problem>, visitor: Visitor<Admin>) -> Response {
    match made {
        Ok(secret) => {
            let made = Made { key: secret.key(), secret: secret.danger_text().to_string() };
            page(app, &visitor.into(), None, Some(made), StatusCode::OK)
        }
        Err(problem) => wrong(app, visitor, &problem),
    }
}

fn wrong(app: &App, visitor: Visitor<Admin>, problem: &Problem) -> Response {
    let notice = Notice::Wrong(sentence(&problem.detail()));
    page(app, &visitor.into(), Some(notice), None, problem.status())
}

fn page(
    app: &App,
    visitor: &Visitor<Reader>,
    notice: Option<Notice>,
    made: Option<Made>,
    status: StatusCode,
) -> Response {
    let own = visitor.tenant();
    let keys = {
        let state = app.guard.log().state();
        let seen = state
            .keys()
            .iter()
            .filter(|(_, key)| !key.is_session() && (own.is_none() || key.tenant.as_ref() == own));
        seen.rev().map(|(id, key)| row(app, visitor, id, key)).collect()
    };
    let frame = Frame::new("Integrations", Place::Integrations, visitor).with(notice);
    let scopes = choices(&KeyScope::ALL, &[KeyScope::Agent].into());
    let may_change = visitor.has(KeyScope::Admin);
    reply(&Page { frame, keys, may_change, is_over_all: own.is_none(), scopes, made }, status)
}

fn row(app: &App, visitor: &Visitor<Reader>, id: KeyId, key: &ApiKey) -> Row {
    Row {
        id,
        name: key.name.to_string(),
        tenant: key.tenant.as_ref().map(ToString::to_string),
        agent: key.agent.as_ref().map(ToString::to_string),
        person: key.person.as_ref().map(ToString::to_string),
        scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
        created: time(key.created),
        used: optional_time(app.telemetry.last_use(id).max(key.used)),
        may_rotate: key.person.as_ref().is_none_or(|of| *of == visitor.person),
    }
}
