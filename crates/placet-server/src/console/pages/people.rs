//! `/console/people`: who may sign in, as what, and where they are signed in.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use placet::{ApiKey, GroupName, KeyId, KeyScope, NewPerson, Person, PersonId, Timestamp};

use super::super::fault::{Fault, go_to};
use super::super::form::{Fields, Submitted};
use super::super::frame::{Frame, Notice, Place};
use super::super::listing::{Asked, Part};
use super::super::shown::filters;
use super::super::visitor::Visitor;
use super::{Choice, ROLES, choices, optional_time, reply, sentence, tenant, ticked, time};
use crate::api::sessions;
use crate::app::App;
use crate::auth::own;
use crate::auth::role::{Admin, Anyone, Reader};
use crate::wire::{Problem, Query};

#[derive(Template)]
#[template(path = "people.html")]
struct Page {
    frame: Frame,
    people: Vec<Row>,
    part: Part,
    may_change: bool,
    /// Whether people of all tenants are shown.
    is_over_all: bool,
    roles: Vec<Choice>,
    link: Option<Link>,
}

/// A one-time link, which is shown this once.
struct Link {
    person: String,
    href: String,
    expires: String,
}

struct Row {
    name: String,
    tenant: Option<String>,
    roles: Vec<&'static str>,
    groups: String,
    invited_until: Option<String>,
    is_over: bool,
    has_password: bool,
    since: String,
    choices: Vec<Choice>,
    sessions: Vec<Session>,
    is_self: bool,
}

struct Session {
    key: KeyId,
    created: String,
    used: String,
    expires: String,
    is_this: bool,
    may_end: bool,
}

/// Where it is.
const PATH: &str = "/console/people";

pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor<Reader>,
    Query(asked): Query<Asked>,
) -> Response {
    page(&app, &visitor, &asked, None, None, StatusCode::OK)
}

pub(super) async fn invite(State(app): State<Arc<App>>, form: Submitted<Admin>) -> Response {
    let made = async {
        let new = NewPerson {
            person: form.fields.needed("person")?.parse().map_err(Problem::invalid)?,
            tenant: tenant(&form.fields, form.visitor.tenant())?,
            roles: ticked(&form.fields, "roles")?,
            groups: groups(&form.fields)?,
        };
        let person = new.person.to_string();
        let asker = &form.visitor.principal.secret;
        let invited = form.guard.invite(new, Some(asker)).await.map_err(Problem::from)?;
        let token = invited.token.danger_text();
        let href = format!("{}/console/enrol#{}", form.origin, *token);
        Ok::<_, Problem>(Link { person, href, expires: time(invited.expires) })
    };
    let asked = Asked::of(&form.fields);
    match made.await {
        Ok(link) => page(&app, &form.visitor.into(), &asked, None, Some(link), StatusCode::OK),
        Err(problem) => wrong(&app, &form.visitor.into(), &asked, &problem),
    }
}

pub(super) async fn change(State(app): State<Arc<App>>, form: Submitted<Admin>) -> Response {
    let changed = async {
        let person = named(&app, &form)?;
        let (roles, groups) = (ticked(&form.fields, "roles")?, groups(&form.fields)?);
        form.guard.change_person(person, roles, groups).await.map_err(Problem::from)
    };
    let changed = changed.await;
    finish(&app, changed, form)
}

pub(super) async fn remove(State(app): State<Arc<App>>, form: Submitted<Admin>) -> Response {
    let removed = async {
        let person = named(&app, &form)?;
        form.guard.remove_person(person).await.map_err(Problem::from)
    };
    let removed = removed.await;
    finish(&app, removed, form)
}

/// Ends a session: everyone their own, admins those of their tenant.
pub(super) async fn end(
    State(_): State<Arc<App>>,
    form: Submitted<Anyone>,
) -> Result<Response, Fault> {
    let key: KeyId = form.fields.needed("key")?.parse().map_err(Problem::missing)?;
    form.guard.revoke_key(key).await?;
    Ok(go_to(&Asked::of(&form.fields).address(PATH)))
}

