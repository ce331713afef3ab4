//! `/console/integrations`: the keys of applications, and those that speak for a person.
//!
//! Admins make keys for applications. A key that speaks for a person is made, renewed and revoked by
//! that person; an admin can only revoke it. Whose key it is, is judged at the tip of the log.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::{ApiKey, KeyId, KeyScope, NewKey, Secret};

use super::super::fault::go_to;
use super::super::form::{Fields, Submitted};
use super::super::frame::{Frame, Notice, Place};
use super::super::listing::{Asked, Part};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::{Choice, ROLES, choices, optional_time, reply, sentence, tenant, ticked, time};
use crate::app::App;
use crate::auth::own;
use crate::auth::role::{Admin, Reader};
use crate::wire::{Problem, Query};

#[derive(Template)]
#[template(path = "integrations.html")]
struct Page {
    frame: Frame,
    keys: Vec<Row>,
    part: Part,
    may_change: bool,
    /// Whether keys of all tenants are shown.
    is_over_all: bool,
    scopes: Vec<Choice>,
    /// What a key may do that speaks for the visitor: what they may.
    own_scopes: Vec<Choice>,
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
    may_revoke: bool,
}

/// Where it is.
const PATH: &str = "/console/integrations";

pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
    Query(asked): Query<Asked>,
) -> Response {
    page(&app, &visitor, &asked, None, None, StatusCode::OK)
}

pub(super) async fn create(State(app): State<Arc<App>>, form: Submitted<Admin>) -> Response {
    let made = async {
        let new = new(&form.fields, &form.visitor)?;
        let (secret, _) = form.guard.create_key(new, Some(&form.visitor.principal.secret)).await?;
        Ok(secret)
    };
    let (made, asked) = (made.await, Asked::of(&form.fields));
    made_or_not(&app, made, &form.visitor.into(), &asked)
}

/// Makes a key that speaks for whoever sends the form.
pub(super) async fn create_own(State(app): State<Arc<App>>, form: Submitted<Reader>) -> Response {
    let made = async {
        let visitor = &form.visitor;
        let new = NewKey {
            name: form.fields.needed("name")?.parse().map_err(Problem::invalid)?,
            tenant: visitor.tenant().cloned(),
            agent: None,
            person: Some(visitor.person.clone()),
            scopes: ticked(&form.fields, "scopes")?,
        };
        let (secret, _) = form.guard.create_key(new, Some(&visitor.principal.secret)).await?;
        Ok(secret)
    };
    made_or_not(&app, made.await, &form.visitor, &Asked::of(&form.fields))
}

pub(super) async fn rotate(State(app): State<Arc<App>>, form: Submitted<Reader>) -> Response {
    let made = async {
        let key = named(&app, &form)?;
        let (secret, _) = form.guard.rotate_key(key, Some(&form.visitor.principal.secret)).await?;
        Ok(secret)
    };
    made_or_not(&app, made.await, &form.visitor, &Asked::of(&form.fields))
}

pub(super) async fn revoke(State(app): State<Arc<App>>, form: Submitted<Reader>) -> Response {
    let revoked = async {
        let key = named(&app, &form)?;
        form.guard.revoke_key(key).await.map_err(Problem::from)
    };
    let asked = Asked::of(&form.fields);
    match revoked.await {
        Ok(_) => go_to(&asked.address(PATH)),
        Err(problem) => wrong(&app, &form.visitor, &asked, &problem),
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

fn named(app: &App, form: &Submitted<Reader>) -> Result<KeyId, Problem> {
    let state = app.guard.log().state();
    own::key(form.fields.needed("key")?, state.keys(), &form.visitor.principal)
}

fn made_or_not(
    app: &App,
    made: Result<Secret, Problem>,
    visitor: &Visitor<Reader>,
    asked: &Asked,
) -> Response {
    match made {
        Ok(secret) => {
            let made = Made { key: secret.key(), secret: secret.danger_text().to_string() };
            page(app, visitor, asked, None, Some(made), StatusCode::OK)
        }
        Err(problem) => wrong(app, visitor, asked, &problem),
    }
}

fn wrong(app: &App, visitor: &Visitor<Reader>, asked: &Asked, problem: &Problem) -> Response {
    let notice = Notice::Wrong(sentence(&problem.detail()));
    problem.told_by(page(app, visitor, asked, Some(notice), None, problem.status()))
}

fn page(
    app: &App,
    visitor: &Visitor<Reader>,
    asked: &Asked,
    notice: Option<Notice>,
    made: Option<Made>,
    status: StatusCode,
) -> Response {
    let own = visitor.tenant();
    let (keys, part) = {
        let state = app.guard.log().state();
        let seen = state
            .keys()
            .iter()
            .filter(|(_, key)| !key.is_session() && (own.is_none() || key.tenant.as_ref() == own));
        // The newest first.
        let (seen, part) = asked.part(
            PATH,
            seen.rev(),
            |(_, key)| key.name.to_string(),
            |(id, _), after| after.parse().is_ok_and(|after: KeyId| *id < after),
            |(id, _)| id.to_string(),
        );
        (seen.into_iter().map(|(id, key)| row(app, visitor, id, key)).collect(), part)
    };
    let frame = Frame::new("Integrations", Place::Integrations, visitor).with(notice);
    let roles: Vec<KeyScope> = ROLES.into_iter().filter(|role| visitor.has(*role)).collect();
    let page = Page {
        frame,
        keys,
        part,
        may_change: visitor.has(KeyScope::Admin),
        is_over_all: own.is_none(),
        scopes: choices(&KeyScope::ALL, &[KeyScope::Agent].into()),
        own_scopes: choices(&roles, &roles.first().copied().into_iter().collect()),
        made,
    };
    reply(&page, status)
}

fn row(app: &App, visitor: &Visitor<Reader>, id: KeyId, key: &ApiKey) -> Row {
    let is_own = key.person.as_ref() == Some(&visitor.person);
    let is_in_charge = visitor.has(KeyScope::Admin);
    Row {
        id,
        name: key.name.to_string(),
        tenant: key.tenant.as_ref().map(ToString::to_string),
        agent: key.agent.as_ref().map(ToString::to_string),
        person: key.person.as_ref().map(ToString::to_string),
        scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
        created: time(key.created),
        used: optional_time(app.telemetry.last_use(id).max(key.used)),
        may_rotate: is_own || (is_in_charge && key.person.is_none()),
        may_revoke: is_own || is_in_charge,
    }
}
