//! People: those who may sign in to the console.

pub(super) mod change;
pub(super) mod invite;
pub(super) mod list;
pub(super) mod remove;

use std::collections::BTreeMap;

use placet::{ApiKey, ApiKeys, KeyId, KeyScope, PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person may be.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
enum Role {
    Approver,
    Admin,
    Auditor,
}

impl From<Role> for KeyScope {
    fn from(role: Role) -> Self {
        match role {
            Role::Approver => Self::Approver,
            Role::Admin => Self::Admin,
            Role::Auditor => Self::Auditor,
        }
    }
}

/// A change of who may sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonChanged)]
pub(super) struct Changed {
    /// The entry that says so; none when it was so already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_index: Option<u64>,
}

/// The sessions that people have now, by whose they are.
pub(crate) fn sessions(
    keys: &ApiKeys,
    now: Timestamp,
) -> BTreeMap<&PersonId, Vec<(KeyId, &ApiKey)>> {
    let mut sessions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (id, key) in keys.iter().filter(|(_, key)| key.is_session() && !key.is_over(now)) {
        if let Some(person) = &key.person {
            sessions.entry(person).or_default().push((id, key));
        }
    }
    sessions
}