fn finish<T>(app: &Arc<App>, done: Result<T, Problem>, form: Submitted<Admin>) -> Response {
    let asked = Asked::of(&form.fields);
    match done {
        Ok(_) => go_to(&asked.address(PATH)),
        Err(problem) => wrong(app, &form.visitor.into(), &asked, &problem),
    }
}

fn wrong(app: &Arc<App>, visitor: &Visitor<Reader>, asked: &Asked, problem: &Problem) -> Response {
    let notice = Notice::Wrong(sentence(&problem.detail()));
    problem.told_by(page(app, visitor, asked, Some(notice), None, problem.status()))
}

/// The person that a form is about, where the one who sends it may know of them.
fn named(app: &App, form: &Submitted<Admin>) -> Result<PersonId, Problem> {
    let person: PersonId = form.fields.needed("person")?.parse().map_err(Problem::invalid)?;
    own::person(app.guard.log().state().people(), &form.visitor.principal, person)
}

/// Groups as people type them: with commas between.
fn groups(fields: &Fields) -> Result<BTreeSet<GroupName>, Problem> {
    let names = fields.one("groups").unwrap_or_default().split(',').map(str::trim);
    let names = names.filter(|name| !name.is_empty());
    names.map(|name| name.parse().map_err(Problem::invalid)).collect()
}

fn page(
    app: &App,
    visitor: &Visitor<Reader>,
    asked: &Asked,
    notice: Option<Notice>,
    link: Option<Link>,
    status: StatusCode,
) -> Response {
    let own = visitor.tenant();
    let now = app.guard.now();
    let (people, part) = {
        let state = app.guard.log().state();
        let seen =
            state.people().iter().filter(|(_, of)| own.is_none() || of.tenant.as_ref() == own);
        let sessions = sessions(state.keys(), now);
        let row = |(name, person): (&PersonId, &Person)| {
            let own = sessions.get(name).into_iter().flatten();
            let own = own.map(|(id, key)| session(app, visitor, *id, key)).collect();
            row(name, person, own, visitor, now)
        };
        let (seen, part) = asked.part(
            PATH,
            seen,
            |(name, _)| name.to_string(),
            |(name, _), after| name.as_str() > after,
            |(name, _)| name.to_string(),
        );
        (seen.into_iter().map(row).collect(), part)
    };
    let frame = Frame::new("People", Place::People, visitor).with(notice);
    let roles = choices(&ROLES, &[KeyScope::Approver].into());
    let may_change = visitor.has(KeyScope::Admin);
    let is_over_all = own.is_none();
    reply(&Page { frame, people, part, may_change, is_over_all, roles, link }, status)
}

fn row(
    name: &PersonId,
    person: &Person,
    sessions: Vec<Session>,
    visitor: &Visitor<Reader>,
    now: Timestamp,
) -> Row {
    let groups: Vec<&str> = person.groups.iter().map(GroupName::as_str).collect();
    Row {
        name: name.to_string(),
        tenant: person.tenant.as_ref().map(ToString::to_string),
        roles: person.roles.iter().map(|role| role.as_str()).collect(),
        groups: groups.join(", "),
        invited_until: person.invite.map(|invite| time(invite.expires)),
        is_over: person.invite.is_some_and(|invite| invite.expires <= now),
        has_password: person.verifier.is_some(),
        since: time(person.since),
        choices: choices(&ROLES, &person.roles),
        sessions,
        is_self: *name == visitor.person,
    }
}

fn session(app: &App, visitor: &Visitor<Reader>, id: KeyId, key: &ApiKey) -> Session {
    let is_own = key.person.as_ref() == Some(&visitor.person);
    Session {
        key: id,
        created: time(key.created),
        used: optional_time(app.telemetry.last_use(id).max(key.used)),
        expires: key.expires.map(time).unwrap_or_default(),
        is_this: id == visitor.principal.caller.key,
        may_end: is_own || visitor.has(KeyScope::Admin),
    }
}
