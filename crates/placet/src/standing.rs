//! Where each class stands on its ladder, and what it lacks for the next step.

use std::sync::Arc;

use placet_core::autonomy::{LedgerKey, Record, standing};
use placet_core::{ActionClass, AutonomyState, BuildId, ClassName, RiskTier, State, TenantId};
use serde::Serialize;

/// Where one class stands, for one tenant and one version of the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Whose autonomy.
    #[serde(flatten)]
    pub of: LedgerKey,
    /// How much harm it can do.
    pub risk: RiskTier,
    /// What it has earned.
    pub autonomy: AutonomyState,
    /// The most that it can earn.
    pub max_state: AutonomyState,
    /// What is missing for the next step.
    pub missing: Vec<String>,
}

/// Every class that earns anything, with its evidence; without any it stands where everything
/// begins. Reads need none and are left out.
///
/// For one tenant, or, where none is named, for all that have evidence.
#[must_use]
pub fn standings(state: &State, tenant: Option<&TenantId>) -> Vec<Standing> {
    standings_after(state, tenant, None, usize::MAX)
}

/// A part of the same: at most so many, those after this one. They are in the order of classes, tenants
/// and builds.
#[must_use]
pub fn standings_after(
    state: &State,
    tenant: Option<&TenantId>,
    after: Option<&LedgerKey>,
    limit: usize,
) -> Vec<Standing> {
    let is_left = |class: &&Arc<ActionClass>| {
        class.risk != RiskTier::Read && after.is_none_or(|after| after.class <= class.name)
    };
    let mut found = Vec::new();
    for class in state.terms().classes.values().filter(is_left) {
        if found.len() >= limit {
            break;
        }
        let records = records(state, tenant, class).into_iter();
        let records = records.filter(|(of, _)| after.is_none_or(|after| place(after) < place(of)));
        let each = records.map(|(of, record)| match record {
            Some(record) => stands(state, class, of, record),
            None => stands(state, class, of, &Record::default()),
        });
        found.extend(each.take(limit.saturating_sub(found.len())));
    }
    found
}

/// The records of a class; where there are none, whose it would be.
fn records<'a>(
    state: &'a State,
    tenant: Option<&TenantId>,
    class: &ActionClass,
) -> Vec<(LedgerKey, Option<&'a Record>)> {
    let ledgers = state.ledgers();
    let records: Vec<_> = match tenant {
        Some(tenant) => ledgers.of(tenant, &class.name),
        None => ledgers.tenants().flat_map(|tenant| ledgers.of(tenant, &class.name)).collect(),
    };
    if records.is_empty() {
        let tenant = tenant.cloned().unwrap_or_default();
        return vec![(LedgerKey { tenant, class: class.name.clone(), build: None }, None)];
    }
    records.into_iter().map(|(of, record)| (of, Some(record))).collect()
}

/// Where one stands among all.
fn place(of: &LedgerKey) -> (&ClassName, &TenantId, Option<&BuildId>) {
    (&of.class, &of.tenant, of.build.as_ref())
}

fn stands(state: &State, class: &ActionClass, of: LedgerKey, record: &Record) -> Standing {
    let standing = standing(class, &state.terms().graduation, record);
    Standing {
        of,
        risk: class.risk,
        autonomy: record.state.min(class.max_state),
        max_state: class.max_state,
        missing: standing.missing,
    }
}
