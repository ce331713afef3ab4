//! `GET /v1/people`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use placet::{GroupName, Guard, KeyScope, Person, PersonId, TenantId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Role, sessions};
use crate::app::App;
use crate::auth::{Read, role};
use crate::wire::{Problem, Query, Whose};

/// People that are looked at before commits are let in: they take some microseconds.
const LOOKED_AT_TOGETHER: usize = 64;

/// Somebody who may sign in, or is invited to.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub(crate) struct Known {
    /// The name by which they sign in.
    #[schema(value_type = String)]
    person: PersonId,
    /// The tenant that they belong to; none for those who run the daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    tenant: Option<TenantId>,
    /// What they may do.
    #[schema(value_type = Vec<Role>)]
    roles: BTreeSet<KeyScope>,
    /// The groups that they are in.
    #[schema(value_type = Vec<String>)]
    groups: BTreeSet<GroupName>,
    /// Whether they have set a password.
    enrolled: bool,
    /// Until when they can set one, where they are invited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    invited_until: Option<Timestamp>,
    /// Where they are signed in now, counted.
    sessions: usize,
    /// Since when they are known.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// Everyone who may sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = People)]
pub(crate) struct People {
    people: Vec<Known>,
}

/// List the people who may sign in.
#[utoipa::path(
    get,
    path = "/v1/people",
    operation_id = "list_people",
    tag = "people",
    params(Whose),
    responses((status = OK, body = People)),
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    read: Read<role::Reader>,
    Query(Whose { tenant }): Query<Whose>,
) -> Result<Json<People>, Problem> {
    let own = read.principal.looks_at(tenant)?;
    let look = move |guard: &Guard| {
        let (ids, sessions) = found(guard, own.as_ref());
        let mut people = Vec::with_capacity(ids.len());
        // Commits are let in between.
        for some in ids.chunks(LOOKED_AT_TOGETHER) {
            let state = guard.log().state();
            let known = |id: &PersonId| {
                let count = sessions.get(id).copied().unwrap_or_default();
                state.people().get(id).map(|person| Known::new(id, person, count))
            };
            people.extend(some.iter().filter_map(known));
        }
        people
    };
    Ok(Json(People { people: app.blocking(look).await? }))
}

/// Who is to be shown, and where they are signed in now, counted.
fn found(guard: &Guard, own: Option<&TenantId>) -> (Vec<PersonId>, BTreeMap<PersonId, usize>) {
    let now = guard.now();
    let state = guard.log().state();
    let sees = |(_, person): &(&PersonId, &Person)| own.is_none() || person.tenant.as_ref() == own;
    let ids = state.people().iter().filter(sees).map(|(id, _)| id.clone()).collect();
    let count = |(id, sessions): (&PersonId, Vec<_>)| (id.clone(), sessions.len());
    (ids, sessions(state.keys(), now).into_iter().map(count).collect())
}

impl Known {
    fn new(id: &PersonId, person: &Person, sessions: usize) -> Self {
        let Person { tenant, roles, groups, verifier, invite, since } = person;
        Self {
            person: id.clone(),
            tenant: tenant.clone(),
            roles: roles.clone(),
            groups: groups.clone(),
            enrolled: verifier.is_some(),
            invited_until: invite.as_ref().map(|invite| invite.expires),
            sessions,
            since: *since,
        }
    }
}
