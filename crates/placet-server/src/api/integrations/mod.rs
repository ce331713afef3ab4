//! Integrations: applications that speak to the daemon, each with a key of its own.

pub(super) mod create;
pub(super) mod list;
pub(super) mod revoke;
pub(super) mod rotate;

use std::collections::BTreeSet;

use placet::{AgentId, ApiKey, KeyId, KeyName, KeyScope, PersonId, Secret, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a key may do.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = KeyScope)]
enum ScopeShape {
    Agent,
    Approver,
    Admin,
    Auditor,
}

/// An application, and what its key may do.
#[derive(Serialize, ToSchema)]
#[schema(as = Integration)]
pub(super) struct Integration {
    /// The id of the application and its key.
    #[schema(value_type = String, pattern = "^key_")]
    app_id: KeyId,
    /// What it is for.
    #[schema(value_type = String)]
    name: KeyName,
    /// The tenant it speaks for; none for those who run the daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    tenant: Option<TenantId>,
    /// The only agent it speaks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    agent: Option<AgentId>,
    /// The person it speaks for: its answers are theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    person: Option<PersonId>,
    /// What it may do.
    #[schema(value_type = Vec<ScopeShape>)]
    scopes: BTreeSet<KeyScope>,
    /// Since when it is there.
    #[schema(value_type = String, format = DateTime)]
    created: Timestamp,
    /// When it was used last, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    last_used: Option<Timestamp>,
}

impl Integration {
    fn new(app_id: KeyId, key: &ApiKey, seen: Option<Timestamp>) -> Self {
        let ApiKey { name, tenant, agent, person, scopes, created, used, .. } = key.clone();
        let last_used = seen.max(used);
        Self { app_id, name, tenant, agent, person, scopes, created, last_used }
    }
}

/// A secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = Credentials)]
pub(super) struct Credentials {
    /// The id of the application and its key.
    #[schema(value_type = String, pattern = "^key_")]
    app_id: KeyId,
    /// What to send as `Authorization: Bearer`.
    #[schema(pattern = "^plc_")]
    secret: String,
}

impl Credentials {
    fn new(secret: &Secret) -> Self {
        Self { app_id: secret.key(), secret: secret.danger_text().to_string() }
    }
}
