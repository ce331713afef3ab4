//! Whose things are meant: a query that all lists have in common.

use placet::TenantId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::body;

/// Whose.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// Only what is this tenant's. A key of a tenant means its own, and may name no other.
    #[serde(default, deserialize_with = "body::present")]
    #[param(value_type = Option<String>, nullable = false, min_length = 1, max_length = 512)]
    pub(crate) tenant: Option<TenantId>,
}
