//! What a policy means once it has been read: plain data that `decide` judges by.
//!
//! `placet-policy` makes [`Terms`] out of the policy file. They are stored in the log with every
//! installation of a policy, so that a verifier can judge each decision again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::autonomy::Graduation;
use crate::class::ActionClass;
use crate::digest::Digest;
use crate::mode::{Mode, Share, Treatment};
use crate::name::{BudgetName, ClassName};
use crate::table::Table;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// A policy, ready to judge by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Which policy this is: the digest of its files.
    pub policy: Digest,
    /// Whether decisions bind the caller.
    pub mode: Mode,
    /// The share of traffic that `sample` enforces.
    pub sample: Share,
    /// What happens to tools that the policy does not know.
    pub unclassified: Unclassified,
    /// Which defaults hold where the policy is silent.
    pub defaults: Defaults,
    /// What a tripped kill switch asks for; never `Allow`.
    pub kill_switch: Verdict,
    /// The laxest treatment that a program which embeds the guard may ask for.
    #[serde(default)]
    pub laxest: Treatment,
    /// How long a denied call stays denied.
    #[serde(with = "crate::time::millis", rename = "cool_down_ms")]
    pub cool_down: Duration,
    /// How long warrants last.
    #[serde(default)]
    pub warrants: WarrantTerms,
    /// The action classes.
    pub classes: Table<ClassName, Arc<ActionClass>>,
    /// Budgets and rates, in the order of the policy.
    pub budgets: Vec<Budget>,
    /// What it takes to earn autonomy.
    pub graduation: Graduation,
}

impl Default for Terms {
    /// The terms of no policy at all: enforce, and treat as a read only what inspection proves
    /// to be one.
    fn default() -> Self {
        Self {
            policy: Digest::of(crate::digest::Domain::Policy, b""),
            mode: Mode::Enforce,
            sample: Share::NONE,
            unclassified: Unclassified::Inspect,
            defaults: Defaults::Strict,
            kill_switch: Verdict::Block,
            laxest: Treatment::Binding,
            cool_down: crate::limits::DEFAULT_COOL_DOWN,
            warrants: WarrantTerms::default(),
            classes: Table::new(),
            budgets: Vec::new(),
            graduation: Graduation::default(),
        }
    }
}

impl Terms {
    /// Terms that let nothing through: what holds while a policy cannot be read.
    #[must_use]
    pub fn lockdown(policy: Digest) -> Self {
        Self { policy, unclassified: Unclassified::Block, ..Self::default() }
    }
}

/// How long warrants last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarrantTerms {
    /// How long one may be redeemed.
    #[serde(with = "crate::time::millis", rename = "lifetime_ms")]
    pub lifetime: Duration,
    /// How long after that it may stay unknown what came of the action.
    #[serde(with = "crate::time::millis", rename = "outcome_ms")]
    pub outcome: Duration,
}

impl Default for WarrantTerms {
    fn default() -> Self {
        Self {
            lifetime: crate::limits::DEFAULT_WARRANT_TIME,
            outcome: crate::limits::DEFAULT_OUTCOME_TIME,
        }
    }
}

impl WarrantTerms {
    /// Until when a warrant that is given now may be redeemed.
    #[must_use]
    pub fn expires(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.lifetime.min(crate::limits::MAX_WARRANT_TIME))
    }

    /// When it is in doubt what came of an action that begins to run now.
    #[must_use]
    pub fn report_by(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.outcome.min(crate::limits::MAX_OUTCOME_TIME))
    }
}

/// What happens to tools that the policy does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unclassified {
    /// A person decides.
    #[default]
    RequireApproval,
    /// They do not run.
    Block,
    /// What inspection proves to be only a read passes; a person decides on all else.
    Inspect,
}

/// Which defaults hold where the policy is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Defaults {
    /// What is not said is not permitted.
    #[default]
    Strict,
    /// Older habits: a missing value passes, and no `auto_cap` means no limit in `Supervised`.
    Permissive,
}

/// A limit on how much may run in a sliding window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Under this name its windows survive a new policy.
    pub name: BudgetName,
    /// The classes that draw on it; `None` means every action, classified or not.
    pub actions: Option<BTreeSet<ClassName>>,
    /// Who has a window of their own.
    pub per: Per,
    /// How far back it looks.
    #[serde(with = "crate::time::millis", rename = "window_ms")]
    pub window: Duration,
    /// The most actions in a window.
    pub count: Option<u64>,
    /// The highest sum of values in a window, for each currency by itself.
    pub value: Option<Amount>,
    /// What is asked for above it; never `Allow`.
    pub over: Verdict,
}

impl Budget {
    /// Whether an action of this class draws on the budget.
    #[must_use]
    pub fn covers(&self, class: Option<&ClassName>) -> bool {
        match (&self.actions, class) {
            (None, _) => true,
            (Some(actions), Some(class)) => actions.contains(class),
            (Some(_), None) => false,
        }
    }
}

/// Who has a window of their own in a budget. Tenants never share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each tenant.
    Tenant,
    /// Each agent of a tenant.
    Agent,
    /// Each class of a tenant.
    Class,
}

impl Per {
    /// The word used in the policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Agent => "agent",
            Self::Class => "class",
        }
    }
}
