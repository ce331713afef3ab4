//! People: those who may sign in to the console.

pub(super) mod change;
pub(super) mod invite;
pub(super) mod list;
pub(super) mod remove;

use placet::KeyScope;
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
