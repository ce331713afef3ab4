//! People, as a log file and a daemon tell of them.

use std::collections::{BTreeMap, BTreeSet};

use placet::{
    ApiKey, GroupName, Invited, KeyScope, NewPerson, Person, PersonId, TenantId, Timestamp,
};
use placet_client::segment;
use placet_core::State;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::daemon::{Daemon, Moved, failure};
use crate::failure::Failure;

/// Somebody who may sign in, without what their password is checked against.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Known {
    pub(crate) person: PersonId,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) roles: BTreeSet<KeyScope>,
    pub(crate) groups: BTreeSet<GroupName>,
    pub(crate) enrolled: bool,
    pub(crate) invited_until: Option<Timestamp>,
    pub(crate) sessions: usize,
    pub(crate) since: Timestamp,
}

impl Known {
    /// Everyone whom a log knows. It has many more sessions than people, and is gone through once.
    pub(super) fn all(state: &State) -> Vec<Self> {
        let mut sessions: BTreeMap<&PersonId, usize> = BTreeMap::new();
        let now = |key: &ApiKey| key.is_session() && !key.is_over(state.at());
        for (_, key) in state.keys().iter().filter(|(_, key)| now(key)) {
            if let Some(person) = &key.person {
                *sessions.entry(person).or_default() += 1;
            }
        }
        let count = |person| sessions.get(person).copied().unwrap_or_default();
        state.people().iter().map(|(id, person)| Self::new(id, person, count(id))).collect()
    }

    fn new(id: &PersonId, person: &Person, sessions: usize) -> Self {
        let Person { tenant, roles, groups, verifier, invite, since } = person.clone();
        Self {
            person: id.clone(),
            tenant,
            roles,
            groups,
            enrolled: verifier.is_some(),
            invited_until: invite.map(|invite| invite.expires),
            sessions,
            since,
        }
    }
}

/// An invitation, to be shown once.
#[derive(Deserialize, Serialize)]
pub(crate) struct Invitation {
    pub(crate) person: PersonId,
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
    pub(crate) log_index: Option<u64>,
}

impl Invitation {
    pub(super) fn new(person: PersonId, invited: &Invited) -> Self {
        let token = invited.token.danger_text().to_string();
        Self { person, token, expires: invited.expires, log_index: invited.change.log_index }
    }
}

#[derive(Deserialize)]
struct Everyone {
    people: Vec<Known>,
}

impl Daemon {
    pub(super) fn people(&self) -> Result<Vec<Known>, Failure> {
        let found: Everyone = self.0.get("/v1/people").map_err(failure)?;
        Ok(found.people)
    }

    pub(super) fn invite(&self, new: &NewPerson) -> Result<Invitation, Failure> {
        let mut body = json!({ "person": new.person, "roles": new.roles, "groups": new.groups });
        if let Some(fields) = body.as_object_mut() {
            fields.extend(new.tenant.iter().map(|of| ("tenant".to_owned(), json!(of))));
        }
        self.0.post("/v1/people", &body).map_err(failure)
    }

    pub(super) fn change_person(
        &self,
        person: &PersonId,
        roles: &BTreeSet<KeyScope>,
        groups: &BTreeSet<GroupName>,
    ) -> Result<Option<u64>, Failure> {
        let path = format!("/v1/people/{}", segment(person.as_str()));
        let body = json!({ "roles": roles, "groups": groups });
        let moved: Moved = self.0.put(&path, &body).map_err(failure)?;
        Ok(moved.log_index)
    }

    pub(super) fn remove_person(&self, person: &PersonId) -> Result<Option<u64>, Failure> {
        let path = format!("/v1/people/{}", segment(person.as_str()));
        let moved: Moved = self.0.delete(&path, &json!({})).map_err(failure)?;
        Ok(moved.log_index)
    }
}
