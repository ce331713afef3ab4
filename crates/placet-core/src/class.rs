//! What the policy says of one kind of action.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Currency};
use crate::json::Pointer;
use crate::name::ClassName;

/// How much harm an action of a class can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskTier {
    /// Changes nothing.
    Read,
    /// Changes something that can be put back.
    ReversibleWrite,
    /// Cannot be taken back.
    Consequential,
}

impl RiskTier {
    /// The word used on the wire and in the policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReversibleWrite => "reversible_write",
            Self::Consequential => "consequential",
        }
    }
}

impl std::fmt::Display for RiskTier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a class has earned, from evidence.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AutonomyState {
    /// A person approves every call.
    #[default]
    Manual,
    /// Calls at or below `auto_cap` run by themselves.
    Supervised,
    /// Calls run by themselves, up to `hard_cap`.
    Autonomous,
}

impl AutonomyState {
    /// The word used on the wire and in the policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Supervised => "supervised",
            Self::Autonomous => "autonomous",
        }
    }
}

impl std::fmt::Display for AutonomyState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The policy's entry for a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionClass {
    /// Its key in the policy.
    pub name: ClassName,
    /// How much harm it can do.
    pub risk: RiskTier,
    /// The param that carries the value. When set, nothing else can set it.
    pub value: Option<Pointer>,
    /// The param that carries the currency.
    pub currency: Option<Pointer>,
    /// The currencies that the caps are meant for; empty means any.
    pub currencies: Vec<Currency>,
    /// The most that runs by itself in `Supervised`.
    pub auto_cap: Option<Amount>,
    /// The most that ever runs, even with an approval.
    pub hard_cap: Option<Amount>,
    /// The highest state it can earn.
    pub max_state: AutonomyState,
    /// How a held action is approved.
    pub approval: ApprovalTerms,
    /// Params that are redacted before anything is stored or shown.
    pub secret: Vec<Pointer>,
}

impl ActionClass {
    /// Whether a value decides anything about this class.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.auto_cap.is_some() || self.hard_cap.is_some()
    }
}

/// What it takes to approve a held action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalTerms {
    /// How many different people must sign off.
    pub quorum: u8,
    /// Groups of which each approver must be in one; empty means anyone who may approve.
    pub groups: Vec<String>,
    /// How long the approval stays open. At the deadline the answer is no.
    #[serde(with = "crate::time::millis", rename = "deadline_ms")]
    pub deadline: Duration,
    /// What each approver must write. The first is their statement; the others must say
    /// something.
    pub fields: Vec<String>,
    /// The least length of the statement, in grapheme clusters that show something.
    pub least_length: u16,
}

impl Default for ApprovalTerms {
    fn default() -> Self {
        Self {
            quorum: 1,
            groups: Vec::new(),
            deadline: crate::limits::DEFAULT_APPROVAL_DEADLINE,
            fields: vec!["verbatim_response".to_owned(), "responsible_owner".to_owned()],
            least_length: crate::limits::DEFAULT_STATEMENT_LENGTH,
        }
    }
}
